"""A limit on the size of files (`prlimit`, `ulimit -f`, `LimitFSIZE=` of systemd) is a
disk that refuses: nothing dies of it, it is told, and all goes on once there is room."""

import os
import resource

import harness
from proof import trouble

QUICK = ("--log.flush-interval=50ms", "--session.debounce=50ms",
         "--sqlite.queue-interval=50ms")
SMALL_SPOOL = "--spool.max-bytes=1048576"
UNLIMITED = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
# Room for the files of a spool, and for few lines more.
LIMIT = 128 << 10


def limited_from_the_start(kibibytes):
    return ("bash", "-c", f'ulimit -S -f {kibibytes}; exec "$@"', "sh")


class FileSizes(trouble.TroubleCase):
    def limit(self, service, size):
        resource.prlimit(service.pid, resource.RLIMIT_FSIZE,
                         UNLIMITED if size is None else (size, resource.RLIM_INFINITY))

    def setUp(self):
        super().setUp()
        if os.geteuid() != 0 and resource.getrlimit(resource.RLIMIT_FSIZE) != UNLIMITED:
            self.skipTest("the size of files is limited here")

    def assert_lines(self, service, log, lines):
        self.assertTrue(service.comes_to_hold(log, "".join(lines).encode()))

    def test_logs_past_a_limit_on_file_sizes_wait_for_room(self):
        service = self.start(*QUICK, SMALL_SPOOL)
        big = "big".ljust(LIMIT - 1, ".") + "\n"
        self.assert_ok(service.post_text("/v1/logs/a?durability=disk", big))
        self.limit(service, LIMIT)
        second = "second".ljust(60000, ".") + "\n"
        self.assert_ok(service.post_text("/v1/logs/a", second))
        self.assert_alert(service, "log-write-failed")
        self.assertIn("ulimit -f", service.get("/health").text)
        taken, refusal = self.post_until_refused(service, "a", 60000)
        self.assert_problem(refusal, 507)
        self.assert_red(service)
        self.limit(service, None)
        self.assert_lines(service, "a", [big, second, *taken])
        self.assert_green(service)
        self.assert_status(service.post_text("/v1/logs/a?durability=disk", "x\n"), 200)
        self.assert_clean_exit(service)

    def test_sessions_past_a_limit_on_file_sizes_wait_for_room(self):
        service = self.start(*QUICK)
        documents = {f"k{n}": {"n": n, "filler": "x" * 40000} for n in range(8)}
        self.assert_ok(service.put("/v1/sessions/main/k0?durability=disk", {"n": 0}))
        self.limit(service, LIMIT)
        for key, document in documents.items():
            self.assert_status(service.put(f"/v1/sessions/main/{key}", document), 202)
        self.assert_alert(service, "session-write-failed")
        self.assert_red(service)
        self.assertEqual(service.get("/v1/sessions/main").json, documents)
        self.limit(service, None)
        self.assert_green(service)
        self.assert_clean_exit(service)
        self.assertEqual(self.start().get("/v1/sessions/main").json, documents)

    def test_the_database_past_a_limit_on_file_sizes_is_full_and_not_broken(self):
        service = self.start(*QUICK)
        self.assert_ok(service.execute("CREATE TABLE t (x, y)"))
        self.limit(service, LIMIT)
        taken, refused = [], []
        for n in range(12):
            answer = service.execute("INSERT INTO t VALUES (?, ?)", n, "x" * 20000)
            (taken if answer.status == 200 else refused).append(n)
            if answer.status != 200:
                self.assert_problem(answer, 507)
                self.assertEqual(answer.json["code"], "disk-full")
        self.assertTrue(taken)
        self.assertTrue(refused)
        self.assert_status(self.queue(service, "INSERT INTO t VALUES (?, ?)", 100,
                                      "x" * 20000), 202)
        self.assert_alert(service, "sql-queue-write-failed")
        self.assertNotIn("database-recovering", trouble.alerts(service))
        self.assert_rows_so_far(service, taken)
        self.limit(service, None)
        self.assert_green(service)
        self.assert_rows(service, "t", [*taken, 100])
        self.assert_clean_exit(service)

    def assert_rows_so_far(self, service, values):
        rows = service.query("SELECT x FROM t ORDER BY rowid").json["rows"]
        self.assertEqual([x for x, in rows], values)

    def test_what_cannot_be_applied_is_set_aside_once_there_is_room(self):
        service = self.start(*QUICK)
        self.limit(service, 0)
        self.assert_status(self.queue(service, "INSERT INTO nowhere VALUES (1)"), 202)
        self.assert_status(service.post_text("/v1/logs/a", "one\n"), 202)
        self.assert_alert(service, "log-write-failed")
        self.limit(service, None)
        self.assert_green(service)
        self.assert_lines(service, "a", ["one\n"])
        letters = (self.data / "dead-letter.ndjson").read_text()
        self.assertEqual(letters.count("\n"), 1)
        self.assertIn("nowhere", letters)

    def test_a_start_under_a_limit_on_file_sizes_keeps_what_it_finds(self):
        service = self.start("--log.flush-interval=1h", "--session.debounce=1h",
                             "--log.max-entries=1000000", "--log.max-bytes=1073741824")
        lines = [f"{n:099}\n" for n in range(4000)]
        self.assert_ok(service.post_text("/v1/logs/a", "".join(lines)))
        document = {"filler": "x" * 200_000}
        self.assert_ok(service.put("/v1/sessions/main/k", document))
        service.kill()
        limited = self.start(*QUICK, before=limited_from_the_start(128))
        self.assert_alert(limited, "log-write-failed")
        self.assert_red(limited)
        self.assertEqual(limited.get("/v1/sessions/main/k").json, document)
        self.assertEqual(limited.stop(), 1, limited.log())
        self.assertIn("could not be brought to disk", limited.log())
        free = self.start(*QUICK)
        self.assert_lines(free, "a", lines)
        self.assertEqual(free.get("/v1/sessions/main/k").json, document)
        self.assert_green(free)

    def test_a_first_start_under_a_limit_on_file_sizes_takes_what_fits(self):
        for kibibytes in (64, 100, 1000):
            self.data = self.folder / f"limited-{kibibytes}"
            service = self.start(*QUICK, before=limited_from_the_start(kibibytes))
            line = "x" * (kibibytes * 250) + "\n"
            for _ in range(6):
                answer = service.post_text("/v1/logs/a", line)
                self.assertIn(answer.status, (202, 429, 507))
            self.assert_alert(service, "log-write-failed")
            small = service.post_text("/v1/logs/b?durability=disk", "b\n")
            self.assert_status(small, 200)
            self.limit(service, None)
            self.assert_green(service)
            self.assertTrue(service.log_file("a").endswith(line.encode()))
            self.assert_clean_exit(service)

    def test_a_limit_that_no_spool_fits_in_is_told(self):
        code, told = self.refusal(before=limited_from_the_start(4))
        self.assertEqual(code, 3)
        self.assertEqual(told.count("\n"), 1, told)
        self.assertIn("ulimit -f", told)


if __name__ == "__main__":
    harness.main()
