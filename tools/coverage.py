#!/usr/bin/env python3
"""Prints how much of the sources the tests have run: lines and branches by file, and what is missing.

usage: coverage.py BUILD_DIR SOURCE_DIR [--missing]

BUILD_DIR was built with g++ --coverage, and its tests have run. A line or branch of a template counts
as run if it was in any instantiation. Branches into exception handling are left out: nearly every call
has one.
"""

import argparse
import collections
import json
import pathlib
import subprocess
import sys


def reports(build: pathlib.Path):
    for data in sorted(build.rglob("*.gcda")):
        output = subprocess.run(
            ["gcov", "--json-format", "--stdout", "--branch-probabilities", data.resolve()],
            cwd=build, check=True, capture_output=True, text=True).stdout
        for line in output.splitlines():
            if line:
                yield json.loads(line)


def ranges(numbers):
    """[1, 2, 3, 7] -> '1-3 7'"""
    parts, numbers = [], sorted(numbers)
    for number in numbers:
        if parts and parts[-1][1] == number - 1:
            parts[-1][1] = number
        else:
            parts.append([number, number])
    return " ".join(str(a) if a == b else f"{a}-{b}" for a, b in parts)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("sources", type=pathlib.Path)
    parser.add_argument("--missing", action="store_true", help="name the lines that did not run")
    options = parser.parse_args()
    sources = options.sources.resolve()

    lines = collections.defaultdict(lambda: collections.defaultdict(int))
    branches = collections.defaultdict(lambda: collections.defaultdict(int))
    for report in reports(options.build.resolve()):
        root = pathlib.Path(report["current_working_directory"])
        for file in report["files"]:
            path = (root / file["file"]).resolve()
            if not path.is_relative_to(sources):
                continue
            for line in file["lines"]:
                number = line["line_number"]
                lines[path][number] += line["count"]
                real = [b for b in line["branches"] if not b["throw"]]
                for index, branch in enumerate(real):
                    branches[path][number, index, len(real)] += branch["count"]
    if not lines:
        print(f"coverage: no data of {sources} in {options.build}", file=sys.stderr)
        return 1

    def row(name, run, all_lines, taken, all_branches):
        share = f"{100 * run / all_lines:6.1f} %" if all_lines else "       -"
        ways = f"{100 * taken / all_branches:6.1f} %" if all_branches else "       -"
        print(f"{name:42} {run:5} of {all_lines:5} lines {share}   "
              f"{taken:5} of {all_branches:5} branches {ways}")

    total = [0, 0, 0, 0]
    for path in sorted(lines):
        run = [sum(1 for n in lines[path].values() if n), len(lines[path]),
               sum(1 for n in branches[path].values() if n), len(branches[path])]
        total = [a + b for a, b in zip(total, run)]
        row(str(path.relative_to(sources)), *run)
        missing = [number for number, count in lines[path].items() if not count]
        if options.missing and missing:
            print(f"    not run: {ranges(missing)}")
    row("all", *total)
    return 0


if __name__ == "__main__":
    sys.exit(main())
