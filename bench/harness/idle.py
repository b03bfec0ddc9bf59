"""What `sluiced` costs when nobody asks anything of it, and how fast it is there."""

import contextlib
import statistics
import tempfile
import time

from harness import device, service

STARTS = 5
SETTLE_SECONDS = 6


def run(bench):
    bench.report.heading("A start, and nothing to do")
    _start(bench)
    _idle(bench)


def _start(bench):
    ready, resident = [], []
    for _ in range(STARTS):
        with tempfile.TemporaryDirectory(prefix="start-", dir=bench.scratch) as data, \
                service.running(bench.programs, data) as sluiced:
            ready.append(sluiced.ready_ms)
            resident.append(sluiced.resident_kib())
            sluiced.stop()
    bench.report.aim("ready after exec, in an empty directory",
                     statistics.median(ready), 200, "ms")
    bench.report.aim("resident after the start (VmRSS)",
                     statistics.median(resident) / 1024, 20, "MiB", 1)


def _idle(bench):
    seconds = bench.scaled(60, 8)
    with contextlib.ExitStack() as stack:
        disk = None
        if bench.no_device:
            data = stack.enter_context(
                tempfile.TemporaryDirectory(prefix="idle-", dir=bench.scratch))
        else:
            disk = stack.enter_context(device.fresh_ext4(bench.scratch))
            data = disk.data
        sluiced = stack.enter_context(service.running(bench.programs, data))
        _use_a_little(sluiced)
        time.sleep(SETTLE_SECONDS)
        before = disk.read() if disk else None
        cpu, wake_ups = sluiced.cpu_ns(), sluiced.wake_ups()
        time.sleep(seconds)
        wake_ups = sluiced.wake_ups() - wake_ups
        cpu = sluiced.cpu_ns() - cpu
        bench.report.note(f"idle for {seconds} s after a little use: "
                          f"{cpu / 1e6 / seconds:.3f} ms CPU a second")
        bench.report.aim("idle, wake-ups a second", wake_ups / seconds, 1, "/s", 2)
        if disk:
            written = disk.read()["kib"] - before["kib"]
            bench.report.aim("idle, written to the device", written, 0, "KiB", 1)
        sluiced.stop()


def _use_a_little(sluiced):
    """A path that nobody has used would prove little."""
    sluiced.ask("POST", "/v1/logs/idle", "one line\n", "text/plain")
    sluiced.ask("PUT", "/v1/sessions/idle/one", {"count": 1})
    sluiced.ask("POST", "/v1/db/execute", {"sql": "CREATE TABLE idle(x)"})
