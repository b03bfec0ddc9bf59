"""Pages of other origins: those that the settings name see what they did, and nobody else
sees anything."""

import contextlib
import http.server
import json
import threading

import harness
from harness import JSON, TEXT
from websocket.case import WebSocketCase
from websocket.client import PLAIN

PAGE = "http://page.example"
ALLOW = "Access-Control-Allow-Origin"


class Site:
    """Serves an empty page on a port of its own."""

    def __init__(self):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write(b"<!doctype html>")

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.origin = f"http://localhost:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    @property
    def rule(self):
        return self.origin.removeprefix("http://")

    def close(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


class Pages(WebSocketCase):
    def site(self):
        site = Site()
        self.addCleanup(site.close)
        return site

    def page(self, site):
        return self.nodes().open("page", "", (PLAIN,), page=site.origin)

    def fetch(self, page, url, **init):
        """What a page gets to see of an answer."""
        before = len(page.frames)
        page.command("fetch", url=url, init=init)
        page.expect(lambda: len(page.frames) > before)
        return json.loads(page.frames[-1])

    def test_a_page_of_a_named_origin_sees_what_it_did(self):
        site = self.site()
        token = self.secret("token", "s3cret")
        service = self.start(f"--http.hosts={site.rule}", f"--http.token-file={token}",
                             "--http.max-body-bytes=4096")
        page, base = self.page(site), f"http://{service.address}"
        bearer = {"Authorization": "Bearer s3cret"}
        typed = {**bearer, "Content-Type": "application/json"}
        for method, path, headers, body, status in (
                ("POST", "/v1/logs/a", {**bearer, "Content-Type": TEXT}, "x\n", 202),
                ("PUT", "/v1/sessions/s/k", typed, '{"n":1}', 202),
                ("PATCH", "/v1/sessions/s/k", typed, '{"n":2}', 202),
                ("GET", "/v1/sessions/s/k", bearer, None, 200),
                ("DELETE", "/v1/sessions/s/k", bearer, None, 202),
                ("PUT", "/v1/sessions/s/k", typed, "{", 400),
                ("PUT", "/v1/sessions/s/k?x=1", typed, "{}", 400),
                ("GET", "/v1/config", {}, None, 401),
                ("GET", "/nowhere", bearer, None, 404),
                ("DELETE", "/v1/logs/a", bearer, None, 405),
                ("PUT", "/v1/sessions/s/k", typed, "x" * 5000, 413),
                ("POST", "/v1/logs/a", typed, "{}", 415),
                ("POST", "/v1/db/query", typed, '{"sql":"x"}', 422)):
            init = {"method": method, "headers": headers}
            seen = self.fetch(page, base + path,
                              **init | ({} if body is None else {"body": body}))
            self.assertEqual(seen.get("status"), status, (method, path, seen))
        seen = self.fetch(page, f"{base}/v1/logs/a", method="POST", body="x\n",
                          headers={**bearer, "Content-Type": TEXT}, credentials="include")
        self.assertEqual(seen.get("status"), 202, seen)
        with contextlib.closing(service.connect()) as connection:
            answer = harness.exchange(connection, "GET", "/v1/logs/a", headers=bearer)
            self.assertEqual(answer.json["accepted"], 2)

    def test_a_page_of_a_named_origin_opens_a_socket(self):
        site = self.site()
        service = self.start(f"--http.hosts={site.rule}")
        client = self.chromium(service, page=site.origin)
        client.subscribe("a")
        self.assert_served(client, "a")

    def test_a_page_of_another_origin_sees_and_does_nothing(self):
        site, other = self.site(), self.site()
        service = self.start(f"--http.hosts={other.rule}")
        page, base = self.page(site), f"http://{service.address}"
        for init in ({"method": "POST", "headers": {"Content-Type": TEXT}, "body": "x\n"},
                     {"method": "PUT", "headers": {"Content-Type": JSON}, "body": "{}"},
                     {"method": "GET"}, {"method": "OPTIONS"}, {"method": "DELETE"}):
            seen = self.fetch(page, f"{base}/v1/logs/a", **init)
            self.assertIn("failed", seen)
        self.assert_problem(service.get("/v1/logs/a"), 404)

    def test_a_page_of_its_own_needs_no_leave(self):
        service = self.start()
        url = f"http://{service.address}/health/live"
        page = self.nodes().open("page", "", (PLAIN,), page=url)
        seen = self.fetch(page, f"http://{service.address}/v1/logs/a", method="POST",
                          headers={"Content-Type": TEXT}, body="x\n")
        self.assertEqual(seen["status"], 202)


class Fields(harness.Case):
    """What a browser reads, without one."""

    def ask(self, service, method, path, body=None, kind=None, **headers):
        return service.ask(method, path, body, kind, {"Origin": PAGE, **headers})

    def preflight(self, service, path="/v1/logs/a", **headers):
        asked = {"Access-Control-Request-Method": "POST",
                 "Access-Control-Request-Headers": "authorization,content-type"}
        return self.ask(service, "OPTIONS", path, **{**asked, **headers})

    def assert_open(self, answer, status):
        self.assert_status(answer, status)
        self.assertEqual(answer.headers.get_all(ALLOW), [PAGE])
        self.assertEqual(answer.headers["Vary"], "Origin")
        self.assertIn("Retry-After", answer.headers["Access-Control-Expose-Headers"])

    def assert_shut(self, answer, status):
        self.assert_problem(answer, status)
        told = [name for name in answer.headers if name.startswith("Access-Control")]
        self.assertEqual(told, [])

    def test_every_answer_to_a_good_page_may_be_read(self):
        service = self.start("--http.hosts=page.example", "--http.max-body-bytes=4096",
                             "--http.max-in-flight-bytes=4096")
        for method, path, body, kind, status in (
                ("GET", "/health", None, None, 200), ("HEAD", "/health", None, None, 200),
                ("POST", "/v1/logs/a", "x\n", TEXT, 202),
                ("GET", "/v1/logs/none", None, None, 404),
                ("POST", "/v1/logs/a", "{}", JSON, 415),
                ("POST", "/v1/logs/.a", "x\n", TEXT, 400),
                ("POST", "/v1/logs/a", "x" * 5000, TEXT, 413),
                ("POST", "/v1/logs/a", "x" * 4000, TEXT, 429),
                ("OPTIONS", "/v1/logs/a", None, None, 204),
                ("GET", "/v1/ws", None, None, 426)):
            self.assert_open(self.ask(service, method, path, body, kind), status)

    def test_a_slow_page_may_read_why_it_is_let_go(self):
        service = self.start("--http.hosts=page.example", "--http.idle-timeout=300ms")
        with contextlib.closing(service.socket()) as sock:
            sock.sendall(b"POST /v1/logs/a HTTP/1.1\r\nHost: localhost\r\n"
                         b"Origin: http://page.example\r\nContent-Length: 9\r\n"
                         b"Content-Type: text/plain\r\n\r\nx")
            self.assert_open(harness.read_answers(sock, 1)[0], 408)

    def test_a_preflight_needs_no_token_and_tells_no_path(self):
        token = self.secret("token", "s3cret")
        service = self.start("--http.hosts=page.example", f"--http.token-file={token}")
        answers = [self.preflight(service, path)
                   for path in ("/v1/logs/a", "/nowhere", "/v1/%zz", "/health/live?x=1")]
        for answer in answers:
            self.assert_open(answer, 204)
            headers = answer.headers
            methods = set(headers["Access-Control-Allow-Methods"].split(", "))
            self.assertLessEqual({"GET", "POST", "PUT", "PATCH", "DELETE"}, methods)
            names = headers["Access-Control-Allow-Headers"].lower().split(", ")
            self.assertLessEqual({"authorization", "content-type"}, set(names))
            self.assertGreater(int(headers["Access-Control-Max-Age"]), 0)
            self.assertEqual(answer.body, b"")
        self.assert_open(self.ask(service, "POST", "/v1/logs/a", "x\n", TEXT), 401)
        self.assert_open(self.ask(service, "OPTIONS", "/v1/logs/a"), 401)
        self.assert_shut(self.preflight(service, Origin="http://evil.example"), 401)
        self.assert_problem(service.ask("OPTIONS", "/v1/logs/a", headers={
            "Access-Control-Request-Method": "POST"}), 401)

    def test_a_page_that_is_refused_is_told_nothing(self):
        service = self.start("--http.hosts=page.example")
        for origin in ("http://evil.example", "null", "http://page.example.evil",
                       "http://page.example:81", "*"):
            self.assert_shut(self.ask(service, "GET", "/health", Origin=origin), 403)
            self.assert_shut(self.preflight(service, Origin=origin), 403)
        self.assert_shut(self.ask(service, "GET", "/health", Host="evil.example"), 403)
        self.assert_shut(self.preflight(service, Host="evil.example"), 403)
        self.assertIsNone(service.get("/health").headers[ALLOW])

    def test_what_one_page_may_the_next_request_may_not(self):
        service = self.start("--http.hosts=page.example")
        with contextlib.closing(service.connect()) as connection:
            for headers in ({"Origin": PAGE}, {}, {"Origin": "http://evil.example"}, {}):
                answer = harness.exchange(connection, "GET", "/health/live",
                                          headers=headers)
                told = answer.headers[ALLOW]
                self.assertEqual(told, PAGE if headers.get("Origin") == PAGE else None)


if __name__ == "__main__":
    harness.main()
