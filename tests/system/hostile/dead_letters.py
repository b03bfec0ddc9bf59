"""SQL that the database refuses, more of it than its file may hold: the file stops
growing, nothing is thrown away, and a file of any size is read a slice at a time."""

import json

import attack
import harness

LIMIT = 64 * 1024
LETTER_BYTES = 4000
BAD = 100
GROWTH_MAX_KIB = 64 * 1024


class DeadLetters(harness.Case):
    def queue(self, service, sql, *params):
        self.assert_status(service.post("/v1/db/execute?queue=true",
                                        {"sql": sql, "params": list(params)}), 202)

    def take(self, path):
        """Deals with what is there, and moves it away."""
        lines = path.read_text().splitlines()
        self.assertLess(path.stat().st_size, LIMIT + 2 * LETTER_BYTES)
        path.unlink()
        return lines

    def test_one_batch_of_refused_sql_stops_at_the_bound_and_nothing_is_lost(self):
        service = self.start(f"--sqlite.max-dead-letter-bytes={LIMIT}",
                             "--sqlite.queue-interval=1h")
        self.assert_status(service.execute("CREATE TABLE t (x)"), 200)
        path = self.data / "dead-letter.ndjson"
        for n in range(BAD):
            self.queue(service, "INSERT INTO nowhere VALUES (?, ?)", n,
                       "x" * LETTER_BYTES)
            self.queue(service, "INSERT INTO t VALUES (?)", n)
        seen = []
        while (answer := service.post("/v1/db/flush")).status != 200:
            problem = self.assert_problem(answer, 507).json
            self.assertIn("sqlite.max-dead-letter-bytes", problem["detail"])
            alerts = [x["id"] for x in service.get("/health").json["alerts"]]
            self.assertIn("sql-queue-write-failed", alerts)
            # What came before the write that waits is in.
            done = service.query("SELECT count(*) FROM t").json["rows"][0][0]
            seen += self.take(path)
            self.assertEqual(done, len(seen))
        seen += self.take(path)
        self.assertEqual([json.loads(x)["params"][0] for x in seen], list(range(BAD)))
        self.assertEqual(service.query("SELECT count(*) FROM t").json["rows"], [[BAD]])

    def test_a_file_of_any_size_holds_up_no_queue(self):
        options = ("--sqlite.max-dead-letter-bytes=8GiB", "--sqlite.queue-interval=1h")
        service = self.start(*options)
        self.assert_status(service.execute("CREATE TABLE t (x)"), 200)
        self.assert_clean_exit(service)
        with open(self.data / "dead-letter.ndjson", "wb") as file:
            file.truncate(1200 << 20)
            file.seek(0, 2)
            file.write(b"\n")
        service = self.start(*options)
        before = attack.forget_peak(service)
        self.queue(service, "INSERT INTO t VALUES (1)")
        self.queue(service, "INSERT INTO nowhere VALUES (1)")
        self.assert_status(service.post("/v1/db/flush"), 200)
        self.assertEqual(service.query("SELECT count(*) FROM t").json["rows"], [[1]])
        self.assertLess(attack.peak_growth_kib(service, before), GROWTH_MAX_KIB)


if __name__ == "__main__":
    harness.main()
