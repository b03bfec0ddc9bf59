"""Sessions: read your writes, coalesced on their way to the disk."""

import json

import harness
import looking
from harness import JSON
from proof.file_events import FileEvents

KEY = "/v1/sessions/main/agent:main%2Fwhatsapp"


class Sessions(looking.Case):
    def test_a_document_comes_back_as_the_bytes_that_were_sent(self):
        service = self.start()
        text = '{ "b" : 1.50,\n "a":"\\u00e9", "big": 9223372036854775807 }'
        answer = self.assert_status(service.ask("PUT", KEY, text, JSON), 202)
        self.assertEqual(answer.json["durability"], "ram")
        self.assertIsInstance(answer.json["seq"], int)
        read = self.assert_status(service.get(KEY), 200)
        self.assertEqual(read.text, text)
        self.assertEqual(read.headers.get_content_type(), JSON)
        service.post("/v1/sessions/flush")
        self.assertEqual(service.get(KEY).text, text)

    def test_a_document_survives_a_restart(self):
        service = self.start()
        service.put(KEY, {"a": 1})
        self.assert_clean_exit(service)
        again = self.start()
        self.assertEqual(again.get(KEY).json, {"a": 1})

    def test_a_request_for_disk_survives_a_kill(self):
        events = FileEvents(self.folder, self.make_folder() / "events")
        service = self.start("--session.debounce=1h", env=events.environment)
        service.put("/v1/sessions/main/early", {"n": 1})
        answer = service.ask("PUT", KEY + "?durability=disk", '{"n":2}', JSON)
        self.assert_status(answer, 200)
        self.assertEqual(answer.json["durability"], "disk")
        # A kill alone would prove nothing about a disk.
        unsynced = [each for each in events.unsynced() if "sessions" in each]
        self.assertEqual(unsynced, [])
        service.kill()
        again = self.start()
        self.assertEqual(again.get("/v1/sessions/main").json,
                         {"early": {"n": 1}, "agent:main/whatsapp": {"n": 2}})

    def test_updates_are_coalesced_and_counted(self):
        service = self.start("--session.debounce=1h", "--session.max-pending=100")
        for n in range(10):
            self.assert_status(service.put(KEY, {"n": n}), 202)
        self.assertEqual(service.get("/v1/sessions").json["pending"], 1)
        flushed = self.assert_status(service.post("/v1/sessions/main/flush"), 200)
        self.assertEqual(flushed.json["flushed"], 1)
        numbers = service.get("/v1/sessions").json
        self.assertEqual((numbers["totalWrites"], numbers["totalCoalesced"],
                          numbers["pending"], numbers["reductionPercent"]), (1, 9, 0, 90))
        self.assertIn("main", json.dumps(numbers["stores"]))

    def test_updates_and_writes_add_up(self):
        service = self.start("--session.max-pending=3", "--session.debounce=50ms")
        for n in range(40):
            service.put(f"/v1/sessions/main/k{n % 7}", {"n": n})
        service.ask("PATCH", "/v1/sessions/main/k0", '{"x":1}', JSON)
        service.ask("DELETE", "/v1/sessions/main/k1")
        service.put("/v1/sessions/main", {"k2": {}, "new": {}})
        service.post("/v1/sessions/flush")
        numbers = service.get("/v1/sessions").json
        # The whole store: two keys set, and k0 k3 k4 k5 k6 removed.
        self.assertEqual(numbers["totalWrites"] + numbers["totalCoalesced"], 42 + 7)

    def test_the_window_writes_by_itself(self):
        service = self.start("--session.debounce=200ms")
        service.put(KEY, {"a": 1})
        self.assertTrue(harness.wait_until(
            lambda: service.get("/v1/sessions").json["pending"] == 0))
        service.kill()
        self.assertEqual(self.start().get(KEY).json, {"a": 1})

    def test_many_waiting_sessions_are_written_early(self):
        service = self.start("--session.debounce=1h", "--session.max-pending=3",
                             "--adaptive=false")
        for n in range(4):
            service.put(f"/v1/sessions/main/k{n}", {})
        self.assertTrue(harness.wait_until(
            lambda: service.get("/v1/sessions").json["totalWrites"] >= 3))

    def test_debouncing_can_be_switched_off(self):
        service = self.start(env={"SECURECLAW_DEBOUNCED_SESSION_WRITES": "false"})
        for n in range(5):
            service.put(KEY, {"n": n})
            self.assertTrue(harness.wait_until(
                lambda count=n + 1:
                service.get("/v1/sessions").json["totalWrites"] == count))
        self.assertEqual(service.get("/v1/sessions").json["totalCoalesced"], 0)

    def test_a_merge_patch_keeps_untouched_bytes(self):
        service = self.start()
        service.ask("PUT", KEY, '{"n":1.50,"a":1,"b":{"c":2,"d":3}}', JSON)
        patch = '{"a":null,"b":{"c":null,"e":[1]},"f":"x"}'
        self.assert_status(service.ask("PATCH", KEY, patch, JSON), 202)
        read = service.get(KEY)
        self.assertEqual(read.json, {"n": 1.5, "b": {"d": 3, "e": [1]}, "f": "x"})
        self.assertIn("1.50", read.text)

    def test_a_patch_of_nothing_makes_a_document(self):
        service = self.start()
        self.assert_status(service.ask("PATCH", KEY, '{"a":{"b":null},"c":1}', JSON), 202)
        self.assertEqual(service.get(KEY).json, {"a": {}, "c": 1})

    def test_a_deleted_document_is_gone(self):
        service = self.start()
        service.put(KEY, {"a": 1})
        service.post("/v1/sessions/flush")
        self.assert_status(service.ask("DELETE", KEY), 202)
        self.assert_problem(service.get(KEY), 404)
        self.assert_problem(service.ask("DELETE", KEY), 404)
        self.assert_clean_exit(service)
        self.assert_problem(self.start().get(KEY), 404)

    def test_a_store_is_read_and_replaced_whole(self):
        service = self.start()
        self.assertEqual(service.get("/v1/sessions/empty").json, {})
        service.put("/v1/sessions/main/a", {"n": 1})
        service.post("/v1/sessions/flush")
        service.put("/v1/sessions/main/b", {"n": 2})
        self.assertEqual(service.get("/v1/sessions/main").json,
                         {"a": {"n": 1}, "b": {"n": 2}})
        self.assert_status(service.put("/v1/sessions/main", {"c": {"n": 3}}), 202)
        self.assertEqual(service.get("/v1/sessions/main").json, {"c": {"n": 3}})
        self.assert_problem(service.get("/v1/sessions/main/a"), 404)
        self.assert_clean_exit(service)
        self.assertEqual(self.start().get("/v1/sessions/main").json, {"c": {"n": 3}})

    def test_stores_are_apart(self):
        service = self.start()
        service.put("/v1/sessions/a/k", {"n": 1})
        service.put("/v1/sessions/b/k", {"n": 2})
        self.assertEqual(service.get("/v1/sessions/a/k").json, {"n": 1})

    def test_what_is_no_object_is_refused(self):
        service = self.start()
        for bad in ("", "[1]", "1", '{"a":1', '{"a":1}x', "{'a':1}", '{"a":NaN}',
                    '{"a":"\x01"}', '{"a":\xff}'):
            body = bad.encode("latin-1")
            self.assert_problem(service.ask("PUT", KEY, body, JSON), 400)
            self.assert_problem(service.ask("PATCH", KEY, body, JSON), 400)
        self.assert_problem(service.ask("PUT", "/v1/sessions/s", '{"a":1}', JSON), 400)
        self.assert_problem(service.get(KEY), 404)

    def test_nesting_has_a_limit(self):
        service = self.start()

        def nested(depth):
            return '{"a":' * (depth - 1) + "{}" + "}" * (depth - 1)

        self.assert_status(service.ask("PUT", KEY, nested(256), JSON), 202)
        self.assertEqual(service.get(KEY).text, nested(256))
        self.assert_problem(service.ask("PUT", KEY, nested(257), JSON), 400)
        self.assert_problem(service.ask("PUT", KEY, nested(100_000), JSON), 400)

    def test_keys_are_utf8_without_control_characters(self):
        service = self.start()
        for good in ("a%20b", "%C3%A4", "x" * 512, "..", "a?b=c".replace("?", "%3F")):
            self.assert_status(service.put(f"/v1/sessions/main/{good}", {}), 202)
            self.assert_status(service.get(f"/v1/sessions/main/{good}"), 200)
        for bad in ("%00", "a%0ab", "%7f", "%ff", "%zz", "x" * 513):
            answer = service.put(f"/v1/sessions/main/{bad}", {})
            self.assert_problem(answer, 400)

    def test_reads_are_cached_and_counted(self):
        service = self.start("--session.cache-ttl=1h")
        service.put(KEY, {"a": 1})
        service.post("/v1/sessions/flush")
        before = service.get("/v1/sessions").json["cache"]
        for _ in range(4):
            service.get(KEY)
        after = service.get("/v1/sessions").json["cache"]
        asked = after["hits"] + after["misses"] - before["hits"] - before["misses"]
        self.assertEqual(asked, 4)
        self.assertGreaterEqual(after["hits"] - before["hits"], 3)
        total = after["hits"] + after["misses"]
        self.assertAlmostEqual(after["hitRate"], 100 * after["hits"] / total, places=6)

    def test_without_a_cache_nothing_hits(self):
        service = self.start(env={"SECURECLAW_SESSION_CACHE_TTL_MS": "0"})
        service.put(KEY, {"a": 1})
        service.post("/v1/sessions/flush")
        for _ in range(3):
            self.assertEqual(service.get(KEY).json, {"a": 1})
        self.assertEqual(service.get("/v1/sessions").json["cache"]["hits"], 0)

    def test_updates_are_counted_once_after_the_sessions_were_started_anew(self):
        service = self.start("--session.debounce=1h", "--session.max-pending=1000")

        def counts():
            told = service.get("/health").json["ioMetrics"]["sessionStore"]
            return told["totalWrites"], told["totalCoalesced"]

        for n in range(5):
            service.put("/v1/sessions/users/one", {"n": n})
        self.assertEqual(counts(), (0, 4))
        self.tell(service, "restart", "session-debouncer")
        harness.wait_until(lambda: service.get("/health").json["troubles"].get(
            "actor-restarted", 0) > 0)
        self.assertTrue(harness.wait_until(
            lambda: service.get("/v1/sessions/users/one").status == 200))
        service.post("/v1/sessions/flush")
        self.assertEqual(counts(), (1, 4))


if __name__ == "__main__":
    harness.main()
