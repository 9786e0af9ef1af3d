#!/usr/bin/env python3
"""Measures what crosses threads, Hawser's beside that of others, in one run.

    measure_threads.py BIN RESULTS [--rounds N]

BIN is the folder of the programs that bench/threads/ and bench/reactor/ build. RESULTS/threads.json gets
every figure of every round, and what was counted: instructions in user mode and system calls for each
call, a long run less a short one.
"""

import argparse
import json
import os
import platform
import random
import re
import subprocess
import tempfile
import time
from pathlib import Path

COUNTED = {"post_1": 10_000, "round_trip": 2_000, "job_64": 10_000}  # operation: times
ECHO_SECONDS, ECHO_WARM_UP = 0.5, 0.1
LISTENING = re.compile(r"^listening on tcp:.*:(\d+)$")
INSTRUCTIONS = re.compile(r"Collected\s*:\s*(\d+)")
TIMEOUT = 120  # seconds for one program


def timed(folder, rounds):
    """{operation: {peer: [nanoseconds of each round]}}"""
    run = subprocess.run([folder / "threads", str(rounds)], stdout=subprocess.PIPE, text=True,
                         timeout=TIMEOUT, check=True)
    return json.loads(run.stdout)


def instructions(command):
    with tempfile.TemporaryDirectory() as scratch:
        run = subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={scratch}/out",
                              *command], capture_output=True, text=True, timeout=TIMEOUT, check=True)
    return int(INSTRUCTIONS.search(run.stderr)[1])


def system_calls(command):
    with tempfile.NamedTemporaryFile("r") as out:
        subprocess.run(["strace", "-f", "-c", "-U", "calls,name", "-o", out.name, *command],
                       stdout=subprocess.DEVNULL, timeout=TIMEOUT, check=True)
        counts = (line.split() for line in out)
        return sum(int(words[0]) for words in counts
                   if len(words) == 2 and words[0].isdigit() and words[1] != "total")


def each(count, command, times):
    """What `command TIMES` costs for each of `times` more."""
    few, many = (count([*command, str(number)]) for number in (times, 3 * times))
    return (many - few) / (2 * times)


def counted(folder, timings):
    """{operation: {peer: {"instructions": n, "system_calls": n}}}"""
    result = {}
    for operation, times in COUNTED.items():
        result[operation] = {}
        for peer in timings[operation]:
            if peer == "std::async":
                continue
            command = [folder / "threads", peer, operation]
            try:
                result[operation][peer] = {
                    "instructions": each(instructions, command, times),
                    "system_calls": each(system_calls, command, times)}
            except (subprocess.SubprocessError, OSError) as error:
                print(f"{operation}, {peer}: not counted: {error}")
    return result


class Echo:
    """A server in so many threads."""

    def __init__(self, folder, peer, threads):
        self.process = subprocess.Popen([folder / "threads-echo", peer, str(threads)],
                                        stdout=subprocess.PIPE, text=True)
        self.port = LISTENING.match(self.process.stdout.readline().strip())[1]

    def load(self, folder):
        run = subprocess.run(
            [folder / "reactor-load", self.port, "echo", "--connections", "64", "--seconds",
             str(ECHO_SECONDS), "--warm-up", str(ECHO_WARM_UP), "--server", str(self.process.pid)],
            stdout=subprocess.PIPE, text=True, timeout=TIMEOUT, check=True)
        return json.loads(run.stdout)

    def end(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def echoes(folder, rounds):
    """{"peer threads": [figures of each round]}"""
    servers = {f"{peer} {threads}": Echo(folder, peer, threads)
               for peer in ("hawser", "limit") for threads in (1, 2)}
    figures = {name: [] for name in servers}
    order = list(servers)
    try:
        for _ in range(rounds):
            random.shuffle(order)
            for name in order:
                figures[name].append(servers[name].load(folder))
    finally:
        for server in servers.values():
            server.end()
    return figures


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="BIN")
    parser.add_argument("results", type=Path, metavar="RESULTS")
    parser.add_argument("--rounds", type=int, default=11)
    options = parser.parse_args()
    result = {
        "date": time.strftime("%Y-%m-%d"),
        "linux": platform.release().split("-")[0],
        "load": os.getloadavg()[0],
        "cores": os.cpu_count(),
        "rounds": options.rounds,
    }
    print("Timing ...", flush=True)
    result["times"] = timed(options.folder, options.rounds)
    result["echo"] = echoes(options.folder, options.rounds)
    print("Counting ...", flush=True)
    result["counts"] = counted(options.folder, result["times"])
    options.results.mkdir(parents=True, exist_ok=True)
    (options.results / "threads.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
