"""Topics, seen by clients that nobody here wrote: who subscribes gets every message, in
order and once, in batches that never hold back what cannot wait."""

import threading

import harness
from websocket.case import NEVER, WebSocketCase
from websocket.client import BATCH, PLAIN, numbers

# Every kind of JSON value, and some that a careless program changes.
VALUES = [None, True, False, 0, -1.5, 12345678901234567, "", "text", "\u00e4\U0001f30a\0",
          [], {}, [1, [2, {"a": None}]], {"topic": "b", "seq": 0, "dropped": 9}]


class Topics(WebSocketCase):
    def test_every_subscriber_sees_every_message_once_and_in_order(self):
        service = self.start("--websocket.batch-interval=20ms")
        clients = self.subscribers(service, "a")
        first = clients[0].publish("a", 0)
        for n in range(1, 100):
            self.assertEqual(clients[n % 4].publish("a", n), first + n)
        for client in clients:
            client.expect_data("a", list(range(100)))
            self.assert_in_order(client.on("a"), first, first + 99)

    def test_values_arrive_as_they_were_published(self):
        service = self.start("--websocket.batch-interval=20ms")
        clients = self.subscribers(service, "a")
        for n, value in enumerate(VALUES):
            if n % 2:
                self.post(service, "a", value)
            else:
                clients[0].publish("a", value)
        for client in clients:
            client.expect_data("a", VALUES)

    def test_numbers_keep_every_digit(self):
        service = self.start()
        client = self.ws(service, PLAIN)
        client.subscribe("a")
        digits = "[1.000000000000000000001,0.10,1E2]"
        answer = service.ask("POST", "/v1/topics/a", digits, harness.JSON)
        self.assert_status(answer, 202)
        client.expect(lambda: client.on("a"))
        self.assertIn(digits, client.frames[-1])

    def test_two_publishers_at_once_give_all_subscribers_one_order(self):
        service = self.start("--websocket.batch-interval=20ms")
        clients = self.subscribers(service, "a")

        def publish_over_http():
            for n in range(60):
                self.post(service, "a", ["http", n])

        thread = threading.Thread(target=publish_over_http)
        thread.start()
        for n in range(60):
            clients[0].publish("a", ["ws", n])
        thread.join()
        for client in clients:
            client.expect(lambda client=client: len(client.on("a")) == 120)
        seen = clients[0].on("a")
        self.assert_in_order(seen, seen[0]["seq"], seen[0]["seq"] + 119)
        for client in clients[1:]:
            self.assertEqual(client.on("a"), seen)
        for who in ("http", "ws"):
            told = [each["data"][1] for each in seen if each["data"][0] == who]
            self.assertEqual(told, list(range(60)))

    def test_each_topic_counts_for_itself(self):
        service = self.start("--websocket.batch-interval=20ms")
        clients = self.subscribers(service, "a", "b")
        for n in range(20):
            clients[0].publish("ab"[n % 2], n)
        for client in clients:
            client.expect_data("a", list(range(0, 20, 2)))
            client.expect_data("b", list(range(1, 20, 2)))
            for topic in "ab":
                seen = client.on(topic)
                self.assert_in_order(seen, seen[0]["seq"], seen[0]["seq"] + 9)

    def test_a_publisher_is_told_who_listened(self):
        service = self.start()
        self.assertEqual(self.post(service, "a", 1)["subscribers"], 0)
        self.subscribers(service, "a")
        self.assertEqual(self.post(service, "a", 2)["subscribers"], 4)
        self.assertEqual(self.post(service, "b", 2)["subscribers"], 0)

    def test_a_second_subscription_brings_nothing_twice(self):
        service = self.start()
        client = self.ws(service)
        client.subscribe("a", "a")
        client.subscribe("a")
        seq = client.publish("a", 1, "critical")
        client.publish("a", 2, "critical")
        client.expect_data("a", [1, 2])
        self.assert_in_order(client.on("a"), seq, seq + 1)
        self.assertEqual(self.post(service, "a", 3)["subscribers"], 1)

    def test_who_unsubscribes_hears_no_more_of_that_topic_alone(self):
        service = self.start()
        clients = self.subscribers(service, "a", "b")
        for client in clients:
            client.publish("a", "before", "critical")
            client.do("unsubscribe", topics=["a", "never-followed"])
        self.assertEqual(self.post(service, "a", "after", "critical")["subscribers"], 0)
        self.post(service, "b", "end", "critical")
        for client in clients:
            client.expect_data("b", ["end"])
            self.assertNotIn("after", client.data("a"))

    def test_who_subscribes_late_sees_what_comes_from_then_on(self):
        service = self.start()
        client = self.ws(service)
        last = [self.post(service, "a", n)["seq"] for n in range(3)][-1]
        client.subscribe("a")
        client.publish("a", "now", "critical")
        client.expect_data("a", ["now"])
        self.assertEqual(numbers(client.on("a")), [last + 1])

    def test_a_bad_publish_over_http_changes_nothing(self):
        service = self.start()
        seq = self.post(service, "a", 1)["seq"]
        for path, body, kind, status in (
                ("/v1/topics/a", "{", harness.JSON, 400),
                ("/v1/topics/a", "", harness.JSON, 400),
                ("/v1/topics/a", "1", harness.TEXT, 415),
                ("/v1/topics/a?priority=urgent", "1", harness.JSON, 400),
                ("/v1/topics/.a", "1", harness.JSON, 400),
                ("/v1/topics/" + "a" * 65, "1", harness.JSON, 400)):
            self.assert_problem(service.ask("POST", path, body, kind), status)
        self.assert_problem(service.get("/v1/topics/a"), 405)
        self.assertEqual(self.post(service, "a", 2)["seq"], seq + 1)


class Batches(WebSocketCase):
    def test_an_answer_is_never_held_back(self):
        service = self.start(NEVER)
        clients = self.subscribers(service, "a")
        for client in clients:
            client.publish("a", 1)
            self.assertIn("error", client.ask("dance"))
            client.do("unsubscribe", topics=["b"])
        self.assert_held_back(clients, "a", [])

    def test_a_full_batch_goes_out_whole(self):
        service = self.start(NEVER, "--adaptive=false")
        clients = self.subscribers(service, "a")
        for n in range(45):
            self.post(service, "a", n)
        for client in clients:
            client.expect_data("a", list(range(40)))
            sizes = [len(client.parts(frame)) for frame in client.frames
                     if '"data"' in frame]
            self.assertEqual(sizes, [20, 20] if client.batch else [1] * 40)
        self.assert_held_back(clients, "a", list(range(40)))

    def test_a_batch_goes_out_when_its_time_has_come(self):
        service = self.start("--websocket.batch-interval=2s")
        client = self.ws(service)
        client.subscribe("a")
        for n in range(3):
            client.publish("a", n)
        client.expect_data("a", [0, 1, 2])
        self.assertEqual(len([each for each in client.frames if '"data"' in each]), 1)

    def test_a_critical_message_goes_at_once_with_what_is_ahead_of_it(self):
        service = self.start(NEVER)
        clients = self.subscribers(service, "a", "b")
        self.post(service, "a", 1)
        self.post(service, "b", 2)
        self.assert_held_back(clients, "a", [])
        self.post(service, "a", 3, "critical")
        for client in clients:
            client.expect_data("a", [1, 3])
            client.expect_data("b", [2])

    def test_a_flush_sends_what_is_held_back(self):
        service = self.start(NEVER)
        clients = self.subscribers(service, "a")
        for n in range(3):
            self.post(service, "a", n)
        self.assert_held_back(clients, "a", [])
        for client in clients:
            client.do("flush")
            client.expect_data("a", [0, 1, 2])

    def test_a_message_without_a_subprotocol_comes_alone(self):
        service = self.start(NEVER)
        client = self.raw(service, None)
        client.subscribe("a")
        for n in range(3):
            self.post(service, "a", n)
        client.do("flush")
        client.expect_data("a", [0, 1, 2])
        told = [each for each in client.frames if '"data"' in each]
        self.assertEqual(len(told), 3)

    def test_both_subprotocols_may_share_a_topic(self):
        service = self.start("--websocket.batch-interval=20ms")
        batch, plain = self.ws(service, BATCH), self.ws(service, PLAIN)
        batch.subscribe("a")
        plain.subscribe("a")
        for n in range(50):
            self.post(service, "a", n)
        batch.expect_data("a", list(range(50)))
        plain.expect_data("a", list(range(50)))
        self.assertEqual(batch.on("a"), plain.on("a"))


if __name__ == "__main__":
    harness.main()
