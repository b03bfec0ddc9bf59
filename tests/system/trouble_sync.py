"""Syncs that fail or take long, short writes, and starts and kills while the disk
refuses: of the session journal, the database and the logs alike."""

import concurrent.futures
import json

import harness
from proof import forgetful_disk, trouble

QUICK = ("--log.flush-interval=50ms", "--session.debounce=50ms",
         "--sqlite.queue-interval=50ms")


class Forgetful(trouble.TroubleCase):
    def setUp(self):
        super().setUp()
        if why := forgetful_disk.missing():
            self.skipTest(why)
        self.disk = forgetful_disk.ForgetfulDisk(self.data, "ext4")
        self.addCleanup(self.disk.close)

    def cut(self, service, seed):
        """The power goes, and comes back; what was in RAM is gone."""
        self.disk.freeze()
        service.kill()
        self.disk.come_back(seed)
        self.runtime = self.make_folder(harness.RAM)

    def put(self, service, key, document, level="disk"):
        return service.put(f"/v1/sessions/main/{key}?durability={level}", document)

    def test_a_failed_sync_of_the_session_journal_is_made_good(self):
        service = self.start(*QUICK)
        self.assert_status(self.put(service, "a", {"n": 1}), 200)
        self.disk.fail_sync("main.journal")
        # The answer waits until the next try, which succeeds.
        self.assert_status(self.put(service, "a", {"n": 2}), 200)
        self.assert_counted(service, "session-sync-failed")
        self.assert_green(service)
        self.assert_status(self.put(service, "b", {"n": 3}), 200)
        self.cut(service, 1)
        store = self.start(*QUICK).get("/v1/sessions/main").json
        self.assertEqual(store, {"a": {"n": 2}, "b": {"n": 3}})

    def test_a_failed_sync_of_the_database_is_made_good(self):
        service = self.start(*QUICK)
        self.assert_ok(service.execute("CREATE TABLE t (x)"))
        taken = []
        for n in range(20):
            if n == 5:
                self.disk.fail_sync("sluice.db-wal")
            answer = service.post("/v1/db/execute?durability=disk", {
                "sql": "INSERT INTO t VALUES (?)", "params": [n]})
            if answer.status == 200:
                taken.append(n)
        # The one whose commit failed is refused, and perhaps others until all is sound.
        self.assertNotIn(5, taken)
        self.assertLessEqual(set(range(5)), set(taken))
        self.assert_counted(service, "database-io-error")
        self.assert_green(service)
        last = service.post("/v1/db/execute?durability=disk",
                            {"sql": "INSERT INTO t VALUES (100)"})
        self.assertEqual(last.json["durability"], "disk")
        self.cut(service, 2)
        again = self.start(*QUICK)
        rows = [x for x, in again.query("SELECT x FROM t ORDER BY rowid").json["rows"]]
        self.assertEqual(len(rows), len(set(rows)))
        self.assertEqual([x for x in rows if x in taken], taken)
        self.assertEqual(rows[-1], 100)

    def test_queued_statements_outlive_a_failed_sync_once_each(self):
        service = self.start(*QUICK)
        self.assert_ok(service.execute("CREATE TABLE t (x)"))
        for n in range(30):
            if n % 10 == 3:
                self.disk.fail_sync("sluice.db-wal")
            answer = service.post("/v1/db/execute?queue=true&durability=disk", {
                "sql": "INSERT INTO t VALUES (?)", "params": [n]})
            self.assert_ok(answer)
        self.assert_green(service)
        self.assert_rows(service, "t", list(range(30)))

    def test_a_failed_sync_of_a_dead_letter_is_made_good_by_the_next_start(self):
        service = self.start(*QUICK)
        self.assert_ok(service.execute("CREATE TABLE t (x)"))
        self.assert_status(self.queue(service, "INSERT INTO nowhere VALUES (0)"), 202)
        self.assert_status(service.post("/v1/db/flush"), 200)
        self.disk.fail_sync("dead-letter.ndjson")
        self.assert_status(self.queue(service, "INSERT INTO nowhere VALUES (1)"), 202)
        self.assertTrue(harness.wait_until(lambda: service.get(
            "/health").json["troubles"]["sql-queue-tries-failed"] > 0))
        service.kill()
        again = self.start(*QUICK)
        answer = again.post("/v1/db/execute?queue=true&durability=disk",
                            {"sql": "INSERT INTO t VALUES (1)"})
        self.assertEqual(answer.json["durability"], "disk")
        self.cut(again, 3)
        lines = (self.data / "dead-letter.ndjson").read_text().splitlines()
        self.assertEqual([json.loads(line)["sql"] for line in lines],
                         [f"INSERT INTO nowhere VALUES ({n})" for n in range(2)])

    def test_a_slow_sync_of_the_journal_delays_no_log_and_no_statement(self):
        slow = self.folder / "slow"
        service = self.start(*QUICK, env=harness.preloaded(
            "slow_sync", SLOW_SYNC_WHILE=str(slow)))
        self.assert_ok(service.execute("CREATE TABLE t (x)"))
        self.assert_status(self.put(service, "a", {"n": 1}), 200)
        journal = self.data / "sessions" / "main.journal"
        answer = service.post_text("/v1/logs/a?durability=disk", "a\n")
        self.assert_status(answer, 200)
        slow.write_text("main.journal")
        with concurrent.futures.ThreadPoolExecutor() as pool:
            self.addCleanup(lambda: slow.unlink(missing_ok=True))
            waiting = pool.submit(self.put, service, "a", {"n": 2})
            self.assertTrue(harness.wait_until(lambda: b'"n": 2' in journal.read_bytes()))
            self.assert_status(service.post_text("/v1/logs/a", "b\n"), 202)
            self.assert_status(service.post("/v1/logs/a/flush"), 200)
            self.assert_ok(service.execute("INSERT INTO t VALUES (1)"))
            self.assert_status(self.put(service, "b", {"n": 1}, "ram"), 202)
            self.assertEqual(service.get("/v1/sessions/main/b").json, {"n": 1})
            self.assertFalse(waiting.done())
            slow.unlink()
            answer = self.assert_status(waiting.result(), 200)
        self.assertEqual(answer.json["durability"], "disk")

    def test_a_short_write_and_a_kill_leave_every_line_once(self):
        service = self.start(*QUICK)
        service.post_text("/v1/logs/a?durability=disk", "first\n")
        self.disk.leave_room(1234)
        lines = "".join(f"line {n}\n" for n in range(1000))
        self.assert_status(service.post_text("/v1/logs/a", lines), 202)
        self.assert_alert(service, "log-write-failed")
        service.kill()
        self.disk.leave_room()
        again = self.start(*QUICK)
        self.assertEqual(again.log_file("a").decode(), "first\n" + lines)
        self.assert_green(again)

    def test_a_start_on_a_full_disk_waits_for_room_and_loses_nothing(self):
        service = self.start("--log.flush-interval=1h", "--session.debounce=1h",
                             "--sqlite.queue-interval=1h")
        self.assert_ok(service.execute("CREATE TABLE t (x)"))
        service.post_text("/v1/logs/a?durability=disk", "first\n")
        self.put(service, "k", {"n": 1})
        service.post_text("/v1/logs/a", "second\n")
        self.put(service, "k", {"n": 2}, "ram")
        self.queue(service, "INSERT INTO t VALUES (1)")
        service.kill()
        self.disk.leave_room(0)
        again = self.start(*QUICK)
        self.assertEqual(again.log().count("not-placed"), 3)
        self.assert_red(again)
        self.disk.leave_room()
        self.assert_green(again)
        self.assertTrue(again.comes_to_hold("a", b"first\nsecond\n"))
        self.assertEqual(again.get("/v1/sessions/main/k").json, {"n": 2})
        self.assert_rows(again, "t", [1])


if __name__ == "__main__":
    harness.main()
