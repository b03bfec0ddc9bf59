"""Who reads too slowly loses the oldest messages and is told which, or is let go; and
what waits for all of them together has a bound."""

import harness
from websocket.case import WebSocketCase, resident_bytes
from websocket.client import BATCH, PLAIN

KIB = 1024
MIB = 1024 * KIB
SMALL_QUEUE = "--websocket.max-queue-bytes=65536"
# What the sockets' own buffers take before a queue begins to fill, and more.
FLOOD_BYTES = 16 * MIB


class Overflow(WebSocketCase):
    def publish(self, service, topic, count, size, critical_every=0):
        """Publishes; returns the numbers of the critical ones, and the last."""
        critical, last = [], 0
        for n in range(1, count + 1):
            urgent = critical_every and n % critical_every == 0
            last = self.post(service, topic, "x" * size,
                             "critical" if urgent else None)["seq"]
            if urgent:
                critical.append(last)
        return critical, last

    def post_in_the_end(self, service, topic, data):
        """Publishes as one must where memory is short: again, when it was refused."""
        answers = []

        def taken():
            answers.append(service.post(f"/v1/topics/{topic}", data))
            self.assertIn(answers[-1].status, (202, 429))
            return answers[-1].status == 202

        self.assertTrue(harness.wait_until(taken))
        return answers[-1].json

    def flood(self, service, topic, size=30 * KIB, critical_every=0):
        return self.publish(service, topic, FLOOD_BYTES // size, size, critical_every)

    def assert_told(self, told, first, last):
        """Each number came, once and in order, or is one of those that were dropped."""
        following = first
        for each in told:
            if "dropped" in each:
                self.assertEqual(set(each), {"topic", "dropped", "seq"})
                self.assertGreater(each["dropped"], 0)
                self.assertEqual(each["seq"], following + each["dropped"] - 1, each)
            else:
                self.assertEqual(each["seq"], following)
            following = each["seq"] + 1
        self.assertEqual(following, last + 1)

    def read_up_to(self, client, topic, last):
        client.expect(lambda: client.on(topic) and client.on(topic)[-1]["seq"] >= last)
        return client.on(topic)

    def lost(self, told):
        return sum(each.get("dropped", 0) for each in told)

    def test_the_oldest_are_dropped_and_told(self):
        service = self.start(SMALL_QUEUE)
        for protocol in (PLAIN, BATCH):
            topic = protocol
            slow = self.raw(service, protocol, small=True)
            slow.subscribe(topic)
            first = self.post(service, topic, "first")["seq"]
            _, last = self.flood(service, topic)
            told = self.read_up_to(slow, topic, last)
            self.assert_told(told, first, last)
            self.assertGreater(self.lost(told), 0)
            listed = [each["dropped"] for each in self.connections(service)]
            self.assertEqual(max(listed), self.lost(told))
            # And from then on all is as if nothing had been.
            self.assert_served(slow, topic)
            slow.reset()
            self.assert_gone(service)

    def test_who_reads_again_and_again_too_late_is_told_each_time(self):
        service = self.start(SMALL_QUEUE)
        slow = self.raw(service, small=True)
        slow.subscribe("a")
        first = self.post(service, "a", "first")["seq"]
        for _ in range(3):
            _, last = self.flood(service, "a")
            told = self.read_up_to(slow, "a", last)
        self.assert_told(told, first, last)
        self.assertGreaterEqual(sum("dropped" in each for each in told), 3)

    def test_who_reads_in_time_loses_nothing_beside_one_who_does_not(self):
        service = self.start(SMALL_QUEUE)
        slow, quick = self.raw(service, small=True), self.raw(service)
        for client in (slow, quick):
            client.subscribe("a")
        first = self.post(service, "a", "first", "critical")["seq"]
        for _ in range(FLOOD_BYTES // (30 * KIB)):
            last = self.post(service, "a", "x" * 30 * KIB, "critical")["seq"]
            self.read_up_to(quick, "a", last)
        self.assert_in_order(quick.on("a"), first, last)
        self.assert_told(self.read_up_to(slow, "a", last), first, last)

    def test_topics_are_told_apart(self):
        service = self.start(SMALL_QUEUE)
        slow = self.raw(service, small=True)
        slow.subscribe("a", "b")
        first = {topic: self.post(service, topic, 1)["seq"] for topic in "ab"}
        last = {}
        for _ in range(FLOOD_BYTES // (20 * KIB)):
            for topic, size in (("a", 15 * KIB), ("b", 5 * KIB)):
                last[topic] = self.post(service, topic, "x" * size)["seq"]
        for topic in "ab":
            told = self.read_up_to(slow, topic, last[topic])
            self.assert_told(told, first[topic], last[topic])

    def test_a_critical_message_comes_or_is_told_as_dropped(self):
        service = self.start(SMALL_QUEUE)
        slow = self.raw(service, small=True)
        slow.subscribe("a")
        first = self.post(service, "a", "first")["seq"]
        critical, last = self.flood(service, "a", critical_every=7)
        told = self.read_up_to(slow, "a", last)
        self.assert_told(told, first, last)
        came = {each["seq"] for each in told if "data" in each}
        kept = [seq for seq in critical if seq in came]
        self.assertGreater(len(kept), 0)
        self.assertGreater(self.lost(told), 0)

    def test_a_message_bigger_than_a_queue_passes_who_reads(self):
        service = self.start("--websocket.max-queue-bytes=4096")
        client = self.raw(service)
        client.subscribe("a")
        first = client.publish("a", "x" * 200 * KIB, "critical")
        last = client.publish("a", "small", "critical")
        self.assert_told(self.read_up_to(client, "a", last), first, last)

    def test_with_close_who_is_too_slow_is_let_go(self):
        service = self.start(SMALL_QUEUE, "--websocket.overflow=close")
        slow, quick = self.raw(service, small=True), self.ws(service)
        for client in (slow, quick):
            client.subscribe("a")
        first = self.post(service, "a", "first")["seq"]
        last = first
        for _ in range(FLOOD_BYTES // (30 * KIB)):
            last = self.post(service, "a", "x" * 30 * KIB, "critical")["seq"]
            self.read_up_to(quick, "a", last)
            if service.get("/health").json["troubles"]["websocket-slow-client-closed"]:
                break # it is told for as long as a goodbye lasts
        slow.expect_close(1013)
        slow.expect_end()
        told = slow.on("a")
        self.assert_in_order(told, first, first + len(told) - 1)
        self.assertTrue(harness.wait_until(lambda: len(self.connections(service)) == 1))
        self.assert_in_order(quick.on("a"), first, last)

    def test_all_queues_together_are_bounded(self):
        service = self.start("--websocket.max-total-queue-bytes=4194304",
                             "--websocket.history-messages=1")
        quick = self.raw(service)
        quick.subscribe("quick")
        before = resident_bytes(service)
        deaf = [self.raw(service, small=True) for _ in range(12)]
        first, last = {}, {}
        for n, client in enumerate(deaf):
            client.subscribe(f"t{n}")
            first[n] = self.post(service, f"t{n}", "first")["seq"]
        for n in list(range(12)) * 128:
            last[n] = self.post_in_the_end(service, f"t{n}", "x" * 60 * KIB)["seq"]
        listed = self.connections(service)
        self.assertGreater(sum(each["queuedBytes"] for each in listed), 0)
        self.assertLessEqual(sum(each["queuedBytes"] for each in listed), 4 * MIB)
        if not harness.sanitized():
            self.assertLess(resident_bytes(service) - before, 4 * MIB + 24 * MIB)
        self.assert_served(quick, "quick")
        for n, client in enumerate(deaf):
            told = self.read_up_to(client, f"t{n}", last[n])
            self.assert_told(told, first[n], last[n])

    def test_bytes_that_all_share_count_once(self):
        service = self.start("--websocket.max-total-queue-bytes=2097152",
                             "--websocket.history-bytes=4096")
        deaf = [self.raw(service, small=True) for _ in range(20)]
        for client in deaf:
            client.subscribe("a")
        first = self.post(service, "a", "first")["seq"]
        _, last = self.flood(service, "a")
        queued = [each["queuedBytes"] for each in self.connections(service)]
        self.assertGreater(sum(queued), 2 * MIB)
        for client in deaf:
            self.assert_told(self.read_up_to(client, "a", last), first, last)


if __name__ == "__main__":
    harness.main()
