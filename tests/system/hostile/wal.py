"""Readers that keep the WAL from being cut: those of the service wait for a checkpoint
once, and where others hold it, writes are refused before it fills the disk."""

import contextlib
import sqlite3
import threading

import harness

MIB = 1 << 20
LIMITS = ("--sqlite.journal-size-limit=1MiB", "--sqlite.checkpoint-bytes=256KiB",
          "--sqlite.query-timeout=60s")
A_MEGABYTE = "INSERT INTO t VALUES (randomblob(1048576))"
# Reads the table, so that it has a snapshot, and takes some tenths of a second.
SLOW = ("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 1000000) "
        "SELECT max(i) + (SELECT count(*) FROM t) FROM n")


class Wal(harness.Case):
    def start_with_table(self, *options):
        service = self.start(*LIMITS, *options)
        self.assert_status(service.execute("CREATE TABLE t (x)"), 200)
        return service

    def trouble(self, service, name):
        return service.get("/health").json["troubles"][name]

    def alerts(self, service):
        return [x["id"] for x in service.get("/health").json["alerts"]]

    @contextlib.contextmanager
    def readers(self, service, count):
        """So many clients that read without a pause; tells how each was answered."""
        done = threading.Event()
        statuses = []

        def read():
            while not done.is_set():
                statuses.append(service.query(SLOW).status)
        clients = [threading.Thread(target=read) for _ in range(count)]
        for each in clients:
            each.start()
        try:
            yield statuses
        finally:
            done.set()
            for each in clients:
                each.join()

    def test_readers_that_overlap_without_end_let_the_wal_be_cut(self):
        service = self.start_with_table()
        with self.readers(service, 4) as statuses:
            longest = 0
            for _ in range(400):
                self.assert_status(service.execute(A_MEGABYTE), 200)
                now = service.wal_size()
                if now < longest and longest > 2 * MIB:
                    break
                longest = max(longest, now)
            else:
                self.fail(f"the WAL has grown to {longest} bytes and was not cut")
            self.assertGreater(self.trouble(service, "checkpoint-held-readers"), 0)
        self.assertEqual(set(statuses), {200})
        self.assert_clean_exit(service)

    def test_a_reader_of_another_program_has_writes_refused_and_not_the_disk_filled(self):
        service = self.start_with_table("--sqlite.max-wal-bytes=4MiB",
                                        "--sqlite.queue-interval=1h")
        with contextlib.closing(sqlite3.connect(self.data / "sluice.db",
                                                isolation_level=None)) as other:
            other.execute("BEGIN")
            other.execute("SELECT count(*) FROM t").fetchall()
            written = 0
            for _ in range(20):
                answer = service.execute(A_MEGABYTE)
                if answer.status != 200:
                    break
                written += 1
            self.assertIn("sqlite.max-wal-bytes",
                          self.assert_problem(answer, 507).json["detail"])
            self.assertLess(service.wal_size(), 8 * MIB)
            self.assertIn("database-wal-full", self.alerts(service))
            # Queued SQL waits, and what only reads goes on.
            self.assert_status(service.post("/v1/db/execute?queue=true",
                                            {"sql": A_MEGABYTE}), 202)
            self.assertGreater(service.post("/v1/db/flush").status, 499)
            self.assertEqual(service.query("SELECT count(*) FROM t").json["rows"],
                             [[written]])
        self.assert_status(service.execute(A_MEGABYTE), 200)
        self.assert_status(service.post("/v1/db/flush"), 200)
        self.assertEqual(service.query("SELECT count(*) FROM t").json["rows"],
                         [[written + 2]])
        self.assertNotIn("database-wal-full", self.alerts(service))
        self.assert_clean_exit(service)

    def test_a_transaction_larger_than_the_bound_is_taken_and_others_after_it(self):
        service = self.start_with_table("--sqlite.max-wal-bytes=4MiB")
        many = [{"sql": A_MEGABYTE}] * 8
        for _ in range(3):
            self.assert_status(
                service.post("/v1/db/transaction", {"statements": many}), 200)
        self.assertEqual(service.query("SELECT count(*) FROM t").json["rows"], [[24]])


if __name__ == "__main__":
    harness.main()
