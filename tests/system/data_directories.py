"""What becomes of a data directory: in use by another service, mistyped, copied, moved,
restored, and what its last run left."""

import contextlib
import os
import shutil
import socket
import subprocess

import harness


class Directories(harness.Case):
    def setUp(self):
        super().setUp()
        self.copy = self.folder / "copy"

    def start_at(self, data, *options, **more):
        """A service on another directory, beside the case's own."""
        own, self.data = self.data, data
        try:
            return self.start(*options, **more)
        finally:
            self.data = own

    def copy_data(self):
        subprocess.run(["cp", "-a", self.data, self.copy], check=True)

    def lose_no_line(self, service, count, name="app"):
        lines = service.get(f"/v1/logs/{name}/tail?lines=100000").text.splitlines()
        self.assertEqual(lines, [str(i) for i in range(count)])

    def hold_lines(self, service, count):
        for i in range(count):
            answer = self.assert_status(service.post_text("/v1/logs/app", f"{i}\n"), 202)
            self.assertEqual(answer.json["durability"], "ram")

    def alerts(self, service):
        return {x["id"]: x["text"] for x in service.get("/health").json["alerts"]}

    # -- in use, mistyped --------------------------------------------------------------

    def test_a_second_service_is_refused_with_the_pid_of_the_first(self):
        first = self.start()
        code, text = self.refusal()
        self.assertEqual(code, 3)
        self.assertIn(f"pid {first.pid}", text)
        self.assertIn("--data-dir=", text)
        self.assertEqual(text.count("\n"), 1, text)

    def test_a_service_that_is_ending_is_waited_for(self):
        first = self.start("--log.flush-interval=1h")
        self.hold_lines(first, 10)
        first.signal(15)
        second = self.start()
        self.assertEqual(first.wait(), 0)
        self.lose_no_line(second, 10)

    def test_a_service_that_was_killed_is_followed_at_once(self):
        first = self.start("--log.flush-interval=1h")
        self.hold_lines(first, 10)
        first.kill()
        self.lose_no_line(self.start(), 10)

    def test_a_mistyped_directory_is_not_made(self):
        wrong = self.folder / "dtaa"
        own, self.data = self.data, wrong / "data"
        code, text = self.refusal()
        self.data = own
        self.assertEqual(code, 2)
        self.assertIn(f"there is no directory {wrong} ", text)
        self.assertFalse(wrong.exists())

    def test_a_directory_of_another_program_is_told_apart(self):
        self.data.mkdir()
        (self.data / "lock").symlink_to("/run/lock")
        code, text = self.refusal()
        self.assertEqual(code, 2)
        self.assertIn(f"{self.data}/lock is a symbolic link", text)
        self.assertIn("--data-dir=", text)
        self.assertEqual(os.listdir(self.data), ["lock"])

    def test_a_spool_whose_directory_was_removed_is_told_with_the_ways_on(self):
        spool = f"--spool.dir={self.runtime}/spool"
        first = self.start(spool, "--log.flush-interval=1h")
        self.hold_lines(first, 3)
        first.kill()
        saved = self.folder / "saved"
        self.data.rename(saved)
        code, text = self.refusal(spool)
        self.assertEqual(code, 3)
        for part in ("3 items of log app", str(self.data), "sluicectl spool"):
            self.assertIn(part, text)
        shutil.rmtree(self.data)
        saved.rename(self.data)
        self.lose_no_line(self.start(spool), 3)

    def test_what_a_removed_directory_left_in_its_spool_is_told_to_its_successor(self):
        first = self.start("--log.flush-interval=1h")
        self.hold_lines(first, 3)
        first.kill()
        saved = self.folder / "saved"
        self.data.rename(saved)
        second = self.start()
        self.assertIn("3 items of log app", self.alerts(second)["spool-place"])
        self.assert_clean_exit(second)
        shutil.rmtree(self.data)
        saved.rename(self.data)
        self.lose_no_line(self.start(), 3)

    # -- copied, moved, restored -------------------------------------------------------

    def identity(self, data):
        return (data / "id").read_text()

    def assert_told_a_copy(self, service):
        self.assertEqual(service.log().count("data-directory-copied"), 1, service.log())
        self.assertIn(f"{self.copy} is a copy of {self.data}", service.log())
        self.assertNotEqual(self.identity(self.copy), self.identity(self.data))

    def test_a_copy_works_beside_the_running_original(self):
        first = self.start("--log.flush-interval=1h")
        self.hold_lines(first, 5)
        self.copy_data()
        second = self.start_at(self.copy, "--log.flush-interval=1h")
        self.assert_told_a_copy(second)
        self.assertEqual(self.alerts(second), {})
        self.assert_status(second.post_text("/v1/logs/app", "copied\n"), 202)
        self.assert_clean_exit(second)
        self.assertEqual((self.copy / "logs/app.log").read_text(), "copied\n")
        first.kill()
        self.lose_no_line(self.start(), 5)

    def test_a_copy_of_a_dead_service_leaves_its_spool_alone(self):
        first = self.start("--log.flush-interval=1h")
        self.hold_lines(first, 5)
        first.kill()
        self.copy_data()
        second = self.start_at(self.copy)
        self.assert_told_a_copy(second)
        self.assert_clean_exit(second)
        self.assertFalse((self.copy / "logs/app.log").exists())
        again = self.start()
        self.assertEqual(again.log().count("copied"), 0)
        self.lose_no_line(again, 5)
        third = self.start_at(self.copy)
        self.assertNotIn("copied", third.log())

    def test_a_copy_with_the_same_place_for_its_spool_is_told_what_to_do(self):
        spool = f"--spool.dir={self.runtime}/spool"
        first = self.start(spool)
        self.copy_data()
        own, self.data = self.data, self.copy
        code, text = self.refusal(spool)
        self.data = own
        self.assertEqual(code, 3)
        self.assertIn(f"on the data directory {self.data}", text)
        self.assertIn("spool.dir", text)
        self.assert_status(first.get("/health"), 200)

    def test_a_moved_directory_finds_its_spool(self):
        first = self.start("--log.flush-interval=1h")
        self.hold_lines(first, 5)
        first.kill()
        self.data.rename(self.copy)
        second = self.start_at(self.copy, "--log.flush-interval=1h")
        self.assertNotIn("copied", second.log())
        self.lose_no_line(second, 5)
        second.kill()
        # A copy in the old place is the copy, not the original.
        subprocess.run(["cp", "-a", self.copy, self.data], check=True)
        third = self.start()
        self.assertIn(f"{self.data} is a copy of {self.copy}", third.log())

    def test_a_copy_whose_original_is_gone_finds_its_spool(self):
        first = self.start("--log.flush-interval=1h")
        self.hold_lines(first, 5)
        first.kill()
        self.copy_data()
        shutil.rmtree(self.data)
        second = self.start_at(self.copy)
        self.assertNotIn("copied", second.log())
        self.lose_no_line(second, 5)

    def test_a_directory_that_was_restored_in_place_finds_its_spool(self):
        first = self.start("--log.flush-interval=1h")
        self.hold_lines(first, 5)
        first.kill()
        self.copy_data()
        shutil.rmtree(self.data)
        self.copy.rename(self.data)
        second = self.start()
        self.assertNotIn("copied", second.log())
        self.lose_no_line(second, 5)

    def test_another_way_to_the_same_directory_makes_no_copy(self):
        first = self.start("--log.flush-interval=1h")
        self.hold_lines(first, 5)
        first.kill()
        link = self.folder / "link"
        link.symlink_to(self.data)
        second = self.start_at(link)
        self.assertNotIn("copied", second.log())
        self.lose_no_line(second, 5)

    def test_an_original_that_cannot_be_read_is_told(self):
        first = self.start("--log.flush-interval=1h")
        self.hold_lines(first, 5)
        first.kill()
        self.copy_data()
        (self.data / "id").unlink()
        (self.data / "id").mkdir()
        own, self.data = self.data, self.copy
        code, text = self.refusal()
        self.data = own
        self.assertEqual(code, 3)
        self.assertIn("which cannot be told", text)
        self.assertIn(str(self.data / "id"), text)

    # -- a spool that is gone ------------------------------------------------------------

    def kill_and_lose_the_spool(self, *names):
        """Kills a service that holds lines, and deletes those files of its spool."""
        service = self.start("--log.flush-interval=1h")
        self.hold_lines(service, 5)
        service.kill()
        self.delete_spool(*names)

    def delete_spool(self, *names):
        place = (self.data / "spool-location").read_text().strip()
        if not names:
            shutil.rmtree(place)
        for name in names:
            for path in list(os.scandir(place)):
                if path.name.endswith(name):
                    os.unlink(path)

    def assert_lost(self, service):
        self.assertIn("spool-lost-with-data", self.alerts(service))
        self.assertEqual(service.get("/health").json["status"], "degraded")

    def test_a_spool_that_is_gone_after_a_kill_is_told_until_it_is_acknowledged(self):
        self.kill_and_lose_the_spool()
        service = self.start()
        told = " error spool-lost-with-data "
        self.assertEqual(service.log().count(told), 1, service.log())
        self.assert_lost(service)
        self.assert_clean_exit(service)
        service = self.start()
        self.assertNotIn(told, service.log())
        self.assert_lost(service)
        service.kill()
        service = self.start()
        self.assert_lost(service)
        path = "/v1/alerts/spool-lost-with-data/acknowledge"
        self.assertEqual(self.assert_status(service.post(path), 200).json,
                         {"acknowledged": "spool-lost-with-data"})
        self.assertEqual(self.alerts(service), {})
        self.assert_problem(service.post(path), 404)
        self.assert_clean_exit(service)
        self.assertEqual(self.alerts(self.start()), {})

    def test_an_emptied_spool_directory_is_a_spool_that_is_gone(self):
        self.kill_and_lose_the_spool("header", ".segment", "spare")
        self.assert_lost(self.start())

    def test_a_spool_on_another_file_system_in_its_place_is_one_that_is_gone(self):
        self.kill_and_lose_the_spool()
        self.runtime = self.make_folder(harness.RAM)
        self.assert_lost(self.start())

    def test_a_spool_without_its_header_stops_the_start_and_says_how_to_go_on(self):
        self.kill_and_lose_the_spool("header")
        code, text = self.refusal()
        self.assertEqual(code, 3)
        self.assertIn("moved away", text)
        self.delete_spool()
        self.assert_lost(self.start())

    def test_after_an_orderly_end_a_spool_may_be_gone(self):
        service = self.start("--log.flush-interval=1h")
        self.hold_lines(service, 5)
        self.assert_clean_exit(service)
        self.delete_spool()
        service = self.start()
        self.assertEqual(self.alerts(service), {})
        self.lose_no_line(service, 5)

    def test_after_a_start_of_the_machine_a_spool_is_gone_by_nature(self):
        self.kill_and_lose_the_spool()
        lock = self.data / "lock"
        holder, how, _, spool = lock.read_text().splitlines()
        lock.write_text(f"{holder}\n{how}\n{'0' * 32}\n{spool}\n")
        self.assertEqual(self.alerts(self.start()), {})

    def test_a_directory_without_word_of_its_last_run_raises_no_alarm(self):
        for content in (None, "", "garbage\n", "1 pid:[1] runs\ngarbage\n"):
            self.kill_and_lose_the_spool()
            (self.data / "lock").unlink()
            if content is not None:
                (self.data / "lock").write_text(content)
            service = self.start()
            self.assertEqual(self.alerts(service), {}, content)
            self.assert_clean_exit(service)
            (self.data / "logs/app.log").unlink(missing_ok=True)

    def test_a_start_that_fails_at_its_port_is_no_unclean_end(self):
        self.assert_clean_exit(self.start())
        with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as taken:
            code, _ = self.refusal(f"--http.port={taken.getsockname()[1]}")
        self.assertEqual(code, 4)
        self.delete_spool()
        self.assertEqual(self.alerts(self.start()), {})

    def test_without_a_spool_nothing_can_be_lost_with_it(self):
        service = self.start("--spool.enabled=false")
        self.assert_ok(service.post_text("/v1/logs/app", "x\n"))
        service.kill()
        self.assertEqual(self.alerts(self.start()), {})


if __name__ == "__main__":
    harness.main()
