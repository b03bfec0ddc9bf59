"""One WebSocket client as the protocol sees it, whoever carries its frames: what it
asks, and what it was told."""

import json

BATCH = "sluice.batch.v1"
PLAIN = "sluice.v1"


def numbers(messages):
    """The sequence numbers of messages."""
    return [each["seq"] for each in messages]


class Client:
    """`frames` are the texts that came, in order. Who carries them gives `send_text`,
    and `wait`, which tells whether a condition comes true in time."""

    def __init__(self, batch):
        self.batch = batch
        self.frames = []
        self.parsed = 0
        self.seen = []
        self.asked = 0
        # Code and reason of the close frame that came, or of the lack of one.
        self.closed = None

    def parts(self, frame):
        """The messages of one frame."""
        value = json.loads(frame)
        if isinstance(value, list) != self.batch:
            raise AssertionError(f"not a frame of this subprotocol: {frame[:200]}")
        return value if self.batch else [value]

    @property
    def messages(self):
        """All that came so far. Each frame is parsed once."""
        while self.parsed < len(self.frames):
            self.seen += self.parts(self.frames[self.parsed])
            self.parsed += 1
        return self.seen

    def on(self, topic):
        """What was told of a topic: messages and notices."""
        return [each for each in self.messages if each.get("topic") == topic]

    def data(self, topic):
        return [each["data"] for each in self.on(topic) if "data" in each]

    def answer(self, number):
        return next((each for each in self.messages if each.get("id") == number), None)

    def refusals(self):
        """Errors in their order; what was not even kept to be read has no `id`."""
        return [each["error"] for each in self.messages if "error" in each]

    # -- asking ------------------------------------------------------------------------

    def send(self, value):
        self.send_text(json.dumps(value))

    def ask(self, op, **members):
        """Sends an operation; returns its answer."""
        self.asked += 1
        number = self.asked
        self.send({"op": op, "id": number, **members})
        self.expect(lambda: self.answer(number) is not None)
        return self.answer(number)

    def do(self, op, **members):
        """Sends an operation that must be taken."""
        answer = self.ask(op, **members)
        if answer.get("ok") is not True:
            raise AssertionError(f"{op} was refused: {answer}")
        return answer

    def subscribe(self, *topics):
        return self.do("subscribe", topics=list(topics))

    def publish(self, topic, data, priority="normal"):
        """The sequence number that the message got."""
        return self.do("publish", topic=topic, data=data, priority=priority)["seq"]

    # -- waiting -----------------------------------------------------------------------

    def expect(self, condition):
        if not self.wait(condition):
            raise AssertionError(f"it did not come; closed: {self.closed}, "
                                 f"the last frames: {self.frames[-3:]}")

    def expect_data(self, topic, data):
        """Waits for as many messages, which must be these."""
        self.expect(lambda: len(self.data(topic)) >= len(data))
        if self.data(topic) != data:
            raise AssertionError(f"{self.data(topic)} came, not {data}")

    def expect_close(self, code):
        self.expect(lambda: self.closed is not None)
        if self.closed[0] != code:
            raise AssertionError(f"closed with {self.closed}, not {code}")
