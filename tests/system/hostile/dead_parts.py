"""Parts that die: for want of memory, of threads, of room to map files. The service goes
on, or ends with a word; what it acknowledged is there in either case."""

import time

import harness
import looking
from proof.starving import Orders, Starver
from proof.storm import Disk
from proof.trouble import alerts

LARGE = 400_000
SECONDS_MAX = 150


class DeadParts(looking.Case):
    def setUp(self):
        super().setUp()
        self.orders = Orders(self.folder / "orders")

    def start_starving(self, *options):
        harness.skip_if_sanitized(
            "the sanitizers cannot do without memory")
        return self.start(*options, env=self.orders.environment)

    def serves_again(self, service, seconds=30):
        return harness.wait_until(
            lambda: service.put("/v1/sessions/main/new", {"n": 1}).status == 202
            and service.post_text("/v1/logs/new", "line\n").status == 202, seconds)

    def put_what_must_stay(self, service):
        self.assert_ok(service.put("/v1/sessions/main/kept", {"n": 1}))
        self.assert_ok(service.post_text("/v1/logs/kept", "a line\n"))
        self.assert_ok(service.execute("CREATE TABLE kept (x)"))
        self.assert_ok(service.post("/v1/db/execute?queue=true", {
            "sql": "INSERT INTO kept VALUES (1)", "params": []}))

    def assert_all_is_there(self, service):
        self.assertEqual(service.get("/v1/sessions/main/kept").json, {"n": 1})
        self.assert_status(service.post("/v1/db/flush"), 200)
        self.assertEqual(service.query("SELECT x FROM kept").json["rows"], [[1]])
        self.assert_status(service.post("/v1/logs/flush"), 200)
        self.assertEqual(service.log_file("kept"), b"a line\n")

    def test_a_debouncer_without_memory_is_started_anew_with_its_data(self):
        service = self.start_starving("--session.debounce=1h", "--log.flush-interval=1h")
        self.put_what_must_stay(service)
        self.orders.set(memory=1, least_bytes=LARGE // 2, workers_alone=1)
        answer = service.put("/v1/sessions/main/large", {"x": "x" * LARGE})
        self.assert_problem(answer, 503)
        self.orders.set()
        self.assertTrue(self.serves_again(service), service.log())
        last = [x["lastError"] for x in service.get("/v1/actors").json
                if x["name"] == "session-debouncer"]
        self.assertRegex(last[0], "bad_alloc")
        self.assert_all_is_there(service)
        self.assert_clean_exit(service)

    def test_threads_that_cannot_be_had_are_tried_for_again(self):
        service = self.start_starving("--session.debounce=1h", "--log.flush-interval=1h",
                                      "--shutdown.deadline=2s")
        self.put_what_must_stay(service)
        self.orders.set(threads=1)
        self.tell(service, "restart", "session-journal")
        self.assertTrue(harness.wait_until(
            lambda: "actor-not-started" in alerts(service)))
        self.assert_status(service.get("/health/ready"), 503)
        self.assert_status(service.get("/health/live"), 200)
        self.assert_problem(service.put("/v1/sessions/main/kept", {"n": 2}), 503)
        self.orders.set()
        self.assertTrue(self.serves_again(service), service.log())
        self.assert_all_is_there(service)
        self.assert_clean_exit(service)

    def test_a_restart_that_the_disk_refuses_is_tried_again(self):
        disk = Disk(self.folder / "disk", FAILING_DISK_UNDER=str(self.data))
        service = self.start("--session.debounce=1h", "--log.flush-interval=1h",
                             "--shutdown.deadline=2s", env=disk.environment)
        self.put_what_must_stay(service)
        disk.set(writes=1)
        self.tell(service, "restart", "database")
        self.assertTrue(harness.wait_until(
            lambda: "actor-not-started" in alerts(service)), service.log())
        self.assert_status(service.get("/health/live"), 200)
        disk.set()
        self.assertTrue(self.serves_again(service), service.log())
        self.assert_all_is_there(service)
        self.assert_clean_exit(service)

    def test_the_death_of_the_supervisor_ends_the_service(self):
        service = self.start_starving("--session.debounce=1h", "--log.flush-interval=1h")
        self.put_what_must_stay(service)
        # What it makes of the list of all actors is the largest thing that a worker asks
        # for then.
        self.orders.set(memory=1, least_bytes=1024, workers_alone=1)
        service.get("/health")
        self.orders.set()
        self.assertEqual(service.wait(), 1, service.log())
        self.assertRegex(service.log(), "critical ruined supervisor")
        self.assert_all_is_there(self.start())

    def test_a_thousand_looks_at_the_life_ask_the_supervisor_seldom(self):
        service = self.start()

        def asked():
            return next(x["handled"] for x in service.get("/v1/actors?state=false").json
                        if x["name"] == "supervisor")
        before, begun = asked(), time.monotonic()
        with service.socket() as peer:
            request = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"
            for _ in range(10):
                peer.sendall(request * 100)
                answers = harness.read_answers(peer, 100)
                self.assertEqual({x.status for x in answers}, {200})
        seconds = time.monotonic() - begun
        now = asked()
        self.assertGreaterEqual(now - before, 1)
        self.assertLess(now - before, 10 + 2 * seconds)

    def test_a_start_without_threads_ends_with_a_word(self):
        for one_of in (1, 3, 5, 9):
            self.orders.set(threads=one_of)
            service = self.launch(env=self.orders.environment)
            if harness.wait_until(lambda s=service: s.process.poll() is not None
                                  or harness.READY.search(s.log()), 30):
                self.orders.set()
                code = service.process.poll()
                self.assertIn(service.stop() if code is None else code, (0, 1),
                              service.log())
            self.assertTrue(service.process.poll() is not None, service.log())

    def test_what_runs_short_at_random_loses_nothing(self):
        harness.skip_if_sanitized(
            "the sanitizers cannot do without memory")
        starver = Starver(self.folder, seed=1)
        figures = starver.run(rounds=12, seconds=SECONDS_MAX)
        print(figures)
        self.assertEqual(figures.violations, [])
        self.assertGreater(figures.failed, 10)


if __name__ == "__main__":
    harness.main()
