"""Sessions after a sync that failed: the kernel tells of it once, and forgets the pages.
What they held is in the spool, and nowhere else. And an end in order, after which the
spool brings nothing back."""

import shutil

import harness
from proof import trouble

LATER = ("--log.flush-interval=1h", "--session.debounce=1h", "--http.disk-timeout=500ms")
STORE = "/v1/sessions/shop"


class LostPages(trouble.TroubleCase):
    def setUp(self):
        super().setUp()
        self.control = self.folder / "failing"
        self.env = harness.preloaded("failing_sync", FAILING_SYNC=str(self.control))
        self.journal = self.data / "sessions" / "shop.journal"

    def begin(self, *options):
        return self.start(*LATER, *options, env=self.env)

    def flush(self, service, key, document):
        """Into the file, and no further."""
        self.assert_status(service.put(f"{STORE}/{key}", document), 202)
        self.assert_status(service.post(f"{STORE}/flush"), 200)

    def to_disk(self, service, key, document):
        return service.put(f"{STORE}/{key}?durability=disk", document)

    def fail_syncs(self):
        self.control.write_text("/shop.j")

    def lose_page_of(self, key):
        """The line of the session reads as zeros."""
        whole = self.journal.read_bytes()
        at = whole.index(f'"key":"{key}"'.encode())
        begin = whole.rindex(b"\n", 0, at) + 1
        end = whole.index(b"\n", at)
        with self.journal.open("r+b") as file:
            file.seek(begin)
            file.write(bytes(end - begin))

    def assert_store(self, service, expected):
        self.assertTrue(harness.wait_until(
            lambda: service.get(STORE).json == expected), service.get(STORE).text)

    def test_a_start_after_a_failed_sync_believes_no_page_that_was_not_synced(self):
        service = self.begin()
        for key in "ab":
            self.flush(service, key, {"n": 1})
        self.fail_syncs()
        self.assert_status(self.to_disk(service, "c", {"n": 1}), 202)
        service.kill()
        self.lose_page_of("b")
        self.control.unlink()
        self.assert_store(self.begin(), {key: {"n": 1} for key in "abc"})

    def test_a_failed_sync_of_the_end_itself_is_remembered(self):
        service = self.begin("--shutdown.deadline=1s")
        for key in "abc":
            self.flush(service, key, {"n": 1})
        self.fail_syncs()
        self.assertNotEqual(service.stop(), 0)
        self.lose_page_of("b")
        self.control.unlink()
        self.assert_store(self.begin(), {key: {"n": 1} for key in "abc"})

    def test_a_running_service_mends_from_the_spool_what_the_page_cache_lost(self):
        service = self.begin()
        for key in "ab":
            self.flush(service, key, {"n": 1})
        self.fail_syncs()
        self.assert_status(self.to_disk(service, "c", {"n": 1}), 202)
        self.lose_page_of("b")
        self.control.unlink()
        self.assertTrue(harness.wait_until(
            lambda: self.to_disk(service, "d", {"n": 1}).status == 200),
            service.get("/health").text)
        self.assert_green(service)
        self.assert_store(service, {key: {"n": 1} for key in "abcd"})
        service.kill()
        self.assert_store(self.begin(), {key: {"n": 1} for key in "abcd"})

    def test_files_of_yesterday_stand_after_an_end_in_order(self):
        for options in ((), ("--session.backend=database",)):
            service = self.begin(*options)
            self.flush(service, "k", {"day": "yesterday"})
            self.assert_clean_exit(service)
            backup = self.make_folder() / "data"
            shutil.copytree(self.data, backup)
            service = self.begin(*options)
            self.flush(service, "k", {"day": "today"})
            self.assert_status(service.put(f"{STORE}/late", {"day": "today"}), 202)
            self.assert_clean_exit(service)
            for name in ("sessions/shop.json", "sessions/shop.journal", "sluice.db",
                         "sluice.db-wal", "sluice.db-shm"):
                (self.data / name).unlink(missing_ok=True)
                if (backup / name).exists():
                    shutil.copy2(backup / name, self.data / name)
            service = self.begin(*options)
            self.assert_store(service, {"k": {"day": "yesterday"}})
            self.assert_clean_exit(service)

    def test_a_snapshot_put_in_place_of_a_journal_stands_after_an_end_in_order(self):
        service = self.begin()
        self.flush(service, "k", {"day": "today"})
        self.assert_clean_exit(service)
        self.journal.unlink()
        self.journal.with_suffix(".json").write_text('{"k":{"day":"yesterday"}}')
        self.assert_store(self.begin(), {"k": {"day": "yesterday"}})


if __name__ == "__main__":
    harness.main()
