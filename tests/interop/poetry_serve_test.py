"""`poetry serve` with Twisted clients, and what it does with bad input."""

import signal
import socket
import tempfile
import time
import unittest

import poetry_support as support
from poetry_support import Server, on_reactor, run, twisted_get
from twisted.internet import defer

POEM = "Zwischen Wurf und Fang gehört das Seil der Luft.\nÅ, ΣΑΣ — вот.\n".encode() * 3


class ServeTest(unittest.TestCase):
    def setUp(self):
        self.file = tempfile.NamedTemporaryFile()
        self.addCleanup(self.file.close)
        self.file.write(POEM)
        self.file.flush()

    def serve(self, *args):
        server = Server("serve", self.file.name, *args)
        self.addCleanup(server.stop)
        return server

    def test_a_twisted_client_gets_the_poem(self):
        server = self.serve("--delay", "0.01", "--num-bytes", "7")
        self.assertEqual(on_reactor(twisted_get, server.address), POEM)

    def test_the_first_line_says_where_it_listens(self):
        server = self.serve("--delay", "0")
        self.assertRegex(server.first_line, r"\Alistening on tcp:127\.0\.0\.1:[0-9]+\n\Z")
        self.assertEqual(support.get(server.address), POEM)

    def test_it_can_listen_on_a_name_and_a_given_port(self):
        _, port = support.closed_port()
        server = self.serve("--delay", "0", "--iface", "localhost", "--port", port)
        self.assertEqual(server.first_line, f"listening on tcp:127.0.0.1:{port}\n")
        self.assertEqual(support.get(server.address), POEM)

    @unittest.skipUnless(socket.has_ipv6, "no IPv6")
    def test_it_can_listen_on_ipv6(self):
        try:
            socket.create_server(("::1", 0), family=socket.AF_INET6).close()
        except OSError:
            self.skipTest("no IPv6 loopback")
        server = self.serve("--delay", "0", "--iface", "::1")
        self.assertTrue(server.first_line.startswith("listening on tcp:[::1]:"), server.first_line)
        done = run("get", server.name)
        self.assertEqual((done.returncode, done.stdout), (0, POEM), done.stderr)

    def test_the_pieces_come_one_by_one(self):
        server = self.serve("--delay", "0.05", "--num-bytes", len(POEM) // 5)
        began = time.monotonic()
        with support.connect(server.address) as client:
            self.assertEqual(client.recv(len(POEM)), POEM[: len(POEM) // 5])
            self.assertEqual(support.read_all(client), POEM[len(POEM) // 5 :])
        self.assertGreater(time.monotonic() - began, 0.19)

    def test_fifty_twisted_clients_are_served_at_the_same_time(self):
        server = self.serve("--delay", "0.05", "--num-bytes", len(POEM) // 10)
        began = time.monotonic()
        poems = on_reactor(
            lambda: defer.gatherResults([twisted_get(server.address) for _ in range(50)])
        )
        self.assertEqual(poems, [POEM] * 50)
        self.assertLess(time.monotonic() - began, 10)  # one after the other: 25 s

    def test_a_client_that_has_closed_its_side_gets_the_whole_poem(self):
        server = self.serve("--delay", "0.02", "--num-bytes", len(POEM) // 5)
        with support.connect(server.address) as client:
            client.shutdown(socket.SHUT_WR)
            self.assertEqual(support.read_all(client), POEM)

    def test_a_client_that_breaks_off_is_named_and_disturbs_nobody(self):
        server = self.serve("--delay", "0.1", "--num-bytes", len(POEM) // 5)
        patient = support.connect(server.address)
        rude = support.connect(server.address)
        rude_name = support.name_of(rude.getsockname())
        rude.recv(1)
        support.reset(rude)
        self.assertEqual(support.read_all(patient), POEM)
        support.wait_until(lambda: rude_name in server.stderr(), "a line in the log")
        self.assertIn(f"no whole poem for tcp:{rude_name}: ", server.stderr())
        self.assertEqual(len(server.stderr().splitlines()), 1, server.stderr())

    def test_a_client_that_sends_nonsense_gets_a_poem(self):
        server = self.serve("--delay", "0.02", "--num-bytes", len(POEM) // 3)
        with support.connect(server.address) as client:
            client.sendall(b"GET / HTTP/1.1\r\n\r\n")
            self.assertEqual(support.read_all(client), POEM)

    def test_signals_end_it_in_order(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            server = self.serve("--delay", "0")
            self.assertEqual(server.stop(number), 0)

    def test_nobody_takes_what_was_cut_short_by_the_end_for_a_whole_poem(self):
        server = self.serve("--delay", "60")
        client = support.connect(server.address)
        client.recv(1)
        self.assertEqual(server.stop(), 0)
        with self.assertRaises(ConnectionResetError):
            support.read_all(client)


class BadServeTest(unittest.TestCase):
    def fails(self, status, message, *args):
        done = run(*args)
        self.assertEqual(done.returncode, status, done)
        self.assertIn(message, done.stderr)
        self.assertEqual(done.stdout, b"")
        return done

    def test_a_file_that_cannot_be_read(self):
        missing = "/nonexistent/poem.txt"
        done = self.fails(1, f"poetry serve: cannot read the poem {missing}: No such file", "serve", missing)
        self.assertEqual(len(done.stderr.splitlines()), 1)
        self.fails(1, "cannot read the poem /tmp: Is a directory", "serve", "/tmp")
        self.fails(1, "the poem /dev/zero is too long: more than 16777216 bytes", "serve", "/dev/zero")

    def test_a_port_in_use(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            message = f"poetry serve: cannot listen on tcp:127.0.0.1:{port}: Address already in use"
            self.fails(1, message, "serve", __file__, "--port", port)

    def test_an_interface_that_is_not_ours_or_does_not_resolve(self):
        self.fails(1, "cannot listen on tcp:192.0.2.1:0", "serve", __file__, "--iface", "192.0.2.1")
        message = 'could not look up the name "nosuch.invalid"'
        self.fails(1, message, "serve", __file__, "--iface", "nosuch.invalid")

    def test_bad_options(self):
        self.fails(2, "FILE is required", "serve")
        self.fails(2, "A subcommand is required")
        self.fails(2, "--frost", "serve", __file__, "--frost")
        self.fails(2, '--port: "70000" is no port number', "serve", __file__, "--port", "70000")
        self.fails(2, '--port: "-1" is no port number', "serve", __file__, "--port", "-1")
        for text in ("soon", "-1", "nan", "inf", "1e300", "1s", "0x1"):
            message = f'--delay: "{text}" is no number of seconds'
            self.fails(2, message, "serve", __file__, f"--delay={text}")
        for text in ("many", "-3", "1.5", "99999999999999999999"):
            self.fails(2, f'--num-bytes: "{text}" is no number', "serve", __file__, f"--num-bytes={text}")

    def test_help_is_no_mistake(self):
        for args in (["--help"], ["serve", "--help"], ["get", "--help"]):
            done = run(*args)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertIn(b"Usage:", done.stdout)


if __name__ == "__main__":
    support.main()
