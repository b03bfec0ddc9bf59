"""Logs: in order, whole, once, and what the service says of them."""

import concurrent.futures
import os

import harness
from harness import NDJSON, TEXT


class Logs(harness.Case):
    def test_lines_reach_their_file_after_a_flush(self):
        service = self.start("--log.flush-interval=1h")
        answer = self.assert_status(service.post_text("/v1/logs/app", "one\ntwo\n"), 202)
        self.assertEqual(answer.json["accepted"], 2)
        self.assertEqual(answer.json["seq"], 2)
        self.assertEqual(answer.json["durability"], "ram")
        flushed = self.assert_status(service.post("/v1/logs/app/flush"), 200)
        self.assertEqual(flushed.json["flushed"], 2)
        self.assertEqual(service.log_file("app"), b"one\ntwo\n")

    def test_lines_reach_their_file_when_the_window_ends(self):
        service = self.start("--log.flush-interval=200ms")
        service.post_text("/v1/logs/app", "one\n")
        self.assertTrue(service.comes_to_hold("app", b"one\n"))

    def test_a_full_buffer_is_written_at_once(self):
        service = self.start("--log.flush-interval=1h", "--log.max-entries=3",
                             "--adaptive=false")
        service.post_text("/v1/logs/app", "1\n2\n")
        self.assertEqual(service.get("/v1/logs/app").json["totalWrites"], 0)
        service.post_text("/v1/logs/app", "3\n")
        self.assertTrue(service.comes_to_hold("app", b"1\n2\n3\n"))

    def test_text_is_split_at_line_feeds(self):
        service = self.start()
        answer = service.post_text("/v1/logs/app", "a\r\nb\n\nc\rd\ne")
        self.assertEqual(answer.json["accepted"], 5)
        service.post("/v1/logs/flush")
        self.assertEqual(service.log_file("app"), b"a\nb\n\nc\rd\ne\n")

    def test_seq_rises_by_one_a_line_in_each_log(self):
        service = self.start()
        self.assertEqual(service.post_text("/v1/logs/a", "1\n2\n").json["seq"], 2)
        self.assertEqual(service.post_text("/v1/logs/b", "1\n").json["seq"], 1)
        self.assertEqual(service.post_text("/v1/logs/a", "3\n").json["seq"], 3)

    def test_a_request_for_disk_is_answered_after_the_write(self):
        service = self.start("--log.flush-interval=1h")
        service.post_text("/v1/logs/app", "early\n")
        answer = service.post_text("/v1/logs/app?durability=disk", "late\n")
        self.assert_status(answer, 200)
        self.assertEqual(answer.json["durability"], "disk")
        self.assertEqual(service.log_file("app"), b"early\nlate\n")
        service.kill()
        self.assertEqual(self.start().log_file("app"), b"early\nlate\n")

    def test_ram_is_refused_without_a_spool(self):
        service = self.start("--spool.enabled=false")
        answer = service.post_text("/v1/logs/app", "x\n")
        self.assertEqual(answer.json["durability"], "memory")
        answer = service.post_text("/v1/logs/other?durability=ram", "x\n")
        self.assert_problem(answer, 503)
        self.assertEqual(service.get("/v1/logs/other/tail").text, "")

    def test_an_unknown_level_of_durability_is_refused(self):
        service = self.start()
        self.assert_problem(service.post_text("/v1/logs/app?durability=rock", "x\n"), 400)

    def test_ndjson_lines_are_checked_and_kept(self):
        service = self.start()
        good = '{"a":1.50}\n[1, 2]\n"x"\n'
        answer = self.assert_status(
            service.ask("POST", "/v1/logs/app", good, NDJSON), 202)
        self.assertEqual(answer.json["accepted"], 3)
        for bad, line in (('{"a":1}\n{"a":\n', 2), ("{}\n\n}\n", 3), ("{} {}\n", 1)):
            refused = self.assert_problem(
                service.ask("POST", "/v1/logs/app", bad, NDJSON), 400)
            self.assertIn(f"line {line}:", refused.json["detail"])
        service.post("/v1/logs/flush")
        self.assertEqual(service.log_file("app").decode(), good)

    def test_tail_holds_lines_that_are_not_written_yet(self):
        service = self.start("--log.flush-interval=1h")
        service.post_text("/v1/logs/app", "1\n2\n3\n")
        service.post("/v1/logs/app/flush")
        service.post_text("/v1/logs/app", "4\n5\n")
        answer = self.assert_status(service.get("/v1/logs/app/tail?lines=3"), 200)
        self.assertEqual(answer.headers.get_content_type(), TEXT)
        self.assertEqual(answer.text, "3\n4\n5\n")
        self.assertEqual(service.get("/v1/logs/app/tail?lines=1").text, "5\n")
        self.assertEqual(service.get("/v1/logs/app/tail?lines=99").text,
                         "1\n2\n3\n4\n5\n")

    def test_tail_refuses_what_is_no_number(self):
        service = self.start()
        service.post_text("/v1/logs/app", "1\n")
        for bad in ("x", "-1", "1.5", ""):
            self.assert_problem(service.get(f"/v1/logs/app/tail?lines={bad}"), 400)

    def test_a_log_that_nobody_wrote_to_is_not_found(self):
        service = self.start()
        for method, path in (("GET", "/v1/logs/none"),
                             ("GET", "/v1/logs/none/tail?lines=1"),
                             ("POST", "/v1/logs/none/flush")):
            self.assert_problem(service.ask(method, path), 404)
        self.assertFalse((self.data / "logs" / "none.log").exists())

    def test_numbers_of_a_log_are_exact(self):
        service = self.start("--log.flush-interval=1h")
        service.post_text("/v1/logs/app", "12345\n678\n")
        before = service.get("/v1/logs/app").json
        self.assertEqual(
            (before["accepted"], before["bufferSize"], before["totalWrites"],
             before["totalBytesWritten"], before["dropped"], before["lastFlushAt"]),
            (2, 2, 0, 0, 0, None))
        service.post("/v1/logs/app/flush")
        after = service.get("/v1/logs").json["app"]
        self.assertEqual(
            (after["accepted"], after["bufferSize"], after["totalWrites"],
             after["totalBytesWritten"], after["dropped"]), (2, 0, 1, 10, 0))
        self.assertGreater(after["lastFlushAt"], 1_500_000_000_000)

    def test_writers_at_the_same_time_keep_their_own_order(self):
        service = self.start("--log.max-entries=37", "--log.flush-interval=50ms")

        def write(writer):
            for chunk in range(30):
                text = "".join(f"{writer} {chunk * 20 + n}\n" for n in range(20))
                self.assert_status(service.post_text("/v1/logs/app", text), 202)

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(write, range(8)))
        service.post("/v1/logs/flush")
        numbers = {}
        for line in service.log_file("app").decode().splitlines():
            writer, number = line.split()
            numbers.setdefault(writer, []).append(int(number))
        self.assertEqual(numbers, {str(n): list(range(600)) for n in range(8)})

    def test_a_rotated_file_is_finished_and_a_new_one_begun(self):
        service = self.start()
        path = self.data / "logs" / "app.log"
        service.post_text("/v1/logs/app", "old\n")
        service.post("/v1/logs/flush")
        path.rename(path.with_suffix(".1"))
        service.post_text("/v1/logs/app", "new\n")
        service.post("/v1/logs/flush")
        self.assertEqual(path.with_suffix(".1").read_bytes(), b"old\n")
        self.assertEqual(path.read_bytes(), b"new\n")

    def test_no_line_is_lost_while_files_are_rotated(self):
        service = self.start("--log.max-entries=10", "--log.flush-interval=20ms")
        path = self.data / "logs" / "app.log"
        rotated = []
        for n in range(200):
            service.post_text("/v1/logs/app", f"{n}\n")
            if n % 20 == 19 and path.exists():
                rotated.append(path.with_suffix(f".{n}"))
                path.rename(rotated[-1])
        service.post("/v1/logs/flush")
        rotated += [path] if path.exists() else []
        self.assertEqual("".join(each.read_text() for each in rotated),
                         "".join(f"{n}\n" for n in range(200)))

    def test_a_symbolic_link_is_not_followed(self):
        outside = self.folder / "outside"
        outside.write_bytes(b"mine\n")
        service = self.start()
        (self.data / "logs" / "evil.log").symlink_to(outside)
        service.post_text("/v1/logs/evil", "x\n")
        self.assertGreaterEqual(service.post("/v1/logs/evil/flush").status, 500)
        self.assertEqual(outside.read_bytes(), b"mine\n")
        self.assert_status(service.post_text("/v1/logs/good?durability=disk", "y\n"), 200)

    def test_half_a_line_of_somebody_else_is_ended_first(self):
        service = self.start()
        (self.data / "logs" / "app.log").write_bytes(b"half")
        service.post_text("/v1/logs/app", "mine\n")
        service.post("/v1/logs/flush")
        self.assertEqual(service.log_file("app"), b"half\nmine\n")

    def test_files_are_for_their_owner_and_group_alone(self):
        old = os.umask(0)
        self.addCleanup(os.umask, old)
        service = self.start()
        service.post_text("/v1/logs/app?durability=disk", "x\n")
        service.execute("CREATE TABLE t (x)")
        self.assertEqual((self.data / "logs").stat().st_mode & 0o777, 0o750)
        for path in self.data.rglob("*"):
            self.assertEqual(path.stat().st_mode & 0o027, 0, path)

    def test_names_that_are_no_names_are_refused(self):
        service = self.start()
        for bad in (".x", "..", "%2e%2e", "a%2fb", "a%00b", "a%20b", "x" * 65, "%c3%a4"):
            answer = service.post_text(f"/v1/logs/{bad}", "x\n")
            self.assertIn(answer.status, (400, 404), bad)
        self.assert_status(service.post_text("/v1/logs/" + "x" * 64, "x\n"), 202)
        service.post("/v1/logs/flush")
        self.assertEqual(os.listdir(self.data / "logs"), ["x" * 64 + ".log"])


if __name__ == "__main__":
    harness.main()
