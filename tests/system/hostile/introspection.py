"""Peers that mean no good, at the introspection socket: the same user and another."""

import concurrent.futures
import contextlib
import os
import random
import select
import socket
import struct
import sys
import time

import harness
import looking
from attack import (DOWN, HANDSHAKE_TO_SERVER, MEMORY_GROWTH_MAX_KIB, MESSAGE, MONITOR,
                    PACKETS, growth_kib, header, memory_kib)

ANOTHER_USER = 65534
WELCOME, NO_ENTRY, TURNED_AWAY = 2, 3, 4
HEADER_BYTES = 32
CONNECTIONS_MAX = 32
# Whose answers are far more than may wait for one who does not read them.
QUESTIONS = 40
QUESTION_PAUSE = 0.1


class Introspection(looking.Case):
    def connect(self, service):
        peer = socket.socket(socket.AF_UNIX)
        self.addCleanup(peer.close)
        peer.connect(looking.socket_of(service))
        peer.settimeout(10)
        return peer

    def read_banner(self, peer):
        """What the service says first: its name, and who it serves."""
        stream = peer.makefile("rb")
        first = stream.read(HEADER_BYTES)
        if len(first) < HEADER_BYTES:
            return None
        return stream.read(struct.unpack(">I", first[4:8])[0])

    def send(self, peer, data):
        try:
            peer.sendall(data)
        except OSError:
            pass

    def is_closed(self, peer):
        try:
            while peer.recv(65536):
                pass
        except TimeoutError:
            return False
        except OSError:
            pass
        return True

    def assert_lives(self, service):
        self.assertIsNone(service.process.poll(), service.log())
        self.assertEqual(service.get("/health/live").status, 200)
        done = []

        def answers():
            done[:] = [self.run_ctl(service, "--json", "actors")]
            return done[0].returncode == 0
        self.assertTrue(harness.wait_until(answers), done)

    def assert_closes(self, service, data):
        peer = self.connect(service)
        self.send(peer, data)
        self.assertTrue(self.is_closed(peer), data[:64])

    def me(self, banner):
        """A node like the service's own, and another: its number differs."""
        changed = bytearray(banner[:32])
        changed[11] ^= 0x55
        return bytes(changed)

    def test_packets_that_kill_a_node_close_the_connection(self):
        service = self.start()
        before = memory_kib(service)
        for packet in PACKETS:
            self.assert_closes(service, packet)
        self.assert_lives(service)
        self.assertLess(growth_kib(service, before), MEMORY_GROWTH_MAX_KIB)

    def test_who_introduces_itself_may_ask_the_introspection_alone(self):
        service = self.start()
        before = self.dropped(service)
        peer = self.connect(service)
        banner = self.read_banner(peer)
        node = self.me(banner)
        self.send(peer, header(HANDSHAKE_TO_SERVER, len(node)) + node)
        junk = bytes(1) + bytes(2) + b"\x04@<>+"
        normal = 1 << 60
        messages = [header(MESSAGE, len(junk), data=data, source=7, target=target,
                           flags=flags) + junk
                    for target in (*range(1, 4), 2**64 - 1)
                    for data in (0, normal, normal + 1, (2 << 60) + 1, (3 << 60) + 1)
                    for flags in (0, 1)]
        for each in messages[:30]:
            self.send(peer, each)
        self.send(peer, header(DOWN, 8, source=1) + bytes(8))
        self.send(peer, header(MONITOR, 8, target=1) + bytes(8))
        self.assertTrue(harness.wait_until(
            lambda: self.dropped(service) >= before + 32))
        self.assert_lives(service)

    def dropped(self, service):
        who = next(x for x in service.get("/v1/actors").json
                   if x["name"] == "introspection")
        return who["state"]["droppedMessages"]

    def test_an_introduction_comes_once_and_is_no_copy(self):
        service = self.start()
        peer = self.connect(service)
        banner = self.read_banner(peer)
        own = banner[:32]
        self.assert_closes(service, header(HANDSHAKE_TO_SERVER, len(own)) + own)
        node = self.me(banner)
        hello = header(HANDSHAKE_TO_SERVER, len(node)) + node
        self.send(peer, hello)
        self.assert_closes(service, hello)
        self.send(peer, hello)
        self.assertTrue(self.is_closed(peer))
        self.assert_lives(service)

    def test_random_bytes_do_no_harm(self):
        service = self.start()
        before = memory_kib(service)
        chance = random.Random(1)
        for _ in range(60):
            peer = self.connect(service)
            self.send(peer, chance.randbytes(4096))
            peer.close()
        for _ in range(60):
            peer = self.connect(service)
            length = chance.randrange(1, 64)
            self.send(peer, header(chance.randrange(7), length, chance.randrange(4),
                                   chance.choice((0, 1, 2**63)), chance.randrange(4),
                                   chance.randrange(30)) + chance.randbytes(length))
            peer.close()
        self.assert_lives(service)
        self.assertLess(growth_kib(service, before), MEMORY_GROWTH_MAX_KIB)

    def test_connections_that_are_held_lock_nobody_out(self):
        service = self.start()
        held = [self.connect(service) for _ in range(200)]
        # All have come in by then, and who was silent longest has gone.
        gone = held[:-CONNECTIONS_MAX]
        for peer in gone:
            self.assertTrue(self.is_closed(peer))
        self.assert_lives(service)
        for peer in held[-CONNECTIONS_MAX // 2:]:
            peer.setblocking(False)
            with self.assertRaises(BlockingIOError):
                while True:
                    self.assertTrue(peer.recv(65536))

    # -- who does not read what it asks for ----------------------------------------------

    def overheard(self, service, *words):
        """All that sluicectl sends for a question, and the question alone."""
        path = str(self.folder / "between")
        sent = bytearray()

        def carry(source, to, note):
            while chunk := source.recv(65536):
                note(chunk)
                to.sendall(chunk)

        def stand_between(server):
            with server.accept()[0] as asker, socket.socket(socket.AF_UNIX) as asked:
                asked.connect(looking.socket_of(service))
                back = pool.submit(carry, asked, asker, len)
                carry(asker, asked, sent.extend)
                asked.shutdown(socket.SHUT_RDWR)
                back.result()

        with concurrent.futures.ThreadPoolExecutor() as pool, \
                socket.socket(socket.AF_UNIX) as server:
            server.bind(path)
            os.chmod(path, 0o600)
            server.listen()
            between = pool.submit(stand_between, server)
            self.assertEqual(looking.ctl(f"--socket={path}", *words).returncode, 0)
            between.result()
        at, question = 0, b""
        while at < len(sent):
            operation, length = sent[at], struct.unpack(">I", sent[at + 4:at + 8])[0]
            end = at + HEADER_BYTES + length
            question = bytes(sent[at:end]) if operation == MESSAGE else question
            at = end
        return bytes(sent[:sent.index(question) + len(question)]), question

    def asks_on(self, service, words, reads):
        """Whether one may ask this again and again, and read the answers or not."""
        peer = self.connect(service)
        first, question = words
        try:
            peer.sendall(first)
            for _ in range(QUESTIONS):
                peer.sendall(question)
                # There are only so many questions in a second.
                if not reads:
                    time.sleep(QUESTION_PAUSE)
                while reads and select.select([peer], [], [], QUESTION_PAUSE)[0]:
                    if not peer.recv(1 << 20):
                        return False
        except ConnectionError:
            return False
        return True

    def test_who_reads_no_answers_is_let_go(self):
        service = self.start("--log.max-logs=1000")
        with contextlib.closing(service.connect()) as client:
            for n in range(900):
                harness.exchange(client, "POST", f"/v1/logs/{'x' * 50}{n}", "x\n",
                                 harness.TEXT)
        words = self.overheard(service, "--json", "actors")
        self.assertTrue(self.asks_on(service, words, reads=True))
        self.assertFalse(self.asks_on(service, words, reads=False))
        self.assert_lives(service)

    def test_another_user_gets_nothing(self):
        if os.geteuid() != 0:
            sys.exit(harness.SKIPPED)
        service = self.start()
        path = looking.socket_of(service)

        def try_it():
            return self.as_another_user(lambda: self.knock(path))
        self.assertEqual(try_it(), NO_ENTRY)
        # Even where the file's mode would let it in.
        for folder in (path, *self.parents_of(path)):
            os.chmod(folder, 0o777)
        self.assertEqual(try_it(), TURNED_AWAY)
        self.assert_lives(service)

    def knock(self, path):
        try:
            peer = socket.socket(socket.AF_UNIX)
            peer.connect(path)
            return WELCOME if peer.recv(1) else TURNED_AWAY
        except PermissionError:
            return NO_ENTRY
        except OSError:
            return TURNED_AWAY

    def as_another_user(self, what):
        """The number that it returns, done in a process of its own."""
        child = os.fork()
        if child == 0:
            try:
                os.setgroups([])
                os.setgid(ANOTHER_USER)
                os.setuid(ANOTHER_USER)
                os._exit(what())
            finally:
                os._exit(1)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    def parents_of(self, path):
        here = os.path.dirname(path)
        while here.startswith(str(self.runtime)):
            yield here
            here = os.path.dirname(here)


if __name__ == "__main__":
    harness.main()
