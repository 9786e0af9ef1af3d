"""The example echo_server, on each reactor: a real server, real sockets.

    echo_server_test.py PROGRAM

Every wait is bounded.
"""

import os
import signal
import socket
import subprocess
import sys
import unittest

PROGRAM = sys.argv.pop(1) if len(sys.argv) > 1 else None
LONGEST_WAIT = 60  # seconds
REACTORS = ("epoll", "poll", "io_uring")


class Server:
    """The program, from its first line until it is ended."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen([PROGRAM, *arguments], stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE)
        self.first_line = self.process.stdout.readline().decode()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate(timeout=LONGEST_WAIT)

    def connect(self):
        host, port = self.first_line.removeprefix("listening on tcp:").strip().rsplit(":", 1)
        return socket.create_connection((host, int(port)), LONGEST_WAIT)


def read_exactly(connection, count):
    data = b""
    while len(data) < count:
        piece = connection.recv(count - len(data))
        if not piece:
            raise AssertionError(f"the stream ended after {len(data)} of {count} bytes")
        data += piece
    return data


def on_each_reactor(test):
    """Calls the test with a server of each kind on each; what this kernel forbids is passed over."""

    def run(self):
        for reactor, *kind in [(name, *kind) for name in REACTORS for kind in ((), ("--streams",))]:
            with self.subTest(reactor, kind=kind), Server("--reactor", reactor, *kind) as server:
                if not server.first_line and reactor == "io_uring":
                    continue
                self.assertRegex(server.first_line, r"^listening on tcp:127\.0\.0\.1:[1-9]\d*\n$")
                test(self, server)

    return run


class EchoServer(unittest.TestCase):
    @on_each_reactor
    def test_sends_back_what_it_is_sent(self, server):
        with server.connect() as one, server.connect() as other:
            one.sendall(b"one")
            other.sendall(b"other")
            self.assertEqual(read_exactly(other, 5), b"other")
            self.assertEqual(read_exactly(one, 3), b"one")

    @on_each_reactor
    def test_sends_back_everything_after_the_peer_has_finished(self, server):
        sent = os.urandom(300_000)
        with server.connect() as connection:
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            self.assertEqual(read_exactly(connection, len(sent)), sent)
            self.assertEqual(connection.recv(1), b"")

    @on_each_reactor
    def test_goes_on_after_a_connection_was_reset(self, server):
        with server.connect() as broken:
            broken.sendall(b"x")
            broken.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        with server.connect() as connection:
            connection.sendall(b"still there?")
            self.assertEqual(read_exactly(connection, 12), b"still there?")

    @on_each_reactor
    def test_ends_in_order_by_sigterm(self, server):
        with server.connect() as connection:
            connection.sendall(b"x")
            read_exactly(connection, 1)  # it has been accepted
            server.process.send_signal(signal.SIGTERM)
            self.assertEqual(connection.recv(1), b"")
            self.assertEqual(server.process.wait(LONGEST_WAIT), 0)

    def test_listens_on_the_port_that_it_is_told(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            with Server("--port", str(taken.getsockname()[1])) as server:
                self.assertEqual(server.process.wait(LONGEST_WAIT), 2)

    def test_says_what_is_wrong_with_its_arguments(self):
        for arguments, message in (
            (("--prot", "1"), "there is no option --prot"),
            (("--port",), "--port needs a value"),
            (("--port", "65536"), "65536 is no port"),
            (("--reactor", "select"), "select"),
        ):
            with self.subTest(arguments), Server(*arguments) as server:
                self.assertEqual(server.process.wait(LONGEST_WAIT), 2)
                self.assertIn(message, server.process.stderr.read().decode())


if __name__ == "__main__":
    unittest.main(verbosity=2)
