"""A test of the WebSocket: clients that go with it, and what may be asked of all."""

import pathlib

import harness
from websocket import node, raw
from websocket.client import BATCH, PLAIN, numbers

# A batch that waits so long waits for something else.
NEVER = "--websocket.batch-interval=1h"


class WebSocketCase(harness.Case):
    def setUp(self):
        super().setUp()
        self.driver = None

    # -- clients -----------------------------------------------------------------------

    def nodes(self):
        """The driver of the clients of others, started when first needed."""
        if self.driver is None:
            self.driver = node.Driver()
            self.addCleanup(self.driver.end)
        return self.driver

    def address(self, service):
        return f"ws://{service.address}/v1/ws"

    def ws(self, service, *protocols, **more):
        """A client of npm's `ws`."""
        return self.nodes().open("ws", self.address(service), protocols or (BATCH,),
                                 **more)

    def chromium(self, service, *protocols, **more):
        """A client in a page of the service's own origin."""
        more.setdefault("page", f"http://{service.address}/health/live")
        return self.nodes().open("chromium", self.address(service),
                                 protocols or (BATCH,), **more)

    def four(self, service):
        """Both clients, each with both subprotocols."""
        return [open_one(service, protocol) for open_one in (self.ws, self.chromium)
                for protocol in (BATCH, PLAIN)]

    def subscribers(self, service, *topics):
        """The four, as followers of these topics."""
        clients = self.four(service)
        for client in clients:
            client.subscribe(*topics)
        return clients

    def raw(self, service, protocol=BATCH, **more):
        """A bare socket, upgraded."""
        client = raw.open_client(service, protocol, **more)
        self.addCleanup(client.close)
        return client

    # -- the service -------------------------------------------------------------------

    def post(self, service, topic, data, priority=None):
        """Publishes over HTTP; returns the answer's JSON."""
        query = f"?priority={priority}" if priority else ""
        answer = service.post(f"/v1/topics/{topic}{query}", data)
        return self.assert_status(answer, 202).json

    def connections(self, service):
        return self.assert_status(service.get("/v1/connections"), 200).json

    def assert_held_back(self, clients, topic, data):
        """They were told this of the topic, and no more: an answer that was asked for
        later has come, and answers wait for nothing."""
        for client in clients:
            client.do("unsubscribe", topics=["nobody-follows-this"])
            self.assertEqual(client.data(topic), data)

    def assert_gone(self, service):
        """No connection is left."""
        self.assertTrue(harness.wait_until(lambda: self.connections(service) == [], 30),
                        self.connections(service)[:3])

    def assert_served(self, client, topic):
        """It follows this topic, and is told what comes."""
        seq = client.publish(topic, "served?", "critical")
        client.expect(lambda: seq in numbers(client.on(topic)))

    def assert_in_order(self, messages, first, last):
        """All of these numbers, once, without a hole or a step back."""
        self.assertEqual(numbers(messages), list(range(first, last + 1)))


def open_files(service):
    return len(list(pathlib.Path(f"/proc/{service.pid}/fd").iterdir()))


def resident_bytes(service):
    for line in pathlib.Path(f"/proc/{service.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no VmRSS")
