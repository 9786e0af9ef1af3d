"""Finds temporaries beside co_await and co_yield that GCC 12 destroys twice.

    check_coroutines.py ROOT

They are aggregates, lambdas with captures among them, and what `?:` gives. Types are not known here:
whatever is made in braces counts as an aggregate, and every `?:` that does not give a number. Name the
thing first and move it in:

    auto body = [name] { ... };
    co_await run(std::move(body));

Aggregates in parentheses, awaited themselves, or beside the awaited expression are not found. Every
finding is one line. Exit status: 0 none, 1 some.
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
SUSPENSION = re.compile(r"\bco_(?:await|yield)\b")
# A capture list that is not empty, then parameters, a body or template parameters. What stands before
# tells it from a subscript, and from an attribute.
CAPTURING_LAMBDA = re.compile(r"(?<![\w)\]\[])\s*\[(?!\s*[\]\[])[^\[\]]+\]\s*[({<]")

# An argument in braces, with a type before them or with something inside: the temporary that it makes
# may have a destructor.
BRACED_ARGUMENT = re.compile(r"[(,{]\s*(?:[\w:]+(?:<[^;{}()]*>)?(?=\{)|(?=\{\s*[^\s}]))(\{)")

STATEMENT = re.compile(r"[^;{}]+")
GIVES_A_NUMBER = re.compile(r"\s*(?:const\s+)?(?:bool|int|double|std::size_t)\s+\w+\s*=[^?(]*\?")


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
    for word in SUSPENSION.finditer(code):
        start = word.end()
        expression = awaited_expression(code, start)
        for match in CAPTURING_LAMBDA.finditer(expression):
            opening = start + match.start() + match[0].index("[")
            lines.add(code.count("\n", 0, opening) + 1)
        if word[0] == "co_yield":  # its operand is an argument
            start, expression = start - 1, "(" + expression
        for match in BRACED_ARGUMENT.finditer(expression):
            lines.add(code.count("\n", 0, start + match.start(1)) + 1)
    for match in STATEMENT.finditer(code):
        if "?" in match[0] and SUSPENSION.search(match[0]) and not GIVES_A_NUMBER.match(match[0]):
            lines.add(code.count("\n", 0, code.index("?", match.start())) + 1)
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
                print(f"{name}:{line}: a temporary that GCC 12 may destroy twice; name it first")
                failed = True
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
