"""Lines of logs are bytes: what is taken as it is, what is refused, what is skipped."""

import harness
from harness import NDJSON, TEXT

EVERY_BYTE = bytes(n for n in range(256) if n != 10)


class LogBytes(harness.Case):
    def kept(self, service, content):
        service.post("/v1/logs/flush")
        self.assertEqual(service.log_file("app"), content)

    def test_text_is_kept_byte_for_byte_and_across_a_kill(self):
        service = self.start("--log.flush-interval=1h")
        lines = [EVERY_BYTE, b"caf\xe9", b"a\0b", b"\xed\xa0\x80", b"\x1b[31mred"]
        answer = service.post_text("/v1/logs/app", b"\r\n".join(lines))
        self.assertEqual(self.assert_status(answer, 202).json["accepted"], len(lines))
        content = b"".join(line + b"\n" for line in lines)
        tail = self.assert_status(service.get("/v1/logs/app/tail"), 200)
        self.assertEqual(tail.body, content)
        self.assertEqual(tail.headers["Content-Type"], TEXT)
        service.kill()
        self.kept(self.start(), content)

    def test_whatever_charset_text_names_its_bytes_are_kept(self):
        service = self.start()
        for kind in ("text/plain; charset=iso-8859-1", "text/plain;charset=utf-16"):
            answer = service.ask("POST", "/v1/logs/app", b"caf\xe9\n", kind)
            self.assert_status(answer, 202)
        self.assert_problem(service.ask("POST", "/v1/logs/app", b'"a"\n',
                                        "application/x-ndjson; charset=latin1"), 415)
        self.kept(service, b"caf\xe9\n" * 2)

    def test_strict_text_is_refused_whole_and_the_line_named(self):
        service = self.start()
        for bad, word in ((b"a\nb\0c\n", "NUL"), (b"a\n\xff\n", "UTF-8"),
                          (b"a\n\xc0\x80\n", "UTF-8")):
            refused = self.assert_problem(
                service.post_text("/v1/logs/app?invalid=refuse", bad), 400)
            self.assertIn("line 2:", refused.json["detail"])
            self.assertIn(word, refused.json["detail"])
        self.assert_problem(service.get("/v1/logs/app"), 404)

    def test_an_unknown_way_with_invalid_lines_is_refused(self):
        service = self.start()
        for query in ("invalid=ignore", "invalid=", "invalid=skip&invalid=skip"):
            self.assert_problem(service.post_text(f"/v1/logs/app?{query}", "a\n"), 400)

    def test_good_lines_are_taken_where_invalid_ones_are_skipped(self):
        service = self.start()
        body = b'{"a":1}\n{\n\n  \n"\xff"\n{"b":2}\r\n\r'
        answer = self.assert_status(
            service.ask("POST", "/v1/logs/app?invalid=skip", body, NDJSON), 202)
        self.assertEqual(answer.json["accepted"], 2)
        self.assertEqual([x["line"] for x in answer.json["rejected"]], [2, 5])
        self.assertTrue(all(x["detail"] for x in answer.json["rejected"]))
        self.kept(service, b'{"a":1}\n{"b":2}\n')
        answer = service.post_text("/v1/logs/app?invalid=skip&durability=disk",
                                   b"x\n\xff")
        self.assertEqual(self.assert_status(answer, 200).json["accepted"], 1)
        self.assertEqual([x["line"] for x in answer.json["rejected"]], [2])

    def test_what_is_told_of_skipped_lines_has_a_bound(self):
        service = self.start()
        answer = service.ask("POST", "/v1/logs/app?invalid=skip", "no\n" * 100_000,
                             NDJSON)
        self.assert_status(answer, 202)
        self.assertLess(len(answer.body), 65_536)
        told = answer.json
        self.assertEqual(len(told["rejected"]) + told["rejectedMore"], 100_000)

    def test_blank_lines_of_ndjson_are_none(self):
        service = self.start()
        answer = service.ask("POST", "/v1/logs/app", "\n1\n\n \t\r\n2\n\n", NDJSON)
        self.assertEqual(self.assert_status(answer, 202).json["accepted"], 2)
        self.kept(service, b"1\n2\n")

    def test_a_line_may_have_one_mebibyte(self):
        service = self.start()
        line = "x" * (1 << 20)
        self.assert_status(service.post_text("/v1/logs/app", line), 202)
        for kind, start in ((TEXT, "a\n"), (NDJSON, "1\n")):
            refused = self.assert_problem(
                service.ask("POST", "/v1/logs/app", start + line + "x\n2", kind), 400)
            self.assertIn("line 2:", refused.json["detail"])
            self.assertIn("log.max-line-bytes", refused.json["detail"])
        self.kept(service, line.encode() + b"\n")

    def test_how_long_a_line_may_be_can_be_set(self):
        service = self.start("--log.max-line-bytes=4096")
        answer = service.post_text("/v1/logs/app?invalid=skip",
                                   "x" * 4097 + "\n" + "y" * 4096)
        self.assertEqual(self.assert_status(answer, 202).json["accepted"], 1)
        self.assertEqual([x["line"] for x in answer.json["rejected"]], [1])

    def test_a_tail_that_would_be_too_long_says_what_it_holds(self):
        service = self.start("--http.max-response-bytes=4096")
        for n in range(6):
            service.post_text("/v1/logs/app", f"{n}" * 999 + "\n")
        for _ in range(2):
            answer = self.assert_status(service.get("/v1/logs/app/tail?lines=5"), 200)
            self.assertEqual(answer.text,
                             "".join(f"{n}" * 999 + "\n" for n in range(2, 6)))
            self.assertEqual(answer.headers["Sluice-Lines"], "4")
            self.assertEqual(answer.headers["Sluice-Cut-By"], "http.max-response-bytes")
            service.post("/v1/logs/flush")
        answer = self.assert_status(service.get("/v1/logs/app/tail?lines=4"), 200)
        self.assertNotIn("Sluice-Cut-By", answer.headers)
        service.post_text("/v1/logs/app", "z" * 5000)
        refused = self.assert_problem(service.get("/v1/logs/app/tail?lines=1"), 413)
        self.assertIn("http.max-response-bytes", refused.json["detail"])


if __name__ == "__main__":
    harness.main()
