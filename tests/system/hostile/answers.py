"""Clients that ask for much and take nothing: what waits for them is bounded, and so is
the time for which it waits."""

import contextlib
import json
import socket
import ssl
import time

import certifying
import harness
from attack import forget_peak, memory_kib, open_tcp, peak_growth_kib

LARGE_BYTES = 15_000_000
# All that may wait, and what one answer takes while it is made.
GROWTH_MAX_KIB = (64 + 48) * 1024
# SQLite makes some copies of a value for itself, and of all rows of a store there are
# two before they are one text.
GROWTH_OF_ROWS_MAX_KIB = (64 + 160) * 1024
# The time in which a reader must take something, where no connection may idle longer.
QUICK = "--http.idle-timeout=2s"


class Answers(harness.Case):
    def put_large(self, service, key="large"):
        self.assert_ok(service.put(f"/v1/sessions/web/{key}", {"x": "y" * LARGE_BYTES}))

    def ask_and_take_nothing(self, service, request, count):
        peers = []
        for _ in range(count):
            peer = socket.socket()
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            peer.settimeout(harness.ANSWER_SECONDS_MAX)
            peer.connect(("127.0.0.1", service.port))
            self.addCleanup(peer.close)
            peer.sendall(request)
            peers.append(peer)
        return peers

    def get(self, path):
        return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()

    def post(self, path, value):
        body = json.dumps(value)
        return (f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}"
                f"\r\nContent-Type: application/json\r\n\r\n{body}").encode()

    def first_lines(self, peers):
        """What each is told first. Nothing more is read."""
        return [peer.recv(12).decode() for peer in peers]

    def held(self, service):
        """Bytes of answers that wait."""
        edge = next(x for x in service.get("/v1/actors").json if x["name"] == "edge")
        return edge["state"]["heldBytes"]

    def trouble(self, service, name):
        return service.get("/health").json["troubles"][name]

    def assert_bounded(self, service, request, count=24, growth_max=GROWTH_MAX_KIB):
        """So many who take nothing cost no more than what may wait, and are let go."""
        before = forget_peak(service)
        peers = self.ask_and_take_nothing(service, request, count)
        told = self.first_lines(peers)
        self.assertLess(peak_growth_kib(service, before), growth_max)
        self.assertIn("HTTP/1.1 200", told)
        self.assertIn("HTTP/1.1 429", told)
        self.assert_status(service.get("/health/ready"), 200)
        self.assert_status(service.get("/metrics"), 200)
        self.assert_ok(service.put("/v1/sessions/web/small", {"x": "y"}))
        self.assert_status(service.get("/v1/sessions/web/small"), 200)
        self.assertTrue(harness.wait_until(lambda: self.held(service) == 0))
        self.assertGreater(self.trouble(service, "http-slow-readers-closed"), 0)
        self.assertGreater(self.trouble(service, "http-answers-refused"), 0)

    def test_who_takes_no_answer_uses_up_no_memory_and_it_is_given_back(self):
        service = self.start(QUICK)
        self.put_large(service)
        service.get("/v1/sessions/web/large")
        time.sleep(1)
        before = memory_kib(service)
        self.assert_bounded(service, self.get("/v1/sessions/web/large"), 150)
        if not harness.sanitized():
            self.assertTrue(harness.wait_until(
                lambda: memory_kib(service) < 1.2 * before, 60), memory_kib(service))
        self.assert_status(service.get("/v1/sessions/web/large"), 200)

    def test_who_is_refused_is_told_when_to_come_back(self):
        service = self.start()
        self.put_large(service)
        self.ask_and_take_nothing(service, self.get("/v1/sessions/web/large"), 5)
        answers = [service.get("/v1/sessions/web/large") for _ in range(3)]
        for answer in answers:
            self.assert_problem(answer, 429)
            self.assertEqual(answer.headers["Retry-After"], "1")

    def test_whole_stores_are_bounded(self):
        service = self.start(QUICK)
        self.put_large(service)
        self.assert_bounded(service, self.get("/v1/sessions/web"),
                            growth_max=GROWTH_OF_ROWS_MAX_KIB)

    def test_the_ends_of_logs_are_bounded(self):
        service = self.start(QUICK)
        self.assert_ok(service.post_text("/v1/logs/app", ("x" * 999_999 + "\n") * 15))
        self.assert_ok(service.post("/v1/logs/flush"))
        self.assert_bounded(service, self.get("/v1/logs/app/tail?lines=1000"))

    def test_answers_in_the_place_of_those_that_were_let_go_are_bounded_too(self):
        service = self.start("--http.idle-timeout=500ms")
        self.assert_ok(service.post_text("/v1/logs/app", ("x" * 999_999 + "\n") * 15))
        self.assert_ok(service.post("/v1/logs/flush"))
        for _ in range(3):
            self.assert_bounded(service, self.get("/v1/logs/app/tail?lines=1000"))

    def test_the_rows_of_queries_are_bounded(self):
        service = self.start(QUICK)
        sql = ("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 30)"
               "SELECT printf('%.*c', 500000, 'x') FROM n")
        self.assert_bounded(service, self.post("/v1/db/query", {"sql": sql}),
                            growth_max=GROWTH_OF_ROWS_MAX_KIB)

    def test_what_writes_return_is_bounded(self):
        service = self.start(QUICK, "--sqlite.commit-delay=0s")
        self.assert_ok(service.execute("CREATE TABLE t(a)"))
        sql = "INSERT INTO t VALUES(1) RETURNING printf('%.*c', 15000000, 'x')"
        self.assert_bounded(service, self.post("/v1/db/execute", {"sql": sql}),
                            growth_max=GROWTH_OF_ROWS_MAX_KIB)

    def test_a_thousand_requests_ahead_of_what_is_read_are_one_answer(self):
        service = self.start(QUICK)
        self.put_large(service)
        before = forget_peak(service)
        self.ask_and_take_nothing(
            service, self.get("/v1/sessions/web/large") * 1000, 3)
        self.assertTrue(harness.wait_until(
            lambda: self.trouble(service, "http-slow-readers-closed") == 3))
        self.assertLess(peak_growth_kib(service, before), GROWTH_MAX_KIB)
        self.assert_status(service.get("/v1/sessions/web/large"), 200)

    def test_who_is_slow_or_rests_for_a_moment_gets_all_of_it(self):
        service = self.start(QUICK)
        self.put_large(service)
        peer, = self.ask_and_take_nothing(
            service, self.get("/v1/sessions/web/large"), 1)
        received = 0
        for _ in range(5):
            time.sleep(1)
            received += len(peer.recv(16_384))
        while received < LARGE_BYTES:
            piece = peer.recv(1 << 20)
            self.assertTrue(piece, f"it ends after {received} bytes")
            received += len(piece)
        self.assertEqual(self.trouble(service, "http-slow-readers-closed"), 0)

    def test_who_goes_away_gives_back_what_waited(self):
        service = self.start()
        self.put_large(service)
        for reset in (False, True):
            peers = self.ask_and_take_nothing(
                service, self.get("/v1/sessions/web/large"), 8)
            self.first_lines(peers)
            for peer in peers:
                if reset:
                    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                    b"\1\0\0\0\0\0\0\0")
                peer.close()
            self.assertTrue(harness.wait_until(
                lambda: self.held(service) == 0))
            self.assert_status(service.get("/v1/sessions/web/large"), 200)

    def test_over_tls_it_is_the_same(self):
        authority = certifying.Authority(self.folder)
        own = authority.issue("localhost")
        service = self.start(QUICK, f"--http.certificate={own.certificate}",
                             f"--http.key={own.key}")
        context = ssl.create_default_context(cafile=authority.certificate)
        with contextlib.closing(service.connect_tls(authority.certificate)) as connection:
            self.assert_ok(harness.exchange(
                connection, "PUT", "/v1/sessions/web/large",
                json.dumps({"x": "y" * LARGE_BYTES}), harness.JSON))
            peers = []
            for _ in range(8):
                peer = context.wrap_socket(open_tcp(service), server_hostname="localhost")
                self.addCleanup(peer.close)
                peer.sendall(self.get("/v1/sessions/web/large"))
                peers.append(peer)
            told = self.first_lines(peers)
            self.assertIn("HTTP/1.1 200", told)
            self.assertIn("HTTP/1.1 429", told)

            def let_go():
                answer = harness.exchange(connection, "GET", "/health")
                return answer.json["troubles"]["http-slow-readers-closed"] >= 3
            self.assertTrue(harness.wait_until(let_go))


if __name__ == "__main__":
    harness.main()
