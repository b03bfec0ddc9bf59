"""Users' SQL gets nowhere near the service's own tables: not by what it creates, however
that is spelled and whichever way it comes, and not by what somebody else has put into
the database, before the start or under the running service."""

import contextlib
import json
import sqlite3

import harness
from proof.trouble import TroubleCase, alerts

DATABASE = "--session.backend=database"
TIED = "database-schema-tied"
# What ties a table of users' to one of the service's, where nothing ties it yet.
FOREIGN_KEYS = (
    "CREATE TABLE c (s, k, FOREIGN KEY (s, k) REFERENCES sluice_sessions (store, key) "
    "ON DELETE CASCADE)",
    "CREATE TABLE c (n REFERENCES sluice_queue (seq))",
    "CREATE TABLE c (n REFERENCES sluice_sync (commits) ON UPDATE CASCADE)",
    "CREATE TABLE c (n INT REFERENCES/**/\"Sluice_Queue\")",
    "CREATE TABLE c (n, m AS (n + 1), FOREIGN KEY (n) REFERENCES [SLUICE_sync])",
    "CREATE TABLE main.c (n CONSTRAINT x references 'sluice_queue' (spool) DEFERRABLE)",
    "CREATE TABLE c (n REFERENCES -- t\n `sluice_not_yet`)",
    "CREATE TABLE IF NOT EXISTS c (n INT CHECK (n > 0) REFERENCES sluice_sync) STRICT",
    "ALTER TABLE t ADD COLUMN n REFERENCES sluice_sessions (key)",
    "ALTER TABLE t ADD n REFERENCES sluice_session_marks")
# What gets a name of the service's, or one that makes such names.
NAMES = (
    "CREATE TABLE sluice_x (a)", "CREATE TABLE main.[Sluice_x] AS SELECT 1",
    "CREATE TABLE sluice_queue (spool, seq, database)", "CREATE TABLE sluice_sync (a)",
    "CREATE VIEW \"sluice_v\" AS SELECT 1",
    "CREATE INDEX `sluice_i` ON t (a) WHERE a > 1",
    "CREATE INDEX sluice_e ON t (a + 1)",
    "CREATE TRIGGER sluice_r AFTER INSERT ON t BEGIN SELECT 1; END",
    "CREATE VIRTUAL TABLE sluice USING fts5(a)",
    "CREATE VIRTUAL TABLE sluice USING rtree(a, b, c)",
    "ALTER TABLE t RENAME TO sluice_queue", "ALTER TABLE t RENAME TO 'SLUICE_new'",
    "ALTER TABLE f RENAME TO sluice", "ALTER TABLE f RENAME/**/TO[Sluice]",
    "ALTER TABLE main.f RENAME TO \"sluice_f\"", "ALTER TABLE r RENAME TO sluice")
# What there is no way for at all.
ELSEWHERE = (
    "CREATE TEMP TABLE sluice_queue (spool, seq, database)",
    "CREATE TEMP TRIGGER x AFTER INSERT ON t BEGIN DELETE FROM sluice_queue; END",
    "CREATE TEMP VIEW sluice_sync AS SELECT 1", "ATTACH ':memory:' AS sluice_x",
    "PRAGMA writable_schema = 1", "INSERT INTO sqlite_schema VALUES (1, 2, 3, 4, 5)",
    "UPDATE sqlite_schema SET name = 'sluice_x'",
    "WITH sluice_x AS (SELECT 1) DELETE FROM sluice_queue",
    "DELETE FROM sluice_sync WHERE EXISTS (SELECT * FROM pragma_table_info('t'))",
    "INSERT INTO guarded VALUES (1)", "UPDATE shown SET a = 2")


class SqlRights(TroubleCase):
    def prepare(self, *options):
        service = self.start(DATABASE, "--sqlite.queue-interval=100ms", *options)
        for sql in ("CREATE TABLE t (a, x)", "CREATE TABLE guarded (a)",
                    "CREATE VIRTUAL TABLE f USING fts5(a)",
                    "CREATE VIRTUAL TABLE r USING rtree(a, b, c)",
                    "CREATE VIEW shown AS SELECT a FROM t",
                    "CREATE TRIGGER one AFTER INSERT ON guarded BEGIN "
                    "UPDATE sluice_queue SET seq = 1000; END",
                    "CREATE TRIGGER two INSTEAD OF UPDATE ON shown BEGIN "
                    "DELETE FROM sluice_sessions; END"):
            self.assert_status(service.execute(sql), 200)
        return service

    def make_own_tables(self, service):
        """Sessions, a mark of the queue, and a synced commit."""
        self.assert_ok(service.put("/v1/sessions/main/kept", {"a": 1}))
        self.assert_status(service.post("/v1/sessions/flush"), 200)
        self.assert_ok(self.queue(service, "INSERT INTO t (x) VALUES ('first')"))
        self.assert_status(service.post("/v1/db/flush"), 200)
        self.assert_status(service.post("/v1/db/execute?durability=disk",
                                        {"sql": "INSERT INTO t (x) VALUES ('synced')"}),
                           200)

    def assert_serves(self, service, name):
        """Sessions, queued SQL and `disk`, each with what it has to change."""
        gone = f"/v1/sessions/main/gone-{name}"
        for _ in range(2):
            self.assert_ok(service.put(gone, {"b": name}))
            self.assert_status(service.post("/v1/sessions/flush"), 200)
            self.assert_ok(service.ask("DELETE", gone))
            self.assert_status(service.post("/v1/sessions/flush"), 200)
            self.assert_ok(self.queue(service, "INSERT INTO t (x) VALUES (?)", name))
            self.assert_status(service.post("/v1/db/flush"), 200)
            answer = service.post("/v1/db/execute?durability=disk",
                                  {"sql": "INSERT INTO t (x) VALUES (?)",
                                   "params": [name]})
            self.assertEqual(self.assert_status(answer, 200).json["durability"], "disk")
        rows = service.query("SELECT count(*) FROM t WHERE x = ?", name).json["rows"]
        self.assertEqual(rows, [[4]])
        self.assertEqual(service.get("/v1/sessions/main/kept").json, {"a": 1})

    def schema(self):
        with contextlib.closing(sqlite3.connect(self.data / "sluice.db")) as file:
            return file.execute("SELECT type, name, sql FROM sqlite_schema").fetchall()

    def from_outside(self, *statements):
        with contextlib.closing(sqlite3.connect(self.data / "sluice.db")) as file:
            for sql in statements:
                file.execute(sql)
            file.commit()

    def ways(self, service, sql):
        """Every way that a statement comes; each must say no, now or in a dead letter."""
        plain = {"statements": [{"sql": "INSERT INTO t (a) VALUES (9)"}, {"sql": sql}]}
        undone = {"statements": [{"sql": sql}, {"sql": "SELECT 1"}]}
        migration = {"statements": [{"sql": "PRAGMA foreign_keys = OFF"}, {"sql": sql},
                                    {"sql": "PRAGMA foreign_keys = ON"}]}
        yield service.execute(sql)
        for each in (plain, undone, migration):
            yield service.post("/v1/db/transaction", each)
        yield service.post("/v1/db/batch", {"sql": sql, "rows": [[], []]})

    def assert_refused(self, service, statements):
        before = self.schema()
        for sql in statements:
            with self.subTest(sql):
                for answer in self.ways(service, sql):
                    self.assert_problem(answer, 422)
                self.assert_ok(self.queue(service, sql))
        self.assert_status(service.post("/v1/db/flush"), 200)
        letters = (self.data / "dead-letter.ndjson").read_text().splitlines()
        self.assertEqual(sorted(json.loads(x)["sql"] for x in letters),
                         sorted(statements))
        self.assertEqual(self.schema(), before)
        rows = service.query("SELECT count(*) FROM t WHERE a = 9").json["rows"]
        self.assertEqual(rows, [[0]])

    # -- what users create -------------------------------------------------------------

    def test_no_foreign_key_is_tied_to_a_table_of_the_services(self):
        service = self.prepare()
        self.make_own_tables(service)
        self.assert_refused(service, FOREIGN_KEYS)
        self.assert_serves(service, "afterwards")
        self.assertNotIn(TIED, alerts(service))

    def test_nor_to_a_table_that_the_service_will_make_only_later(self):
        service = self.prepare()
        for sql in FOREIGN_KEYS:
            for answer in self.ways(service, sql):
                self.assert_problem(answer, 422)
        self.make_own_tables(service)
        self.assert_serves(service, "afterwards")

    def test_nothing_of_the_users_gets_a_name_of_the_services(self):
        service = self.prepare()
        for sql in NAMES:
            for answer in self.ways(service, sql):
                self.assert_problem(answer, 422)
        self.make_own_tables(service)
        self.assert_refused(service, NAMES + ELSEWHERE)
        self.assert_status(service.execute("INSERT INTO f VALUES ('river')"), 200)
        self.assert_status(service.execute("INSERT INTO r VALUES (1, 2, 3)"), 200)
        found = service.query("SELECT a FROM f WHERE f MATCH 'river'").json["rows"]
        self.assertEqual(found, [["river"]])
        self.assert_serves(service, "afterwards")

    def test_what_looks_at_the_schema_cannot_be_stood_in_for(self):
        service = self.prepare()
        self.make_own_tables(service)
        for sql in ("CREATE TABLE pragma_foreign_key_list (\"table\", id, seq)",
                    "CREATE VIEW pragma_table_list AS SELECT 1 AS name",
                    "CREATE TABLE pragma_schema_version (schema_version)",
                    "CREATE TABLE \"a\"\"b sluice_\" (x, y DEFAULT 'sluice_y')"):
            self.assert_status(service.execute(sql), 200)
        self.assert_refused(service, FOREIGN_KEYS)
        self.assert_serves(service, "afterwards")

    def test_a_name_is_judged_by_what_comes_of_it_in_the_whole_request(self):
        """A name that is given and taken back has harmed nobody; one that is reached in
        steps is refused with all of them."""
        service = self.prepare()
        self.make_own_tables(service)

        def transaction(*statements):
            whole = {"statements": [{"sql": sql} for sql in statements]}
            return service.post("/v1/db/transaction", whole)

        steps = ("CREATE TABLE p (a)", "CREATE TABLE c (a REFERENCES p)",
                 "ALTER TABLE p RENAME TO q", "ALTER TABLE q RENAME TO sluice_p")
        self.assert_problem(transaction(*steps), 422)
        self.assert_problem(transaction(*steps, "DROP TABLE sluice_p"), 422)
        self.assert_status(transaction(*steps[:3]), 200)
        self.assert_problem(service.execute("ALTER TABLE q RENAME TO sluice_sync"), 422)
        answer = service.execute("CREATE TABLE d (a REFERENCES sluice_queue)")
        self.assert_problem(answer, 422)
        for word in ("foreign key", "d", "sluice_queue"):
            self.assertIn(word, answer.json["detail"])
        self.assert_serves(service, "afterwards")

    # -- what others have put there ----------------------------------------------------

    TIES = (
        "CREATE TABLE c (s, k, FOREIGN KEY (s, k) REFERENCES sluice_sessions (store, key)"
        " ON DELETE CASCADE)",
        "CREATE TRIGGER c_gone AFTER DELETE ON c BEGIN DELETE FROM sluice_sessions; "
        "UPDATE sluice_queue SET seq = 1000; END",
        "CREATE TABLE d (n REFERENCES sluice_queue (seq))",
        "CREATE TABLE e (n REFERENCES sluice_sync (commits))",
        "CREATE TRIGGER s AFTER INSERT ON sluice_sessions BEGIN "
        "DELETE FROM sluice_sessions WHERE key = 'kept'; END",
        "CREATE TRIGGER m BEFORE INSERT ON sluice_session_marks BEGIN "
        "SELECT RAISE(ROLLBACK, 'no marks'); END",
        "CREATE TRIGGER q AFTER UPDATE ON sluice_queue BEGIN "
        "UPDATE sluice_queue SET seq = 1000; END",
        "CREATE TRIGGER y BEFORE UPDATE ON sluice_sync BEGIN "
        "SELECT RAISE(ABORT, 'no disk'); END",
        "CREATE INDEX i ON sluice_sessions (updated_at)")

    def marks(self):
        with contextlib.closing(sqlite3.connect(self.data / "sluice.db")) as file:
            return [x for x, in file.execute("SELECT seq FROM sluice_queue")]

    def fill_ties(self):
        self.from_outside("INSERT INTO c SELECT store, key FROM sluice_sessions",
                          "INSERT INTO c VALUES ('main', 'gone-tied')")

    def assert_unharmed(self, service):
        self.assert_serves(service, "tied")
        self.assertLess(max(self.marks()), 100)

    def test_a_database_that_is_tied_is_told_at_the_start_and_served_all_the_same(self):
        service = self.prepare()
        self.make_own_tables(service)
        self.assertEqual(service.stop(), 0)
        self.from_outside(*self.TIES)
        self.fill_ties()
        service = self.start(DATABASE)
        self.assertIn(TIED, service.log())
        self.assert_alert(service, TIED)
        self.assert_unharmed(service)
        self.assertEqual(service.kill(), -9)
        service = self.start(DATABASE)
        self.assert_unharmed_after_kill(service)

    def assert_unharmed_after_kill(self, service):
        self.assertEqual(service.get("/v1/sessions/main/kept").json, {"a": 1})
        self.assert_ok(self.queue(service, "INSERT INTO t (x) VALUES ('last')"))
        self.assert_status(service.post("/v1/db/flush"), 200)
        rows = service.query("SELECT count(*) FROM t WHERE x = 'last'").json["rows"]
        self.assertEqual(rows, [[1]])

    def test_a_tie_that_another_process_makes_does_no_harm_to_the_running_service(self):
        service = self.prepare()
        self.make_own_tables(service)
        self.assert_serves(service, "before")
        self.from_outside(*self.TIES)
        self.fill_ties()
        self.assert_unharmed(service)
        self.assert_alert(service, TIED)

    def test_ties_can_be_dropped_and_then_nothing_is_told_any_more(self):
        service = self.prepare()
        self.make_own_tables(service)
        self.from_outside(*self.TIES)
        self.assert_serves(service, "tied")
        self.assert_alert(service, TIED)
        answer = service.execute("CREATE TABLE g (n REFERENCES sluice_queue (seq))")
        self.assert_problem(answer, 422)
        self.assert_status(service.execute("CREATE TABLE g (n)"), 200)
        for sql in ("DROP TRIGGER s", "DROP TRIGGER m", "DROP TRIGGER q",
                    "DROP TRIGGER y", "DROP INDEX i", "DROP TABLE c", "DROP TABLE d",
                    "DROP TABLE e"):
            self.assert_status(service.execute(sql), 200)
        self.assertTrue(harness.wait_until(lambda: TIED not in alerts(service)))
        self.assert_serves(service, "free")

    def test_users_foreign_keys_and_triggers_hold_beside_ties(self):
        service = self.prepare()
        self.make_own_tables(service)
        self.from_outside(*self.TIES)
        self.assert_serves(service, "tied")
        for sql in ("CREATE TABLE p (a INTEGER PRIMARY KEY)",
                    "CREATE TABLE o (a REFERENCES p ON DELETE CASCADE)",
                    "CREATE TABLE told (a)",
                    "CREATE TRIGGER tell AFTER DELETE ON o BEGIN "
                    "INSERT INTO told VALUES (old.a); END",
                    "INSERT INTO p VALUES (1), (2)", "INSERT INTO o VALUES (1), (2)"):
            self.assert_status(service.execute(sql), 200)
        self.assert_problem(service.execute("INSERT INTO o VALUES (3)"), 422)
        self.assert_ok(self.queue(service, "DELETE FROM p WHERE a = 1"))
        self.assert_ok(self.queue(service, "INSERT INTO o VALUES (3)"))
        self.assert_status(service.post("/v1/db/flush"), 200)
        self.assertEqual(service.query("SELECT a FROM told").json["rows"], [[1]])
        self.assertEqual(service.query("SELECT a FROM o").json["rows"], [[2]])
        for table in ("c", "d", "e"): # a migration checks all foreign keys
            self.assert_status(service.execute(f"DROP TABLE {table}"), 200)
        whole = {"statements": [{"sql": "PRAGMA foreign_keys = OFF"},
                                {"sql": "DELETE FROM p"},
                                {"sql": "INSERT INTO p VALUES (2)"},
                                {"sql": "PRAGMA foreign_keys = ON"}]}
        self.assert_status(service.post("/v1/db/transaction", whole), 200)
        self.assert_problem(service.execute("INSERT INTO o VALUES (3)"), 422)
        self.assert_serves(service, "still")


if __name__ == "__main__":
    harness.main()
