"""Bad clients: frames and words that mean nothing, too much of everything, and peers who
do not read. Each is answered or let go, and nobody else notices."""

import json
import time

import harness
from websocket import frames, raw
from websocket.case import WebSocketCase, resident_bytes
from websocket.client import PLAIN

MESSAGE_BYTES_MAX = 1024 * 1024
TOPICS_MAX = 1000
MIB = 1024 * 1024
PUBLISH = b'{"op":"publish","topic":"a","data":"%s","id":1}'
BAD_UTF8 = (b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82",
            b"\xf8\x88\x80\x80\x80", b"\x80")


def publication(size):
    """A message of exactly this size."""
    return PUBLISH % (b"x" * (size - len(PUBLISH) + 2))


class FaultCase(WebSocketCase):
    def setUp(self):
        super().setUp()
        self.service = self.start()
        self.other = self.raw(self.service)
        self.other.subscribe("other")

    def assert_closes(self, data, *codes):
        """Who sends this is told one of these codes and let go; nobody else is."""
        client = self.raw(self.service)
        client.send_bytes(data)
        client.expect_end()
        self.assertIsNotNone(client.closed, data[:40])
        self.assertIn(client.closed[0], codes, data[:40])
        self.assert_served(self.other, "other")


class Frames(FaultCase):
    def test_an_unmasked_frame_is_a_protocol_error(self):
        for opcode in (frames.TEXT, frames.PING, frames.CLOSE):
            self.assert_closes(frames.frame(opcode, b"", masked=False), 1002)
        self.assert_closes(frames.frame(frames.TEXT, b"x" * 1000, masked=False), 1002)

    def test_reserved_bits_are_a_protocol_error(self):
        for bit in frames.RSV:
            for opcode in (frames.TEXT, frames.PING, frames.CLOSE):
                self.assert_closes(frames.frame(opcode, b"", rsv=bit), 1002)

    def test_reserved_opcodes_are_a_protocol_error(self):
        for opcode in frames.RESERVED:
            for payload in (b"", b"x"):
                self.assert_closes(frames.frame(opcode, payload), 1002)

    def test_a_control_frame_is_short_and_whole(self):
        for opcode in (frames.PING, frames.PONG, frames.CLOSE):
            self.assert_closes(frames.frame(opcode, b"x" * 126), 1002)
            self.assert_closes(frames.frame(opcode, b"", fin=False), 1002)

    def test_fragments_come_in_their_order(self):
        begun = frames.frame(frames.TEXT, b"{", fin=False)
        self.assert_closes(frames.frame(frames.CONTINUATION, b"{}"), 1002)
        self.assert_closes(begun + frames.text("{}"), 1002)
        self.assert_closes(begun + frames.frame(frames.BINARY, b"x"), 1002, 1003)

    def test_a_fragmented_message_is_one_message_whatever_comes_between(self):
        client = self.raw(self.service)
        client.subscribe("a")
        message = PUBLISH % "\u00e4\u20ac\U0001f30a".encode()
        for size in (1, 2, 7):
            pieces = [message[at:at + size] for at in range(0, len(message), size)]
            client.send_bytes(frames.frame(frames.TEXT, pieces[0], fin=False))
            for piece in pieces[1:]:
                client.send_bytes(frames.frame(frames.CONTINUATION, piece, fin=False)
                                  + frames.frame(frames.PING, piece))
            client.send_bytes(frames.frame(frames.CONTINUATION))
        client.expect_data("a", ["\u00e4\u20ac\U0001f30a"] * 3)
        pings = len(message) - 1 + -(-len(message) // 2) - 1 + -(-len(message) // 7) - 1
        client.expect(lambda: len(client.pongs) == pings)

    def test_a_ping_is_answered_with_its_own_words(self):
        client = self.raw(self.service)
        for words in (b"", b"x" * 125, bytes(range(100))):
            client.send_bytes(frames.frame(frames.PING, words))
            client.expect(lambda: client.pongs)
            self.assertEqual(client.pongs.pop(), words)

    def test_a_pong_that_nobody_asked_for_is_ignored(self):
        client = self.raw(self.service)
        client.send_bytes(frames.frame(frames.PONG, b"hello"))
        client.subscribe("a")

    def test_binary_is_refused(self):
        self.assert_closes(frames.frame(frames.BINARY, b'{"op":"flush","id":1}'), 1003)
        self.assert_closes(frames.frame(frames.BINARY, b""), 1003)

    def test_bad_utf8_is_refused(self):
        for bad in BAD_UTF8:
            self.assert_closes(frames.text(PUBLISH % bad), 1007)
            self.assert_closes(frames.text(bad), 1007)
        self.assert_closes(frames.frame(frames.TEXT, b"\xe2\x82", fin=False)
                           + frames.frame(frames.CONTINUATION, b"x"), 1007)

    def test_a_goodbye_is_answered(self):
        for code in (1000, 1001, 1003, 1007, 1011, 3000, 4999):
            self.assert_closes(frames.close(code, b"bye"), code)
        self.assert_closes(frames.close(), 1000, 1005)

    def test_a_goodbye_that_means_nothing_is_a_protocol_error(self):
        self.assert_closes(frames.frame(frames.CLOSE, b"\x03"), 1002)
        for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 2999):
            self.assert_closes(frames.close(code), 1002)
        self.assert_closes(frames.close(1000, b"\xff"), 1002, 1007)

    def test_close_codes_are_those_of_the_registry(self):
        for code in (*range(1000, 1004), *range(1007, 1015), 3000, 3999, 4000, 4999):
            self.assert_closes(frames.close(code, b"bye"), code)
        for code in (0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1999, 2000, 2999, 5000,
                     9999, 65535):
            self.assert_closes(frames.close(code, b"bye"), 1002)
            self.assert_closes(frames.text("[]") + frames.frame(frames.PING, b"x" * 125)
                               + frames.close(code), 1002)

    def test_a_message_may_have_exactly_its_limit(self):
        client = self.raw(self.service)
        client.send_bytes(frames.text(publication(MESSAGE_BYTES_MAX)))
        client.expect(lambda: client.answer(1))
        self.assertIs(client.answer(1)["ok"], True)

    def test_a_message_over_its_limit_is_too_big(self):
        self.assert_closes(frames.text(publication(MESSAGE_BYTES_MAX + 1)), 1009)
        half = frames.frame(frames.TEXT, b"x" * (MESSAGE_BYTES_MAX // 2), fin=False)
        rest = frames.frame(frames.CONTINUATION, b"x" * (MESSAGE_BYTES_MAX // 2 + 1))
        self.assert_closes(half + rest, 1009)

    def test_a_size_that_is_only_claimed_is_too_big_at_once(self):
        for size in (MESSAGE_BYTES_MAX + 1, 1 << 32, (1 << 63) - 1):
            self.assert_closes(frames.header(frames.TEXT, size) + b"mask", 1009)
        self.assert_closes(frames.header(frames.TEXT, 1 << 63) + b"mask", 1002, 1009)


class Words(FaultCase):
    def refused(self, text, number=None):
        """The connection goes on, and this is answered with an error."""
        client = self.client
        before = len(client.messages)
        client.send_text(text)
        client.expect(lambda: len(client.messages) > before)
        answer = client.messages[-1]
        self.assertEqual(set(answer) - {"id"}, {"error"}, text)
        self.assertIsInstance(answer["error"]["code"], str)
        self.assertIsInstance(answer["error"]["detail"], str)
        self.assertEqual(answer.get("id"), number, text)

    def setUp(self):
        super().setUp()
        self.client = self.raw(self.service)
        self.client.subscribe("a")

    def tearDown(self):
        self.assert_served(self.client, "a")
        self.assert_served(self.other, "other")

    def test_malformed_json_is_answered_and_the_connection_goes_on(self):
        for text in ("", " ", "{", "}", "nul", '{"op":"flush",}', '{"op":"flush"}}',
                     '{"op":"flush"} {"op":"flush"}', "{'op':'flush'}", "\ufeff{}",
                     '{"op":"publish","topic":"a","data":NaN}', "\0",
                     '{"op":"publish","topic":"a","data":01}'):
            self.refused(text)

    def test_json_of_another_shape_is_answered(self):
        for text in ("null", "1", '"flush"', "[]", '[{"op":"flush"}]', "{}"):
            self.refused(text)

    def test_unknown_operations_are_answered_with_their_number(self):
        for op in ("dance", "", "FLUSH", "subscribe ", None, 5, {}):
            self.refused(json.dumps({"op": op, "id": 50}), 50)
        self.refused('{"id":9}', 9)

    def test_members_that_are_missing_or_of_another_kind_are_answered(self):
        for request in (
                {"op": "subscribe"}, {"op": "subscribe", "topics": "a"},
                {"op": "subscribe", "topics": [1]}, {"op": "subscribe", "topics": [None]},
                {"op": "subscribe", "topics": [{}]}, {"op": "unsubscribe"},
                {"op": "subscribe", "topics": [{"topic": "a", "after": "1"}]},
                {"op": "subscribe", "topics": [{"topic": "a", "after": -1}]},
                {"op": "unsubscribe", "topics": {"a": 1}}, {"op": "publish", "data": 1},
                {"op": "publish", "topic": "a"}, {"op": "publish", "topic": 1, "data": 1},
                {"op": "publish", "topic": "a", "data": 1, "priority": "urgent"},
                {"op": "publish", "topic": "a", "data": 1, "priority": 1}):
            self.refused(json.dumps({**request, "id": 77}), 77)

    def test_names_that_are_no_topics_are_answered(self):
        for name in ("", ".a", "a/b", "../a", "a b", "\u00e4", "a" * 65, "a\0", "*"):
            self.refused(json.dumps({"op": "subscribe", "topics": [name], "id": 71}), 71)
            self.refused(json.dumps({"op": "publish", "topic": name, "data": 1,
                                     "id": 72}), 72)
        self.client.subscribe("a" * 64, "A-Z_0.9")

    def test_one_bad_topic_spoils_the_whole_subscription(self):
        self.refused('{"op":"subscribe","topics":["b","c",".d"],"id":1}', 1)
        self.assertEqual(self.post(self.service, "b", 1, "critical")["subscribers"], 0)

    def test_nesting_without_end_is_answered(self):
        for depth in (300, 100_000):
            self.refused('{"op":"publish","topic":"a","data":' + "[" * depth
                         + "]" * depth + "}")

    def test_a_flood_of_nonsense_is_answered_to_the_last(self):
        before = len(self.client.messages)
        for _ in range(20):
            self.client.send_bytes(frames.text("nonsense") * 100)
        self.client.expect(lambda: len(self.client.messages) - before == 2000)


class Greedy(FaultCase):
    # What the tables of topics and subscriptions may take, and an allocator keeps.
    SLACK_BYTES = 24 * MIB

    def setUp(self):
        super().setUp()
        self.before = resident_bytes(self.service)

    def assert_bounded(self, stated):
        """Memory has grown by what is stated at most."""
        grown = resident_bytes(self.service) - self.before
        if not harness.sanitized():
            self.assertLess(grown, stated + self.SLACK_BYTES)

    def test_topics_of_a_connection_are_bounded(self):
        client = self.raw(self.service)
        names = [f"t{n}" for n in range(5000)]
        self.assertIn("error", client.ask("subscribe", topics=names))
        self.assertIn("error", client.ask("subscribe", topics=names[:TOPICS_MAX + 1]))
        client.subscribe(*names[:TOPICS_MAX - 1])
        client.subscribe(names[TOPICS_MAX])
        client.subscribe(names[0])
        self.assertIn("error", client.ask("subscribe", topics=names[-1:]))
        client.do("unsubscribe", topics=names[:1])
        client.subscribe(names[-1])
        self.assert_served(client, names[-1])
        self.assert_served(self.other, "other")
        self.assert_bounded(0)

    def test_thousands_of_subscriptions_of_many_are_borne(self):
        clients = [self.raw(self.service) for _ in range(10)]
        for at, client in enumerate(clients):
            client.subscribe(*(f"t{at}-{n}" for n in range(900)))
        self.assert_bounded(0)
        for at, client in enumerate(clients):
            self.assert_served(client, f"t{at}-899")
        self.assert_served(self.other, "other")

    def publish_much(self, topic, mib):
        """More than a queue holds, at the pace of a client that reads."""
        listener = self.ws(self.service, PLAIN)
        listener.subscribe(topic)
        block = "x" * (64 * 1024)
        for n in range(mib * 16):
            self.post(self.service, topic, block)
            if n % 8 == 7:
                listener.do("flush")
                listener.expect(lambda n=n: len(listener.data(topic)) == n + 1)
        listener.terminate()

    def test_who_never_reads_costs_its_own_queue_at_most(self):
        deaf = [self.raw(self.service, small=True) for _ in range(20)]
        for client in deaf:
            client.subscribe("much")
        self.publish_much("much", 48)
        # All hold the same bytes; and the topic's history.
        self.assert_bounded(2 * MIB + 2 * MIB)
        for each in self.connections(self.service):
            # What is on its way to the client comes on top: one message of 64 KiB.
            self.assertLessEqual(each["queuedBytes"], MIB + 65 * 1024)
        self.assert_served(self.other, "other")

    def test_who_never_reads_its_answers_is_not_read_either(self):
        deaf = self.raw(self.service, small=True)
        deaf.sock.settimeout(1)
        nonsense = frames.text("nonsense") * 1000
        sent = 0
        try:
            while sent < 64 * MIB:
                sent += deaf.sock.send(nonsense)
        except (TimeoutError, ConnectionError):
            pass
        self.assertLess(sent, 64 * MIB)
        self.assert_bounded(2 * MIB)
        self.assert_served(self.other, "other")

    def test_who_reads_a_byte_a_second_holds_up_nobody(self):
        slow = self.raw(self.service, PLAIN, small=True)
        slow.subscribe("much")
        for _ in range(5):
            self.publish_much("much", 2)
            self.assertTrue(slow.sock.recv(1))
            time.sleep(1)
            self.assert_served(self.other, "other")
        self.assert_bounded(2 * MIB + 2 * MIB)

    def test_opening_and_closing_in_a_loop_leaves_nothing(self):
        for n in range(200):
            client = raw.connect(self.service)
            if n % 4:
                client.upgrade()
            if n % 4 == 2:
                client.subscribe("other", f"t{n}")
            if n % 4 == 3:
                client.send_bytes(frames.close(1000))
            client.close()
        self.assertTrue(harness.wait_until(
            lambda: len(self.connections(self.service)) == 1))
        self.assert_served(self.other, "other")
        self.assert_bounded(0)


if __name__ == "__main__":
    harness.main()
