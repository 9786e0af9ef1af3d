#!/usr/bin/env python3
"""Counts what operations cost in user-mode instructions, which do not depend on the machine's mood.

    count_instructions.py PROGRAM... [--only WORD...] [--json FILE] [--ceilings FILE]

A PROGRAM lists its operations when it is run alone (`PEER/OPERATION ITEMS`, one a line) and runs one
of them TIMES times as `PROGRAM PEER/OPERATION TIMES`. Valgrind's callgrind counts two runs of
different length; their difference leaves out start and end. Figures are per item.

With --ceilings the figures are held against a file of lines `PEER/OPERATION AIM CEILING` (`-` where
there is no aim): one that is more than 10 % over its ceiling, or is not in the file, fails.
"""

import argparse
import concurrent.futures
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

TOLERANCE = 0.10
SHORT, LONG = 400, 1200  # items, about
TIMEOUT = 60  # seconds for one run


@dataclass(frozen=True)
class Operation:
    program: str
    name: str
    items: int


@dataclass(frozen=True)
class Ceiling:
    aim: int | None
    ceiling: int


def operations_of(program, only):
    listing = subprocess.run([program], check=True, capture_output=True, text=True).stdout
    for line in listing.splitlines():
        name, items = line.rsplit(" ", 1)
        if not only or any(word in name for word in only):
            yield Operation(program, name, int(items))


def instructions_of_run(operation, times):
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "callgrind.out"
        try:
            subprocess.run(
                ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", operation.program,
                 operation.name, str(times)],
                capture_output=True, check=True, timeout=TIMEOUT)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
            return None
        return int(re.search(r"^(?:totals|summary): (\d+)", out.read_text(), re.MULTILINE).group(1))


def count(operation):
    """Instructions per item, or None when the operation does not survive."""
    times = [max(1, items // operation.items) for items in (SHORT, LONG)]
    if times[0] == times[1]:
        times[1] = times[0] + 2
    runs = [instructions_of_run(operation, n) for n in times]
    if None in runs:
        return None
    return (runs[1] - runs[0]) / ((times[1] - times[0]) * operation.items)


def count_all(operations):
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return dict(zip((o.name for o in operations), pool.map(count, operations)))


def read_ceilings(text):
    ceilings = {}
    for line in text.splitlines():
        line = line.split("#")[0].strip()
        if line:
            name, aim, ceiling = line.split()
            ceilings[name] = Ceiling(None if aim == "-" else int(aim), int(ceiling))
    return ceilings


def judge(figures, ceilings):
    """What is wrong, and what could be better: two lists of sentences."""
    faults, hints = [], []
    for name, figure in figures.items():
        if figure is None:
            faults.append(f"{name}: does not run to its end")
        elif name not in ceilings:
            faults.append(f"{name}: {figure:,.0f}, but it has no ceiling yet: add a line for it")
        else:
            ceiling = ceilings[name].ceiling
            if figure > ceiling * (1 + TOLERANCE):
                faults.append(f"{name}: {figure:,.0f} instructions, more than 10 % over its ceiling"
                              f" of {ceiling:,}")
            elif figure < ceiling * (1 - TOLERANCE):
                hints.append(f"{name}: {figure:,.0f} instructions, well below its ceiling of"
                             f" {ceiling:,}: lower that, so that the gain is kept")
    faults += [f"{name}: has a ceiling, but there is no such operation"
               for name in ceilings if name not in figures]
    return faults, hints


def print_table(figures, ceilings):
    width = max(map(len, figures), default=0)
    for name, figure in figures.items():
        shown = "fails" if figure is None else f"{figure:,.0f}"
        limit = ceilings.get(name)
        print(f"{name:{width}}  {shown:>9}" +
              (f"   ceiling {limit.ceiling:>6,}" if limit else "") +
              (f"   aim {limit.aim:>6,}" if limit and limit.aim else ""))


def check(figures, ceilings, file):
    """Prints the figures and what is to be said of them. @returns whether one is at fault"""
    print_table(figures, ceilings)
    if not file:
        return False
    faults, hints = judge(figures, ceilings)
    for sentence in hints + faults:
        print(sentence)
    if hints or faults:
        print(f"The ceilings are in {file}.")
    return bool(faults)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs", nargs="+", metavar="PROGRAM")
    parser.add_argument("--only", nargs="+", default=[], metavar="WORD",
                        help="operations whose name has one of these words in it")
    parser.add_argument("--json", metavar="FILE", help="leave the figures here")
    parser.add_argument("--ceilings", metavar="FILE", help="fail where a figure is over its ceiling")
    options = parser.parse_args()
    if not shutil.which("valgrind"):
        sys.exit("valgrind is missing (Debian: valgrind)")

    operations = [o for p in options.programs for o in operations_of(p, options.only)]
    ceilings = read_ceilings(Path(options.ceilings).read_text()) if options.ceilings else {}
    # A program may have more peers than are guarded here.
    guarded = {name.split("/")[0] for name in ceilings}
    if guarded:
        operations = [o for o in operations if o.name.split("/")[0] in guarded]
    if options.only:
        ceilings = {n: c for n, c in ceilings.items() if any(w in n for w in options.only)}
    figures = count_all(operations)
    if options.json:
        Path(options.json).write_text(json.dumps(figures, indent=1) + "\n")
    sys.exit(check(figures, ceilings, options.ceilings))


if __name__ == "__main__":
    main()
