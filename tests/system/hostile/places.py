"""Who takes every place, and who must get in all the same."""

import contextlib
import ctypes
import fcntl
import os
import resource
import socket
import ssl
import struct
import sys
import time

import attack
import certifying
import gating
import harness
import looking

LIVE = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"
BEGUN = (b"POST /v1/logs/a HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n"
         b"Content-Length: 2\r\n\r\nx")
TOKEN = "t0ken"
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def processor_seconds(program):
    with open(f"/proc/{program.pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


def is_open(peer):
    """Whether the other side still has it. Nothing is expected to come."""
    peer.setblocking(False)
    try:
        return peer.recv(1, socket.MSG_PEEK) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        peer.settimeout(harness.ANSWER_SECONDS_MAX)


class Crowd(harness.Case):
    def setUp(self):
        super().setUp()
        self.stack = contextlib.ExitStack()
        self.addCleanup(self.stack.close)
        attack.allow_descriptors()

    def begin(self, *options, **more):
        self.path = self.folder / "http.sock"
        return self.start(f"--http.socket={self.path}", *options, **more)

    def open(self, service, count, first=b""):
        """So many connections that send this and nothing more."""
        made = []
        for _ in range(count):
            peer = self.stack.enter_context(attack.open_tcp(service))
            peer.sendall(first)
            made.append(peer)
        return made

    def rest(self, service, count):
        """So many that have asked once."""
        made = self.open(service, count, LIVE)
        for peer in made:
            self.assertEqual(harness.read_answers(peer, 1)[0].status, 200)
        return made

    def ask_in_part(self, service, count):
        """So many whose request has begun to come in."""
        made = self.open(service, count)
        for peer in made:
            self.assertTrue(attack.begin_request(peer))
        return made

    def troubles(self, service):
        return service.get("/health").json["troubles"]

    def assert_serves(self, service):
        for _ in range(5):
            self.assert_status(service.get("/health"), 200)
            self.assert_ok(service.post_text("/v1/logs/ours", "x\n"))
        with contextlib.closing(harness.UnixConnection(str(self.path))) as ours:
            self.assert_ok(harness.exchange(ours, "POST", "/v1/logs/ours", "x\n",
                                            harness.TEXT))


class Places(Crowd):
    def test_a_thousand_silent_connections_shut_nobody_out(self):
        service = self.begin()
        silent = self.open(service, 1100)
        self.assert_serves(service)
        self.assertGreaterEqual(self.troubles(service)["http-connections-displaced"], 100)
        # The oldest had to go.
        self.assertFalse(is_open(silent[0]))
        self.assertTrue(is_open(silent[-1]))
        service.wait_for("connections-displaced .*http.max-connections is 1000")

    def test_headers_that_trickle_shut_nobody_out(self):
        service = self.begin("--http.max-connections=50")
        for _ in range(3):
            self.open(service, 50, b"GET /health/live HTTP/1.1\r\nHost: loc")
            self.assert_serves(service)
        # Nor do those that have asked before.
        self.open(service, 50, LIVE + b"GET /health/live HTTP/1.1\r\nHost: loc")
        self.assert_serves(service)

    def test_handshakes_that_never_end_shut_nobody_out(self):
        authority = certifying.Authority(self.folder, "authority")
        pair = authority.issue("localhost")
        service = self.begin("--http.max-connections=50", f"--http.key={pair.key}",
                             f"--http.certificate={pair.certificate}")
        context = ssl.create_default_context(cafile=authority.certificate)
        for first in (b"", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"):
            self.open(service, 60, first)
            with contextlib.closing(harness.http.client.HTTPSConnection(
                    "localhost", service.port, context=context, timeout=10)) as known:
                self.assert_status(harness.exchange(known, "GET", "/health"), 200)

    def test_who_rests_gives_way_and_who_asks_does_not(self):
        service = self.begin("--http.max-connections=4")
        asking, = self.ask_in_part(service, 1)
        resting = self.rest(service, 3)
        # So another rests for longest.
        resting[0].sendall(LIVE)
        self.assertEqual(harness.read_answers(resting[0], 1)[0].status, 200)
        self.assert_status(service.get("/health"), 200)
        self.assertEqual([is_open(x) for x in resting], [True, False, True])
        asking.sendall(b"x")
        self.assertEqual(harness.read_answers(asking, 1)[0].status, 202)

    def test_where_all_places_are_at_work_health_is_told_and_the_rest_refused(self):
        service = self.begin("--http.max-connections=8")
        asking = self.ask_in_part(service, 8)
        for path in ("/health", "/health/live", "/health/ready"):
            self.assert_status(service.get(path), 200)
        for path in ("/metrics", "/v1/config", "/nowhere"):
            self.assertIn(service.get(path).status, (404, 503), path)
        refused = self.assert_problem(service.post_text("/v1/logs/a", "y\n"), 503)
        self.assertEqual(refused.headers["Connection"], "close")
        self.assertIn("Retry-After", refused.headers)
        # Nor can those be filled for whom there is no place.
        held = [self.open(service, 100, first)
                for first in (b"", b"GET /hea", BEGUN.replace(b"/v1/logs/a", b"/health"))]
        for _ in range(5):
            self.assert_status(service.get("/health/live"), 200)
        with contextlib.closing(harness.UnixConnection(str(self.path))) as ours:
            for _ in range(3):
                self.assert_ok(harness.exchange(ours, "POST", "/v1/logs/b", "x\n",
                                                harness.TEXT))
        self.assertEqual(len(held), 3)
        self.assertGreater(self.troubles(service)["http-connections-refused"], 300)
        for peer in asking:
            peer.sendall(b"x")
            self.assertEqual(harness.read_answers(peer, 1)[0].status, 202)
        self.assert_serves(service)

    def test_bodies_that_trickle_hold_no_place_for_ever(self):
        service = self.begin("--http.max-connections=10")
        slow = self.open(service, 10, BEGUN.replace(b": 2", b": 20000"))

        def is_let_in():
            for peer in slow:
                with contextlib.suppress(OSError):
                    peer.sendall(b"x")
            time.sleep(0.5)
            return service.post_text("/v1/logs/ours", "x\n").status == 202
        self.assertTrue(harness.wait_until(is_let_in, 30))


    def test_answers_that_nobody_takes_hold_no_place_for_ever(self):
        service = self.begin("--http.max-connections=10")
        for peer in self.open(service, 10, b"GET /v1/config HTTP/1.1\r\n"
                              b"Host: localhost\r\n\r\n" * 1500):
            self.assertEqual(peer.recv(12), b"HTTP/1.1 200")
        self.assertTrue(harness.wait_until(
            lambda: service.post_text("/v1/logs/ours", "x\n").status == 202, 30))
        self.assertGreater(self.troubles(service)["http-connections-displaced"], 0)

    def test_who_takes_small_answers_slowly_keeps_the_place(self):
        service = self.begin("--http.max-connections=2")
        slow, = self.open(service, 1, b"GET /v1/config HTTP/1.1\r\n"
                          b"Host: localhost\r\n\r\n" * 1500)
        self.open(service, 1)
        for _ in range(8):
            time.sleep(1)
            for _ in range(8):
                self.assertTrue(slow.recv(65536))
            self.assert_status(service.get("/health/live"), 200)
        self.assertTrue(slow.recv(65536))


class Shares(Crowd):
    """In a network of its own, for addresses that are none of this machine's."""

    def setUp(self):
        super().setUp()
        new_network = 0x40000000
        if ctypes.CDLL(None).unshare(new_network) != 0:
            sys.exit(harness.SKIPPED)
        self.set_address("lo", "127.0.0.1")
        for name, address in (("lo:1", "10.9.0.1"), ("lo:2", "10.9.0.2"),
                              ("lo:3", "10.9.0.3")):
            self.set_address(name, address)

    def set_address(self, name, address):
        set_address, set_flags, up = 0x8916, 0x8914, 1
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
            fcntl.ioctl(any_socket, set_address, struct.pack(
                "16sHH4s8x", name.encode(), socket.AF_INET, 0, socket.inet_aton(address)))
            fcntl.ioctl(any_socket, set_flags, struct.pack("16sH14x", name.encode(), up))

    def reach(self, service, source, first=b""):
        peer = self.stack.enter_context(socket.create_connection(
            ("10.9.0.1", service.port), 10, source_address=(source, 0)))
        peer.sendall(first)
        return peer

    def ask(self, service, source, request=LIVE):
        peer = self.reach(service, source, request.replace(
            b"localhost\r\n", b"10.9.0.1\r\nAuthorization: Bearer %s\r\n"
            % TOKEN.encode()))
        with contextlib.suppress(OSError, harness.http.client.HTTPException):
            return harness.read_answers(peer, 1)[0].status
        return 0

    def test_one_address_has_its_share_and_no_more(self):
        token = self.folder / "token"
        token.write_text(TOKEN)
        token.chmod(0o600)
        service = self.begin("--http.address=10.9.0.1", f"--http.token-file={token}",
                             "--http.plain=true", "--http.max-connections=100",
                             "--http.max-connections-per-address=5")
        upgrade = LIVE.replace(b"/health/live", b"/v1/ws").replace(
            b"localhost\r\n", b"localhost\r\nConnection: Upgrade\r\nUpgrade: websocket"
            b"\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
            + b"A" * 22 + b"==\r\n")
        # WebSockets count, too.
        self.assertEqual([self.ask(service, "10.9.0.2", upgrade) for _ in range(3)],
                         [101] * 3)
        for _ in range(2):
            self.reach(service, "10.9.0.2")
        self.assertEqual(self.ask(service, "10.9.0.2", LIVE.replace(
            b"/health/live", b"/v1/config")), 503)
        for _ in range(200):
            self.reach(service, "10.9.0.2")
        for _ in range(4):
            self.assertEqual(self.ask(service, "10.9.0.3"), 200)
            self.assertEqual(self.ask(service, "10.9.0.1"), 200)
        with contextlib.closing(harness.UnixConnection(str(self.path))) as ours:
            told = harness.exchange(ours, "GET", "/health", headers={
                "Authorization": f"Bearer {TOKEN}"}).json
        self.assertGreaterEqual(told["troubles"]["http-connections-over-share"], 200)
        service.wait_for("connections-over-share .* the last from 10.9.0.2: "
                         "http.max-connections-per-address is 5")
        # What is given back can be taken.
        self.stack.close()
        self.assertTrue(harness.wait_until(
            lambda: self.ask(service, "10.9.0.2", upgrade) == 101))


class Accepting(gating.Case):
    def take_descriptors(self, program):
        """Nothing more can be opened; the return value gives it back."""
        limits = resource.prlimit(program.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(program.pid, resource.RLIMIT_NOFILE, (3, limits[1]))
        return lambda: resource.prlimit(program.pid, resource.RLIMIT_NOFILE, limits)

    def assert_rests(self, program):
        """That it does not try again and again."""
        before = processor_seconds(program)
        time.sleep(1.5)
        self.assertLess(processor_seconds(program) - before, 0.5)

    def connect_unix(self, path):
        peer = socket.socket(socket.AF_UNIX)
        self.addCleanup(peer.close)
        peer.settimeout(harness.ANSWER_SECONDS_MAX)
        peer.connect(str(path))
        return peer

    def test_a_service_that_can_let_nobody_in_waits_and_tells(self):
        harness.skip_if_sanitized(
            "without a descriptor the sanitizers take good memory for bad")
        path = self.folder / "http.sock"
        service = self.start(f"--http.socket={path}")
        kept = harness.UnixConnection(str(path))
        self.addCleanup(kept.close)
        self.assert_status(harness.exchange(kept, "GET", "/health"), 200)
        give_back = self.take_descriptors(service)
        waiting = attack.open_tcp(service)
        self.addCleanup(waiting.close)
        waiting.sendall(LIVE)
        for each in (path, looking.socket_of(service)):
            self.connect_unix(each)

        def alerts():
            told = harness.exchange(kept, "GET", "/health").json
            return {x["id"] for x in told["alerts"]}, told["troubles"]
        names = {"http-accept-failed", "introspection-accept-failed"}
        self.assertTrue(harness.wait_until(lambda: names <= alerts()[0]), alerts())
        self.assert_rests(service)
        give_back()
        self.assertEqual(harness.read_answers(waiting, 1)[0].status, 200)
        self.assertTrue(harness.wait_until(lambda: not names & alerts()[0]), alerts())
        for name in names:
            self.assertGreater(alerts()[1][name], 0)
        self.assertEqual(self.run_ctl(service, "actors").returncode, 0)
        service.wait_for("accept-failed")

    def test_a_gate_that_can_let_nobody_in_waits_and_tells(self):
        harness.skip_if_sanitized(
            "without a descriptor the sanitizers take good memory for bad")
        self.start()
        gate = self.start_gate()
        give_back = self.take_descriptors(gate)
        with socket.create_connection(("127.0.0.1", gate.port), 10):
            gate.wait_for("gate-accept-failed")
            self.assert_rests(gate)
            give_back()
            gate.wait_for("gate-accepts again")
        self.assertEqual(gate.log().count("gate-accept-failed"), 1)
        self.ask_gate(gate, "status")


if __name__ == "__main__":
    harness.main()
