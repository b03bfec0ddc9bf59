"""SQL that would take all the time or all the memory there is: it is ended within its
limits, others are served meanwhile, and what was taken is given back."""

import contextlib
import json
import pathlib
import sqlite3
import threading
import time

import harness
from attack import memory_kib

TIMEOUT = "--sqlite.query-timeout=300ms"

# Far past the limit and the looks between, and far from what the attacks took: hours.
ENDED_SECONDS_MAX = 20
MEMORY_MIB = 64
PEAK_GROWTH_MAX_KIB = 256 * 1024
KEPT_TIMES_MAX = 1.2

SLOW = "it runs out of time before it runs out of memory"
A_MEGABYTE = "hex(zeroblob(524288))"
LONG = "hex(zeroblob(8000000))"
MANY_MEMBERS = "'{' || replace(hex(zeroblob(400000)), '00', '\"a\":1,') || '\"b\":1}'"
SECOND = ("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT {}) "
          "SELECT max(i) + ? FROM n")

# Each keeps SQLite within one function, which no limit of SQLite's own ends.
ENDLESS = (
    f"instr({LONG}, hex(zeroblob(4000000)) || '1')",
    "instr(zeroblob(16000000), zeroblob(8000000) || x'01')",
    f"replace({LONG}, hex(zeroblob(4000000)) || '1', 'x')",
    f"{LONG} LIKE '%' || hex(zeroblob(20000)) || '1'",
    f"{LONG} LIKE '%' || replace(hex(zeroblob(2000)), '00', '_%') || '1%' ESCAPE 'x'",
    f"like('%' || hex(zeroblob(20000)) || '1', {LONG})",
    f"{LONG} GLOB '*' || replace(hex(zeroblob(2000)), '00', '[0-9]') || '1'",
    f"trim({LONG}, replace(hex(zeroblob(1000000)), '00', 'ab') || '0')",
    f"rtrim({LONG}, replace(hex(zeroblob(1000000)), '00', 'ab') || '0')",
    f"ltrim({LONG}, replace(hex(zeroblob(1000000)), '00', 'ab') || '0')",
    f"json_patch({MANY_MEMBERS}, replace({MANY_MEMBERS}, 'a', 'c'))",
)

VALUES = ", ".join(f"({x})" for x in (
    "NULL", "''", "'a'", "'abc'", "'ABCabc'", "'aXbXc'", "'ä'", "'aä b€'", "x''", "x'00'",
    "x'616263'", "x'c3'", "CAST(x'c3a4c3' AS TEXT)", "CAST(x'80a4' AS TEXT)",
    "CAST(x'f8808080e4ed' AS TEXT)", "CAST(x'610062' AS TEXT)", "12345", "1.5",
    "'  a b  '", "'%a_'", "'[a-c]*'", "'a]b[^c'", "'XX'", "'_ä%'", "'*b?'", "'a%%_c'",
    "'[^a]*[b-]'", "'[]]'", "'[]-a]*'", "'\\%a\\_'", "'\\'", "'[a'", "'[^'", "'aaab'",
    "'%aab'", "'*[!]'", "'%'", "'*'", "'_'", "'?'", "char(65534, 97)", "'a%b%c'",
    "'aabbcc'", "'*a*b*c'", "'%\\%%'", "'50%'"))

PAIRS = "FROM v AS a, v AS b ORDER BY a.rowid, b.rowid"
SAME = (
    *(f"SELECT hex(quote({name}(a.x, b.x))) {PAIRS}"
      for name in ("instr", "trim", "ltrim", "rtrim", "like", "glob")),
    *(f"SELECT hex(quote({name}(x))) FROM v ORDER BY rowid"
      for name in ("trim", "ltrim", "rtrim")),
    *(f"SELECT hex(quote(a.x LIKE b.x ESCAPE {x})) {PAIRS}"
      for x in ("NULL", "'\\'", "'%'", "'_'", "'a'", "'ä'")),
    *(f"SELECT hex(quote(replace(a.x, b.x, {x}))) {PAIRS}"
      for x in ("NULL", "''", "'-'", "'abab'", "5", "x'61'")),
    *(f"SELECT json_patch({a}, {b}), json_array(json_patch({a}, {b}))"
      for a in ("NULL", "'{}'", "'{\"a\":1,\"b\":[1,2]}'", "'[1]'", "5")
      for b in ("NULL", "'{}'", "'{\"a\":null,\"c\":{\"d\":null}}'", "'7'")),
)

SNIPPET = "SELECT snippet(f, 0, '<', '>', '', 64) FROM f WHERE f MATCH 'a'"

GREEDY = (
    "SELECT randomblob(900000000), randomblob(900000000), randomblob(900000000)",
    "SELECT length(hex(zeroblob(400000000)))",
    "SELECT length(printf('%.*c', 900000000, 'x'))",
    "SELECT length(group_concat(x, '')) FROM (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL "
    "SELECT i + 1 FROM n LIMIT 4000) SELECT hex(zeroblob(262144)) AS x FROM n)",
    "SELECT length(json_group_array(x)) FROM (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL "
    "SELECT i + 1 FROM n LIMIT 4000) SELECT hex(zeroblob(262144)) AS x FROM n)",
    "SELECT json_array_length("
    "'[' || replace(hex(zeroblob(5000000)), '00', '1,') || '1]')",
    "SELECT " + ", ".join([f"{A_MEGABYTE} || {i}" for i in range(500)]),
)


class SqlLimits(harness.Case):
    def start_with_table(self, *options):
        service = self.start(*options)
        self.assert_status(service.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, x)"),
                           200)
        return service

    def assert_refused(self, answer, code):
        problem = self.assert_problem(answer, 422).json
        self.assertEqual(problem["code"], code, problem)
        return problem["detail"]

    def assert_ended(self, answer):
        self.assertIn(answer.status, (200, 422), answer.body[:200])

    def assert_serves(self, service):
        self.assert_status(service.query("SELECT 1"), 200)
        self.assert_status(service.execute("INSERT INTO t (x) VALUES (1)"), 200)
        self.assert_status(service.get("/health/ready"), 200)

    def timed(self, call):
        begun = time.monotonic()
        answer = call()
        self.assertLess(time.monotonic() - begun, ENDED_SECONDS_MAX, answer.body[:200])
        return answer

    def seconds_of_work(self, service):
        """SQL of one parameter that takes about a tenth of a second."""
        steps = 10_000
        while True:
            begun = time.monotonic()
            self.assert_status(service.query(SECOND.format(steps), 0), 200)
            if time.monotonic() - begun > 0.1:
                return SECOND.format(steps)
            steps *= 2

    # -- time --------------------------------------------------------------------------

    def test_no_function_keeps_a_reader_past_its_limit(self):
        service = self.start_with_table(TIMEOUT)
        for what in ENDLESS:
            self.assert_ended(self.timed(lambda sql=what: service.query(f"SELECT {sql}")))
        self.assert_serves(service)

    def test_no_function_keeps_the_writer_past_its_limit(self):
        service = self.start_with_table(TIMEOUT)
        for what in ENDLESS:
            self.assert_ended(self.timed(
                lambda sql=what: service.execute(f"INSERT INTO t (x) SELECT {sql}")))
        self.assert_serves(service)

    def test_a_function_past_the_limit_is_told_as_such(self):
        service = self.start_with_table(TIMEOUT)
        detail = self.assert_refused(service.query(f"SELECT {ENDLESS[3]}"), "refused")
        self.assertIn("time limit", detail)

    def test_a_long_program_does_not_keep_the_writer_past_its_limit(self):
        service = self.start_with_table()
        self.assert_status(service.execute(f"INSERT INTO t (x) VALUES ({LONG})"), 200)
        many = "max(" + ", ".join(["length(x)"] * 100) + ")"
        sql = "INSERT INTO t (x) SELECT max(" + ", ".join([many] * 100) + ") FROM t"
        self.assert_refused(self.timed(lambda: service.execute(sql)), "too-large")
        text = "x" * 15_000_000
        self.assert_status(service.execute(f"INSERT INTO t (x) VALUES ('{text}')"), 200)
        self.assert_serves(service)

    def test_the_limit_is_one_of_the_request_and_not_of_a_row(self):
        service = self.start_with_table("--sqlite.query-timeout=1s")
        work = self.seconds_of_work(service)
        insert = f"INSERT INTO t (x) {work}"
        rows = [[i] for i in range(100)]
        statements = [{"sql": insert, "params": row} for row in rows]
        returning = [{"sql": insert + " RETURNING x", "params": row} for row in rows]
        for path, value in (("batch", {"sql": insert, "rows": rows}),
                            ("transaction", {"statements": statements}),
                            ("transaction", {"statements": returning})):
            detail = self.assert_refused(service.post(f"/v1/db/{path}", value), "refused")
            self.assertIn("time limit", detail)
        self.assertEqual(service.query("SELECT count(*) FROM t").json["rows"], [[0]])

    def test_many_slow_queued_writes_do_not_hold_the_writer_together(self):
        service = self.start_with_table("--sqlite.query-timeout=1s",
                                        "--sqlite.queue-interval=1h")
        work = self.seconds_of_work(service)
        slow = 60
        for i in range(slow):
            self.assert_status(service.post(
                "/v1/db/execute?queue=true",
                {"sql": f"INSERT INTO t (x) {work}", "params": [i]}), 202)
        flush = threading.Thread(target=lambda: service.post("/v1/db/flush"))
        flush.start()
        try:
            time.sleep(0.1)
            self.assert_status(service.execute("INSERT INTO t (x) VALUES (-1)"), 200)
            done = service.query("SELECT count(*) FROM t").json["rows"][0][0]
            self.assertLess(done, slow, "the innocent write came last")
        finally:
            flush.join()
        self.assertEqual(service.query("SELECT count(*) FROM t").json["rows"],
                         [[slow + 1]])

    def start_with_matches(self, *options):
        """A document in which everything matches: its snippet takes hours."""
        service = self.start_with_table(*options)
        for sql in ("CREATE VIRTUAL TABLE f USING fts5(x)",
                    "INSERT INTO f SELECT replace(hex(zeroblob(400000)), '00', 'a ')"):
            self.assert_status(service.execute(sql), 200)
        return service

    def test_readers_that_nothing_ends_are_given_up_and_others_take_their_places(self):
        harness.skip_if_sanitized(SLOW)
        service = self.start_with_matches("--sqlite.query-timeout=2s",
                                          "--sqlite.busy-timeout=100ms")
        hung = [threading.Thread(target=lambda: self.assert_refused(
            service.query(SNIPPET), "refused")) for _ in range(2)]
        for each in hung:
            each.start()
        for each in hung:
            each.join()
        self.assert_serves(service)
        health = service.get("/health").json
        self.assertIn("sqlite-reader-given-up", [x["id"] for x in health["alerts"]])
        self.assertEqual(health["troubles"]["sqlite-reader-given-up"], 2)
        self.assert_clean_exit(service)

    def test_what_nothing_ends_is_not_for_the_writer(self):
        service = self.start_with_matches()
        detail = self.assert_refused(
            service.execute(f"INSERT INTO t (x) {SNIPPET}"), "refused")
        self.assertIn("only be used in a query", detail)
        self.assert_serves(service)

    def test_the_functions_give_what_those_of_sqlite_give(self):
        service = self.start_with_table("--sqlite.query-timeout=60s")
        table = f"CREATE TABLE v AS SELECT column1 AS x FROM (VALUES {VALUES})"
        self.assert_status(service.execute(table), 200)
        with contextlib.closing(sqlite3.connect(":memory:")) as plain:
            plain.execute(table)
            for sql in SAME:
                rows = [list(x) for x in plain.execute(sql)]
                self.assertEqual(service.query(sql).json["rows"], rows, sql)

    def test_the_functions_may_stand_in_a_schema(self):
        service = self.start_with_table()
        for sql in ("CREATE TABLE s (a, b AS (replace(a, 'x', 'y')), "
                    "CHECK (a NOT LIKE '%z'))",
                    "CREATE INDEX i ON s (instr(a, 'x'), trim(a)) WHERE a GLOB '*a*'",
                    "INSERT INTO s (a) VALUES ('xax')"):
            self.assert_status(service.execute(sql), 200)
        self.assertEqual(service.query("SELECT b FROM s").json["rows"], [["yay"]])
        self.assert_problem(service.execute("INSERT INTO s (a) VALUES ('az')"), 422)

    # -- memory ------------------------------------------------------------------------

    def peak_growth_kib(self, service, call):
        """By how much it grew while the call was in flight, looked at often."""
        before = memory_kib(service)
        peak = [before]
        done = threading.Event()

        def look():
            while not done.is_set():
                peak[0] = max(peak[0], memory_kib(service))
                time.sleep(0.002)
        looker = threading.Thread(target=look)
        looker.start()
        try:
            answer = call()
        finally:
            done.set()
            looker.join()
        return peak[0] - before, answer

    def assert_modest(self, service, sql, way):
        growth, answer = self.peak_growth_kib(service, lambda: way(sql))
        # SQLite's own printf gives NULL for what would be too large.
        if answer.status != 200 or answer.json.get("rows") not in (None, [[None]]):
            self.assertIn(self.assert_problem(answer, 422).json["code"],
                          ("too-large", "refused"))
        if not harness.sanitized():
            self.assertLess(growth, PEAK_GROWTH_MAX_KIB, sql[:100])

    def assert_given_back(self, service, before):
        if harness.sanitized():
            return
        self.assertTrue(
            harness.wait_until(lambda: memory_kib(service) < before * KEPT_TIMES_MAX, 60),
            (before, memory_kib(service)))

    def test_greedy_sql_is_refused_and_gives_back_what_it_took(self):
        harness.skip_if_sanitized(SLOW)
        service = self.start_with_table()
        self.assert_serves(service)
        before = memory_kib(service)
        for sql in GREEDY:
            self.assert_modest(service, sql, service.query)
        for sql in GREEDY[1:-1]:
            self.assert_modest(service, f"INSERT INTO t (x) {sql}", service.execute)
        self.assert_serves(service)
        self.assert_given_back(service, before)

    def test_the_refusal_names_the_setting(self):
        harness.skip_if_sanitized(SLOW)
        service = self.start_with_table()
        detail = self.assert_refused(service.query(GREEDY[5]), "too-large")
        self.assertIn("sqlite.max-memory-bytes", detail)
        detail = self.assert_refused(service.query(GREEDY[1]), "too-large")
        self.assertIn("sqlite.max-result-bytes", detail)

    def many(self, n, what):
        return ("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
                f"LIMIT {n}) SELECT {what} FROM n")

    def test_sorts_go_to_unlinked_files_in_the_data_directory(self):
        service = self.start_with_table("--sqlite.query-timeout=60s")
        before = memory_kib(service)
        sql = ("SELECT count(*) FROM (SELECT DISTINCT x FROM ("
               + self.many(150_000, "hex(randomblob(200)) AS x") + "))")
        growth, answer = self.peak_growth_kib(service, lambda: service.query(sql))
        self.assertEqual(self.assert_status(answer, 200).json["rows"], [[150_000]])
        if not harness.sanitized():
            self.assertLess(growth, 48 * 1024)
        self.assertEqual(self.temporary_files(), [])
        self.assert_given_back(service, before)

    def temporary_files(self):
        return [x.name for x in pathlib.Path(self.data).iterdir() if "temp" in x.name]

    def test_a_sort_past_its_limit_is_refused(self):
        service = self.start_with_table("--sqlite.query-timeout=60s",
                                        "--sqlite.max-temp-bytes=8MiB")
        sql = ("SELECT count(*) FROM (SELECT DISTINCT x FROM ("
               + self.many(100_000, "hex(randomblob(200)) AS x") + "))")
        detail = self.assert_refused(service.query(sql), "too-large")
        self.assertIn("sqlite.max-temp-bytes", detail)
        detail = self.assert_refused(
            service.execute(f"INSERT INTO t (x) {sql}"), "too-large")
        self.assert_serves(service)

    def test_a_greedy_queued_write_is_set_aside_and_the_queue_goes_on(self):
        harness.skip_if_sanitized(SLOW)
        service = self.start_with_table("--sqlite.queue-interval=1h")
        for sql in (f"INSERT INTO t (x) {GREEDY[5]}", f"INSERT INTO t (x) {GREEDY[1]}",
                    "INSERT INTO t (x) VALUES ('behind')"):
            self.assert_status(
                service.post("/v1/db/execute?queue=true", {"sql": sql}), 202)
        self.assert_status(service.post("/v1/db/flush"), 200)
        self.assertEqual(service.query("SELECT x FROM t").json["rows"], [["behind"]])
        letters = (self.data / "dead-letter.ndjson").read_text().splitlines()
        errors = [json.loads(x)["error"] for x in letters]
        self.assertEqual(len(errors), 2)
        self.assertIn("sqlite.max-memory-bytes", errors[0])

    def test_the_service_itself_is_not_bound_by_users_limits(self):
        service = self.start("--session.backend=database", "--session.debounce=0s",
                             "--sqlite.max-memory-bytes=1MiB", "--sqlite.cache-kib=100",
                             "--sqlite.max-temp-bytes=1MiB", TIMEOUT,
                             "--sqlite.max-result-bytes=1MiB")
        document = {"text": "x" * 15_000_000}
        self.assert_ok(service.put("/v1/sessions/s/k", document))
        self.assert_status(service.post("/v1/db/vacuum"), 200)
        self.assert_status(service.post("/v1/db/integrity-check"), 200)
        service.kill()
        service = self.start("--session.backend=database",
                             "--sqlite.max-memory-bytes=1MiB", "--sqlite.cache-kib=100",
                             "--sqlite.max-result-bytes=1MiB")
        found = service.get("/v1/sessions/s/k")
        self.assert_status(found, 200)
        self.assertEqual(len(found.json["text"]), 15_000_000)

    def test_a_vacuum_takes_little_memory(self):
        service = self.start_with_table("--sqlite.query-timeout=60s")
        self.assert_status(service.execute(
            "INSERT INTO t (x) " + self.many(200, "randomblob(500000)")), 200)
        growth, answer = self.peak_growth_kib(service,
                                              lambda: service.post("/v1/db/vacuum"))
        self.assert_status(answer, 200)
        if not harness.sanitized():
            self.assertLess(growth, 64 * 1024)


if __name__ == "__main__":
    harness.main()
