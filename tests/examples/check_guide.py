"""Compiles the code in a page of the documentation, without running it.

    check_guide.py PAGE.md COMPILER [FLAGS...]

A block marked ```cpp stands outside of functions. A block marked ```c++ holds statements: it gets a
function around it, which is a coroutine if the block says co_await or co_return. What the blocks
take for granted is in guide_prelude.h, beside this file; its macro GUIDE_PARAMETERS names the
parameters of those functions. Each block has a namespace of its own. All of them are compiled in
one go, with -fsyntax-only; the compiler's messages name the lines of the page. A page whose name is
that of a prelude, as testing.md and testing_prelude.h, has that one.

Exit status: 0 all of it compiles, 1 not, 2 there is nothing to compile.
"""

import pathlib
import re
import subprocess
import sys

BLOCK = re.compile(r"^```(cpp|c\+\+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def source(page):
    text = page.read_text(encoding="utf-8")
    parts = []
    for number, block in enumerate(BLOCK.finditer(text), 1):
        kind, code = block.groups()
        line = text.count("\n", 0, block.start()) + 2
        before = after = ""
        if kind == "c++":
            coroutine = re.search(r"\bco_(await|return)\b", code)
            before = f"{'Deferred<void>' if coroutine else 'void'} block(GUIDE_PARAMETERS) {{\n"
            after = "co_return;\n}\n" if coroutine else "}\n"
        parts.append(
            f"namespace block{number} {{\nnamespace {{\n{before}"
            f'#line {line} "{page}"\n{code}{after}}}\n}}\n'
        )
    if not parts:
        return None
    prelude = pathlib.Path(__file__).with_name(f"{page.stem}_prelude.h")
    if not prelude.exists():
        prelude = prelude.with_name("guide_prelude.h")
    return f'#include "{prelude}"\n' + "".join(parts)


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    code = source(pathlib.Path(sys.argv[1]))
    if code is None:
        print(f"{sys.argv[1]}: no code", file=sys.stderr)
        return 2
    run = subprocess.run(
        [*sys.argv[2:], "-fsyntax-only", "-x", "c++", "-"], input=code.encode(), check=False
    )
    return 1 if run.returncode else 0


if __name__ == "__main__":
    sys.exit(main())
