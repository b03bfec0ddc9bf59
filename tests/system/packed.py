"""Bodies in gzip: what they hold is bounded, charged and judged like any other body."""

import contextlib
import gzip
import json
import random
import zlib

import harness
from harness import JSON, NDJSON, TEXT


def bomb(size):
    """A short body that holds many NULs."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return packer.compress(b"\0" * size) + packer.flush()


class Packed(harness.Case):
    def send(self, service, body, kind=TEXT, coding="gzip", path="/v1/logs/a",
             method="POST"):
        return service.ask(method, path, body, kind, {"Content-Encoding": coding})

    def test_gzip_is_taken_apart_whoever_reads_the_body(self):
        service = self.start()
        lines = "".join(f"line {n}\n" for n in range(10_000))
        for coding in ("gzip", "GZIP", "x-gzip", "identity, gzip"):
            answer = self.send(service, gzip.compress(lines.encode()), coding=coding)
            self.assertEqual(self.assert_status(answer, 202).json["accepted"], 10_000)
        for coding in ("identity", "Identity", ""):
            self.assert_status(self.send(service, lines, coding=coding), 202)
        self.assert_status(self.send(service, gzip.compress(b'{"a":1}\n'), NDJSON), 202)
        document = gzip.compress(b'{"n": 1}')
        for method, kind in (("PUT", JSON), ("PATCH", "application/merge-patch+json")):
            answer = self.send(service, document, kind, path="/v1/sessions/s/k",
                               method=method)
            self.assert_status(answer, 202)
        self.assertEqual(service.get("/v1/sessions/s/k").json, {"n": 1})
        sql = gzip.compress(b'{"sql":"SELECT 7"}')
        answer = self.send(service, sql, JSON, path="/v1/db/query")
        self.assertEqual(answer.json["rows"], [[7]])
        service.post("/v1/logs/flush")
        self.assertEqual(service.log_file("a"), (lines * 7).encode() + b'{"a":1}\n')

    def test_members_and_chunks_are_cut_anywhere(self):
        service = self.start()
        body = gzip.compress(b"one\ntw") + gzip.compress(b"") + gzip.compress(b"o\n")
        for size in (1, 2, 3, 5, 19, 1000):
            chunks = (body[at:at + size] for at in range(0, len(body), size))
            self.assertEqual(self.send(service, chunks).json["accepted"], 2)
        self.assertEqual(self.send(service, body).json["accepted"], 2)
        service.post("/v1/logs/flush")
        self.assertEqual(service.log_file("a"), b"one\ntwo\n" * 7)

    def test_what_is_no_whole_gzip_is_refused_and_nothing_is_taken(self):
        service = self.start()
        good = gzip.compress(b"one\ntwo\n")
        noise = random.Random(1)
        bad = [good[:size] for size in range(1, len(good))]
        bad += [good + b"x", good + b"\0", good + good[:5], b"one\ntwo\n", good[1:],
                zlib.compress(b"one\n"), good[:-8] + b"\0" * 8,
                good[:10] + bytes(reversed(good[10:]))]
        bad += [noise.randbytes(noise.randrange(1, 300)) for _ in range(50)]
        bad += [good[:3] + b"\x1c" + good[4:10] + noise.randbytes(200) for _ in range(20)]
        with contextlib.closing(service.connect()) as connection:
            for body in bad:
                for chunked in (False, True):
                    sent = iter([body]) if chunked else body
                    answer = harness.exchange(connection, "POST", "/v1/logs/a", sent,
                                              TEXT, {"Content-Encoding": "gzip"})
                    self.assert_problem(answer, 400)
                    self.assertIn("gzip", answer.json["detail"])
        self.assert_problem(service.get("/v1/logs/a"), 404)

    def test_an_empty_body_is_empty_in_any_coding(self):
        service = self.start()
        for coding in ("gzip", "br"):
            answer = self.send(service, None, None, coding, "/v1/db/checkpoint")
            self.assert_status(answer, 200)

    def test_another_coding_is_told_the_one_that_there_is(self):
        service = self.start()
        for coding in ("br", "deflate", "zstd", "gzip, gzip", "gzip, br", "compress",
                       "gzip;q=1", "gzip gzip", "\xff", "gzi", "gzip2"):
            answer = self.assert_problem(self.send(service, b"x\n", coding=coding), 415)
            self.assertEqual(answer.headers["Accept-Encoding"], "gzip")
        answer = self.send(service, gzip.compress(b"x\n"), "image/png", "br")
        self.assertIsNone(answer.headers["Accept-Encoding"])
        self.assert_problem(service.get("/v1/logs/a"), 404)

    def test_two_lines_of_codings_are_one_list(self):
        service = self.start()
        body = gzip.compress(gzip.compress(b"x\n"))
        head = ("POST /v1/logs/a HTTP/1.1\r\nHost: localhost\r\n"
                "Content-Type: text/plain\r\n"
                "Content-Encoding: gzip\r\nContent-Encoding: gzip\r\n"
                f"Content-Length: {len(body)}\r\n\r\n")
        with contextlib.closing(service.socket()) as sock:
            sock.sendall(head.encode() + body)
            self.assertEqual(harness.read_answers(sock, 1)[0].status, 415)

    def test_what_a_body_holds_is_bounded_and_a_bomb_stops_early(self):
        service = self.start("--http.max-body-bytes=4096")
        self.assert_status(self.send(service, gzip.compress(b"x" * 4096)), 202)
        for body in (gzip.compress(b"x" * 4097), bomb(1 << 20), bomb(200 << 20)[:4096],
                     gzip.compress(b"x" * 2000) * 3):
            self.assert_problem(self.send(service, body), 413)
            self.assert_problem(self.send(service, iter([body])), 413)
        noise = random.Random(1).randbytes(5000)
        self.assert_problem(self.send(service, gzip.compress(noise)), 413)
        self.assertEqual(service.get("/v1/logs/a").json["accepted"], 1)

    def test_what_a_body_holds_is_charged(self):
        service = self.start("--http.max-in-flight-bytes=65536")
        for _ in range(3):
            answer = self.send(service, gzip.compress(b"x" * 100_000))
            self.assert_problem(answer, 429)
        self.assert_status(self.send(service, gzip.compress(b"x" * 10_000)), 202)

    def test_many_bombs_at_once_harm_nobody(self):
        service = self.start("--http.max-body-bytes=1048576")
        body = bomb(100 << 20)
        with contextlib.ExitStack() as stack:
            for _ in range(30):
                connection = stack.enter_context(contextlib.closing(service.connect()))
                connection.request("POST", "/v1/logs/a", body,
                                   {"Content-Type": TEXT, "Content-Encoding": "gzip"})
            self.assert_status(service.get("/health/live"), 200)
        answer = self.send(service, gzip.compress(json.dumps({"n": 1}).encode()), NDJSON)
        self.assert_status(answer, 202)


if __name__ == "__main__":
    harness.main()
