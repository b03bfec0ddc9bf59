"""HTTP as strangers speak it: errors in their order, odd bytes, slow and greedy peers."""

import contextlib
import json
import socket
import time

import attack
import harness
from harness import JSON, NDJSON, TEXT


class Errors(harness.Case):
    def setUp(self):
        super().setUp()
        token = self.secret("token", "s3cret-token\n")
        self.service = self.start(f"--http.token-file={token}",
                                  "--http.max-body-bytes=4096")
        self.token = {"Authorization": "Bearer s3cret-token"}

    def ask(self, method, path, body=None, kind=None, **headers):
        return self.service.ask(method, path, body, kind, {**self.token, **headers})

    def test_every_error_comes_in_its_turn(self):
        big = "x" * 5000
        evil = {"Host": "evil.example"}
        nobody = self.service.ask("PUT", "/nowhere", big, "image/png", evil)
        self.assert_problem(nobody, 401)
        self.assert_problem(self.ask("PUT", "/nowhere", big, "image/png", **evil), 403)
        self.assert_problem(self.ask("PUT", "/nowhere", big, "image/png"), 404)
        wrong = self.ask("PUT", "/v1/db/query", big, "image/png")
        self.assert_problem(wrong, 405)
        self.assertEqual(wrong.headers["Allow"], "POST")
        self.assert_problem(self.ask("POST", "/v1/db/query", big, "image/png"), 413)
        self.assert_problem(self.ask("POST", "/v1/db/query", "x", "image/png"), 415)
        self.assert_problem(self.ask("POST", "/v1/db/query", "x", JSON), 400)
        self.assert_problem(self.ask("POST", "/v1/db/query", '{"sql":"x"}', JSON), 422)

    def test_a_wrong_token_is_as_good_as_none(self):
        for wrong in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Bearer "},
                      {"Authorization": "Bearer s3cret-token2"},
                      {"Authorization": "Basic s3cret-token"}):
            for path in ("/health", "/v1/config", "/nowhere"):
                self.assert_problem(self.service.ask("GET", path, headers=wrong), 401)
            live = self.service.ask("GET", "/health/live", headers=wrong)
            self.assert_status(live, 200)

    def test_the_token_is_told_nowhere(self):
        self.assert_status(self.ask("GET", "/v1/config"), 200)
        self.assertNotIn("s3cret", self.ask("GET", "/v1/config").text)
        self.assertNotIn("s3cret", self.service.log())

    def test_a_body_may_have_exactly_its_limit(self):
        self.assert_status(self.ask("POST", "/v1/logs/a", "x" * 4096, TEXT), 202)
        self.assert_problem(self.ask("POST", "/v1/logs/a", "x" * 4097, TEXT), 413)
        chunks = (b"x" * 1000 for _ in range(5))
        self.assert_problem(self.ask("POST", "/v1/logs/a", chunks, TEXT), 413)

    def test_content_types_are_demanded(self):
        for kind in (None, TEXT, "application/xml", "application/jsonx"):
            answer = self.ask("POST", "/v1/db/query", '{"sql":"x"}', kind)
            self.assert_problem(answer, 415)
        for kind in (None, JSON, "text/html"):
            self.assert_problem(self.ask("POST", "/v1/logs/a", "x\n", kind), 415)
        for kind in ("application/json; charset=utf-8", "Application/JSON"):
            answer = self.ask("POST", "/v1/db/query", '{"sql":"SELECT 1"}', kind)
            self.assert_status(answer, 200)
        self.assert_status(
            self.ask("POST", "/v1/logs/a", "x\n", "text/plain; charset=utf-8"), 202)

    def test_a_forgotten_content_type_is_told_as_curl_takes_it(self):
        form = "application/x-www-form-urlencoded"
        told = self.assert_problem(self.ask("POST", "/v1/logs/a", "x", form), 415)
        self.assertIn("-H 'Content-Type: text/plain'", told.json["detail"])
        told = self.assert_problem(self.ask("PUT", "/v1/sessions/s/k", "{}", form), 415)
        self.assertIn("-H 'Content-Type: application/json'", told.json["detail"])

    def test_a_path_that_is_not_there_is_answered_with_the_nearest(self):
        for path, near in (("/v1/log/app", "/v1/logs/{name}"), ("/", "/health"),
                           ("/Health", "/health"),
                           ("/v1/logs/a/tali", "/v1/logs/{name}/tail"),
                           ("/v1/session/s/k", "/v1/sessions/{name}/{name}")):
            detail = self.assert_problem(self.ask("GET", path), 404).json["detail"]
            self.assertIn(f"nearest is {near},", detail)
            self.assertIn("docs/api.md", detail)

    def test_a_patch_may_say_what_it_is(self):
        for kind, value in (("application/merge-patch+json", 1),
                            ("application/merge-patch+json; charset=utf-8", 2),
                            (JSON, 3)):
            answer = self.ask("PATCH", "/v1/sessions/s/k", f'{{"n":{value}}}', kind)
            self.assert_status(answer, 202)
            self.assertEqual(self.ask("GET", "/v1/sessions/s/k").json, {"n": value})
        for method, kind in (("PATCH", "application/json-patch+json"), ("PATCH", TEXT),
                             ("PUT", "application/merge-patch+json"),
                             ("PATCH", "application/merge-patch+json; charset=latin1")):
            answer = self.ask(method, "/v1/sessions/s/k", '{"n":4}', kind)
            self.assert_problem(answer, 415)
        self.assertEqual(self.ask("GET", "/v1/sessions/s/k").json, {"n": 3})

    def test_options_tells_what_a_path_takes(self):
        for path, methods in (("/v1/logs/a", {"GET", "HEAD", "POST", "OPTIONS"}),
                              ("/v1/db/query?x=1", {"POST", "OPTIONS"}),
                              ("*", {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE",
                                     "OPTIONS"})):
            answer = self.assert_status(self.ask("OPTIONS", path), 204)
            self.assertEqual(set(answer.headers["Allow"].split(", ")), methods)
            self.assertEqual(answer.body, b"")
            self.assertIsNone(answer.headers["Access-Control-Allow-Origin"])
        self.assert_problem(self.ask("OPTIONS", "/nowhere"), 404)
        self.assert_problem(self.service.ask("OPTIONS", "/v1/logs/a"), 401)
        for method in ("GET", "HEAD", "POST", "DELETE"):
            self.assert_status(self.ask(method, "*"), 400)

    def test_methods_that_do_not_fit_are_told_what_does(self):
        for method, path, allowed in (
                ("DELETE", "/health", {"GET"}), ("GET", "/v1/logs/a/flush", {"POST"}),
                ("POST", "/v1/sessions/s/k", {"GET", "PUT", "PATCH", "DELETE"}),
                ("DELETE", "/v1/sessions/s", {"GET", "PUT"}),
                ("PUT", "/v1/logs/a", {"GET", "POST"})):
            answer = self.assert_problem(self.ask(method, path), 405)
            told = {each.strip() for each in answer.headers["Allow"].split(",")}
            self.assertLessEqual(allowed, told)
            self.assertNotIn(method, told)


class Origins(harness.Case):
    def test_only_its_own_names_are_accepted(self):
        service = self.start("--http.hosts=box.local")
        for host in (service.address, f"localhost:{service.port}", "box.local",
                     f"box.local:{service.port}"):
            answer = service.ask("GET", "/health", headers={"Host": host})
            self.assert_status(answer, 200)
        for host in ("evil.example", "127.0.0.1.evil.example", "box.local.evil"):
            answer = service.ask("GET", "/health", headers={"Host": host})
            self.assert_problem(answer, 403)
        for origin in (f"http://{service.address}", "http://box.local"):
            answer = service.ask("GET", "/health", headers={"Origin": origin})
            self.assert_status(answer, 200)
        for origin in ("http://evil.example", "null", "https://box.local.evil"):
            answer = service.ask("POST", "/v1/logs/a", "x\n", TEXT, {"Origin": origin})
            self.assert_problem(answer, 403)
        self.assert_problem(service.get("/v1/logs/a"), 404)


class Wire(harness.Case):
    def raw(self, service, data, count=1):
        with contextlib.closing(service.socket()) as sock:
            sock.sendall(data)
            return harness.read_answers(sock, count)

    def head(self, method, path, *lines):
        return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: localhost", *lines, "",
                            ""]).encode()

    def post(self, path, body):
        return self.head("POST", path, f"Content-Type: {TEXT}",
                         f"Content-Length: {len(body)}") + body

    def test_pipelined_requests_are_answered_in_order(self):
        service = self.start()
        data = b"".join(self.post("/v1/logs/a", b"%d\n" % n) for n in range(50))
        data += self.head("GET", "/v1/logs/a/tail?lines=50")
        answers = self.raw(service, data, 51)
        self.assertEqual([each.json["seq"] for each in answers[:50]], list(range(1, 51)))
        self.assertEqual(answers[50].text, "".join(f"{n}\n" for n in range(50)))

    def test_empty_lines_between_requests_are_passed_over(self):
        service = self.start()
        live = self.head("GET", "/health/live")
        for between in (b"\r\n", b"\r\n\r\n"):
            answers = self.raw(service, between + live + between + live + between, 2)
            self.assertEqual([each.status for each in answers], [200, 200])
            posted = self.post("/v1/logs/a", b"x\n") + between
            self.assertEqual([each.status for each in self.raw(service, posted * 3, 3)],
                             [202] * 3)
        self.assertEqual(self.raw(service, b"\r\n" * 20 + live)[0].status, 400)

    def test_a_connection_that_sends_empty_lines_is_idle(self):
        service = self.start("--http.idle-timeout=500ms")
        with contextlib.closing(service.socket()) as sock:
            sock.sendall(self.head("GET", "/health/live"))
            self.assertEqual(harness.read_answers(sock, 1)[0].status, 200)
            sock.sendall(b"\r\n\r")
            self.assertEqual(sock.recv(4096), b"")
        with contextlib.closing(service.socket()) as sock:
            sock.sendall(b"\r\n\r")
            sock.sendall(b"\n" + self.head("GET", "/health/live"))
            self.assertEqual(harness.read_answers(sock, 1)[0].status, 200)

    def test_a_kept_connection_says_how_long_it_waits(self):
        service = self.start("--http.idle-timeout=2500ms")
        for lines, version, kept in (
                ((), "1.1", True), (("Connection: close",), "1.1", False),
                ((), "1.0", False), (("Connection: keep-alive",), "1.0", True)):
            head = self.head("GET", "/health/live", *lines)
            answer = self.raw(service, head.replace(b"1.1", version.encode()))[0]
            told = answer.headers["Connection"], answer.headers["Keep-Alive"]
            self.assertEqual(told,
                             ("keep-alive", "timeout=2") if kept else ("close", None))

    def test_a_whole_url_is_a_target(self):
        service = self.start()
        for target, status in (
                (f"http://{service.address}/health/live", 200),
                ("HTTP://LOCALHOST:8080/health/live?", 200), ("http://localhost", 404),
                ("http://[::1]/health/live", 200), ("https://127.0.0.1/health/live", 200),
                ("http://evil.example/health/live", 403), ("http://a:b/health/live", 403),
                ("http://localhost.evil.example:3000/health/live", 403),
                ("http://%6cocalhost/health/live", 403), ("http:/health/live", 400),
                ("http:///health/live", 400), ("http://u@localhost/health/live", 400),
                ("http://u:p@localhost/health/live", 400), ("http:health", 400),
                ("ftp://localhost/health/live", 400), ("file:///health/live", 400),
                ("//localhost/health/live", 404), ("http://localhost/health/live#x", 400),
                ("localhost:3000", 400), ("http://localhost/v1/%zz", 400),
                ("http:", 400), ("https:", 400), ("mailto:", 400),
                ("javascript:x", 400), ("http://", 400), ("http", 400), ("?x", 400)):
            answer = self.raw(service, self.head("GET", target))[0]
            self.assertEqual(answer.status, status, target)
        data = self.head("GET", f"http://{service.address}/health/live").replace(
            b"Host: localhost", b"Host: evil.example")
        self.assertEqual(self.raw(service, data)[0].status, 200)
        data = self.head("GET", f"http://{service.address}/health/live",
                         f"Origin: http://{service.address}")
        self.assertEqual(self.raw(service, data)[0].status, 200)

    def test_two_origins_are_none(self):
        service = self.start()
        own = f"Origin: http://{service.address}"
        for other in (own, "Origin: http://evil.example"):
            data = self.head("GET", "/health/live", own, other)
            self.assertEqual(self.raw(service, data)[0].status, 400)

    def test_chunked_bodies_are_read(self):
        service = self.start()
        body = b"3\r\non\n\r\n4;x=y\r\ntwo\n\r\n0\r\n\r\n"
        head = self.head("POST", "/v1/logs/a", f"Content-Type: {TEXT}",
                         "Transfer-Encoding: chunked")
        self.assertEqual(self.raw(service, head + body)[0].json["accepted"], 2)

    def test_a_slow_sender_holds_up_nobody(self):
        service = self.start()
        request = self.post("/v1/logs/a", b"slow\n")
        with contextlib.closing(service.socket()) as sock:
            for byte in request:
                sock.sendall(bytes([byte]))
                if byte == ord("\n"):
                    self.assert_status(service.get("/health/live"), 200)
            self.assert_status(harness.read_answers(sock, 1)[0], 202)

    def test_a_silent_peer_is_let_go(self):
        service = self.start("--http.idle-timeout=300ms")
        for begun in (b"", b"GET /health HTTP/1.1\r\n",
                      self.head("POST", "/v1/logs/a", f"Content-Type: {TEXT}",
                                "Content-Length: 5") + b"ab"):
            with contextlib.closing(service.socket()) as sock:
                sock.sendall(begun)
                sock.settimeout(10)
                while sock.recv(4096):
                    pass
        self.assert_problem(service.get("/v1/logs/a"), 404)

    def test_bytes_that_are_no_request_are_refused(self):
        service = self.start()
        bad = [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 50,
               b"GARBAGE\r\n\r\n", b"GET  /health HTTP/1.1\r\n\r\n",
               b"GET /health HTTP/9.9\r\n\r\n",
               self.head("POST", "/v1/logs/a", "Content-Length: x"),
               self.head("POST", "/v1/logs/a", "Content-Length: -1"),
               self.head("POST", "/v1/logs/a", "Content-Length: 99999999999999999999"),
               self.head("GET", "/health", "X-Long: " + "x" * 100_000),
               self.head("POST", "/v1/logs/a", f"Content-Type: {TEXT}",
                         "Transfer-Encoding: chunked") + b"zz\r\nx\r\n0\r\n\r\n"]
        for data in bad:
            with contextlib.closing(service.socket()) as sock:
                with contextlib.suppress(ConnectionError):
                    sock.sendall(data)
                    sock.shutdown(socket.SHUT_WR)
                    start = sock.recv(12)
                    self.assertIn(start[:10], (b"", b"HTTP/1.1 4"), data[:60])
        self.assert_status(service.get("/health"), 200)
        self.assert_problem(service.get("/v1/logs/a"), 404)

    def test_two_lengths_are_no_length(self):
        service = self.start()
        body = b"0\r\n\r\n" + self.head("POST", "/v1/logs/smuggled", "Content-Length: 0")
        for lines in (("Transfer-Encoding: chunked", f"Content-Length: {len(body)}"),
                      ("Content-Length: 5", "Content-Length: 6"),
                      ("Transfer-Encoding: chunked", "Transfer-Encoding: gzip"),
                      ("Transfer-Encoding: gzip", "Transfer-Encoding: chunked")):
            data = self.head("POST", "/v1/logs/a", f"Content-Type: {TEXT}", *lines) + body
            self.assertEqual(self.raw(service, data)[0].status, 400)
        self.assert_problem(service.get("/v1/logs/smuggled"), 404)

    def test_a_client_that_asks_first_may_go_on(self):
        service = self.start()
        body = b"x\n"
        with contextlib.closing(service.socket()) as sock:
            sock.sendall(self.head("POST", "/v1/logs/a", f"Content-Type: {TEXT}",
                                   "Expect: 100-continue",
                                   f"Content-Length: {len(body)}"))
            sock.settimeout(5)
            with contextlib.suppress(socket.timeout):
                self.assertEqual(sock.recv(25), b"HTTP/1.1 100 Continue\r\n\r\n")
            sock.sendall(body)
            self.assert_status(harness.read_answers(sock, 1)[0], 202)

    def test_old_clients_get_an_answer_and_an_end(self):
        service = self.start()
        with contextlib.closing(service.socket()) as sock:
            sock.sendall(b"GET /health HTTP/1.0\r\nHost: localhost\r\n\r\n")
            sock.settimeout(10)
            data = b""
            while chunk := sock.recv(65536):
                data += chunk
        self.assertIn(b" 200 ", data.splitlines()[0])

    def test_odd_paths_lead_nowhere(self):
        service = self.start()
        for path in ("/v1/logs/../config", "/v1/logs/%2e%2e/config", "//v1/config", "/v1",
                     "/v1/logs/a%2fflush", "/v1/logs/a/", "/v1/logs//a", "/%00",
                     "/v1/%zz", "/V1/config", "/v1/logs/a/tail/x",
                     "/v1/sessions/%2e%2e/k", "/*", "/v1/db/../config",
                     "/" + "x" * 5000):
            answer = self.raw(service, self.head("GET", path))[0]
            self.assertIn(answer.status, (400, 404, 414, 431), path)

    def test_connections_are_kept_and_numbered(self):
        service = self.start("--http.max-connections=3")
        with contextlib.ExitStack() as stack:
            kept = [stack.enter_context(contextlib.closing(service.connect()))
                    for _ in range(3)]
            for connection in kept * 2:
                answer = harness.exchange(connection, "GET", "/health/live")
                self.assert_status(answer, 200)
            for connection in kept:
                self.assertTrue(attack.begin_request(connection.sock))
            self.assert_problem(service.get("/v1/config"), 503)
        self.assertTrue(harness.wait_until(lambda: self.answers(service)))

    def answers(self, service):
        with contextlib.suppress(OSError, harness.http.client.HTTPException):
            return service.get("/v1/config").status == 200
        return False

    def test_too_much_in_flight_is_refused_until_it_is_written(self):
        service = self.start("--http.max-in-flight-bytes=65536", "--spool.enabled=false",
                             "--log.flush-interval=1h", "--log.max-bytes=10000000",
                             "--log.max-entries=1000000")
        line = "x" * 16_000
        statuses = [service.post_text("/v1/logs/a", line).status for _ in range(8)]
        self.assertEqual(statuses[:3], [202] * 3)
        self.assertEqual(statuses[-1], 429)
        refused = self.assert_problem(service.post_text("/v1/logs/a", line), 429)
        self.assertGreaterEqual(int(refused.headers["Retry-After"]), 1)
        service.post("/v1/logs/flush")
        self.assert_status(service.post_text("/v1/logs/a", line), 202)
        service.post("/v1/logs/flush")
        self.assertEqual(len(service.log_file("a")),
                         16_001 * (statuses.count(202) + 1))

    def test_a_full_spool_refuses_until_it_is_written(self):
        service = self.start("--spool.max-bytes=1048576", "--adaptive=false",
                             "--log.flush-interval=1h", "--log.max-bytes=10000000",
                             "--log.max-entries=1000000")
        line = "x" * 100_000
        statuses = [service.post_text("/v1/logs/a", line).status for _ in range(12)]
        self.assertEqual(statuses[:4], [202] * 4)
        self.assertEqual(statuses[-1], 429)
        self.assert_problem(service.post_text("/v1/logs/a", "y" * 600_000), 413)
        service.post("/v1/logs/flush")
        self.assert_status(service.post_text("/v1/logs/a", line), 202)
        service.post("/v1/logs/flush")
        self.assertEqual(len(service.log_file("a")),
                         100_001 * (statuses.count(202) + 1))

    def test_an_empty_body_needs_no_type(self):
        service = self.start()
        service.post_text("/v1/logs/a", "x\n")
        for path in ("/v1/logs/flush", "/v1/logs/a/flush", "/v1/sessions/flush",
                     "/v1/db/checkpoint", "/v1/db/analyze"):
            self.assert_status(service.post(path), 200)

    def test_deep_json_and_large_numbers_are_refused_everywhere(self):
        service = self.start()
        deep = "[" * 300 + "]" * 300
        self.assert_problem(service.ask("POST", "/v1/logs/a", deep, NDJSON), 400)
        for value in (deep, "1e400", "-1e400"):
            body = f'{{"sql":"SELECT ?","params":[{value}]}}'
            self.assert_problem(service.ask("POST", "/v1/db/query", body, JSON), 400)
        number = 18446744073709551615
        self.assertIn(service.query("SELECT ?", number).status, (200, 400))

    def test_an_answer_does_not_wait_for_a_window(self):
        service = self.start("--log.flush-interval=1h", "--session.debounce=1h")
        begun = time.monotonic()
        with contextlib.closing(service.connect()) as connection:
            for n in range(200):
                answer = harness.exchange(connection, "PUT", "/v1/sessions/main/k",
                                          json.dumps({"n": n}), JSON)
                self.assert_status(answer, 202)
        self.assertLess(time.monotonic() - begun, 10)


if __name__ == "__main__":
    harness.main()
