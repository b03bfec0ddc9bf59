"""The time of day that somebody sets: no window ends sooner or later for it, a step is
counted, and what is judged by the time of day waits."""

import time

import harness
from proof.trouble import TroubleCase

DAY_SECONDS = 86_400


class Clock(TroubleCase):
    def start_with(self, window):
        self.control = self.folder / "ahead"
        service = self.start(
            f"--log.flush-interval={window}", f"--session.debounce={window}",
            f"--sqlite.queue-interval={window}", "--session.maintenance=enforce",
            env=harness.preloaded("clock_jump", CLOCK_JUMP_BY=str(self.control)))
        self.assert_ok(service.execute("CREATE TABLE t (x)"))
        return service

    def jump(self, seconds):
        self.control.write_text(str(seconds))

    def assert_jumped(self, service):
        """The service did see the other time of day."""
        at = service.get("/v1/logs/a").json["lastFlushAt"]
        self.assertGreater(abs(at / 1000 - time.time()), DAY_SECONDS / 2)

    def fill(self, service):
        self.assert_status(service.post_text("/v1/logs/a", "line\n"), 202)
        self.assert_status(service.put("/v1/sessions/main/k", {"n": 1}), 202)
        self.assert_status(self.queue(service, "INSERT INTO t VALUES (1)"), 202)

    def held(self, service):
        """Lines, sessions and statements that wait for the ends of their windows."""
        return (service.get("/v1/logs/a").json["bufferSize"],
                service.get("/v1/sessions").json["pending"],
                service.get("/v1/db/metrics").json["queued"])

    def test_a_clock_set_forward_ends_no_window(self):
        service = self.start_with("10min")
        self.fill(service)
        self.jump(DAY_SECONDS)
        self.fill(service)
        self.assertEqual(self.held(service), (2, 1, 2))
        self.assert_status(service.post("/v1/logs/flush"), 200)
        self.assert_jumped(service)

    def test_a_clock_set_back_delays_no_window(self):
        service = self.start_with("500ms")
        self.fill(service)
        self.jump(-DAY_SECONDS)
        self.assertTrue(harness.wait_until(lambda: self.held(service) == (0, 0, 0)))
        self.fill(service)
        self.assertTrue(harness.wait_until(lambda: self.held(service) == (0, 0, 0)))
        self.assertEqual(service.log_file("a"), b"line\nline\n")
        self.assert_rows(service, "t", [1, 1])
        self.assert_jumped(service)

    def test_a_step_is_told_and_holds_maintenance(self):
        service = self.start_with("50ms")
        self.jump(DAY_SECONDS)
        health = service.get("/health").json
        self.assertEqual(health["troubles"]["clock-stepped"], 1)
        self.assertIn("clock-stepped", {each["id"] for each in health["alerts"]})
        self.assert_ok(service.put("/v1/sessions/main/k", {"n": 1}))
        self.assert_alert(service, "session-maintenance-held")
        self.assert_status(service.get("/health/ready"), 200)


if __name__ == "__main__":
    harness.main()
