"""Starts that are refused, signals, and what is left when the service has ended."""

import contextlib
import os
import signal
import socket
import subprocess
import threading
import time

import harness


class Refusals(harness.Case):
    def assert_refused(self, refusal, code, *parts):
        """One line, with this exit code."""
        self.assertEqual(refusal[0], code, refusal[1])
        self.assertEqual(len(refusal[1].splitlines()), 1, refusal[1])
        for part in parts:
            self.assertIn(part, refusal[1])

    def test_an_invalid_setting_ends_with_two(self):
        self.assert_refused(self.refusal("--http.port=70000"), 2, "http.port", "70000",
                            "65535")
        self.assert_refused(self.refusal("--no.such=1"), 2, "no.such")
        self.assert_refused(self.refusal("serve"), 2, "serve")
        self.assert_refused(self.refusal("--profile=production"), 2, "PostgreSQL")
        self.assert_refused(self.refusal("--http.address=0.0.0.0"), 2, "http.token-file")
        self.assert_refused(
            self.refusal(env={"SECURECLAW_WS_MESSAGE_BATCHING": "maybe"}), 2, "maybe")
        self.assertFalse(self.data.exists())

    def test_an_invalid_file_ends_with_two(self):
        file = self.folder / "x.ini"
        file.write_text("[http]\nport=30000 5\n")
        self.assert_refused(self.refusal(f"--config-file={file}"), 2, "line 2", "30000 5")

    def test_a_token_file_that_is_no_token_file_ends_with_two(self):
        self.assert_refused(self.refusal(f"--http.token-file={self.folder}/none"), 2,
                            "token")
        empty = self.folder / "empty"
        empty.touch()
        self.assert_refused(self.refusal(f"--http.token-file={empty}"), 2, "token")

    def test_a_certificate_that_is_none_ends_with_two(self):
        junk = self.folder / "junk"
        junk.write_text("junk")
        self.assert_refused(
            self.refusal(f"--http.certificate={junk}", f"--http.key={junk}"), 2, "junk")

    def test_a_data_directory_that_cannot_be_one_ends_with_two(self):
        self.data.write_text("a file")
        self.assert_refused(self.refusal(), 2, "data-dir", str(self.data))

    def test_a_data_directory_in_use_ends_with_three(self):
        first = self.start()
        self.assert_refused(self.refusal(), 3, str(self.data))
        self.assert_status(first.get("/health"), 200)

    def test_a_port_in_use_ends_with_four(self):
        with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as taken:
            port = taken.getsockname()[1]
            self.assert_refused(self.refusal(f"--http.port={port}"), 4, str(port))

    def test_help_and_version_are_answered(self):
        for option, part in (("--help", "--http.port=3000"), ("--version", "sluiced 0.")):
            result = subprocess.run([harness.SLUICED, option], capture_output=True,
                                    text=True, check=True, timeout=60, cwd=self.folder)
            self.assertIn(part, result.stdout)
            self.assertEqual(result.stderr, "")
        self.assertEqual(os.listdir(self.folder), [])

    def test_a_file_in_the_working_directory_is_not_read(self):
        (self.folder / "caf-application.ini").write_text("garbage = = =\n")
        (self.folder / "sluice.ini").write_text("garbage = = =\n")
        here = os.getcwd()
        self.addCleanup(os.chdir, here)
        program = os.path.abspath(harness.SLUICED)
        os.chdir(self.folder)
        self.addCleanup(setattr, harness, "SLUICED", harness.SLUICED)
        harness.SLUICED = program
        self.start()


class Signals(harness.Case):
    def test_a_stop_drains_everything_and_tells_it(self):
        service = self.start("--log.flush-interval=1h", "--log.max-entries=100000",
                             "--session.debounce=1h")
        service.post_text("/v1/logs/app", "".join(f"{n}\n" for n in range(1000)))
        service.put("/v1/sessions/main/k", {"a": 1})
        self.assertEqual(service.get("/v1/logs/app").json["totalWrites"], 0)
        self.assert_clean_exit(service)
        self.assertEqual(service.log_file("app").decode(),
                         "".join(f"{n}\n" for n in range(1000)))
        self.assertIn("drained log-buffer app wrote 1000", service.log())
        self.assertEqual(self.start().get("/v1/sessions/main/k").json, {"a": 1})

    def test_every_signal_that_asks_for_an_end_drains(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            service = self.start("--log.flush-interval=1h")
            service.post_text(f"/v1/logs/s{int(number)}", "x\n")
            service.signal(number)
            self.assertEqual(service.wait(), 0, service.log())
            self.assertEqual(service.log_file(f"s{int(number)}"), b"x\n")

    def test_a_second_signal_does_no_harm(self):
        service = self.start("--log.flush-interval=1h", "--log.max-entries=10000000",
                             "--log.max-bytes=100000000")
        lines = "".join(f"{n:0100}\n" for n in range(50_000))
        self.assert_status(service.post_text("/v1/logs/app", lines), 202)
        for _ in range(20):
            if service.process.poll() is not None:
                break
            service.signal(signal.SIGTERM)
            service.signal(signal.SIGINT)
            time.sleep(0.001)
        self.assertEqual(service.wait(), 0, service.log())
        self.assertEqual(service.log_file("app").decode(), lines)

    def test_a_stop_in_the_middle_of_writes_keeps_what_was_accepted(self):
        service = self.start("--log.flush-interval=5ms", "--log.max-entries=7")
        accepted = []

        def write():
            with contextlib.suppress(OSError, harness.http.client.HTTPException):
                for n in range(100_000):
                    if service.post_text("/v1/logs/app", f"{n}\n").status != 202:
                        return
                    accepted.append(n)

        writer = threading.Thread(target=write)
        writer.start()
        self.assertTrue(harness.wait_until(lambda: len(accepted) > 50))
        code = service.stop()
        writer.join()
        self.assertEqual(code, 0, service.log())
        written = [int(line) for line in service.log_file("app").split()]
        # The last one may have been taken without its answer getting through.
        self.assertEqual(written[:len(accepted)], accepted)
        self.assertLessEqual(len(written), len(accepted) + 1)
        self.assertEqual(written, list(range(len(written))))

    def test_a_stop_with_open_connections_does_not_wait_for_them(self):
        service = self.start("--http.idle-timeout=1h", "--shutdown.deadline=40s")
        with contextlib.closing(service.socket()) as silent, \
                contextlib.closing(service.socket()) as half:
            half.sendall(b"POST /v1/logs/app HTTP/1.1\r\nHost: localhost\r\n")
            begun = time.monotonic()
            self.assert_clean_exit(service)
            self.assertLess(time.monotonic() - begun, 40)
            # One that was not even accepted yet is reset.
            with contextlib.suppress(ConnectionResetError):
                self.assertEqual(silent.recv(1), b"")

    def test_the_next_start_waits_for_one_that_ends(self):
        first = self.start("--log.flush-interval=1h", "--log.max-entries=10000000",
                           "--log.max-bytes=100000000")
        first.post_text("/v1/logs/app", "x" * 100_000)
        first.signal(signal.SIGTERM)
        second = self.start()
        self.assertEqual(first.wait(), 0)
        self.assert_status(second.get("/health/ready"), 200)

    def test_a_killed_service_leaves_its_directory_free(self):
        service = self.start()
        identity = (self.data / "id").read_text()
        service.kill()
        self.start()
        self.assertEqual((self.data / "id").read_text(), identity)
        self.assertRegex(identity, r"^[0-9a-f]{32}\n$")

    def test_a_peer_that_hangs_up_does_no_harm(self):
        service = self.start()
        service.execute("CREATE TABLE t (x)")
        for _ in range(20):
            with contextlib.closing(service.socket()) as sock:
                body = b'{"sql":"SELECT hex(zeroblob(1000000))"}'
                sock.sendall(b"POST /v1/db/query HTTP/1.1\r\nHost: localhost\r\n"
                             b"Content-Type: application/json\r\n"
                             b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.assert_status(service.get("/health"), 200)


if __name__ == "__main__":
    harness.main()
