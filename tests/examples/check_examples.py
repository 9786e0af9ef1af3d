"""Runs an example and compares its standard output with the file that says what it must print.

    check_examples.py PROGRAM EXPECTED

Exit status: 0 the same, 1 different (a diff is printed), 2 no such file.
"""

import difflib
import pathlib
import subprocess
import sys


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    program, expected_file = sys.argv[1], pathlib.Path(sys.argv[2])
    if not expected_file.exists():
        print(f"{expected_file}: missing; it must hold what {program} prints", file=sys.stderr)
        return 2
    run = subprocess.run([program], stdin=subprocess.DEVNULL, capture_output=True, timeout=50)
    printed = run.stdout.decode("utf-8", "replace")
    expected = expected_file.read_text(encoding="utf-8")
    if printed != expected:
        sys.stdout.writelines(
            difflib.unified_diff(
                expected.splitlines(keepends=True),
                printed.splitlines(keepends=True),
                str(expected_file),
                f"what {program} printed",
            )
        )
    if run.returncode != 0:
        print(f"{program} ended with status {run.returncode}")
    if printed != expected or run.returncode != 0:
        sys.stderr.buffer.write(run.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
