"""The gate: who may look into the service from another machine, and what may be done."""

import concurrent.futures
import contextlib
import os
import random
import re
import signal
import socket
import ssl
import sys
import time

import attack
import gating
import harness

READING = (("status",), ("actors",), ("stats", "log"), ("stats", "session"),
           ("stats", "database"), ("stats", "websocket"), ("stats", "metrics"),
           ("history",), ("ledger",), ("get",), ("get", "log.max-entries"))
# Of those who have shown no certificate yet: so many at once, for so long. Who has shown
# one may be silent for a while.
ARRIVALS_MAX = 64
ARRIVAL_SECONDS = 10
SILENCE_SECONDS = 120
TOUCHING = (("flush",), ("checkpoint",), ("set", "log.flush-interval", "7s"),
            ("restart", "log-buffer/app"))


def field(process, name):
    with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
        return next(x.split()[1] for x in status if x.startswith(name + ":"))


class Gate(gating.Case):
    def test_what_is_seen_through_it_is_what_is_there(self):
        service = self.start("--log.flush-interval=1h")
        service.post_text("/v1/logs/app", "a line\n")
        gate = self.start_gate()
        for words in READING:
            self.assertEqual(type(self.ask_gate(gate, *words)),
                             type(self.ask(service, *words)), words)
        for words in (("stats", "log"), ("get",)):
            self.assertEqual(self.ask_gate(gate, *words), self.ask(service, *words))
        gate.wait_for("gate-opened .* alice")

    def test_it_only_shows(self):
        service = self.start("--log.flush-interval=1h")
        service.post_text("/v1/logs/app", "a line\n")
        gate = self.start_gate()
        for words in TOUCHING:
            self.refused_by_gate(gate, "gate.allow-control", *words)
        self.assertEqual(self.ask(service, "get", "log.flush-interval")["value"], "1h")
        self.assertEqual(service.get("/v1/logs/app").json["bufferSize"], 1)
        self.assertEqual({x["restarts"] for x in self.ask(service, "actors")}, {0})

    def test_where_it_is_allowed_it_touches(self):
        service = self.start("--log.flush-interval=1h")
        service.post_text("/v1/logs/app", "a line\n")
        gate = self.start_gate("--gate.allow-control=true")
        for words in TOUCHING:
            self.ask_gate(gate, *words)
        self.assertEqual(service.log_file("app"), b"a line\n")
        self.assertEqual(self.ask(service, "get", "log.flush-interval")["value"], "7s")
        service.wait_for(r"sluicectl of .* through the gate")

    def test_who_asks_through_it_is_told_at_once_when_the_service_dies(self):
        service = self.start("--sqlite.query-timeout=60s")
        gate = self.start_gate("--gate.allow-control=true")
        asked = self.ask_while_it_works(service, *self.way_to(gate))
        service.kill()
        _, told = asked.communicate(timeout=harness.ANSWER_SECONDS_MAX)
        self.assertEqual((asked.returncode, told.count("\n")), (1, 1), told)
        self.assertIn("has ended", told)

    # -- who may come ------------------------------------------------------------------

    def test_a_certificate_for_a_server_opens_nothing(self):
        self.start()
        gate = self.start_gate()
        done = self.from_afar(gate, "status", name="gate")
        self.assertEqual((done.returncode, done.stdout), (2, ""), done.stderr)
        self.assertIn("lacks clientAuth", done.stderr)
        # Whoever shows it all the same gets no further.
        with self.tls(gate, name="gate") as peer:
            self.read_to_the_end(peer)
        gate.wait_for("gate-refused")

    def test_an_authority_of_ones_own_opens_nothing(self):
        self.start()
        gate = self.start_gate()
        mallory = self.folder / "another authority"
        self.make("client", "alice", authority=mallory)
        self.refused_by_gate(gate, "not the gate that we trust", "status",
                             authority=mallory)
        # Even for one that trusts the gate.
        (mallory / "ca.pem").write_bytes((self.authority / "ca.pem").read_bytes())
        self.refused_by_gate(gate, "does not let us in", "status", authority=mallory)

    def test_without_a_certificate_there_is_nothing(self):
        self.start()
        gate = self.start_gate()
        done = self.run_program("openssl", "s_client", "-connect", gate.address,
                                "-CAfile", str(self.authority / "ca.pem"), "-quiet")
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual(done.stdout, "")
        with socket.create_connection(("127.0.0.1", gate.port), 10) as plain:
            plain.sendall(b"GET / HTTP/1.1\r\n\r\n")
            self.assertNotIn(b"sluice", plain.recv(4096))
        self.assertTrue(harness.wait_until(
            lambda: gate.log().count("gate-refused") == 2), gate.log())

    def test_a_client_is_not_fooled_by_another_server(self):
        self.start()
        self.make("server", "elsewhere")
        self.refused_by_gate(self.start_gate(name="elsewhere"),
                             "not the gate that we trust", "status")
        # A client's certificate is none for a server.
        self.make("client", "localhost")
        gate = self.launch_gate(name="localhost")
        self.assertEqual(gate.wait(harness.START_SECONDS_MAX), 2, gate.log())
        self.assertIn("lacks serverAuth", gate.log())
        with self.impostor("localhost") as port:
            done = self.from_afar(None, "status", address=f"localhost:{port}")
        self.assertEqual(done.returncode, 1)
        self.assertIn("not the gate that we trust", done.stderr)

    @contextlib.contextmanager
    def impostor(self, name):
        """Another program that shows this certificate; its port."""
        _, certificate, key = self.files(name)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)

        def show_once():
            with contextlib.suppress(OSError):
                context.wrap_socket(listening.accept()[0], server_side=True).close()

        with socket.create_server(("127.0.0.1", 0)) as listening, \
                concurrent.futures.ThreadPoolExecutor(1) as worker:
            worker.submit(show_once)
            yield listening.getsockname()[1]

    def test_a_gate_is_known_by_its_names(self):
        self.start()
        gate = self.start_gate()
        self.ask_gate(gate, "status", address=f"localhost:{gate.port}")
        self.ask_gate(gate, "status", address=f"127.0.0.1:{gate.port}")

    # -- when something is missing -----------------------------------------------------

    def test_without_its_files_it_does_not_start(self):
        for option, why in (("--gate.ca-file=", "gate.ca-file= "),
                            ("--gate.certificate=/nowhere", "gate.certificate=/now"),
                            ("--gate.key=" + str(self.files("alice")[2]), "gate.key="),
                            ("--gate.address=nonsense", "gate.address")):
            gate = self.launch_gate(option)
            self.assertEqual(gate.wait(harness.START_SECONDS_MAX), 2, gate.log())
            self.assertEqual(gate.log().count("\n"), 1, gate.log())
            self.assertIn(why, gate.log())
        gate = self.start_gate()
        another = self.launch_gate(f"--gate.port={gate.port}")
        self.assertEqual(another.wait(harness.START_SECONDS_MAX), 4, another.log())

    def test_a_service_that_comes_and_goes_is_seen_again(self):
        service = self.start()
        gate = self.start_gate()
        first = self.ask_gate(gate, "status")["pid"]
        service.kill()
        self.refused_by_gate(gate, "does it run", "status")
        service = self.start()
        self.assertEqual(self.ask_gate(gate, "status")["pid"], service.pid)
        self.assertNotEqual(first, service.pid)
        self.assertEqual(gate.stop(), 0, gate.log())

    def test_the_service_does_not_notice_its_death(self):
        service = self.start()
        gate = self.start_gate()
        self.ask_gate(gate, "status")
        gate.kill()
        self.refused_by_gate(gate, "cannot be reached", "status")
        self.ask(service, "status")
        self.assertEqual(service.get("/health/ready").status, 200)
        again = self.start_gate(f"--gate.port={gate.port}")
        self.ask_gate(again, "status")

    # -- those who mean no good --------------------------------------------------------

    def test_it_has_no_rights(self):
        self.start()
        gate = self.start_gate()
        for name in ("CapEff", "CapPrm", "CapInh"):
            self.assertEqual(int(field(gate, name), 16), 0, name)
        self.assertEqual(field(gate, "NoNewPrivs"), "1")
        kept = re.search(r"cannot give up files.*", gate.log())
        self.assertIn("ready", gate.log())
        if kept:
            self.skipTest(kept[0])

    def test_hostile_bytes_with_a_good_certificate_harm_nobody(self):
        service = self.start()
        gate = self.start_gate()
        self.ask_gate(gate, "status")
        before = attack.memory_kib(service), attack.memory_kib(gate)
        chance = random.Random(2)
        for packet in (*attack.PACKETS, *(chance.randbytes(4096) for _ in range(40))):
            with self.tls(gate) as peer:
                peer.sendall(packet)
                self.read_to_the_end(peer)
        self.assertIsNone(gate.process.poll(), gate.log())
        self.assertTrue(harness.wait_until(
            lambda: self.from_afar(gate, "status").returncode == 0))
        for program, kib in zip((service, gate), before):
            self.assertLess(attack.growth_kib(program, kib),
                            attack.MEMORY_GROWTH_MAX_KIB)

    def read_to_the_end(self, peer):
        """What it says to one that it lets go, or nothing for a while."""
        peer.settimeout(2)
        try:
            while peer.recv(65536):
                pass
        except OSError:
            pass

    def test_hostile_bytes_without_a_certificate_harm_nobody(self):
        service = self.start()
        gate = self.start_gate()
        before = attack.memory_kib(gate)
        chance = random.Random(3)
        for packet in (*attack.PACKETS, *(chance.randbytes(4096) for _ in range(100))):
            with socket.create_connection(("127.0.0.1", gate.port), 10) as peer:
                peer.sendall(packet)
        self.ask_gate(gate, "status")
        self.assertLess(attack.growth_kib(gate, before), attack.MEMORY_GROWTH_MAX_KIB)
        self.ask(service, "status")

    def is_closed(self, peer):
        """Whether the other side has ended it by now."""
        peer.setblocking(False)
        try:
            return peer.recv(1) == b""
        except BlockingIOError:
            return False
        except ConnectionError:
            return True

    def test_of_those_who_only_connect_the_oldest_give_way(self):
        self.start()
        gate = self.start_gate()
        held = [socket.create_connection(("127.0.0.1", gate.port), 10)
                for _ in range(ARRIVALS_MAX + 3)]
        self.assertTrue(harness.wait_until(lambda: self.is_closed(held[2])))
        self.assertEqual([self.is_closed(each) for each in held],
                         [True] * 3 + [False] * ARRIVALS_MAX)
        self.ask_gate(gate, "status")
        for each in held:
            each.close()

    def lapsing(self, factor):
        """Before a gate for which time passes so many times as fast."""
        more = harness.preloaded("time_lapse", TIME_LAPSE=str(factor))
        return ["env", *(f"{name}={value}" for name, value in more.items())]

    def test_who_shows_nothing_holds_its_place_for_seconds_alone(self):
        self.start()
        gate = self.start_gate(before=self.lapsing(10))
        begun = time.monotonic()
        peer = socket.create_connection(("127.0.0.1", gate.port), 10)
        peer.settimeout(harness.ANSWER_SECONDS_MAX)
        with contextlib.suppress(ConnectionError):
            self.assertEqual(peer.recv(1), b"")
        self.assertGreaterEqual(time.monotonic() - begun, ARRIVAL_SECONDS / 10)
        peer.close()

    def test_who_is_silent_holds_its_place_for_minutes_alone(self):
        self.start()
        gate = self.start_gate(before=self.lapsing(20))
        peers = []

        def let_in():
            # It has half a second for what takes a moment.
            with contextlib.suppress(OSError):
                peers.append(self.tls(gate))
            return "gate-opened" in gate.log()
        begun = time.monotonic()
        self.assertTrue(harness.wait_until(let_in))
        gate.wait_for("gate-closed")
        self.assertGreaterEqual(time.monotonic() - begun, SILENCE_SECONDS / 20)
        for each in peers:
            each.close()

    def test_so_many_may_be_connected_and_no_more(self):
        self.start()
        gate = self.start_gate()
        held = [self.tls(gate) for _ in range(16)]
        self.assertTrue(harness.wait_until(
            lambda: gate.log().count("gate-opened") == 16), gate.log())
        self.refused_by_gate(gate, "does not let us in", "status")
        gate.wait_for("gate-full")
        held.pop().close()
        self.assertTrue(harness.wait_until(
            lambda: self.from_afar(gate, "status").returncode == 0))
        for each in held:
            each.close()

    def test_who_asks_too_often_is_told_so_and_harms_no_other(self):
        service = self.start()
        gate = self.start_gate()
        self.ask_gate(gate, "status")
        with concurrent.futures.ThreadPoolExecutor(8) as askers:
            done = list(askers.map(lambda _: self.from_afar(gate, "get", "adaptive"),
                                   range(160)))
        self.assertLessEqual({x.returncode for x in done}, {0, 1})
        self.assertGreater(sum(x.returncode == 0 for x in done), 16)
        for each in done:
            if each.returncode == 1:
                self.assertRegex(each.stderr, "too often|does not let us in")
        # They are counted, and the service did not have to end the gate's connection.
        gate.stop()
        told = re.search(r"gate-ended .* refused (\d+) requests", gate.log())
        self.assertEqual(int(told[1]), sum("too often" in x.stderr for x in done))
        own = next(x for x in self.ask(service, "actors") if x["name"] == "introspection")
        self.assertEqual(own["state"]["closedPeers"], 0)

    # -- another machine ---------------------------------------------------------------

    def test_another_machine_sees_the_service(self):
        if os.geteuid() != 0:
            sys.exit(harness.SKIPPED)
        here, there = self.another_machine()
        self.make("server", here)
        service = self.start()
        gate = self.start_gate(f"--gate.address={here}", name=here)
        inside = ("ip", "netns", "exec", there)
        seen = self.ask_gate(gate, "status", before=inside)
        self.assertEqual(seen["pid"], service.pid)
        # The service itself is not to be had from there.
        reach = self.run_program(*inside, "curl", "--silent", "--max-time", "2",
                                 f"http://{here}:{service.port}/health/live")
        self.assertNotEqual(reach.returncode, 0)

    def another_machine(self):
        """A network of its own, with one wire to here; returns the address at this end,
        and the name of the other."""
        name, wire = f"sluice-{os.getpid()}", f"sl{os.getpid()}"
        net = f"10.203.{os.getpid() % 256}"
        made = self.run_program("ip", "netns", "add", name)
        if made.returncode != 0:
            self.skipTest(f"no network namespace can be had: {made.stderr}")
        self.addCleanup(self.run_program, "ip", "netns", "del", name)
        for words in (("link", "add", wire, "type", "veth", "peer", "name", "eth0",
                       "netns", name),
                      ("addr", "add", f"{net}.1/24", "dev", wire),
                      ("link", "set", wire, "up"),
                      ("-n", name, "addr", "add", f"{net}.2/24", "dev", "eth0"),
                      ("-n", name, "link", "set", "eth0", "up")):
            done = self.run_program("ip", *words)
            if done.returncode != 0:
                self.skipTest(f"no wire can be had: {done.stderr}")
        return f"{net}.1", name

    # -- its end -----------------------------------------------------------------------

    def test_a_signal_ends_it(self):
        self.start()
        for number in (signal.SIGTERM, signal.SIGINT):
            gate = self.start_gate()
            self.ask_gate(gate, "status")
            gate.signal(number)
            self.assertEqual(gate.wait(), 0, gate.log())


if __name__ == "__main__":
    harness.main()
