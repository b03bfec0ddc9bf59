"""How SQL's values and rows travel: each as what it was, by position or by name, in the
form that the client asks for; and what a migration needs."""

import base64
import contextlib
import json
import sqlite3

import harness


def text_bytes(value):
    return {"$text": base64.b64encode(value).decode()}


class Forms(harness.Case):
    def named(self, service, path, sql, params, more=""):
        return service.post(f"/v1/db/{path}{more}", {"sql": sql, "params": params})

    def start_with_table(self, *options):
        service = self.start(*options)
        self.assert_status(
            service.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, x)"), 200)
        return service

    def column(self, service):
        return [x for (x,) in service.query("SELECT x FROM t ORDER BY id").json["rows"]]

    def shell(self, sql):
        with contextlib.closing(sqlite3.connect(self.data / "sluice.db")) as file:
            file.text_factory = bytes
            return file.execute(sql).fetchall()

    def dead_letters(self):
        lines = (self.data / "dead-letter.ndjson").read_text().splitlines()
        return [json.loads(line) for line in lines]

    # -- values ------------------------------------------------------------------------

    def test_a_real_keeps_its_type(self):
        service = self.start_with_table()
        sql = "SELECT 20.0, 1e300, 0.1, -0.0, 1e20, 5e-324, 9007199254740993.0, 2"
        for answer in (service.query(sql), service.execute(sql)):
            self.assertIn(b"[20.0,1e+300,0.1,-0.0,1e+20,5e-324,9007199254740992.0,2]",
                          answer.body)
        answer = service.execute("INSERT INTO t (x) VALUES (3.0) RETURNING x")
        self.assertIn(b'"rows":[[3.0]]', answer.body)
        self.assert_status(service.execute("INSERT INTO t (x) VALUES (?)", 4.0), 200)
        self.assertEqual(self.shell("SELECT typeof(x) FROM t"), [(b"real",), (b"real",)])

    def test_an_infinity_is_told_and_taken(self):
        service = self.start_with_table()
        both = [{"$real": "Infinity"}, {"$real": "-Infinity"}]
        self.assertEqual(service.query("SELECT 9e999, -9e999").json["rows"], [both])
        for value in both:
            self.assert_status(
                service.execute("INSERT INTO t (x) VALUES (?)", value), 200)
        self.assertEqual(self.column(service), both)
        self.assertEqual(self.shell("SELECT x = 9e999, x = -9e999 FROM t"),
                         [(1, 0), (0, 1)])
        for word in ("NaN", "1.5", "inf", ""):
            self.assert_problem(service.query("SELECT ?", {"$real": word}), 400)

    def test_text_that_is_no_utf8_comes_back_as_its_bytes(self):
        service = self.start_with_table()
        odd = [b"caf\xe9", b"\xff\x00\xfe", b"\xed\xa0\x80"]
        self.assert_status(service.execute("INSERT INTO t (x) VALUES "
                                           "(CAST(x'636166e9' AS TEXT))"), 200)
        for value in odd[1:]:
            self.assert_status(
                service.execute("INSERT INTO t (x) VALUES (?)", text_bytes(value)), 200)
        self.assert_status(service.execute("INSERT INTO t (x) VALUES (?)", "a\0b"), 200)
        self.assertEqual(self.column(service), [*map(text_bytes, odd), "a\0b"])
        self.assertEqual(self.shell("SELECT typeof(x), CAST(x AS BLOB) FROM t"),
                         [(b"text", x) for x in (*odd, b"a\0b")])
        self.assert_problem(service.query("SELECT ?", {"$text": "?"}), 400)

    def test_queued_values_keep_their_types_into_the_dead_letters(self):
        service = self.start_with_table()
        values = [20.0, {"$real": "-Infinity"}, text_bytes(b"\xff"), {"$blob": "AP8="}, 7]
        for sql in ("INSERT INTO t (x) VALUES (?1), (?2), (?3), (?4), (?5)",
                    "INSERT INTO nowhere VALUES (?, ?, ?, ?, ?)"):
            body = {"sql": sql, "params": values}
            self.assert_ok(service.post("/v1/db/execute?queue=true", body))
        self.assert_status(service.post("/v1/db/flush"), 200)
        self.assertEqual(self.column(service), values)
        (letter,) = self.dead_letters()
        self.assertEqual(letter["params"], values)
        self.assertIsInstance(letter["params"][0], float)

    # -- parameters by name ------------------------------------------------------------

    def test_parameters_go_by_name(self):
        service = self.start_with_table()
        answer = self.named(service, "execute", "INSERT INTO t VALUES (:id, @x)",
                            {"@x": "a", ":id": 1})
        self.assert_status(answer, 200)
        sql = "SELECT id, x, $y, :id FROM t WHERE id = :id"
        answer = self.named(service, "query", sql, {":id": 1, "$y": None})
        self.assertEqual(self.assert_status(answer, 200).json["rows"],
                         [[1, "a", None, 1]])
        whole = {"statements": [
            {"sql": "INSERT INTO t VALUES (:id, ?)", "params": [2, "b"]},
            {"sql": "UPDATE t SET x = :x WHERE id = :id",
             "params": {":id": 2, ":x": "c"}},
            {"sql": "INSERT INTO t VALUES (3, 'd')", "params": {}}]}
        self.assert_status(service.post("/v1/db/transaction", whole), 200)
        batch = {"sql": "INSERT INTO t VALUES (:id, :x)",
                 "rows": [{":id": 4, ":x": "e"}, {":x": "f", ":id": 5}]}
        self.assert_status(service.post("/v1/db/batch", batch), 200)
        self.assertEqual(self.column(service), ["a", "c", "d", "e", "f"])

    def test_a_wrong_parameter_is_named(self):
        service = self.start_with_table()
        insert = "INSERT INTO t VALUES (:id, :x)"
        for sql, params, word in (
                (insert, {":id": 1}, ":x"), (insert, {}, ":id"),
                (insert, {":id": 1, ":x": 2, ":wrong": 3}, ":wrong"),
                (insert, {"id": 1, ":x": 2}, ":id"),
                ("INSERT INTO t VALUES (:id, ?)", {":id": 1}, "2"),
                ("INSERT INTO t VALUES (:id, @x)", {":id": 1, ":x": 2}, "@x"),
                (insert, {":id": 1, ":x": [1]}, ":x")):
            problem = self.named(service, "execute", sql, params)
            self.assertIn(word, self.assert_problem(problem, 400).json["detail"])
        twice = b'{"sql":"SELECT :a","params":{":a":1,":a":2}}'
        problem = service.ask("POST", "/v1/db/query", twice, harness.JSON)
        self.assertIn(":a", self.assert_problem(problem, 400).json["detail"])
        for rows in ([{":id": 1, ":x": 2}, {":id": 2}], [{":id": 1, ":x": 2}, [2, 3]],
                     [{":id": 1, ":x": 2}, {":id": 2, ":x": 3, ":y": 4}],
                     [[1, 2], {":id": 2, ":x": 3}], [{":id": 1}]):
            self.assert_problem(
                service.post("/v1/db/batch", {"sql": insert, "rows": rows}), 400)
        self.assertEqual(self.column(service), [])

    def test_queued_parameters_go_by_name_over_a_kill(self):
        service = self.start_with_table("--sqlite.queue-interval=1h")
        for path, body in (
                ("execute", {"sql": "INSERT INTO t VALUES (:id, :x)",
                             "params": {":x": "a", ":id": 1}}),
                ("batch", {"sql": "INSERT INTO t VALUES ($id, $x)",
                           "rows": [{"$id": 2, "$x": "b"}, {"$x": "c", "$id": 3}]}),
                ("transaction", {"statements": [
                    {"sql": "INSERT INTO t VALUES (?, ?)", "params": [4, "d"]},
                    {"sql": "INSERT INTO t VALUES (@id, 'e')", "params": {"@id": 5}}]}),
                ("execute", {"sql": "INSERT INTO t VALUES (:id, 1)",
                             "params": {":wrong": 1}})):
            self.assert_ok(service.post(f"/v1/db/{path}?queue=true", body))
        service.kill()
        service = self.start()
        self.assert_status(service.post("/v1/db/flush"), 200)
        self.assertEqual(self.column(service), ["a", "b", "c", "d", "e"])
        (letter,) = self.dead_letters()
        self.assertEqual(letter["params"], {":wrong": 1})

    # -- forms of rows -----------------------------------------------------------------

    def test_rows_come_as_objects_when_asked_for(self):
        service = self.start_with_table()
        sql = "INSERT INTO t VALUES (1, 'a'), (2, 'b') RETURNING id, x"
        answer = service.post("/v1/db/execute?rows=objects", {"sql": sql})
        self.assertEqual(self.assert_status(answer, 200).json["rows"],
                         [{"id": 1, "x": "a"}, {"id": 2, "x": "b"}])
        answer = service.post("/v1/db/query?rows=objects",
                              {"sql": "SELECT id, id, 5 AS \"id:2\", x FROM t LIMIT 1"})
        self.assertEqual(answer.json["columns"], ["id", "id:3", "id:2", "x"])
        self.assertEqual(answer.json["rows"], [{"id": 1, "id:3": 1, "id:2": 5, "x": "a"}])
        whole = {"statements": [{"sql": "SELECT x FROM t"}]}
        answer = service.post("/v1/db/transaction?rows=objects", whole)
        self.assertEqual(answer.json["results"][0]["rows"], [{"x": "a"}, {"x": "b"}])
        answer = service.post("/v1/db/query?rows=arrays&integers=numbers",
                              {"sql": "SELECT 1"})
        self.assertEqual(answer.json["rows"], [[1]])

    def test_integers_come_as_strings_when_asked_for(self):
        service = self.start_with_table()
        body = {"sql": "INSERT INTO t VALUES (9007199254740993, 1.0) RETURNING id, x"}
        answer = service.post("/v1/db/execute?integers=strings", body)
        self.assertEqual(self.assert_status(answer, 200).json["rows"],
                         [["9007199254740993", 1.0]])
        self.assertEqual(answer.json["lastInsertRowid"], "9007199254740993")
        self.assertEqual(answer.json["changes"], 1)
        answer = service.post("/v1/db/query?integers=strings&rows=objects",
                              {"sql": "SELECT id FROM t WHERE id = ?",
                               "params": [{"$integer": "9007199254740993"}]})
        self.assertEqual(answer.json["rows"], [{"id": "9007199254740993"}])

    def test_a_form_that_is_unknown_is_refused_and_nothing_is_done(self):
        service = self.start_with_table()
        for more in ("?rows=object", "?integers=string", "?rows=", "?integers=true"):
            for path, body in (("query", {"sql": "SELECT 1"}),
                               ("execute", {"sql": "INSERT INTO t VALUES (1, 1)"}),
                               ("transaction", {"statements": [
                                   {"sql": "INSERT INTO t VALUES (1, 1)"}]})):
                self.assert_problem(service.post(f"/v1/db/{path}{more}", body), 400)
        self.assertEqual(self.column(service), [])

    # -- migrations --------------------------------------------------------------------

    def transaction(self, service, *statements, more=""):
        whole = {"statements": [{"sql": sql} for sql in statements]}
        return service.post(f"/v1/db/transaction{more}", whole)

    def start_with_keys(self):
        service = self.start()
        for sql in ("CREATE TABLE parent (id INTEGER PRIMARY KEY)",
                    "CREATE TABLE child (p REFERENCES parent (id))",
                    "INSERT INTO parent VALUES (1)", "INSERT INTO child VALUES (1)"):
            self.assert_status(service.execute(sql), 200)
        return service

    def assert_keys_are_enforced(self, service):
        self.assert_problem(service.execute("INSERT INTO child VALUES (99)"), 422)
        self.assertEqual(service.execute("PRAGMA foreign_keys").json["rows"], [[1]])

    def test_a_migration_sets_its_version(self):
        service = self.start()
        answer = self.transaction(service, "CREATE TABLE m (a)",
                                  "PRAGMA user_version = 7")
        self.assert_status(answer, 200)
        self.assertEqual(service.query("PRAGMA user_version").json["rows"], [[7]])
        failed = self.transaction(service, "PRAGMA user_version = 8", "SELEKT")
        self.assert_problem(failed, 422)
        self.assertEqual(service.query("PRAGMA user_version").json["rows"], [[7]])
        self.assert_status(service.execute("PRAGMA user_version = 9"), 200)
        self.assertEqual(self.shell("PRAGMA user_version"), [(9,)])
        self.assert_problem(service.query("PRAGMA user_version = 10"), 422)

    def test_deferred_foreign_keys_end_with_their_transaction(self):
        service = self.start_with_keys()
        answer = self.transaction(service, "PRAGMA defer_foreign_keys = ON",
                                  "INSERT INTO child VALUES (2)",
                                  "INSERT INTO parent VALUES (2)")
        self.assert_status(answer, 200)
        failed = self.transaction(service, "PRAGMA defer_foreign_keys = ON",
                                  "INSERT INTO child VALUES (3)")
        self.assert_problem(failed, 422)
        self.assert_keys_are_enforced(service)

    def test_a_table_is_rebuilt_with_foreign_keys_off(self):
        service = self.start_with_keys()
        answer = self.transaction(
            service, "PRAGMA foreign_keys = OFF",
            "CREATE TABLE new (id INTEGER PRIMARY KEY, n)",
            "INSERT INTO new SELECT id, 0 FROM parent", "DROP TABLE parent",
            "ALTER TABLE new RENAME TO parent", "PRAGMA user_version = 2",
            "PRAGMA foreign_keys = ON")
        self.assert_status(answer, 200)
        self.assertEqual(len(answer.json["results"]), 7)
        self.assertEqual(self.shell("SELECT * FROM child"), [(1,)])
        self.assertEqual(self.shell("SELECT * FROM parent"), [(1, 0)])
        self.assert_keys_are_enforced(service)

    def test_a_migration_that_breaks_foreign_keys_changes_nothing(self):
        service = self.start_with_keys()
        failed = self.transaction(service, "PRAGMA foreign_keys(0)", "DELETE FROM parent")
        self.assertIn("child", self.assert_problem(failed, 422).json["detail"])
        self.assertEqual(self.shell("SELECT count(*) FROM parent"), [(1,)])
        for statements in (("PRAGMA foreign_keys = OFF", "SELEKT"),
                           ("PRAGMA foreign_keys = OFF",
                            "INSERT OR ROLLBACK INTO parent VALUES (1)"),
                           ("PRAGMA foreign_keys = OFF", "SELECT 1",
                            "PRAGMA foreign_keys = OFF", "SELECT 2"),
                           ("SELECT 1", "PRAGMA foreign_keys = OFF", "SELECT 2")):
            self.assert_problem(self.transaction(service, *statements), 422)
            self.assert_keys_are_enforced(service)
        self.assert_problem(service.execute("PRAGMA foreign_keys = OFF"), 422)

    def test_a_queued_migration_is_set_aside_with_the_reason(self):
        service = self.start_with_keys()
        answer = self.transaction(service, "PRAGMA foreign_keys = OFF",
                                  "DELETE FROM parent", more="?queue=true")
        self.assert_ok(answer)
        answer = self.transaction(service, "PRAGMA defer_foreign_keys = 1",
                                  "INSERT INTO child VALUES (5)",
                                  "INSERT INTO parent VALUES (5)",
                                  "PRAGMA user_version = 3", more="?queue=true")
        self.assert_ok(answer)
        self.assert_status(service.post("/v1/db/flush"), 200)
        (letter,) = self.dead_letters()
        self.assertIn("PRAGMA foreign_keys", letter["error"])
        self.assertEqual(self.shell("SELECT count(*) FROM parent"), [(2,)])
        self.assertEqual(self.shell("PRAGMA user_version"), [(3,)])
        self.assert_keys_are_enforced(service)


if __name__ == "__main__":
    harness.main()
