"""Streams with other programs at the other end: Twisted's client and server endpoints, socat, curl."""

import os
import pathlib
import re
import select
import subprocess
import tempfile
import unittest
import zlib

import poetry_support as support
from poetry_support import LONGEST_WAIT, children, on_reactor
from twisted.internet import defer, endpoints, error, interfaces, protocol, reactor
from zope.interface import implementer

PEER = pathlib.Path(os.environ["HAWSER_BIN"], "stream_peer")
POURED = b"".join(b"%08d\n" % line for line in range(1_000_000))


def report(data, end="the end"):
    """What stream_peer prints after a conversation in which it has read `data`."""
    return f"{len(data)} bytes {zlib.adler32(data):08x}, then {end}"


class Peer:
    """stream_peer, line by line."""

    def __init__(self, *args):
        self.process = subprocess.Popen([PEER, *args], stdout=subprocess.PIPE)
        children.append(self.process)
        if args[0] == "serve":
            line = self.line()
            assert line.startswith("listening on "), line
            self.name = line.removeprefix("listening on ")

    def line(self):
        line = b""
        while not line.endswith(b"\n"):
            if not select.select([self.process.stdout], [], [], LONGEST_WAIT)[0]:
                raise AssertionError(f"no line, but {line!r}")
            byte = os.read(self.process.stdout.fileno(), 1)
            if not byte:
                break
            line += byte
        return line.decode().rstrip("\n")

    def stop(self):
        self.process.terminate()
        self.process.wait(LONGEST_WAIT)
        self.process.stdout.close()


@implementer(interfaces.IHalfCloseableProtocol)
class Talker(protocol.Protocol):
    """Twisted's side: keeps what it reads, and does what the test says at each event."""

    def __init__(self, on_made=None, on_data=None, on_read_lost=None):
        self.data = bytearray()
        self.on_made, self.on_data, self.on_read_lost = on_made, on_data, on_read_lost
        self.lost = defer.Deferred()

    def connectionMade(self):
        if self.on_made:
            self.on_made(self.transport)

    def dataReceived(self, data):
        self.data += data
        if self.on_data:
            self.on_data(self.transport, data)

    def readConnectionLost(self):
        if self.on_read_lost:
            self.on_read_lost(self.transport)
        else:
            self.transport.loseConnection()

    def writeConnectionLost(self):
        pass

    def connectionLost(self, reason):
        self.lost.callback((bytes(self.data), reason.type))


class StreamTest(unittest.TestCase):
    def serve(self, part, place="tcp:0:interface=127.0.0.1"):
        peer = Peer("serve", place, part)
        self.addCleanup(peer.stop)
        return peer

    def connect(self, address, part):
        return self.connect_to(f"tcp:{address.host}:{address.port}", part)

    def connect_to(self, place, part):
        peer = Peer("connect", place, part)
        self.addCleanup(peer.stop)
        return peer

    def unix_place(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        return f"unix:{folder.name}/socket"

    def twisted_client(self, peer, talker):
        """Connects by an endpoint string; gives the data and the type of the end."""

        def talk():
            endpoint = endpoints.clientFromString(reactor, peer.name)
            return endpoints.connectProtocol(endpoint, talker).addCallback(lambda _: talker.lost)

        return on_reactor(talk)

    def twisted_server(self, talker, place="tcp:0:interface=127.0.0.1"):
        """Listens by an endpoint string, for one connection; gives the address."""

        def listen():
            endpoint = endpoints.serverFromString(reactor, place)
            factory = protocol.Factory.forProtocol(lambda: talker)
            factory.noisy = False
            return endpoint.listen(factory)

        port = on_reactor(listen)
        self.addCleanup(on_reactor, port.stopListening)
        return port.getHost()

    # Twisted's client endpoint, Hawser's server.

    def test_a_twisted_client_gets_back_all_it_sends(self):
        peer = self.serve("echo")

        def pour(transport):
            transport.write(POURED)
            transport.loseWriteConnection()

        data, end = self.twisted_client(peer, Talker(on_made=pour))
        self.assertTrue(data == POURED)
        self.assertIs(end, error.ConnectionDone)
        self.assertEqual(peer.line(), report(POURED))

    def test_a_twisted_client_that_has_finished_gets_an_answer(self):
        peer = self.serve("sum")

        def ask(transport):
            transport.write(b"one two")
            transport.loseWriteConnection()

        data, end = self.twisted_client(peer, Talker(on_made=ask))
        self.assertEqual(data.decode(), report(b"one two").split(",")[0] + "\n")
        self.assertIs(end, error.ConnectionDone)

    def test_a_twisted_client_answers_a_server_that_has_finished(self):
        peer = self.serve("pour")

        def answer(transport):
            transport.write(b"thanks")
            transport.loseConnection()

        data, end = self.twisted_client(peer, Talker(on_read_lost=answer))
        self.assertTrue(data == POURED)
        self.assertIs(end, error.ConnectionDone)
        self.assertEqual(peer.line(), report(b"thanks"))

    def test_a_twisted_client_sees_an_abort(self):
        peer = self.serve("abort")
        _, end = self.twisted_client(peer, Talker(on_made=lambda t: t.write(b"now\n")))
        self.assertIs(end, error.ConnectionLost)
        self.assertEqual(peer.line(), report(b"now", "hawser::ConnectionAborted"))

    def test_a_twisted_client_that_aborts_is_seen(self):
        peer = self.serve("echo")
        talker = Talker(
            on_made=lambda t: t.write(b"x"), on_data=lambda t, data: t.abortConnection()
        )
        _, end = self.twisted_client(peer, talker)
        self.assertIs(end, error.ConnectionAborted)
        self.assertEqual(peer.line(), report(b"x", "hawser::ConnectionLost"))

    def test_a_twisted_client_that_closes_is_seen(self):
        peer = self.serve("listen")

        def leave(transport):
            transport.write(b"bye")
            transport.loseConnection()

        self.twisted_client(peer, Talker(on_made=leave))
        self.assertEqual(peer.line(), report(b"bye"))

    # Twisted's server endpoint, Hawser's client.

    def test_a_twisted_server_gives_back_all_it_gets(self):
        talker = Talker(
            on_data=lambda t, data: t.write(data), on_read_lost=lambda t: t.loseConnection()
        )
        peer = self.connect(self.twisted_server(talker), "pour")
        self.assertEqual(peer.line(), report(POURED))
        data, end = on_reactor(lambda: talker.lost)
        self.assertTrue(data == POURED)
        self.assertIs(end, error.ConnectionDone)

    def test_a_twisted_server_answers_a_client_that_has_finished(self):
        def answer(transport):
            transport.write(b"thanks")
            transport.loseConnection()

        peer = self.connect(self.twisted_server(Talker(on_read_lost=answer)), "pour")
        self.assertEqual(peer.line(), report(b"thanks"))

    def test_a_twisted_server_that_has_finished_gets_an_answer(self):
        def ask(transport):
            transport.write(b"one two")
            transport.loseWriteConnection()

        talker = Talker(on_made=ask)
        peer = self.connect(self.twisted_server(talker), "sum")
        data, end = on_reactor(lambda: talker.lost)
        self.assertEqual(data.decode(), report(b"one two").split(",")[0] + "\n")
        self.assertIs(end, error.ConnectionDone)
        self.assertEqual(peer.line(), report(b"one two"))

    def test_a_twisted_server_sees_an_abort(self):
        talker = Talker(on_made=lambda t: t.write(b"now\n"))
        peer = self.connect(self.twisted_server(talker), "abort")
        self.assertEqual(peer.line(), report(b"now", "hawser::ConnectionAborted"))
        _, end = on_reactor(lambda: talker.lost)
        self.assertIs(end, error.ConnectionLost)

    def test_a_twisted_server_that_aborts_is_seen(self):
        talker = Talker(on_data=lambda t, data: t.abortConnection())
        peer = self.connect(self.twisted_server(talker), "pour")
        self.assertEqual(peer.line(), report(b"", "hawser::ConnectionLost"))

    # UNIX sockets.

    def test_a_twisted_client_talks_over_a_unix_socket(self):
        peer = self.serve("echo", self.unix_place())

        def pour(transport):
            transport.write(POURED)
            transport.loseWriteConnection()

        data, end = self.twisted_client(peer, Talker(on_made=pour))
        self.assertTrue(data == POURED)
        self.assertIs(end, error.ConnectionDone)

    def test_a_twisted_server_talks_over_a_unix_socket(self):
        place = self.unix_place()
        talker = Talker(
            on_data=lambda t, data: t.write(data), on_read_lost=lambda t: t.loseConnection()
        )
        self.twisted_server(talker, place)
        self.assertEqual(self.connect_to(place, "pour").line(), report(POURED))

    def test_socat_talks_over_a_unix_socket(self):
        place = self.unix_place()
        peer = self.serve("echo", place)
        done = subprocess.run(
            ["socat", "-t60", "-", place.replace("unix:", "UNIX-CONNECT:")],
            input=POURED, capture_output=True, timeout=LONGEST_WAIT,
        )
        self.assertTrue(done.stdout == POURED, done.stderr)
        self.assertEqual(peer.line(), report(POURED))

    # socat and curl.

    def test_socat_gets_back_all_it_sends(self):
        peer = self.serve("echo")
        done = subprocess.run(
            ["socat", "-t60", "-", peer.name.upper().replace("TCP", "TCP4", 1)],
            input=POURED, capture_output=True, timeout=LONGEST_WAIT,
        )
        self.assertTrue(done.stdout == POURED, done.stderr)
        self.assertEqual(peer.line(), report(POURED))

    def test_socat_that_has_finished_gets_an_answer(self):
        peer = self.serve("sum")
        done = subprocess.run(
            ["socat", "-t60", "-", peer.name.upper()],
            input=b"one two", capture_output=True, timeout=LONGEST_WAIT,
        )
        self.assertEqual(done.stdout.decode(), report(b"one two").split(",")[0] + "\n")

    def test_socat_gives_back_all_it_gets(self):
        socat = subprocess.Popen(
            ["socat", "-d", "-d", "-t60", "TCP4-LISTEN:0,bind=127.0.0.1", "PIPE"],
            stderr=subprocess.PIPE,
        )
        children.append(socat)
        self.addCleanup(socat.stderr.close)
        self.addCleanup(socat.wait, LONGEST_WAIT)
        port = None
        while port is None:
            line = socat.stderr.readline().decode()
            self.assertTrue(line, "socat has ended")
            port = re.search(r"listening on .*:(\d+)$", line.rstrip())
        peer = self.connect_to(f"tcp:127.0.0.1:{port[1]}", "pour")
        self.assertEqual(peer.line(), report(POURED))

    def test_curl_talks_over_telnet(self):
        peer = self.serve("answer")
        with subprocess.Popen(
            ["curl", "--silent", "--no-buffer", "telnet://" + peer.name.removeprefix("tcp:")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        ) as curl:
            children.append(curl)
            curl.stdin.write(b"hello\n")
            curl.stdin.flush()
            self.assertEqual(curl.stdout.readline(), b"you said hello\n")
            # curl looks at the connection again only when its input ends.
            curl.stdin.close()
            self.assertEqual(curl.wait(LONGEST_WAIT), 0)
        self.assertEqual(peer.line(), report(b"hello"))


if __name__ == "__main__":
    support.main()
