#!/usr/bin/env python3
"""Counts what an echo costs a server, instructions in user mode and system calls, what a connection that
comes and goes costs it, and what one costs it in memory.

    count_echoes.py BIN SERVER... [--json FILE] [--ceilings FILE]

BIN is the folder of the programs that bench/reactor/ builds. A SERVER is `PROGRAM`,
`PROGRAM:REACTOR` or `PROGRAM:REACTOR:OPTION`. 64 connections send 64 bytes each and wait for them, again and again. Two runs of
different length are counted, instructions by Valgrind's callgrind, system calls by strace; their
difference leaves out the beginning and the end.

Figures are named `SERVER/instructions` and `SERVER/calls_per_100`; with `churn_` before that they are of a
connection that is made, has one echo and is closed, 64 at a time; `SERVER/idle_bytes` is the resident
memory that each of 10,000 connections takes after one echo. With --ceilings they are held against a
file like those of count_instructions.py.
"""

import argparse
import concurrent.futures
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from count_instructions import check, read_ceilings

CONNECTIONS = 64
LENGTHS = {"echo": (50, 350),  # echoes on each connection
           "churn": (10, 40)}  # connections, one after the other, in the place of each
IDLE_CONNECTIONS = 10_000
TIMEOUT = 60  # seconds for one run
LISTENING = re.compile(rb"^listening on tcp:.*:(\d+)\n$")


def command_of(folder, server):
    program, *rest = server.split(":")
    reactor, options = rest[:1], rest[1:]
    return [f"{folder}/reactor-{program}", *(["--reactor", *reactor] if reactor else []), *options]


def run(folder, server, wrapper, mode, echoes):
    """One run of the server under `wrapper`, ended by SIGTERM when the load is done."""
    process = subprocess.Popen([*wrapper, *command_of(folder, server)], stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL)
    try:
        line = process.stdout.readline()
        match = LISTENING.match(line)
        if not match:
            raise RuntimeError(f"{server}: its first line was {line!r}")
        subprocess.run([f"{folder}/reactor-load", match[1].decode(), mode, "--connections",
                        str(CONNECTIONS), "--echoes", str(echoes)],
                       check=True, stdout=subprocess.DEVNULL, timeout=TIMEOUT)
        # Valgrind is the process itself; strace is its parent.
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        os.kill(int(children[0]) if children else process.pid, signal.SIGTERM)
        # Valgrind delivers signals between system calls only, now and then, and io_uring waits in one.
        end = time.monotonic() + TIMEOUT
        while process.poll() is None and time.monotonic() < end:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", int(match[1])), 1).close()
            time.sleep(0.01)
        process.wait(TIMEOUT)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def instructions_of_run(folder, server, mode, echoes):
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch) / "callgrind.out"
        run(folder, server, ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}"], mode,
            echoes)
        return int(re.search(r"^(?:totals|summary): (\d+)", out.read_text(), re.MULTILINE)[1])


def calls_of_run(folder, server, mode, echoes):
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch) / "strace.out"
        run(folder, server, ["strace", "-f", "-c", "-o", str(out)], mode, echoes)
        return sum(int(calls) for calls in
                   re.findall(r"^ *[\d.]+ +[\d.]+ +\d+ +(\d+)\b.* (?!total)\w+$", out.read_text(),
                              re.MULTILINE))


def or_none(measure):
    """None if it fails, for whatever reason."""
    def measured(folder, server):
        try:
            return measure(folder, server)
        except (RuntimeError, subprocess.SubprocessError, TypeError) as error:
            print(f"{server}: {error}", file=sys.stderr)
            return None
    return measured


def per_one(mode, count):
    short, long = LENGTHS[mode]
    return or_none(lambda folder, server: (
        (count(folder, server, mode, long) - count(folder, server, mode, short))
        / ((long - short) * CONNECTIONS)))


@or_none
def idle_bytes(folder, server):
    process = subprocess.Popen(command_of(folder, server), stdout=subprocess.PIPE)
    try:
        match = LISTENING.match(process.stdout.readline())
        load = subprocess.run([f"{folder}/reactor-load", match[1].decode(), "idle", "--connections",
                               str(IDLE_CONNECTIONS), "--server", str(process.pid)],
                              check=True, stdout=subprocess.PIPE, timeout=TIMEOUT)
        return json.loads(load.stdout)["bytes_served"]
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def count_all(folder, servers):
    jobs = {}
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for server in servers:
            for mode, prefix in (("echo", ""), ("churn", "churn_")):
                for name, count in (("instructions", instructions_of_run),
                                    ("calls_per_100", calls_of_run)):
                    jobs[f"{server}/{prefix}{name}"] = pool.submit(per_one(mode, count), folder, server)
            jobs[f"{server}/idle_bytes"] = pool.submit(idle_bytes, folder, server)
    figures = {name: job.result() for name, job in jobs.items()}
    return {name: figure * 100 if figure is not None and name.endswith("calls_per_100") else figure
            for name, figure in figures.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", metavar="BIN")
    parser.add_argument("servers", nargs="+", metavar="SERVER")
    parser.add_argument("--json", metavar="FILE", help="leave the figures here")
    parser.add_argument("--ceilings", metavar="FILE", help="fail where a figure is over its ceiling")
    options = parser.parse_args()
    for tool in ("valgrind", "strace"):
        if not shutil.which(tool):
            sys.exit(f"{tool} is missing (Debian: {tool})")
    figures = count_all(options.folder, options.servers)
    if options.json:
        Path(options.json).write_text(json.dumps(figures, indent=1) + "\n")
    ceilings = read_ceilings(Path(options.ceilings).read_text()) if options.ceilings else {}
    sys.exit(check(figures, ceilings, options.ceilings))


if __name__ == "__main__":
    main()
