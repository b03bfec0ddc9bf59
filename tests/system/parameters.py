"""What stands behind the question mark: a wish that nobody would heed is refused."""

import json

import harness
from harness import JSON, TEXT


class Parameters(harness.Case):
    def test_a_parameter_that_a_path_does_not_take_is_refused(self):
        service = self.start()
        for method, path, body in (
                ("POST", "/v1/logs/a?durabilty=disk", "x"),
                ("POST", "/v1/db/execute?queued=true", "CREATE TABLE t(x)"),
                ("PUT", "/v1/sessions/s/k?sync=1", {}),
                ("PATCH", "/v1/sessions/s/k?q", {}),
                ("DELETE", "/v1/sessions/s/k?durability=disk&x=1", None),
                ("POST", "/v1/topics/t?Priority=critical", 1),
                ("POST", "/v1/logs/flush?durability", None),
                ("POST", "/v1/logs/flush?durable=disk", None),
                ("GET", "/v1/logs/a/tail?line=1", None),
                ("GET", "/health/live?x=1", None),
                ("HEAD", "/health?x", None), ("GET", "/metrics?name[]=x", None),
                ("GET", "/v1/config?token=x", None),
                ("GET", "/v1/actors?State=false", None),
                ("POST", "/v1/db/query?durability=disk", "SELECT 1"),
                ("POST", "/v1/db/vacuum?queue=true", None)):
            if body is None:
                answer = service.ask(method, path)
            elif path.startswith("/v1/logs"):
                answer = service.post_text(path, body)
            else:
                value = {"sql": body} if path.startswith("/v1/db") else body
                answer = service.ask(method, path, json.dumps(value), JSON)
            self.assertEqual(answer.status, 400, (path, answer.body))
        self.assert_problem(service.get("/v1/logs/a"), 404)
        self.assertEqual(service.get("/v1/sessions/s").json, {})
        self.assertEqual(service.query("SELECT name FROM sqlite_schema WHERE name = 't'")
                         .json["rows"], [])

    def test_a_refused_parameter_is_named_beside_those_there_are(self):
        service = self.start()
        for path, words in (
                ("/v1/logs/a?durabilty=disk", ("'durabilty'", "'durability'")),
                ("/v1/db/execute?queued=true", ("'queued'", "'durability', 'queue'")),
                ("/v1/db/vacuum?x=1", ("'x'", "it takes none")),
                ("/v1/db/flush?durability=ram&durability=ram",
                 ("twice", "'durability'"))):
            kind = TEXT if path.startswith("/v1/logs") else JSON
            answer = service.ask("POST", path, '{"sql":"x"}', kind)
            detail = self.assert_problem(answer, 400).json["detail"]
            for word in words:
                self.assertIn(word, detail)

    def test_odd_queries_are_refused_whole(self):
        service = self.start()
        for query in ("=", "=disk", "&", "durability=ram&", "&durability=ram", "%00",
                      "%ff",
                      "durability=%zz", "durability=%", "durability=ram&durability=ram",
                      "durability%3Dram", "durability=ram;x=1", "durability=ram&%20",
                      "durability=ram#x", "x" * 5000, "%0d%0aX:y", "%e2%82%ac"):
            self.assert_problem(service.post_text(f"/v1/logs/a?{query}", "x\n"), 400)
        self.assert_problem(service.get("/v1/logs/a"), 404)
        for query in ("", "?", "?durability=ram", "?%64urability=r%61m"):
            self.assert_status(service.post_text(f"/v1/logs/a{query}", "x\n"), 202)


if __name__ == "__main__":
    harness.main()
