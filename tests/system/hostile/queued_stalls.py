"""Queued SQL that never ends, or that the database will never take, does not hold up what
is queued behind it: neither while the service runs, nor at start after start."""

import contextlib
import json
import signal
import sqlite3

import harness
from proof.trouble import TroubleCase

SLOW = ("--sqlite.queue-interval=1h", "--shutdown.deadline=1s")
BRIEF = ("--sqlite.query-timeout=200ms", "--sqlite.queue-interval=1h")
ENDLESS = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) "
# Each would run for ever, or for hours.
KINDS = (
    "INSERT INTO t " + ENDLESS + "SELECT max(n) FROM c",
    "INSERT INTO t " + ENDLESS + "SELECT n FROM c",
    "INSERT INTO t " + ENDLESS + "SELECT sum(length(zeroblob(n))) FROM c WHERE n < 0",
    "INSERT INTO looping VALUES (1)",
    "UPDATE t SET x = (SELECT count(*) FROM endless)",
    "DELETE FROM t WHERE x IN (" + ENDLESS + "SELECT a.n FROM c AS a, c AS b)",
    "CREATE TABLE copied AS SELECT * FROM endless",
    "INSERT OR ROLLBACK INTO t " + ENDLESS + "SELECT max(n) FROM c")
# What the database refuses in words that sound as if it were busy.
LOCKED = (
    "UPDATE r SET a = (SELECT b FROM r AS other WHERE other.id = r.id)",
    "INSERT INTO r VALUES (8, 1, 2), (9, 1, 2) RETURNING (SELECT id FROM r)",
    "DELETE FROM r WHERE EXISTS (SELECT 1 FROM r AS other WHERE other.a <= r.b)")


class QueuedStalls(TroubleCase):
    def prepare(self, *options):
        service = self.start(*options)
        for sql in ("CREATE TABLE t (x)", "CREATE TABLE looping (x)",
                    "CREATE VIEW endless AS " + ENDLESS + "SELECT n FROM c",
                    "CREATE TRIGGER loop AFTER INSERT ON looping BEGIN "
                    "INSERT INTO t SELECT n FROM endless; END",
                    "CREATE VIRTUAL TABLE r USING rtree(id, a, b)",
                    "INSERT INTO r VALUES (1, 1, 2), (2, 1, 2)"):
            self.assert_status(service.execute(sql), 200)
        return service

    def queue_between(self, service, statements):
        """Each of these with an innocent before it, and one behind all."""
        for n, sql in enumerate(statements):
            self.assert_ok(self.queue(service, "INSERT INTO t VALUES (?)", f"row {n}"))
            self.assert_ok(self.queue(service, sql))
        self.assert_ok(self.queue(service, "INSERT INTO t VALUES ('last')"))
        return [f"row {n}" for n in range(len(statements))] + ["last"]

    def letters(self):
        lines = (self.data / "dead-letter.ndjson").read_text().splitlines()
        return [json.loads(line) for line in lines]

    def assert_set_aside(self, statements, words):
        letters = self.letters()
        self.assertEqual([each["sql"] for each in letters], list(statements))
        for each in letters:
            self.assertIn(words, each["error"])

    # -- at the start ------------------------------------------------------------------

    def stalls(self, number):
        """A start that gets no further, and is ended by whoever watches it."""
        service = self.launch(*SLOW, env=harness.preloaded(
            "die_at", DIE_AT_PATH="sluice.db", DIE_AT_TEXT="fatal", DIE_AT_STALLS="1"))
        self.assertFalse(harness.wait_until(
            lambda: harness.READY.search(service.log()), 1.5))
        service.signal(number)
        service.wait()

    def set_aside_after(self, *numbers):
        service = self.prepare(*SLOW)
        expected = []
        for x in ("a", "b", "fatal", "c", "d"):
            self.assert_ok(self.queue(service, "INSERT INTO t VALUES (?)", x))
            expected += [x] if x != "fatal" else []
        self.assert_status(service.post_text("/v1/logs/app", "line\n"), 202)
        service.kill()
        for number in numbers:
            self.stalls(number)
        third = self.start(*SLOW)
        self.assert_rows(third, "t", expected)
        letter, = self.letters()
        self.assertEqual(letter["params"], ["fatal"])
        self.assertIn(f"died {len(numbers)} times", letter["error"])
        self.assertEqual(third.log_file("app"), b"line\n")
        self.assert_alert(third, "sql-dead-letters")
        self.assert_ok(self.queue(third, "INSERT INTO t VALUES ('new')"))
        self.assert_rows(third, "t", [*expected, "new"])

    def test_queued_sql_that_stalls_two_starts_is_set_aside_by_the_third(self):
        self.set_aside_after(signal.SIGKILL, signal.SIGKILL)

    def test_it_does_not_matter_how_the_starts_are_ended(self):
        self.set_aside_after(signal.SIGABRT, signal.SIGSEGV)

    def test_one_stall_sets_nothing_aside(self):
        service = self.prepare(*SLOW)
        for x in ("a", "fatal", "b"):
            self.assert_ok(self.queue(service, "INSERT INTO t VALUES (?)", x))
        service.kill()
        self.stalls(signal.SIGKILL)
        second = self.start(*SLOW)
        self.assert_rows(second, "t", ["a", "fatal", "b"])
        self.assert_green(second)

    def test_what_only_waits_for_the_database_is_not_suspected(self):
        service = self.prepare(*SLOW)
        for x in ("a", "b", "c"):
            self.assert_ok(self.queue(service, "INSERT INTO t VALUES (?)", x))
        service.kill()
        with contextlib.closing(sqlite3.connect(self.data / "sluice.db",
                                                isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            for _ in range(3):
                waiting = self.launch(*SLOW, "--sqlite.busy-timeout=1h")
                self.assertFalse(harness.wait_until(
                    lambda: harness.READY.search(waiting.log()), 1.5))
                waiting.kill()
            other.execute("ROLLBACK")
        last = self.start(*SLOW)
        self.assert_rows(last, "t", ["a", "b", "c"])
        self.assert_green(last)
        self.assertFalse((self.data / "dead-letter.ndjson").exists())

    # -- past its limit ----------------------------------------------------------------

    def assert_endless_is_passed(self, service, expected):
        rows = service.query("SELECT x FROM t ORDER BY rowid").json["rows"]
        self.assertEqual([x for x, in rows], expected)
        self.assert_set_aside(KINDS, "ran over its time limit")

    def test_queued_sql_without_end_is_ended_and_the_rest_is_applied(self):
        service = self.prepare(*BRIEF)
        expected = self.queue_between(service, KINDS)
        self.assert_status(service.post("/v1/db/flush"), 200)
        self.assert_endless_is_passed(service, expected)
        self.assert_ok(service.execute("INSERT INTO t VALUES ('direct')"))

    def test_a_start_passes_queued_sql_without_end(self):
        service = self.prepare(*BRIEF)
        expected = self.queue_between(service, KINDS)
        service.kill()
        second = self.start(*BRIEF)
        self.assert_endless_is_passed(second, expected)
        self.assert_clean_exit(second)

    # -- what will never be taken ------------------------------------------------------

    def test_queued_sql_that_will_never_be_taken_keeps_nobody_waiting(self):
        service = self.prepare(*BRIEF)
        expected = self.queue_between(service, LOCKED)
        self.assert_status(service.post("/v1/db/flush"), 200)
        self.assert_rows(service, "t", expected)
        self.assert_set_aside(LOCKED, "locked")
        for sql in LOCKED:
            self.assert_problem(service.execute(sql), 422)


if __name__ == "__main__":
    harness.main()
