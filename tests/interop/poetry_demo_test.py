"""`poetry demo`: its story is true, and told without a word about errors that nobody handled."""

import os
import signal
import subprocess
import tempfile
import time
import unittest

import poetry_support as support
from poetry_support import run


class DemoTest(unittest.TestCase):
    def tells_its_story(self, *files):
        began = time.monotonic()
        done = run("demo", *files)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done)
        self.assertLess(time.monotonic() - began, 20)  # about 5 s on a machine that is not busy
        return done.stdout.decode()

    def test_with_its_own_poems(self):
        story = self.tells_its_story()
        for name in ("thrown-line", "harbour-book", "one-keeper", "two-ends"):
            self.assertRegex(story, rf"{name} +whole, ")
        for name in ("torn-page", "nobody-home"):
            self.assertRegex(story, rf"{name} +failed, as it had to")
        self.assertIn("so have 20 others. Connections that two-ends saw for all of them: 1\n", story)
        self.assertIn("my grandmother zoë", story)
        self.assertRegex(story, r"second client, from the cache +0\.0")
        self.assertNotIn("Unhandled", story)

    def test_with_poems_of_the_user(self):
        with tempfile.TemporaryDirectory() as folder:
            contents = {"empty": b"", "binary": os.urandom(3000), "long": b"A rope.\n" * 10_000}
            files = [os.path.join(folder, name) for name in contents]
            for file, content in zip(files, contents.values()):
                with open(file, "wb") as output:
                    output.write(content)
            story = self.tells_its_story(*files)
        self.assertRegex(story, r"empty +whole, 0 bytes")
        self.assertRegex(story, r"binary +whole, 3000 bytes")
        self.assertRegex(story, r"long +whole, 80000 bytes")

    def test_with_a_single_poem(self):
        with tempfile.TemporaryDirectory() as folder:
            file = os.path.join(folder, "mine.txt")
            with open(file, "w", encoding="utf-8") as output:
                output.write("Ein SEIL.\n")
            story = self.tells_its_story(file)
        self.assertIn("Connections that mine saw for all of them: 1\n", story)
        self.assertIn("│ ein seil.\n", story)

    def test_it_can_be_interrupted_in_either_act(self):
        for cue in (b"thrown-line    \xe2", b"the first client asks"):
            command = [support.POETRY, "demo"]
            with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
                support.children.append(process)
                while line := process.stdout.readline():
                    if cue in line:
                        break
                process.send_signal(signal.SIGINT)
                _, stderr = process.communicate(timeout=support.LONGEST_WAIT)
                self.assertEqual(process.returncode, 128 + signal.SIGINT, stderr.decode())
                self.assertNotIn(b"Unhandled", stderr)

    def test_nobody_has_to_listen_to_the_end(self):
        with subprocess.Popen([support.POETRY, "demo"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            support.children.append(process)
            process.stdout.readline()
            process.stdout.close()
            stderr = process.stderr.read()
        self.assertEqual(process.returncode, 1)
        self.assertEqual(stderr, b"poetry demo: cannot write to standard output: Broken pipe\n")

    def test_a_file_that_cannot_be_read(self):
        done = run("demo", "/nonexistent/poem.txt")
        self.assertEqual(done.returncode, 1)
        self.assertIn("poetry demo: cannot read the poem /nonexistent/poem.txt: No such file", done.stderr)


if __name__ == "__main__":
    support.main()
