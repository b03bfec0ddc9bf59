"""Documents are their bytes: whatever the grammar of JSON allows is taken, and given back
as it came, by every way in and out, across kills, compactions and backends."""

import json

import harness
from harness import JSON, NDJSON
from websocket.client import PLAIN
from websocket.case import WebSocketCase

# What no double, no 64-bit integer or no UTF-8 holds, and what is JSON all the same.
ODD = (
    r'{"half":"\ud83d","other":"\udc00 \uD83D\u0041","\ud83d":{"\udc00x":1}}',
    r'{"big":18446744073709552000,"small":-9223372036854775809}',
    r'{"huge":1e999,"tiny":1E-999,"minus":-0,"plus":1E+2,"deep":[-0.0e-0]}',
    r'{"a":1,"a":2,"a":{"b":1,"b":2}}',
    '\t{ "blanks" : [ 1 ,\n 2 ] ,\r\n "none":{ } } \n',
    r'{"updatedAt":1e999}',
    r'{"updatedAt":18446744073709552000,"\u0000":"\u0000\/"}',
    '{"text":"\N{GRINNING FACE}\x7f\u2028"}',
)
STORE = "/v1/sessions/main"


def path_of(n):
    return f"{STORE}/doc{n}"


class Documents(WebSocketCase):
    def put_all(self, service):
        for n, text in enumerate(ODD):
            answer = service.ask("PUT", path_of(n), text.encode(), JSON)
            self.assert_status(answer, 202)

    def assert_all(self, service):
        for n, text in enumerate(ODD):
            self.assertEqual(service.get(path_of(n)).text, text)

    def whole_store(self):
        members = (f'"doc{n}":{text.strip()}' for n, text in enumerate(ODD))
        return "{" + ",".join(members) + "}"

    def assert_whole_store(self, service):
        self.assert_status(service.get(STORE), 200)
        for n, text in enumerate(ODD):
            self.assertEqual(service.get(path_of(n)).text, text.strip())
            self.assertIn(text.strip(), service.get(STORE).text)

    # -- sessions ----------------------------------------------------------------------

    def keep_sessions(self, *options):
        """Through the spool, the files, and whatever is read anew from either."""
        service = self.start("--session.debounce=1h", *options)
        self.put_all(service)
        self.assert_all(service)
        service.kill()
        service = self.start("--session.debounce=1h", *options)
        self.assert_all(service)
        self.assert_status(service.post("/v1/sessions/flush?durability=disk"), 200)
        service.kill()
        service = self.start(*options)
        self.assert_all(service)
        return service

    def test_odd_documents_are_kept_by_the_journal_and_taken_over_by_the_database(self):
        service = self.keep_sessions("--session.backend=journal")
        self.assert_clean_exit(service)
        service = self.start("--session.backend=database")
        self.assert_all(service)
        self.assert_clean_exit(service)
        self.assert_all(self.start("--session.backend=journal"))

    def test_odd_documents_are_kept_by_the_database(self):
        self.keep_sessions("--session.backend=database")

    def test_an_odd_store_is_replaced_as_a_whole_and_read_back(self):
        for backend in ("journal", "database"):
            service = self.start(f"--session.backend={backend}")
            service.put(STORE, {"old": {}})
            body = self.whole_store().encode()
            self.assert_status(service.ask("PUT", STORE, body, JSON), 202)
            self.assert_whole_store(service)
            again = service.get(STORE).body
            self.assert_status(service.ask("PUT", STORE, again, JSON), 202)
            service.kill()
            service = self.start(f"--session.backend={backend}")
            self.assert_whole_store(service)
            self.assert_clean_exit(service)

    def test_a_patch_leaves_odd_members_as_they_are(self):
        service = self.start()
        service.ask("PUT", path_of(0), r'{"\uD83D":1e999,"\udc00":[ -0 ],"n":1}', JSON)
        patch = r'{"\ud83d":18446744073709552000,"n":null,"\ud83d\ude00":"\udc00"}'
        self.assert_status(service.ask("PATCH", path_of(0), patch, JSON), 202)
        self.assertEqual(
            service.get(path_of(0)).text,
            r'{"\uD83D":18446744073709552000,"\udc00":[ -0 ],"\ud83d\ude00":"\udc00"}')

    def test_a_file_of_somebody_elses_is_taken_over_as_it_is(self):
        folder = self.data / "sessions"
        folder.mkdir(parents=True)
        text = "\ufeff\n" + self.whole_store() + "\n"
        (folder / "main.json").write_bytes(text.encode())
        service = self.start()
        self.assert_whole_store(service)
        self.assert_status(service.ask("PATCH", f"{STORE}/doc3", '{"new":1}', JSON), 202)
        self.assert_status(service.post("/v1/sessions/flush?durability=disk"), 200)
        service.kill()
        service = self.start()
        self.assertEqual(service.get(f"{STORE}/doc3").json,
                         {"a": {"b": 2}, "new": 1})
        self.assertEqual(service.get(path_of(0)).text, ODD[0])

    def test_a_key_is_a_name_and_no_half_of_a_character(self):
        service = self.start()
        service.put(STORE, {"kept": {}})
        body = r'{"ok":{},"half\ud83d":{"n":1}}'
        answer = self.assert_problem(service.ask("PUT", STORE, body, JSON), 400)
        self.assertIn(r"half\ud83d", answer.json["detail"])
        self.assertIn("surrogate", answer.json["detail"])
        self.assertEqual(service.get(STORE).json, {"kept": {}})

    def test_a_document_may_be_as_deep_in_a_store_as_alone(self):
        service = self.start()
        deep = '{"a":' * 255 + "{}" + "}" * 255
        self.assert_status(service.ask("PUT", f"{STORE}/d", deep, JSON), 202)
        whole = service.get(STORE).body
        self.assert_status(service.ask("PUT", STORE, whole, JSON), 202)
        deeper = b'{"d":{"a":' + deep.encode() + b"}}"
        self.assert_problem(service.ask("PUT", STORE, deeper, JSON), 400)
        self.assertEqual(service.get(f"{STORE}/d").text, deep)

    # -- lines and messages --------------------------------------------------------------

    def test_odd_lines_are_kept_as_they_are(self):
        service = self.start()
        lines = "".join(text.strip().replace("\r\n", "").replace("\n", "") + "\n"
                        for text in ODD) + "1e999\n\"\\ud83d\"\n-0\n"
        answer = service.ask("POST", "/v1/logs/app", lines.encode(), NDJSON)
        self.assertEqual(self.assert_status(answer, 202).json["accepted"], len(ODD) + 3)
        self.assertEqual(service.get("/v1/logs/app/tail").body, lines.encode())
        service.kill()
        service = self.start()
        self.assertTrue(service.comes_to_hold("app", lines.encode()))

    def test_odd_messages_reach_a_follower_as_they_were_published(self):
        service = self.start()
        follower = self.raw(service, PLAIN)
        epoch = follower.subscribe("a")["epoch"]
        values = [*ODD, "1e999", r'"\ud83d"', "-0", "18446744073709552000"]
        for n, text in enumerate(values):
            before = len(follower.frames)
            if n % 2:
                answer = service.ask("POST", "/v1/topics/a?priority=critical",
                                     text.encode(), JSON)
                self.assert_status(answer, 202)
            else:
                follower.send_text('{"op":"publish","topic":"a","data":%s,'
                                   '"priority":"critical"}' % text)
                before += 1
            follower.expect(lambda n=before: len(follower.frames) > n)
            self.assertTrue(any(text.strip() in each for each in follower.frames[-2:]),
                            (text, follower.frames[-2:]))
        late = self.raw(service, PLAIN)
        late.subscribe({"topic": "a", "after": 0, "epoch": epoch})
        late.expect(lambda: len(late.on("a")) == len(values))

    # -- what is to be a value -----------------------------------------------------------

    def test_a_value_that_cannot_be_one_of_the_database_is_named(self):
        service = self.start()
        service.execute("CREATE TABLE t(a, b)")
        insert = '{"sql":"INSERT INTO t VALUES(?, ?)",'
        for path, body, place, value in (
                ("execute", insert + '"params":[1,1e999]}', "params[1]", "1e999"),
                ("execute", insert + '"params":[18446744073709552000,1]}', "params[0]",
                 "18446744073709552000"),
                ("execute", insert + '"params":[9223372036854775808,1]}', "params[0]",
                 "9223372036854775808"),
                ("batch", insert + r'"rows":[[1,2],[3,"x\ud83d"]]}', "rows[1][1]",
                 r"\ud83d"),
                ("transaction", '{"statements":[{"sql":"SELECT 1"},' + insert
                 + '"params":[1,-1e999]}]}', "statements[1].params[1]", "-1e999"),
                ("query", '{"sql":"SELECT ?","params":[[]]}', "params[0]", "array")):
            for query in ("", "?queue=true"):
                if path == "query" and query:
                    continue
                answer = service.ask("POST", f"/v1/db/{path}{query}", body, JSON)
                detail = self.assert_problem(answer, 400).json["detail"]
                self.assertIn(place, detail)
                self.assertIn(value, detail)
        self.assertEqual(service.query("SELECT count(*) FROM t").json["rows"], [[0]])

    # -- what is no JSON -----------------------------------------------------------------

    def test_what_is_no_json_is_told_where_and_why(self):
        service = self.start()
        for body, where, why in (
                ('{\n  "a": 1\n  "b": 2\n}', "line 3, column 3", "comma"),
                ('{"a":01}', "line 1, column 7", "zero"),
                ("{'a':1}", "line 1, column 2", "double quotes"),
                ('{"\N{GRINNING FACE}":tru}', "line 1, column 9", "true"),
                ('{"a":1', "line 1, column 7", "early"),
                ('{"a":1}}', "line 1, column 8", "nothing may follow")):
            for method, path in (("PUT", path_of(0)), ("PATCH", path_of(0)),
                                 ("PUT", STORE), ("POST", "/v1/topics/a"),
                                 ("POST", "/v1/db/execute")):
                answer = service.ask(method, path, body.encode(), JSON)
                detail = self.assert_problem(answer, 400).json["detail"]
                self.assertIn(where, detail)
                self.assertIn(why, detail)
        answer = service.ask("POST", "/v1/logs/app", '1\n{"a" 1}\n', NDJSON)
        detail = self.assert_problem(answer, 400).json["detail"]
        self.assertIn("line 2", detail)
        self.assertIn("column 6", detail)
        self.assertIn("colon", detail)

    def test_what_is_no_utf8_is_told_where(self):
        service = self.start()
        answer = service.ask("PUT", path_of(0), b'{"a":"x\xffy"}', JSON)
        detail = self.assert_problem(answer, 400).json["detail"]
        self.assertIn("UTF-8", detail)
        self.assertIn("column 8", detail)


if __name__ == "__main__":
    harness.main()
