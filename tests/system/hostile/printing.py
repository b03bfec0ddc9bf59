"""Names and texts that forge lines of logs, and command the terminals of those who read
them: whatever is told, it is one line, and only words."""

import contextlib
import json
import os
import re
import signal
import sqlite3
import subprocess

import gating
import harness
import looking

FORGED = "2026-12-01T00:00:00.000+00:00 info setting-changed root set a to b"
# What ends a line, clears a screen (in three spellings), rings, hides and turns text.
EVIL = f"x\n{FORGED}\r\x1b[2J\u009b2J\u2028\u202e\x07\x7fend"
# Nothing else of them may be told raw than the end of a line that is whole.
COMMANDS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
SPELLED = r"x\\n2026.*\\r\\x1b\[2J\\u009b2J\\u2028\\u202e\\x07\\u007fend"


class Printing(looking.Case):
    def setUp(self):
        super().setUp()
        # Of a setting, less is taken.
        self.data = self.folder / "d\u009b2J\u2028\u202e"

    def assert_harmless(self, text):
        self.assertIsNone(COMMANDS.search(text), repr(text))
        self.assertFalse([x for x in text.split("\n") if x.startswith(FORGED)], text)

    def serve(self):
        """A service with an error of SQLite's that names a client's table, and with a
        directory of an evil name."""
        service = self.start("--sqlite.queue-interval=20ms", "--log.flush-interval=1h")
        self.assert_ok(service.execute(f'CREATE TABLE "{EVIL}" (a)'))
        self.assert_ok(service.execute("CREATE TABLE t (a)"))
        with contextlib.closing(sqlite3.connect(self.data / "sluice.db")) as other:
            other.execute("PRAGMA writable_schema=ON")
            other.execute("UPDATE sqlite_schema SET sql='CREATE TABLE x' WHERE name=?",
                          (EVIL,))
            other.execute("PRAGMA schema_version=999")
            other.commit()
        self.assert_ok(service.post("/v1/db/execute?queue=true",
                                    {"sql": "INSERT INTO t VALUES (1)", "params": []}))
        self.assertTrue(harness.wait_until(
            lambda: b"malformed" in service.get("/health").body))
        return service

    def test_nothing_that_is_told_forges_a_line_or_commands_a_terminal(self):
        service = self.serve()
        for words in (("status",), ("actors",), ("top",), ("history",), ("ledger",),
                      ("stats", "database"), ("stats", "log"), ("get",)):
            told = self.tell(service, *words)
            self.assert_harmless(told)
        self.assertRegex(self.tell(service, "status"), SPELLED)
        self.assertRegex(self.tell(service, "actors"), SPELLED)
        service.stop()
        self.assert_harmless(service.log())
        _, log = self.refusal()
        self.assert_harmless(log)
        self.assertRegex(log, SPELLED)
        self.assert_harmless(looking.ctl("spool", str(self.data)).stdout)

    def test_the_own_log_spells_out_what_it_quotes(self):
        file = self.folder / "c\u009b2J\u202e.ini"
        file.write_text("[log]\nmax-entries=7\n")
        service = self.start(f"--config-file={file}")
        file.write_text("[log]\nmax-entries=none\n")
        service.signal(signal.SIGHUP)
        service.wait_for(r"settings-refused .*c\\u009b2J\\u202e\.ini")
        self.assert_harmless(service.log())

    def test_what_is_watched_is_one_line_an_event(self):
        service = self.serve()
        command = [looking.SLUICECTL, f"--socket={self.socket_of(service)}", "watch"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as watching:
            lines = [watching.stdout.readline(), watching.stdout.readline()]
            watching.terminate()
        self.assert_harmless("".join(lines))
        self.assertIn(" alert ", lines[1])
        self.assertRegex(lines[1], SPELLED)

    def socket_of(self, service):
        """The line `ready` spells the path of its directory out."""
        return next(self.runtime.rglob("introspection.sock"), None) or service.log()

    def run_ctl(self, service, *words):
        return looking.ctl(f"--socket={self.socket_of(service)}", *words)

    def test_what_programs_are_told_is_json_without_commands(self):
        service = self.serve()
        for words in (("status",), ("actors",), ("stats", "database")):
            told = self.tell(service, "--json", *words)
            self.assert_harmless(told)
            json.loads(told)
        self.assertEqual(self.ask(service, "status")["dataDir"], str(self.data))

    def test_a_refusal_is_one_line(self):
        service = self.serve()
        self.refused(service, r"x\n2026", "get", EVIL)
        self.assert_harmless(self.run_ctl(service, "restart", EVIL).stderr)
        self.assert_harmless(looking.ctl(f"--socket=/{EVIL}", "status").stderr)
        self.assert_harmless(looking.ctl(EVIL).stderr)
        code, log = self.refusal(f"--config-file={self.folder}/{EVIL}")
        self.assertEqual((code, log.count("\n")), (2, 1), log)
        self.assert_harmless(log)


class Askers(gating.Case):
    def change(self, service, **how):
        """Another's process that changes a setting; returns its number."""
        command = [*how.get("before", ()), looking.SLUICECTL,
                   f"--socket={looking.socket_of(service)}", "set", "log.max-entries",
                   "7"]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as changing:
            self.assertEqual(changing.wait(harness.ANSWER_SECONDS_MAX), 0)
        return changing.pid

    def test_who_changes_a_setting_is_who_the_kernel_says_he_is(self):
        service = self.start()
        pid = self.change(service)
        uid = os.geteuid()
        service.wait_for(f"setting-changed sluicectl of uid {uid}, pid {pid} set log")

    def test_a_user_that_a_client_makes_up_is_told_to_nobody(self):
        # In a user namespace without a map it takes itself for nobody.
        made_up = ("unshare", "--user")
        tried = subprocess.run([*made_up, "true"], check=False, capture_output=True)
        if tried.returncode:
            self.skipTest("no user namespace can be had")
        service = self.start()
        pid = self.change(service, before=made_up)
        uid = os.geteuid()
        service.wait_for(f"setting-changed sluicectl of uid {uid}, pid {pid} set log")

    def test_through_the_gate_it_is_who_the_certificate_names(self):
        service = self.start()
        gate = self.start_gate("--gate.allow-control=true")
        self.ask_gate(gate, "set", "log.max-entries", "7")
        service.wait_for(rf"setting-changed sluicectl of uid \d+, pid {gate.pid}, "
                         r"for alice of 127\.0\.0\.1:\d+ through the gate set log")


if __name__ == "__main__":
    harness.main()
