"""Clients that name more logs and stores than there are descriptors, and a system that
has none left for a while."""

import json
import resource

import harness
from attack import open_files

MANY_STORES = 20_000
LISTED_STORES_MAX = 1_000
# What a start may open of its own: far fewer than there are stores.
START_FILES_MAX = 200


def few(count):
    """A start with so many descriptors."""
    return ("sh", "-c", f'ulimit -n {count}; exec "$0" "$@"')


class Descriptors(harness.Case):
    def keep_asking(self, service):
        """A connection that stays open: what it asks needs no descriptor of its own."""
        connection = service.connect()
        self.addCleanup(connection.close)
        self.assertEqual(harness.exchange(connection, "GET", "/health/live").status, 200)
        return connection

    def put(self, connection, store, value, query=""):
        return harness.exchange(connection, "PUT", f"/v1/sessions/{store}/k{query}",
                                json.dumps({"v": value}), harness.JSON)

    def append(self, connection, log, line, query=""):
        return harness.exchange(connection, "POST", f"/v1/logs/{log}{query}", line,
                                harness.TEXT)

    def put_all(self, connection, count):
        """Updates a store after the other; returns those that were taken."""
        taken = []
        for n in range(count):
            answer = self.put(connection, f"s{n}", n)
            self.assertIn(answer.status, (202, 429), answer.body[:300])
            if answer.status == 202:
                taken.append(n)
        return taken

    def assert_stored(self, connection, numbers):
        for n in numbers:
            answer = harness.exchange(connection, "GET", f"/v1/sessions/s{n}/k")
            self.assertEqual((answer.status, answer.body), (200, b'{"v": %d}' % n), n)

    def assert_lives(self, service):
        self.assertIsNone(service.process.poll(), service.log())
        self.assertEqual(service.get("/health/live").status, 200)

    def make_stores(self, count):
        """Stores as an earlier run leaves them."""
        folder = self.data / "sessions"
        folder.mkdir(parents=True)
        for n in range(count):
            (folder / f"s{n:06}.json").write_text(f'{{"k": {{"v": {n}}}}}')

    def limit(self, service, soft):
        _, hard = resource.prlimit(service.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(service.pid, resource.RLIMIT_NOFILE, (soft or hard, hard))

    # -- more of them than descriptors -----------------------------------------------

    def test_more_stores_than_descriptors_are_all_written(self):
        service = self.start("--session.debounce=200ms", before=few(256))
        connection = self.keep_asking(service)
        taken = self.put_all(connection, 400)
        self.assertGreater(len(taken), 300)
        self.assert_lives(service)
        flushed = harness.exchange(connection, "POST", "/v1/sessions/flush")
        self.assert_ok(flushed)
        self.assertEqual(service.get("/health").json["alerts"], [])
        for n in taken:
            self.assertTrue((self.data / "sessions" / f"s{n}.journal").exists(), n)
        self.assert_stored(connection, taken)
        self.assert_clean_exit(service)

    def test_a_start_with_more_stores_than_descriptors_takes_all_up(self):
        service = self.start("--session.debounce=1h", before=few(1024))
        taken = self.put_all(self.keep_asking(service), 300)
        service.kill()
        service = self.start(before=few(256))
        self.assert_stored(self.keep_asking(service), taken)
        self.assertEqual(service.get("/health").json["alerts"], [])
        self.assert_clean_exit(service)

    def test_more_logs_than_descriptors_are_all_written(self):
        service = self.start("--log.flush-interval=100ms", before=few(128))
        connection = self.keep_asking(service)
        for round_number in range(3):
            for n in range(200):
                self.assert_ok(self.append(connection, f"l{n}", f"{round_number}\n"))
        for n in range(200):
            self.assertTrue(service.comes_to_hold(f"l{n}", b"0\n1\n2\n"), n)
        self.assert_lives(service)
        self.assertEqual(service.get("/health").json["alerts"], [])
        self.assert_clean_exit(service)

    def test_with_few_descriptors_it_serves_or_says_why_not(self):
        for count in (16, 32, 48, 64, 96, 128):
            with self.subTest(count=count):
                self.data = self.folder / str(count)
                service = self.launch(before=few(count))
                harness.wait_until(lambda one=service: harness.READY.search(one.log())
                                   or one.process.poll() is not None)
                if service.process.poll() is None:
                    connection = self.keep_asking(service.wait_ready())
                    for n in range(20):
                        disk = "?durability=disk"
                        for answer in (self.append(connection, f"l{n}", "x\n", disk),
                                       self.put(connection, f"s{n}", n, disk)):
                            self.assert_ok(answer)
                            self.assertEqual(answer.json["durability"], "disk")
                    self.assert_stored(connection, range(20))
                    self.assert_clean_exit(service)
                else:
                    self.assertGreater(service.process.returncode, 0)
                    self.assertIn("LimitNOFILE", service.log())
                    self.assertEqual(len(service.log().splitlines()), 1, service.log())
                    self.assertLess(count, 64)

    # -- places ----------------------------------------------------------------------

    def test_no_more_stores_hold_updates_than_may(self):
        service = self.start("--session.max-stores=10", "--session.debounce=1h")
        connection = self.keep_asking(service)
        answers = [self.put(connection, f"s{n}", n) for n in range(11)]
        self.assertEqual([x.status for x in answers[:10]], [202] * 10)
        refused = self.assert_problem(answers[10], 429)
        self.assertIn("session.max-stores", refused.json["detail"])
        # Who has a place keeps it, and whoever reads needs none.
        self.assert_ok(self.put(connection, "s3", 3))
        self.assertEqual(service.get("/v1/sessions/s11/k").status, 404)
        # Places are short, so they are written before their window ends.
        self.assertTrue(harness.wait_until(
            lambda: self.put(connection, "s10", 10).status == 202))
        self.assert_stored(connection, range(11))

    def test_stores_that_are_idle_give_their_places_away(self):
        service = self.start("--session.max-stores=20", "--session.debounce=0s")
        connection = self.keep_asking(service)
        for n in range(200):
            self.assertTrue(harness.wait_until(
                lambda x=n: self.put(connection, f"s{x}", x).status == 202), n)
        told = service.get("/v1/sessions").json
        self.assertEqual(told["storeCount"], 200)
        self.assertLessEqual(len(told["stores"]), 40)
        self.assert_stored(connection, range(200))
        self.assertLess(len(open_files(service)), START_FILES_MAX)

    # -- many in the data directory --------------------------------------------------

    def test_a_start_opens_no_more_stores_than_it_needs(self):
        self.make_stores(MANY_STORES)
        service = self.start(before=few(256))
        self.assertLess(len(open_files(service)), START_FILES_MAX)
        told = service.get("/v1/sessions")
        self.assertEqual(told.json["storeCount"], MANY_STORES)
        self.assertLessEqual(len(told.json["stores"]), LISTED_STORES_MAX)
        last = MANY_STORES - 1
        self.assertEqual(service.get(f"/v1/sessions/s{last:06}/k").body,
                         b'{"v": %d}' % last)
        self.assert_ok(service.put("/v1/sessions/s010000/k?durability=disk", {"v": 0}))
        self.assertEqual(service.get("/health").json["alerts"], [])
        self.assert_clean_exit(service)

    # -- none left -------------------------------------------------------------------

    def test_a_shortage_of_descriptors_holds_writing_up_and_loses_nothing(self):
        harness.skip_if_sanitized(
            "without a descriptor the sanitizers take good memory for bad")
        service = self.start("--session.debounce=100ms", "--log.flush-interval=100ms")
        connection = self.keep_asking(service)
        self.limit(service, len(open_files(service)))
        for n in range(20):
            answer = self.put(connection, f"s{n}", n)
            self.assertIn(answer.status, (202, 503), answer.body[:300])
            self.assertNotEqual(answer.json.get("durability"), "disk")
            self.assertEqual(self.append(connection, f"l{n}", f"{n}\n").status, 202)
        alerts = []

        def told():
            health = harness.exchange(connection, "GET", "/health")
            alerts[:] = {x["id"] for x in health.json["alerts"]}
            return "log-write-failed" in alerts
        self.assertTrue(harness.wait_until(told), alerts)
        self.limit(service, None)
        for n in range(20):
            self.assertTrue(service.comes_to_hold(f"l{n}", b"%d\n" % n), n)
            self.assertTrue(harness.wait_until(
                lambda x=n: self.put(connection, f"s{x}", x).status == 202), n)
        self.assert_ok(harness.exchange(connection, "POST", "/v1/sessions/flush"))
        self.assert_stored(connection, range(20))
        self.assertTrue(harness.wait_until(
            lambda: not service.get("/health").json["alerts"], 30))
        self.assert_clean_exit(service)


if __name__ == "__main__":
    harness.main()
