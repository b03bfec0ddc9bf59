"""Many who ask at once what asks every actor: it is asked for all of them together."""

import contextlib
import json
import signal
import threading

import harness
import looking
from attack import allow_descriptors, open_tcp

LOGS = 250
ASKING = 400
# Rounds of questions while so many ask at once: few, however slow the machine is.
ROUNDS_MAX = ASKING // 4


class Surveys(looking.Case):
    def setUp(self):
        super().setUp()
        self.stack = contextlib.ExitStack()
        self.addCleanup(self.stack.close)
        allow_descriptors()

    def begin(self, *options):
        """A service with many logs, of which the first tells how often it was asked."""
        service = self.start("--log.flush-interval=1h", "--log.max-logs=300",
                             "--adaptive=false", *options)
        with contextlib.closing(service.connect()) as connection:
            for n in range(LOGS):
                self.assert_ok(harness.exchange(connection, "POST", f"/v1/logs/l{n}",
                                                "x\n", harness.TEXT))
        return service

    def handled(self, service, name="log-buffer", key="l0"):
        """Messages that an actor has had. Nobody is asked for it but the directory."""
        return next(x["handled"] for x in service.get("/v1/actors?state=false").json
                    if (x["name"], x["key"]) == (name, key))

    def ask_at_once(self, service, method, path, body=""):
        """So many who all have asked before the first is answered."""
        request = (f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
                   f"application/json\r\nContent-Length: {len(body)}\r\n"
                   f"Connection: close\r\n\r\n{body}").encode()
        service.signal(signal.SIGSTOP)
        with contextlib.ExitStack() as stack:
            peers = [stack.enter_context(open_tcp(service)) for _ in range(ASKING)]
            for peer in peers:
                peer.sendall(request)
            service.signal(signal.SIGCONT)
            return [harness.read_answers(peer, 1)[0] for peer in peers]

    def assert_asked_together(self, method, path):
        service = self.begin()
        before = self.handled(service)
        told = self.ask_at_once(service, method, path)
        self.assertEqual({x.status for x in told} - {429}, {200}, path)
        self.assertLess(self.handled(service) - before, ROUNDS_MAX, path)

    def test_health_is_asked_for_all_together(self):
        self.assert_asked_together("GET", "/health")

    def test_readiness_is_asked_for_all_together(self):
        self.assert_asked_together("GET", "/health/ready")

    def test_metrics_are_asked_for_all_together(self):
        self.assert_asked_together("GET", "/metrics")

    def test_actors_are_asked_for_all_together(self):
        self.assert_asked_together("GET", "/v1/actors")

    def test_logs_are_asked_for_all_together(self):
        self.assert_asked_together("GET", "/v1/logs")

    def test_flushes_of_all_logs_are_one(self):
        self.assert_asked_together("POST", "/v1/logs/flush")

    def test_care_that_many_ask_for_is_done_for_all_together(self):
        service = self.start()
        self.assert_ok(service.execute("CREATE TABLE t(x)"))
        # So that each takes longer than many take to ask.
        self.assert_ok(service.execute(
            "INSERT INTO t WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 "
            "FROM n LIMIT 200000) SELECT printf('%064d', i) FROM n"))
        for path, body in (("integrity-check", ""), ("analyze", ""), ("vacuum", ""),
                           ("checkpoint", json.dumps({"mode": "truncate"}))):
            before = self.handled(service, "sqlite-writer", None)
            told = self.ask_at_once(service, "POST", f"/v1/db/{path}", body)
            self.assertEqual({x.status for x in told}, {200}, path)
            self.assertLess(self.handled(service, "sqlite-writer", None) - before,
                            ROUNDS_MAX, path)

    def test_who_changes_something_and_asks_sees_his_change(self):
        service = self.begin()
        stop = threading.Event()
        self.addCleanup(stop.set)

        def look_on():
            with contextlib.closing(service.connect()) as connection:
                while not stop.is_set():
                    harness.exchange(connection, "GET", "/v1/logs")
        lookers = [threading.Thread(target=look_on) for _ in range(4)]
        for each in lookers:
            each.start()
        try:
            for n in range(1, 100):
                self.assert_ok(service.post_text("/v1/logs/l0", "x\n"))
                self.assertEqual(service.get("/v1/logs").json["l0"]["accepted"], n + 1)
                self.assert_ok(service.post("/v1/logs/flush"))
                self.assertEqual(service.log_file("l0"), b"x\n" * (n + 1))
        finally:
            stop.set()
            for each in lookers:
                each.join()

    def test_questions_that_differ_have_answers_of_their_own(self):
        service = self.begin()
        for path, states in (("/v1/actors?state=false", False), ("/v1/actors", True)):
            told = self.ask_at_once(service, "GET", path)
            for each in told:
                if each.status == 200:
                    shown = next(x for x in each.json if x["name"] == "log-buffer")
                    self.assertEqual("bufferedLines" in (shown["state"] or {}), states)
        self.assertEqual({x.status for x in self.ask_at_once(
            service, "GET", "/v1/actors?state=perhaps")}, {400})


if __name__ == "__main__":
    harness.main()
