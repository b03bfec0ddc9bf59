"""What others do to the spool while the service runs: its files deleted or renamed, one
or all; its file system filled."""

import os
import shutil
import subprocess
import unittest

import harness


class Places(harness.Case):
    def level(self, answer):
        return self.assert_status(answer, 202).json["durability"]

    def place(self):
        return (self.data / "spool-location").read_text().strip()

    def problems(self, service):
        return service.get("/health").json

    def writes(self, service):
        """One of each kind of buffered write, and the level of each."""
        sql = {"sql": "INSERT INTO t VALUES (1)", "params": []}
        return [self.level(service.post_text("/v1/logs/app", "line\n")),
                self.level(service.put("/v1/sessions/main/a", {"n": 1})),
                self.level(service.post("/v1/db/execute?queue=true", sql))]

    # -- files that go -------------------------------------------------------------------

    def lazy(self, **more):
        """A service whose windows end long after the test."""
        service = self.start("--log.flush-interval=1h", "--session.debounce=1h",
                             "--sqlite.queue-interval=1h", **more)
        self.assert_ok(service.execute("CREATE TABLE t (x)"))
        return service

    def assert_moment(self, deed):
        """After the deed nobody is told `ram` before all that was held is on disk and
        there is a spool again."""
        service = self.lazy()
        self.assertEqual(self.writes(service), ["ram"] * 3)
        deed(self.place())
        answer = service.post_text("/v1/logs/app", "line\n")
        self.assertEqual(self.level(answer), "memory")
        self.assertTrue(service.comes_to_hold("app", b"line\n" * 2))
        self.assertTrue(harness.wait_until(
            lambda: service.query("SELECT x FROM t").json["rows"] == [[1]]))
        self.assertTrue(harness.wait_until(
            lambda: self.level(service.post_text("/v1/logs/app", "line\n")) == "ram"))
        self.assertEqual(self.writes(service), ["ram"] * 3)
        lines = service.get("/v1/logs/app/tail?lines=100000").text.count("line")
        service.kill()
        again = self.start()
        self.assertEqual(again.log_file("app").count(b"line"), lines)
        self.assertEqual(again.get("/health").json["alerts"], [])
        self.assertEqual(len(again.query("SELECT x FROM t").json["rows"]), 2)

    def test_a_deleted_spool_promises_no_ram_from_that_moment_on(self):
        self.assert_moment(shutil.rmtree)

    def test_a_renamed_spool_promises_no_ram_from_that_moment_on(self):
        self.assert_moment(lambda place: os.rename(place, place + ".old"))

    def test_a_spool_renamed_above_promises_no_ram_from_that_moment_on(self):
        self.assert_moment(lambda place: os.rename(os.path.dirname(place),
                                                   os.path.dirname(place) + ".old"))

    def test_one_deleted_segment_is_noticed_from_that_moment_on(self):
        def delete_first(place):
            os.unlink(min(x.path for x in os.scandir(place)
                          if x.name.endswith(".segment")))

        self.assert_moment(delete_first)

    def test_each_kind_of_write_notices_by_itself(self):
        sql = {"sql": "INSERT INTO t VALUES (1)", "params": []}
        deeds = (lambda x: x.post_text("/v1/logs/app", "line\n"),
                 lambda x: x.put("/v1/sessions/main/a", {"n": 1}),
                 lambda x: x.post("/v1/db/execute?queue=true", sql))
        service = self.lazy()
        for deed in deeds:
            self.assertTrue(harness.wait_until(
                lambda deed=deed: self.level(deed(service)) == "ram"))
            shutil.rmtree(self.place())
            self.assertEqual(self.level(deed(service)), "memory")

    def test_an_explicit_ram_is_refused_in_between(self):
        service = self.lazy()
        shutil.rmtree(self.place())
        answer = service.post_text("/v1/logs/app?durability=ram", "line\n")
        self.assert_problem(answer, 503)

    # -- room that others take -----------------------------------------------------------

    def small_ram(self, options):
        """A file system in RAM for the spool, which others can fill."""
        mount = ["mount", "-t", "tmpfs", "-o", f"mode=0700,{options}", "small",
                 str(self.runtime)]
        if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
            raise unittest.SkipTest("no file system can be mounted here")
        self.addCleanup(subprocess.run, ["umount", "-l", str(self.runtime)], check=False)

    def fill(self):
        with open(self.runtime / "others", "wb") as file, self.assertRaises(OSError):
            while True:
                file.write(b"x" * 65536)
                file.flush()

    def post_much(self, service, count, name="app"):
        """Status and text of each of so many large chunks."""
        lines = ("x" * 99 + "\n") * 1000
        return [service.post_text(f"/v1/logs/{name}", lines) for _ in range(count)]

    def test_a_spool_that_others_crowd_out_goes_on(self):
        self.small_ram("size=8m")
        service = self.start()
        self.post_much(service, 50)
        self.fill()
        answers = self.post_much(service, 100)
        refused = [x for x in answers if x.status != 202]
        self.assertLess(len(refused), 50)
        for each in refused:
            self.assert_problem(each, 429)
            self.assertIn("others use", each.json["detail"])
        # Nobody waits for a window: it ends by itself, with the room as scarce as before.
        self.assertTrue(harness.wait_until(
            lambda: all(x.status == 202 for x in self.post_much(service, 10))))

    def test_lines_that_wait_for_a_long_window_give_way_to_others(self):
        self.small_ram("size=4m")
        service = self.start("--log.flush-interval=1h", "--spool.max-bytes=33554432")
        self.fill()
        service.post_text("/v1/logs/other", "held back\n")
        answers = self.post_much(service, 60)
        self.assertTrue(any(x.status == 202 for x in answers))
        self.assertTrue(harness.wait_until(
            lambda: all(x.status == 202 for x in self.post_much(service, 5))))
        counts = {x["id"]: x for x in service.get("/health").json["alerts"]}
        self.assertNotIn("spool-crowded-out", counts)

    def test_the_reason_is_told_while_it_lasts_and_ends_with_it(self):
        self.small_ram("size=8m")
        service = self.start("--log.flush-interval=1h")
        self.fill()
        # More than what is there already can hold at once.
        large = ("x" * 99 + "\n") * 20_000
        answer = service.post_text("/v1/logs/app", large)
        self.assert_problem(answer, 429)
        self.assertIn("spool.dir", answer.json["detail"])
        alerts = {x["id"]: x["text"] for x in service.get("/health").json["alerts"]}
        self.assertIn("others use", alerts["spool-crowded-out"])
        os.unlink(self.runtime / "others")
        self.assert_status(service.post_text("/v1/logs/app", large), 202)
        self.assertEqual(service.get("/health").json["alerts"], [])

    def test_a_start_without_room_for_a_spool_says_what_to_do(self):
        self.small_ram("size=1m")
        self.fill()
        code, text = self.refusal()
        self.assertEqual(code, 3)
        self.assertIn(f"no room for the spool {self.runtime}/", text)
        self.assertIn("spool.dir", text)

    def test_inodes_that_others_use_up_are_named(self):
        self.small_ram("size=32m,nr_inodes=24")
        service = self.start()
        for i in range(100):
            try:
                (self.runtime / f"other{i}").touch()
            except OSError:
                break
        answers = self.post_much(service, 200)
        for each in answers:
            if each.status != 202:
                self.assertIn("no inode left", each.json["detail"])
        self.assertTrue(harness.wait_until(
            lambda: all(x.status == 202 for x in self.post_much(service, 10))))

    def test_a_relative_place_is_the_same_for_every_start_however_it_is_spelled(self):
        here = self.make_folder(harness.RAM)
        (here / "link").symlink_to(here)
        spelled = ("spool", "./spool", "spool/", f"{here}/spool", "link/spool",
                   f"../{here.name}/spool", f"{here}//spool/../spool", "spool")
        for n, place in enumerate(spelled):
            service = self.start(f"--spool.dir={place}", "--log.flush-interval=1h",
                                 before=("env", "-C", str(here)))
            answer = service.post_text("/v1/logs/a", f"{n}\n")
            self.assertEqual(self.assert_status(answer, 202).json["durability"], "ram")
            service.kill()
        service = self.start(f"--spool.dir={here}/spool")
        self.assertEqual(service.log_file("a").decode(),
                         "".join(f"{n}\n" for n in range(len(spelled))))
        self.assertEqual(service.get("/health").json["alerts"], [])


if __name__ == "__main__":
    harness.main()
