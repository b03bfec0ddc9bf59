"""HTTPS certificates: renewed while the service runs, told when they end, and refused
with a sentence for each mistake."""

import contextlib
import os
import pty
import signal
import socket
import ssl
import subprocess

import attack
import certifying
import gating
import harness
import looking

NOT_RENEWED = "certificate-not-renewed"


class Certificates(harness.Case):
    def setUp(self):
        super().setUp()
        self.authority = certifying.Authority(self.folder)
        self.pair = self.authority.issue("shown")
        self.path = self.folder / "sock"

    def options(self, certificate=None, key=None):
        return (f"--http.certificate={certificate or self.pair.certificate}",
                f"--http.key={key or self.pair.key}", f"--http.socket={self.path}")

    def start_tls(self, *options):
        return self.start(*self.options(), *options)

    def tls(self, service):
        context = ssl.create_default_context(cafile=self.authority.certificate)
        plain = socket.create_connection(("127.0.0.1", service.port),
                                         harness.ANSWER_SECONDS_MAX)
        return context.wrap_socket(plain, server_hostname="localhost")

    def shown(self, service):
        """The serial number of what a new connection is shown."""
        with self.tls(service) as peer:
            return int(peer.getpeercert()["serialNumber"], 16)

    def comes_to_show(self, service, pair):
        self.assertTrue(harness.wait_until(lambda: self.shown(service) == pair.serial),
                        service.log())

    def health(self):
        with contextlib.closing(harness.UnixConnection(str(self.path))) as connection:
            return harness.exchange(connection, "GET", "/health").json

    def alerts(self):
        return {x["id"]: x["text"] for x in self.health()["alerts"]}

    # -- renewed ----------------------------------------------------------------------

    def test_a_renewed_certificate_is_shown_to_those_who_come_afterwards(self):
        service = self.start_tls()
        before = self.pair.serial
        with contextlib.closing(
                service.connect_tls(self.authority.certificate)) as connection:
            self.assert_ok(harness.exchange(connection, "GET", "/health/live"))
            renewed = self.authority.issue("renewed")
            renewed.put_at(self.pair)
            self.comes_to_show(service, renewed)
            self.assertNotEqual(before, renewed.serial)
            # Whoever was there stays.
            self.assert_ok(harness.exchange(connection, "GET", "/health/live"))
        self.assertTrue(certifying.comes_to_say(service, "certificate-renewed"))
        self.assertEqual(self.alerts(), {})
        self.assert_clean_exit(service)

    def test_a_hangup_takes_what_is_there_though_nobody_comes(self):
        service = self.start_tls()
        renewed = self.authority.issue("renewed")
        renewed.put_at(self.pair)
        service.signal(signal.SIGHUP)
        self.assertTrue(certifying.comes_to_say(service, "certificate-renewed"))
        self.assertEqual(self.shown(service), renewed.serial)

    def test_links_that_are_turned_to_other_files_are_noticed(self):
        live = certifying.Pair(self.folder, "live")
        for link, file in ((live.certificate, self.pair.certificate),
                           (live.key, self.pair.key)):
            link.symlink_to(file)
        service = self.start(*self.options(live.certificate, live.key))
        self.assertEqual(self.shown(service), self.pair.serial)
        renewed = self.authority.issue("renewed")
        for link, file in ((live.certificate, renewed.certificate),
                           (live.key, renewed.key)):
            link.unlink()
            link.symlink_to(file)
        self.comes_to_show(service, renewed)

    def test_what_does_not_fit_keeps_the_old_one_and_alerts(self):
        service = self.start_tls()
        before = self.pair.serial
        renewed = self.authority.issue("renewed")
        whole = renewed.certificate.read_bytes()
        expired = self.authority.issue("expired", days=-1)
        for content, why in ((b"", "no certificate"), (whole[:200], "cut off"),
                             (whole, "does not belong"),
                             (expired.certificate.read_bytes(), "does not belong"),
                             (None, "No such file")):
            if content is None:
                self.pair.certificate.unlink()
            else:
                self.pair.certificate.write_bytes(content)
            self.assertTrue(harness.wait_until(
                lambda: why in self.alerts().get(NOT_RENEWED, "")), self.alerts())
            self.assertEqual(self.shown(service), before)
            self.assertTrue(certifying.comes_to_say(service, f"{NOT_RENEWED} .*{why}"))
        expired.put_at(self.pair)
        self.assertTrue(harness.wait_until(
            lambda: "has expired" in self.alerts().get(NOT_RENEWED, "")), self.alerts())
        self.assertEqual(self.shown(service), before)
        renewed.put_at(self.pair)
        self.comes_to_show(service, renewed)
        self.assertNotIn(NOT_RENEWED, self.alerts())
        self.assertEqual(self.health()["troubles"][NOT_RENEWED], 1)

    # -- ending -----------------------------------------------------------------------

    def test_one_that_ends_soon_is_told_and_one_that_has_ended(self):
        for days, alert, words in ((13, "certificate-expires", "expires soon"),
                                   (-1, "certificate-expired", "has expired")):
            pair = self.authority.issue("shown", days=days)
            service = self.start(*self.options(pair.certificate, pair.key))
            self.assertIn(words, self.alerts()[alert])
            self.assertIn(str(pair.certificate), self.alerts()[alert])
            self.assertTrue(certifying.comes_to_say(service, f"{alert} .*{words}"))
            # It is told once, however many come.
            self.alerts()
            self.assertEqual(service.log().count(alert), 1)
            self.assert_clean_exit(service)

    def test_one_that_ends_soon_is_told_while_it_runs(self):
        service = self.start_tls()
        self.assertEqual(self.alerts(), {})
        self.authority.issue("renewed", days=13).put_at(self.pair)
        self.assertTrue(harness.wait_until(
            lambda: "certificate-expires" in self.alerts()), service.log())
        self.authority.issue("again").put_at(self.pair)
        self.assertTrue(harness.wait_until(lambda: not self.alerts()), service.log())

    # -- refused ----------------------------------------------------------------------

    def test_each_mistake_has_a_sentence_of_its_own(self):
        between = certifying.Authority(self.folder, "between", self.authority)
        leaf = between.issue("leaf")
        client = self.authority.issue("client", "clientAuth")
        other = self.authority.issue("other")
        empty, cut = self.folder / "empty", self.folder / "cut"
        empty.touch()
        cut.write_bytes(self.pair.key.read_bytes()[:100])
        mixed = certifying.chain(self.folder / "mixed", leaf, self.authority, between)
        upside_down = certifying.chain(self.folder / "upside down", between, leaf)
        for certificate, key, setting, words in (
                (None, other.key, "key", "does not belong to the certificate"),
                (upside_down, leaf.key, "certificate", "in the wrong order"),
                (mixed, leaf.key, "certificate", "in the wrong order"),
                (client.certificate, client.key, "certificate", "lacks serverAuth"),
                (self.authority.certificate, self.authority.key, "certificate",
                 "an authority's"),
                (None, self.pair.encrypted(), "key", "is encrypted"),
                (None, empty, "key", "no private key"),
                (None, cut, "key", "cut off"),
                (None, self.folder / "nowhere", "key", "No such file"),
                (None, self.folder, "key", "no file"),
                (self.pair.key, None, "certificate", "no certificate")):
            code, log = self.refusal(*self.options(certificate, key))
            self.assertEqual((code, log.count("\n")), (2, 1), log)
            self.assertIn(f"http.{setting}=", log)
            self.assertIn(words, log)
        good = certifying.chain(self.folder / "good", leaf, between, self.authority)
        self.pair.certificate, self.pair.key = good, leaf.key
        self.assertEqual(self.shown(self.start_tls()), leaf.serial)

    def test_an_encrypted_key_asks_nobody(self):
        """Not even where there is a terminal to ask at."""
        locked = self.pair.encrypted()
        client = self.authority.issue("client", "clientAuth")
        gate = (f"--{{}}ca-file={self.authority.certificate}",
                f"--{{}}certificate={self.pair.certificate}", f"--{{}}key={locked}")
        client_locked = client.encrypted()
        for command in (
                (harness.SLUICED, f"--data-dir={self.data}", "--http.port=0",
                 *self.options(key=locked)),
                (gating.GATE, f"--data-dir={self.data}", "--gate.port=0",
                 *(x.format("gate.") for x in gate)),
                (looking.SLUICECTL, "--connect=127.0.0.1:1",
                 f"--ca-file={self.authority.certificate}",
                 f"--certificate={client.certificate}", f"--key={client_locked}",
                 "status")):
            code, log = self.at_a_terminal(command)
            self.assertEqual((code, log.count(b"\n")), (2, 1), log)
            self.assertIn(b"is encrypted", log)

    def at_a_terminal(self, command):
        """Exit code and standard error of a process that has a terminal of its own."""
        outside, inside = pty.openpty()
        name = os.ttyname(inside)
        process = subprocess.Popen(
            ("sh", "-c", 'exec "$@" <>"$0"', name, *map(str, command)),
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True,
            env={**harness.ENVIRONMENT, "XDG_RUNTIME_DIR": str(self.runtime)})
        try:
            _, log = process.communicate(timeout=harness.START_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            _, log = process.communicate()
        finally:
            os.close(outside)
            os.close(inside)
        return process.returncode, log

    # -- too many ---------------------------------------------------------------------

    def test_connections_past_the_limit_are_counted_and_told_once(self):
        service = self.start_tls("--http.max-connections=1")
        with contextlib.ExitStack() as stack:
            self.assertTrue(attack.begin_request(stack.enter_context(self.tls(service))))
            for _ in range(3):
                self.assert_problem(self.ask_tls(service, "/v1/config"), 503)
            # There are more places on the unix socket.
            others = [stack.enter_context(self.connect_unix()) for _ in range(16)]
            self.assertEqual([attack.begin_request(x) for x in others], [True] * 16)
            self.assert_problem(self.ask_unix("/v1/config"), 503)
            told = self.ask_unix("/health")
            for each in others:
                each.sendall(b"x")
                self.assert_ok(harness.read_answers(each, 1)[0])
            metrics = self.ask_unix("/metrics").text
        self.assertEqual(told.json["troubles"]["tls-connections-refused"], 3)
        self.assertEqual(told.json["troubles"]["http-connections-refused"], 2)
        self.assertIn('sluice_troubles_total{trouble="tls-connections-refused"} 3',
                      metrics)
        self.assertTrue(certifying.comes_to_say(service, "http.max-connections is 1"))
        self.assertEqual(service.log().count("connections-refused"), 1)

    def ask_tls(self, service, path):
        with contextlib.closing(
                service.connect_tls(self.authority.certificate)) as connection:
            return harness.exchange(connection, "GET", path)

    def ask_unix(self, path):
        with contextlib.closing(harness.UnixConnection(str(self.path))) as connection:
            return harness.exchange(connection, "GET", path)

    def connect_unix(self):
        peer = socket.socket(socket.AF_UNIX)
        peer.settimeout(harness.ANSWER_SECONDS_MAX)
        peer.connect(str(self.path))
        return peer


if __name__ == "__main__":
    harness.main()
