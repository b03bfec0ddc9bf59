"""Clients that name session stores without end, and files that are larger than any that
the service would make."""

import json

import harness
from attack import MEMORY_GROWTH_MAX_KIB, forget_peak, peak_growth_kib, peak_kib

# More than the smallest spool has places for.
MORE_THAN_LANES = 600
# More than a file of a store has with the default settings, and nothing on the disk.
SPARSE = 2_000_000_000


class Stores(harness.Case):
    def put(self, connection, store, value, query=""):
        return harness.exchange(connection, "PUT", f"/v1/sessions/{store}/k{query}",
                                json.dumps({"v": value}), harness.JSON)

    def put_many(self, connection, names):
        """Updates a store after the other; returns those that survive a death."""
        kept = []
        for name in names:
            answer = self.put(connection, name, 1)
            self.assertIn(answer.status, (202, 429), answer.body[:300])
            if answer.status == 202 and json.loads(answer.body)["durability"] == "ram":
                kept.append(name)
        return kept

    def comes_to_ram(self, ask):
        harness.wait_until(lambda: ask().status in (200, 202), 30)
        self.assertIn(ask().status, (200, 202))

    # -- places in the spool -----------------------------------------------------------

    def test_stores_without_end_take_no_place_in_the_spool_for_good(self):
        service = self.start("--profile=minimal")
        connection = service.connect()
        self.addCleanup(connection.close)
        append = lambda: service.ask("POST", "/v1/logs/other?durability=ram", "line",
                                     harness.TEXT)
        self.comes_to_ram(append)
        kept = set()
        for turn in range(3):
            names = [f"t{turn}-{n}" for n in range(MORE_THAN_LANES)]
            kept.update(self.put_many(connection, names))
            self.comes_to_ram(lambda: self.put(connection, f"new{turn}", 1,
                                               "?durability=ram"))
            self.comes_to_ram(lambda: service.ask(
                "POST", f"/v1/logs/new{turn}?durability=ram", "line", harness.TEXT))
            self.comes_to_ram(append)
        service.kill()
        again = self.start("--profile=minimal")
        for name in kept:
            self.assertEqual(again.get(f"/v1/sessions/{name}/k").json, {"v": 1}, name)

    # -- files larger than any -----------------------------------------------------------

    def test_a_file_that_claims_gigabytes_is_not_read(self):
        folder = self.data / "sessions"
        folder.mkdir(parents=True)
        for name, start in ((f"a{SPARSE}.json", b'{"k": {"v": 1}}'),
                            (f"b{SPARSE}.journal", b'{"format":"sluice-session-journal"'),
                            (f"c{SPARSE}.journal", b"")):
            with open(folder / name, "wb") as file:
                file.write(start)
                file.truncate(SPARSE)
        (folder / "small.json").write_text('{"k": {"v": 1}}')
        service = self.start()
        before = forget_peak(service)
        for name in "abc":
            answer = service.get(f"/v1/sessions/{name}{SPARSE}/k")
            self.assert_problem(answer, 503)
            self.assertIn(f"{name}{SPARSE}.j", answer.json["detail"])
            self.assertIn("session.max-store-bytes", answer.json["detail"])
            self.assert_problem(service.put(f"/v1/sessions/{name}{SPARSE}/k", {}), 503)
        self.assertEqual(service.get("/v1/sessions/small/k").json, {"v": 1})
        self.assertLess(peak_growth_kib(service, before), MEMORY_GROWTH_MAX_KIB)
        self.assertLess(peak_kib(service), SPARSE // 1024 // 4)
        self.assert_clean_exit(service)
        self.assertEqual({each.stat().st_size for each in folder.glob("*000*")}, {SPARSE})

    # -- names without end ---------------------------------------------------------------

    def assert_full(self, answer, setting):
        problem = self.assert_problem(answer, 429).json
        self.assertIn(f"{setting}=20", problem["detail"])
        self.assertIn(str(self.data), problem["detail"])

    def test_session_stores_fill_no_directory(self):
        service = self.start("--session.max-files=20", "--session.debounce=20ms")
        connection = service.connect()
        self.addCleanup(connection.close)
        taken = [n for n in range(60)
                 if self.put(connection, f"s{n}", 1).status == 202]
        self.assertIn(len(taken), range(10, 21))
        self.assert_ok(service.post("/v1/sessions/flush?durability=disk"))
        self.assert_full(self.put(connection, "more", 1), "session.max-files")
        self.assertLessEqual(len(list((self.data / "sessions").iterdir())), 20)
        alerts = {each["id"] for each in service.get("/health").json["alerts"]}
        self.assertEqual(alerts, {"session-files-full"})
        # What is there goes on, and so does what was there before the start.
        self.assert_ok(self.put(connection, f"s{taken[0]}", 2))
        self.assert_problem(service.get("/v1/sessions/more/k"), 404)
        self.assert_clean_exit(service)
        service = self.start("--session.max-files=20", "--session.debounce=20ms")
        self.assert_ok(service.put(f"/v1/sessions/s{taken[1]}/k", {"v": 2}))
        for n in range(20):
            answer = service.put(f"/v1/sessions/later{n}/k", {"v": 1})
        self.assert_full(answer, "session.max-files")
        # Room comes with the removal of files, by whoever may.
        for each in (self.data / "sessions").iterdir():
            each.unlink()
        harness.wait_until(
            lambda: service.put("/v1/sessions/anew/k", {"v": 1}).status == 202)
        self.assert_ok(service.put("/v1/sessions/anew/k", {"v": 2}))
        harness.wait_until(lambda: not service.get("/health").json["alerts"])

    def test_logs_fill_no_directory(self):
        service = self.start("--log.max-files=20", "--log.flush-interval=20ms")
        append = lambda log: service.ask("POST", f"/v1/logs/{log}", "line", harness.TEXT)
        for n in range(20):
            self.assert_ok(append(f"l{n}"))
        self.assert_full(append("more"), "log.max-files")
        self.assert_ok(service.post("/v1/logs/l0/flush"))
        self.assert_full(append("more"), "log.max-files")
        self.assert_ok(append("l0"))
        alerts = {each["id"] for each in service.get("/health").json["alerts"]}
        self.assertEqual(alerts, {"log-files-full"})
        self.assert_ok(service.post("/v1/logs/flush"))
        self.assertLessEqual(len(list((self.data / "logs").iterdir())), 20)
        (self.data / "logs" / "l7.log").unlink()
        harness.wait_until(lambda: append("more").status == 202)
        self.assert_ok(append("more"))


if __name__ == "__main__":
    harness.main()
