"""Schemas that would eat everybody's memory: they are refused as they are made, and what
others have made is told and served. Names of columns are paid for like values."""

import contextlib
import sqlite3
import threading

import attack
import harness

LARGE = "database-schema-large"
ALLOWED_KIB = 8 * 1024
# The writer, and the readers by default.
CONNECTIONS = 3
# What waits for its readers, what SQLite holds of the names, and one answer.
NAMES_KIB = 320 * 1024
# Pages, statements and schemas of the readers, and what waits to be given back.
KEPT_KIB = 96 * 1024
# Caches, and what one request takes for a moment.
SLACK_KIB = 48 * 1024


def large_view(name, columns=1000):
    """A view of 500 KB of text that takes some fifteen megabytes once it is parsed."""
    column = "+".join(["1"] * 250)
    return f"CREATE VIEW {name} AS SELECT " + ",".join([column] * columns) + " FROM t"


class SqlSchema(harness.Case):
    def start_with_table(self, *options):
        service = self.start(*options)
        self.assert_status(service.execute("CREATE TABLE t (x)"), 200)
        return service

    def assert_serves(self, service):
        for _ in range(2 * CONNECTIONS):
            self.assert_status(service.query("SELECT count(*) FROM t"), 200)
        self.assert_status(service.execute("INSERT INTO t VALUES (1)"), 200)
        self.assert_status(service.get("/health/ready"), 200)

    def assert_too_large(self, answer):
        problem = self.assert_problem(answer, 422).json
        self.assertEqual(problem["code"], "too-large", problem)
        return problem["detail"]

    def grow(self, service, make):
        """Makes it ever larger until it is refused; returns what is said then."""
        for n in range(300):
            answer = make(n)
            if answer.status != 200:
                return self.assert_too_large(answer)
        return self.fail("nothing was refused")

    # -- the schema --------------------------------------------------------------------

    def test_a_schema_past_its_limit_is_refused_and_everybody_is_served(self):
        service = self.start_with_table()
        self.assert_serves(service)
        before = attack.memory_kib(service)
        for n in range(6):
            detail = self.assert_too_large(service.execute(large_view(f"v{n}")))
            self.assertIn("sqlite.max-memory-bytes", detail)
        self.assert_serves(service)
        self.assertLess(attack.growth_kib(service, before), SLACK_KIB)
        views = service.query("SELECT name FROM sqlite_schema WHERE type = 'view'")
        self.assertEqual(views.json["rows"], [])

    def test_many_small_changes_make_no_large_schema(self):
        service = self.start_with_table()
        before = attack.memory_kib(service)
        detail = self.grow(service, lambda n: service.execute(large_view(f"v{n}", 40)))
        self.assertIn("sqlite.max-memory-bytes", detail)
        self.assert_serves(service)
        self.assertLess(attack.growth_kib(service, before),
                        CONNECTIONS * ALLOWED_KIB + SLACK_KIB)
        # What makes room is possible, and then there is room.
        self.assert_status(service.execute("DROP VIEW v0"), 200)
        self.assert_status(service.execute(large_view("v0", 40)), 200)

    def test_queued_changes_of_the_schema_have_the_same_limit(self):
        service = self.start_with_table("--sqlite.queue-interval=1h")
        for sql in (large_view("v"), "INSERT INTO t VALUES ('behind')"):
            self.assert_status(
                service.post("/v1/db/execute?queue=true", {"sql": sql}), 202)
        self.assert_status(service.post("/v1/db/flush"), 200)
        self.assertEqual(service.query("SELECT x FROM t").json["rows"], [["behind"]])
        letters = (self.data / "dead-letter.ndjson").read_text()
        self.assertIn("sqlite.max-memory-bytes", letters)

    def test_a_large_schema_that_others_made_is_told_and_everybody_is_served(self):
        service = self.start_with_table()
        self.assert_serves(service)
        with contextlib.closing(sqlite3.connect(self.data / "sluice.db")) as other:
            for n in range(6):
                other.execute(large_view(f"v{n}"))
            other.commit()
        self.assert_serves(service)
        self.assertIn(LARGE, self.alerts(service))
        self.assert_too_large(service.execute("CREATE TABLE another (x)"))
        self.assert_serves(service)
        self.assert_clean_exit(service)
        service = self.start()
        self.assert_serves(service)
        self.assertIn(LARGE, self.alerts(service))
        for n in range(6):
            self.assert_status(service.execute(f"DROP VIEW v{n}"), 200)
        self.assert_serves(service)
        self.assertNotIn(LARGE, self.alerts(service))

    def alerts(self, service):
        return [x["id"] for x in service.get("/health").json["alerts"]]

    # -- what a connection keeps -------------------------------------------------------

    def test_a_view_that_grows_leaves_no_large_statements_behind(self):
        service = self.start_with_table()
        queries = [f"SELECT * FROM v WHERE {n} = {n}" for n in range(60)]
        self.assert_status(service.execute("CREATE VIEW v AS SELECT x FROM t"), 200)
        for sql in 2 * queries:
            self.assert_status(service.query(sql), 200)
        self.assert_status(service.execute("DROP VIEW v"), 200)
        self.assert_status(service.execute(large_view("v", 300)), 200)
        before = attack.memory_kib(service)
        for sql in 2 * queries:
            self.assertIn(service.query(sql).status, (200, 422))
        self.assertLess(attack.growth_kib(service, before), KEPT_KIB)

    def test_what_virtual_tables_keep_is_bounded(self):
        service = self.start_with_table()
        with contextlib.closing(sqlite3.connect(self.data / "sluice.db")) as other:
            for n in range(20):
                other.execute(f"CREATE VIRTUAL TABLE f{n} USING fts5(x)")
                other.execute(f"INSERT INTO f{n}(f{n}, rank) VALUES ('rank', ?)",
                              ["bm25(" + ",".join(["1.0"] * 2_000_000) + ")"])
            other.commit()
        self.assert_serves(service)
        before = attack.memory_kib(service)
        for n in 2 * list(range(20)):
            answer = service.query(f"SELECT rowid FROM f{n} WHERE f{n} MATCH 'a'")
            self.assertIn(answer.status, (200, 422))
        self.assertLess(attack.growth_kib(service, before), KEPT_KIB)
        self.assert_serves(service)

    # -- names of columns --------------------------------------------------------------

    def test_names_of_columns_are_part_of_what_an_answer_may_be(self):
        service = self.start_with_table()
        self.assert_serves(service)
        columns = ",".join(["*"] * 1900)
        sql = f"SELECT {columns} FROM (SELECT 1 AS {'n' * 7000})"
        answers = []
        clients = [threading.Thread(target=lambda: answers.append(
            service.post("/v1/db/query?rows=objects", {"sql": sql}))) for _ in range(64)]
        before = attack.forget_peak(service)
        for each in clients:
            each.start()
        for each in clients:
            each.join()
        self.assertLess(attack.peak_growth_kib(service, before), NAMES_KIB)
        self.assertLessEqual({x.status for x in answers}, {413, 429})
        self.assert_serves(service)


if __name__ == "__main__":
    harness.main()
