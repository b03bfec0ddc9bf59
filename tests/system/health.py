"""Health, metrics and configuration: exactly what happened, and nothing by asking."""

import pathlib
import time

import harness


class Health(harness.Case):
    def test_health_tells_how_full_the_spool_is(self):
        service = self.start("--log.flush-interval=1h")
        service.post_text("/v1/logs/app", "a line that waits\n")
        spool = service.get("/health").json["spool"]
        self.assertTrue(spool["available"])
        self.assertGreater(spool["unwrittenBytes"], 0)
        self.assertLessEqual(spool["allocatedBytes"], spool["maxBytes"])
        service.post("/v1/logs/flush?durability=disk")
        spool = service.get("/health").json["spool"]
        self.assertEqual((spool["unwrittenBytes"], spool["keptBytes"]), (0, 0))

    def test_more_stores_than_the_spool_has_places_for_answer_memory(self):
        service = self.start("--spool.max-bytes=1048576", "--session.debounce=1h")
        # Nothing can be brought to disk, so nobody gives a place away.
        self.data.joinpath("id").rename(self.data / "gone")
        levels = []
        for n in range(260):
            answer = service.put(f"/v1/sessions/s{n}/k", {"n": n})
            levels.append(self.assert_status(answer, 202).json["durability"])
        self.assertEqual(levels, sorted(levels, reverse=True))
        self.assertEqual(set(levels), {"ram", "memory"})
        last = "/v1/sessions/s259/k?durability=ram"
        self.assert_status(service.put(last, {"n": 1}), 503)
        health = service.get("/health").json
        self.assertIn("spool-lanes-short", [x["id"] for x in health["alerts"]])
        self.assertGreater(health["spool"]["laneRefusals"], 0)
        self.assertEqual(health["troubles"]["spool-lanes-short"], 1)
        self.assertEqual(health["spool"]["lanes"], levels.count("ram"))
        self.assert_status(service.put("/v1/sessions/s0/k?durability=ram", {"n": 1}), 202)
        self.data.joinpath("gone").rename(self.data / "id")
        harness.wait_until(lambda: service.put(last, {"n": 2}).status == 202, 20)
        self.assert_status(service.put(last, {"n": 3}), 202)
        health = service.get("/health").json
        self.assertNotIn("spool-lanes-short", [x["id"] for x in health["alerts"]])
        self.assertEqual(health["troubles"]["spool-lanes-short"], 1)
        self.assertGreater(health["troubles"]["spool-relieved"], 0)

    def test_a_trouble_that_is_over_stays_counted(self):
        service = self.start("--log.flush-interval=50ms", "--sqlite.queue-interval=50ms")
        troubles = service.get("/health").json["troubles"]
        self.assertEqual(set(troubles.values()), {0})
        service.post_text("/v1/logs/app", "one\n")
        self.assertTrue(service.comes_to_hold("app", b"one\n"))
        self.data.joinpath("id").rename(self.data / "gone")
        troubles = service.get("/health").json["troubles"]
        self.assertEqual(troubles["data-directory-gone"], 1)
        self.data.joinpath("gone").rename(self.data / "id")
        service.post("/v1/db/execute?queue=true", {"sql": "no SQL at all"})
        service.post("/v1/db/flush")
        troubles = service.get("/health").json["troubles"]
        self.assertEqual(troubles["data-directory-gone"], 1)
        self.assertEqual(troubles["sql-dead-letters"], 1)
        self.assertEqual(troubles["actor-restarted"], 0)

    def test_a_known_load_shows_exactly(self):
        service = self.start("--log.flush-interval=1h", "--session.debounce=1h",
                             "--session.max-pending=100")
        service.post_text("/v1/logs/a", "12345\n" * 250)
        service.post_text("/v1/logs/b", "1\n")
        service.post("/v1/logs/flush")
        service.post_text("/v1/logs/b", "22\n333\n")
        for n in range(8):
            service.put(f"/v1/sessions/main/k{n % 2}", {"n": n})
        service.post("/v1/sessions/flush")
        service.execute("CREATE TABLE t (x)")
        service.post("/v1/db/batch", {"sql": "INSERT INTO t VALUES (?)",
                                      "rows": [[n] for n in range(10)]})
        service.query("SELECT count(*) FROM t")
        answer = self.assert_status(service.get("/health"), 200).json
        self.assertEqual(answer["status"], "ok")
        self.assertEqual(answer["alerts"], [])
        self.assertGreater(answer["uptimeMs"], 0)
        metrics = answer["ioMetrics"]
        self.assertEqual(metrics["logging"]["totalBytesWritten"], 250 * 6 + 2)
        self.assertEqual(metrics["logging"]["bufferSize"], 2)
        self.assertGreaterEqual(metrics["logging"]["totalWrites"], 2)
        self.assertEqual(metrics["sessionStore"], {
            "totalCoalesced": 6, "totalWrites": 2, "reductionPercent": 75})
        snapshot = self.assert_status(service.get("/v1/metrics/snapshot"), 200).json
        self.assertEqual(snapshot["database"]["queries"], 12)
        self.assertEqual(snapshot["database"]["transactions"], 2)
        self.assertGreater(snapshot["network"]["received"], 250 * 6)
        self.assertGreater(snapshot["disk"]["writes"], 0)

    def test_health_has_every_member_it_promises(self):
        metrics = self.start().get("/health").json["ioMetrics"]
        self.assertEqual({name: set(members) for name, members in metrics.items()}, {
            "disk": {"writesPerMin", "readsPerMin", "writeMBPerMin"},
            "network": {"totalMB", "mbps"},
            "database": {"queriesPerSec", "transactionsPerSec"},
            "cache": {"hitRate"},
            "logging": {"totalWrites", "totalBytesWritten", "bufferSize"},
            "sessionStore": {"totalCoalesced", "totalWrites", "reductionPercent"}})

    def test_a_snapshot_has_every_member_it_promises(self):
        snapshot = self.start().get("/v1/metrics/snapshot").json
        for part, members in {
                "window": {"startTime", "endTime", "durationMs"},
                "disk": {"writes", "reads", "writeMB", "readMB", "writesPerMin",
                         "readsPerMin", "writeMBPerMin"},
                "network": {"sent", "received", "sentMB", "receivedMB", "totalMB",
                            "mbps"},
                "database": {"queries", "transactions", "queriesPerSec",
                             "transactionsPerSec"},
                "cache": {"hits", "misses", "hitRate"}}.items():
            self.assertLessEqual(members, set(snapshot[part]), part)

    def oldest(self, service):
        """When the oldest window of the history began."""
        return service.get("/v1/metrics/history").json[0]["window"]["startTime"]

    def test_windows_become_history(self):
        service = self.start("--metrics.window=300ms", "--metrics.history=3")
        self.assertTrue(harness.wait_until(
            lambda: len(service.get("/v1/metrics/history").json) == 3))
        first = self.oldest(service)
        self.assertTrue(harness.wait_until(lambda: self.oldest(service) > first))
        history = service.get("/v1/metrics/history").json
        self.assertEqual(len(history), 3)
        starts = [each["window"]["startTime"] for each in history]
        self.assertEqual(starts, sorted(starts))
        aggregate = service.get("/v1/metrics/aggregate").json
        self.assertLessEqual({"totalWindows", "avgDiskWriteMBPerMin",
                              "maxDiskWriteMBPerMin", "avgNetworkMbps", "maxNetworkMbps",
                              "avgCacheHitRate"}, set(aggregate))
        self.assertEqual(aggregate["totalWindows"], 3)

    def test_live_and_ready(self):
        service = self.start()
        self.assert_status(service.get("/health/live"), 200)
        ready = self.assert_status(service.get("/health/ready"), 200)
        self.assertTrue(ready.json["checks"])

    def test_a_log_that_cannot_be_written_shows(self):
        service = self.start("--log.flush-interval=50ms")
        (self.data / "logs" / "stuck.log").mkdir()
        service.post_text("/v1/logs/stuck", "x\n")
        self.assertTrue(harness.wait_until(
            lambda: service.get("/health").json["status"] == "degraded"))
        self.assertIn("stuck", service.get("/health").text)
        (self.data / "logs" / "stuck.log").rmdir()
        self.assertTrue(harness.wait_until(
            lambda: service.get("/health").json["status"] == "ok", 60))
        self.assertEqual(service.log_file("stuck"), b"x\n")

    def test_the_configuration_tells_values_and_sources(self):
        file = self.folder / "x.ini"
        file.write_text('profile="minimal"\n[log]\nmax-entries=7\n')
        service = self.start(f"--config-file={file}", "--shutdown.deadline=20s",
                             env={"SECURECLAW_SESSION_CACHE_TTL_MS": "90000"})
        config = self.assert_status(service.get("/v1/config"), 200).json
        expected = {
            "data-dir": (str(self.data), "command-line"),
            "profile": ("minimal", "file"),
            "log.max-entries": (7, "file"),
            "log.flush-interval": ("3s", "profile"),
            "session.cache-ttl": ("90s", "environment"),
            "session.prune-after": ("720h", "default"),
            "shutdown.deadline": ("20s", "command-line"),
            "http.plain": (False, "default"),
        }
        self.assertEqual(
            {key: (config[key]["value"], config[key]["source"]) for key in expected},
            expected)
        self.assertTrue(all(isinstance(each["live"], bool) for each in config.values()))


class Idle(harness.Case):
    def task_switches(self, service):
        total = 0
        for status in pathlib.Path(f"/proc/{service.pid}/task").glob("*/status"):
            for line in status.read_text().splitlines():
                if line.startswith("voluntary_ctxt_switches"):
                    total += int(line.split()[1])
        return total

    def written(self, service):
        io = pathlib.Path(f"/proc/{service.pid}/io").read_text().split()
        return int(io[io.index("write_bytes:") + 1])

    def test_an_idle_service_writes_nothing_and_sleeps(self):
        service = self.start()
        service.post_text("/v1/logs/app?durability=disk", "x\n")
        service.ask("PUT", "/v1/sessions/main/k?durability=disk", "{}", harness.JSON)
        # The read cache and the idle checkpoint may have something to finish.
        self.assertTrue(any(self.rests(service) for _ in range(4)))

    def rests(self, service):
        """Whether it writes nothing and sleeps for some seconds."""
        times = {path: path.stat().st_mtime_ns for path in self.data.rglob("*")}
        written, switches = self.written(service), self.task_switches(service)
        time.sleep(5)
        return (self.written(service) == written
                and self.task_switches(service) - switches < 25
                and {path: path.stat().st_mtime_ns
                     for path in self.data.rglob("*")} == times)


if __name__ == "__main__":
    harness.main()
