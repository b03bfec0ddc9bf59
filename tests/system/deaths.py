"""Who has asked is answered, whichever actor dies meanwhile, and keeps nothing: neither
a connection nor the room for what was on its way."""

import collections
import concurrent.futures
import contextlib
import json
import socket
import struct
import threading
import time

import harness
import looking
from websocket import raw

INSERT = "INSERT INTO t VALUES (?)"
LONG_QUERY = ("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
              "LIMIT 1000000000) SELECT max(i) FROM n")
# As the kernel writes them.
LISTEN, TIME_WAIT = "0A", "06"
RESTARTS = 20
# Of the kinds of requests, so many wait for a sync or a statement.
WAITING_MIN = 8
# A value is held beside its text, and four of them fit into the room that there is.
LARGE_BYTES = 7_000_000
LARGE = 4
# Longer than a restart takes, and shorter than what is held back here.
ANSWERED_SECONDS_MAX = 20


def sockets_of(service):
    """How many of the service's sockets are in which state, by the kernel."""
    with open("/proc/net/tcp", encoding="ascii") as table:
        rows = [line.split() for line in table][1:]
    return collections.Counter(row[3] for row in rows
                               if int(row[1].split(":")[1], 16) == service.port)


class Deaths(looking.Case):
    def setUp(self):
        super().setUp()
        self.slow = self.folder / "slow"
        self.addCleanup(lambda: self.slow.unlink(missing_ok=True))
        self.pool = concurrent.futures.ThreadPoolExecutor(64)
        self.addCleanup(self.pool.shutdown)

    def begin(self, *options):
        """A service whose syncs may be held, and that ends nothing by a timeout."""
        service = self.start(
            "--supervisor.restarts=1000", "--http.disk-timeout=10min",
            "--shutdown.deadline=5s", *options,
            env=harness.preloaded("slow_sync", SLOW_SYNC_WHILE=str(self.slow)))
        self.assert_ok(service.execute("CREATE TABLE t (x)"))
        self.make_all_files(service)
        return service

    def make_all_files(self, service):
        for path in ("/v1/logs/app", "/v1/logs/resting"):
            self.assert_ok(service.post_text(f"{path}?durability=disk", "a line\n"))
        self.assert_ok(service.put("/v1/sessions/main/k?durability=disk", {"n": 0}))

    def hold_syncs(self):
        self.slow.write_text("/")

    def release_syncs(self):
        self.slow.unlink(missing_ok=True)

    def load(self, service):
        """One of each kind that waits, and some that do not."""
        disk = "durability=disk"
        queued = {"sql": INSERT, "params": [1]}
        ways = [
            lambda: service.post_text(f"/v1/logs/app?{disk}", "x\n"),
            lambda: service.post_text(f"/v1/logs/other?{disk}", "x\n"),
            lambda: service.post(f"/v1/logs/flush?{disk}"),
            lambda: service.post(f"/v1/logs/app/flush?{disk}"),
            lambda: service.get("/v1/logs/app/tail?lines=1000"),
            lambda: service.put(f"/v1/sessions/main/k?{disk}", {"n": 1}),
            lambda: service.put(f"/v1/sessions/new/k?{disk}", {"n": 1}),
            lambda: service.put(f"/v1/sessions/main?{disk}", {"a": {"n": 1}}),
            lambda: service.get("/v1/sessions/main"),
            lambda: service.post(f"/v1/sessions/flush?{disk}"),
            lambda: service.post(f"/v1/sessions/main/flush?{disk}"),
            lambda: service.post("/v1/sessions/main/prune"),
            lambda: service.post(f"/v1/db/execute?{disk}", queued),
            lambda: service.post("/v1/db/execute", queued),
            lambda: service.post(f"/v1/db/execute?queue=true&{disk}", queued),
            lambda: service.post(f"/v1/db/flush?{disk}"),
            lambda: service.post("/v1/db/query", {"sql": LONG_QUERY}),
            lambda: service.query("SELECT count(*) FROM t"),
            lambda: service.post("/v1/db/checkpoint", {"mode": "full"}),
            lambda: service.post("/v1/db/analyze"),
            lambda: service.post("/v1/topics/t", {"a": 1}),
            lambda: service.get("/v1/actors"),
            lambda: service.get("/v1/connections"),
            lambda: service.get("/v1/ledger"),
        ]
        return [self.pool.submit(way) for way in ways]

    def assert_answered(self, asked, why):
        done, missing = concurrent.futures.wait(asked, ANSWERED_SECONDS_MAX)
        self.assertEqual(len(missing), 0, why)
        for each in done:
            self.assertIn(each.result().status // 100, (2, 4, 5), why)

    def assert_nothing_is_kept(self, service):
        self.assertTrue(harness.wait_until(
            lambda: set(sockets_of(service)) <= {LISTEN, TIME_WAIT}), sockets_of(service))

    def serves(self, service):
        return all(x.status in (200, 202) for x in (
            service.put("/v1/sessions/main/k?durability=disk", {"n": 2}),
            service.post_text("/v1/logs/app?durability=disk", "x\n"),
            service.post("/v1/db/execute?queue=true&durability=disk",
                         {"sql": INSERT, "params": [2]}),
            service.execute(INSERT, 3), service.query("SELECT 1"),
            service.get("/health/ready")))

    def assert_serves(self, service, why):
        self.assertTrue(harness.wait_until(lambda: self.serves(service), 30),
                        (why, service.log()))

    def assert_all_answered_at_the_death_of(self, *names, options=()):
        service = self.begin(*options)
        for who in names:
            with self.subTest(who):
                self.hold_syncs()
                asked = self.load(service)
                time.sleep(0.3)
                self.assertGreater(sum(not x.done() for x in asked), WAITING_MIN)
                self.tell(service, "restart", who)
                time.sleep(0.3)
                self.release_syncs()
                self.assert_answered(asked, (who, service.log()))
                self.assert_serves(service, who)
                self.assert_nothing_is_kept(service)
        self.assert_clean_exit(service)

    def test_nobody_is_told_disk_of_what_died_in_memory(self):
        service = self.begin("--spool.enabled=false")
        self.hold_syncs()
        path = "/v1/sessions/main"
        asked = [self.pool.submit(service.put, f"{path}/first?durability=disk", {})]
        self.assertTrue(harness.wait_until(
            lambda: service.get(f"{path}/first").status == 200))
        asked.append(self.pool.submit(service.put, f"{path}/second?durability=disk", {}))
        self.assertTrue(harness.wait_until(
            lambda: service.get(f"{path}/second").status == 200))
        self.tell(service, "restart", "session-debouncer")
        time.sleep(0.3)
        self.release_syncs()
        self.assert_answered(asked, service.log())
        self.assert_serves(service, "session-debouncer")
        for key, answer in zip(("first", "second"), asked):
            if answer.result().json.get("durability") == "disk":
                self.assertEqual(service.get(f"{path}/{key}").status, 200, key)

    def test_who_asked_is_answered_whichever_keeper_of_logs_dies(self):
        self.assert_all_answered_at_the_death_of(
            "log-buffer/app", "log-writer", "alert-keeper", "topic-hub", "introspection")

    def test_who_asked_is_answered_whichever_keeper_of_sessions_dies(self):
        self.assert_all_answered_at_the_death_of(
            "session-debouncer", "session-journal", "disk-watch")

    def test_who_asked_is_answered_when_rows_of_sessions_die(self):
        self.assert_all_answered_at_the_death_of(
            "session-rows", "database", options=["--session.backend=database"])

    def test_who_asked_is_answered_whichever_keeper_of_sql_dies(self):
        self.assert_all_answered_at_the_death_of(
            "sql-queue", "sqlite-reader/1", "sqlite-writer", "checkpoint-scheduler",
            "database")

    def test_queries_in_flight_are_answered_when_the_database_dies(self):
        service = self.begin()
        self.hold_syncs()
        asked = [self.pool.submit(service.post, "/v1/db/query", {"sql": LONG_QUERY})
                 for _ in range(6)]
        asked += [self.pool.submit(service.post, "/v1/db/execute?durability=disk",
                                   {"sql": INSERT, "params": [n]}) for n in range(6)]
        time.sleep(0.3)
        begun = time.monotonic()
        self.tell(service, "restart", "database")
        # None waits for what the disk or a statement still does.
        self.assert_answered(asked, service.log())
        self.assertLess(time.monotonic() - begun, 4)
        self.release_syncs()
        self.assert_serves(service, "database")
        self.assert_nothing_is_kept(service)
        self.assert_clean_exit(service)

    def test_the_room_for_requests_comes_back_when_the_database_dies(self):
        service = self.begin()
        large = {"sql": "INSERT INTO t VALUES (?)", "params": ["x" * LARGE_BYTES]}
        for _ in range(2):
            self.hold_syncs()
            # The first holds the writer, and the others wait for it.
            asked = [self.pool.submit(service.post, "/v1/db/execute?durability=disk",
                                      large) for _ in range(LARGE)]
            time.sleep(1.5)
            self.tell(service, "restart", "database")
            self.assert_answered(asked, service.log())
            self.assertEqual({each.result().status for each in asked}, {503})
            self.release_syncs()
            self.assert_serves(service, "database")
        self.assert_status(service.post("/v1/db/execute", large), 200)
        self.assert_clean_exit(service)

    def test_writes_in_the_commit_window_are_answered_when_their_writer_dies(self):
        service = self.begin("--sqlite.commit-delay=1min")
        self.hold_syncs()
        first = self.pool.submit(service.post, "/v1/db/execute?durability=disk",
                                 {"sql": INSERT, "params": [0]})
        time.sleep(0.3)
        asked = [self.pool.submit(service.post, "/v1/db/execute",
                                  {"sql": INSERT, "params": [n]}) for n in range(11)]
        time.sleep(0.3)
        # Twelve were in flight, so the eleven wait for whoever asked first.
        self.release_syncs()
        self.assert_status(first.result(), 200)
        begun = time.monotonic()
        self.tell(service, "restart", "sqlite-writer")
        self.assert_answered(asked, service.log())
        self.assertEqual({each.result().status for each in asked}, {503})
        self.assertTrue(harness.wait_until(lambda: any(
            (x["name"], x["restarts"]) == ("sqlite-writer", 1)
            for x in service.get("/v1/actors?state=false").json)))
        # The database waits for nobody who is dead.
        self.assertLess(time.monotonic() - begun, 4)
        self.assertTrue(harness.wait_until(
            lambda: service.get("/health/ready").status == 200))
        self.assert_nothing_is_kept(service)

    def test_a_handshake_is_answered_as_one_while_the_topics_are_started_anew(self):
        service = self.start("--supervisor.restarts=1000")
        over = threading.Event()

        def shake_hands():
            """The answers that came, until it is over."""
            statuses = collections.Counter()
            while not over.is_set():
                client = raw.connect(service)
                with contextlib.closing(client):
                    statuses[client.upgrade().status] += 1
            return statuses

        clients = [self.pool.submit(shake_hands) for _ in range(4)]
        for n in range(1, RESTARTS + 1):
            self.tell(service, "restart", "topic-hub")
            self.assertTrue(harness.wait_until(lambda n=n: any(
                (x["name"], x["restarts"]) == ("topic-hub", n)
                for x in service.get("/v1/actors?state=false").json)))
        over.set()
        statuses = sum((each.result() for each in clients), collections.Counter())
        self.assertLessEqual(set(statuses), {101, 503})
        self.assertGreater(statuses[101], RESTARTS)

    def test_a_handshake_that_nobody_can_take_is_refused_in_http(self):
        service = self.begin()
        self.hold_syncs()
        asked = self.pool.submit(service.post, "/v1/db/execute?durability=disk",
                                 {"sql": INSERT, "params": [1]})
        time.sleep(0.3)
        self.tell(service, "restart", "database")
        # All others wait for the writer, who waits for the disk.
        self.assertTrue(harness.wait_until(
            lambda: service.get("/health/ready").status == 503))
        client = raw.connect(service)
        with contextlib.closing(client):
            self.assert_problem(client.upgrade(), 503)
        self.release_syncs()
        self.assertIn(asked.result().status, (200, 202, 503))
        self.assert_serves(service, "database")

    def test_who_hangs_up_while_his_answer_is_made_keeps_nothing(self):
        service = self.begin("--http.idle-timeout=2s")
        body = json.dumps({"sql": INSERT, "params": ["x" * 3_000_000]}).encode()
        self.hold_syncs()
        clients = [service.socket() for _ in range(10)]
        for each in clients:
            each.sendall(b"POST /v1/db/execute?durability=disk HTTP/1.1\r\n"
                         b"Host: localhost\r\nContent-Type: application/json\r\n"
                         b"Content-Length: %d\r\n\r\n" % len(body) + body)
        followers = [raw.open_client(service) for _ in range(5)]
        time.sleep(0.5)
        for n, each in enumerate(clients):
            if n % 2 == 0:  # a reset
                each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                struct.pack("ii", 1, 0))
            each.close()
        for each in followers:
            each.send_text('{"op":"flush"}')
            each.close()
        # The answers are still being made.
        self.assertTrue(harness.wait_until(
            lambda: set(sockets_of(service)) <= {LISTEN, TIME_WAIT}, 8),
            sockets_of(service))
        self.release_syncs()
        self.assert_serves(service, "the disk")
        for _ in range(3):
            with contextlib.closing(service.connect()) as each:
                self.assert_status(harness.exchange(
                    each, "POST", "/v1/db/execute", body, harness.JSON), 200)


if __name__ == "__main__":
    harness.main()
