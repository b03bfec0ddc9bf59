"""Clients that name without end: logs, topics, subscriptions; and what others have to say
of that: alerts, series, lines of the own log. All is bounded, counted, and refused in
words."""

import contextlib
import os
import re
import socket
import time

import attack
import gating
import harness
import looking
from websocket import case

HEALTH_BYTES_MAX = 48 * 1024
METRICS_BYTES_MAX = 400 * 1024
OTHERS = "(others)"


def series(service):
    """What `/metrics` tells now, by name and labels."""
    text = service.get("/metrics").text
    return {name: float(value) for name, value in
            re.findall(r"^(\w+(?:\{[^}]*\})?) (\S+)$", text, re.MULTILINE)}


def trouble(service, name):
    return series(service).get(f'sluice_troubles_total{{trouble="{name}"}}')


def peak_kib(program):
    """The most memory that it ever had."""
    with open(f"/proc/{program.pid}/status", encoding="ascii") as status:
        return next(int(x.split()[1]) for x in status if x.startswith("VmHWM:"))


class Names(harness.Case):
    def post_logs(self, service, names, path="/v1/logs/{}"):
        with contextlib.closing(service.connect()) as held:
            for name in names:
                answer = harness.exchange(held, "POST", path.format(name), "line\n",
                                          harness.TEXT)
                self.assert_ok(answer)

    # -- alerts ------------------------------------------------------------------------

    def test_a_thousand_logs_that_cannot_be_written_are_a_few_alerts(self):
        service = self.start("--log.max-logs=1000", "--log.flush-interval=100ms")
        names = [f"{'n' * 50}{n}" for n in range(1000)]
        for name in names:
            (self.data / "logs" / f"{name}.log").mkdir(parents=True)
        self.post_logs(service, names)
        gauge = 'sluice_alerts{alert="log-write-failed"}'
        self.assertTrue(harness.wait_until(
            lambda: series(service).get(gauge) == 1000, 30), series(service).get(gauge))
        answer = self.assert_status(service.get("/health"), 200)
        self.assertLessEqual(len(answer.body), HEALTH_BYTES_MAX)
        told = [x for x in answer.json["alerts"] if x["id"] == "log-write-failed"]
        self.assertIn(len(told), range(1, 9))
        self.assertEqual(sum(x["count"] for x in told), 1000)
        self.assertEqual(answer.json["status"], "degraded")

    # -- series ------------------------------------------------------------------------

    def test_thousands_of_names_are_a_bounded_number_of_series(self):
        service = self.start("--log.max-logs=3000", "--log.flush-interval=1h")
        self.post_logs(service, [f"{'n' * 50}{n}" for n in range(2500)])
        answer = service.get("/metrics")
        self.assertLessEqual(len(answer.body), METRICS_BYTES_MAX)
        told = {name: value for name, value in series(service).items()
                if name.startswith('sluice_ledger_requests_total{subsystem="log"')}
        self.assertEqual(len(told), 257)
        self.assertEqual(sum(told.values()), 2500)

    def test_no_counter_falls_when_more_names_come_than_are_told(self):
        service = self.start("--metrics.max-names=3", "--log.max-logs=4")
        before = {}
        for turn in range(4):
            self.post_logs(service, [f"log{n}" for n in range(3 + 3 * turn, -1, -1)],
                           "/v1/logs/{}?durability=disk")
            for name in ("s", "t", "u", "v"):
                self.assert_status(
                    service.put(f"/v1/sessions/{name}{turn}/key", {"n": turn}), 202)
            after = series(service)
            counters = {name for name in before if "_total" in name}
            self.assertLessEqual(counters, after.keys())
            self.assertEqual([x for x in counters if after[x] < before[x]], [])
            before = after
        whose = f'{{subsystem="log",name="{OTHERS}"}}'
        self.assertGreater(before["sluice_ledger_requests_total" + whose], 0)
        self.assertLessEqual(
            len([x for x in before if x.startswith("sluice_ledger_requests_total")]), 9)

    # -- dead letters ------------------------------------------------------------------

    def test_refused_sql_fills_no_disk(self):
        limit = 64 * 1024
        service = self.start(f"--sqlite.max-dead-letter-bytes={limit}",
                             "--sqlite.queue-interval=10ms", "--flush.grid=1ms")
        path = self.data / "dead-letter.ndjson"
        refused = None
        for turn in range(100):
            if turn % 8 == 0:
                service.post("/v1/db/flush")
            answer = service.post("/v1/db/execute?queue=true",
                                  {"sql": "INSERT INTO nowhere VALUES (?)",
                                   "params": ["x" * 4000]})
            if answer.status != 202:
                refused = self.assert_problem(answer, 507)
                break
        self.assertIsNotNone(refused)
        self.assertIn("sqlite.max-dead-letter-bytes", refused.json["detail"])
        self.assertIn(str(path), refused.json["detail"])
        service.post("/v1/db/flush")
        self.assertLess(path.stat().st_size, 4 * limit)
        self.assertGreater(trouble(service, "sql-queue-refused"), 0)
        # Direct SQL goes on, and so does the queue once somebody has seen to it.
        self.assert_status(service.execute("CREATE TABLE t (x)"), 200)
        path.rename(self.folder / "seen")
        self.assert_status(service.post("/v1/db/execute?queue=true",
                                        {"sql": "INSERT INTO t VALUES (1)"}), 202)


class Topics(case.WebSocketCase):
    def subscribe_all(self, client, names):
        """Follows these, a hundred in a request; returns the first refusal."""
        for first in range(0, len(names), 100):
            answer = client.ask("subscribe", topics=names[first:first + 100])
            if "error" in answer:
                return answer["error"]
        return None

    def test_subscriptions_have_a_bound_that_the_client_is_told(self):
        service = self.start("--websocket.max-subscriptions=150")
        client = self.raw(service)
        refusal = self.subscribe_all(client, [f"topic{n}" for n in range(1000)])
        self.assertIsNotNone(refusal)
        self.assertEqual(refusal["code"], "too-large")
        self.assertIn("websocket.max-subscriptions", refusal["detail"])
        self.assertEqual(self.connections(service)[0]["topics"], 100)
        self.assertGreater(trouble(service, "websocket-subscriptions-refused"), 0)
        self.assert_served(client, "topic0")

    def test_many_clients_pay_for_what_they_follow(self):
        service = self.start("--websocket.max-total-queue-bytes=1048576")
        names = [f"{'t' * 50}{n}" for n in range(1000)]
        clients = [self.raw(service) for _ in range(20)]
        refusals = [self.subscribe_all(client, names) for client in clients]
        refusal = next((x for x in refusals if x is not None), None)
        self.assertIsNotNone(refusal, "20,000 subscriptions cost nothing")
        self.assertEqual(refusal["code"], "overloaded")
        self.assertIn("websocket.max-total-queue-bytes", refusal["detail"])
        # Messages have their part of the memory whatever is followed.
        late = self.raw(service)
        self.post(service, names[0], "x" * 50_000)
        for client in clients:
            client.close()
        self.assertTrue(harness.wait_until(
            lambda: len(self.connections(service)) == 1), self.connections(service))
        self.assertIsNone(self.subscribe_all(late, names[:100]))
        self.assert_served(late, names[0])

    def test_a_request_that_names_a_hundred_thousand_topics_costs_little(self):
        service = self.start("--http.max-in-flight-bytes=4194304")
        before = peak_kib(service)
        names = ",".join('"a"' for _ in range(250_000))
        for op in ("subscribe", "unsubscribe"):
            clients = [self.raw(service) for _ in range(8)]
            for client in clients:
                for number in range(8):
                    client.send_text(f'{{"op":"{op}","topics":[{names}],"id":{number}}}')
            for client in clients:
                client.expect(lambda client=client: len(client.refusals()) == 8)
                client.close()
        if not harness.sanitized():
            self.assertLess(peak_kib(service) - before, 100 * 1024)

    def test_topics_that_nobody_follows_give_way_to_new_ones(self):
        service = self.start("--websocket.max-topics=100",
                             "--websocket.batch-interval=1ms")
        client = self.raw(service)
        client.subscribe("mine")
        with contextlib.closing(service.connect()) as held:
            for n in range(2000):
                answer = harness.exchange(held, "POST", f"/v1/topics/t{n}", "1",
                                          harness.JSON)
                self.assert_status(answer, 202)
        self.assertGreaterEqual(trouble(service, "websocket-topic-forgotten"), 1900)
        self.assert_served(client, "mine")

    def test_topics_that_are_followed_are_bounded_and_the_refusal_is_counted(self):
        service = self.start("--websocket.max-topics=100")
        client = self.raw(service)
        client.subscribe(*[f"t{n}" for n in range(100)])
        answer = service.post("/v1/topics/more", 1)
        self.assertIn("websocket.max-topics",
                      self.assert_problem(answer, 429).json["detail"])
        self.assertEqual(trouble(service, "websocket-topics-refused"), 1)


class OwnLog(gating.Case):
    def knock(self, gate, count):
        for _ in range(count):
            with socket.create_connection(("127.0.0.1", gate.port), 10) as peer:
                peer.sendall(b"no TLS at all\r\n\r\n")
                attack.everything(peer)

    def test_a_thousand_knocks_at_the_gate_are_a_few_lines(self):
        self.start()
        gate = self.start_gate()
        began = time.monotonic()
        self.knock(gate, 1000)
        self.assertEqual(gate.stop(), 0, gate.log())
        seconds = time.monotonic() - began
        lines = gate.log().splitlines()
        told = [x for x in lines if " gate-refused " in x]
        self.assertGreater(len(told), 0)
        self.assertLess(len(lines), 40 + 2 * seconds)
        more = sum(int(x) for x in
                   re.findall(r"gate-refused.* and (\d+) more", gate.log()))
        single = len([x for x in told if " more" not in x])
        self.assertEqual(single + more, 1000, gate.log()[-2000:])

    def test_what_every_client_may_cause_is_a_few_lines(self):
        service = self.start()
        for n in range(300):
            self.tell(service, "set", "log.max-entries", str(100 + n % 2))
        lines = [x for x in service.log().splitlines() if " setting-changed " in x]
        self.assertGreater(len(lines), 0)
        self.assertLess(len(lines), 100)

    def test_lines_of_its_own_that_nobody_took_are_counted(self):
        reading, writing = os.pipe()
        with open(reading, "rb") as reader, open(writing, "wb") as writer:
            service = self.launch(errors=writer)
            seen = b""
            while b"ready http=" not in seen or not seen.endswith(b"\n"):
                seen += os.read(reader.fileno(), 65536)
            service.address = re.search(rb"ready http=(\S+)", seen)[1].decode()
            place = re.search(rb"introspection=(\S+)", seen)[1].decode()
        # Now nobody reads any more.
        done = looking.ctl(f"--socket={place}", "set", "log.max-entries", "101")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(harness.wait_until(
            lambda: (trouble(service, "log-lines-lost") or 0) > 0))


if __name__ == "__main__":
    harness.main()
