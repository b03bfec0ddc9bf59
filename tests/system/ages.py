"""Sessions of a board whose clock was wrong, and removals that are too large."""

import time

import harness
from proof.trouble import TroubleCase, alerts

ENTRIES = 20


class Ages(TroubleCase):
    def start_at(self, wall_seconds, right, *options):
        """A service that takes it to be so many seconds since 1970."""
        ahead, synchronised = self.folder / "ahead", self.folder / "right"
        ahead.write_text(str(int(wall_seconds - time.time())))
        synchronised.unlink(missing_ok=True)
        if right:
            synchronised.touch()
        return self.start("--session.maintenance=enforce", *options,
                          env=harness.preloaded("clock_jump", CLOCK_JUMP_BY=str(ahead),
                                                CLOCK_RIGHT=str(synchronised)))

    def flushed(self, service):
        self.assert_ok(service.put("/v1/sessions/main/last", {"n": time.time()}))
        self.assert_status(service.post("/v1/sessions/main/flush"), 200)

    def keys(self, service):
        return sorted(service.get("/v1/sessions/main").json)

    def fill(self, service, name, count=ENTRIES, **members):
        for n in range(count):
            self.assert_ok(service.put(f"/v1/sessions/main/{name}{n}",
                                       {"n": n, **members}))

    def assert_all_stay(self, *options):
        service = self.start_at(100, False, "--session.debounce=1h", *options)
        self.fill(service, "plain")
        self.fill(service, "own", updatedAt=100_000)
        self.flushed(service)
        self.assert_ok(service.put("/v1/sessions/main/spooled", {"n": 1}))
        service.kill()
        again = self.start_at(time.time(), True, *options)
        # No more of them may be old than may go at once: nothing else keeps them.
        self.fill(again, "new", 3 * ENTRIES)
        self.flushed(again)
        self.assertEqual(len(self.keys(again)), 5 * ENTRIES + 2)
        self.assertNotIn("session-removal-held", alerts(again))
        self.assert_clean_exit(again)
        # From the first right moment on they age like others: then all go, when allowed.
        month = 31 * 86_400
        later = self.start_at(time.time() + month, True, *options)
        self.flushed(later)
        self.assert_alert(later, "session-removal-held")
        self.assert_status(later.post("/v1/sessions/main/prune"), 200)
        self.assertEqual(self.keys(later), ["last"])

    def test_sessions_of_a_board_without_a_clock_stay_in_files(self):
        self.assert_all_stay("--session.backend=journal")

    def test_sessions_of_a_board_without_a_clock_stay_in_the_database(self):
        self.assert_all_stay("--session.backend=database")

    def assert_held(self, *options):
        service = self.start_at(time.time(), True, *options)
        self.fill(service, "k")
        self.assert_clean_exit(service)
        capped = self.start_at(time.time(), True, "--session.max-entries=5", *options)
        self.flushed(capped)
        self.assert_alert(capped, "session-removal-held")
        self.assertEqual(len(self.keys(capped)), ENTRIES + 1)
        text = next(each["text"] for each in capped.get("/health").json["alerts"]
                    if each["id"] == "session-removal-held")
        self.assertRegex(text, r"store main: .* would remove 1\d of 2\d sessions")
        self.assertIn("POST /v1/sessions/main/prune", text)
        allowed = self.assert_status(capped.post("/v1/sessions/main/prune"), 200)
        self.assertEqual(allowed.json, {"removed": ENTRIES + 1 - 5})
        self.assertEqual(len(self.keys(capped)), 5)
        self.assertNotIn("session-removal-held", alerts(capped))

    def test_more_than_half_of_a_store_in_files_is_not_removed_at_once(self):
        self.assert_held("--session.backend=journal")

    def test_more_than_half_of_a_store_in_the_database_is_not_removed_at_once(self):
        self.assert_held("--session.backend=database")

    def test_a_removal_that_is_asked_for_is_refused_where_none_may_be(self):
        service = self.start()
        self.assert_problem(service.post("/v1/sessions/main/prune"), 400)
        self.assert_clean_exit(service)
        doubtful = self.start_at(100, False)
        self.assert_problem(doubtful.post("/v1/sessions/main/prune"), 503)


if __name__ == "__main__":
    harness.main()
