"""Places of logs: as many as may hold something, and any number that hold nothing."""

import concurrent.futures
import itertools
import os
import re

import attack
import harness
import looking


def open_logs(service):
    """Names of logs whose files the service has open."""
    return {os.path.basename(each) for each in attack.open_files(service)
            if each.endswith(".log")}


class LogPlaces(looking.Case):
    def test_one_log_more_that_holds_something_is_refused_by_the_settings_name(self):
        service = self.start("--log.max-logs=2", "--log.flush-interval=1h")
        self.assert_status(service.post_text("/v1/logs/a", "x\n"), 202)
        self.assert_status(service.post_text("/v1/logs/b", "x\n"), 202)
        refused = self.assert_problem(service.post_text("/v1/logs/c", "x\n"), 429)
        self.assertIn("Retry-After", refused.headers)
        self.assertIn("log.max-logs", refused.json["detail"])
        self.assert_status(service.post_text("/v1/logs/a", "x\n"), 202)
        service.post("/v1/logs/b/flush")
        self.assert_status(service.post_text("/v1/logs/c", "x\n"), 202)

    def test_a_log_may_come_when_all_others_are_idle(self):
        service = self.start("--log.flush-interval=20ms", "--flush.grid=1ms")
        for n in range(257):
            self.assert_status(service.post_text(f"/v1/logs/log{n}", "x\n"), 202)
            if n % 64 == 0:
                service.post("/v1/logs/flush")
        service.post("/v1/logs/flush")
        self.assert_status(service.post_text("/v1/logs/last", "x\n"), 202)
        self.assertLessEqual(len(open_logs(service)), 256)

    def test_logs_that_gave_their_places_away_lose_no_number_and_no_line(self):
        for spool in ("true", "false"):
            service = self.start("--log.max-logs=3", f"--spool.enabled={spool}")
            names = [f"{spool}{n}" for n in range(8)]
            for turn, name in itertools.product(range(1, 6), names):
                answer = service.post_text(f"/v1/logs/{name}", f"{turn}\n")
                self.assertEqual(self.assert_status(answer, 202).json["seq"], turn)
                service.post(f"/v1/logs/{name}/flush")
            listed = service.get("/v1/logs").json
            for name in names:
                numbers = self.assert_status(service.get(f"/v1/logs/{name}"), 200).json
                self.assertEqual(numbers, listed[name])
                self.assertEqual((numbers["accepted"], numbers["totalWrites"],
                                  numbers["totalBytesWritten"]), (5, 5, 10))
                self.assertEqual(service.get(f"/v1/logs/{name}/tail?lines=2").text,
                                 "4\n5\n")
                self.assertEqual(service.log_file(name), b"1\n2\n3\n4\n5\n")
            self.assertLessEqual(len(open_logs(service)), 3)
            metrics = service.get("/metrics").text
            self.assertIn("sluice_log_lines_written_total 40", metrics)
            self.assertEqual(service.get("/health").json["alerts"], [])
            service.stop()

    def test_a_log_that_holds_something_can_be_read_when_places_are_short(self):
        service = self.start("--log.max-logs=1", "--log.flush-interval=1h")
        service.post_text("/v1/logs/old?durability=disk", "old\n")
        self.assert_status(service.post_text("/v1/logs/new", "new\n"), 202)
        self.assertEqual(service.get("/v1/logs/old/tail").text, "old\n")
        self.assertEqual(service.get("/v1/logs/old").json["accepted"], 1)
        self.assert_status(service.post("/v1/logs/old/flush?durability=disk"), 200)
        self.assert_problem(service.get("/v1/logs/none"), 404)
        self.assert_problem(service.post_text("/v1/logs/old", "x\n"), 429)

    def test_no_request_is_lost_while_buffers_come_and_go(self):
        service = self.start("--log.max-logs=12", "--log.flush-interval=1ms",
                             "--flush.grid=1ms", "--adaptive=false")
        written = {}

        def write(writer):
            for n in range(60):
                name = f"log{(n * 7 + writer) % 30}"
                level = "disk" if n % 3 == 0 else "ram"
                while True:
                    answer = service.post_text(f"/v1/logs/{name}?durability={level}",
                                               f"{writer} {n}\n")
                    if answer.status != 429:
                        break
                self.assertIn(answer.status, (200, 202), answer.text)
                if n % 3 == 0:
                    self.assertEqual(answer.json["durability"], "disk")
                written.setdefault(name, []).append((writer, n, answer.json["seq"]))
                self.assert_status(service.get(f"/v1/logs/{name}/tail?lines=1"), 200)
                self.assert_status(service.get(f"/v1/logs/{name}"), 200)

        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            list(pool.map(write, range(6)))
        self.assert_status(service.post("/v1/logs/flush"), 200)
        for name, entries in written.items():
            lines = service.log_file(name).decode().splitlines()
            self.assertEqual(len(lines), len(entries), name)
            for writer, n, seq in entries:
                self.assertEqual(lines[seq - 1], f"{writer} {n}", name)

    def test_what_waits_is_counted_once_after_a_buffer_was_started_anew(self):
        service = self.start("--log.flush-interval=1h")
        service.post_text("/v1/logs/app", "1\n2\n3\n")

        def logging():
            return service.get("/health").json["ioMetrics"]["logging"]

        self.assertEqual(logging()["bufferSize"], 3)
        for turn in range(2):
            self.tell(service, "restart", "log-buffer/app")
            self.assertTrue(harness.wait_until(lambda: self.restarts(service) > turn))
            self.assertTrue(harness.wait_until(
                lambda: service.get("/v1/logs/app").status == 200
                and logging()["bufferSize"] in (0, 3)), logging())
            service.post_text("/v1/logs/app", "4\n")
            service.post("/v1/logs/flush")
            self.assertEqual(logging()["bufferSize"], 0)
            service.post_text("/v1/logs/app", "1\n2\n3\n")
            self.assertEqual(logging()["bufferSize"], 3)
        accepted = re.search(r"^sluice_log_lines_accepted_total (\d+)",
                             service.get("/metrics").text, re.MULTILINE)
        self.assertEqual(int(accepted[1]), 11)

    def restarts(self, service):
        return service.get("/health").json["troubles"].get("actor-restarted", 0)


if __name__ == "__main__":
    harness.main()
