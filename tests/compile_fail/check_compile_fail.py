#!/usr/bin/env python3
"""Checks that misuse of the library is a compile error that one sentence explains.

    check_compile_fail.py [-I DIR]... COMPILER [FILE.cpp...]

Each file holds one misuse. Its first lines say what the compiler has to answer:

    // says: the sentence, which is the first error of the output (it may go on in further lines)
    // errors: 2 (g++)      how many errors there may be, where that is more than one

A sentence that is a warning (`[[nodiscard]]`) has `// warns:` in place of `// says:`. With -DFIXED
the misuse is switched off, and the file must compile without a warning: what fails the other time
is the misuse and nothing else.
"""

import argparse
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import time

FLAGS = ["-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-fno-diagnostics-color"]
ERROR = re.compile(r"^(?:.*?: )?(?:fatal )?error: (.*)$", re.MULTILINE)
# What the compilers put around the sentence of a static_assert or an attribute.
FRAMES = [
    r"static assertion failed(?: due to requirement '.*')?: {}",
    r"ignoring return(?:ed)? value of (?:type )?'.*', declared with attribute 'nodiscard': '{}' \[-Werror=.*\]",
    r"ignoring return value of function declared with 'nodiscard' attribute: {} \[-Werror,.*\]",
]


class Case:
    def __init__(self, path, family):
        self.path = path
        text = path.read_text()
        said = re.match(r"// (?:says|warns): (.+(?:\n// (?!errors: ).+)*)", text)
        if not said:
            raise SystemExit(f"{path}: does not begin with `// says: ...`")
        self.sentence = said.group(1).replace("\n// ", " ")
        bounds = re.findall(rf"^// errors: (\d+) \({re.escape(family)}\)$", text, re.MULTILINE)
        self.bound = int(bounds[0]) if bounds else 1
        if "#ifdef FIXED" not in text and "#ifndef FIXED" not in text:
            raise SystemExit(f"{path}: nothing is switched off by FIXED")


def family_of(compiler):
    version = subprocess.run([compiler, "--version"], capture_output=True, text=True, check=True)
    return "clang" if "clang" in version.stdout else "g++"


def compile_file(compiler, includes, path, *more):
    command = [compiler, *FLAGS, *(f"-I{directory}" for directory in includes), *more, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"})
    return done.returncode, done.stderr


def says(message, sentence):
    return any(re.fullmatch(frame.format(re.escape(sentence)), message) for frame in FRAMES)


def fault_of(compiler, includes, case):
    """What is wrong with the answer to a case; None if nothing is."""
    status, output = compile_file(compiler, includes, case.path, "-DFIXED")
    if status != 0:
        return "does not compile with the misuse switched off", output
    status, output = compile_file(compiler, includes, case.path)
    if status == 0:
        return "the misuse compiles", output
    errors = ERROR.findall(output)
    if not errors or not says(errors[0], case.sentence):
        return f"the first error is not the sentence\n  {case.sentence}", output
    if len(errors) > case.bound:
        return f"{len(errors)} errors, where {case.bound} would do", output
    return None


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("-I", dest="includes", action="append", default=[])
    arguments.add_argument("compiler")
    arguments.add_argument("files", nargs="*", type=pathlib.Path)
    given = arguments.parse_args()

    files = given.files or sorted(pathlib.Path(__file__).parent.glob("*.cpp"))
    family = family_of(given.compiler)
    cases = [Case(path, family) for path in files]
    began = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        faults = list(pool.map(lambda case: fault_of(given.compiler, given.includes, case), cases))
    failed = 0
    for case, fault in zip(cases, faults):
        if fault:
            failed += 1
            print(f"{case.path}: {fault[0]}\n{fault[1][:1500]}")
    print(f"{len(cases) - failed} passed, {failed} failed, {time.monotonic() - began:.0f} s ({family})")
    return 1 if failed or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
