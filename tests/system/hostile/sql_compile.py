"""SQL that takes its time where SQLite's machine does not run: while it is compiled,
while a full text's index is merged at the commit, while a whole table's pages are freed.
It is ended within its limit too, and what programs usually do is not in the way."""

import time

import harness

LIMIT = "--sqlite.query-timeout=300ms"
SHORT = "--sqlite.query-timeout=10ms"
NO_LIMIT = ("--sqlite.query-timeout=300s", "--sqlite.max-memory-bytes=1GiB")

# Far past the limit and the looks between, and far from what the attacks took: minutes.
ENDED_SECONDS_MAX = 20
COLUMNS = 1990
TABLES = 64


def alike(i):
    """A name that SQLite tells from the others only by its last characters."""
    digits = f"{i:06d}"
    return "a" * 40 + digits + "".join(str(9 - int(x)) for x in digits)


def wide_table(name, column):
    return f"CREATE TABLE {name} ({', '.join(column(i) for i in range(COLUMNS))})"


def many(text, n, between=", "):
    return between.join([text] * n)


def aliases(table):
    return ", ".join(f"{table} AS t{i}" for i in range(TABLES))


def tree(n, between, leaf):
    """An expression of n leaves that is as flat as can be."""
    parts = [leaf(i) for i in range(n)]
    while len(parts) > 1:
        parts = [f"({between.join(parts[i:i + 2])})" for i in range(0, len(parts), 2)]
    return parts[0]


UNFOUND = '"' + alike(999_999) + '"'
QUOTED = f"SELECT 1 FROM {aliases('w')} WHERE 1 IN ({many(UNFOUND, 7000)})"
SCHEMA = (
    wide_table("w", alike),
    *(wide_table(f"w{i}", lambda k, i=i: alike(k).replace("a", chr(98 + i)))
      for i in range(6)),
    "CREATE TABLE j (" + ", ".join(f"c{i}" for i in range(60)) + ")",
    *(f"CREATE INDEX j{i} ON j (c{i}, c{(i + 1) % 60})" for i in range(60)),
    "CREATE VIEW v0 AS SELECT 1 AS x",
    *(f"CREATE VIEW v{i} AS SELECT a.x FROM v{i - 1} a JOIN v{i - 1} b"
      for i in range(1, 30)),
)

# Each kept the writer for longer than its limit, or could have.
COMPILED = (
    QUOTED,
    f"SELECT 1 FROM ({aliases('w')}) WHERE 1 IN ({many(UNFOUND, 7000)})",
    "SELECT $a('), " + QUOTED.replace("SELECT 1", "$b(')", 1),
    "SELECT 1 FROM " + " NATURAL JOIN ".join(f"w{i % 6} AS t{i}" for i in range(60)),
    f"SELECT 1 FROM {aliases('w')} WHERE 1 IN ("
    + many(f"t63.{alike(COLUMNS - 1)}", 7000) + ")",
    f"SELECT 1 FROM {aliases('j')} WHERE "
    + tree(32768, " AND ",
           lambda i: f"t{i % 64}.c{i % 60} = t{(i + 1) % 64}.c{(i + 1) % 60}"),
    "SELECT x FROM v29",
    "WITH c0(x) AS (SELECT 1), " + ", ".join(
        f"c{i}(x) AS (SELECT a.x FROM c{i - 1} a, c{i - 1} b)" for i in range(1, 30))
    + " SELECT x FROM c29",
)

LONG_VIEW = "CREATE VIEW v AS SELECT 1 FROM t WHERE 1 IN (" + many("x", 200_000) + ")"

NAMES = ", ".join(f"t{i % 20}.c{i}" for i in range(500))
USUAL = (
    "CREATE TABLE wide (" + ", ".join(f"column_{i} TEXT NOT NULL DEFAULT ''"
                                      for i in range(2000)) + ")",
    "CREATE TRIGGER g AFTER INSERT ON w BEGIN "
    + many("UPDATE u SET a = new.c1 WHERE b = new.c2 AND a IS NOT new.c3; ", 300, "")
    + "END",
    "UPDATE u SET b = CASE a " + " ".join(f"WHEN {i} THEN 'x{i}'" for i in range(5000))
    + " END WHERE a IN (" + ", ".join(map(str, range(50_000))) + ")",
    "DELETE FROM u WHERE " + " OR ".join(f"(a = {i} AND b = 'x{i}')" for i in range(900)),
    "DELETE FROM u WHERE b IN (" + ", ".join(f"'name {i}'" for i in range(50_000)) + ")",
    f"INSERT INTO u (a) SELECT 1 FROM (SELECT {NAMES} FROM w AS t0 " + " ".join(
        f"LEFT JOIN w AS t{i} ON t{i}.c0 = t0.c0" for i in range(1, 20)) + ")",
    "INSERT INTO u (a) SELECT 1 FROM u " + " ".join(
        f"NATURAL JOIN u AS u{i}" for i in range(6)),
    "INSERT INTO u (a) SELECT 1 " + many("UNION ALL SELECT a FROM u WHERE a IS DISTINCT "
                                         "FROM 'x'", 400, " "),
    "INSERT INTO u (a, b) VALUES " + many("(12345, 'a text of some length')", 20_000),
    "INSERT INTO u (a, b) VALUES " + many("(datetime('now'), \"so\")", 5_000),
)


class SqlCompile(harness.Case):
    def made(self, statements, limit=LIMIT):
        """A service with a limit, on a database in which these were run without one."""
        service = self.start(*NO_LIMIT)
        self.assert_status(service.execute("CREATE TABLE t (x)"), 200)
        refused = [x for x in statements if service.execute(x).status != 200]
        service.stop()
        return self.start(limit), refused

    def assert_ended(self, call):
        begun = time.monotonic()
        answer = call()
        self.assertLess(time.monotonic() - begun, ENDED_SECONDS_MAX, answer.body[:200])
        return self.assert_problem(answer, 422).json["detail"]

    def assert_serves(self, service):
        self.assert_status(service.query("SELECT 1"), 200)
        self.assert_status(service.execute("INSERT INTO t (x) VALUES (1)"), 200)
        self.assert_status(service.get("/health/ready"), 200)

    def test_nothing_is_compiled_past_the_limit(self):
        service, refused = self.made(SCHEMA)
        self.assertEqual(refused, [])
        for sql in COMPILED:
            for call in (lambda sql=sql: service.execute(f"INSERT INTO t {sql}"),
                         lambda sql=sql: service.query(sql)):
                detail = self.assert_ended(call)
                self.assertRegex(
                    detail, "time limit|too many (names|references)|more memory")
        self.assert_serves(service)

    def test_a_view_that_no_rename_gets_through_is_refused(self):
        service = self.start(LIMIT)
        self.assert_status(service.execute("CREATE TABLE t (x)"), 200)
        detail = self.assert_ended(lambda: service.execute(LONG_VIEW))
        self.assertIn("too many names", detail)
        self.assert_status(service.execute("ALTER TABLE t RENAME COLUMN x TO y"), 200)

    def test_large_statements_of_the_usual_kinds_are_compiled(self):
        service = self.start(*NO_LIMIT)
        self.assert_status(service.execute("CREATE TABLE u (a, b)"), 200)
        self.assert_status(service.execute(
            "CREATE TABLE w (" + ", ".join(f"c{i}" for i in range(500)) + ")"), 200)
        for sql in USUAL:
            self.assertEqual(service.execute(sql).status, 200, sql[:60])

    def test_what_tells_of_matches_for_hours_is_not_for_the_writer(self):
        service = self.start()
        for sql in ("CREATE TABLE t (x)", "CREATE VIRTUAL TABLE f USING fts4(x)",
                    "INSERT INTO f VALUES ('a b')"):
            self.assert_status(service.execute(sql), 200)
        for what in ("snippet(f)", "offsets(f)", "matchinfo(f, 'x')"):
            sql = f"SELECT {what} FROM f WHERE f MATCH 'a'"
            self.assert_status(service.query(sql), 200)
            detail = self.assert_ended(lambda: service.execute(f"INSERT INTO t {sql}"))
            self.assertIn("only be used in a query", detail)
        self.assert_serves(service)

    def test_the_merges_of_a_full_text_have_the_limit_of_their_request(self):
        words = ("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT "
                 "300) INSERT INTO f SELECT group_concat(hex(randomblob(4)), ' ') FROM "
                 "n, n AS m GROUP BY n.i")
        service, refused = self.made((
            "CREATE VIRTUAL TABLE f USING fts5(x, detail=none)",
            "INSERT INTO f(f, rank) VALUES ('automerge', 0)",
            "INSERT INTO f(f, rank) VALUES ('crisismerge', 1000)",
            *[words] * 14, "INSERT INTO f(f, rank) VALUES ('crisismerge', 2)"), SHORT)
        self.assertEqual(refused, [])
        detail = self.assert_ended(lambda: service.execute("INSERT INTO f VALUES ('a')"))
        self.assertIn("time limit", detail)
        self.assert_serves(service)

    def test_what_goes_through_all_pages_has_a_limit_too(self):
        blobs = ("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT "
                 "100000) INSERT INTO large SELECT randomblob(900) FROM n")
        service, refused = self.made(("CREATE TABLE large (x)", blobs, blobs), SHORT)
        self.assertEqual(refused, [])
        for way, sql in ((service.query, "PRAGMA integrity_check"),
                         (service.execute, "PRAGMA integrity_check"),
                         (service.execute, "DELETE FROM large"),
                         (service.execute, "DROP TABLE large")):
            for _ in range(4):
                detail = self.assert_ended(lambda way=way, sql=sql: way(sql))
                self.assertIn("time limit", detail)
        self.assertEqual(service.query("SELECT x IS NOT NULL FROM large LIMIT 1").status,
                         200)


if __name__ == "__main__":
    harness.main()
