"""The gate's certificates: renewed while it runs, though it has given up its rights, and
refused with a sentence for each mistake."""

import shutil
import signal

import certifying
import gating
import harness

HANGUP_IGNORED = ("sh", "-c", "trap '' HUP; exec \"$@\"", "sh")


class GateRenewal(gating.Case):
    def renewed(self, *names):
        """Another certificate of the authority for the same names."""
        for name in ("gate.pem", "gate.key"):
            (self.authority / name).rename(self.folder / f"old-{name}")
        self.make("server", "gate", *names)
        for name in ("gate.pem", "gate.key"):
            (self.authority / name).rename(self.folder / name)
            (self.folder / f"old-{name}").rename(self.authority / name)
        return certifying.Pair(self.folder, "gate")

    def pair(self):
        return certifying.Pair(self.authority, "gate")

    def shown(self, gate):
        """The serial number of what a new connection is shown."""
        with self.tls(gate) as peer:
            return int(peer.getpeercert()["serialNumber"], 16)

    def comes_to_show(self, gate, serial):
        self.assertTrue(harness.wait_until(lambda: self.shown(gate) == serial),
                        gate.log())

    def test_a_renewed_certificate_is_taken_and_whoever_is_connected_stays(self):
        self.start()
        gate = self.start_gate()
        renewed = self.renewed("localhost", "127.0.0.1")
        with self.tls(gate) as peer:
            self.assertTrue(peer.recv(1))
            renewed.put_at(self.pair())
            self.comes_to_show(gate, renewed.serial)
            peer.settimeout(0.2)
            with self.assertRaises(TimeoutError):
                while peer.recv(4096):
                    pass
        self.assertTrue(certifying.comes_to_say(gate, "certificate-renewed"))
        self.ask_gate(gate, "status")

    def test_links_that_are_turned_to_other_files_are_noticed(self):
        self.start()
        kept = self.folder / "kept"
        kept.mkdir()
        for name in ("gate.pem", "gate.key"):
            shutil.move(self.authority / name, kept / f"1-{name}")
            (self.authority / name).symlink_to(kept / f"1-{name}")
        gate = self.start_gate()
        (self.authority / "gate.pem").unlink()
        (self.authority / "gate.key").unlink()
        self.make("server", "gate", "localhost", "127.0.0.1")
        for name in ("gate.pem", "gate.key"):
            shutil.move(self.authority / name, kept / f"2-{name}")
            (self.authority / name).symlink_to(kept / f"2-{name}")
        self.comes_to_show(gate, self.pair().serial)

    def test_a_hangup_takes_another_authority_and_lets_go_of_the_old_ones_clients(self):
        self.start()
        gate = self.start_gate()
        self.ask_gate(gate, "status")
        other = self.folder / "another authority"
        self.make("server", "gate", "localhost", "127.0.0.1", authority=other)
        self.make("client", "bob", authority=other)
        for name in ("ca.pem", "gate.pem", "gate.key"):
            shutil.copy(other / name, self.authority / name)
        gate.signal(signal.SIGHUP)
        self.assertTrue(harness.wait_until(lambda: "certificate-renewed" in gate.log()))
        self.ask_gate(gate, "status", name="bob", authority=other)
        self.refused_by_gate(gate, "does not let us in", "status", address=gate.address,
                             authority=self.mixed(other))
        self.assertEqual(gate.stop(), 0, gate.log())

    def mixed(self, other):
        """An old client that trusts the new gate."""
        place = self.folder / "mixed"
        place.mkdir()
        shutil.copy(other / "ca.pem", place)
        for name in ("alice.pem", "alice.key"):
            shutil.copy(self.authority / name, place)
        return place

    def test_what_does_not_fit_keeps_the_old_one(self):
        self.start()
        gate = self.start_gate()
        before = self.pair().serial
        self.pair().certificate.write_bytes(b"half of it")
        for _ in range(2):
            gate.signal(signal.SIGHUP)
            self.assertTrue(harness.wait_until(
                lambda: "certificate-not-renewed gate.certificate=" in gate.log()))
            self.assertEqual(self.shown(gate), before)
        self.assertEqual(gate.log().count("certificate-not-renewed"), 1)
        renewed = self.renewed("localhost", "127.0.0.1")
        renewed.put_at(self.pair())
        self.comes_to_show(gate, renewed.serial)

    def test_what_lies_elsewhere_cannot_be_read(self):
        self.start()
        gate = self.start_gate()
        if "cannot give up files" in gate.log():
            self.skipTest(gate.log())
        before = self.pair().serial
        elsewhere = self.folder / "elsewhere"
        elsewhere.mkdir()
        kept = shutil.move(self.pair().certificate, elsewhere / "gate.pem")
        self.pair().certificate.symlink_to(kept)
        gate.signal(signal.SIGHUP)
        self.assertTrue(harness.wait_until(lambda: "Permission denied" in gate.log()))
        self.assertEqual(self.shown(gate), before)

    def test_one_that_has_ended_is_told(self):
        self.start()
        authority = certifying.Authority(self.folder, "ca")
        self.authority = self.folder
        for days, words in ((13, "certificate-expires"), (-1, "certificate-expired")):
            authority.issue("gate", days=days)
            self.assertTrue(certifying.comes_to_say(self.start_gate(), words))

    def test_a_hangup_that_was_ignored_stays_ignored(self):
        self.start()
        gate = self.start_gate(before=HANGUP_IGNORED)
        gate.signal(signal.SIGHUP)
        self.assertNotEqual(self.shown(gate), 0)
        self.assertNotIn("certificate-renewed", gate.log())
        self.assertEqual(gate.stop(), 0, gate.log())

    def test_without_settings_it_says_what_is_needed_and_who_makes_it(self):
        gate = gating.Gate(self.data)
        self.addCleanup(gate.clean_up)
        self.assertEqual(gate.wait(harness.START_SECONDS_MAX), 2)
        self.assertEqual(gate.log().count("\n"), 1, gate.log())
        for word in ("gate.ca-file", "gate.certificate", "gate.key",
                     "make-gate-certificates"):
            self.assertIn(word, gate.log())

    def test_each_mistake_has_a_sentence_of_its_own(self):
        for certificate, key, words in (("gate", "alice", "does not belong"),
                                        ("alice", "alice", "lacks serverAuth"),
                                        ("ca", "ca", "an authority's")):
            gate = self.launch_gate(
                f"--gate.certificate={self.authority / certificate}.pem",
                f"--gate.key={self.authority / key}.key")
            self.assertEqual(gate.wait(harness.START_SECONDS_MAX), 2)
            self.assertEqual(gate.log().count("\n"), 1, gate.log())
            self.assertIn(words, gate.log())


if __name__ == "__main__":
    harness.main()
