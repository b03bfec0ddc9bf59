"""A disk that is full, refuses, or is slow: intake behaves as promised, readiness tells,
nothing acknowledged is lost or doubled, and all is well again by itself."""

import concurrent.futures
import time

import harness
from proof import forgetful_disk, small_disk, trouble

QUICK = ("--log.flush-interval=50ms", "--session.debounce=50ms",
         "--sqlite.queue-interval=50ms")
SMALL_SPOOL = "--spool.max-bytes=1048576"


class SmallDisk(trouble.TroubleCase):
    def setUp(self):
        super().setUp()
        if why := small_disk.missing():
            self.skipTest(why)

    def mount(self, where, size=64 << 20):
        disk = small_disk.SmallDisk(where, size)
        self.addCleanup(disk.close)
        return disk

    def test_a_full_disk_refuses_when_the_spool_is_full_and_recovers(self):
        disk = self.mount(self.data)
        service = self.start(*QUICK, SMALL_SPOOL)
        self.assert_ok(service.post_text("/v1/logs/a?durability=disk", "first\n"))
        disk.fill()
        # Until the disk has refused, a spool that is full is one that is only behind.
        second = "second".ljust(60000, ".") + "\n"
        self.assert_ok(service.post_text("/v1/logs/a", second))
        self.assert_alert(service, "log-write-failed")
        taken, refusal = self.post_until_refused(service, "a", 60000)
        self.assert_problem(refusal, 507)
        self.assertGreater(len(taken), 3)
        self.assert_red(service)
        disk.free()
        whole = "first\n" + second + "".join(taken)
        self.assertTrue(service.comes_to_hold("a", whole.encode()))
        self.assert_green(service)
        self.assert_status(service.post_text("/v1/logs/a?durability=disk", "x\n"), 200)

    def test_sessions_on_a_full_disk_are_kept_and_written_later(self):
        disk = self.mount(self.data)
        service = self.start(*QUICK)
        service.put("/v1/sessions/main/k?durability=disk", {"n": 0})
        disk.fill()
        # The journal has room of its own in reserve, so that it takes many to fill it.
        filler = "x" * 40000
        for n in range(60):
            answer = service.put(f"/v1/sessions/main/k{n}", {"n": n, "filler": filler})
            self.assert_status(answer, 202)
        self.assert_alert(service, "session-write-failed")
        self.assert_red(service)
        disk.free()
        self.assert_green(service)
        service.kill()
        store = self.start(*QUICK).get("/v1/sessions/main").json
        self.assertEqual({key: each["n"] for key, each in store.items()},
                         {"k": 0, **{f"k{n}": n for n in range(60)}})

    def test_queued_statements_wait_while_the_disk_is_full(self):
        disk = self.mount(self.data)
        service = self.start(*QUICK, SMALL_SPOOL)
        self.assert_ok(service.execute("CREATE TABLE t (x, y)"))
        disk.fill()
        # Until the disk has refused, a spool that is full is one that is only behind.
        taken = [0]
        self.assert_ok(self.queue(service, "INSERT INTO t VALUES (?, ?)", 0, "x" * 60000))
        self.assert_alert(service, "sql-queue-write-failed")
        for n in range(1, 40):
            answer = self.queue(service, "INSERT INTO t VALUES (?, ?)", n, "x" * 60000)
            if answer.status != 202:
                break
            taken.append(n)
        self.assert_problem(answer, 507)
        self.assert_red(service)
        disk.free()
        self.assert_green(service)
        self.assert_rows(service, "t", taken)

    def test_a_read_only_file_system_is_waited_for(self):
        disk = self.mount(self.data / "logs")
        service = self.start(*QUICK)
        disk.read_only(True)
        answer = service.post_text("/v1/logs/a", "one\ntwo\n")
        self.assert_status(answer, 202)
        self.assert_alert(service, "log-write-failed")
        self.assert_red(service)
        disk.read_only(False)
        self.assertTrue(service.comes_to_hold("a", b"one\ntwo\n"))
        self.assert_green(service)

    def test_a_read_only_disk_is_told_before_anybody_writes(self):
        disk = self.mount(self.data)
        service = self.start(*QUICK)
        disk.cover(True)
        self.assert_alert(service, "disk-read-only")
        self.assert_red(service)
        self.assert_status(service.post_text("/v1/logs/new", "one\n"), 202)
        self.assert_alert(service, "log-write-failed")
        disk.cover(False)
        self.assertTrue(service.comes_to_hold("new", b"one\n"))
        self.assert_green(service)

    def test_nothing_is_created_where_the_data_was_mounted(self):
        disk = self.mount(self.data)
        service = self.start(*QUICK)
        self.assert_ok(service.execute("CREATE TABLE t (x)"))
        service.post_text("/v1/logs/a?durability=disk", "first\n")
        elsewhere = self.folder / "elsewhere"
        disk.hide(elsewhere)
        self.addCleanup(small_disk.subprocess.run, ["umount", "-l", str(elsewhere)],
                        capture_output=True)
        with trouble.Lines(service, "a") as lines:
            service.post_text("/v1/logs/new", "n\n")
            service.put("/v1/sessions/new/k", {"n": 1})
            self.queue(service, "INSERT INTO t VALUES (1)")
            self.queue(service, "INSERT INTO nowhere VALUES (1)")
            self.assert_alert(service, "data-directory-gone")
            self.assert_red(service)
            lines.come(200)
            self.assertEqual(list(self.data.iterdir()), [])
            disk.show(elsewhere)
            self.assert_green(service)
        expected = ("first\n" + "".join(lines.taken)).encode()
        self.assertTrue(service.comes_to_hold("a", expected))
        self.assertTrue(service.comes_to_hold("new", b"n\n"))
        self.assert_rows(service, "t", [1])
        self.assertEqual(lines.refused, [])


class Forgetful(trouble.TroubleCase):
    def setUp(self):
        super().setUp()
        if why := forgetful_disk.missing():
            self.skipTest(why)
        self.disk = forgetful_disk.ForgetfulDisk(self.data, "ext4")
        self.addCleanup(self.disk.close)

    def test_a_sync_that_fails_once_is_made_good(self):
        service = self.start(*QUICK)
        service.post_text("/v1/logs/a?durability=disk", "one\n")
        self.disk.fail_sync("a.log")
        answer = service.post_text("/v1/logs/a?durability=disk", "two\nthree\n")
        self.assert_ok(answer)
        self.assert_counted(service, "log-sync-failed")
        self.assert_green(service)
        again = service.post_text("/v1/logs/a?durability=disk", "four\n")
        self.assert_status(again, 200)
        self.disk.freeze()
        service.kill()
        self.disk.come_back(1)
        self.assertEqual(service.log_file("a"), b"one\ntwo\nthree\nfour\n")

    def test_a_slow_sync_delays_no_other_log(self):
        control = self.folder / "slow"
        service = self.start(*QUICK, env=harness.preloaded(
            "slow_sync", SLOW_SYNC_WHILE=str(control)))
        service.post_text("/v1/logs/slow?durability=disk", "s\n")
        service.post_text("/v1/logs/quick?durability=disk", "q\n")
        control.write_text("slow.log")
        with concurrent.futures.ThreadPoolExecutor() as pool:
            waiting = pool.submit(
                service.post_text, "/v1/logs/slow?durability=disk", "s\n")
            self.assertTrue(service.comes_to_hold("slow", b"s\ns\n"))
            self.assert_status(service.post_text("/v1/logs/quick", "q\n"), 202)
            self.assert_status(service.post("/v1/logs/quick/flush"), 200)
            self.assert_status(service.get("/v1/logs/quick/tail?lines=1"), 200)
            self.assertFalse(waiting.done())
            control.unlink()
            self.assert_status(waiting.result(), 200)

    def test_a_level_that_cannot_be_had_is_answered_in_time(self):
        service = self.start(*QUICK, "--http.disk-timeout=1s")
        service.post_text("/v1/logs/a?durability=disk", "one\n")
        self.disk.leave_room(0)
        since = time.monotonic()
        answer = service.post_text("/v1/logs/a?durability=disk", "two\n")
        self.assert_status(answer, 202)
        self.assertEqual(answer.json["durability"], "ram")
        self.assertLess(time.monotonic() - since, 3)
        self.disk.leave_room()
        self.assertTrue(service.comes_to_hold("a", b"one\ntwo\n"))
        self.assert_green(service)


if __name__ == "__main__":
    harness.main()
