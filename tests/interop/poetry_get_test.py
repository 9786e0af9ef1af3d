"""`poetry get` with Twisted servers and a Twisted transformation service, good ones and bad ones."""

import os
import pty
import signal
import struct
import subprocess
import termios
import time
import unittest
from fcntl import ioctl

import poetry_support as support
from poetry_support import PoetryFactory, TransformFactory, TwistedServer, run

POEM = "Ein SEIL aus Ærø,\nein Seil aus ŁÓDŹ.\n".encode()


class GetTest(unittest.TestCase):
    def serve(self, factory):
        server = TwistedServer(factory)
        self.addCleanup(server.stop)
        return server

    def slow(self, poem, seconds, ending="close"):
        """A Twisted server that needs so long for its poem."""
        size = len(poem) // 5 + 1
        pieces = [poem[i : i + size] for i in range(0, len(poem), size)]
        return self.serve(PoetryFactory(pieces, seconds / max(1, len(pieces)), ending))

    def test_a_poem_from_twisted_arrives_byte_for_byte(self):
        for poem in (POEM, b"no newline at the end", b"", b"\0\xff\n\n", os.urandom(300_000)):
            done = run("get", self.slow(poem, 0.05).name)
            self.assertEqual((done.returncode, done.stdout), (0, poem), done.stderr)

    def test_three_slow_servers_take_as_long_as_one(self):
        servers = [self.slow(POEM, 1) for _ in range(3)]
        began = time.monotonic()
        done = run("get", *[server.name for server in servers])
        took = time.monotonic() - began
        self.assertEqual((done.returncode, done.stdout), (0, b"\n".join([POEM] * 3)), done.stderr)
        self.assertLess(took, 2.5)  # one after the other: 3 s

    def test_in_order_each_begins_when_the_one_before_has_ended(self):
        servers = [self.slow(b"poem %d\n" % i, 0.2) for i in range(3)]
        began = time.monotonic()
        done = run("get", "--in-order", *[server.name for server in servers])
        self.assertGreater(time.monotonic() - began, 0.6)
        self.assertEqual(done.stdout, b"poem 0\n\npoem 1\n\npoem 2\n")

    def test_each_poem_is_printed_as_soon_as_it_is_whole(self):
        servers = [self.slow(b"slow\n", 0.5), self.slow(b"quick\n", 0.01)]
        done = run("get", *[server.name for server in servers])
        self.assertEqual(done.stdout, b"quick\n\nslow\n")

    def test_failures_are_named_and_cost_the_others_nothing(self):
        good = self.slow(POEM, 0.1)
        torn = self.slow(POEM, 0.1, ending="reset")
        down = support.name_of(support.closed_port())
        done = run("get", torn.name, down, good.name)
        self.assertEqual((done.returncode, done.stdout), (1, POEM))
        self.assertIn(f"poetry get: {down}: could not connect to tcp:{down}: Connection refused", done.stderr)
        self.assertIn(f"poetry get: {torn.name}: connection with tcp:{torn.name} was lost", done.stderr)
        self.assertIn(f"{good.name}: whole, {len(POEM)} bytes", done.stderr)

    def test_in_order_goes_on_after_a_failure(self):
        down = support.name_of(support.closed_port())
        done = run("get", "--in-order", down, self.slow(POEM, 0.1).name)
        self.assertEqual((done.returncode, done.stdout), (1, POEM))

    def test_a_silent_server_is_given_up(self):
        silent = self.serve(PoetryFactory([b"half"], ending="silence"))
        done = run("get", silent.name, self.slow(POEM, 0.1).name, "--timeout", "0.3")
        self.assertEqual((done.returncode, done.stdout), (1, POEM))
        self.assertIn(f"poetry get: {silent.name}: timed out after 0.3 s\n", done.stderr)

    def test_a_name_that_does_not_resolve(self):
        done = run("get", "nosuch.invalid:10000", self.slow(POEM, 0.1).name)
        self.assertEqual((done.returncode, done.stdout), (1, POEM))
        message = 'poetry get: nosuch.invalid:10000: could not look up the name "nosuch.invalid"'
        self.assertIn(message, done.stderr)

    def test_bad_options(self):
        for args, message in [
            ([], "HOST:PORT is required"),
            (["localhost"], '"port" is missing'),
            (["localhost:port"], '"port" must be a number from 1 to 65535'),
            (["localhost:0"], '"port" must be a number from 1 to 65535'),
            (["::1:80"], "expected HOST:PORT"),
            (["[::1:80"], "this bracket is not closed"),
            ([":80"], '"host" is empty'),
            (["localhost:80", "--timeout", "0"], "--timeout: must be more than 0 seconds"),
            (["localhost:80", "--transform", "x"], '--transform: bad endpoint "tcp:x"'),
        ]:
            done = run("get", *args)
            self.assertEqual((done.returncode, done.stdout), (2, b""), args)
            self.assertIn(message, done.stderr)

    def test_an_interrupted_one_says_so_in_its_status(self):
        silent = self.serve(PoetryFactory([], ending="silence"))
        command = [support.POETRY, "get", silent.name]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            support.children.append(process)
            support.wait_until(lambda: silent.factory.connections, "a connection")
            process.send_signal(signal.SIGINT)
            _, stderr = process.communicate(timeout=support.LONGEST_WAIT)
            self.assertEqual(process.returncode, 128 + signal.SIGINT)
            self.assertNotIn(b"Unhandled", stderr)

    def test_a_poem_that_cannot_be_printed_is_a_failure(self):
        server = self.slow(POEM, 0.1)
        with open("/dev/full", "wb") as full:
            done = subprocess.run(
                [support.POETRY, "get", server.name],
                stdout=full,
                stderr=subprocess.PIPE,
                timeout=support.LONGEST_WAIT,
            )
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"poetry get: cannot write to standard output: No space left", done.stderr)

    def test_on_a_terminal_there_is_a_bar_for_each_poem(self):
        servers = [self.slow(b"rope" * 100, 0.5), self.slow(b"knot" * 50, 0.3)]
        down = support.name_of(support.closed_port())
        controller, terminal = pty.openpty()
        ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        command = [support.POETRY, "get", servers[0].name, servers[1].name, down]
        environment = {**os.environ, "TERM": "xterm"}
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=terminal, env=environment) as process:
            support.children.append(process)
            os.close(terminal)
            screen = b""
            try:
                while piece := os.read(controller, 65536):
                    screen += piece
            except OSError:  # how a terminal tells that nobody writes to it any more
                pass
            stdout = process.stdout.read()
        os.close(controller)
        self.assertEqual(process.returncode, 1)
        self.assertEqual(stdout, b"knot" * 50 + b"\n\n" + b"rope" * 100)
        frames = screen.decode().replace("\r\n", "\n").split("\x1b[3F\x1b[J")
        self.assertGreater(len(frames), 4)
        last = frames[-1].splitlines()
        self.assertEqual(len(last), 3)
        self.assertRegex(last[0], rf"^{servers[0].name} █+·* +400 B +\d+\.\d s  ✓$")
        self.assertRegex(last[1], rf"^{servers[1].name} █+·+ +200 B +\d+\.\d s  ✓$")
        self.assertRegex(last[2], rf"^{down} +·+ +0 B +\d+\.\d s  ✗ failed$")
        self.assertTrue(all(len(line) < 80 for line in last))


class TransformingGetTest(unittest.TestCase):
    def setUp(self):
        self.server = TwistedServer(PoetryFactory([POEM]))
        self.addCleanup(self.server.stop)

    def get(self, transform):
        self.service = TwistedServer(TransformFactory(transform))
        self.addCleanup(self.service.stop)
        return run("get", self.server.name, "--transform", self.service.name)

    def fails(self, message, done):
        self.assertEqual((done.returncode, done.stdout), (1, b""))
        self.assertIn(f"poetry get: {self.server.name}: {message}", done.stderr)

    def test_a_twisted_service_transforms_the_poem(self):
        done = self.get(TransformFactory.cummingsify)
        self.assertEqual((done.returncode, done.stdout), (0, POEM.decode().lower().encode()), done.stderr)
        self.assertEqual(self.service.factory.requests, [b"cummingsify." + POEM])

    def test_a_service_that_closes_without_an_answer(self):
        done = self.get(lambda request: None)
        message = f"the transformation service tcp:{self.service.name} closed without an answer to cummingsify"
        self.fails(message, done)

    def test_a_service_that_answers_with_something_else(self):
        done = self.get(lambda request: b"HTTP/1.1 400 Bad Request\r\n\r\n")
        message = f"the transformation service tcp:{self.service.name} did not answer with a netstring: "
        self.fails(message, done)

    def test_a_service_that_is_down(self):
        down = support.name_of(support.closed_port())
        done = run("get", self.server.name, "--transform", down)
        self.fails(f"could not connect to tcp:{down}: Connection refused", done)

    def test_a_poem_that_is_too_long_for_a_service(self):
        self.server.factory.pieces = [b"x" * 100_000]
        done = self.get(TransformFactory.cummingsify)
        message = (
            f"the transformation service tcp:{self.service.name} takes requests of at most 99999 bytes, "
            "and this one has 100012"
        )
        self.fails(message, done)


if __name__ == "__main__":
    support.main()
