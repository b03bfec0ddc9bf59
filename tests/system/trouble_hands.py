"""Files that somebody else deletes, renames, cuts or moves away under a running service,
and a spool that is full or gone."""

import harness
from proof import trouble

QUICK = ("--log.flush-interval=20ms", "--flush.grid=10ms", "--session.debounce=50ms",
         "--sqlite.queue-interval=50ms")


class Hands(trouble.TroubleCase):
    def log_path(self, name):
        return self.data / "logs" / name

    def grown(self, name="a.log", size=200):
        """Waits until the file has so many bytes."""
        path = self.log_path(name)
        self.assertTrue(harness.wait_until(
            lambda: path.exists() and path.stat().st_size >= size, 30), name)

    def flushed(self, service):
        self.assert_status(service.post("/v1/logs/flush?durability=disk"), 200)

    def test_a_renamed_log_and_its_successor_hold_every_line_once(self):
        service = self.start(*QUICK)
        with trouble.Lines(service, "a") as lines:
            for n in range(5):
                self.grown()
                self.log_path("a.log").rename(self.log_path(f"a.log.{n}"))
            self.grown()
        self.flushed(service)
        found = "".join(self.log_path(name).read_text() for name in
                        [f"a.log.{n}" for n in range(5)] + ["a.log"])
        self.assertEqual(found, "".join(lines.taken))
        self.assertEqual(lines.refused, [])
        self.assert_counted(service, "log-file-replaced", 5)
        self.assert_green(service)

    def test_a_deleted_log_begins_anew_with_whole_lines_in_order(self):
        service = self.start(*QUICK)
        with trouble.Lines(service, "a") as lines:
            self.grown()
            self.log_path("a.log").unlink()
            self.grown()
        self.flushed(service)
        rest = self.log_path("a.log").read_text().splitlines(keepends=True)
        self.assertGreater(len(rest), 10)
        self.assertEqual(rest, lines.taken[-len(rest):])
        self.assertEqual(lines.refused, [])
        self.assert_counted(service, "log-file-replaced")
        self.assert_green(service)

    def test_a_log_that_is_copied_and_truncated_goes_on_from_its_start(self):
        service = self.start(*QUICK)
        with trouble.Lines(service, "a") as lines:
            self.grown()
            with open(self.log_path("a.log"), "r+b") as file:
                copy = file.read()
                file.truncate(0)
            self.grown()
        self.flushed(service)
        rest = service.log_file("a")
        self.assertNotIn(b"\0", rest)
        whole = "".join(lines.taken).encode()
        self.assertTrue(whole.startswith(copy))
        self.assertTrue(whole.endswith(rest))
        self.assertGreater(len(rest), 100)
        self.assert_green(service)

    def test_a_deleted_log_folder_is_made_again(self):
        service = self.start(*QUICK)
        service.post_text("/v1/logs/a?durability=disk", "one\n")
        self.log_path("a.log").unlink()
        (self.data / "logs").rmdir()
        answer = service.post_text("/v1/logs/a?durability=disk", "two\n")
        self.assert_status(answer, 200)
        self.assertEqual(service.log_file("a"), b"two\n")
        self.assert_green(service)

    def test_a_data_directory_that_is_moved_away_is_waited_for(self):
        service = self.start(*QUICK)
        self.assert_ok(service.execute("CREATE TABLE t (x)"))
        away = self.folder / "away"
        with trouble.Lines(service, "a") as lines:
            self.grown()
            self.data.rename(away)
            self.assert_status(service.put("/v1/sessions/main/k", {"n": 1}), 202)
            self.assert_status(self.queue(service, "INSERT INTO t VALUES (1)"), 202)
            self.assert_alert(service, "data-directory-gone")
            self.assert_red(service)
            lines.come(200)
            self.assertFalse(self.data.exists())
            away.rename(self.data)
            self.assert_green(service)
        self.flushed(service)
        self.assertEqual(service.log_file("a").decode(), "".join(lines.taken))
        self.assertEqual(lines.refused, [])
        self.assert_rows(service, "t", [1])
        service.kill()
        again = self.start(*QUICK)
        self.assertEqual(again.get("/v1/sessions/main/k").json, {"n": 1})


class Spool(trouble.TroubleCase):
    def test_a_spool_that_is_full_while_writing_is_behind_says_so(self):
        service = self.start("--spool.max-bytes=1048576", "--log.flush-interval=1h",
                             "--log.max-entries=1000000", "--log.max-bytes=100000000")
        taken, refusal = self.post_until_refused(service, "a", 60000)
        self.assert_problem(refusal, 429)
        self.assertTrue(refusal.headers["Retry-After"])
        self.assert_alert(service, "spool-nearly-full")
        self.assert_red(service)
        self.assert_status(service.post("/v1/logs/flush"), 200)
        self.assert_green(service)
        self.assert_status(service.post_text("/v1/logs/a", "last\n"), 202)
        self.assert_status(service.post("/v1/logs/flush"), 200)
        self.assertEqual(service.log_file("a").decode(), "".join(taken) + "last\n")

    def spool_files(self):
        return [path for path in self.runtime.rglob("*") if path.is_file()]

    def delete_spool(self):
        self.assertTrue(self.spool_files())
        for path in self.spool_files():
            path.unlink()

    def test_a_deleted_spool_is_replaced_once_everything_is_on_disk(self):
        service = self.start("--log.flush-interval=1h", "--session.debounce=1h",
                             "--sqlite.queue-interval=1h")
        self.assert_ok(service.execute("CREATE TABLE t (x)"))
        service.post_text("/v1/logs/a", "one\n")
        service.put("/v1/sessions/main/k", {"n": 1})
        self.queue(service, "INSERT INTO t VALUES (1)")
        self.delete_spool()
        # Asking is enough for it to be found, and mended.
        self.assertTrue(harness.wait_until(
            lambda: service.get("/health").status == 200 and self.spool_files()))
        self.assert_green(service)
        self.assert_counted(service, "spool-lost")
        self.assert_counted(service, "spool-renewed")
        self.assertEqual(service.log_file("a"), b"one\n")
        answer = service.post_text("/v1/logs/a", "two\n")
        self.assertEqual(answer.json["durability"], "ram")
        service.kill()
        again = self.start()
        self.assert_status(again.post("/v1/logs/flush"), 200)
        self.assertEqual(again.log_file("a"), b"one\ntwo\n")
        self.assertEqual(again.get("/v1/sessions/main/k").json, {"n": 1})
        self.assert_rows(again, "t", [1])

    def test_a_spool_deleted_under_load_loses_and_doubles_nothing(self):
        service = self.start(*QUICK)
        self.assert_ok(service.execute("CREATE TABLE t (x)"))
        with trouble.Lines(service, "a") as lines:
            for n in range(90):
                if n == 30:
                    self.delete_spool()
                if n in (31, 60):
                    self.assert_green(service)
                answer = self.queue(service, "INSERT INTO t VALUES (?)", n)
                self.assert_status(answer, 202)
                self.assert_status(service.put("/v1/sessions/main/k", {"n": n}), 202)
            self.assertTrue(harness.wait_until(
                lambda: service.get("/v1/db/metrics").json["queued"] == 0))
            self.queue(service, "INSERT INTO t VALUES (?)", 90)
        service.kill()
        again = self.start(*QUICK)
        self.assert_status(again.post("/v1/logs/flush"), 200)
        self.assertEqual(again.log_file("a").decode(), "".join(lines.taken))
        self.assertEqual(lines.refused, [])
        self.assertEqual(again.get("/v1/sessions/main/k").json, {"n": 89})
        self.assert_rows(again, "t", list(range(91)))

    def test_without_spool_and_disk_answers_promise_memory_alone(self):
        service = self.start("--log.flush-interval=50ms")
        service.post_text("/v1/logs/a?durability=disk", "one\n")
        # What is no file cannot be written, so the spool has nothing to be emptied into.
        path = self.data / "logs" / "b.log"
        path.mkdir()
        service.post_text("/v1/logs/b", "stuck\n")
        self.assert_alert(service, "log-write-failed")
        self.delete_spool()
        self.assert_alert(service, "spool-lost")
        self.assert_red(service)
        answer = service.post_text("/v1/logs/a", "two\n")
        self.assert_status(answer, 202)
        self.assertEqual(answer.json["durability"], "memory")
        refused = service.post_text("/v1/logs/a?durability=ram", "three\n")
        self.assert_problem(refused, 503)
        path.rmdir()
        self.assert_green(service)
        self.assertTrue(service.comes_to_hold("b", b"stuck\n"))
        answer = service.post_text("/v1/logs/a", "four\n")
        self.assertEqual(answer.json["durability"], "ram")
        service.kill()
        again = self.start()
        self.assert_status(again.post("/v1/logs/flush"), 200)
        self.assertEqual(again.log_file("a"), b"one\ntwo\nfour\n")
        self.assertEqual(again.log_file("b"), b"stuck\n")


if __name__ == "__main__":
    harness.main()
