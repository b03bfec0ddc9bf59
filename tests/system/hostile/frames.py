"""Frames that promise what never comes: messages without end, of nothing or of much, and
lengths beyond all measure."""

import time

import attack
import harness
from websocket import case, frames

DEFLATE = "permessage-deflate"
WITH_DEFLATE = "--websocket.deflate=true"
# What a message that is not whole holds here, of the 1 MiB that it may have.
PART = b'"' + b"x" * 900_000


class Frames(case.WebSocketCase):
    def start_with_other(self, *options):
        """A service, and a client of it that should notice nothing."""
        service = self.start(*options)
        other = self.raw(service)
        other.subscribe("other")
        return service, other

    def assert_let_go(self, service, *pieces):
        """A client that says these over and over, but for the first, is let go."""
        client = self.raw(service)
        client.sock.settimeout(0.1)
        client.send_bytes(pieces[0])
        deadline = time.monotonic() + harness.ANSWER_SECONDS_MAX
        while not client.ended:
            self.assertLess(time.monotonic(), deadline, pieces)
            for piece in pieces[1:]:
                client.send_bytes(piece)
            # What the service sends is of no interest, only that it ends.
            try:
                client.ended = client.sock.recv(4096) == b""
            except TimeoutError:
                pass
            except ConnectionError:
                client.ended = True

    def test_a_message_that_comes_to_no_end_is_closed_whatever_is_in_it(self):
        service = self.start("--websocket.idle-timeout=500ms")
        empty = frames.frame(frames.CONTINUATION, b"", fin=False)
        begun = frames.frame(frames.TEXT, b"", fin=False)
        pong = frames.frame(frames.PONG, b"")
        self.assert_let_go(service, begun, empty)
        self.assert_let_go(service, begun, pong)
        self.assert_let_go(service, frames.frame(frames.TEXT, b"{", fin=False), empty)
        self.assert_let_go(service, frames.header(frames.TEXT, 1000) + b"mask", b" ")

    def test_who_says_one_thing_after_another_is_not_let_go(self):
        service = self.start("--websocket.idle-timeout=500ms")
        client = self.raw(service)
        client.subscribe("a")
        whole = frames.text('{"op":"flush"}')
        for cut in range(1, 8):
            client.send_bytes(whole[cut - 1:] + whole[:cut])
            time.sleep(0.15)
        client.send_bytes(whole[7:])
        self.assert_served(client, "a")

    def test_messages_that_are_not_whole_are_paid_for(self):
        service, other = self.start_with_other("--http.max-in-flight-bytes=4194304")
        before = attack.memory_kib(service)
        greedy = [self.raw(service) for _ in range(40)]
        for client in greedy:
            client.send_bytes(frames.frame(frames.TEXT, PART, fin=False))
        self.assert_served(other, "other")
        self.post(service, "other", "x" * 500_000)
        self.assertLess(attack.growth_kib(service, before), attack.MEMORY_GROWTH_MAX_KIB)
        codes = set()
        for client in greedy:
            client.send_bytes(frames.frame(frames.CONTINUATION, b'"'))
            client.expect(lambda client=client: client.messages)
            codes.add(client.messages[0]["error"]["code"])
        # Those that were paid for are no requests, the others were read past.
        self.assertIn("overloaded", codes)
        self.assertLessEqual(codes, {"invalid-argument", "overloaded"})
        # All of it is given back.
        for client in greedy:
            client.subscribe("a")
        self.post(service, "other", "x" * 900_000)

    def test_a_length_beyond_all_measure_is_closed_at_once(self):
        for offer in (None, DEFLATE):
            service, other = self.start_with_other(WITH_DEFLATE)
            for rsv in (0, 0x40) if offer else (0,):
                for size in ((1 << 20) + 1, 1 << 32, 1 << 40, (1 << 63) - 1):
                    client = self.raw(service, Sec_WebSocket_Extensions=offer)
                    client.send_text('{"op":"flush","id":1}')
                    client.send_bytes(frames.header(frames.TEXT, size, rsv=rsv) + b"mask")
                    client.expect_close(1009)
                    self.assertTrue(client.answer(1), "what came before is answered")
                    client.expect_end()
                    self.assert_served(other, "other")
            self.assert_clean_exit(service)

    def test_a_length_that_is_only_claimed_costs_no_memory(self):
        service, other = self.start_with_other(WITH_DEFLATE)
        before = attack.memory_kib(service)
        clients = [self.raw(service, Sec_WebSocket_Extensions=DEFLATE)
                   for _ in range(100)]
        for client in clients:
            client.send_bytes(frames.header(frames.TEXT, 1 << 20, rsv=0x40) + b"maskx")
        self.assert_served(other, "other")
        self.assertLess(attack.growth_kib(service, before),
                        3 * attack.MEMORY_GROWTH_MAX_KIB)


if __name__ == "__main__":
    harness.main()
