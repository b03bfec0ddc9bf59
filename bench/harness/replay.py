"""A start that has much to replay: the service is killed while all that it accepted
waits in the spool, and started again."""

import os
import tempfile

from harness import service
from harness.paced import COUNT_ROWS, CREATE_ROWS, LINE_BYTES

AIM_MS = 1000
ROOM = ["--spool.max-bytes=536870912", "--http.max-in-flight-bytes=1073741824"]
HOLD_LINES = ["--log.flush-interval=1h", "--log.max-entries=10000000",
              "--log.max-bytes=1099511627776"]
HOLD_QUEUE = ["--sqlite.queue-interval=1h"]


def run(bench):
    bench.report.heading("A start after a kill, with everything still in the spool")
    known = service.keys(bench.programs)
    if "spool.max-bytes" not in known or _level(bench) != "ram":
        bench.report.note("skipped, this sluiced has no spool")
        return
    lines = bench.scaled(1_000_000, 200_000)
    _measure(bench, f"{lines:,} log lines", HOLD_LINES, lambda _: None,
             lambda sluiced: sluiced.load("lines", 8, lines // 100),
             lambda sluiced, data: _lines(data), lines)
    if "sqlite.queue-interval" not in known:
        bench.report.note("queued statements: skipped, this sluiced has no queue")
        return
    rows = bench.scaled(100_000, 20_000)
    _measure(bench, f"{rows:,} queued statements", HOLD_QUEUE,
             lambda sluiced: sluiced.ask("POST", "/v1/db/execute", {"sql": CREATE_ROWS}),
             lambda sluiced: sluiced.load("queued-inserts", 64, rows),
             lambda sluiced, _: _rows(sluiced), rows)


def _level(bench):
    """What an answer promises."""
    with tempfile.TemporaryDirectory(prefix="replay-", dir=bench.scratch) as data, \
            service.running(bench.programs, data) as sluiced:
        answer = sluiced.ask("POST", "/v1/logs/bench", "a line\n", "text/plain")
        sluiced.stop()
        return answer["durability"]


def _measure(bench, what, hold, set_up, fill, count, accepted):
    with tempfile.TemporaryDirectory(prefix="replay-", dir=bench.scratch) as data, \
            service.spool_place() as spool:
        settings = ROOM + hold
        with service.running(bench.programs, data, settings=settings,
                             spool=spool) as sluiced:
            set_up(sluiced)
            fill(sluiced)
            early = count(sluiced, data)
            sluiced.kill()
        with service.running(bench.programs, data, settings=settings,
                             spool=spool) as sluiced:
            ready_ms, found = sluiced.ready_ms, count(sluiced, data)
            sluiced.stop()
    if found != accepted:
        raise RuntimeError(f"{found} of {what} are there after the replay")
    bench.report.note(f"{what}: {early:,} were written before the kill")
    bench.report.aim(f"replay of {what}, from exec to ready", ready_ms, AIM_MS, "ms")


def _lines(data):
    path = os.path.join(data, "logs", "bench.log")
    return os.path.getsize(path) // LINE_BYTES if os.path.exists(path) else 0


def _rows(sluiced):
    return sluiced.ask("POST", "/v1/db/query", {"sql": COUNT_ROWS})["rows"][0][0]
