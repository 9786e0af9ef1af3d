#!/usr/bin/env python3
"""What including a header costs who includes it.

    check_include_size.py lines --limit N COMPILER HEADER [FLAG...]   fails above N preprocessed lines
    check_include_size.py measure COMPILER HEADER... [-- FLAG...]     lines and compile times, as JSON

A header that is not there is left out of the measurement.
"""

import argparse
import json
import resource
import subprocess
import sys

RUNS = 2


def preprocessed_lines(compiler, header, flags):
    """None if the header cannot be preprocessed."""
    run = subprocess.run([compiler, *flags, "-E", "-x", "c++", "-"], input=f"#include <{header}>\n",
                         capture_output=True, text=True, check=False)
    return run.stdout.count("\n") if run.returncode == 0 else None


def compile_seconds(compiler, header, flags):
    """The CPU time of the fastest of a few runs, which feels other work on the machine least."""
    best = float("inf")
    for _ in range(RUNS):
        before = children_seconds()
        subprocess.run([compiler, *flags, "-c", "-o", "/dev/null", "-x", "c++", "-"],
                       # Boost's asio.hpp forgets <utility>.
                       input=f"#include <utility>\n#include <{header}>\n", text=True, check=True)
        best = min(best, children_seconds() - before)
    return best


def children_seconds():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def lines(options):
    count = preprocessed_lines(options.compiler, options.header, options.flags)
    if count is None:
        sys.exit(f"<{options.header}> cannot be preprocessed")
    print(f"<{options.header}>: {count:,} lines preprocessed, {options.limit:,} allowed")
    if count > options.limit:
        sys.exit("What it includes has grown. `-H` shows what comes in through what; leave out what a"
                 " forward declaration or a smaller header can replace.")


def measure(options):
    headers, flags = options.headers, []
    if "--" in headers:
        cut = headers.index("--")
        headers, flags = headers[:cut], headers[cut + 1:]
    result = {}
    for header in headers:
        count = preprocessed_lines(options.compiler, header, flags)
        if count is not None:
            result[header] = {"lines": count,
                              "seconds": round(compile_seconds(options.compiler, header, flags), 3)}
    print(json.dumps(result, indent=1))


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("lines")
    command.add_argument("--limit", type=int, required=True)
    command.add_argument("compiler")
    command.add_argument("header")
    command.add_argument("flags", nargs=argparse.REMAINDER)
    command.set_defaults(run=lines)
    command = commands.add_parser("measure")
    command.add_argument("compiler")
    command.add_argument("headers", nargs=argparse.REMAINDER)
    command.set_defaults(run=measure)
    options = parser.parse_args()
    options.run(options)


if __name__ == "__main__":
    main()
