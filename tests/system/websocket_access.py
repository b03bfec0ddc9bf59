"""Who may open a WebSocket, and how: token, Origin and Host, subprotocol, handshake,
how many at most, and by which ways in."""

import contextlib
import socket

import harness
import reach
from websocket import raw
from websocket.case import WebSocketCase
from websocket.client import BATCH, PLAIN

TOKEN = "s3cret-token"


class AccessCase(WebSocketCase):
    def attempt(self, service, protocol=BATCH, **request):
        """The answer to an upgrade, and the connection, which ends with the test."""
        client = raw.connect(service, protocol)
        self.addCleanup(client.close)
        return client.upgrade(**request)

    def assert_opens(self, service, **request):
        answer = self.attempt(service, **request)
        self.assert_status(answer, 101)
        return answer

    def assert_refused(self, service, status, **request):
        return self.assert_problem(self.attempt(service, **request), status)


class Tokens(AccessCase):
    def setUp(self):
        super().setUp()
        path = self.secret("token", TOKEN + "\n")
        self.service = self.start(f"--http.token-file={path}")
        self.bearer = {"Authorization": f"Bearer {TOKEN}"}

    def test_a_token_opens_by_header_or_by_query(self):
        self.assert_opens(self.service, Authorization=f"Bearer {TOKEN}")
        self.assert_opens(self.service, path=f"/v1/ws?token={TOKEN}")
        self.assert_opens(self.service, path="/v1/ws?token=s3cret%2Dtoken")

    def test_no_token_and_a_wrong_one_are_refused(self):
        for path in ("/v1/ws", "/v1/ws?token=", "/v1/ws?token=wrong",
                     f"/v1/ws?token={TOKEN}x", f"/v1/ws?tokens={TOKEN}"):
            self.assert_refused(self.service, 401, path=path)
        self.assert_refused(self.service, 401, Authorization="Bearer wrong")

    def test_a_token_in_a_query_opens_nothing_but_the_upgrade(self):
        for path in ("/health", "/v1/connections", "/v1/config", "/v1/logs", "/nowhere"):
            self.assert_problem(self.service.get(f"{path}?token={TOKEN}"), 401)
        answer = self.service.post(f"/v1/topics/a?token={TOKEN}", 1)
        self.assert_problem(answer, 401)
        self.assert_problem(self.service.get(f"/v1/ws?token={TOKEN}"), 401)
        self.assert_refused(self.service, 401, path=f"/health?token={TOKEN}")

    def test_clients_of_others_come_in_with_a_token(self):
        address = self.address(self.service)
        by_header = self.nodes().open("ws", address, headers=self.bearer)
        page = f"http://{self.service.address}/health/live"
        by_query = self.nodes().open("chromium", f"{address}?token={TOKEN}", page=page)
        for client in (by_header, by_query):
            client.subscribe("a")
            self.assert_served(client, "a")
        stranger = self.nodes().begin("ws", address)
        stranger.expect(lambda: stranger.refused)
        self.assertEqual(stranger.refused, 401)

    def test_the_token_is_told_nowhere(self):
        client = raw.connect(self.service)
        self.addCleanup(client.close)
        self.assert_status(client.upgrade(f"/v1/ws?token={TOKEN}"), 101)
        client.subscribe("a")
        self.assert_refused(self.service, 401, path=f"/v1/ws?token={TOKEN}-no")
        self.assert_refused(self.service, 403, path=f"/v1/ws?token={TOKEN}",
                            Origin="http://evil.example")
        for path in ("/v1/connections", "/health", "/v1/config", "/v1/actors",
                     "/metrics"):
            answer = self.service.ask("GET", path, headers=self.bearer)
            self.assertNotIn("s3cret", answer.text, path)
        self.assert_clean_exit(self.service)
        self.assertNotIn("s3cret", self.service.log())


class Origins(AccessCase):
    def test_only_its_own_names_are_accepted(self):
        service = self.start("--http.hosts=box.local")
        for host in (service.address, f"localhost:{service.port}", "box.local"):
            self.assert_opens(service, Host=host)
        for origin in (f"http://{service.address}", "http://box.local"):
            self.assert_opens(service, Origin=origin)
        for host in ("evil.example", "127.0.0.1.evil.example", "box.local.evil"):
            self.assert_refused(service, 403, Host=host)
        for origin in ("http://evil.example", "null", "https://box.local.evil",
                       "file://", "http://127.0.0.1.evil.example"):
            self.assert_refused(service, 403, Origin=origin)

    def test_a_page_from_elsewhere_gets_no_socket_in_a_browser(self):
        service = self.start()
        self.chromium(service).subscribe("a")
        stranger = self.nodes().begin("chromium", self.address(service),
                                      page="about:blank")
        stranger.expect(lambda: stranger.closed)
        self.assertIsNone(stranger.opened)
        self.assertEqual(len(self.connections(service)), 1)


class Handshakes(AccessCase):
    def test_the_accept_key_is_that_of_the_standard(self):
        answer = self.assert_opens(self.start(),
                                   Sec_WebSocket_Key="dGhlIHNhbXBsZSBub25jZQ==")
        self.assertEqual(answer.headers["Sec-WebSocket-Accept"],
                         "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        self.assertEqual(answer.headers["Upgrade"].lower(), "websocket")
        self.assertEqual(answer.headers["Connection"].lower(), "upgrade")
        self.assertEqual(answer.headers["Server"], "sluiced")

    def test_the_subprotocol_is_one_that_was_offered_or_none(self):
        service = self.start()
        for offered, chosen in (
                (BATCH, {BATCH}), (PLAIN, {PLAIN}), (f"{PLAIN}, {BATCH}", {BATCH, PLAIN}),
                (f"other, {BATCH}", {BATCH}), (f"other,{PLAIN} ,x", {PLAIN}),
                ("other", {None}), (BATCH + ".v2", {None}), (None, {None})):
            answer = self.assert_opens(service, protocol=offered)
            self.assertIn(answer.headers["Sec-WebSocket-Protocol"], chosen, offered)

    def test_lines_of_subprotocols_are_one_list(self):
        service = self.start()
        for lines, chosen in ((("other", BATCH), BATCH), (("a, b", f"c, {PLAIN}"), PLAIN),
                              (("", BATCH, "x"), BATCH), (("a", "b"), None)):
            answer = self.assert_opens(
                service, protocol="\r\nSec-WebSocket-Protocol: ".join(lines))
            self.assertEqual(answer.headers["Sec-WebSocket-Protocol"], chosen, lines)
        self.assert_opens(service, Connection="keep-alive\r\nConnection: Upgrade",
                          Upgrade="h2c\r\nUpgrade: websocket")

    def test_header_names_and_words_are_of_any_case(self):
        self.assert_opens(self.start(), Connection="keep-alive, UPGRADE",
                          Upgrade="WebSocket")

    def test_a_bad_handshake_is_refused(self):
        service = self.start()
        for change in ({"Sec_WebSocket_Key": None}, {"Sec_WebSocket_Key": ""},
                       {"Sec_WebSocket_Key": "c2hvcnQ="},
                       {"Sec_WebSocket_Key": "not base64 at all!!!!!=="},
                       {"Sec_WebSocket_Version": None}, {"version": "HTTP/1.0"},
                       {"Upgrade": None}, {"Upgrade": "h2c"}, {"Connection": "close"}):
            answer = self.attempt(service, **change)
            self.assertIn(answer.status, (400, 426), change)
            self.assert_problem(answer, answer.status)
        self.assertEqual(self.connections(service), [])

    def test_another_version_is_told_the_one_that_there_is(self):
        answer = self.attempt(self.start(), Sec_WebSocket_Version="8")
        self.assert_problem(answer, 426)
        self.assertEqual(answer.headers["Sec-WebSocket-Version"], "13")

    def test_other_methods_and_paths_do_not_upgrade(self):
        service = self.start()
        answer = self.assert_refused(service, 405, method="POST")
        self.assertEqual(answer.headers["Allow"], "GET")
        self.assert_refused(service, 404, path="/v1/wss")
        self.assert_refused(service, 404, path="/v1/ws/")

    def test_an_upgrade_of_another_path_is_just_a_request(self):
        answer = self.attempt(self.start(), path="/health/live")
        self.assert_status(answer, 200)

    def test_a_plain_request_is_told_to_upgrade(self):
        answer = self.start().get("/v1/ws")
        self.assertIn(answer.status, (400, 426))
        self.assert_problem(answer, answer.status)

    def test_words_sent_with_the_handshake_are_not_lost(self):
        service = self.start()
        client = raw.connect(service)
        self.addCleanup(client.close)
        request = raw.frames.request(service.address, Sec_WebSocket_Protocol=BATCH)
        first = raw.frames.text('{"op":"subscribe","topics":["a"],"id":7}')
        client.sock.sendall(request + first)
        self.assert_status(harness.read_answer(client.stream), 101)
        client.expect(lambda: client.answer(7))

    def test_a_connection_may_upgrade_after_other_requests(self):
        service = self.start()
        client = raw.connect(service)
        self.addCleanup(client.close)
        for _ in range(3):
            client.sock.sendall(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
            self.assert_status(harness.read_answer(client.stream), 200)
        self.assert_status(client.upgrade(), 101)
        client.subscribe("a")
        self.assert_served(client, "a")


class Limits(AccessCase):
    def test_one_connection_too_many_is_refused(self):
        service = self.start("--websocket.max-connections=2")
        first, second = self.raw(service), self.raw(service)
        self.assert_refused(service, 503)
        for client in (first, second):
            client.subscribe("a")
            self.assert_served(client, "a")
        first.close()
        self.assertTrue(harness.wait_until(
            lambda: self.attempt(service).status == 101))

    def test_sockets_leave_room_for_requests(self):
        service = self.start("--websocket.max-connections=50", "--http.max-connections=4")
        clients = [self.raw(service) for _ in range(20)]
        self.assert_status(service.get("/health/live"), 200)
        self.assertEqual(len(self.connections(service)), 20)
        clients[-1].subscribe("a")
        self.assert_served(clients[-1], "a")


class Ways(AccessCase):
    def test_a_unix_socket_carries_websockets_too(self):
        path = self.folder / "sock"
        service = self.start(f"--http.socket={path}")
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(harness.ANSWER_SECONDS_MAX)
        sock.connect(str(path))
        client = raw.RawClient(sock, BATCH, "localhost")
        with contextlib.closing(client):
            self.assert_status(client.upgrade(), 101)
            client.subscribe("a")
            self.assert_served(client, "a")

    def test_tls_carries_websockets_too(self):
        certificate, key = reach.Reach.certificate(self)
        service = self.start(f"--http.certificate={certificate}", f"--http.key={key}")
        client = self.nodes().open("ws", f"wss://{service.address}/v1/ws",
                                   authority=str(certificate))
        client.subscribe("a")
        for n in range(100):
            client.publish("a", "x" * 1000 + str(n))
        client.expect(lambda: len(client.on("a")) == 100)
        self.assert_clean_exit(service)
        client.expect_close(1001)


if __name__ == "__main__":
    harness.main()
