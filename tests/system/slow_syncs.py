"""A sync that hangs is told while it does, and of nothing else it is the end: writes go
on, the service stays ready, and the alert goes as the sync ends."""

import concurrent.futures
import time

import harness
from proof.trouble import TroubleCase, alerts

QUICK = ("--log.flush-interval=50ms", "--session.debounce=50ms",
         "--sqlite.queue-interval=50ms")
# From what on a sync is slow: `detail::sync_watch::limit`.
LIMIT_SECONDS = 5


class SlowSyncs(TroubleCase):
    def setUp(self):
        super().setUp()
        self.control = self.folder / "slow"
        self.pool = concurrent.futures.ThreadPoolExecutor()
        self.addCleanup(self.pool.shutdown)
        self.addCleanup(lambda: self.control.unlink(missing_ok=True))
        self.service = self.start(*QUICK, env=harness.preloaded(
            "slow_sync", SLOW_SYNC_WHILE=str(self.control)))

    def assert_told(self, whose, ask, alert):
        """What asks for such a sync waits, and the alert says so, not too early."""
        self.control.write_text(whose)
        since = time.monotonic()
        asking = self.pool.submit(ask)
        self.assert_alert(self.service, alert, LIMIT_SECONDS + 5)
        self.assertGreaterEqual(time.monotonic() - since, LIMIT_SECONDS)
        # The database's writer does nothing else meanwhile.
        self.assertLessEqual(alerts(self.service), {alert, "actor-silent"})
        self.assert_status(self.service.get("/health/ready"), 200)
        self.assert_status(self.service.post_text("/v1/logs/other", "x\n"), 202)
        self.assertFalse(asking.done())
        self.control.unlink()
        self.assertEqual(self.assert_status(asking.result(), 200).json["durability"],
                         "disk")
        self.assertTrue(harness.wait_until(lambda: not alerts(self.service)))
        self.assertEqual(self.service.get("/health").json["troubles"][alert], 1)

    def test_a_slow_sync_of_a_log_is_told_while_it_lasts(self):
        self.assert_told("app.log", lambda: self.service.post_text(
            "/v1/logs/app?durability=disk", "a\n"), "log-sync-slow")

    def test_a_slow_sync_of_sessions_is_told_while_it_lasts(self):
        # The first one begins the files.
        self.assert_ok(self.service.put("/v1/sessions/main/a?durability=disk", {"n": 0}))
        self.assert_told("main.journal", lambda: self.service.put(
            "/v1/sessions/main/a?durability=disk", {"n": 1}), "session-sync-slow")

    def test_a_slow_sync_of_the_database_is_told_while_it_lasts(self):
        self.assert_ok(self.service.execute("CREATE TABLE t (x)"))
        self.assert_told("sluice.db-wal", lambda: self.service.post(
            "/v1/db/execute?durability=disk", {"sql": "INSERT INTO t VALUES (1)"}),
            "database-sync-slow")


if __name__ == "__main__":
    harness.main()
