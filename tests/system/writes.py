"""What reaches the kernel: syncs are shared, and come before the answers that promise
them. Counted by strace."""

import concurrent.futures
import re
import shutil
import subprocess
import unittest

import harness


def can_trace():
    if shutil.which("strace") is None:
        return False
    return subprocess.run(["strace", "-f", "-o", "/dev/null", "true"],
                          capture_output=True, check=False, timeout=30).returncode == 0


@unittest.skipUnless(can_trace(), "strace may not trace here")
class Syncs(harness.Case):
    def start_traced(self, *options, env=None):
        self.trace = self.folder / "trace"
        service = self.start(*options, env=env, before=(
            "strace", "-f", "-o", str(self.trace), "-y", "-e",
            "trace=fsync,fdatasync,pwrite64,write,writev"))
        # The service is strace's child; it gets the signals.
        children = f"/proc/{service.pid}/task/{service.pid}/children"
        with open(children, encoding="ascii") as file:
            service.child = int(file.read().split()[0])
        self.addCleanup(self.end_child, service)
        return service

    def end_child(self, service):
        if service.process.poll() is None:
            harness.os.kill(service.child, harness.signal.SIGTERM)
            service.wait()

    def syncs(self, name):
        pattern = re.compile(r"\bf(?:data)?sync\(\d+<[^>]*" + re.escape(name) + ">")
        return len(pattern.findall(self.trace.read_text(errors="replace")))

    def test_requests_for_disk_share_their_syncs(self):
        # The first sync takes until everybody has asked, so that no load of the machine
        # decides how many share the next.
        slow = self.folder / "slow"
        service = self.start_traced(env=harness.preloaded(
            "slow_sync", SLOW_SYNC_WHILE=str(slow)))
        slow.write_text("app.log")

        def write(n):
            answer = service.post_text("/v1/logs/app?durability=disk", f"{n}\n")
            self.assert_status(answer, 200)

        def accepted():
            log = service.get("/v1/logs/app")
            return log.json["accepted"] if log.status == 200 else 0

        with concurrent.futures.ThreadPoolExecutor(32) as pool:
            answers = pool.map(write, range(32))
            self.assertTrue(harness.wait_until(lambda: accepted() == 32))
            slow.unlink()
            list(answers)
        self.assertGreaterEqual(self.syncs("app.log"), 1)
        self.assertLessEqual(self.syncs("app.log"), 3)
        self.assertEqual(len(service.log_file("app").splitlines()), 32)

    def test_nothing_is_synced_that_nobody_asked_for(self):
        service = self.start_traced("--log.flush-interval=50ms")
        for n in range(20):
            service.post_text("/v1/logs/app", f"{n}\n")
            service.post("/v1/logs/flush")
        self.assertEqual(self.syncs("app.log"), 0)
        service.post("/v1/logs/flush?durability=disk")
        self.assertEqual(self.syncs("app.log"), 1)

    def test_a_hundred_lines_are_one_write(self):
        service = self.start_traced("--log.flush-interval=1h", "--adaptive=false")
        for n in range(100):
            service.post_text("/v1/logs/app", f"{n}\n")
        self.assertTrue(harness.wait_until(
            lambda: service.get("/v1/logs/app").json["bufferSize"] == 0))
        writes = re.findall(r"\b(?:p?write(?:64|v)?)\(\d+<[^>]*app\.log>",
                            self.trace.read_text(errors="replace"))
        self.assertEqual(len(writes), 1)

    def test_a_commit_for_disk_is_one_sync(self):
        service = self.start_traced()
        service.execute("CREATE TABLE t (x)")
        before = self.syncs("sluice.db-wal")
        for n in range(5):
            service.post("/v1/db/execute", {"sql": f"INSERT INTO t VALUES ({n})"})
        self.assertEqual(self.syncs("sluice.db-wal"), before)
        service.post("/v1/db/execute?durability=disk",
                     {"sql": "INSERT INTO t VALUES (9)"})
        self.assertEqual(self.syncs("sluice.db-wal"), before + 1)


if __name__ == "__main__":
    harness.main()
