"""Ways in: TLS, a unix socket, and what lies beyond loopback."""

import contextlib
import socket
import ssl
import subprocess

import harness


class Reach(harness.Case):
    def certificate(self):
        certificate, key = self.folder / "cert.pem", self.folder / "key.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes",
                        "-days", "1", "-subj", "/CN=sluice test",
                        "-addext", "subjectAltName=IP:127.0.0.1",
                        "-keyout", key, "-out", certificate],
                       check=True, capture_output=True, timeout=60)
        return certificate, key

    def test_tls_serves_those_who_know_the_certificate(self):
        certificate, key = self.certificate()
        service = self.start(f"--http.certificate={certificate}", f"--http.key={key}")
        with contextlib.closing(service.connect_tls(certificate)) as connection:
            for _ in range(3):
                answer = harness.exchange(connection, "POST", "/v1/logs/a", "x\n",
                                          harness.TEXT)
                self.assert_status(answer, 202)
        with self.assertRaises(ssl.SSLError), \
                contextlib.closing(service.connect_tls(None)) as stranger:
            stranger.request("GET", "/health")
        self.assert_clean_exit(service)
        self.assertEqual(service.log_file("a"), b"x\n" * 3)

    def test_tls_port_answers_no_plain_request(self):
        certificate, key = self.certificate()
        service = self.start(f"--http.certificate={certificate}", f"--http.key={key}")
        with contextlib.closing(service.socket()) as sock:
            sock.settimeout(10)
            with contextlib.suppress(OSError):
                sock.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
                self.assertNotIn(b"200 OK", sock.recv(4096))
        with contextlib.closing(service.connect_tls(certificate)) as connection:
            self.assert_status(harness.exchange(connection, "GET", "/health"), 200)

    def test_a_key_of_another_certificate_is_refused(self):
        certificate, _ = self.certificate()
        other = self.folder / "other.pem"
        subprocess.run(["openssl", "genpkey", "-algorithm", "RSA", "-out", other],
                       check=True, capture_output=True, timeout=60)
        code, log = self.refusal(f"--http.certificate={certificate}",
                                 f"--http.key={other}")
        self.assertEqual((code, len(log.splitlines())), (2, 1), log)

    def test_a_unix_socket_serves_beside_the_port(self):
        path = self.folder / "sock"
        service = self.start(f"--http.socket={path}")
        with contextlib.closing(harness.UnixConnection(str(path))) as connection:
            answer = harness.exchange(connection, "GET", "/health")
            self.assert_status(answer, 200)
        self.assert_status(service.get("/health"), 200)
        self.assertEqual(path.stat().st_mode & 0o077, 0)
        self.assert_clean_exit(service)

    def test_a_unix_socket_can_be_all_there_is(self):
        path = self.folder / "sock"
        service = self.start("--http.address=", f"--http.socket={path}")
        self.assertEqual(service.address, f"unix:{path}")
        with contextlib.closing(harness.UnixConnection(str(path))) as connection:
            self.assert_status(harness.exchange(connection, "GET", "/health"), 200)

    def test_a_socket_left_by_a_killed_service_is_replaced(self):
        path = self.folder / "sock"
        self.start(f"--http.socket={path}").kill()
        self.start(f"--http.socket={path}")
        with contextlib.closing(harness.UnixConnection(str(path))) as connection:
            self.assert_status(harness.exchange(connection, "GET", "/health"), 200)

    def test_a_file_in_the_place_of_the_socket_is_left_alone(self):
        path = self.folder / "sock"
        path.write_text("mine")
        code, log = self.refusal(f"--http.socket={path}")
        self.assertIn(code, (2, 4), log)
        self.assertEqual(path.read_text(), "mine")

    def test_beyond_loopback_with_token_and_consent(self):
        token = self.secret("token", "t0ken\n")
        service = self.start("--http.address=0.0.0.0", f"--http.token-file={token}",
                             "--http.plain=true")
        self.assertTrue(service.address.startswith("0.0.0.0:"))
        self.assert_problem(service.get("/health"), 401)

    def test_ipv6_loopback_serves(self):
        if not socket.has_ipv6 or not self.has_loopback6():
            self.skipTest("no IPv6 here")
        service = self.start("--http.address=::1")
        connection = harness.http.client.HTTPConnection("::1", service.port, timeout=30)
        with contextlib.closing(connection):
            self.assert_status(harness.exchange(connection, "GET", "/health"), 200)

    def has_loopback6(self):
        with contextlib.suppress(OSError), socket.create_server(
                ("::1", 0), family=socket.AF_INET6):
            return True
        return False


if __name__ == "__main__":
    harness.main()
