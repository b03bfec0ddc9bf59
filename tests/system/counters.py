"""Counters never fall while the service runs: neither when a client leaves, nor when an
actor is started anew."""

import http.client
import re

import harness
import looking
from websocket import raw

KIND = re.compile(r"^# TYPE (\S+) (counter|histogram)$", re.MULTILINE)
SAMPLE = re.compile(r"^(\w+?)(_bucket|_sum|_count)?(\{.*\})? (\S+)$", re.MULTILINE)


class Counters(looking.Case):
    def scrape(self, service):
        """Every series that only rises."""
        self.assertTrue(harness.wait_until(
            lambda: service.get("/metrics").status == 200, 30))
        text = self.assert_status(service.get("/metrics"), 200).text
        kinds = dict(KIND.findall(text))
        found = {}
        for match in SAMPLE.finditer(text):
            whole = match[1] + (match[2] or "")
            if whole in kinds or match[1] in kinds:
                found[whole + (match[3] or "")] = float(match[4])
        self.assertGreater(len(found), 100)
        return found

    def assert_none_fell(self, before, after, what):
        fell = {name: (value, after.get(name)) for name, value in before.items()
                if value > after.get(name, 0)}
        self.assertEqual(fell, {}, f"{what}: {fell}")
        return {name: max(value, before.get(name, 0)) for name, value in after.items()}

    def serves(self, service):
        """Whether clients are let in, and lines and sessions taken."""
        try:
            raw.open_client(service).close()
        except (AssertionError, OSError, http.client.HTTPException):
            return False
        return all(service.post(f"/v1/{path}/flush").status == 200
                   for path in ("logs", "sessions", "db"))

    def work(self, service):
        """A little of everything, once all are back."""
        self.assertTrue(harness.wait_until(lambda: self.serves(service), 30))
        client = raw.open_client(service)
        client.subscribe("a")
        for n in range(20):
            client.publish("a", n)
            service.post_text("/v1/logs/app", "line\n")
            service.put(f"/v1/sessions/main/k{n % 3}", {"n": n})
        service.execute("CREATE TABLE IF NOT EXISTS t(n)")
        service.post("/v1/db/execute?queue=true", {"sql": "INSERT INTO t VALUES(1)"})
        for path in ("logs", "sessions", "db"):
            self.assert_status(service.post(f"/v1/{path}/flush"), 200)
        client.close()

    def totals(self, service):
        """What JSON tells in sum since the start."""
        self.assertTrue(harness.wait_until(lambda: self.serves(service), 30))
        sessions = service.get("/v1/sessions").json
        found = {what: sessions[what] for what in ("totalWrites", "totalCoalesced")}
        for trouble, times in service.get("/health").json["troubles"].items():
            found[f"trouble {trouble}"] = times
        return found

    def test_no_counter_falls_when_clients_leave(self):
        service = self.start()
        clients = [raw.open_client(service) for _ in range(4)]
        for client in clients:
            client.subscribe("a")
            for n in range(50):
                client.publish("a", n)
        before = self.scrape(service)
        for client in clients:
            client.close()
            self.assertTrue(harness.wait_until(
                lambda: len(service.get("/v1/connections").json) < len(clients)))
        self.assertTrue(harness.wait_until(
            lambda: service.get("/v1/connections").json == []))
        self.assert_none_fell(before, self.scrape(service), "the clients left")

    def test_no_counter_falls_when_any_actor_is_started_anew(self):
        service = self.start("--supervisor.restarts=1000")
        self.work(service)
        before = self.scrape(service)
        listed = service.get("/v1/actors?state=false").json
        names = sorted({f"{x['name']}/{x['key']}" if x["key"] else x["name"]
                        for x in listed})
        ended = 0
        for who in names:
            done = self.run_ctl(service, "restart", who)
            if done.returncode != 0:
                continue
            ended += 1
            self.assertTrue(harness.wait_until(
                lambda n=ended: self.restarts(service) == n, 30), who)
            before = self.assert_none_fell(before, self.scrape(service), who)
            self.work(service)
            before = self.assert_none_fell(before, self.scrape(service), who)
        self.assertGreater(ended, 5)

    def restarts(self, service):
        """How many have been counted; none while all start anew."""
        answer = service.get("/health")
        if answer.status != 200 or "troubles" not in answer.json:
            return None
        return answer.json["troubles"].get("actor-restarted")

    def test_no_total_of_sessions_or_troubles_falls_when_an_actor_is_started_anew(self):
        service = self.start("--supervisor.restarts=1000")
        self.work(service)
        before = self.totals(service)
        for n, who in enumerate(("log-buffer/app", "log-writer", "topic-hub",
                                 "session-debouncer"), 1):
            self.assertEqual(self.run_ctl(service, "restart", who).returncode, 0)
            self.assertTrue(harness.wait_until(
                lambda n=n: self.restarts(service) == n, 30), who)
            before = self.assert_none_fell(before, self.totals(service), who)


if __name__ == "__main__":
    harness.main()
