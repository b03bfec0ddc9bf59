"""Queued SQL over HTTP: answered before its commit, applied once and in order, whatever
ends the process, and what the database refuses is in one file."""

import json
import signal
import sqlite3
import threading

import harness

INSERT = "INSERT INTO t (x) VALUES (?)"


class Queue(harness.Case):
    def start_with_table(self, *options, **more):
        service = self.start(*options, **more)
        self.assert_status(service.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, x)"),
                           200)
        return service

    def queue(self, service, sql, *params, more=""):
        return service.post(f"/v1/db/execute?queue=true{more}",
                            {"sql": sql, "params": list(params)})

    def rows(self):
        with sqlite3.connect(self.data / "sluice.db") as file:
            return [x for (x,) in file.execute("SELECT x FROM t ORDER BY id")]

    def dead_letters(self):
        path = self.data / "dead-letter.ndjson"
        text = path.read_text() if path.exists() else ""
        return [json.loads(line) for line in text.splitlines()]

    def metrics(self, service):
        return self.assert_status(service.get("/v1/db/metrics"), 200).json

    # -- what is answered --------------------------------------------------------------

    def test_queued_sql_is_answered_before_its_commit(self):
        service = self.start_with_table("--sqlite.queue-interval=1h")
        answer = self.assert_status(self.queue(service, INSERT, "a"), 202)
        self.assertEqual((answer.json["seq"], answer.json["durability"]), (1, "ram"))
        self.assertEqual(self.queue(service, INSERT, "b").json["seq"], 2)
        self.assertEqual(self.rows(), [])
        self.assertEqual(self.metrics(service)["queued"], 2)
        flushed = self.assert_status(service.post("/v1/db/flush"), 200)
        self.assertEqual(flushed.json["flushed"], 2)
        self.assertEqual(self.rows(), ["a", "b"])
        self.assertEqual(self.metrics(service)["queued"], 0)

    def test_the_window_applies_what_waits_in_one_commit(self):
        service = self.start_with_table("--sqlite.queue-interval=300ms")
        before = self.metrics(service)["commits"]
        for n in range(20):
            self.assert_status(self.queue(service, INSERT, n), 202)
        self.assertTrue(harness.wait_until(lambda: len(self.rows()) == 20))
        self.assertEqual(self.rows(), list(range(20)))
        self.assertLessEqual(self.metrics(service)["commits"], before + 3)

    def test_transactions_and_batches_can_be_queued(self):
        service = self.start_with_table("--sqlite.queue-interval=1h")
        both = {"statements": [{"sql": INSERT, "params": ["a"]},
                               {"sql": INSERT, "params": [{"$blob": "AAE="}]}]}
        self.assert_status(service.post("/v1/db/transaction?queue=true", both), 202)
        batch = {"sql": INSERT, "rows": [[n] for n in range(3)]}
        self.assert_status(service.post("/v1/db/batch?queue=true", batch), 202)
        self.assertEqual(service.post("/v1/db/flush").json["flushed"], 2)
        self.assertEqual(self.rows(), ["a", b"\0\1", 0, 1, 2])

    def test_disk_commits_at_once(self):
        service = self.start_with_table("--sqlite.queue-interval=1h")
        self.queue(service, INSERT, "a")
        answer = self.queue(service, INSERT, "b", more="&durability=disk")
        self.assert_status(answer, 200)
        self.assertEqual((answer.json["seq"], answer.json["durability"]), (2, "disk"))
        self.assertEqual(self.rows(), ["a", "b"])
        self.queue(service, INSERT, "c")
        self.assert_status(service.post("/v1/db/flush?durability=disk"), 200)

    def test_without_a_spool_it_says_memory_and_refuses_ram(self):
        service = self.start_with_table("--spool.enabled=false")
        answer = self.assert_status(self.queue(service, INSERT, "a"), 202)
        self.assertEqual(answer.json["durability"], "memory")
        self.assert_problem(self.queue(service, INSERT, "b", more="&durability=ram"), 503)
        service.post("/v1/db/flush")
        self.assertEqual(self.rows(), ["a"])

    def test_what_is_malformed_is_refused_at_once(self):
        service = self.start_with_table()
        for path in ("/v1/db/execute?queue=yes", "/v1/db/execute?queue=true&queue=true",
                     "/v1/db/execute?queue=true&durability=tape"):
            self.assert_problem(service.post(path, {"sql": "SELECT 1"}), 400)
        self.assert_problem(service.post("/v1/db/execute?queue=true", {"sql": ""}), 400)
        self.assert_status(service.get("/v1/db/flush"), 405)

    # -- what the database refuses -----------------------------------------------------

    def test_what_the_database_refuses_is_set_aside_with_its_error(self):
        service = self.start_with_table()
        self.queue(service, INSERT, "a")
        self.assert_status(self.queue(service, "INSERT INTO nowhere VALUES (?)", 5), 202)
        self.queue(service, "INSERT OR ROLLBACK INTO t VALUES (1, 'twice')")
        self.queue(service, INSERT, "b")
        self.assert_status(service.post("/v1/db/flush"), 200)
        self.assertEqual(self.rows(), ["a", "b"])
        letters = self.dead_letters()
        self.assertEqual([each["seq"] for each in letters], [2, 3])
        self.assertIn("no such table", letters[0]["error"])
        self.assertEqual((letters[0]["sql"], letters[0]["params"]),
                         ("INSERT INTO nowhere VALUES (?)", [5]))
        self.assertEqual(self.metrics(service)["deadLetters"], 2)
        alerts = [each["id"] for each in service.get("/health").json["alerts"]]
        self.assertIn("sql-dead-letters", alerts)

    def test_a_dead_letter_can_be_posted_again(self):
        service = self.start_with_table()
        self.queue(service, "INSERT INTO late VALUES (?)", "x")
        service.post("/v1/db/flush")
        (letter,) = self.dead_letters()
        service.execute("CREATE TABLE late (x)")
        again = {name: letter[name] for name in ("sql", "params")}
        self.assert_status(service.post("/v1/db/execute", again), 200)

    # -- the end of the process --------------------------------------------------------

    def test_a_stop_applies_the_queue(self):
        service = self.start_with_table("--sqlite.queue-interval=1h")
        for n in range(50):
            self.queue(service, INSERT, n)
        self.assert_clean_exit(service)
        self.assertEqual(self.rows(), list(range(50)))

    def test_what_was_queued_when_the_process_died_is_applied_once(self):
        service = self.start_with_table("--sqlite.queue-interval=1h")
        for n in range(100):
            self.assert_status(self.queue(service, INSERT, n), 202)
        self.assertEqual(self.rows(), [])
        service.kill()
        again = self.start("--sqlite.queue-interval=1h")
        self.assertEqual(self.rows(), list(range(100)))
        self.assertEqual(self.queue(again, INSERT, 100).json["seq"], 101)
        again.kill()
        self.start()
        self.assertEqual(self.rows(), list(range(101)))
        self.assertEqual(self.dead_letters(), [])

    def test_a_fresh_spool_is_not_taken_for_the_old(self):
        service = self.start_with_table("--sqlite.queue-interval=1h")
        for n in range(100):
            self.queue(service, INSERT, n)
        service.post("/v1/db/flush")
        service.kill()
        self.forget_ram()
        service = self.start("--sqlite.queue-interval=1h")
        for n in range(100, 110):
            self.assertEqual(self.queue(service, INSERT, n).json["seq"], n - 99)
        service.kill()
        self.start()
        self.assertEqual(self.rows(), list(range(110)))

    def forget_ram(self):
        """What a reboot does to the spool."""
        for path in sorted(self.runtime.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()

    def test_kills_at_any_moment_neither_lose_nor_double(self):
        acknowledged = []
        options = ("--sqlite.queue-interval=20ms",)
        service = self.start_with_table(*options)
        number = 0
        for life in range(6):
            # Ends at a moment of its own, in the middle of whatever goes on.
            killer = threading.Timer(0.15 + 0.07 * life,
                                     lambda x=service: x.signal(signal.SIGKILL))
            killer.start()
            number = self.post_until_it_dies(service, number, acknowledged)
            killer.join()
            service.wait()
            service = self.start(*options)
        service.post("/v1/db/flush")
        found = self.rows()
        self.assertEqual(len(found), len(set(found)), "doubled")
        self.assertEqual(found, sorted(found), "out of order")
        self.assertEqual(set(acknowledged) - set(found), set(), "lost")
        self.assertGreater(len(acknowledged), 50)
        dead = [each["params"][0] for each in self.dead_letters()]
        self.assertEqual(len(dead), len(set(dead)), "set aside twice")

    def post_until_it_dies(self, service, number, acknowledged):
        connection = service.connect()
        try:
            while True:
                number += 1
                # Every tenth is refused, in a way that ends its transaction.
                bad = number % 10 == 0
                sql = ("INSERT OR ROLLBACK INTO t (id, x) VALUES (1, ?)" if bad
                       else INSERT)
                answer = harness.exchange(
                    connection, "POST", "/v1/db/execute?queue=true",
                    json.dumps({"sql": sql, "params": [number]}), harness.JSON)
                if answer.status == 202 and not bad:
                    acknowledged.append(number)
        except OSError:
            return number
        except harness.http.client.HTTPException:
            return number

    # -- a database that is busy -------------------------------------------------------

    def test_a_database_held_by_another_program_keeps_the_queue(self):
        service = self.start_with_table("--sqlite.queue-interval=100ms",
                                        "--sqlite.busy-timeout=50ms")
        other = sqlite3.connect(self.data / "sluice.db", isolation_level=None)
        self.addCleanup(other.close)
        other.execute("BEGIN IMMEDIATE")
        for n in range(5):
            self.assert_status(self.queue(service, INSERT, n), 202)
        self.assertTrue(harness.wait_until(lambda: service.get(
            "/health").json["troubles"]["sql-queue-tries-failed"] > 0))
        self.assert_problem(service.post("/v1/db/flush"), 503)
        self.assertEqual(self.metrics(service)["queued"], 5)
        self.assertEqual(self.dead_letters(), [])
        other.execute("ROLLBACK")
        self.assertTrue(harness.wait_until(lambda: self.rows() == list(range(5)), 20))


if __name__ == "__main__":
    harness.main()
