"""Queued SQL that looks like a fault of the disk, or of the machine, and is its own."""

import harness

LAST_NUMBER = 2**63 - 1
PATH_BYTES = 7_500_000
LETTERS = 12
LETTERS_BYTES_MAX = 1_000_000


class Poison(harness.Case):
    def queue(self, service, sql):
        self.assert_ok(service.post("/v1/db/execute?queue=true", {"sql": sql}))

    def assert_goes_on(self, service, poison, letters=1, seconds=10):
        """What is queued behind is applied, and the poison is set aside."""
        self.assert_ok(service.execute("CREATE TABLE innocent (x)"))
        for _ in range(letters):
            self.queue(service, poison)
        self.queue(service, "INSERT INTO innocent VALUES (1)")
        self.assertTrue(harness.wait_until(
            lambda: service.query("SELECT * FROM innocent").json["rows"] == [[1]],
            seconds), service.get("/health").text)
        self.assertEqual(service.get("/health/ready").status, 200)
        lines = (self.data / "dead-letter.ndjson").read_bytes().splitlines()
        self.assertEqual(len(lines), letters)

    def test_a_table_that_has_no_number_left_is_no_full_disk(self):
        service = self.start("--sqlite.query-timeout=2s")
        self.assert_ok(service.execute(
            "CREATE TABLE full (i INTEGER PRIMARY KEY AUTOINCREMENT)"))
        self.assert_ok(service.execute(f"INSERT INTO full VALUES ({LAST_NUMBER})"))
        self.assert_problem(service.execute("INSERT INTO full VALUES (NULL)"), 422)
        self.assert_goes_on(service, "INSERT INTO full VALUES (NULL)")

    def test_a_block_larger_than_sqlite_takes_is_no_want_of_memory(self):
        service = self.start()
        columns = ",".join(f"c{n}" for n in range(300))
        self.assert_ok(service.execute(
            f"CREATE VIRTUAL TABLE words USING fts4({columns})"))
        self.assert_ok(service.execute("INSERT INTO words (c0) VALUES ('a a a')"))
        self.assert_goes_on(
            service, "INSERT INTO innocent SELECT hex(matchinfo(words, "
            f"'{'x' * 30_000}')) FROM words WHERE words MATCH 'a a a a a a a a a a'")

    def test_what_an_error_quotes_makes_no_large_dead_letter(self):
        service = self.start()
        self.assert_goes_on(
            service, "INSERT INTO innocent SELECT json_extract('{}', "
            f"hex(zeroblob({PATH_BYTES})))", LETTERS, seconds=60)
        self.assertLess((self.data / "dead-letter.ndjson").stat().st_size,
                        LETTERS_BYTES_MAX)

    def test_rows_that_a_migration_would_orphan_are_told_by_one(self):
        service = self.start()
        name = "t" * 100_000
        answer = service.post("/v1/db/transaction", {"statements": [
            {"sql": "PRAGMA foreign_keys = OFF"},
            {"sql": f"CREATE TABLE {name} (a REFERENCES nowhere)"},
            {"sql": "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c "
                    f"LIMIT 5000) INSERT INTO {name} SELECT i FROM c"}]})
        self.assert_problem(answer, 422)
        self.assertLess(len(answer.text), 1000)

    def test_nobody_reads_what_others_ask(self):
        service = self.start()
        for table in ("sqlite_stmt", "sqlite_dbpage"):
            self.assert_problem(service.query(f"SELECT * FROM {table}"), 422)
        for sql in ("ANALYZE sluice_sync", ";ANALYZE sluice_sync",
                    "\ufeffANALYZE sluice_sync", " ; ; ANALYZE main.sluice_sync"):
            self.assert_problem(service.execute(sql), 422)


if __name__ == "__main__":
    harness.main()
