"""A connection's life: pings while it is silent, a goodbye when the service stops, and
nothing that stays behind however it ends."""

import contextlib
import signal
import time

import harness
import looking
from websocket import frames, raw
from websocket.case import NEVER, WebSocketCase, open_files, resident_bytes
from websocket.client import PLAIN

MIB = 1024 * 1024
# The sanitizers look for what a storm leaves behind; without them a short one will do.
STORM = 1000 if harness.sanitized() else 200


class Pings(WebSocketCase):
    def test_a_silent_connection_is_pinged_and_stays(self):
        service = self.start("--websocket.idle-timeout=1s")
        client = self.raw(service)
        client.expect(lambda: len(client.pings) >= 6)
        client.subscribe("a")
        self.assert_served(client, "a")

    def test_clients_of_others_stay_while_they_are_silent(self):
        # A browser on a busy machine takes its time to answer a ping.
        service = self.start("--websocket.idle-timeout=4s")
        clients = self.four(service)
        node = clients[0]
        node.expect(lambda: node.pings >= 3)
        for client in clients:
            self.assertIsNone(client.closed)
            client.subscribe("a")
            self.assert_served(client, "a")

    def test_who_answers_no_ping_is_let_go(self):
        service = self.start("--websocket.idle-timeout=500ms")
        rude = self.raw(service, polite=False)
        rude.expect_end()
        self.assertGreaterEqual(len(rude.pings), 1)
        self.assert_gone(service)

    def test_who_is_gone_without_a_word_is_noticed(self):
        service = self.start("--websocket.idle-timeout=500ms")
        gone = self.raw(service)
        gone.subscribe("a")
        # It reads nothing any more, and says nothing: as if its cable was cut.
        self.assert_gone(service)

    def test_anything_that_a_client_says_is_a_sign_of_life(self):
        service = self.start("--websocket.idle-timeout=600ms")
        client = self.raw(service, polite=False)
        for _ in range(25):
            client.do("unsubscribe", topics=["a"])
            time.sleep(0.1)
        self.assertEqual(len(self.connections(service)), 1)

    def test_what_is_sent_to_a_client_is_no_sign_of_its_life(self):
        service = self.start("--websocket.idle-timeout=500ms")
        rude = self.raw(service, polite=False)
        rude.subscribe("a")
        self.assertTrue(harness.wait_until(
            lambda: self.post(service, "a", "x", "critical")["subscribers"] == 0, 30))


class Restarts(WebSocketCase):
    def test_a_request_for_the_upgrade_is_answered_while_actors_are_started_anew(self):
        control = self.folder / "slow"
        service = self.start("--shutdown.deadline=5s", "--http.disk-timeout=1s",
                             env=harness.preloaded("slow_sync",
                                                   SLOW_SYNC_WHILE=str(control)))
        # A restart of those that depend on each other waits for this sync.
        control.write_text("app.log")
        self.addCleanup(lambda: control.unlink(missing_ok=True))
        service.post_text("/v1/logs/app?durability=disk", "line\n")
        looking.ctl(f"--socket={looking.socket_of(service)}", "restart", "sql-queue")

        def upgrade():
            with contextlib.closing(raw.connect(service)) as client:
                return client.upgrade()

        refused = []
        self.assertTrue(harness.wait_until(
            lambda: refused.append(upgrade()) or refused[-1].status != 101))
        self.assert_problem(refused[-1], 503)
        control.unlink()
        self.assertTrue(harness.wait_until(lambda: upgrade().status == 101))
        self.assert_clean_exit(service)


class Stops(WebSocketCase):
    def test_a_stop_sends_what_is_held_back_and_says_goodbye(self):
        service = self.start(NEVER)
        clients = self.subscribers(service, "a")
        for n in range(5):
            self.post(service, "a", n)
        self.assert_held_back(clients, "a", [])
        self.assert_clean_exit(service)
        for client in clients:
            client.expect_data("a", [0, 1, 2, 3, 4])
            client.expect_close(1001)

    def test_a_stop_waits_for_nobody_who_is_deaf(self):
        service = self.start("--shutdown.deadline=10min", "--websocket.idle-timeout=1h")
        deaf = [self.raw(service, small=True) for _ in range(5)]
        for client in deaf:
            client.subscribe("a")
        for _ in range(50):
            self.post(service, "a", "x" * 60_000)
        self.assertGreater(sum(each["queuedBytes"] for each in self.connections(service)),
                           0)
        silent = self.raw(service, polite=False)
        begun = raw.connect(service)
        with contextlib.closing(begun):
            begun.send_bytes(b"GET /v1/ws HTTP/1.1\r\n")
            self.assert_clean_exit(service)
        silent.expect_close(1001)

    def test_a_stop_under_load_ends_each_client_at_a_whole_message(self):
        service = self.start("--websocket.batch-interval=5ms")
        publisher = self.raw(service)
        clients = [self.raw(service) for _ in range(10)]
        for client in clients:
            client.subscribe("a")
        for n in range(3000):
            publisher.send({"op": "publish", "topic": "a", "data": n, "id": n})
            if n == 1500:
                service.signal(signal.SIGTERM)
        for client in clients:
            client.expect_close(1001)
            client.expect_end()
        # What it had still to say may cost it the goodbye.
        publisher.expect_end()
        self.assertEqual(service.wait(), 0, service.log())
        taken = [each["id"] for each in publisher.messages if each.get("ok")]
        for client in clients:
            seen = client.data("a")
            self.assertEqual(seen, list(range(len(seen))))
            self.assertGreaterEqual(len(seen), len(taken))

    def test_nobody_comes_in_while_it_stops(self):
        service = self.start()
        client = self.raw(service)
        self.assert_clean_exit(service)
        client.expect_close(1001)
        with self.assertRaises(OSError):
            service.socket()


class Storms(WebSocketCase):
    def one_of(self, service, n):
        """A connection that ends abruptly, each in another state."""
        client = raw.connect(service, small=n % 2 == 0)
        state = n % 7
        if state == 0:
            client.send_bytes(b"GET /v1/ws HTTP/1.1\r\nHost: lo")
        elif state == 1:
            client.send_bytes(frames.request(client.host))
        elif state == 2:
            client.upgrade()
        elif state == 3:
            client.upgrade()
            client.send({"op": "subscribe", "topics": ["a", f"t{n}"], "id": 1})
        elif state == 4:
            client.upgrade()
            client.send_bytes(frames.text('{"op":"subscribe","topics":["a"]}')[:9])
        elif state == 5:
            client.upgrade()
            client.subscribe("a")
        else:
            client.upgrade()
            client.subscribe("a")
            client.send_bytes(frames.close(1000))
        if n % 3:
            client.reset()
        else:
            client.close()

    def batchers(self, service):
        actors = self.assert_status(service.get("/v1/actors?state=false"), 200).json
        return sum(x["name"] == "ws-batcher" for x in actors)

    def test_a_storm_of_disconnects_leaves_nothing_behind(self):
        service = self.start("--websocket.batch-interval=5ms", "--http.idle-timeout=2s")
        witness = self.raw(service)
        witness.subscribe("a")
        files, memory = open_files(service), resident_bytes(service)
        for n in range(STORM):
            self.one_of(service, n)
            if n % 10 == 0:
                self.post(service, "a", "x" * 1000)
        self.assert_served(witness, "a")
        self.assertTrue(harness.wait_until(
            lambda: len(self.connections(service)) == 1, 30))
        self.assertTrue(harness.wait_until(lambda: self.batchers(service) == 1))
        self.assertTrue(harness.wait_until(lambda: open_files(service) <= files, 30),
                        f"{open_files(service)} open files, {files} before")
        self.assertEqual(self.post(service, "a", 1)["subscribers"], 1)
        if not harness.sanitized():
            self.assertLess(resident_bytes(service) - memory, 24 * MIB)
        self.assert_clean_exit(service)

    def test_all_gone_at_once_leaves_nothing_behind(self):
        service = self.start("--websocket.batch-interval=5ms")
        self.post(service, "a", 0)
        files = open_files(service)
        clients = [raw.open_client(service) for _ in range(STORM)]
        for client in clients:
            client.subscribe("a")
        self.assertEqual(self.post(service, "a", 1)["subscribers"], STORM)
        for client in clients:
            client.reset()
        self.assert_gone(service)
        self.assertEqual(self.post(service, "a", 2)["subscribers"], 0)
        self.assertTrue(harness.wait_until(lambda: self.batchers(service) == 0))
        self.assertTrue(harness.wait_until(lambda: open_files(service) <= files))
        self.assert_clean_exit(service)


class Listing(WebSocketCase):
    def one(self, service):
        listed, = self.connections(service)
        return listed

    def test_nobody_is_an_empty_list(self):
        self.assertEqual(self.connections(self.start()), [])

    def test_a_connection_is_told_with_its_numbers(self):
        service = self.start(NEVER, "--adaptive=false")
        client = self.raw(service)
        fresh = self.one(service)
        host, port = client.sock.getsockname()
        self.assertEqual(fresh["remote"], f"{host}:{port}")
        self.assertTrue(fresh["id"])
        expected = dict.fromkeys(("topics", "queuedMessages", "queuedBytes",
                                  "totalBatched", "totalSent", "avgBatchSize",
                                  "dropped"), 0)
        self.assertEqual({name: fresh[name] for name in expected}, expected)
        client.subscribe("a", "b")
        for n in range(40):
            client.publish("a", n)
        client.expect(lambda: len(client.on("a")) == 40)
        told = self.one(service)
        self.assertEqual(told["id"], fresh["id"])
        self.assertEqual(told["topics"], 2)
        for name in ("queuedMessages", "queuedBytes", "dropped"):
            self.assertEqual(told[name], 0, name)
        self.assertEqual(told["totalBatched"], 40)
        self.assertGreaterEqual(told["totalSent"], 40)
        self.assertGreater(told["avgBatchSize"], 1)

    def test_what_a_client_does_not_take_is_told_as_queued(self):
        service = self.start()
        deaf = self.raw(service, PLAIN, small=True)
        deaf.subscribe("a")
        for _ in range(100):
            self.post(service, "a", "x" * 60_000, "critical")
        self.assertTrue(harness.wait_until(lambda: self.one(service)["dropped"] > 0))
        told = self.one(service)
        self.assertGreater(told["queuedMessages"], 0)
        self.assertGreaterEqual(told["queuedBytes"], told["queuedMessages"])

    def test_who_has_gone_is_listed_no_more(self):
        service = self.start()
        clients = [self.raw(service) for _ in range(3)]
        ids = {each["id"] for each in self.connections(service)}
        self.assertEqual(len(ids), 3)
        clients[0].send_bytes(frames.close(1000))
        clients[0].expect_close(1000)
        clients[1].reset()
        self.assertTrue(harness.wait_until(lambda: len(self.connections(service)) == 1))
        self.assertIn(self.one(service)["id"], ids)


if __name__ == "__main__":
    harness.main()
