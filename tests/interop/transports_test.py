"""Datagrams, UNIX sockets, descriptors and standard input, with real Twisted at the other end."""

import os
import pathlib
import select
import subprocess
import tempfile
import unittest

import poetry_support as support
from poetry_support import on_reactor
from twisted.internet import defer, endpoints, interfaces, protocol, reactor
from zope.interface import implementer

PEER = pathlib.Path(os.environ["HAWSER_BIN"], "transport_peer")


class Peer:
    """The program, from its first line until it is stopped."""

    def __init__(self, *args):
        self.process = subprocess.Popen([PEER, *args], stdout=subprocess.PIPE)
        support.children.append(self.process)
        if not select.select([self.process.stdout], [], [], support.LONGEST_WAIT)[0]:
            raise AssertionError(f"{args}: nothing said")
        self.name = self.process.stdout.readline().decode().removeprefix("listening on ").rstrip("\n")

    def stop(self):
        self.process.terminate()
        self.process.wait(support.LONGEST_WAIT)
        self.process.stdout.close()


@implementer(interfaces.IFileDescriptorReceiver)
class Talk(protocol.Protocol):
    """Collects until it has `size` bytes."""

    def __init__(self, size):
        self.size = size
        self.received = b""
        self.descriptors = []
        self.done = defer.Deferred()

    def dataReceived(self, data):
        self.received += data
        if len(self.received) >= self.size and not self.done.called:
            self.done.callback(self)

    def fileDescriptorReceived(self, descriptor):
        self.descriptors.append(descriptor)


class TransportsTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = os.path.join(self.folder.name, "socket")

    def peer(self, *args):
        peer = Peer(*args)
        self.addCleanup(peer.stop)
        return peer

    def test_datagrams_are_echoed(self):
        host, port = self.peer("datagrams").name.removeprefix("tcp:").split(":")
        answers = []

        class Asker(protocol.DatagramProtocol):
            def startProtocol(self):
                self.transport.connect(host, int(port))
                for size in (0, 1, 1000, 8000):
                    self.transport.write(b"x" * size)

            def datagramReceived(self, datagram, address):
                answers.append(len(datagram))

        listening = on_reactor(lambda: reactor.listenUDP(0, Asker(), interface="127.0.0.1"))
        support.wait_until(lambda: len(answers) == 4, "the answers")
        on_reactor(listening.stopListening)
        self.assertEqual(sorted(answers), [0, 1, 1000, 8000])

    def test_a_twisted_client_talks_over_a_unix_socket_that_is_locked(self):
        self.assertEqual(self.peer("serve", f"unix:{self.path}").name, f"unix:{self.path}")
        talk = Talk(5)

        def ask():
            end = endpoints.clientFromString(reactor, f"unix:path={self.path}:lockfile=1:timeout=9")
            connected = endpoints.connectProtocol(end, talk)
            return connected.addCallback(lambda t: (t.transport.write(b"hello"), t.done)[1])

        on_reactor(ask)
        self.assertEqual(talk.received, b"hello")
        on_reactor(talk.transport.loseConnection)

    def test_descriptors_go_to_twisted_and_come_from_it(self):
        self.peer("serve", f"unix:{self.path}")
        question = b"descriptor, please"
        talk = Talk(len(question) + len(b"<from Twisted>x"))

        def ask():
            end = endpoints.clientFromString(reactor, f"unix:path={self.path}")
            return endpoints.connectProtocol(end, talk).addCallback(
                lambda t: t.transport.write(question)
            )

        on_reactor(ask)
        support.wait_until(lambda: len(talk.descriptors) == 1, "a descriptor")
        self.assertEqual(os.read(talk.descriptors[0], 100), b"from Hawser")
        os.close(talk.descriptors[0])
        reading, writing = os.pipe()
        os.write(writing, b"from Twisted")
        os.close(writing)

        def send():
            talk.transport.sendFileDescriptor(reading)
            talk.transport.write(b"x")
            return talk.done

        on_reactor(send)
        os.close(reading)
        self.assertEqual(talk.received, question + b"<from Twisted>x")
        on_reactor(talk.transport.loseConnection)

    def test_a_client_talks_with_a_twisted_server(self):
        class Answer(protocol.Protocol):
            def dataReceived(self, data):
                self.transport.write(b"you said " + data + b".")

        factory = protocol.Factory.forProtocol(Answer)
        server = endpoints.serverFromString(reactor, f"unix:{self.path}:mode=600")
        port = on_reactor(lambda: server.listen(factory))
        done = subprocess.run(
            [PEER, "greet", f"unix:path={self.path}:lockfile=1"],
            capture_output=True,
            timeout=support.LONGEST_WAIT,
        )
        on_reactor(port.stopListening)
        self.assertEqual((done.returncode, done.stdout), (0, b"you said hello.\n"), done.stderr)

    def test_a_second_server_is_refused_by_the_lock_of_the_first(self):
        factory = protocol.Factory.forProtocol(protocol.Protocol)
        server = endpoints.serverFromString(reactor, f"unix:{self.path}")
        port = on_reactor(lambda: server.listen(factory))
        done = subprocess.run(
            [PEER, "serve", f"unix:{self.path}"], capture_output=True, timeout=support.LONGEST_WAIT
        )
        on_reactor(port.stopListening)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(b"lock", done.stderr)

    def test_standard_input_and_output_of_every_kind(self):
        with tempfile.TemporaryFile() as file:
            file.write(b"from a file")
            file.seek(0)
            for backend in ("epoll", "poll", "io_uring"):
                with self.subTest(backend):
                    file.seek(0)
                    environment = {**os.environ, "HAWSER_REACTOR": backend}
                    arguments = {"capture_output": True, "timeout": 60, "env": environment}
                    done = subprocess.run([PEER, "stdio"], input=b"piped", **arguments)
                    if b"ReactorNotAvailable" in done.stderr:
                        self.skipTest(done.stderr.decode())
                    self.assertEqual((done.returncode, done.stdout), (0, b"[piped]"), done.stderr)
                    done = subprocess.run([PEER, "stdio"], stdin=file, **arguments)
                    self.assertEqual(done.stdout, b"[from a file]", done.stderr)
                    done = subprocess.run([PEER, "stdio"], stdin=subprocess.DEVNULL, **arguments)
                    self.assertEqual((done.returncode, done.stdout), (0, b""), done.stderr)


if __name__ == "__main__":
    support.main()
