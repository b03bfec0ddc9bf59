"""SQL over HTTP: what commits, what is refused, and what others see in the file."""

import concurrent.futures
import contextlib
import sqlite3
import subprocess

import harness
from proof.file_events import FileEvents


class Database(harness.Case):
    def shell(self, sql):
        """What the sqlite3 program says of the file."""
        result = subprocess.run(["sqlite3", str(self.data / "sluice.db"), sql],
                                capture_output=True, text=True, check=True, timeout=60)
        return result.stdout.strip()

    def start_with_table(self, *options, **more):
        service = self.start(*options, **more)
        self.assert_status(
            service.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, x)"), 200)
        return service

    def test_what_is_executed_is_in_the_file(self):
        service = self.start_with_table()
        answer = self.assert_status(
            service.execute("INSERT INTO t (x) VALUES (?)", "hello"), 200)
        self.assertEqual((answer.json["changes"], answer.json["lastInsertRowid"],
                          answer.json["durability"]), (1, 1, "ram"))
        self.assertEqual(self.shell("SELECT x FROM t"), "hello")

    def test_values_come_back_as_they_went(self):
        service = self.start_with_table()
        values = [None, 1, -9223372036854775808, 1.5, 1e300, "a\u00e9\n\"", "",
                  {"$blob": "AAEC/w=="}, {"$blob": ""}]
        for value in values:
            answer = service.execute("INSERT INTO t (x) VALUES (?)", value)
            self.assert_status(answer, 200)
        answer = self.assert_status(service.query("SELECT id, x FROM t ORDER BY id"), 200)
        self.assertEqual(answer.json["columns"], ["id", "x"])
        self.assertEqual([row[1] for row in answer.json["rows"]], values)
        kinds = service.query("SELECT ?, ?, typeof(?)", True, False, True).json["rows"]
        self.assertEqual(kinds, [[1, 0, "integer"]])

    def test_returning_gives_columns_and_rows(self):
        service = self.start_with_table()
        answer = service.execute(
            "INSERT INTO t (x) VALUES (5), (6) RETURNING id, x * 2 AS y")
        self.assert_status(answer, 200)
        self.assertEqual(answer.json["columns"], ["id", "y"])
        self.assertEqual(answer.json["rows"], [[1, 10], [2, 12]])
        self.assertEqual(answer.json["changes"], 2)

    def test_a_transaction_is_all_or_nothing(self):
        service = self.start_with_table()
        good = {"statements": [{"sql": "INSERT INTO t VALUES (1, ?)", "params": ["a"]},
                               {"sql": "UPDATE t SET x = 'b'"}]}
        answer = self.assert_status(service.post("/v1/db/transaction", good), 200)
        self.assertEqual([each["changes"] for each in answer.json["results"]], [1, 1])
        self.assertEqual(answer.json["durability"], "ram")
        bad = {"statements": [{"sql": "INSERT INTO t VALUES (2, 'c')"},
                              {"sql": "INSERT INTO t VALUES (1, 'd')"}]}
        problem = self.assert_problem(service.post("/v1/db/transaction", bad), 422)
        self.assertIn("UNIQUE", problem.json["detail"])
        self.assertEqual(self.shell("SELECT id, x FROM t"), "1|b")

    def test_a_batch_is_one_transaction(self):
        service = self.start_with_table()
        rows = [[n, f"v{n}"] for n in range(500)]
        before = service.get("/v1/db/metrics").json["commits"]
        answer = service.post("/v1/db/batch",
                              {"sql": "INSERT INTO t VALUES (?, ?)", "rows": rows})
        self.assert_status(answer, 200)
        self.assertEqual(answer.json["changes"], 500)
        self.assertEqual(service.get("/v1/db/metrics").json["commits"], before + 1)
        again = service.post("/v1/db/batch", {"sql": "INSERT INTO t VALUES (?, ?)",
                                              "rows": [[1000, "x"], [1, "x"]]})
        self.assert_problem(again, 422)
        self.assertEqual(self.shell("SELECT count(*) FROM t"), "500")

    def test_queries_only_read(self):
        service = self.start_with_table()
        for sql in ("INSERT INTO t VALUES (1, 1)", "DELETE FROM t", "CREATE TABLE u (x)",
                    "WITH a AS (SELECT 1) INSERT INTO t SELECT 1, * FROM a"):
            self.assert_problem(service.query(sql), 422)

    def test_what_would_change_the_rules_is_refused(self):
        service = self.start_with_table()
        for sql in ("ATTACH '/tmp/x.db' AS x", "DETACH main", "BEGIN", "COMMIT",
                    "ROLLBACK", "SAVEPOINT a", "RELEASE a",
                    "PRAGMA journal_mode = DELETE",
                    "PRAGMA synchronous = OFF", "PRAGMA wal_checkpoint(TRUNCATE)",
                    "SELECT load_extension('x')", f"VACUUM INTO '{self.folder}/copy.db'",
                    "CREATE TABLE sluice_mine (x)", "CREATE TEMP TABLE sneaky (x)"):
            self.assert_problem(service.execute(sql), 422)
            self.assert_problem(service.query(sql), 422)
            whole = {"statements": [{"sql": "SELECT 1"}, {"sql": sql}]}
            self.assert_problem(service.post("/v1/db/transaction", whole), 422)
        self.assertFalse((self.folder / "copy.db").exists())
        self.assert_status(service.execute("INSERT INTO t VALUES (1, 1)"), 200)

    def test_own_tables_are_protected(self):
        service = self.start()
        service.put("/v1/sessions/main/k", {"a": 1})
        service.post("/v1/sessions/flush")
        own = self.shell("SELECT name FROM sqlite_master WHERE name LIKE 'sluice\\_%' "
                         "ESCAPE '\\' AND type = 'table'").split()
        self.assertTrue(own)
        for table in own:
            for sql in (f"DELETE FROM {table}", f"DROP TABLE {table}",
                        f"ALTER TABLE {table} ADD COLUMN hack",
                        f'DELETE FROM "{table.upper()}"',
                        f"CREATE TRIGGER hack AFTER INSERT ON {table} "
                        "BEGIN SELECT 1; END"):
                self.assert_problem(service.execute(sql), 422)
        self.assertEqual(service.get("/v1/sessions/main/k").json, {"a": 1})

    def test_one_statement_a_request(self):
        service = self.start_with_table()
        for sql in ("SELECT 1; SELECT 2", "SELECT 1; x", "", "   ", "-- nothing"):
            self.assert_problem(service.query(sql), 400)
            self.assert_problem(service.execute(sql), 400)
        for sql in ("SELECT 1;", "SELECT 1 ; -- the end", "SELECT 1 /* ; */"):
            self.assert_status(service.query(sql), 200)

    def test_what_the_database_refuses_is_told_in_its_words(self):
        service = self.start_with_table()
        problem = self.assert_problem(service.query("SELECT * FROM nowhere"), 422)
        self.assertIn("no such table: nowhere", problem.json["detail"])
        self.assert_problem(service.query("SELEKT"), 422)

    def test_bodies_that_are_malformed_are_refused(self):
        service = self.start_with_table()
        for value in ({}, {"sql": 5}, [], {"sql": "SELECT ?", "params": 5},
                      {"sql": "SELECT ?", "params": [{"a": 1}]},
                      {"sql": "SELECT ?", "params": [{"$blob": "?"}]}):
            self.assert_problem(service.post("/v1/db/query", value), 400)
        for value in ({}, {"statements": {}}, {"statements": [5]},
                      {"statements": [{"sql": ""}]}):
            self.assert_problem(service.post("/v1/db/transaction", value), 400)
        for value in ({}, {"sql": "SELECT 1"}, {"sql": "SELECT ?", "rows": [1]}):
            self.assert_problem(service.post("/v1/db/batch", value), 400)

    def test_a_statement_that_runs_too_long_is_ended(self):
        service = self.start_with_table("--sqlite.query-timeout=200ms")
        endless = ("WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) "
                   "SELECT count(*) FROM c")
        self.assert_problem(service.query(endless), 422)
        self.assert_problem(service.execute(f"INSERT INTO t (x) {endless}"), 422)
        self.assert_status(service.execute("INSERT INTO t VALUES (1, 1)"), 200)

    def test_a_result_that_is_too_large_is_refused(self):
        service = self.start_with_table("--sqlite.max-result-bytes=4096")
        self.assert_status(service.query("SELECT hex(zeroblob(1000))"), 200)
        self.assert_problem(service.query("SELECT hex(zeroblob(5000))"), 422)

    def test_disk_is_told_when_it_is_reached(self):
        events = FileEvents(self.folder, self.make_folder() / "events")
        service = self.start_with_table(env=events.environment)
        value = {"sql": "INSERT INTO t VALUES (1, 1)"}
        self.assertIn("data/sluice.db-wal", events.unsynced())
        answer = service.post("/v1/db/execute?durability=disk", value)
        self.assertEqual(self.assert_status(answer, 200).json["durability"], "disk")
        # A kill alone would prove nothing about a disk.
        self.assertNotIn("data/sluice.db-wal", events.unsynced())
        service.kill()
        self.assertEqual(self.start().query("SELECT * FROM t").json["rows"], [[1, 1]])

    def test_what_is_committed_survives_a_kill(self):
        service = self.start_with_table()
        for n in range(20):
            self.assert_status(service.execute("INSERT INTO t VALUES (?, 1)", n), 200)
        service.kill()
        again = self.start()
        self.assertEqual(again.query("SELECT count(*) FROM t").json["rows"], [[20]])

    def test_sixty_four_clients_insert_at_once(self):
        service = self.start_with_table()
        before = service.get("/v1/db/metrics").json

        def insert(client):
            with contextlib.closing(service.connect()) as connection:
                for n in range(20):
                    answer = harness.exchange(
                        connection, "POST", "/v1/db/execute",
                        f'{{"sql":"INSERT INTO t (x) VALUES ({client * 20 + n})"}}',
                        harness.JSON)
                    self.assert_status(answer, 200)

        with concurrent.futures.ThreadPoolExecutor(64) as pool:
            list(pool.map(insert, range(64)))
        self.assertEqual(self.shell("SELECT count(*), count(DISTINCT x) FROM t"),
                         "1280|1280")
        after = service.get("/v1/db/metrics").json
        self.assertEqual(after["transactions"] - before["transactions"], 1280)
        self.assertLess(after["commits"] - before["commits"], 1280)

    def test_a_neighbour_that_fails_harms_nobody(self):
        service = self.start_with_table("--sqlite.commit-delay=50ms")
        statuses = []

        def insert(n):
            sql = "INSERT INTO t VALUES (1, 'same')" if n % 4 == 0 \
                else f"INSERT INTO t VALUES ({n + 10}, 'own')"
            if n % 8 == 4:
                sql = "INSERT OR ROLLBACK INTO t VALUES (1, 'same')"
            statuses.append((n % 4 == 0, service.execute(sql).status))

        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            list(pool.map(insert, range(64)))
        self.assertEqual([s for same, s in statuses if not same], [200] * 48)
        self.assertEqual(sorted(s for same, s in statuses if same), [200] + [422] * 15)
        self.assertEqual(self.shell("SELECT count(*) FROM t"), "49")

    def test_a_reader_from_outside_holds_up_nobody(self):
        service = self.start_with_table()
        service.execute("INSERT INTO t VALUES (0, 'old')")
        outside = sqlite3.connect(self.data / "sluice.db", isolation_level=None)
        self.addCleanup(outside.close)
        outside.execute("BEGIN")
        self.assertEqual(outside.execute("SELECT count(*) FROM t").fetchone(), (1,))
        for n in range(1, 50):
            self.assert_status(service.execute("INSERT INTO t VALUES (?, 'new')", n), 200)
            if n % 10 == 0:
                self.assert_status(service.post("/v1/db/checkpoint"), 200)
        held = service.post("/v1/db/checkpoint", {"mode": "passive"}).json
        self.assertLess(held["checkpointed"], held["walFrames"])
        self.assertEqual(outside.execute("SELECT count(*) FROM t").fetchone(), (1,))
        outside.execute("COMMIT")
        free = service.post("/v1/db/checkpoint", {"mode": "TRUNCATE"}).json
        self.assertEqual((free["busy"], free["walBytes"]), (False, 0))
        self.assertEqual(self.shell("SELECT count(*) FROM t"), "50")

    def test_checkpoints_take_a_mode_in_either_case(self):
        service = self.start_with_table()
        for mode in ("passive", "FULL", "Restart", "truncate"):
            answer = service.post("/v1/db/checkpoint", {"mode": mode})
            self.assert_status(answer, 200)
            self.assertEqual(set(answer.json) >= {"busy", "walFrames", "checkpointed",
                                                  "walBytes"}, True)
        self.assert_problem(service.post("/v1/db/checkpoint", {"mode": "all"}), 400)

    def test_checkpoints_come_by_themselves(self):
        service = self.start_with_table("--sqlite.checkpoint-interval=200ms")
        self.assertTrue(harness.wait_until(
            lambda: service.get("/v1/db/metrics").json["walCheckpoints"] > 0))

    def test_a_large_wal_calls_for_a_checkpoint(self):
        service = self.start_with_table("--sqlite.checkpoint-interval=1h",
                                        "--sqlite.checkpoint-bytes=65536")
        for n in range(40):
            service.execute("INSERT INTO t VALUES (?, hex(randomblob(2000)))", n)
        self.assertTrue(harness.wait_until(
            lambda: service.get("/v1/db/metrics").json["walCheckpoints"] > 0))

    def test_reading_numbers_never_checkpoints(self):
        service = self.start_with_table("--sqlite.checkpoint-interval=1h")
        for n in range(30):
            service.execute("INSERT INTO t VALUES (?, hex(randomblob(500)))", n)
        before = service.get("/v1/db/metrics").json
        size = service.wal_size()
        main = (self.data / "sluice.db").stat().st_mtime_ns
        for _ in range(20):
            for path in ("/v1/db/metrics", "/health", "/v1/metrics/snapshot"):
                self.assert_status(service.get(path), 200)
        after = service.get("/v1/db/metrics").json
        self.assertEqual(after["walCheckpoints"], before["walCheckpoints"])
        self.assertEqual(after["walBytes"], before["walBytes"])
        self.assertEqual(service.wal_size(), size)
        self.assertEqual((self.data / "sluice.db").stat().st_mtime_ns, main)

    def test_settings_are_read_back(self):
        service = self.start("--sqlite.cache-kib=3000", "--sqlite.synchronous=full")
        numbers = service.get("/v1/db/metrics").json
        self.assertEqual((numbers["type"], numbers["journalMode"].lower(),
                          numbers["synchronous"].lower(), numbers["cacheKiB"]),
                         ("sqlite", "wal", "full", 3000))
        self.assertEqual((numbers["queued"], numbers["deadLetters"]), (0, 0))

    def test_maintenance_says_how_it_went(self):
        service = self.start_with_table()
        for task in ("integrity-check", "analyze", "vacuum"):
            answer = self.assert_status(service.post(f"/v1/db/{task}"), 200)
            self.assertEqual((answer.json["ok"], answer.json["errors"]), (True, []))

    def test_a_file_that_is_no_database_stops_the_start(self):
        self.data.mkdir()
        (self.data / "sluice.db").write_bytes(b"not a database at all, but long" * 100)
        before = (self.data / "sluice.db").read_bytes()
        code, log = self.refusal()
        self.assertNotEqual(code, 0)
        self.assertIn("sluice.db", log)
        self.assertEqual((self.data / "sluice.db").read_bytes(), before)


if __name__ == "__main__":
    harness.main()
