"""`poetry proxy`: Twisted clients before it, Twisted servers and our own behind it."""

import signal
import socket
import tempfile
import time
import unittest

import poetry_support as support
from poetry_support import PoetryFactory, Server, TransformFactory, TwistedServer, on_reactor, run, twisted_get
from twisted.internet import defer, error

POEM = "Ein SEIL aus Ærø,\nein Seil aus ŁÓDŹ.\n".encode() * 40


def outcome(deferred):
    """The poem, or "reset". A reset may come so early that Twisted calls it a failure to connect."""

    def failed(failure):
        failure.trap(error.ConnectionLost, error.ConnectError)
        return "reset"

    return deferred.addErrback(failed)


class ProxyTest(unittest.TestCase):
    def upstream(self, *args, **options):
        server = TwistedServer(PoetryFactory(*args, **options))
        self.addCleanup(server.stop)
        return server

    def proxy(self, upstream, *args):
        server = Server("proxy", upstream, *args)
        self.addCleanup(server.stop)
        return server

    def ask(self, proxy, count):
        return on_reactor(
            lambda: defer.gatherResults([outcome(twisted_get(proxy.address)) for _ in range(count)])
        )

    def test_the_second_is_served_from_the_cache(self):
        upstream = self.upstream([POEM[:100], POEM[100:]], 0.1)
        proxy = self.proxy(upstream.name)
        self.assertEqual(on_reactor(twisted_get, proxy.address), POEM)
        self.assertEqual(on_reactor(twisted_get, proxy.address), POEM)
        self.assertEqual(len(upstream.factory.connections), 1)

    def test_two_hundred_at_once_make_one_connection_upstream(self):
        upstream = self.upstream([POEM[:100], POEM[100:]], 1)
        proxy = self.proxy(upstream.name)
        self.assertEqual(self.ask(proxy, 200), [POEM] * 200)
        self.assertEqual(len(upstream.factory.connections), 1)

    def test_a_cached_poem_outlives_its_server(self):
        with tempfile.NamedTemporaryFile() as file:
            file.write(POEM)
            file.flush()
            upstream = Server("serve", file.name, "--delay", "0")
            self.addCleanup(upstream.stop)
            proxy = self.proxy(upstream.name)
            self.assertEqual(support.get(proxy.address), POEM)
            self.assertEqual(upstream.stop(signal.SIGKILL), -signal.SIGKILL)
        self.assertEqual(self.ask(proxy, 20), [POEM] * 20)

    def test_an_old_poem_is_fetched_again(self):
        upstream = self.upstream([POEM])
        proxy = self.proxy(upstream.name, "--ttl", "0.2")
        self.assertEqual(self.ask(proxy, 1), [POEM])
        time.sleep(0.21)
        upstream.factory.pieces = [b"a new one"]
        self.assertEqual(self.ask(proxy, 1), [b"a new one"])
        self.assertEqual(len(upstream.factory.connections), 2)

    def test_an_expired_poem_of_a_dead_server_is_an_error_for_all_and_the_next_tries_again(self):
        upstream = self.upstream([POEM])
        proxy = self.proxy(upstream.name, "--ttl", "0.2")
        self.assertEqual(self.ask(proxy, 1), [POEM])
        time.sleep(0.21)
        # Dying: it lets them wait, then resets.
        upstream.factory.pieces, upstream.factory.delay, upstream.factory.ending = [b"half"], 1.5, "reset"
        self.assertEqual(self.ask(proxy, 50), ["reset"] * 50)
        self.assertEqual(len(upstream.factory.connections), 2)
        # Dead: nobody listens.
        upstream.stop()
        self.assertEqual(self.ask(proxy, 5), ["reset"] * 5)
        # Risen.
        again = TwistedServer(PoetryFactory([POEM]), upstream.address[1])
        self.addCleanup(again.stop)
        self.assertEqual(self.ask(proxy, 5), [POEM] * 5)
        self.assertEqual(len(again.factory.connections), 1)
        complaints = proxy.stderr().splitlines()
        message = f"no poem from upstream {upstream.name}: "
        self.assertTrue(all(message in line for line in complaints), complaints)
        self.assertIn(f"{message}could not connect to tcp:{upstream.name}: Connection refused", complaints[-1])
        self.assertIn(f"{message}connection with tcp:{upstream.name} was lost", complaints[0])

    def test_half_a_poem_is_not_kept(self):
        upstream = self.upstream([POEM[:100]], 0.1, ending="reset")
        proxy = self.proxy(upstream.name)
        self.assertEqual(self.ask(proxy, 3), ["reset"] * 3)
        upstream.factory.pieces, upstream.factory.ending = [POEM], "close"
        self.assertEqual(self.ask(proxy, 3), [POEM] * 3)

    def test_a_client_that_goes_away_while_it_waits_is_no_problem(self):
        for leave in (support.reset, socket.socket.close):
            upstream = self.upstream([POEM], 1)
            proxy = self.proxy(upstream.name)
            impatient = support.connect(proxy.address)
            name = support.name_of(impatient.getsockname())
            with support.connect(proxy.address) as patient:
                support.wait_until(lambda: upstream.factory.connections, "a connection upstream")
                leave(impatient)
                self.assertEqual(support.read_all(patient), POEM)
            self.assertEqual(self.ask(proxy, 1), [POEM])
            self.assertEqual(len(upstream.factory.connections), 1)
            lines = proxy.stderr().splitlines()
            self.assertEqual(len(lines), 1, lines)
            self.assertIn(name, lines[0])

    def test_a_client_that_has_closed_its_side_gets_the_poem(self):
        proxy = self.proxy(self.upstream([POEM], 0.2).name)
        with support.connect(proxy.address) as client:
            client.shutdown(socket.SHUT_WR)
            self.assertEqual(support.read_all(client), POEM)

    def test_a_silent_upstream_is_given_up(self):
        upstream = self.upstream([b"half"], ending="silence")
        proxy = self.proxy(upstream.name, "--timeout", "0.3")
        self.assertEqual(self.ask(proxy, 3), ["reset"] * 3)
        self.assertIn(f"no poem from upstream {upstream.name}: timed out after 0.3 s", proxy.stderr())

    def test_an_upstream_whose_name_does_not_resolve(self):
        proxy = self.proxy("nosuch.invalid:10000")
        self.assertEqual(self.ask(proxy, 2), ["reset"] * 2)
        message = 'no poem from upstream nosuch.invalid:10000: could not look up the name "nosuch.invalid"'
        self.assertIn(message, proxy.stderr())

    def test_it_serves_transformed_poems(self):
        upstream = self.upstream([POEM])
        ours = Server("transform")
        self.addCleanup(ours.stop)
        twisteds = TwistedServer(TransformFactory())
        self.addCleanup(twisteds.stop)
        for service in (ours.name, twisteds.name):
            proxy = self.proxy(upstream.name, "--transform", service)
            self.assertEqual(self.ask(proxy, 20), [POEM.decode().lower().encode()] * 20)
        self.assertEqual(len(twisteds.factory.requests), 1)

    def test_a_transformation_that_fails_is_a_failure(self):
        service = TwistedServer(TransformFactory(lambda request: None))
        self.addCleanup(service.stop)
        proxy = self.proxy(self.upstream([POEM]).name, "--transform", service.name)
        self.assertEqual(self.ask(proxy, 2), ["reset"] * 2)
        self.assertIn(f"the transformation service tcp:{service.name} closed without an answer", proxy.stderr())

    def test_a_signal_breaks_off_those_who_wait(self):
        upstream = self.upstream([b"half"], ending="silence")
        proxy = self.proxy(upstream.name)
        client = support.connect(proxy.address)
        support.wait_until(lambda: upstream.factory.connections, "a connection upstream")
        self.assertEqual(proxy.stop(), 0)
        with self.assertRaises(ConnectionResetError):
            support.read_all(client)
        self.assertNotIn("Unhandled", proxy.stderr())

    def test_get_reads_from_a_proxy_of_a_proxy(self):
        upstream = self.upstream([POEM], 0.1)
        proxy = self.proxy(self.proxy(upstream.name).name)
        done = run("get", proxy.name, proxy.name)
        self.assertEqual((done.returncode, done.stdout), (0, POEM + b"\n" + POEM), done.stderr)
        self.assertEqual(len(upstream.factory.connections), 1)


class BadProxyTest(unittest.TestCase):
    def test_bad_options(self):
        for args, message in [
            ([], "HOST:PORT is required"),
            (["localhost"], '"port" is missing'),
            (["localhost:80", "--ttl", "forever"], '--ttl: "forever" is no number of seconds'),
            (["localhost:80", "--timeout", "0"], "--timeout: must be more than 0 seconds"),
        ]:
            done = run("proxy", *args)
            self.assertEqual((done.returncode, done.stdout), (2, b""), args)
            self.assertIn(message, done.stderr)

    def test_a_port_in_use(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            done = run("proxy", "localhost:80", "--port", port)
        self.assertEqual((done.returncode, done.stdout), (1, b""))
        self.assertIn(f"poetry proxy: cannot listen on tcp:127.0.0.1:{port}: Address already in use", done.stderr)


if __name__ == "__main__":
    support.main()
