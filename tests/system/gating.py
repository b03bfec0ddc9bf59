"""What tests of the gate share: certificates, a gate in front of a service, and sluicectl
on its other side."""

import json
import os
import pathlib
import re
import socket
import ssl
import subprocess

import harness
import looking

GATE = os.environ.get("GATE", "build/bin/sluice-gate")
MAKE_CERTIFICATES = (pathlib.Path(__file__).resolve().parents[2] / "conf"
                     / "make-gate-certificates")
READY = re.compile(r"^ready gate=(\S+)", re.MULTILINE)


class Gate(harness.Program):
    def __init__(self, data, *options, env=None, before=()):
        # Without the right to open files the leak checker cannot look around.
        super().__init__([*before, GATE, f"--data-dir={data}", "--gate.port=0", *options],
                         {"ASAN_OPTIONS": "detect_leaks=0", **(env or {})})
        self.address = None

    def wait_ready(self):
        self.address = self.wait_for(READY)[1]
        return self

    @property
    def port(self):
        return int(self.address.rsplit(":", 1)[1])


class Case(looking.Case):
    def setUp(self):
        super().setUp()
        self.authority = self.folder / "authority"
        self.make("server", "gate", "localhost", "127.0.0.1")
        self.make("client", "alice")

    def make(self, kind, *names, authority=None):
        """A certificate."""
        done = subprocess.run(
            [MAKE_CERTIFICATES, authority or self.authority, kind, *names],
            capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)

    def files(self, name, authority=None):
        """The authority's certificate, and that and the key of one name."""
        place = pathlib.Path(authority or self.authority)
        return place / "ca.pem", place / f"{name}.pem", place / f"{name}.key"

    def run_program(self, *words):
        return subprocess.run(words, capture_output=True, text=True, check=False,
                              stdin=subprocess.DEVNULL,
                              timeout=harness.ANSWER_SECONDS_MAX)

    # -- the gate ----------------------------------------------------------------------

    def launch_gate(self, *options, name="gate", before=()):
        """One that may not get ready."""
        ca, certificate, key = self.files(name)
        gate = Gate(self.data, f"--gate.ca-file={ca}",
                    f"--gate.certificate={certificate}", f"--gate.key={key}", *options,
                    env={"XDG_RUNTIME_DIR": str(self.runtime)}, before=before)
        self.addCleanup(gate.clean_up)
        return gate

    def start_gate(self, *options, **more):
        return self.launch_gate(*options, **more).wait_ready()

    # -- the other side ----------------------------------------------------------------

    def from_afar(self, gate, *words, name="alice", authority=None, address=None,
                  before=()):
        """sluicectl of another machine."""
        return subprocess.run(
            [*before, looking.SLUICECTL, *self.way_to(gate, name, authority, address),
             *words], capture_output=True, text=True, check=False,
            timeout=harness.ANSWER_SECONDS_MAX)

    def way_to(self, gate, name="alice", authority=None, address=None):
        """What tells sluicectl the way."""
        ca, certificate, key = self.files(name, authority)
        return (f"--connect={address or gate.address}", f"--ca-file={ca}",
                f"--certificate={certificate}", f"--key={key}")

    def ask_gate(self, gate, *words, **more):
        done = self.from_afar(gate, "--json", *words, **more)
        self.assertEqual((done.returncode, done.stderr), (0, ""), words)
        return json.loads(done.stdout)

    def refused_by_gate(self, gate, why, *words, **more):
        done = self.from_afar(gate, *words, **more)
        self.assertEqual((done.returncode, done.stdout), (1, ""), words)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertIn(why, done.stderr)

    def tls(self, gate, name="alice"):
        """A TLS connection that was let in, for bytes of one's own."""
        ca, certificate, key = self.files(name)
        context = ssl.create_default_context(cafile=ca)
        context.load_cert_chain(certificate, key)
        plain = socket.create_connection(("127.0.0.1", gate.port),
                                         harness.ANSWER_SECONDS_MAX)
        return context.wrap_socket(plain, server_hostname="localhost")
