"""What tests of the introspection share: sluicectl beside a running service."""

import json
import os
import re
import subprocess

import harness

SLUICECTL = os.environ.get("SLUICECTL", "build/bin/sluicectl")
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

    def refused(self, service, why, *words):
        done = self.run_ctl(service, *words)
        self.assertEqual((done.returncode, done.stdout), (1, ""), words)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertIn(why, done.stderr)
