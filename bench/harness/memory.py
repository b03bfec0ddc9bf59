"""What waits in memory, and what it costs there: resident memory by what was put in."""

import contextlib
import tempfile
import time

from harness import service

LINES, SESSIONS = 100_000, 400
WINDOWS_KEPT = 60
HOLD_LINES = ["--log.flush-interval=1h", "--log.max-entries=10000000",
              "--log.max-bytes=1099511627776", "--http.max-in-flight-bytes=1073741824"]
HOLD_SESSIONS = ["--session.debounce=1h", "--session.max-pending=10000000"]
SHORT_WINDOWS = ["--metrics.window=1ms", "--metrics.history=100000"]


def run(bench):
    rows = [
        ["100 lines that wait", "10 KiB", _kib(_lines(bench))],
        ["a session that waits", "50 KiB", _kib(_sessions(bench))],
        [f"history of {WINDOWS_KEPT} windows", "5 KiB", _kib(_history(bench))],
    ]
    bench.report.table(["resident memory", "claimed", "ours"], rows)


def _kib(figure):
    return f"{figure:.1f} KiB"


@contextlib.contextmanager
def _holding(bench, settings):
    if "spool.max-bytes" in service.keys(bench.programs):
        settings = [*settings, "--spool.max-bytes=268435456"]
    with tempfile.TemporaryDirectory(prefix="memory-", dir=bench.scratch) as data, \
            service.running(bench.programs, data, settings=settings) as sluiced:
        yield sluiced
        sluiced.stop()


def _lines(bench):
    with _holding(bench, HOLD_LINES) as sluiced:
        sluiced.load("lines", 8, 100)
        before = sluiced.resident_kib()
        sluiced.load("lines", 8, LINES // 100)
        waiting = sluiced.ask("GET", "/v1/logs/bench")["bufferSize"]
        _expect(waiting, 100 * 100 + LINES)
        return (sluiced.resident_kib() - before) / (LINES / 100)


def _sessions(bench):
    with _holding(bench, HOLD_SESSIONS) as sluiced:
        sluiced.load("first-sessions", 8, 100)
        before = sluiced.resident_kib()
        sluiced.load("first-sessions", 8, 100 + SESSIONS)
        _expect(sluiced.ask("GET", "/v1/sessions")["pending"], 100 + SESSIONS)
        return (sluiced.resident_kib() - before) / SESSIONS


def _expect(waiting, items):
    if waiting != items:
        raise RuntimeError(f"{waiting} wait, not {items}")


def _history(bench):
    with _holding(bench, SHORT_WINDOWS) as sluiced:
        def look():
            sluiced.ask("POST", "/v1/logs/memory", "one line\n", "text/plain")
            windows = sluiced.ask("GET", "/v1/metrics/aggregate")["totalWindows"]
            return windows, sluiced.resident_kib()
        time.sleep(1)
        windows, before = look()
        time.sleep(bench.scaled(20, 5))
        windows_now, now = look()
        return (now - before) / max(1, windows_now - windows) * WINDOWS_KEPT
