"""The example word_counts beside a Twisted program that does the same: their outputs are equal.

    word_counts_test.py PROGRAM

Every wait is bounded.
"""

import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import unittest

PROGRAM = sys.argv.pop(1) if len(sys.argv) > 1 else None
LONGEST_WAIT = 50  # seconds
REACTORS = ("epoll", "poll", "io_uring")

TWISTED = """
import os, sys
from twisted.internet import defer, task, utils

def count_words(file):
    output = utils.getProcessOutput("wc", ["-w", "--", file], env=os.environ)
    return output.addCallback(lambda line: int(line.split()[0]))

def program(reactor, *files):
    processes = defer.DeferredSemaphore(4)
    counts = [processes.run(count_words, file) for file in files]
    return defer.DeferredList(counts, consumeErrors=True).addCallback(show, files)

def show(results, files):
    for (fine, count), file in zip(results, files):
        print(f"{count:8} {file}" if fine else f"       ? {file}")
    print(f"{sum(count for fine, count in results if fine):8} in all")

task.react(program, sys.argv[1:])
"""


def run(*words, reactor="epoll"):
    environment = dict(os.environ, HAWSER_REACTOR=reactor, LC_ALL="C.UTF-8")
    return subprocess.run(words, capture_output=True, text=True, timeout=LONGEST_WAIT, env=environment)


class WordCounts(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def files(self, number):
        chance = random.Random(7)
        names = []
        for i in range(number):
            file = self.folder / f"text {i}"
            file.write_text(" ".join("word" for _ in range(chance.randrange(3000))) + "\n")
            names.append(str(file))
        return names

    def test_are_those_of_twisted(self):
        files = self.files(40) + [str(self.folder / "not there"), "-w", str(self.folder)]
        theirs = run(sys.executable, "-c", TWISTED, *files)
        self.assertEqual(theirs.returncode, 0, theirs.stderr)
        for reactor in REACTORS:
            ours = run(PROGRAM, *files, reactor=reactor)
            if "not available" in ours.stderr or "does not permit" in ours.stderr:
                continue
            self.assertEqual(ours.stdout, theirs.stdout, reactor)
            self.assertEqual(ours.returncode, 0)

    def test_of_no_files_are_none(self):
        self.assertEqual(run(PROGRAM).stdout, "       0 in all\n")

    def test_end_with_their_processes_when_interrupted(self):
        pipe = self.folder / "never written to"
        os.mkfifo(pipe)
        program = subprocess.Popen([PROGRAM, *[str(pipe)] * 6], stdout=subprocess.PIPE)
        # This returns when a process has opened it too, and waits for ever.
        with open(pipe, "wb", buffering=0) as writer:
            program.send_signal(signal.SIGINT)
            written, _ = program.communicate(timeout=LONGEST_WAIT)
            self.assertEqual((program.returncode, written), (128 + signal.SIGINT, b""))
            with self.assertRaises(BrokenPipeError):  # nobody is left who could read
                writer.write(b"words")


if __name__ == "__main__":
    unittest.main()
