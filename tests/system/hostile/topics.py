"""Clients that ask for all that they missed and do not take it, or ask again and again:
what they cost, and what others notice."""

import attack
import harness
from websocket import case, client as talk

TOPICS = [f"t{n}" for n in range(250)]
MESSAGES_EACH = 20
# More than the sockets hold, all together.
TEXT = "x" * 1000


def from_the_start(topic, epoch):
    return {"topic": topic, "after": 0, "epoch": epoch}


def await_answer(client, number):
    """Looks at what came last only: there is much of it."""
    client.expect(lambda: client.frames and f'"id":"{number}"' in client.frames[-1])


class Histories(case.WebSocketCase):
    def start_with_histories(self, topics, *options):
        """A service that has messages of all these topics, each on a page of its own; and
        what to ask for so as to get them."""
        service = self.start("--websocket.batching=false", *options)
        writer = self.raw(service)
        epoch = writer.subscribe("nobody-publishes-this")["epoch"]
        for topic in topics:
            for n in range(MESSAGES_EACH):
                writer.send({"op": "publish", "topic": topic, "data": TEXT,
                             "id": f"{topic}-{n}"})
            await_answer(writer, f"{topic}-{MESSAGES_EACH - 1}")
        writer.close()
        return service, [from_the_start(topic, epoch) for topic in topics]

    def assert_following(self, service, topics, count):
        """In time, so many connections follow so many topics."""
        self.assertTrue(harness.wait_until(lambda: count == [
            x["topics"] for x in self.connections(service)].count(topics)))

    def test_histories_that_nobody_reads_cost_little(self):
        service, wishes = self.start_with_histories(TOPICS)
        other = self.raw(service)
        other.subscribe("other")
        before = attack.memory_kib(service)
        deaf = [self.raw(service, small=True) for _ in range(20)]
        for each in deaf:
            each.send({"op": "subscribe", "topics": wishes, "id": 1})
        self.assert_following(service, len(TOPICS), 20)
        self.assert_served(other, "other")
        queued = [x["queuedBytes"] for x in self.connections(service)]
        self.assertLess(max(queued), 128 * 1024)
        self.assertLess(attack.growth_kib(service, before), attack.MEMORY_GROWTH_MAX_KIB)

    def test_who_reads_late_is_told_all_that_it_missed_in_order(self):
        service, wishes = self.start_with_histories(TOPICS[:200])
        for protocol in (talk.PLAIN, talk.BATCH):
            late = self.raw(service, protocol, small=True)
            late.send({"op": "subscribe", "topics": wishes, "id": 1})
            self.assert_following(service, 200, 1)
            last = self.post(service, TOPICS[199], "new")["seq"]
            late.expect(lambda late=late, last=last: last in talk.numbers(
                late.on(TOPICS[199])))
            for topic in TOPICS[:199]:
                self.assert_in_order(late.on(topic), 1, MESSAGES_EACH)
            self.assert_in_order(late.on(TOPICS[199]), 1, last)
            late.close()
            self.assert_gone(service)

    def test_who_comes_and_leaves_again_and_again_holds_no_more(self):
        service, wishes = self.start_with_histories(TOPICS)
        before = attack.memory_kib(service)
        restless = [self.raw(service, small=True) for _ in range(3)]
        for each in restless:
            for _ in range(7):
                each.send({"op": "subscribe", "topics": wishes})
                each.send({"op": "unsubscribe", "topics": TOPICS})
            each.send({"op": "subscribe", "topics": ["last"]})
        self.assert_following(service, 1, 3)
        queued = [x["queuedBytes"] for x in self.connections(service)]
        self.assertLess(max(queued), 128 * 1024)
        self.assertLess(attack.growth_kib(service, before), attack.MEMORY_GROWTH_MAX_KIB)
        other = self.raw(service)
        other.subscribe("other")
        self.assert_served(other, "other")


if __name__ == "__main__":
    harness.main()
