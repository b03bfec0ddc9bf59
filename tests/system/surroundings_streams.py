"""Standard input, output and error as others give them to our programs: closed, full, or
with nobody at the other end. None of them decides about data, nor about an end."""

import contextlib
import itertools
import os
import subprocess

import gating
import harness
import looking

QUIET = ("--log.flush-interval=1h", "--log.max-entries=100000")
OPERATORS = {0: "<&-", 1: ">&-", 2: "2>&-"}


def every_choice():
    """Which of the three descriptors are closed."""
    for count in (1, 2, 3):
        yield from itertools.combinations(OPERATORS, count)


def through_shell(redirections):
    """What to set before a command, so that it is run with these."""
    return ("sh", "-c", f'exec "$@" {redirections}', "sh")


def closing(which):
    return through_shell(" ".join(OPERATORS[each] for each in which))


def is_null(pid, descriptor):
    with contextlib.suppress(FileNotFoundError):
        return os.readlink(f"/proc/{pid}/fd/{descriptor}") == os.devnull
    return False


class Silent(harness.Sluiced):
    """A service that cannot tell where it serves: on a socket that is known."""

    def __init__(self, case, data, *options, **more):
        self.socket_path = case.folder / f"{data.name}.sock"
        super().__init__(data, f"--http.socket={self.socket_path}", *options,
                         env={"XDG_RUNTIME_DIR": str(case.runtime)}, **more)

    def connect(self):
        return harness.UnixConnection(str(self.socket_path))

    def wait_ready(self):
        def serves():
            with contextlib.suppress(OSError):
                return self.get("/health/live").status == 200
            return False

        if not harness.wait_until(serves, harness.START_SECONDS_MAX):
            raise AssertionError(f"it does not serve, {self.process.poll()}")
        return self


class StreamCase(looking.Case):
    def start_silent(self, *options, name="data", **more):
        service = Silent(self, self.folder / name, *options, **more)
        self.addCleanup(service.clean_up)
        return service.wait_ready()

    def make_pipe(self):
        """Both ends, the second for a program to write to."""
        ends = os.pipe()
        self.addCleanup(os.close, ends[0])
        return ends

    def make_full_pipe(self):
        reading, writing = self.make_pipe()
        unwaiting = os.open(f"/proc/self/fd/{writing}", os.O_WRONLY | os.O_NONBLOCK)
        with contextlib.suppress(BlockingIOError):
            while os.write(unwaiting, b"x" * 4096):
                pass
        os.close(unwaiting)
        return reading, writing

    def run_ctl_with(self, redirections, *words):
        return subprocess.run([*through_shell(redirections), looking.SLUICECTL, *words],
                              capture_output=True, text=True, check=False,
                              stdin=subprocess.DEVNULL, timeout=60)


class ClosedDescriptors(StreamCase):
    def test_a_service_without_standard_descriptors_keeps_what_it_took(self):
        for which in every_choice():
            name = "closed-" + "".join(map(str, which))
            service = self.start_silent(*QUIET, name=name, before=closing(which))
            for each in which:
                self.assertTrue(is_null(service.pid, each), (which, each))
            self.assert_ok(service.post_text("/v1/logs/app", "one\n"))
            self.assert_ok(service.put("/v1/sessions/main/k", {"n": 1}))
            service.kill()
            again = self.start_silent(name=name)
            self.assertTrue(again.comes_to_hold("app", b"one\n"), which)
            self.assertEqual(again.get("/v1/sessions/main/k").json, {"n": 1})
            self.assert_clean_exit(again)

    def test_sluicectl_without_standard_descriptors_talks_to_no_file_of_its_own(self):
        service = self.start()
        where = f"--socket={looking.socket_of(service)}"
        for which in every_choice():
            done = self.run_ctl_with(" ".join(OPERATORS[each] for each in which), where,
                                     "get", "http.port")
            self.assertEqual(done.returncode, 0, (which, done.stderr))
            self.assertEqual(done.stdout != "", 1 not in which, which)
        self.assert_clean_exit(service)


class GateDescriptors(gating.Case):
    def assert_null(self, gate, descriptor):
        try:
            self.assertTrue(
                harness.wait_until(lambda: is_null(gate.pid, descriptor)), descriptor)
        except PermissionError:
            self.skipTest("only root sees the descriptors of a gate")

    def test_a_gate_without_standard_descriptors_opens_them(self):
        ca, certificate, key = self.files("gate")
        for which in every_choice():
            gate = gating.Gate(self.data, f"--gate.ca-file={ca}",
                               f"--gate.certificate={certificate}", f"--gate.key={key}",
                               before=closing(which))
            self.addCleanup(gate.clean_up)
            for each in which:
                self.assert_null(gate, each)
            self.assertIsNone(gate.process.poll(), which)
            gate.kill()


class StandardError(StreamCase):
    def assert_works(self, service):
        """It takes, is looked into, and ends in order, whatever becomes of its lines."""
        self.assert_ok(service.post_text("/v1/logs/app", "one\n"))
        found = looking.ctl(f"--socket={self.folder}/look.sock", "set",
                            "log.max-entries", "7")
        self.assertEqual(found.returncode, 0, found.stderr)
        self.assertEqual(service.stop(), 0)
        self.assertEqual(service.log_file("app"), b"one\n")

    def start_looked_into(self, **more):
        return self.start_silent(
            *QUIET, f"--introspection.socket={self.folder}/look.sock", **more)

    def test_a_full_disk_under_standard_error_ends_nothing(self):
        self.assert_works(self.start_looked_into(before=through_shell("2>/dev/full")))

    def test_a_pipe_whose_reader_is_gone_ends_nothing(self):
        reading, writing = os.pipe()
        service = self.start_looked_into(errors=writing)
        os.close(writing)
        os.close(reading)
        self.assert_works(service)
        reading, writing = os.pipe()
        os.close(reading)
        service = self.start_looked_into(name="again", errors=writing)
        os.close(writing)
        self.assert_works(service)

    def test_a_full_pipe_that_nobody_reads_holds_up_nobody(self):
        _, writing = self.make_full_pipe()
        service = self.start_looked_into(errors=writing)
        os.close(writing)
        self.assert_works(service)

    def test_a_refused_start_with_a_full_pipe_ends_with_its_code(self):
        _, writing = self.make_full_pipe()
        service = self.launch("--http.port=70000", errors=writing)
        os.close(writing)
        self.assertEqual(service.wait(harness.START_SECONDS_MAX), 2)

    def test_what_waited_for_a_reader_is_read_in_order(self):
        reading, writing = self.make_full_pipe()
        service = self.start_looked_into(errors=writing)
        os.close(writing)
        with open(reading, "rb", buffering=0, closefd=False) as pipe:
            told = b""
            while b"ready http=" not in told:
                told += pipe.read(1 << 16).lstrip(b"x")
            service.signal(harness.signal.SIGTERM)
            while chunk := pipe.read(1 << 16):
                told += chunk
        self.assertEqual(service.wait(), 0)
        self.assertLess(told.index(b"ready http="), told.index(b" stopped "))


class GateError(gating.Case):
    def test_a_gate_goes_on_whatever_becomes_of_its_lines(self):
        service = self.start()
        ca, certificate, key = self.files("gate")
        with contextlib.closing(harness.socket.create_server(("127.0.0.1", 0))) as taken:
            port = taken.getsockname()[1]
        gate = gating.Gate(self.data, f"--gate.ca-file={ca}", f"--gate.port={port}",
                           f"--gate.certificate={certificate}", f"--gate.key={key}",
                           f"--introspection.socket={looking.socket_of(service)}",
                           before=through_shell("2>/dev/full"))
        self.addCleanup(gate.clean_up)
        gate.address = f"127.0.0.1:{port}"

        def lets_in():
            return self.from_afar(gate, "status").returncode == 0

        self.assertTrue(harness.wait_until(lets_in, harness.START_SECONDS_MAX))
        self.assertEqual(gate.stop(), 0)


class StandardOutput(StreamCase):
    def assert_not_printed(self, done, said):
        self.assertEqual(done.returncode, 1, done)
        self.assertEqual(done.stderr.count("\n"), 1 if said else 0, done.stderr)
        self.assertIn(said, done.stderr)

    def test_output_that_is_lost_is_a_failure_of_the_tool(self):
        where = f"--socket={looking.socket_of(self.start())}"
        for words in (("get",), ("status",), ("top",), ("watch",)):
            self.assert_not_printed(self.run_ctl_with(">/dev/full", where, *words),
                                    "No space left on device")
        for program in (harness.SLUICED, looking.SLUICECTL, gating.GATE):
            done = subprocess.run([*through_shell(">/dev/full"), program, "--help"],
                                  capture_output=True, text=True, check=False, timeout=60)
            self.assert_not_printed(done, "No space left on device")

    def test_a_tool_whose_reader_is_gone_ends_without_a_word(self):
        where = f"--socket={looking.socket_of(self.start())}"
        for words in (("get",), ("watch",)):
            reading, writing = os.pipe()
            os.close(reading)
            with os.fdopen(writing, "wb") as pipe:
                done = subprocess.run([looking.SLUICECTL, where, *words], stdout=pipe,
                                      stderr=subprocess.PIPE, text=True, check=False,
                                      timeout=60)
            self.assert_not_printed(done, "")


if __name__ == "__main__":
    harness.main()
