"""Who was away says where it stopped, and gets what it missed; where that is not to be
had any more it is told so, and no number ever steps back."""

import threading

import harness
import looking
from websocket.case import NEVER, WebSocketCase
from websocket.client import numbers


def from_there(topic, seq, epoch):
    return {"topic": topic, "after": seq, "epoch": epoch}


def without_notices(messages):
    return [each for each in messages if "data" in each]


class Resume(WebSocketCase):
    def publish(self, service, topic, values):
        """The number that the last one got."""
        return [self.post(service, topic, value)["seq"] for value in values][-1]

    def leave_behind(self, service, topic, missed):
        """A client sees one message and goes, then these are published: the number it saw
        last, and the epoch."""
        client = self.ws(service)
        epoch = client.subscribe(topic)["epoch"]
        seq = client.publish(topic, "seen", "critical")
        client.expect_data(topic, ["seen"])
        client.terminate()
        self.publish(service, topic, missed)
        return seq, epoch

    def start_hub_anew(self, service):
        looking.ctl(f"--socket={looking.socket_of(service)}", "restart", "topic-hub")
        self.assertTrue(harness.wait_until(lambda: any(
            (x["name"], x["restarts"]) == ("topic-hub", 1)
            for x in service.get("/v1/actors?state=false").json)))

    def assert_gap(self, client, topic):
        """A notice came first, and names the first message behind it, which has come."""
        client.expect(lambda: without_notices(client.on(topic)))
        notice, *messages = client.on(topic)
        self.assertEqual(set(notice), {"topic", "gap", "seq"})
        self.assertIs(notice["gap"], True)
        self.assert_in_order(messages, notice["seq"], messages[-1]["seq"])
        return notice["seq"]

    def test_what_was_missed_comes_in_order_before_what_is_new(self):
        service = self.start()
        seq, epoch = self.leave_behind(service, "a", list(range(50)))
        clients = self.four(service)
        for client in clients:
            client.subscribe(from_there("a", seq, epoch))
        self.publish(service, "a", ["new"])
        for client in clients:
            client.expect_data("a", [*range(50), "new"])
            self.assert_in_order(client.on("a"), seq + 1, seq + 51)

    def test_who_missed_nothing_is_sent_nothing(self):
        service = self.start()
        seq, epoch = self.leave_behind(service, "a", [1, 2])
        client = self.ws(service)
        client.subscribe(from_there("a", seq + 2, epoch))
        client.publish("a", "new", "critical")
        client.expect_data("a", ["new"])
        self.assertEqual(numbers(client.on("a")), [seq + 3])

    def test_what_still_waits_for_its_batch_comes_once(self):
        service = self.start(NEVER)
        seq, epoch = self.leave_behind(service, "a", [1, 2, 3])
        client = self.ws(service)
        client.subscribe(from_there("a", seq, epoch))
        client.publish("a", 4)
        client.do("flush")
        client.expect_data("a", [1, 2, 3, 4])
        self.assert_in_order(client.on("a"), seq + 1, seq + 4)

    def test_coming_back_under_load_leaves_no_hole_and_nothing_twice(self):
        service = self.start("--websocket.batch-interval=10ms")
        seq, epoch = self.leave_behind(service, "a", [0])
        end = threading.Event()
        last = []

        def load():
            while not end.is_set():
                last.append(self.post(service, "a", "load")["seq"])

        thread = threading.Thread(target=load)
        thread.start()
        try:
            for _ in range(20):
                client = self.ws(service)
                client.subscribe(from_there("a", seq, epoch))
                client.expect(lambda client=client: len(client.on("a")) >= 5)
                client.terminate()
                seen = numbers(client.on("a"))
                self.assertEqual(seen, list(range(seq + 1, seq + 1 + len(seen))))
                seq = seen[-1]
        finally:
            end.set()
            thread.join()
        client = self.ws(service)
        client.subscribe(from_there("a", seq, epoch))
        client.expect(lambda: last[-1] in numbers(client.on("a")) or seq == last[-1])
        self.assert_in_order(client.on("a"), seq + 1, last[-1])

    def test_each_topic_goes_on_where_its_client_was(self):
        service = self.start()
        a, epoch = self.leave_behind(service, "a", [1, 2])
        b, _ = self.leave_behind(service, "b", [3])
        client = self.ws(service)
        client.subscribe(from_there("a", a + 1, epoch), from_there("b", b, epoch), "c")
        self.publish(service, "c", [4])
        client.expect_data("a", [2])
        client.expect_data("b", [3])
        client.expect_data("c", [4])

    def test_another_epoch_is_told_as_a_gap(self):
        service = self.start()
        seq, epoch = self.leave_behind(service, "a", [1, 2])
        clients = self.four(service)
        for client in clients:
            answer = client.subscribe(from_there("a", seq, epoch + "x"))
            self.assertEqual(answer["epoch"], epoch)
        self.publish(service, "a", ["new"])
        for client in clients:
            client.expect_data("a", ["seen", 1, 2, "new"])
            self.assertEqual(self.assert_gap(client, "a"), seq)

    def test_an_epoch_is_one_run_of_the_service(self):
        service = self.start()
        seq, epoch = self.leave_behind(service, "a", [1, 2])
        self.assertEqual(self.ws(service).subscribe("b")["epoch"], epoch)
        self.assert_clean_exit(service)
        service = self.start()
        client = self.ws(service)
        answer = client.subscribe(from_there("a", seq, epoch))
        self.assertNotEqual(answer["epoch"], epoch)
        self.publish(service, "a", ["new"])
        self.assert_gap(client, "a")
        self.assertEqual(client.data("a"), ["new"])

    def test_who_comes_back_after_a_restart_gets_all_that_came_since(self):
        for way in ("service", "topic-hub"):
            service = self.start()
            seq, epoch = self.leave_behind(service, "a", [1, 2])
            if way == "service":
                service.kill()
                service = self.start()
            else:
                self.start_hub_anew(service)
            first = self.publish(service, "a", ["while", "away"]) - 1
            client = self.raw(service)
            client.subscribe(from_there("a", seq, epoch))
            self.publish(service, "a", ["new"])
            client.expect_data("a", ["while", "away", "new"])
            self.assertEqual(self.assert_gap(client, "a"), first)
            self.assert_clean_exit(service)

    def test_more_messages_than_the_history_holds_are_told_as_a_gap(self):
        service = self.start("--websocket.history-messages=10")
        seq, epoch = self.leave_behind(service, "a", list(range(30)))
        client = self.ws(service)
        client.subscribe(from_there("a", seq, epoch))
        first = self.assert_gap(client, "a")
        client.expect(lambda: 29 in client.data("a"))
        held = client.data("a")
        self.assertLessEqual(len(held), 10)
        self.assertEqual(held, list(range(30 - len(held), 30)))
        self.assertEqual(first, seq + 31 - len(held))

    def test_exactly_what_the_history_holds_comes_without_a_gap(self):
        service = self.start("--websocket.history-messages=10")
        seq, epoch = self.leave_behind(service, "a", list(range(30)))
        client = self.ws(service)
        client.subscribe(from_there("a", seq + 29, epoch))
        client.expect_data("a", [29])

    def test_more_bytes_than_the_history_holds_are_told_as_a_gap(self):
        service = self.start("--websocket.history-bytes=16384")
        values = [f"{n} ".ljust(1000, ".") for n in range(40)]
        seq, epoch = self.leave_behind(service, "a", values)
        client = self.ws(service)
        client.subscribe(from_there("a", seq, epoch))
        self.assert_gap(client, "a")
        client.expect(lambda: values[-1] in client.data("a"))
        held = client.data("a")
        self.assertEqual(held, values[-len(held):])
        self.assertLessEqual(sum(map(len, held)), 16384)

    def test_a_number_that_is_yet_to_come_is_no_way_back(self):
        service = self.start()
        seq, epoch = self.leave_behind(service, "a", [1])
        client = self.ws(service)
        answer = client.ask("subscribe", topics=[from_there("a", seq + 100, epoch)])
        if "error" not in answer:
            self.publish(service, "a", ["new"])
            self.assert_gap(client, "a")

    def test_a_topic_that_was_forgotten_never_steps_back(self):
        service = self.start("--websocket.max-topics=2")
        seq, epoch = self.leave_behind(service, "a", [1, 2])
        self.assert_gone(service)
        for topic in "bcd":
            self.publish(service, topic, [topic])
        client = self.ws(service)
        client.subscribe(from_there("a", seq, epoch))
        last = client.publish("a", "new", "critical")
        self.assertGreater(last, seq + 2)
        client.expect(lambda: "new" in client.data("a"))
        notice, *rest = client.on("a")
        if "gap" in notice:
            self.assert_in_order(rest, notice["seq"], last)
        else:
            self.assert_in_order([notice, *rest], seq + 1, last)

    def test_a_topic_that_is_followed_is_not_forgotten(self):
        service = self.start("--websocket.max-topics=2")
        client = self.ws(service)
        client.subscribe("a")
        first = client.publish("a", 1, "critical")
        for topic in "bcde":
            self.publish(service, topic, [topic])
        client.publish("a", 2, "critical")
        client.expect_data("a", [1, 2])
        self.assert_in_order(client.on("a"), first, first + 1)

    def test_more_topics_than_may_be_are_refused_while_all_are_followed(self):
        service = self.start("--websocket.max-topics=2")
        client = self.ws(service)
        client.subscribe("a", "b")
        self.assertIn("error", client.ask("subscribe", topics=["c"]))
        self.assert_problem(service.post("/v1/topics/c", 1), 429)
        self.assert_served(client, "a")


if __name__ == "__main__":
    harness.main()
