"""What the tests of the program `poetry` share: the program as a child process, and real Twisted in a thread.

Every wait is bounded. Should one of them not be, the watchdog ends the test program and its children.
"""

import atexit
import os
import pathlib
import select
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

from twisted.internet import defer, endpoints, error, protocol, reactor, threads
from twisted.protocols import basic

POETRY = pathlib.Path(os.environ["HAWSER_BIN"], "poetry")
LONGEST_WAIT = 60  # seconds; nothing here takes that long unless it hangs
LONGEST_RUN = 240

children = []


def end_children():
    for child in children:
        if child.poll() is None:
            child.kill()


def give_up():
    print(f"watchdog: not done after {LONGEST_RUN} s", flush=True)
    end_children()
    os._exit(3)


def main():
    """Instead of unittest.main()."""
    watchdog = threading.Timer(LONGEST_RUN, give_up)
    watchdog.daemon = True
    watchdog.start()
    threading.Thread(target=reactor.run, kwargs={"installSignalHandlers": False}, daemon=True).start()
    atexit.register(end_children)
    unittest.main(verbosity=2)


def wait_until(condition, what):
    end = time.monotonic() + LONGEST_WAIT
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"waited {LONGEST_WAIT} s for {what}")
        time.sleep(0.005)


# --- the program ------------------------------------------------------------------------------------


class Server:
    """`poetry serve`, `transform` or `proxy`, from its first line until it is stopped."""

    def __init__(self, *args):
        self.log = tempfile.TemporaryFile()
        command = [POETRY, *map(str, args)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.log)
        children.append(self.process)
        self.first_line = self._read_first_line()
        prefix = "listening on tcp:"
        if not self.first_line.startswith(prefix):
            raise AssertionError(f"{command}: {self.first_line!r}, {self.stderr()}")
        self.name = self.first_line[len(prefix) :].rstrip("\n")
        host, port = self.name.rsplit(":", 1)
        self.address = (host.strip("[]"), int(port))

    def _read_first_line(self):
        line = b""
        while not line.endswith(b"\n"):
            ready, _, _ = select.select([self.process.stdout], [], [], LONGEST_WAIT)
            if not ready:
                raise AssertionError("no first line")
            byte = os.read(self.process.stdout.fileno(), 1)
            if not byte:
                break
            line += byte
        return line.decode()

    def stderr(self):
        if not self.log.closed:
            self.log.seek(0)
            self.log_text = self.log.read().decode()
        return self.log_text

    def stop(self, number=signal.SIGTERM):
        """Returns the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        status = self.process.wait(LONGEST_WAIT)
        self.process.stdout.close()
        self.stderr()
        self.log.close()
        return status


def run(*args, **options):
    """The program until it ends: returncode, stdout (bytes), stderr (text)."""
    command = [POETRY, *map(str, args)]
    done = subprocess.run(command, capture_output=True, timeout=LONGEST_WAIT, **options)
    done.stderr = done.stderr.decode()
    return done


def name_of(address):
    return f"{address[0]}:{address[1]}"


# --- plain sockets ----------------------------------------------------------------------------------


def connect(address):
    return socket.create_connection(address, LONGEST_WAIT)


def read_all(client):
    """Until the peer has closed. A reset raises ConnectionResetError."""
    with client:
        data = b""
        while piece := client.recv(65536):
            data += piece
        return data


def get(address):
    return read_all(connect(address))


def reset(client):
    """Closes a connection the rude way."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    client.close()


def closed_port():
    """An address where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()


# --- Twisted ----------------------------------------------------------------------------------------


def on_reactor(function, *args):
    """Calls a function on the reactor's thread; waits for what it returns, if that is a Deferred."""

    def call():
        return defer.maybeDeferred(function, *args).addTimeout(LONGEST_WAIT, reactor)

    return threads.blockingCallFromThread(reactor, call)


class TwistedServer:
    """Listens with a Twisted factory on a free port of the loopback interface."""

    def __init__(self, factory, port=0):
        self.factory = factory
        self.port = on_reactor(lambda: reactor.listenTCP(port, factory, interface="127.0.0.1"))
        self.address = ("127.0.0.1", self.port.getHost().port)
        self.name = name_of(self.address)

    def stop(self):
        on_reactor(self.port.stopListening)


class PoetryProtocol(protocol.Protocol):
    """Twisted's side of a poetry server: sends the poem in pieces, then closes."""

    def connectionMade(self):
        self.factory.connections.append(self)
        self.pieces = list(self.factory.pieces)
        self.send()

    def send(self):
        if not self.connected:
            return
        if self.pieces:
            self.transport.write(self.pieces.pop(0))
            reactor.callLater(self.factory.delay, self.send)
        elif self.factory.ending == "close":
            self.transport.loseConnection()
        elif self.factory.ending == "reset":
            self.transport.abortConnection()


class PoetryFactory(protocol.ServerFactory):
    protocol = PoetryProtocol
    noisy = False

    def __init__(self, pieces, delay=0.0, ending="close"):
        self.pieces = pieces
        self.delay = delay
        self.ending = ending  # or "reset", or "silence"
        self.connections = []


class TransformProtocol(basic.NetstringReceiver):
    """Twisted's side of a transformation service."""

    def stringReceived(self, request):
        self.factory.requests.append(request)
        answer = self.factory.transform(request)
        if answer is None:
            self.transport.loseConnection()
        else:
            self.transport.write(answer)


class TransformFactory(protocol.ServerFactory):
    protocol = TransformProtocol
    noisy = False

    def __init__(self, transform=None):
        self.transform = transform or self.cummingsify
        self.requests = []

    @staticmethod
    def cummingsify(request):
        name, poem = request.split(b".", 1)
        assert name == b"cummingsify"
        answer = poem.decode().lower().encode()
        return b"%d:%s," % (len(answer), answer)


class Reader(protocol.Protocol):
    """Twisted's side of a poetry client."""

    def __init__(self):
        self.data = b""
        self.done = defer.Deferred()

    def dataReceived(self, data):
        self.data += data

    def connectionLost(self, reason):
        if reason.check(error.ConnectionDone):
            self.done.callback(self.data)
        else:
            self.done.errback(reason)


def twisted_get(address):
    """A Deferred of the poem; for the reactor's thread."""
    endpoint = endpoints.HostnameEndpoint(reactor, *address)
    return endpoints.connectProtocol(endpoint, Reader()).addCallback(lambda reader: reader.done)
