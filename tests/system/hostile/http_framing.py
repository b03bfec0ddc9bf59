"""Requests whose end two readers see in two places: whoever hides one request in another
gets neither served."""

import contextlib
import os

import attack
import harness

HIDDEN = b"POST /v1/logs/hidden HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"
CHUNKED = b"Transfer-Encoding: chunked"
LENGTH = b"Content-Length: 5"
WHOLE = b"2\r\nx\n\r\n0\r\n\r\n"
REFUSED = (400, 431)

# Header lines that say in two ways, or in none that all agree on, how long a body is.
LENGTHS = (
    # Transfer-Encoding: once, and `chunked`.
    (b"Transfer-Encoding:",), (b"Transfer-Encoding: ",), (b"Transfer-Encoding: \t",),
    (b"Transfer-Encoding:", CHUNKED), (CHUNKED, b"Transfer-Encoding:"),
    (CHUNKED, CHUNKED), (CHUNKED, b"Transfer-Encoding: identity"),
    (b"Transfer-Encoding: identity", CHUNKED), (b"Transfer-Encoding: identity",),
    (b"Transfer-Encoding: gzip",), (b"Transfer-Encoding: gzip, chunked",),
    (b"Transfer-Encoding: chunked, gzip",), (b"Transfer-Encoding: chunked, chunked",),
    (b"Transfer-Encoding: chunked, identity",), (b"Transfer-Encoding: chunked;x",),
    (b"Transfer-Encoding: chunked;x=y",), (b"Transfer-Encoding: ,chunked",),
    (b"Transfer-Encoding: chunked,",), (b"Transfer-Encoding: \"chunked\"",),
    (b"Transfer-Encoding: xchunked",), (b"Transfer-Encoding: chunke",),
    (b"Transfer-Encoding: chunked x",), (b"Transfer-Encoding: chunked\x0b",),
    (b"Transfer-Encoding: \x0bchunked",), (b"Transfer-Encoding: chunked\0",),
    (b"Transfer-Encoding: \xa0chunked",), (b"Transfer-Encoding: gzip", CHUNKED),
    (CHUNKED, b"Transfer-Encoding: gzip"), (b"Transfer-Encoding: trailers",),
    # ... or a length, never both.
    (CHUNKED, LENGTH), (LENGTH, CHUNKED), (b"Transfer-Encoding:", LENGTH),
    (LENGTH, b"Transfer-Encoding:"), (LENGTH, b"Transfer-Encoding: identity"),
    (b"Transfer-Encoding: x", LENGTH), (b"Content-Length: 0", CHUNKED),
    # Content-Length: one number of digits.
    (LENGTH, b"Content-Length: 6"), (LENGTH, LENGTH), (b"Content-Length: 5, 5",),
    (b"Content-Length: 5,5",), (b"Content-Length: 5,6",), (b"Content-Length: ,5",),
    (b"Content-Length: 5,",), (b"Content-Length:",), (b"Content-Length: ",),
    (b"Content-Length: +5",), (b"Content-Length: -5",), (b"Content-Length: -0",),
    (b"Content-Length: 0x5",), (b"Content-Length: 5x",), (b"Content-Length: 5 5",),
    (b"Content-Length: 5;x",), (b"Content-Length: 5.0",), (b"Content-Length: 5e0",),
    (b"Content-Length: \"5\"",), (b"Content-Length: 5_0",), (b"Content-Length: 5\0",),
    (b"Content-Length: 18446744073709551616",), (b"Content-Length: " + b"9" * 40,),
    (b"Content-Length: 18446744073709551621",), (b"Content-Length: \xb25",),
    (b"Content-Length: 5", b"content-length: 5"), (b"Content-Length: 05, 5",))

# Lines that some readers take for another line, or for none.
LINES = (
    (b"Transfer-Encoding:\r\n chunked",), (b"Transfer-Encoding:\r\n\tchunked",),
    (b"Content-Length:\r\n 5",), (b"Content-Length: 5\r\n ",),
    (LENGTH, b"X: a\r\n b"), (LENGTH, b"X: a\r\n\tb"), (LENGTH, b"X:\r\n "),
    (b"X: a\r\n Transfer-Encoding: chunked", LENGTH), (b"Transfer-Encoding : chunked",),
    (b"Transfer-Encoding\t: chunked",), (b"Content-Length : 5",), (b" " + CHUNKED,),
    (b"\t" + LENGTH,), (b"X: a\rTransfer-Encoding: chunked", LENGTH),
    (b"X: a\nTransfer-Encoding: chunked", LENGTH), (b"X: a\r\rContent-Length: 0", LENGTH),
    (b"X: a\0b", LENGTH), (b"X\0: a", LENGTH), (b": a", LENGTH), (b"X", LENGTH),
    (b"X(: a", LENGTH), (b"X: a\x7f", LENGTH), (b"\r" + CHUNKED,), (b"\n" + CHUNKED,),
    (b"X\x80: a", LENGTH), (b"X: \x08", LENGTH),
    # Who is asked, and who asks, is said once.
    (b"Host: localhost", LENGTH), (b"Host: evil.example", LENGTH),
    (b"Host:", LENGTH), (b"Content-Type: application/x-ndjson", LENGTH),
    (b"Authorization: Bearer a", b"Authorization: Bearer b", LENGTH))

# Bodies in chunks whose cuts are no cuts.
CHUNKS = (
    b"+2\r\nx\n\r\n0\r\n\r\n", b"-2\r\nx\n\r\n0\r\n\r\n", b" 2\r\nx\n\r\n0\r\n\r\n",
    b"2 \r\nx\n\r\n0\r\n\r\n", b"\t2\r\nx\n\r\n0\r\n\r\n", b"0x2\r\nx\n\r\n0\r\n\r\n",
    b"2\nx\n\r\n0\r\n\r\n", b"2\rx\n\r\n0\r\n\r\n", b"2\r\nx\n0\r\n\r\n",
    b"2\r\nx\n\n0\r\n\r\n", b"2\r\nx\nyy0\r\n\r\n", b"\r\n2\r\nx\n\r\n0\r\n\r\n",
    b"g\r\nx\n\r\n0\r\n\r\n", b"2,2\r\nx\n\r\n0\r\n\r\n", b"2.0\r\nx\n\r\n0\r\n\r\n",
    b"0" * 15 + b"02\r\nx\n\r\n0\r\n\r\n", b"10000000000000002\r\nx\n\r\n0\r\n\r\n",
    b"f" * 17 + b"\r\nx\n\r\n0\r\n\r\n", b"2\r\nx\n\r\n" + b"0" * 17 + b"\r\n\r\n",
    b"2;\r\nx\n\r\n0\r\n\r\n", b"2;a=\r\nx\n\r\n0\r\n\r\n", b"2 a\r\nx\n\r\n0\r\n\r\n",
    b"2;\nx\r\nx\n\r\n0\r\n\r\n", b"2;a=\"\n\"\r\nx\n\r\n0\r\n\r\n",
    b"2;a=\"\0\"\r\nx\n\r\n0\r\n\r\n", b"2;a=\"\x7f\"\r\nx\n\r\n0\r\n\r\n",
    b"2;a=\"\r\"\r\nx\n\r\n0\r\n\r\n", b"2\r\nx\n\r\n0;a=\"\n\"\r\n\r\n",
    b"2;" + b"a" * 40_000 + b"\r\nx\n\r\n0\r\n\r\n",
    b"2;" + b"a" * 2_000_000 + b"\r\nx\n\r\n0\r\n\r\n",
    (b"1;" + b"a" * 4000 + b"\r\nx\r\n") * 200 + b"0\r\n\r\n",
    (b"0" * 12_000 + b"1\r\nx\r\n") * 50 + b"0\r\n\r\n",
    # Behind the last one.
    b"2\r\nx\n\r\n0\r\nContent-Length: 5\r\n\r\n",
    b"2\r\nx\n\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"2\r\nx\n\r\n0\r\nX : a\r\n\r\n", b"2\r\nx\n\r\n0\r\nX: a\0\r\n\r\n",
    b"2\r\nx\n\r\n0\r\nX: a\nY: b\r\n\r\n", b"2\r\nx\n\r\n0\r\n X: a\r\n\r\n",
    b"2\r\nx\n\r\n0\r\nno field\r\n\r\n",
    b"2\r\nx\n\r\n0\r\nX: " + b"a" * 200_000 + b"\r\n\r\n")

STARTS = (
    b" POST /v1/logs/a HTTP/1.1", b"POST  /v1/logs/a HTTP/1.1",
    b"POST\t/v1/logs/a HTTP/1.1", b"POST /v1/logs/a  HTTP/1.1",
    b"POST /v1/logs/a HTTP/1.1 ", b"POST /v1/logs/a\tHTTP/1.1",
    b"POST /v1/logs/a", b"POST /v1/logs/a http/1.1", b"POST /v1/logs/a HTTP/1.01",
    b"POST /v1/logs/a HTTP/2.0", b"POST /v1/logs/a HTTP/0.9", b"POST /v1/logs/a HTTP/1.2",
    b"POST /v1/logs/a HTTP/+1.1", b"P\0ST /v1/logs/a HTTP/1.1",
    b"POST /v1/logs/a\0 HTTP/1.1", b"POST /v1/logs/a\rx HTTP/1.1",
    b"POST /v1/logs/a HTTP/1.1\nX: a", b"\nPOST /v1/logs/a HTTP/1.1",
    b"\rPOST /v1/logs/a HTTP/1.1", b"POST /v1/logs/a HTTP/1.1\r\n X: a")


class Framing(harness.Case):
    def setUp(self):
        super().setUp()
        self.service = self.start("--http.idle-timeout=20s")

    def head(self, *lines, start=b"POST /v1/logs/a HTTP/1.1", host=b"Host: localhost"):
        more = (b"Content-Type: text/plain",) if b"Content-Type" not in lines else ()
        return b"\r\n".join((start, *(host and (host,)), *more, *lines, b"", b""))

    def answers_to(self, data):
        """The status of each answer until the service ends the connection; 0 at the end
        if it does not."""
        with contextlib.closing(attack.open_tcp(self.service, 10)) as peer:
            with contextlib.suppress(ConnectionError):
                peer.sendall(data)
            came = attack.everything(peer)
            with contextlib.suppress(OSError):
                peer.settimeout(0.01)
                peer.recv(1)
        return [int(x[:3]) for x in came.split(b"HTTP/1.1 ")[1:]], came

    def assert_refused(self, data):
        statuses, came = self.answers_to(data + HIDDEN)
        self.assertEqual(len(statuses), 1, (data[:300], came))
        self.assertIn(statuses[0], REFUSED, (data[:300], came))
        self.assertIn(b"Connection: close", came, data[:300])

    def assert_nothing_hidden(self):
        for name in ("hidden", "a"):
            self.assert_problem(self.service.get(f"/v1/logs/{name}"), 404)
        self.assert_status(self.service.get("/health"), 200)

    def test_a_body_has_one_length_that_all_agree_on(self):
        for lines in LENGTHS:
            for body in (WHOLE, b"x\nx\nx"):
                self.assert_refused(self.head(*lines) + body)
        self.assert_nothing_hidden()

    def test_an_old_request_has_no_chunks(self):
        for lines in ((CHUNKED,), (CHUNKED, b"Connection: keep-alive"),
                      (b"Transfer-Encoding:",), (CHUNKED, LENGTH)):
            self.assert_refused(self.head(*lines, start=b"POST /v1/logs/a HTTP/1.0")
                                + WHOLE)
        self.assert_nothing_hidden()

    def test_a_line_is_one_line_for_everybody(self):
        for lines in LINES:
            self.assert_refused(self.head(*lines) + WHOLE)
        self.assert_nothing_hidden()

    def test_a_request_begins_with_three_words_and_a_host(self):
        for start in STARTS:
            self.assert_refused(self.head(LENGTH, start=start) + b"x\nx\nx")
        self.assert_refused(self.head(LENGTH, host=b"") + b"x\nx\nx")
        self.assert_nothing_hidden()

    def test_chunks_are_cut_in_one_way(self):
        for body in CHUNKS:
            self.assert_refused(self.head(CHUNKED) + body)
        self.assert_nothing_hidden()

    def test_what_comes_behind_the_chunks_changes_nothing(self):
        for trailer in (b"X: a", b"Connection: close", b"Host: evil.example",
                        b"Authorization: Bearer x", b"Content-Type: text/html",
                        b"Expect: 100-continue", b"Upgrade: websocket"):
            data = self.head(CHUNKED) + b"2\r\nx\n\r\n0\r\n" + trailer + b"\r\n\r\n"
            last = self.head(b"Connection: close", b"Content-Length: 2") + b"y\n"
            statuses, came = self.answers_to(data + last)
            self.assertEqual(statuses, [202, 202], (trailer, came))

    def test_an_upgrade_brings_no_body(self):
        lines = (b"Connection: Upgrade", b"Upgrade: websocket",
                 b"Sec-WebSocket-Version: 13", b"Sec-WebSocket-Key: " + b"A" * 22 + b"==")
        start = b"GET /v1/ws HTTP/1.1"
        for more, body in (((LENGTH,), b"x\nx\nx"), ((CHUNKED,), WHOLE)):
            self.assert_refused(self.head(*lines, *more, start=start) + body)
        self.assert_refused(self.head(*lines, lines[-1], start=start))
        # One that fails ends the connection: who stands between may think it a tunnel.
        statuses, came = self.answers_to(
            self.head(*lines[:2], b"Sec-WebSocket-Version: 8", start=start) + HIDDEN)
        self.assertEqual(statuses, [426], came)
        self.assert_nothing_hidden()

    def test_what_is_well_cut_is_served(self):
        for body in (WHOLE, b"2;a=b\r\nx\n\r\n0;c=\"d e\"\r\n\r\n",
                     b"02 ; a\r\nx\n\r\n000\r\n\r\n",
                     b"".join(b"1;signature=" + os.urandom(32).hex().encode()
                              + b"\r\nx\r\n" for _ in range(50)) + b"0\r\n\r\n"):
            statuses, came = self.answers_to(
                self.head(CHUNKED) + body
                + self.head(b"Content-Length:  2 ", b"Connection: close") + b"y\n")
            self.assertEqual(statuses, [202, 202], (body, came))
        statuses, _ = self.answers_to(
            self.head(b"Content-Length: 002", b"Connection: close") + b"y\n")
        self.assertEqual(statuses, [202])


if __name__ == "__main__":
    harness.main()
