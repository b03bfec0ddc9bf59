"""What tests of the introspection share: sluicectl beside a running service."""

import contextlib
import json
import os
import re
import subprocess

import harness

SLUICECTL = os.environ.get("SLUICECTL", "build/bin/sluicectl")
LONG_SQL = ("INSERT INTO t WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 "
            "FROM n LIMIT 1000000000) SELECT max(i) FROM n")
SOCKET = re.compile(r"^ready .*introspection=(\S+)", re.MULTILINE)


def socket_of(service):
    return SOCKET.search(service.log())[1]


def ctl(*words):
    return subprocess.run([SLUICECTL, *words], capture_output=True, text=True,
                          check=False, timeout=harness.ANSWER_SECONDS_MAX)


class Case(harness.Case):
    def run_ctl(self, service, *words):
        return ctl(f"--socket={socket_of(service)}", *words)

    def tell(self, service, *words):
        """What a person is told."""
        done = self.run_ctl(service, *words)
        self.assertEqual((done.returncode, done.stderr), (0, ""), words)
        return done.stdout

    def ask(self, service, *words):
        """What a program is told."""
        return json.loads(self.tell(service, "--json", *words))

    def ask_while_it_works(self, service, *way):
        """Who waits for a checkpoint, which waits for a statement that takes long."""
        self.assert_ok(service.execute("CREATE TABLE t(x)"))
        with contextlib.closing(service.connect()) as writer:
            body = json.dumps({"sql": LONG_SQL})
            writer.request("POST", "/v1/db/execute", body,
                           {"Content-Type": harness.JSON})
            asked = subprocess.Popen([SLUICECTL, *way, "checkpoint"],
                                     stderr=subprocess.PIPE, text=True)
            self.addCleanup(asked.kill)
            self.assertTrue(harness.wait_until(lambda: any(
                x["name"] == "introspection" and x["state"].get("requests", 0) > 0
                for x in service.get("/v1/actors").json)))
        return asked

    def refused(self, service, why, *words):
        done = self.run_ctl(service, *words)
        self.assertEqual((done.returncode, done.stdout), (1, ""), words)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertIn(why, done.stderr)
