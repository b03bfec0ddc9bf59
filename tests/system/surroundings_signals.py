"""What others' signals do: a hang-up has the live settings read again and the own log
opened anew, and ends nothing; and no other signal ends what nobody wanted to end."""

import os
import resource
import signal

import gating
import harness
import looking

WITH_HANGUP_IGNORED = ("sh", "-c", """trap '' HUP; exec "$@" """, "sh")


def prints(program, *options):
    return looking.subprocess.run([program, *options], capture_output=True, text=True,
                                  check=False, timeout=60)


class HangupCase(looking.Case):
    def setUp(self):
        super().setUp()
        self.file = self.folder / "sluice.ini"

    def write_file(self, text):
        self.file.write_text(text)
        return f"--config-file={self.file}"

    def hang_up(self, service, pattern):
        service.signal(signal.SIGHUP)
        service.wait_for(pattern)

    def setting(self, service, key):
        found = service.get("/v1/config").json[key]
        return found["value"], found["source"]


class Settings(HangupCase):
    def test_a_hangup_takes_the_live_keys_of_the_file(self):
        service = self.start(self.write_file("[log]\nflush-interval=1h\n"))
        self.assert_ok(service.post_text("/v1/logs/app", "one\n"))
        self.write_file("[log]\nflush-interval=50ms\nmax-bytes=8K\n")
        self.hang_up(service, r"setting-changed hangup set log\.max-bytes to 8192 .file.")
        self.assertIn('set log.flush-interval to "50ms" (file)', service.log())
        self.assertEqual(self.setting(service, "log.flush-interval"), ("50ms", "file"))
        self.assertEqual(self.setting(service, "log.max-bytes"), (8192, "file"))
        # The window that had begun keeps its promise, the next one the new.
        self.assert_ok(service.post("/v1/logs/flush"))
        self.assert_ok(service.post_text("/v1/logs/app", "two\n"))
        self.assertTrue(service.comes_to_hold("app", b"one\ntwo\n"))
        self.assert_clean_exit(service)

    def test_a_key_that_left_the_file_has_its_default_again(self):
        service = self.start(self.write_file("[log]\nmax-entries=7\n"))
        self.write_file("")
        self.hang_up(service, r"set log\.max-entries to 100 \(default\)")
        self.assertEqual(self.setting(service, "log.max-entries"), (100, "default"))

    def test_a_file_that_a_start_would_refuse_changes_nothing(self):
        service = self.start(self.write_file("[log]\nmax-entries=7\n"))
        before = service.get("/v1/config").json
        self.write_file("[log]\nmax-entries=8\nflush-interval=5\n")
        self.hang_up(service, r"settings-refused .*flush-interval = 5 .*line 3.*write 5s")
        self.assertEqual(service.get("/v1/config").json, before)
        self.file.unlink()
        self.hang_up(service, r"settings-refused .*No such file")
        self.assertEqual(service.get("/v1/config").json, before)
        self.write_file("[log]\nmax-entries=9\n")
        self.hang_up(service, r"set log\.max-entries to 9")

    def test_environment_and_command_line_stay_stronger(self):
        service = self.start(self.write_file(""), "--log.max-entries=3",
                             env={"SECURECLAW_DEBOUNCED_SESSION_WRITES": "false"})
        self.write_file("[log]\nmax-entries=8\nmax-bytes=8192\n[session]\ndebounce=9s\n")
        self.hang_up(service, r"set log\.max-bytes to 8192")
        self.assertEqual(self.setting(service, "log.max-entries"), (3, "command-line"))
        self.assertEqual(self.setting(service, "session.debounce"), ("0s", "environment"))

    def test_what_needs_a_start_is_told_and_stays(self):
        service = self.start(self.write_file("[log]\nmax-logs=8\n"))
        self.write_file("[log]\nmax-logs=9\n")
        self.hang_up(service, r"setting-waits log\.max-logs = 9 \(file\) .* it is 8")
        self.assertEqual(self.setting(service, "log.max-logs"), (8, "file"))

    def test_what_was_set_stays_until_the_file_says_something_new(self):
        service = self.start(self.write_file("[log]\nmax-entries=7\n"))
        self.tell(service, "set", "log.max-entries", "5")
        self.hang_up(service, "settings-kept")
        self.assertEqual(self.setting(service, "log.max-entries"), (5, "set"))
        self.write_file("[log]\nmax-entries=8\n")
        self.hang_up(service, r"set log\.max-entries to 8")
        self.assertEqual(self.setting(service, "log.max-entries"), (8, "file"))

    def test_a_hangup_without_a_file_does_no_harm(self):
        service = self.start("--log.max-entries=3")
        self.hang_up(service, "settings-kept")
        self.assertEqual(self.setting(service, "log.max-entries"), (3, "command-line"))
        self.assert_clean_exit(service)


class Ends(HangupCase):
    def test_a_hangup_that_is_ignored_stays_ignored(self):
        service = self.start(self.write_file(""), before=WITH_HANGUP_IGNORED)
        self.write_file("[log]\nmax-entries=8\n")
        for _ in range(20):
            service.signal(signal.SIGHUP)
            self.assert_status(service.get("/health"), 200)
        self.tell(service, "set", "log.max-bytes", "5000")
        service.wait_for(r"set log\.max-bytes to 5000")
        self.assertNotIn("hangup", service.log())
        self.assert_clean_exit(service)

    def test_signals_for_users_do_nothing(self):
        service = self.start()
        for number in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGPIPE, signal.SIGXFSZ):
            service.signal(number)
        self.assert_ok(service.post_text("/v1/logs/app?durability=disk", "one\n"))
        self.assert_clean_exit(service)


class GateEnds(gating.Case):
    def test_no_signal_but_those_for_an_end_ends_a_gate(self):
        service = self.start()
        gate = self.start_gate(
            f"--introspection.socket={looking.socket_of(service)}")
        for number in (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGXFSZ):
            gate.signal(number)
        gate.wait_for("hangup")
        self.assertEqual(self.ask_gate(gate, "status")["version"],
                         self.ask(service, "status")["version"])
        self.assertEqual(gate.stop(), 0, gate.log())

    def test_a_gate_keeps_a_hangup_ignored(self):
        service = self.start()
        gate = self.start_gate(
            f"--introspection.socket={looking.socket_of(service)}",
            before=WITH_HANGUP_IGNORED)
        gate.signal(signal.SIGHUP)
        self.ask_gate(gate, "status")
        self.assertNotIn("hangup", gate.log())
        self.assertEqual(gate.stop(), 0, gate.log())


class OwnLog(HangupCase):
    def setUp(self):
        super().setUp()
        self.own_log = self.folder / "own.log"

    def start_logging(self, mode=0o600):
        with open(self.own_log, "wb", opener=lambda path, flags:
                  os.open(path, flags, mode)) as file:
            service = self.launch(errors=file)
        self.assertTrue(harness.wait_until(lambda: "ready " in self.own_log.read_text()))
        service.address = harness.READY.search(self.own_log.read_text())[1]
        service.look = looking.SOCKET.search(self.own_log.read_text())[1]
        return service

    def set(self, service, value):
        done = looking.ctl(f"--socket={service.look}", "set", "log.max-entries", value)
        self.assertEqual(done.returncode, 0, done.stderr)

    def comes_to_say(self, path, text):
        return harness.wait_until(lambda: path.exists() and text in path.read_text())

    def test_a_hangup_opens_the_own_log_anew(self):
        service = self.start_logging(0o640)
        earlier = self.folder / "own.log.1"
        self.own_log.rename(earlier)
        self.set(service, "11")
        self.assertTrue(self.comes_to_say(earlier, "set log.max-entries to 11"))
        service.signal(signal.SIGHUP)
        self.assertTrue(self.comes_to_say(self.own_log, "log-reopened"))
        self.assertEqual(self.own_log.stat().st_mode & 0o777, 0o640)
        self.own_log.unlink()
        service.signal(signal.SIGHUP)
        self.assertTrue(self.comes_to_say(self.own_log, "log-reopened"))
        self.set(service, "12")
        self.assertTrue(self.comes_to_say(self.own_log, "set log.max-entries to 12"))
        self.assertEqual(service.stop(), 0)
        self.assertIn(" stopped ", self.own_log.read_text())
        self.assertNotIn("log-reopened", earlier.read_text())

    def test_a_log_that_is_where_it_was_goes_on(self):
        service = self.start_logging()
        service.signal(signal.SIGHUP)
        self.assertTrue(self.comes_to_say(self.own_log, "settings-kept"))
        self.assertNotIn("log-reopened", self.own_log.read_text())
        self.assertEqual(self.own_log.read_text().count("ready http="), 1)

    def test_a_log_that_is_cut_off_goes_on_at_its_beginning(self):
        service = self.start_logging()
        os.truncate(self.own_log, 0)
        self.set(service, "11")
        self.assertTrue(self.comes_to_say(self.own_log, "set log.max-entries to 11"))
        self.assertNotIn("\0", self.own_log.read_text())

    def test_a_link_in_the_place_of_the_log_is_not_followed(self):
        service = self.start_logging()
        victim = self.folder / "victim"
        victim.touch()
        self.own_log.rename(self.folder / "own.log.1")
        self.own_log.symlink_to(victim)
        service.signal(signal.SIGHUP)
        self.assertTrue(self.comes_to_say(self.folder / "own.log.1", "log-not-reopened"))
        self.assertEqual(victim.read_bytes(), b"")
        self.assertEqual(service.stop(), 0)

    def test_lines_past_the_limit_on_file_sizes_are_counted_and_told(self):
        service = self.start_logging()
        unlimited = resource.prlimit(service.pid, resource.RLIMIT_FSIZE)
        size = self.own_log.stat().st_size
        resource.prlimit(service.pid, resource.RLIMIT_FSIZE, (size, unlimited[1]))
        self.set(service, "11")
        self.set(service, "12")
        resource.prlimit(service.pid, resource.RLIMIT_FSIZE, unlimited)
        self.set(service, "13")
        self.assertTrue(self.comes_to_say(self.own_log, "set log.max-entries to 13"))
        told = self.own_log.read_text()
        self.assertRegex(told, r"log-lines-lost [12] lines were lost")
        self.assertEqual(service.stop(), 0)


class Starts(harness.Case):
    def test_a_data_directory_that_cannot_be_made_is_refused(self):
        for place in ("/proc/x", "/proc/x/y", "/sys/x", "/dev/null/x"):
            self.data = place
            code, told = self.refusal()
            self.assertEqual(code, 2, (place, told))
            self.assertEqual(told.count("\n"), 1, told)
            self.assertIn(f"data-dir = {place}", told)

    def test_the_effective_settings_are_printed_with_their_sources(self):
        file = self.folder / "x.ini"
        file.write_bytes(b"\xef\xbb\xbf[log]\r\nmax-entries=7\r\n")
        done = prints(harness.SLUICED, f"--config-file={file}", "--http.port=3001",
                      "--print-config")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        for line in ("max-entries=7 ; file", "port=3001 ; command-line",
                     'data-dir="var" ; default'):
            self.assertIn(line, done.stdout.splitlines())
        done = prints(harness.SLUICED, "--print-config", "--config-file=/nowhere/x.ini")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("No such file", done.stderr)

    def test_a_port_in_use_is_named_with_the_way_out(self):
        with harness.socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            code, told = self.refusal(f"--http.port={port}")
        self.assertEqual(code, 4)
        self.assertIn(f":{port}: Address already in use", told)
        self.assertIn("--http.port=", told)


if __name__ == "__main__":
    harness.main()
