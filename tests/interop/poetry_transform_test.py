"""`poetry transform` with Twisted clients and with bad ones; `poetry get --transform` with it."""

import socket
import unittest

import poetry_support as support
from poetry_support import PoetryFactory, Server, TwistedServer, on_reactor, run
from twisted.internet import defer, endpoints, reactor
from twisted.protocols import basic


class Client(basic.NetstringReceiver):
    """Sends requests one after the other, and collects the answers until there is one for each."""

    MAX_LENGTH = 200_000

    def __init__(self, requests):
        self.requests = list(requests)
        self.expected = len(self.requests)
        self.answers = []
        self.done = defer.Deferred()

    def connectionMade(self):
        for request in self.requests:
            self.sendString(request)

    def stringReceived(self, answer):
        self.answers.append(answer)
        if len(self.answers) == self.expected:
            self.transport.loseConnection()

    def connectionLost(self, reason):
        self.done.callback(self.answers)


def ask(address, *requests):
    """A Deferred of the answers that came before the end of the connection; for the reactor's thread."""
    endpoint = endpoints.HostnameEndpoint(reactor, *address)
    return endpoints.connectProtocol(endpoint, Client(requests)).addCallback(lambda client: client.done)


def netstring(data):
    return b"%d:%s," % (len(data), data)


class TransformTest(unittest.TestCase):
    def setUp(self):
        self.service = Server("transform")
        self.addCleanup(self.service.stop)

    def ask(self, *requests):
        return on_reactor(ask, self.service.address, *requests)

    def test_a_twisted_client_asks_several_times(self):
        answers = self.ask(b"cummingsify.Two ROPES", b"cummingsify.", "cummingsify.ÅRHUS. ΣΑΣ".encode())
        self.assertEqual(answers, [b"two ropes", b"", "århus. σας".encode()])

    def test_all_of_unicode_gets_its_lower_case(self):
        letters = [chr(point) for point in range(0x110000) if not 0xD800 <= point < 0xE000]
        for begin in range(0, len(letters), 19_000):
            some = letters[begin : begin + 19_000]
            (answer,) = self.ask(b"cummingsify." + "\n".join(some).encode())
            self.assertEqual(answer.decode().split("\n"), "\n".join(some).lower().split("\n"))

    def test_what_is_no_utf8_stays_as_it_is(self):
        data = bytes(range(128, 256)) * 3
        self.assertEqual(self.ask(b"cummingsify." + data), [data])

    def test_the_longest_request(self):
        poem = b"ROPE" * 24_996 + b"XYZ"
        self.assertEqual(len(b"cummingsify." + poem), 99_999)
        self.assertEqual(self.ask(b"cummingsify." + poem), [poem.lower()])

    def test_a_hundred_twisted_clients_at_once(self):
        requests = [b"cummingsify.ROPE %d" % i for i in range(100)]
        answers = on_reactor(
            lambda: defer.gatherResults([ask(self.service.address, request) for request in requests])
        )
        self.assertEqual(answers, [[b"rope %d" % i] for i in range(100)])

    def refuses(self, data, message):
        """The connection that sends this is closed, the peer is named; another one is not affected."""
        with support.connect(self.service.address) as other, support.connect(self.service.address) as client:
            name = support.name_of(client.getsockname())
            other.sendall(b"14:cummingsi")
            client.sendall(data)
            client.settimeout(support.LONGEST_WAIT)
            try:
                self.assertEqual(client.recv(100), b"")
            except ConnectionResetError:
                pass  # if it left something of this unread
            other.sendall(b"fy.AB,")
            self.assertEqual(other.recv(100), b"2:ab,")
            other.shutdown(socket.SHUT_WR)
            self.assertEqual(other.recv(100), b"")
        lines = [line for line in self.service.stderr().splitlines() if name in line]
        self.assertEqual(len(lines), 1, lines)
        self.assertIn(f"tcp:{name}: {message}", lines[0])
        self.assertTrue(lines[0].endswith("; closing the connection"), lines[0])

    def test_bad_requests(self):
        self.refuses(netstring(b"frostify.A"), 'there is no transformation "frostify"')
        self.refuses(netstring(b"\x1b[2J\xff.A"), 'there is no transformation "\\x1b[2J\\xff"')
        self.refuses(netstring(b"." * 5), 'there is no transformation ""')
        self.refuses(netstring(b"cummingsify"), "a request must be NAME.POEM")
        self.refuses(netstring(b""), "a request must be NAME.POEM")
        self.refuses(b"GET / HTTP/1.1\r\n\r\n", "bad netstring at byte 0: expected a digit, got 'G'")
        self.refuses(b"3:abcd", "bad netstring at byte 5: expected ','")
        self.refuses(b"03:abc,", "bad netstring at byte 1: a length must not begin with 0")
        self.refuses(b"-1:a,", "bad netstring at byte 0")
        self.refuses(b"100000:", "bad netstring at byte 5: the length exceeds the limit of 99999 bytes")
        self.refuses(b"9" * 5000, "bad netstring at byte 5: the length exceeds the limit of 99999 bytes")
        self.assertEqual(self.ask(b"cummingsify.STILL HERE"), [b"still here"])

    def test_one_that_leaves_in_the_middle_is_named(self):
        for leave in (support.reset, socket.socket.close):
            client = support.connect(self.service.address)
            name = support.name_of(client.getsockname())
            client.sendall(b"100:cummingsify.")
            # An answer to somebody else: by then the service has read what was sent before.
            self.assertEqual(self.ask(b"cummingsify.A"), [b"a"])
            leave(client)
            support.wait_until(lambda: name in self.service.stderr(), "a line in the log")
            self.assertIn(f"tcp:{name} left in the middle of a request, after 16 bytes", self.service.stderr())

    def test_signals_end_it_in_order(self):
        with support.connect(self.service.address):
            self.assertEqual(self.ask(b"cummingsify.A"), [b"a"])
            self.assertEqual(self.service.stop(), 0)


class IdleTest(unittest.TestCase):
    def test_one_that_asks_for_nothing_is_sent_away(self):
        service = Server("transform", "--idle-timeout", "0.3")
        self.addCleanup(service.stop)
        with support.connect(service.address) as silent, support.connect(service.address) as slow:
            slow.sendall(b"14:cumm")
            self.assertEqual(silent.recv(100), b"")
            self.assertEqual(slow.recv(100), b"")
            for client in (silent, slow):
                name = support.name_of(client.getsockname())
                message = f"tcp:{name}: no request for 0.3 s; closing the connection"
                self.assertEqual(service.stderr().count(message), 1, service.stderr())


class GetTransformedTest(unittest.TestCase):
    def test_get_has_twisted_poems_transformed_by_our_service(self):
        service = Server("transform")
        self.addCleanup(service.stop)
        servers = [TwistedServer(PoetryFactory([b"ROPE ", b"%d\n" % i], 0.02)) for i in range(5)]
        for server in servers:
            self.addCleanup(server.stop)
        done = run("get", *[server.name for server in servers], "--transform", service.name)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(sorted(done.stdout.split(b"\n\n")), sorted(done.stdout.lower().split(b"\n\n")))
        self.assertEqual({line for line in done.stdout.splitlines() if line}, {b"rope %d" % i for i in range(5)})


if __name__ == "__main__":
    support.main()
