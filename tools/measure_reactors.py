#!/usr/bin/env python3
"""Measures echo servers beside each other, in one run.

    measure_reactors.py BIN RESULTS [--rounds N] [--only SERVER...]

BIN is the folder of the programs that bench/reactor/ builds; what is missing there is left out. All
servers run all the time, on one core; the generator of load, on another, turns from one to the next,
in another order in each round. So what the machine does to one it does to all, and each round gives
ratios to the server that uses epoll by hand. RESULTS/reactor.json gets every figure of every round.
"""

import argparse
import json
import os
import platform
import random
import re
import subprocess
import sys
import time
from pathlib import Path

SERVERS = ("hawser:epoll", "hawser:io_uring", "hawser:poll", "raw-epoll", "raw-io_uring", "asio",
           "asio-io_uring", "libuv", "libevent", "libev", "kj")
MEASURES = {  # name: what the generator is told
    "echo_1": ("echo", "--connections", "1"),
    "echo_64": ("echo", "--connections", "64"),
    "echo_1000": ("echo", "--connections", "1000"),
    "bulk_64": ("echo", "--connections", "64", "--bytes", "65536"),
    "churn": ("churn", "--connections", "64"),
}
SECONDS, WARM_UP = 0.35, 0.08  # of one measurement
IDLE_CONNECTIONS = 10_000
LONGEST = 300  # seconds for everything; rounds that would take longer are left out
TIMEOUT = 30  # seconds for one measurement
LISTENING = re.compile(r"^listening on tcp:.*:(\d+)$")


def on_core(core):
    """Runs in the child. With one core there is nothing to choose."""
    def pin():
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[core % len(cores)]})
    return pin


class Server:
    def __init__(self, folder, name):
        program, _, reactor = name.partition(":")
        self.process = subprocess.Popen(
            [folder / f"reactor-{program}", *(["--reactor", reactor] if reactor else [])],
            stdout=subprocess.PIPE, text=True, preexec_fn=on_core(0))
        line = self.process.stdout.readline().strip()
        match = LISTENING.match(line)
        if not match:
            self.end()
            raise RuntimeError(f"{name} does not listen: {line!r}")
        self.port = match[1]

    def load(self, folder, *arguments):
        """The figures of one run of the generator, None if it failed."""
        try:
            run = subprocess.run([folder / "reactor-load", self.port, *arguments, "--server",
                                  str(self.process.pid)],
                                 stdout=subprocess.PIPE, text=True, timeout=TIMEOUT, check=True,
                                 preexec_fn=on_core(1))
        except subprocess.SubprocessError as error:
            print(f"{' '.join(arguments)}: {error}")
            return None
        return json.loads(run.stdout)

    def end(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def present(folder, only):
    for name in SERVERS:
        if only and name not in only:
            continue
        if not (folder / f"reactor-{name.partition(':')[0]}").exists():
            print(f"{name}: left out, it was not built")
            continue
        try:
            Server(folder, name).end()
        except RuntimeError as error:
            print(f"left out: {error}")
            continue
        yield name


def measure_rounds(folder, names, rounds, deadline):
    """{server: {measure: [figures of each round]}}"""
    figures = {name: {measure: [] for measure in MEASURES} for name in names}
    servers = {name: Server(folder, name) for name in names}
    order, longest = list(names), 0
    try:
        for number in range(rounds):
            began = time.monotonic()
            if began + longest > deadline:
                print(f"round {number + 1} of {rounds} is left out: the time is up")
                break
            for measure, arguments in MEASURES.items():
                random.shuffle(order)
                for name in order:
                    figures[name][measure].append(servers[name].load(
                        folder, *arguments, "--seconds", str(SECONDS), "--warm-up", str(WARM_UP)))
            longest = max(longest, time.monotonic() - began)
            print(f"round {number + 1} of {rounds}: {time.monotonic() - began:.0f} s", flush=True)
    finally:
        for server in servers.values():
            server.end()
    return figures


def measure_idle(folder, name):
    server = Server(folder, name)
    try:
        return server.load(folder, "idle", "--connections", str(IDLE_CONNECTIONS))
    finally:
        server.end()


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="BIN")
    parser.add_argument("results", type=Path, metavar="RESULTS")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--only", nargs="+", default=[], metavar="SERVER")
    options = parser.parse_args()
    deadline = time.monotonic() + LONGEST
    names = list(present(options.folder, options.only))
    if not names:
        sys.exit("There is no server to measure.")
    result = {
        "date": time.strftime("%Y-%m-%d"),
        "linux": platform.release().split("-")[0],
        "load": os.getloadavg()[0],
        "cores": os.cpu_count(),
        "seconds": SECONDS,
        "idle_connections": IDLE_CONNECTIONS,
        "idle": {name: measure_idle(options.folder, name) for name in names},
        "rounds": measure_rounds(options.folder, names, options.rounds, deadline),
    }
    options.results.mkdir(parents=True, exist_ok=True)
    (options.results / "reactor.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
