"""The script that makes the gate's certificates: it never replaces anything, and says
what it did not do."""

import os
import shutil
import subprocess

import gating
import harness

# Under which NAME nothing may be made, and a word of the reason.
NO_FILE = ("ca", "CA", "../pi", "a/b", "a b", "-x", ".x", "", "x" * 65, "näme")
NO_HOST = ("10.0.0", "300.1.1.1", "10.0.0.1.2", "1.2.3.04", "pi.local:4000", "[::1]",
           "fe80::1%eth0", "1::2::3", "1:2:3", ":1", "1:2:3:4:5:6:7:8:9", "12345::",
           "a b", "a..b", "-a.b", "x" * 64 + ".local", "")
HOSTS = ("10.0.0.1", "::1", "::", "fe80::1", "1:2:3:4:5:6:7:8", "::ffff:1.2.3.4",
         "*.pi.local", "pi_2.local", "255.255.255.255")


class GateCertificates(harness.Case):
    def setUp(self):
        super().setUp()
        self.place = self.folder / "authority"

    def make(self, *words, env=None, shell=()):
        return subprocess.run(
            [*shell, gating.MAKE_CERTIFICATES, self.place, *words], capture_output=True,
            text=True, check=False, stdin=subprocess.DEVNULL, cwd=self.folder,
            env={**os.environ, **(env or {})}, timeout=harness.ANSWER_SECONDS_MAX)

    def made(self, *words, **more):
        done = self.make(*words, **more)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout, f"{self.place}/{words[1]}.pem\n")
        return done

    def refused(self, code, why, *words, **more):
        """It says why, in one line, and changes nothing."""
        before = self.contents()
        done = self.make(*words, **more)
        self.assertEqual((done.returncode, done.stdout), (code, ""), (words, done.stderr))
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertIn(why, done.stderr)
        self.assertIn("nothing was made", done.stderr)
        self.assertEqual(self.contents(), before, words)

    def contents(self):
        return {str(x): x.read_bytes() if x.is_file() else None
                for x in self.folder.rglob("*")}

    def test_a_clients_certificate_replaces_neither_the_authority_nor_the_gates(self):
        self.refused(2, "the authority's", "client", "ca")
        self.made("server", "pi", "10.0.0.1")
        self.refused(2, "the authority's", "client", "ca")
        self.refused(1, "pi.pem is there already", "client", "pi")
        self.refused(1, "pi.pem is there already", "server", "pi", "10.0.0.2")
        self.made("client", "alice")

    def test_no_file_of_somebodys_is_replaced_even_a_link_to_nothing(self):
        self.made("server", "pi")
        (self.place / "alice.key").write_text("mine")
        (self.place / "bob.pem").symlink_to("/nowhere")
        self.refused(1, "alice.key is there already", "client", "alice")
        self.refused(1, "bob.pem is there already", "client", "bob")

    def test_names_that_can_be_no_file_are_refused_before_anything_is_made(self):
        for name in NO_FILE:
            for kind in ("client", "server"):
                self.refused(2, "", kind, name)
        self.refused(2, "not also \"bob\"", "client", "alice", "bob")
        self.refused(2, "neither server nor client", "gate", "alice")
        for days in ("", "0", "-1", "soon", "1.5"):
            self.refused(2, "SLUICE_DAYS", "client", "alice", env={"SLUICE_DAYS": days})

    def test_a_wrong_address_is_named_before_anything_is_made(self):
        for name in NO_HOST:
            self.refused(2, f"\"{name}\" is neither a host", "server", "pi", name)
        self.made("server", "pi", *HOSTS)
        told = subprocess.run(
            ["openssl", "x509", "-in", self.place / "pi.pem", "-noout", "-ext",
             "subjectAltName"], capture_output=True, text=True, check=True).stdout
        self.assertEqual((told.count("IP Address:"), told.count("DNS:")), (7, 3), told)

    def test_half_an_authority_and_one_of_two_are_refused(self):
        self.made("client", "alice")
        for name in ("ca.key", "ca.pem"):
            kept = (self.place / name).read_bytes()
            (self.place / name).unlink()
            self.refused(1, f"{name} is missing", "client", "bob")
            (self.place / name).write_bytes(b"")
            self.refused(1, f"{name} is missing, empty", "client", "bob")
            (self.place / name).write_bytes(kept)
        other = self.folder / "other"
        first, self.place = self.place, other
        self.made("client", "alice")
        self.place = first
        shutil.copy(other / "ca.key", first / "ca.key")
        self.refused(1, "do not match", "client", "bob")

    def test_what_fails_halfway_leaves_no_half(self):
        self.place.mkdir()
        for failing in ("req -newkey", "x509 -req"):
            tools = self.make_folder()
            (tools / "openssl").write_text(
                f"#!/bin/sh\ncase \"$1 $2\" in '{failing}') echo no >&2; exit 1;; esac\n"
                f"exec {shutil.which('openssl')} \"$@\"\n")
            (tools / "openssl").chmod(0o755)
            self.refused(1, "no", "server", "pi",
                         env={"PATH": f"{tools}:{os.environ['PATH']}"})
        self.made("server", "pi")

    def test_every_shell_makes_what_verifies(self):
        for number, shell in enumerate(("sh", "dash", "bash", "busybox")):
            if not shutil.which(shell):
                continue
            self.place = self.folder / f"an authority {number}"
            before = (shell,) if shell != "busybox" else (shell, "sh")
            first = self.made("server", "pi", "::1", shell=before)
            self.assertIn("a new authority", first.stderr)
            again = self.made("client", "alice", shell=before)
            self.assertIn("used the authority", again.stderr)
            for name, purpose in (("pi", "sslserver"), ("alice", "sslclient")):
                subprocess.run(
                    ["openssl", "verify", "-CAfile", self.place / "ca.pem", "-purpose",
                     purpose, self.place / f"{name}.pem"], check=True,
                    capture_output=True)
            self.assertEqual(sorted(x.name for x in self.place.iterdir()),
                             ["alice.key", "alice.pem", "ca.key", "ca.pem", "pi.key",
                              "pi.pem"])
            self.assertEqual({x.stat().st_mode & 0o777 for x in self.place.iterdir()},
                             {0o600})


if __name__ == "__main__":
    harness.main()
