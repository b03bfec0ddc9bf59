"""What one WebSocket client may take, and for how long it may take nothing."""

import concurrent.futures
import contextlib
import threading
import time

import harness
from websocket import frames
from websocket.case import WebSocketCase

IDLE = "--websocket.idle-timeout=1s"
# Requests of one client that are read in a second, and in how many seconds those of a
# test are.
ASKED_MAX = 20_000
ASKED_SECONDS = 3
BUDGET = ("--http.max-in-flight-bytes=65536", "--http.max-body-bytes=65536")


class Bounds(WebSocketCase):
    @contextlib.contextmanager
    def saying(self, client, data):
        """A client that says this ten times a second, as long as it is heard."""
        over = threading.Event()

        def say():
            with contextlib.suppress(OSError):
                while not over.wait(0.1):
                    client.sock.sendall(data)

        speaker = threading.Thread(target=say)
        speaker.start()
        try:
            yield
        finally:
            over.set()
            speaker.join()

    def test_a_publication_that_does_not_fit_into_the_budget_is_refused(self):
        service = self.start(*BUDGET)
        client = self.raw(service)
        client.subscribe("a")
        client.send({"op": "publish", "topic": "a", "data": "x" * 100_000})
        client.expect(lambda: client.refusals())
        self.assertEqual([each["code"] for each in client.refusals()], ["overloaded"])
        self.assert_served(client, "a")
        self.assertEqual(len(client.data("a")), 1)

    def test_who_asks_without_end_is_read_at_a_bounded_pace(self):
        service = self.start()
        client = self.raw(service)
        client.send_text("nonsense")
        client.expect(client.refusals)
        # All are alike, so that bytes tell how many have come.
        answer = client.frames[-1]
        answer_bytes = len(answer) + (2 if len(answer) < 126 else 4)
        asked = ASKED_SECONDS * ASKED_MAX + 5_000
        begun = time.monotonic()

        def ask():
            for _ in range(asked // 1000):
                client.send_bytes(frames.text("nonsense") * 1000)

        with concurrent.futures.ThreadPoolExecutor() as pool:
            asking = pool.submit(ask)
            taken = 0
            while taken < asked * answer_bytes:
                part = client.sock.recv(1 << 20)
                self.assertTrue(part)
                taken += len(part)
            asking.result()
        self.assertGreater(time.monotonic() - begun, ASKED_SECONDS - 0.5)

    def test_who_takes_nothing_is_let_go_though_it_speaks(self):
        service = self.start(IDLE)
        deaf = self.raw(service, small=True)
        deaf.subscribe("much")
        with self.saying(deaf, frames.frame(frames.PONG, b"alive")):
            for _ in range(64):
                self.post(service, "much", "x" * 64_000, "critical")
            self.assert_gone(service)

    def test_who_is_at_one_message_for_ever_is_let_go_though_it_speaks(self):
        service = self.start(IDLE)
        slow = self.raw(service)
        slow.send_bytes(frames.header(frames.TEXT, 100_000) + b"mask")
        with self.saying(slow, b"x"):
            self.assert_gone(service)

    def test_who_speaks_and_takes_stays(self):
        service = self.start(IDLE)
        client = self.raw(service)
        client.subscribe("a")
        # Far longer than a client may be stuck.
        for n in range(30):
            self.post(service, "a", n, "critical")
            client.expect(lambda n=n: client.data("a")[-1:] == [n])
            time.sleep(0.1)
        self.assert_served(client, "a")


if __name__ == "__main__":
    harness.main()
