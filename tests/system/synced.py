"""What is said to be on disk is there, with its name and the directories above it: no
kill tells that, so what the service asks of the kernel is looked at."""

import harness
from proof.file_events import FileEvents

QUICK = ("--log.flush-interval=50ms", "--session.debounce=50ms",
         "--sqlite.queue-interval=50ms")
LATER = ("--log.flush-interval=1h", "--session.debounce=1h",
         "--sqlite.queue-interval=1h")
# What need not outlive a power cut, by docs/architecture.md.
FREE = {"data/lock", "data/sluice.db-shm"}
STORE = "/v1/sessions/main"


class Synced(harness.Case):
    def setUp(self):
        super().setUp()
        self.events = FileEvents(self.folder, self.make_folder() / "events")

    def begin(self, *options):
        return self.start(*options, env=self.events.environment)

    def unsynced(self, part=""):
        return {each for each in self.events.unsynced() - FREE
                if each.startswith("data/" + part)}

    def test_a_start_leaves_nothing_of_its_own_unsynced(self):
        self.begin(*LATER)
        self.assertLessEqual(self.unsynced(), {"data/sluice.db", "data/sluice.db-wal"})

    def test_a_line_that_is_on_disk_is_synced_with_its_name_and_directory(self):
        service = self.begin(*LATER)
        for n in range(3):
            answer = service.post_text("/v1/logs/app?durability=disk", f"{n}\n")
            self.assert_status(answer, 200)
            self.assertEqual(self.unsynced("logs"), set())
        service.post_text("/v1/logs/app", "ram\n")
        self.assert_status(service.post("/v1/logs/app/flush"), 200)
        self.assertEqual(self.unsynced("logs"), {"data/logs/app.log"})

    def test_a_session_that_is_on_disk_is_synced_with_its_name_and_directory(self):
        service = self.begin(*LATER)
        for n in range(3):
            answer = service.put(f"{STORE}/k?durability=disk", {"n": n})
            self.assert_status(answer, 200)
            self.assertEqual(self.unsynced("sessions"), set())
        service.put(f"{STORE}/k", {"n": "ram"})
        self.assert_status(service.post("/v1/sessions/flush"), 200)
        self.assertEqual(self.unsynced("sessions"), {"data/sessions/main.journal"})
        answer = service.post("/v1/sessions/flush?durability=disk")
        self.assert_status(answer, 200)
        self.assertEqual(self.unsynced("sessions"), set())

    def test_disk_covers_stores_that_became_empty_in_an_earlier_run(self):
        for path in ("/v1/sessions/flush", f"{STORE}/flush"):
            for options in (LATER, (*LATER, "--spool.enabled=false")):
                service = self.begin(*options)
                self.assert_ok(service.put(f"{STORE}/k?durability=memory", {"n": 1}))
                self.assert_status(service.post(f"{path}?durability=disk"), 200)
                self.assert_ok(service.ask("DELETE", f"{STORE}/k?durability=memory"))
                self.assert_status(service.post(path), 200)
                self.assertEqual(self.unsynced("sessions"),
                                 {"data/sessions/main.journal"})
                service.kill()
                service = self.begin(*options)
                self.assertEqual(service.get(STORE).json, {})
                self.assert_status(service.post(f"{path}?durability=disk"), 200)
                self.assertEqual(self.unsynced("sessions"), set())
                self.assert_clean_exit(service)

    def test_a_commit_that_is_on_disk_is_synced_with_its_name(self):
        service = self.begin(*LATER)
        self.assert_status(service.execute("CREATE TABLE t (x)"), 200)
        self.assertEqual(self.unsynced("sluice.db-wal"), {"data/sluice.db-wal"})
        for path in ("/v1/db/execute?durability=disk",
                     "/v1/db/execute?queue=true&durability=disk"):
            answer = service.post(path, {"sql": "INSERT INTO t VALUES (1)"})
            self.assertEqual(answer.json["durability"], "disk")
            self.assertEqual(self.unsynced("sluice.db"), set())
            self.assert_status(service.execute("INSERT INTO t VALUES (2)"), 200)
            self.assertEqual(self.unsynced("sluice.db"), {"data/sluice.db-wal"})

    def test_what_stopped_is_synced_whatever_level_it_was_asked_for(self):
        service = self.begin(*LATER)
        self.assert_status(service.execute("CREATE TABLE t (x)"), 200)
        service.post("/v1/db/execute?queue=true", {"sql": "INSERT INTO t VALUES (1)"})
        service.post("/v1/db/execute?queue=true", {"sql": "INSERT INTO none VALUES (1)"})
        service.put(f"{STORE}/k", {"n": 1})
        service.post_text("/v1/logs/app", "a\n")
        self.assert_status(service.post("/v1/logs/app/flush"), 200)
        service.post_text("/v1/logs/other", "waits\n")
        self.assert_clean_exit(service)
        self.assertEqual(self.unsynced(), set())
        self.assertEqual(service.log_file("other"), b"waits\n")

    def test_a_compaction_can_be_cut_short_anywhere(self):
        service = self.begin(*QUICK)
        large = {"filler": "x" * 400_000}
        snapshot = self.data / "sessions" / "main.json"
        for n in range(40):
            self.assert_status(service.put(f"{STORE}/k{n % 4}?durability=disk",
                                           {**large, "n": n}), 200)
            if snapshot.exists():
                break
        self.assertTrue(harness.wait_until(snapshot.exists))
        self.assert_clean_exit(service)
        self.assert_order_of_compaction()

    def assert_order_of_compaction(self):
        """Both new files are on disk under their names before the first rename, and that
        is on disk before the second."""
        folder = str(self.data / "sessions")
        snapshot, journal = folder + "/main.json", folder + "/main.journal"
        first = self.events.place_of("renamed", snapshot + ".new", snapshot)
        second = self.events.place_of("renamed", journal + ".new", journal)
        events = self.events.all()

        def synced(path, since, until):
            return [n for n in range(since, until) if events[n][:2] == ("synced", path)]

        def made(path):
            return max(n for n in range(first) if events[n] == ("made", path))

        for path in (snapshot, journal):
            files = synced(path + ".new", made(path + ".new"), first)
            self.assertTrue(files, path)
            self.assertTrue(synced(folder, made(path + ".new"), first), path)
        self.assertTrue(synced(folder, first, second))
        self.assertTrue(synced(folder, second, len(events)))

    def test_lines_that_are_set_aside_are_synced(self):
        """By the third start, after two that died as they wrote them."""
        service = self.start(*LATER)
        self.assert_status(service.post_text("/v1/logs/app", "fatal\n"), 202)
        service.kill()
        dying = harness.preloaded("die_at", DIE_AT_PATH="app.log", DIE_AT_TEXT="fatal")
        for _ in range(2):
            self.launch(*LATER, env=dying).wait()
        self.begin(*LATER)
        self.assertTrue((self.data / "logs" / "set-aside.ndjson").exists())
        self.assertNotIn("data/logs/set-aside.ndjson", self.unsynced())


if __name__ == "__main__":
    harness.main()
