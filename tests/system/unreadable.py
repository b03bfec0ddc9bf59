"""Session stores that cannot be read: they are not empty, and they come back."""

import os

import harness
from harness import JSON
from proof.trouble import TroubleCase, alerts

ALICE = '{"history":["a"],"n":0}'
WHOLE = '{"alice":' + ALICE + ',"bob":{"label":"hi"}}'
DAMAGES = {
    "cut": WHOLE[:-5].encode(),
    "empty": b"",
    "zeros": bytes(4096),
    "latin1": WHOLE.replace("hi", "h\u00e9").encode("latin-1"),
    "list": b"[]",
    "null": b"null",
    "number": b'{"alice":1}',
    "comma": b'{"alice":{},}',
}


class Unreadable(TroubleCase):
    def path(self, name):
        return self.data / "sessions" / name

    def answers(self, service, store):
        """The answers to every kind of request for a store."""
        where = f"/v1/sessions/{store}"
        return [service.get(where + "/alice"),
                service.get(where),
                service.put(where + "/new", {"n": 1}),
                service.ask("PUT", where + "/new?durability=disk", "{}", JSON),
                service.ask("PATCH", where + "/alice", '{"n":1}', JSON),
                service.ask("DELETE", where + "/alice"),
                service.put(where, {"new": {}}),
                service.post(where + "/flush"),
                service.post(where + "/flush?durability=disk")]

    def assert_unreadable(self, service, store, file):
        for answer in self.answers(service, store):
            self.assert_problem(answer, 503)
            self.assertEqual(answer.json["code"], "unavailable")
            self.assertIn(str(self.path(file)), answer.json["detail"])

    def assert_back(self, service, store):
        """It is served at the first request, and nothing of it was lost."""
        patch = service.ask("PATCH", f"/v1/sessions/{store}/alice", '{"n":1}', JSON)
        self.assert_status(patch, 202)
        self.assertEqual(service.get(f"/v1/sessions/{store}").json,
                         {"alice": {"history": ["a"], "n": 1}, "bob": {"label": "hi"}})
        self.assert_status(service.post(f"/v1/sessions/{store}/flush"), 200)

    def assert_others_go_on(self, service):
        self.assert_ok(service.put("/v1/sessions/good/k", {"n": 1}))
        self.assertEqual(service.get("/v1/sessions/good/k").json, {"n": 1})
        self.assert_status(service.post("/v1/sessions/flush?durability=disk"), 200)

    def assert_no_alert(self, service):
        self.assertTrue(harness.wait_until(
            lambda: "session-store-unreadable" not in alerts(service)),
            service.get("/health").text)

    def test_a_store_that_is_damaged_is_refused_and_is_back_once_it_is_mended(self):
        self.path("").mkdir(parents=True)
        for name, content in DAMAGES.items():
            self.path(f"{name}.json").write_bytes(content)
        service = self.start()
        for name, content in DAMAGES.items():
            self.assert_unreadable(service, name, f"{name}.json")
            self.assertEqual(self.path(f"{name}.json").read_bytes(), content)
        self.assert_others_go_on(service)
        self.assert_alert(service, "session-store-unreadable")
        told = {each["store"] for each in service.get("/v1/sessions").json["unreadable"]}
        self.assertEqual(told, set(DAMAGES))
        for name in DAMAGES:
            self.path(f"{name}.json").write_text(WHOLE)
            self.assert_back(service, name)
        self.assert_no_alert(service)
        self.assertEqual(service.get("/v1/sessions").json["unreadable"], [])

    def test_what_is_no_file_is_refused_in_the_place_of_a_store(self):
        self.path("").mkdir(parents=True)
        self.path("folder.json").mkdir()
        self.path("journal.journal").mkdir()
        os.mkfifo(self.path("pipe.json"))
        self.path("device.json").symlink_to("/dev/zero")
        service = self.start()
        for name in ("folder.json", "journal.journal", "pipe.json", "device.json"):
            self.assert_unreadable(service, name.split(".")[0], name)
        self.assert_others_go_on(service)
        self.path("pipe.json").unlink()
        self.path("pipe.json").write_text(WHOLE)
        self.assert_back(service, "pipe")

    def test_a_device_that_refuses_to_read_is_no_empty_store(self):
        control = self.folder / "failing"
        env = harness.preloaded("failing_open", FAILING_OPEN=str(control))
        service = self.start(env=env)
        self.assert_ok(service.put("/v1/sessions/main", {"alice": {"history": ["a"]},
                                                         "bob": {"label": "hi"}}))
        self.assert_clean_exit(service)
        control.write_text("main.journal")
        again = self.start(env=env)
        self.assert_unreadable(again, "main", "main.journal")
        self.assert_others_go_on(again)
        control.unlink()
        # Nothing about the file shows that it can be read now, so it may take a moment.
        self.assertTrue(harness.wait_until(
            lambda: again.get("/v1/sessions/main/alice").status == 200))
        self.assert_back(again, "main")
        self.assert_no_alert(again)

    def test_what_the_spool_holds_for_it_waits_and_holds_up_no_other(self):
        service = self.start("--session.debounce=1h")
        self.assert_ok(service.put("/v1/sessions/main/alice", {"history": ["a"]}))
        self.assert_ok(service.put("/v1/sessions/main/bob", {"label": "hi"}))
        self.assert_status(service.post("/v1/sessions/main/flush"), 200)
        patch = service.ask("PATCH", "/v1/sessions/main/alice", '{"n":0}', JSON)
        self.assertEqual(patch.json["durability"], "ram")
        self.assert_ok(service.put("/v1/sessions/other/k", {"n": 7}))
        service.kill()
        self.path("main.journal").rename(self.folder / "kept")
        self.path("main.journal").mkdir()
        # Twice, since what the first start leaves must be there for the second.
        for _ in range(2):
            again = self.start("--session.debounce=1h")
            self.assert_unreadable(again, "main", "main.journal")
            self.assertEqual(again.get("/v1/sessions/other").json, {"k": {"n": 7}})
            self.assert_problem(again.post("/v1/sessions/flush"), 503)
            again.kill()
        again = self.start()
        self.path("main.journal").rmdir()
        (self.folder / "kept").rename(self.path("main.journal"))
        self.assert_back(again, "main")
        self.assert_no_alert(again)

    def test_a_file_that_somebody_puts_there_is_read_before_the_store_is_used(self):
        service = self.start()
        self.assert_others_go_on(service)
        self.path("main.json").write_text(WHOLE)
        self.assert_back(service, "main")
        self.path("late.json").write_text("[]")
        self.assert_unreadable(service, "late", "late.json")

    def test_a_change_of_the_backend_passes_over_no_store_that_cannot_be_read(self):
        service = self.start()
        self.assert_others_go_on(service)
        self.assert_clean_exit(service)
        self.path("main.json").write_text("[]")
        code, log = self.refusal("--session.backend=database")
        self.assertNotEqual(code, 0)
        self.assertIn(str(self.path("main.json")), log)
        self.path("main.json").write_text(WHOLE)
        again = self.start("--session.backend=database")
        self.assert_back(again, "main")

    def test_a_change_of_the_backend_ends_where_a_file_is_gone_as_it_is_opened(self):
        service = self.start()
        self.assert_others_go_on(service)
        self.assert_clean_exit(service)
        self.path("main.json").write_text(WHOLE)
        control = self.folder / "failing"
        control.write_text("main.json gone")
        code, log = self.refusal("--session.backend=database", env=harness.preloaded(
            "failing_open", FAILING_OPEN=str(control)))
        self.assertNotEqual(code, 0)
        self.assertIn(str(self.path("main")), log)
        self.assert_back(self.start("--session.backend=database"), "main")

    def test_files_that_were_away_as_the_backend_changed_keep_their_sessions(self):
        service = self.start()
        self.assert_ok(service.put("/v1/sessions/main/alice", {"history": ["a"]}))
        self.assert_ok(service.put("/v1/sessions/main/bob", {"label": "hi"}))
        self.assert_others_go_on(service)
        self.assert_clean_exit(service)
        self.path("main.journal").rename(self.folder / "away")
        service = self.start("--session.backend=database")
        self.assert_ok(service.ask("DELETE", "/v1/sessions/good/k"))
        self.assert_clean_exit(service)
        (self.folder / "away").rename(self.path("main.journal"))
        again = self.start()
        self.assert_back(again, "main")
        # What was deleted meanwhile does not come back with what was left there.
        self.assertEqual(again.get("/v1/sessions/good").json, {})


if __name__ == "__main__":
    harness.main()
