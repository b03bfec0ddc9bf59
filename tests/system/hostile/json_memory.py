"""JSON that is small as a text and large once it is taken apart: what it takes then is
paid for, and so bounded."""

import json
import threading

import harness
from attack import forget_peak, peak_growth_kib

BODY_BYTES = 16_000_000
# The body, what is made of it, and what it takes to read it.
GROWTH_MAX_KIB = 96 * 1024
# All bodies that may be held at once, and what it takes to read one.
GROWTH_OF_MANY_MAX_KIB = (64 + 48) * 1024
# Runs until its time is over, and keeps the writer busy.
ENDLESS = ("INSERT INTO t WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
           " SELECT max(i) FROM n")


def repeated(piece, front, end, size=BODY_BYTES):
    """A body of so many bytes, all of one piece."""
    return front + ",".join([piece] * (size // (len(piece) + 1))) + end


def many_rows(size):
    return repeated("[1]", '{"sql":"INSERT INTO absent VALUES(?)","rows":[', "]}", size)


class JsonMemory(harness.Case):
    def begin(self, *options):
        service = self.start(*options)
        self.assert_ok(service.execute("CREATE TABLE IF NOT EXISTS t(a)"))
        return service, forget_peak(service)

    def assert_bounded(self, body, path, statuses, method="POST"):
        service, before = self.begin()
        answer = service.ask(method, path, body, harness.JSON)
        self.assertIn(answer.status, statuses, answer.body[:300])
        self.assertLess(peak_growth_kib(service, before), GROWTH_MAX_KIB)
        # What was held is free again: a half of it is asked for, four times.
        for _ in range(4):
            self.assert_ok(service.query("SELECT length(?)", "y" * 15_000_000))
        self.assert_clean_exit(service)
        return answer

    def test_millions_of_rows_take_no_more_memory_than_their_text(self):
        self.assert_bounded(many_rows(BODY_BYTES), "/v1/db/batch", (422,))

    def test_rows_that_wait_behind_a_busy_writer_are_all_paid_for(self):
        service, before = self.begin("--sqlite.query-timeout=4s")
        answers = []

        def post(path, body):
            answers.append(service.ask("POST", path, body, harness.JSON))
        threads = [threading.Thread(target=post, args=each) for each in
                   [("/v1/db/execute", json.dumps({"sql": ENDLESS}))]
                   + 5 * [("/v1/db/batch", many_rows(BODY_BYTES // 2))]]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        self.assertLess(peak_growth_kib(service, before), GROWTH_OF_MANY_MAX_KIB)
        self.assertLessEqual({x.status for x in answers}, {422, 429})
        self.assert_status(
            service.ask("POST", "/v1/db/batch", many_rows(100_000), harness.JSON), 422)

    def test_all_values_of_many_rows_arrive(self):
        service, _ = self.begin()
        rows = [[f"a],[\"b{i}\\", i, None, i / 2] for i in range(20_000)]
        self.assert_ok(service.execute("CREATE TABLE r(s, i, n, f)"))
        self.assert_ok(service.post("/v1/db/batch",
                                    {"sql": "INSERT INTO r VALUES(?,?,?,?)",
                                     "rows": rows}))
        self.assertEqual(service.query("SELECT * FROM r").json["rows"], rows)

    def test_a_fault_far_into_many_rows_is_told_with_its_place(self):
        service, _ = self.begin()
        front = '{"sql":"INSERT INTO t VALUES(?)","rows":['
        for piece, end, words in (("[1]", ",[[]]]}", "rows[25000][0]: an array cannot"),
                                  ("[1]", ",]}", "not JSON"),
                                  ("[1]", ",[2}]}", "not JSON"),
                                  ("[1]", "],\"rows\":[]}", "unknown or repeated"),
                                  ("[1]", ",[18446744073709551616]]}", "is past what")):
            body = repeated(piece, front, end, 100_000)
            answer = service.ask("POST", "/v1/db/batch", body, harness.JSON)
            self.assert_problem(answer, 400)
            self.assertIn(words, answer.json["detail"])
        self.assertEqual(service.query("SELECT count(*) FROM t").json["rows"], [[0]])

    def test_millions_of_parameters_are_refused(self):
        body = repeated("1", '{"sql":"SELECT 1","params":[', "]}")
        self.assert_bounded(body, "/v1/db/execute", (400, 413))
        self.assert_bounded(body, "/v1/db/query", (400, 413))

    def test_brackets_without_end_are_refused(self):
        body = repeated("[[[]]]", '{"sql":"SELECT 1","params":[', "]}")
        self.assert_bounded(body, "/v1/db/execute", (400, 413))
        body = repeated("[]", '{"sql":"INSERT INTO absent VALUES(?)","rows":[[', "]]}")
        self.assert_bounded(body, "/v1/db/batch", (400, 413))

    def test_a_million_statements_are_refused_and_nothing_is_done(self):
        body = repeated('{"sql":"INSERT INTO t VALUES(1)"}', '{"statements":[', "]}")
        answer = self.assert_bounded(body, "/v1/db/transaction", (413, 429))
        self.assertIn("http.max-in-flight-bytes", answer.json["detail"])

    def test_parameters_of_many_statements_are_refused_past_what_may_be_held(self):
        statement = repeated("1", '{"sql":"SELECT 1","params":[', "]}", 60_000)
        body = repeated(statement, '{"statements":[', "]}")
        self.assert_bounded(body, "/v1/db/transaction", (413, 429))

    def test_millions_of_names_are_refused(self):
        body = repeated('":a":1', '{"sql":"SELECT 1","params":{', "}}")
        self.assert_bounded(body, "/v1/db/execute", (400, 413))

    def test_documents_of_many_values_are_kept_without_being_taken_apart(self):
        body = repeated("[[[1]]]", '{"a":[', "]}", 15_000_000)
        self.assert_bounded(body, "/v1/sessions/web/wide", (202,), "PUT")

    def test_a_patch_of_millions_of_members_is_refused(self):
        members = ",".join(f'"{i:x}":1' for i in range(1_500_000))
        self.assert_bounded("{" + members + "}", "/v1/sessions/web/a", (413, 429),
                            "PATCH")

    def test_a_store_of_a_million_sessions_is_refused(self):
        members = ",".join(f'"{i:x}":{{}}' for i in range(1_300_000))
        self.assert_bounded("{" + members + "}", "/v1/sessions/web", (413, 429), "PUT")

    def test_messages_and_lines_of_many_values_are_taken_as_they_are(self):
        body = repeated("1", "[", "]", 900_000)
        self.assert_bounded(body, "/v1/topics/news", (202,))
        service, before = self.begin()
        lines = (repeated("1", "[", "]", 900_000) + "\n") * 4
        self.assert_ok(service.ask("POST", "/v1/logs/app", lines, harness.NDJSON))
        self.assertLess(peak_growth_kib(service, before), GROWTH_MAX_KIB)


if __name__ == "__main__":
    harness.main()
