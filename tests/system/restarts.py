"""Deaths, restarts and stops that come upon each other: nobody stays dead, nobody writes
beside his successor, and a stop ends in order whatever is under way."""

import concurrent.futures
import signal
import threading
import time

import harness
import looking
from websocket import raw

QUICK = ("--supervisor.restarts=1000", "--log.flush-interval=20ms",
         "--session.debounce=20ms", "--sqlite.queue-interval=20ms")
# Whoever is ended on request is so this much later: `answer_first`.
ANSWER_FIRST_SECONDS = 0.05


class Case(looking.Case):
    def is_ready(self, service):
        return service.get("/health/ready").status == 200

    def assert_comes_back(self, service, seconds=20):
        self.assertTrue(harness.wait_until(lambda: self.is_ready(service), seconds),
                        service.log())

    def restarts_of(self, service, name):
        """How often those were started anew who are there of this name."""
        return [x["restarts"] for x in service.get("/v1/actors?state=false").json
                if x["name"] == name]

    def restart(self, service, who):
        self.tell(service, "restart", who)
        time.sleep(ANSWER_FIRST_SECONDS)


class Deaths(Case):
    def test_who_dies_while_others_are_started_anew_is_started_too(self):
        service = self.start(*QUICK)
        for pause in (0, 0.01, 0.02, 0.03, 0.05):
            self.tell(service, "restart", "sqlite-writer")
            time.sleep(pause)
            # Where the first was quicker it is refused.
            self.run_ctl(service, "restart", "topic-hub")
            time.sleep(2 * ANSWER_FIRST_SECONDS)
            self.assert_comes_back(service)
            self.assertTrue(harness.wait_until(lambda: service.post(
                "/v1/topics/t", {"n": 1}).status == 202), pause)
            self.assert_status(service.execute("SELECT 1"), 200)

    def test_sessions_and_queued_sql_are_back_within_two_seconds(self):
        service = self.start("--supervisor.restarts=1000", "--session.debounce=1h",
                             "--sqlite.queue-interval=1h")
        self.assert_ok(service.execute("CREATE TABLE t (x)"))
        for who in ("session-journal", "sqlite-writer", "database"):
            self.assert_ok(service.put(f"/v1/sessions/main/{who}", {"n": 1}))
            self.assert_ok(service.post("/v1/db/execute?queue=true",
                                        {"sql": "INSERT INTO t VALUES (1)"}))
            self.restart(service, who)
            self.assertTrue(harness.wait_until(
                lambda w=who: service.get(f"/v1/sessions/main/{w}").status == 200, 2),
                            who)
            self.assert_comes_back(service)
        self.assertEqual(service.query("SELECT count(*) FROM t").json["rows"], [[3]])

    def test_the_service_is_not_ready_while_actors_are_started_anew(self):
        control = self.folder / "slow"
        self.addCleanup(lambda: control.unlink(missing_ok=True))
        service = self.start(*QUICK, env=harness.preloaded(
            "slow_sync", SLOW_SYNC_WHILE=str(control)))
        self.assert_ok(service.put("/v1/sessions/main/a?durability=disk", {"n": 0}))
        control.write_text("main.journal")
        with concurrent.futures.ThreadPoolExecutor() as pool:
            pool.submit(service.put, "/v1/sessions/main/a?durability=disk", {"n": 1})
            self.assertTrue(harness.wait_until(
                lambda: self.restarts_of(service, "file-syncer")))
            self.restart(service, "session-journal")
            self.assert_waits(service, "session-journal", control)
            self.assert_comes_back(service)
        self.assertEqual(self.restarts_of(service, "session-journal"), [1])
        self.assertEqual(service.get("/v1/sessions/main/a").json, {"n": 1})

    def test_two_compactions_of_one_store_are_never_under_way(self):
        control = self.folder / "slow"
        self.addCleanup(lambda: control.unlink(missing_ok=True))
        service = self.start(*QUICK, "--session.max-journal-bytes=65536",
                             env=harness.preloaded(
                                 "slow_sync", SLOW_SYNC_WHILE=str(control)))
        kept = set()

        def put(key):
            answer = service.put(f"/v1/sessions/s/{key}?durability=disk",
                                 {"v": "x" * 4096})
            if answer.status == 200 and answer.json["durability"] == "disk":
                kept.add(key)
            return key in kept

        control.write_text("s.json.new")
        with concurrent.futures.ThreadPoolExecutor(96) as pool:
            asked = [pool.submit(put, f"a{n}") for n in range(48)]
            self.assertTrue(harness.wait_until(
                lambda: self.restarts_of(service, "session-compactor")))
            self.restart(service, "session-journal")
            asked += [pool.submit(put, f"b{n}") for n in range(48)]
            self.assert_waits(service, "session-journal", control)
            concurrent.futures.wait(asked)
        self.assert_comes_back(service)
        for n in range(48):
            self.assertTrue(harness.wait_until(lambda n=n: put(f"b{n}")), n)
        service.kill()
        service = self.start(*QUICK)
        for key in kept:
            self.assert_status(service.get(f"/v1/sessions/s/{key}"), 200)

    def test_a_log_writer_has_no_successor_before_its_syncs_have_ended(self):
        control = self.folder / "slow"
        self.addCleanup(lambda: control.unlink(missing_ok=True))
        service = self.start(*QUICK, env=harness.preloaded(
            "slow_sync", SLOW_SYNC_WHILE=str(control)))
        control.write_text("app.log")
        with concurrent.futures.ThreadPoolExecutor() as pool:
            asked = pool.submit(service.post_text, "/v1/logs/app?durability=disk", "a\n")
            self.assertTrue(harness.wait_until(
                lambda: self.restarts_of(service, "file-syncer")))
            self.restart(service, "log-writer")
            self.assert_waits(service, "log-writer", control)
            self.assert_comes_back(service)
            self.assert_ok(asked.result())
        self.assert_clean_exit(service)
        self.assertEqual(service.log_file("app"), b"a\n")

    def assert_waits(self, service, who, control):
        """Nobody takes the place while a helper of the dead one's is at work."""
        since = time.monotonic()
        while time.monotonic() - since < 3:
            self.assertNotIn(1, self.restarts_of(service, who))
            time.sleep(0.1)
        self.assertFalse(self.is_ready(service))
        control.unlink()


class Stops(Case):
    def test_a_stop_while_actors_are_started_anew_ends_in_order(self):
        for n, who in enumerate(("sql-queue", "database", "session-journal",
                                 "session-debouncer", "log-writer", "sqlite-writer")):
            for pause in (0, 0.02, 0.05):
                self.data = self.folder / f"data-{n}-{pause}"
                service = self.start(*QUICK)
                self.assert_ok(service.post_text("/v1/logs/app", "a line\n"))
                self.assert_ok(service.put("/v1/sessions/main/a", {"n": 1}))
                self.tell(service, "restart", who)
                time.sleep(ANSWER_FIRST_SECONDS + pause)
                self.assertEqual(service.stop(), 0, (who, pause, service.log()))
                told = [x for x in service.log().splitlines() if " drained " in x]
                names = [x.split(" drained ")[1].split(" wrote ")[0] for x in told]
                self.assertEqual(len(names), len(set(names)), names)
                self.assertEqual(service.log_file("app"), b"a line\n")

    def test_a_stop_while_actors_are_started_anew_waits_for_nobody_who_is_deaf(self):
        service = self.start(*QUICK, "--websocket.max-queue-bytes=65536")
        deaf = raw.open_client(service, small=True)
        self.addCleanup(deaf.close)
        deaf.subscribe("t")
        for _ in range(100):
            service.post("/v1/topics/t", "x" * 30_000)
        self.tell(service, "restart", "sql-queue")
        time.sleep(ANSWER_FIRST_SECONDS)
        since = time.monotonic()
        self.assertEqual(service.stop(), 0, service.log())
        self.assertLess(time.monotonic() - since, 30)

    def start_that_hangs(self, *options):
        """One that replays a line whose sync takes as long as the file is there that is
        returned with it."""
        service = self.start("--log.flush-interval=1h")
        self.assert_status(service.post_text("/v1/logs/app", "a line\n"), 202)
        service.kill()
        control = self.folder / "slow"
        control.write_text("app.log")
        self.addCleanup(lambda: control.unlink(missing_ok=True))
        service = self.launch(*options, env=harness.preloaded(
            "slow_sync", SLOW_SYNC_WHILE=str(control)))
        self.assertTrue(service.comes_to_hold("app", b"a line\n"), service.log())
        # What asks for no end harms nothing.
        for number in (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2):
            service.signal(number)
        return service, control

    def test_a_stop_in_a_start_that_hangs_ends_within_its_deadline(self):
        service, control = self.start_that_hangs("--shutdown.deadline=2s")
        since = time.monotonic()
        self.assertEqual(service.stop(), 1, service.log())
        self.assertLess(time.monotonic() - since, 2 + 1.5)
        self.assertIn("stopping sluiced received TERM", service.log())
        self.assertIn("not-drained", service.log())
        self.assertNotIn("ready", service.log())
        control.unlink()
        self.assert_clean_exit(self.start())
        self.assertEqual(service.log_file("app"), b"a line\n")

    def test_a_stop_in_a_start_waits_until_all_is_on_disk(self):
        service, control = self.start_that_hangs()
        service.signal(signal.SIGTERM)
        service.signal(signal.SIGHUP)
        threading.Timer(0.3, control.unlink).start()
        self.assertEqual(service.wait(), 0, service.log())
        self.assertIn("and left none", service.log())
        self.assertIn("replayed start found 1 items of log app", service.log())
        self.assertNotIn("ready", service.log())
        self.assertEqual(service.log_file("app"), b"a line\n")

    def test_a_start_that_fails_says_why_and_ends(self):
        self.data.mkdir()
        (self.data / "sluice.db").mkdir()
        for _ in range(5):
            code, told = self.refusal()
            self.assertEqual(code, 1, told)
            self.assertEqual(len(told.splitlines()), 1, told)
            self.assertIn("sluice.db", told)


if __name__ == "__main__":
    harness.main()
