"""A schema that changes: rows stand under the columns they have now, virtual tables work
within triggers and views, and what is not for users is not reached through them."""

import contextlib
import sqlite3

import harness


class Schema(harness.Case):
    def run_all(self, service, *statements):
        for sql in statements:
            self.assert_status(service.execute(sql), 200)

    def transaction(self, service, *statements):
        whole = {"statements": [{"sql": sql} for sql in statements]}
        answer = self.assert_status(service.post("/v1/db/transaction", whole), 200)
        return answer.json["results"]

    def from_outside(self, *statements):
        with contextlib.closing(sqlite3.connect(self.data / "sluice.db")) as file:
            for sql in statements:
                file.execute(sql)
            file.commit()

    # -- columns -----------------------------------------------------------------------

    def test_rows_stand_under_the_columns_that_the_table_has_now(self):
        service = self.start()
        self.run_all(service, "CREATE TABLE t (a, b)", "INSERT INTO t VALUES (1, 2)")
        select, insert = "SELECT * FROM t", "INSERT INTO t VALUES (5, 6) RETURNING *"
        delete = "DELETE FROM t WHERE rowid > 1"
        for change, columns in (("ALTER TABLE t RENAME COLUMN a TO c", ["c", "b"]),
                                ("ALTER TABLE t DROP COLUMN b", ["c"]),
                                ("ALTER TABLE t ADD COLUMN d", ["c", "d"])):
            self.assert_status(service.query(select), 200)
            self.run_all(service, select, change)
            for answer in (service.query(select), service.execute(select)):
                self.assertEqual(self.assert_status(answer, 200).json["columns"], columns)
                self.assertEqual(len(answer.json["rows"][0]), len(columns))
        self.run_all(service, insert, "ALTER TABLE t RENAME COLUMN d TO e")
        answer = self.assert_status(service.execute(insert), 200)
        self.assertEqual((answer.json["columns"], answer.json["rows"]),
                         (["c", "e"], [[5, 6]]))
        self.run_all(service, delete, "DROP TABLE t", "CREATE TABLE t (x, y)", insert)
        self.assertEqual(service.query(select).json["columns"], ["x", "y"])

    def test_rows_stand_under_their_columns_within_one_transaction(self):
        service = self.start()
        self.run_all(service, "CREATE TABLE t (a, b)", "INSERT INTO t VALUES (1, 2)")
        select = "SELECT * FROM t"
        results = self.transaction(
            service, select, "ALTER TABLE t RENAME COLUMN a TO c", select,
            "DROP TABLE t", "CREATE TABLE t (x)", select)
        self.assertEqual([each.get("columns") for each in results],
                         [["a", "b"], None, ["c", "b"], None, None, ["x"]])

    def test_rows_stand_under_their_columns_after_another_process_changed_them(self):
        service = self.start()
        self.run_all(service, "CREATE TABLE t (a, b)", "INSERT INTO t VALUES (1, 2)")
        select = "SELECT * FROM t"
        insert = "INSERT INTO t VALUES (3, 4) RETURNING *"
        self.assert_status(service.query(select), 200)
        self.run_all(service, insert)
        self.from_outside("ALTER TABLE t RENAME COLUMN a TO elsewhere")
        self.assertEqual(service.query(select).json["columns"], ["elsewhere", "b"])
        self.assertEqual(service.execute(insert).json["columns"], ["elsewhere", "b"])
        self.from_outside("DROP TABLE t", "CREATE TABLE t (p, q)")
        self.assertEqual(service.query(select).json["columns"], ["p", "q"])
        self.assertEqual(service.execute(insert).json["columns"], ["p", "q"])

    # -- virtual tables ----------------------------------------------------------------

    def test_virtual_tables_work_within_triggers_and_views(self):
        service = self.start()
        self.run_all(
            service, "CREATE TABLE doc (id INTEGER PRIMARY KEY, text, x REAL, j)",
            "CREATE VIRTUAL TABLE f5 USING fts5(text)",
            "CREATE VIRTUAL TABLE f4 USING fts4(text)",
            "CREATE VIRTUAL TABLE r USING rtree(id, x0, x1)",
            "CREATE TRIGGER made AFTER INSERT ON doc BEGIN "
            "INSERT INTO f5 (rowid, text) VALUES (new.id, new.text); "
            "INSERT INTO f4 (rowid, text) VALUES (new.id, new.text); "
            "INSERT INTO r VALUES (new.id, new.x, new.x); "
            "UPDATE doc SET j = json_object('id', new.id) WHERE id = new.id; END",
            "CREATE VIEW found AS SELECT doc.id FROM f5 JOIN doc ON doc.id = f5.rowid "
            "WHERE f5 MATCH 'river'",
            "CREATE VIEW near AS SELECT id FROM r WHERE x0 > 1",
            "INSERT INTO doc (text, x) VALUES ('a river', 2), ('a hill', 0)")
        self.assertEqual(service.query("SELECT * FROM found").json["rows"], [[1]])
        self.assertEqual(service.query("SELECT * FROM near").json["rows"], [[1]])
        self.assertEqual(service.query("SELECT j FROM doc WHERE id = 2").json["rows"],
                         [['{"id":2}']])
        found = service.query("SELECT rowid FROM f4 WHERE f4 MATCH 'hill'")
        self.assertEqual(found.json["rows"], [[2]])
        self.run_all(service, "CREATE TABLE other (a)",
                     "ALTER TABLE other RENAME COLUMN a TO b",
                     "ALTER TABLE doc RENAME TO docs", "ALTER TABLE f4 RENAME TO g4",
                     "INSERT INTO docs (text, x) VALUES ('the river', 3)")
        self.assertEqual(service.query("SELECT * FROM found").json["rows"], [[1], [3]])

    def test_what_is_not_for_users_is_not_reached_through_a_virtual_table(self):
        service = self.start("--session.backend=database")
        self.assert_ok(service.put("/v1/sessions/main/k", {"a": 1}))
        self.assert_ok(service.post("/v1/sessions/flush"))
        self.run_all(service, "CREATE TABLE t (a)",
                     "CREATE VIRTUAL TABLE f USING fts5(a)",
                     "CREATE TRIGGER bad AFTER INSERT ON t BEGIN "
                     "INSERT INTO f VALUES (new.a); DELETE FROM sluice_sessions; END",
                     "CREATE VIEW v AS SELECT load_extension(a) FROM t")
        for sql in ("INSERT INTO t VALUES (1)", "SELECT * FROM v",
                    "CREATE VIRTUAL TABLE sluice USING fts5(a)",
                    "CREATE VIRTUAL TABLE sluice USING rtree(a, b, c)",
                    "CREATE VIRTUAL TABLE SLUICE_f USING fts5(a)",
                    "ALTER TABLE f RENAME TO sluice",
                    "ALTER TABLE f RENAME TO 'sluice_f'",
                    "CREATE TABLE c (a REFERENCES sluice_sessions (key))",
                    "ALTER TABLE t ADD COLUMN b REFERENCES \"SLUICE_sessions\"",
                    "SELECT fts3_tokenizer('simple')"):
            self.assert_problem(service.execute(sql), 422)
        self.assertEqual(service.get("/v1/sessions/main/k").json, {"a": 1})

    # -- words -------------------------------------------------------------------------

    def test_a_text_that_merely_holds_the_prefix_is_not_refused_for_it(self):
        service = self.start()
        self.run_all(
            service, "CREATE TABLE my_sluice_t (a)",
            "ALTER TABLE my_sluice_t ADD COLUMN b DEFAULT 'sluice_b'",
            "ALTER TABLE my_sluice_t RENAME TO t -- no longer my_sluice_t, nor sluice_t",
            "ALTER TABLE t RENAME COLUMN b TO sluice_b",
            "ALTER /* sluice_x */ TABLE t RENAME TO \"my sluice_t\"",
            "SELECT 'sluice_a' AS sluice_alias -- sluice_b",
            "INSERT INTO \"my sluice_t\" VALUES ('sluice_', 'RENAME TO sluice_x')")
        for sql in ("ALTER TABLE \"my sluice_t\" RENAME TO sluice_t",
                    "ALTER TABLE \"my sluice_t\" RENAME /**/ TO [sluice_t]",
                    "ALTER TABLE \"my sluice_t\" RENAME TO`Sluice_t`"):
            self.assert_problem(service.execute(sql), 422)

    def test_plain_analyze_and_reindex_look_at_every_table(self):
        service = self.start("--session.backend=database")
        self.assert_ok(service.put("/v1/sessions/main/k", {"a": 1}))
        self.assert_ok(service.post("/v1/sessions/flush"))
        self.run_all(service, "CREATE TABLE t (a)", "CREATE INDEX i ON t (a)",
                     "INSERT INTO t VALUES (1), (2)", "ANALYZE", "ANALYZE t",
                     "ANALYZE main.t", "REINDEX")
        rows = service.query("SELECT stat FROM sqlite_stat1 WHERE idx = 'i'").json["rows"]
        self.assertEqual(rows, [["2 1"]])
        for sql in ("ANALYZE sluice_sessions", "ANALYZE main . 'SLUICE_sessions'"):
            self.assert_problem(service.execute(sql), 422)


if __name__ == "__main__":
    harness.main()
