"""By which names the service answers, and to whose pages: forwarded ports, proxies, and
names that somebody else's server could give to this machine."""

import contextlib
import http.client
import subprocess

import harness
from harness import TEXT


class Hosts(harness.Case):
    def status(self, service, host, origin=None, path="/health/live"):
        headers = {"Host": host} | ({} if origin is None else {"Origin": origin})
        return service.ask("GET", path, headers=headers).status

    def assert_taken(self, service, *pairs):
        for host, origin in pairs:
            self.assertEqual(self.status(service, host, origin), 200, (host, origin))

    def assert_refused(self, service, *pairs):
        for host, origin in pairs:
            self.assertEqual(self.status(service, host, origin), 403, (host, origin))

    def detail(self, service, **headers):
        answer = service.ask("GET", "/health/live", headers=headers)
        return self.assert_problem(answer, 403).json["detail"]

    def test_a_forwarded_port_reaches_the_service_by_the_names_of_loopback(self):
        service = self.start()
        for name in ("localhost", "LocalHost", "localhost.", "127.0.0.1", "127.8.9.1",
                     "[::1]", "[0:0::1]", "[::ffff:127.0.0.1]"):
            for host in (name, f"{name}:8080", f"{name}:{service.port}"):
                self.assert_taken(service, (host, None), (host, f"http://{host}"),
                                  (host, f"https://{host}"))

    def test_no_foreign_name_of_this_machine_is_taken(self):
        service = self.start("--http.hosts=box.local")
        for host in ("evil.example", f"evil.example:{service.port}", "localhost.evil.com",
                     "127.0.0.1.evil.com", "127.0.0.1.nip.io:8080", "evil.localhost",
                     "box.local.evil.com", "evilbox.local", "xlocalhost", "127.1",
                     "2130706433", "0x7f000001", "0177.0.0.1", "127.0.0.256", "128.0.0.1",
                     "0.0.0.0", "[::2]", "[::]", "[::1", "::1", "localhost:",
                     "localhost:x",
                     "localhost:0", "localhost:70000", "localhost:80:80", "a@localhost",
                     "localhost/", "localhost ,evil", "localhost..", ".", "", "*",
                     "box.local:1", "%6cocalhost", "loc\u00e4lhost"):
            host = host.encode("utf-8")
            self.assert_refused(service, (host, None), (host, "http://localhost"))

    def test_another_page_of_this_machine_is_another_page(self):
        service = self.start()
        own = f"localhost:{service.port}"
        self.assert_refused(service, (own, "http://localhost:5173"),
                            (own, "http://localhost"), (own, f"http://{service.address}"),
                            ("localhost:8080", f"http://{own}"),
                            ("localhost", f"http://{own}"),
                            (own, f"ftp://{own}"), (own, "null"), (own, "file://"),
                            (own, f"http://{own}/"), (own, f"http://{own}@evil.example"),
                            (own, f"http://evil.example/{own}"), (own, own), (own, ""),
                            ("evil.example", "http://evil.example"))
        named = self.start("--http.hosts=localhost:5173",
                           f"--data-dir={self.folder}/other")
        own = f"localhost:{named.port}"
        self.assert_taken(named, (own, "http://localhost:5173"),
                          (own, "https://localhost:5173"))
        self.assert_refused(named, (own, "http://localhost:5174"),
                            (own, "http://localhost"))

    def test_a_rule_names_the_usual_ports_or_one_or_any(self):
        rules = "pi.local", "PROXY.local.:18443", "any.local:*", "[fd00::1]"
        service = self.start(f"--http.hosts={','.join(rules)}")
        self.assert_taken(
            service, ("pi.local", None), (f"Pi.Local:{service.port}", None),
            ("pi.local:80", "http://pi.local"), ("pi.local", "https://pi.local"),
            ("pi.local", f"http://pi.local:{service.port}"),
            ("proxy.local:18443", "https://proxy.local:18443"), ("proxy.local", None),
            ("proxy.local", "https://proxy.local:18443"), ("any.local:1", None),
            ("any.local:1", "http://any.local:65535"), ("any.local", "https://any.local"),
            ("[fd00:0::1]", "http://[fd00::1]"), (service.address, "http://pi.local"))
        self.assert_refused(
            service, ("pi.local:18443", None), ("pi.local", "http://pi.local:18443"),
            ("proxy.local:18444", None), ("proxy.local:18443", "https://proxy.local"),
            (f"proxy.local:{service.port}", None), ("any.local.evil.com:1", None),
            ("[fd00::1]:9", None), ("pi.local", "https://proxy.local:1"))

    def test_a_refusal_names_the_setting_and_what_to_add(self):
        service = self.start()
        for host, rule in (("pi.local", "pi.local"), ("pi.local:18443", "pi.local:18443"),
                           (f"pi.local:{service.port}", "pi.local")):
            told = self.detail(service, Host=host)
            self.assertIn(f"Host {host} ", told)
            self.assertTrue(told.endswith(f"--http.hosts={rule}"), told)
        told = self.detail(service, Origin="https://pi.local:18443")
        self.assertTrue(told.endswith("--http.hosts=pi.local:18443"), told)
        for odd in ({"Host": "\u20ac \u00e4".encode()}, {"Host": "a b"},
                    {"Origin": b"http://\xff\xfe"}, {"Origin": "null"}):
            self.detail(service, **odd)

    def test_what_was_added_as_told_is_taken(self):
        service = self.start()
        wishes = [{"Host": "pi.local:18443", "Origin": "https://pi.local:18443"},
                  {"Origin": "http://localhost:5173"}, {"Host": "proxy"}]
        rules = [self.detail(service, **wish).rsplit("=", 1)[1] for wish in wishes]
        self.assert_clean_exit(service)
        service = self.start(f"--http.hosts={','.join(rules)}")
        for wish in wishes:
            answer = service.ask("POST", "/v1/logs/a", "x\n", TEXT, wish)
            self.assert_status(answer, 202)

    def test_who_is_not_of_this_machine_has_the_port_of_the_service_alone(self):
        found = subprocess.run(["hostname", "-I"], capture_output=True, text=True,
                               check=True, timeout=10).stdout.split()
        found = [address for address in found if "." in address]
        if not found:
            self.skipTest("this machine has no address but loopback")
        service = self.start("--http.hosts=named:8080")
        # The service hears of an address that is not the one it was called at.
        for host, status in (("localhost:8080", 403), ("127.0.0.1:8080", 403),
                             ("localhost", 200), (f"localhost:{service.port}", 200),
                             ("named:8080", 200)):
            with contextlib.closing(http.client.HTTPConnection(
                    "127.0.0.1", service.port, harness.ANSWER_SECONDS_MAX,
                    source_address=(found[0], 0))) as connection:
                answer = harness.exchange(connection, "GET", "/health/live",
                                          headers={"Host": host})
                self.assert_status(answer, status)

    def test_rules_that_can_never_match_end_the_start(self):
        for rule in ("http://x", "https://pi.local:18443", "*", "*:80", "*.local", "a, b",
                     "a b", "pi.local:", "pi.local:0", "pi.local:70000", "pi.local:x",
                     "pi.local:*:*", "pi.local:80:*", "::1", "fe80::1%eth0", "[::1",
                     "[x]",
                     "pi.local/", "a@b", "a,,b", "p\u00ef.local", "1.2.3", "a..b"):
            code, log = self.refusal(f"--http.hosts={rule}")
            self.assertEqual((code, len(log.splitlines())), (2, 1), (rule, log))
            self.assertIn("http.hosts", log)
            self.assertIn("name:port or name:*", log)
        path = self.folder / "x.ini"
        path.write_text('[http]\nhosts=["a, b"]\n')
        code, log = self.refusal(f"--config-file={path}")
        self.assertEqual((code, len(log.splitlines())), (2, 1), log)
        self.assertIn("http.hosts", log)

    def test_over_a_unix_socket_any_host_is_good_but_no_page_for_its_sake(self):
        path = self.folder / "sock"
        self.start(f"--http.socket={path}")
        with contextlib.closing(harness.UnixConnection(str(path))) as connection:
            for host, origin, status in (
                    ("whatever.example", None, 200), ("x y", None, 200),
                    ("localhost:18443", "https://localhost:18443", 200),
                    ("evil.example", "http://evil.example", 403)):
                headers = {"Host": host} | ({"Origin": origin} if origin else {})
                answer = harness.exchange(connection, "GET", "/health/live",
                                          headers=headers)
                self.assert_status(answer, status)


if __name__ == "__main__":
    harness.main()
