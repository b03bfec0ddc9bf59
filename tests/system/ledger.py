"""The ledger: what each log and store asked for, and what was really written for it."""

import harness
import looking

COUNTS = {"requests", "bytesRequested", "writes", "bytesWritten", "syncs",
          "reductionPercent"}
# Windows that end when they are told to.
WAITING = ("--log.flush-interval=1h", "--session.debounce=1h",
           "--sqlite.queue-interval=1h")


class Ledger(looking.Case):
    def ledger(self, service):
        return self.assert_status(service.get("/v1/ledger"), 200).json

    def test_a_service_that_did_nothing_has_zeros(self):
        told = self.ledger(self.start("--spool.enabled=false"))
        for name in ("log", "session"):
            self.assertEqual(set(told[name]) - {"logs", "stores"}, COUNTS)
            self.assertEqual((told[name]["requests"], told[name]["writes"]), (0, 0))
        self.assertEqual(told["log"]["logs"], {})
        self.assertEqual(told["session"]["stores"], {})
        self.assertEqual(set(told["database"]), COUNTS)
        self.assertIsNone(told["enduranceTbw"])

    def test_a_log_pays_for_its_lines_and_for_no_other(self):
        service = self.start(*WAITING)
        for name, lines in (("a", 300), ("b", 7)):
            service.post_text(f"/v1/logs/{name}", "0123456789\n" * lines)
        logs = self.ledger(service)["log"]["logs"]
        self.assertEqual((logs["a"]["requests"], logs["a"]["bytesRequested"]),
                         (300, 3300))
        self.assertEqual((logs["a"]["writes"], logs["a"]["bytesWritten"]), (0, 0))
        service.post("/v1/logs/a/flush?durability=disk")
        told = self.ledger(service)
        self.assertEqual(
            told["log"]["logs"]["a"],
            {"requests": 300, "bytesRequested": 3300, "writes": 1, "bytesWritten": 3300,
             "syncs": told["log"]["logs"]["a"]["syncs"],
             "reductionPercent": 100 * 299 / 300})
        self.assertGreaterEqual(told["log"]["logs"]["a"]["syncs"], 1)
        self.assertEqual(told["log"]["logs"]["b"]["writes"], 0)
        self.assertEqual(told["log"]["requests"], 307)
        self.assertEqual((self.data / "logs" / "a.log").stat().st_size, 3300)

    def test_the_biggest_writer_is_named(self):
        service = self.start()
        lines = ("x" * 1000 + "\n") * 2000
        service.post_text("/v1/logs/chatty", lines)
        service.post_text("/v1/logs/quiet", "a line\n")
        service.post("/v1/logs/flush")
        self.assertEqual(self.ledger(service)["biggestWriter"],
                         {"subsystem": "log", "name": "chatty",
                          "bytesWritten": len(lines)})

    def test_a_store_pays_for_its_updates_with_its_journal(self):
        service = self.start(*WAITING)
        for n in range(50):
            service.put("/v1/sessions/users/one", {"n": n})
        service.put("/v1/sessions/other/one", {"n": 1})
        service.post("/v1/sessions/users/flush")
        stores = self.ledger(service)["session"]["stores"]
        journal = (self.data / "sessions" / "users.journal").stat().st_size
        self.assertEqual(stores["users"]["requests"], 50)
        self.assertEqual((stores["users"]["writes"], stores["users"]["bytesWritten"]),
                         (1, journal))
        self.assertEqual(stores["users"]["reductionPercent"], 98)
        self.assertEqual((stores["other"]["requests"], stores["other"]["writes"]), (1, 0))

    def test_the_database_pays_for_what_is_queued_once_it_is_applied(self):
        service = self.start(*WAITING)
        service.execute("CREATE TABLE t(x)")
        before = self.ledger(service)["database"]
        self.assertEqual(before["requests"], 1)
        self.assertGreater(before["bytesWritten"], 0)
        insert = "INSERT INTO t VALUES (?)"
        for n in range(20):
            service.post("/v1/db/execute?queue=true", {"sql": insert, "params": [n]})
        self.assertEqual(self.ledger(service)["database"], before)
        service.post("/v1/db/flush")
        after = self.ledger(service)["database"]
        self.assertEqual(after["requests"], 21)
        self.assertGreaterEqual(after["bytesRequested"],
                                before["bytesRequested"] + 20 * len(insert))
        self.assertGreater(after["bytesWritten"], before["bytesWritten"])

    def test_the_process_and_its_device_stand_beside(self):
        service = self.start()
        service.post_text("/v1/logs/app", "x" * 100_000 + "\n")
        service.post("/v1/logs/flush?durability=disk")
        told = self.ledger(service)
        with open(f"/proc/{service.pid}/io", encoding="ascii") as file:
            kernel = dict(line.split(": ") for line in file.read().splitlines())
        self.assertLessEqual(told["process"]["deviceWriteBytes"],
                             int(kernel["write_bytes"]))
        self.assertGreaterEqual(told["process"]["writeChars"], 100_001)
        if told["device"] is not None:
            self.assertGreaterEqual(told["device"]["bytesWritten"], 100_000)

    def test_seconds_make_no_day_and_no_years_of_a_card(self):
        service = self.start("--disk.endurance-tbw=30")
        service.post_text("/v1/logs/app", "x" * 100_000 + "\n")
        service.post("/v1/logs/flush?durability=disk")
        harness.wait_until(lambda: self.ledger(service)["durationMs"] >= 1000)
        told = self.ledger(service)
        self.assertEqual(told["enduranceTbw"], 30)
        if told["durationMs"] < 60_000:
            self.assertIsNone(told["enduranceYears"])
            for each in filter(None, (told["process"], told["device"])):
                self.assertIsNone(each["mbPerDay"])
            self.assertNotIn("a day", self.tell(service, "ledger"))
        code, log = self.refusal("--disk.endurance-tbw=-1")
        self.assertEqual(code, 2)
        self.assertIn("disk.endurance-tbw", log)

    def test_sluicectl_tells_the_same(self):
        service = self.start(*WAITING)
        service.post_text("/v1/logs/app", "a line\n" * 10)
        service.post("/v1/logs/flush")
        told = self.ask(service, "ledger")
        self.assertEqual(told["log"], self.ledger(service)["log"])
        self.assertEqual(set(told), set(self.ledger(service)))
        text = self.tell(service, "ledger")
        self.assertRegex(text, r"(?m)^  app +10 +70 +1 +70 +0 +90\.0$")
        self.assertIn("the biggest writer is", text)

    def test_a_log_that_is_started_anew_keeps_its_account(self):
        service = self.start(*WAITING)
        service.post_text("/v1/logs/app", "a line\n" * 10)
        before = self.ledger(service)["log"]["logs"]["app"]
        self.tell(service, "restart", "log-buffer/app")
        self.assertTrue(harness.wait_until(
            lambda: service.get("/v1/logs/app").status == 200))
        after = self.ledger(service)["log"]["logs"]["app"]
        self.assertEqual(after["requests"], before["requests"])


if __name__ == "__main__":
    harness.main()
