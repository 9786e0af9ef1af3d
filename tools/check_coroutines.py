"""Finds temporaries inside a co_await expression that are lambdas with captures, or braced lists.

    check_coroutines.py ROOT

GCC 12 destroys such a temporary twice. Name it first and move it in:

    auto body = [name] { ... };
    co_await run(std::move(body));

Every finding is one line. Exit status: 0 none, 1 some.
"""

import pathlib
import re
import sys

CODE_FOLDERS = ("src", "apps", "examples", "tests", "bench")

# Comments and literals, raw strings first. They are blanked out, newlines kept.
NOT_CODE = re.compile(
    r'R"([^()\\ \n]*)\(.*?\)\1"'
    r"|//[^\n]*|/\*.*?\*/"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9A-Za-z])'(?:\\.|[^'\\\n])+'",
    re.DOTALL,
)
CO_AWAIT = re.compile(r"\bco_await\b")
# A capture list that is not empty, then parameters, a body or template parameters. What stands before
# tells it from a subscript, and from an attribute.
CAPTURING_LAMBDA = re.compile(r"(?<![\w)\]\[])\s*\[(?!\s*[\]\[])[^\[\]]+\]\s*[({<]")

# An argument in braces: the temporary that it makes may have a destructor.
BRACED_ARGUMENT = re.compile(r"[(,{]\s*(\{)\s*[^\s}]")


def blank(match):
    return re.sub(r"[^\n]", " ", match[0])


def awaited_expression(code, start):
    """From `start` to the end of the expression: a `;`, `,` or closing bracket at its own depth."""
    depth = 0
    for position in range(start, len(code)):
        character = code[position]
        if character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
            if depth < 0:
                return code[start:position]
        elif character in ";," and depth == 0:
            return code[start:position]
    return code[start:]


def findings(text):
    """The line numbers of such temporaries."""
    code = NOT_CODE.sub(blank, text)
    lines = set()
    for await_ in CO_AWAIT.finditer(code):
        expression = awaited_expression(code, await_.end())
        for match in CAPTURING_LAMBDA.finditer(expression):
            opening = await_.end() + match.start() + match[0].index("[")
            lines.add(code.count("\n", 0, opening) + 1)
        for match in BRACED_ARGUMENT.finditer(expression):
            lines.add(code.count("\n", 0, await_.end() + match.start(1)) + 1)
    return sorted(lines)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    root = pathlib.Path(sys.argv[1])
    failed = False
    for folder in CODE_FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix not in (".h", ".cpp"):
                continue
            for line in findings(path.read_text(encoding="utf-8")):
                name = path.relative_to(root)
                print(f"{name}:{line}: a capturing lambda or braced list inside co_await; name it first")
                failed = True
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
