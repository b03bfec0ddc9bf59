"""The settings of the WebSocket: batching on and off, its time and size, what a critical
message overtakes, and compression."""

import zlib

import harness
from websocket import frames, raw
from websocket.case import NEVER, WebSocketCase, resident_bytes
from websocket.client import BATCH, PLAIN, numbers

MIB = 1024 * 1024
BATCHING = "SECURECLAW_WS_MESSAGE_BATCHING"
OFFER = {"Sec_WebSocket_Extensions": "permessage-deflate"}


class Batching(WebSocketCase):
    def assert_each_at_once(self, service):
        clients = self.subscribers(service, "a")
        for n in range(50):
            self.post(service, "a", n)
            for client in clients:
                client.expect_data("a", list(range(n + 1)))

    def test_without_batching_nothing_is_held_back(self):
        self.assert_each_at_once(self.start(NEVER, "--websocket.batching=false"))

    def test_the_environment_turns_batching_off(self):
        self.assert_each_at_once(self.start(NEVER, env={BATCHING: "false"}))

    def test_the_environment_says_yes_or_no_and_nothing_else(self):
        code, log = self.refusal(env={BATCHING: "perhaps"})
        self.assertEqual(code, 2)
        self.assertIn(BATCHING, log)

    def test_a_batch_of_one_is_a_message_at_once(self):
        self.assert_each_at_once(self.start(NEVER, "--websocket.max-batch=1",
                                            "--adaptive=false"))

    def test_a_batch_has_its_size(self):
        service = self.start(NEVER, "--websocket.max-batch=5", "--adaptive=false")
        clients = self.subscribers(service, "a")
        for n in range(12):
            self.post(service, "a", n)
        for client in clients:
            client.expect_data("a", list(range(10)))
        self.assert_held_back(clients, "a", list(range(10)))
        for client in clients:
            client.do("flush")
            client.expect_data("a", list(range(12)))
            sizes = [len(client.parts(frame)) for frame in client.frames
                     if '"data"' in frame]
            self.assertEqual(sizes, [5, 5, 2] if client.batch else [1] * 12)

    def test_a_batch_has_its_time(self):
        service = self.start("--websocket.batch-interval=3s")
        client = self.raw(service)
        client.subscribe("a")
        for n in range(7):
            client.send({"op": "publish", "topic": "a", "data": n})
        client.expect_data("a", list(range(7)))
        told = [each for each in client.frames if '"data"' in each]
        self.assertEqual(len(told), 1)

    def test_in_order_nothing_says_critical(self):
        client = self.ws(self.start(NEVER))
        client.subscribe("a")
        seq = client.publish("a", 1, "critical")
        client.expect(lambda: client.on("a"))
        self.assertEqual(client.on("a"), [{"topic": "a", "seq": seq, "data": 1}])


class Overtaking(WebSocketCase):
    def setUp(self):
        super().setUp()
        self.service = self.start(NEVER, "--websocket.critical-order=overtake")
        self.clients = self.subscribers(self.service, "a")

    def test_a_critical_message_overtakes_and_says_so(self):
        first = [self.post(self.service, "a", n)["seq"] for n in range(3)][0]
        self.post(self.service, "a", "alarm", "critical")
        for client in self.clients:
            client.expect(lambda client=client: client.on("a"))
            self.assertEqual(client.on("a"), [{"topic": "a", "seq": first + 3,
                                               "data": "alarm", "critical": True}])
        self.assert_held_back(self.clients, "a", ["alarm"])

    def test_what_was_overtaken_comes_in_its_own_order(self):
        first = [self.post(self.service, "a", n)["seq"] for n in range(3)][0]
        self.post(self.service, "a", "alarm", "critical")
        self.post(self.service, "a", 3)
        for client in self.clients:
            client.do("flush")
            client.expect_data("a", ["alarm", 0, 1, 2, 3])
            order = [3, 0, 1, 2, 4]
            self.assertEqual(numbers(client.on("a")), [first + n for n in order])
            critical = [each.get("critical", False) for each in client.on("a")]
            self.assertEqual(critical, [True, False, False, False, False])

    def test_who_comes_back_gets_all_in_order(self):
        epoch = self.clients[0].subscribe("a")["epoch"]
        first = self.post(self.service, "a", 0)["seq"]
        self.post(self.service, "a", "alarm", "critical")
        self.post(self.service, "a", 2)
        late = self.ws(self.service)
        late.subscribe({"topic": "a", "after": first - 1, "epoch": epoch})
        late.do("flush")
        late.expect(lambda: len(late.on("a")) == 3)
        self.assertEqual(sorted(numbers(late.on("a"))), [first, first + 1, first + 2])


class Deflated(WebSocketCase):
    def deflating(self, *options):
        return self.start("--websocket.deflate=true", *options)

    def inflater(self):
        return zlib.decompressobj(-zlib.MAX_WBITS)

    def test_a_window_that_zlib_lacks_is_declined(self):
        service = self.start("--websocket.deflate=true")
        tiny = "permessage-deflate; server_max_window_bits=8"
        for offer, taken in (
                (tiny, None), (f"{tiny}, permessage-deflate", "permessage-deflate"),
                (f"{tiny}\r\nSec-WebSocket-Extensions: permessage-deflate",
                 "permessage-deflate"),
                ("x-other, permessage-deflate", "permessage-deflate"),
                (f"{tiny}, permessage-deflate; server_max_window_bits=9",
                 "server_max_window_bits=9"),
                ("permessage-deflate; x, permessage-deflate", "permessage-deflate"),
                ("x; y=\"\\\"a, b\", permessage-deflate", "permessage-deflate"),
                (f"x; y=\"a, {tiny}\", z", None),
                ('permessage-deflate; server_max_window_bits="8"', None),
                (f"{tiny}, {tiny}", None), ("permessage-deflate; nonsense", None)):
            client = raw.connect(service)
            self.addCleanup(client.close)
            answer = client.upgrade(Sec_WebSocket_Extensions=offer)
            self.assert_status(answer, 101)
            told = answer.headers["Sec-WebSocket-Extensions"]
            if taken is None:
                self.assertIsNone(told, offer)
            else:
                self.assertIn(taken, told)
                self.assertNotIn("=8", told)

    def deflate(self, data):
        """As the extension wants it: raw, ended by a sync flush, the flush's mark off."""
        press = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
        return (press.compress(data) + press.flush(zlib.Z_SYNC_FLUSH))[:-4]

    def compressed(self, data, **more):
        return frames.frame(frames.TEXT, self.deflate(data), rsv=frames.RSV[0], **more)

    def test_compression_is_agreed_on_where_it_is_set(self):
        service = self.deflating()
        for client in (self.ws(service, deflate=True), self.chromium(service)):
            self.assertIn("permessage-deflate", client.opened["extensions"])
        self.assertEqual(self.ws(service, deflate=False).opened["extensions"], "")

    def test_compression_is_not_agreed_on_by_default(self):
        service = self.start()
        for client in (self.ws(service, deflate=True), self.chromium(service)):
            self.assertEqual(client.opened["extensions"], "")

    def test_clients_of_others_understand_what_is_compressed(self):
        service = self.deflating("--websocket.batch-interval=20ms")
        values = [{"n": n, "text": f"{n} words that repeat " * (n % 40)}
                  for n in range(200)]
        clients = [self.ws(service, BATCH, deflate=True),
                   self.ws(service, PLAIN, deflate=True),
                   self.ws(service, BATCH, deflate=False),
                   self.chromium(service, BATCH), self.chromium(service, PLAIN)]
        for client in clients:
            client.subscribe("a")
        for n, value in enumerate(values):
            clients[n % 5].publish("a", value)
        for client in clients:
            client.expect_data("a", values)

    def test_batches_are_smaller_where_they_repeat_themselves(self):
        service = self.deflating(NEVER)
        plain, pressed = self.raw(service), self.raw(service, **OFFER)
        for client in (plain, pressed):
            client.subscribe("a")
        received = []
        pressed.take = lambda first, payload: received.append((first, payload))
        for _ in range(20):
            self.post(service, "a", "the same words again and again")
        plain.expect(lambda: len(plain.on("a")) == 20)
        pressed.expect(lambda: received)
        first, payload = received[0]
        self.assertEqual(first, frames.FIN | frames.RSV[0] | frames.TEXT)
        text = self.inflater().decompress(payload + b"\0\0\xff\xff").decode()
        self.assertEqual(text, plain.frames[-1])
        self.assertLess(len(payload), len(text) / 3)

    def test_compressed_and_plain_frames_may_come_in_turn(self):
        service = self.deflating()
        client = self.raw(service, **OFFER)
        taken = []
        client.take = lambda first, payload: taken.append(payload)
        for _ in range(3):
            client.send_bytes(self.compressed(b'{"op":"flush","id":1}'))
            client.send_bytes(frames.text('{"op":"flush","id":2}'))
        client.expect(lambda: len(taken) == 6)
        self.assertEqual(len(self.connections(service)), 1)

    def test_a_small_frame_that_inflates_past_the_limit_is_refused(self):
        service = self.deflating()
        other = self.raw(service)
        other.subscribe("other")
        before = resident_bytes(service)
        for size in (MIB + 1, 64 * MIB, 512 * MIB):
            bomb = self.compressed(b'"' + b"x" * size + b'"')
            self.assertLess(len(bomb), MIB)
            for _ in range(4):
                client = self.raw(service, **OFFER)
                client.send_bytes(bomb)
                client.expect_close(1009)
        self.assert_served(other, "other")
        if not harness.sanitized():
            self.assertLess(resident_bytes(service) - before, 24 * MIB)

    def test_what_cannot_be_inflated_is_refused(self):
        service = self.deflating()
        other = self.raw(service)
        other.subscribe("other")
        for junk in (b"\xff" * 100, b"\x07", self.deflate(b"{}" * 1000)[3:]):
            client = self.raw(service, **OFFER)
            client.send_bytes(frames.frame(frames.TEXT, junk, rsv=frames.RSV[0]))
            client.expect_end()
            self.assertIsNotNone(client.closed)
            self.assertIn(client.closed[0], (1002, 1007))
        self.assert_served(other, "other")

    def test_without_an_agreement_a_compressed_frame_is_a_protocol_error(self):
        for offers, service in ((OFFER, self.start()), ({}, self.another_deflating())):
            client = self.raw(service, **offers)
            client.send_bytes(self.compressed(b"{}"))
            client.expect_close(1002)

    def another_deflating(self):
        self.data = self.folder / "another"
        return self.deflating()


if __name__ == "__main__":
    harness.main()
