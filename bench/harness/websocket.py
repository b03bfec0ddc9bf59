"""Messages to many WebSocket clients: `sluiced`, npm's ws, and the least there can be.

The server has one processor and the clients another. What the server costs is the
kernel's own count of its processor time; its system calls are counted by strace in a run
of their own.
"""

import collections
import contextlib
import json
import os
import re
import subprocess
import tempfile
import time

from harness import service

SUBSCRIBERS = 200
PACED = 200
CRITICAL_EVERY = 200
FULL = 0
LOAD_SECONDS = 30
IDLE_CONNECTIONS = 10_000
GROWTH = [10, 100, 1000, 10_000]
BATCHES_OF_20 = ("--adaptive=false",)
ROOM = (f"--websocket.max-connections={IDLE_CONNECTIONS + 100}",)
BATCHED = "sluice.batch.v1"
PEER = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
                    "ws_peer.js")

Server = collections.namedtuple("Server", "label program settings protocol")


def _servers(bench):
    ours = [Server("sluiced, batches of 20", "sluiced", BATCHES_OF_20, BATCHED),
            Server("sluiced, as it is", "sluiced", (), BATCHED)]
    peers = [Server("floor, batches of 20", "bench-ws-floor", (), "")]
    if os.path.isdir(_node_modules(bench)):
        peers.append(Server("npm ws", PEER, (), ""))
    else:
        bench.report.note("npm ws: skipped, npm is not here")
    return ours + peers


def _node_modules(bench):
    return os.path.join(os.path.dirname(bench.programs), "node", "node_modules")


def run(bench):
    os.environ["NODE_PATH"] = _node_modules(bench)
    bench.report.heading(f"WebSocket: {SUBSCRIBERS} subscribers, 100-byte messages")
    _full(bench)
    _paced(bench)
    _idle(bench)
    _growth(bench)


# -- one load ---------------------------------------------------------------------------

class Outcome:
    """What the clients saw, and what the server spent, in the time that counts."""

    def __init__(self, told, cpu_ns, segments, resident_kib):
        self.delivered = told["delivered"]
        self.per_second = told["delivered"] / (told["wall_ns"] / 1e9)
        self.published_per_second = told["published"] / (told["wall_ns"] / 1e9)
        self.normal, self.critical = told["normal"], told["critical"]
        self.cpu_us = cpu_ns / 1000 / max(1, self.delivered)
        self.segments = segments / max(1, self.delivered)
        self.resident_mib = resident_kib / 1024


@contextlib.contextmanager
def _running(bench, server, settings=()):
    with tempfile.TemporaryDirectory(prefix="websocket-", dir=bench.scratch) as data, \
            service.running(bench.programs, data, program=server.program,
                            settings=[*server.settings, *settings]) as process:
        process.confine_to(0)
        yield process


def _load(bench, process, server, subscribers, seconds, rate, critical_every=0,
          meanwhile=contextlib.nullcontext):
    arguments = [os.path.join(bench.programs, "bench-ws-load"), process.address,
                 server.protocol, str(subscribers), str(seconds)]
    if rate is not None:
        arguments += [str(rate), str(critical_every)]
    with subprocess.Popen(["taskset", "-c", "1", *arguments], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True) as load:
        try:
            if load.stdout.readline() != "measuring\n":
                raise RuntimeError("the load did not begin")
            cpu, segments = process.cpu_ns(), _segments_sent(process)
            with meanwhile():
                told = load.stdout.readline()
            cpu = process.cpu_ns() - cpu
            resident = process.resident_kib()
            segments = _segments_sent(process) - segments if segments is not None else 0
            load.stdin.close()
            load.wait(LOAD_SECONDS)
        finally:
            load.kill()
    return Outcome(json.loads(told), cpu, segments, resident)


def _segments_sent(process):
    """Segments with data that the server's sockets have sent, by their own count; the
    loopback interface takes up to 64 KiB as one."""
    port = process.address.rsplit(":", 1)[1]
    told = subprocess.run(["ss", "-tinH", f"sport = :{port}"], stdout=subprocess.PIPE,
                          text=True, check=True).stdout
    return sum(int(n) for n in re.findall(r"data_segs_out:(\d+)", told))


# -- tables -----------------------------------------------------------------------------

def _ms(latency, which):
    return f"{latency[which] / 1e6:,.2f}"


def _table(bench, results):
    ours = next(iter(results.values()))
    rows = []
    for server, (x, calls) in results.items():
        rows.append([
            server.label, f"{x.per_second:,.0f}", f"{x.cpu_us:,.3f}",
            f"{x.cpu_us / ours[0].cpu_us:,.2f}x", _calls(calls), f"{x.segments:,.3f}",
            _ms(x.normal, "p50_ns"), _ms(x.normal, "p99_ns"),
            _ms(x.critical, "p50_ns"), _ms(x.critical, "p99_ns"),
            f"{x.resident_mib:,.1f}"])
    bench.report.table(["", "delivered/s", "CPU us", "to ours", "calls", "segments",
                        "p50 ms", "p99 ms", "critical p50", "p99", "MiB"], rows)


def _calls(calls):
    return "-" if calls is None else f"{calls:,.3f}"


def _calls_per_message(bench, server, rate):
    """In a run of its own: counting costs."""
    with _running(bench, server) as process, \
            tempfile.NamedTemporaryFile("r", prefix="calls-", dir=bench.scratch) as told:
        @contextlib.contextmanager
        def counted():
            counter = subprocess.Popen(
                ["strace", "-f", "-c", "-U", "calls,name", "-o", told.name,
                 "-p", str(process.pid)], stderr=subprocess.DEVNULL)
            yield
            counter.terminate()
            counter.wait(LOAD_SECONDS)
        outcome = _load(bench, process, server, SUBSCRIBERS, bench.scaled(5, 2), rate,
                        CRITICAL_EVERY, counted)
        counts = re.findall(r"^\s*(\d+) (?!total)\w+", told.read(), re.MULTILINE)
        return sum(map(int, counts)) / outcome.delivered if counts else None


def _measure(bench, rate):
    results = {}
    for server in _servers(bench):
        with _running(bench, server) as process:
            outcome = _load(bench, process, server, SUBSCRIBERS, bench.scaled(10, 2),
                            rate, CRITICAL_EVERY)
        results[server] = outcome, _calls_per_message(bench, server, rate)
    _table(bench, results)
    return list(results.values())


# -- what is measured -------------------------------------------------------------------

def _full(bench):
    bench.report.note("as fast as it arrives; one message in 200 is critical")
    (batched, calls), *_ = _measure(bench, FULL)
    bench.report.aim("full rate, CPU per delivered message", batched.cpu_us, 0.35, "us",
                     3)
    if calls is not None:
        bench.report.aim("full rate, system calls per delivered message", calls, 0.06, "",
                         3)
    server = _servers(bench)[0]
    half = int(batched.published_per_second / 2)
    with _running(bench, server) as process:
        outcome = _load(bench, process, server, SUBSCRIBERS, bench.scaled(10, 2), half,
                        CRITICAL_EVERY)
    bench.report.aim(f"half of it ({half:,} messages/s), critical p99",
                     outcome.critical["p99_ns"] / 1e6, 2, "ms", 2)


def _paced(bench):
    bench.report.note(f"{PACED} messages a second; one in 200 is critical")
    (batched, calls), (usual, _), *_ = _measure(bench, PACED)
    bench.report.aim(f"{PACED}/s, CPU per delivered message", usual.cpu_us, 0.5, "us", 3)
    if calls is not None:
        bench.report.aim(f"{PACED}/s, system calls per delivered message", calls, 0.06,
                         "", 3)
    bench.report.aim(f"{PACED}/s, critical p99", usual.critical["p99_ns"] / 1e6, 2, "ms",
                     2)


def _idle(bench):
    server = Server("idle", "sluiced", (*ROOM, "--websocket.idle-timeout=60s"), BATCHED)
    # Each is pinged after half of that, 30 s: before, only timers wake the service.
    unpinged, seconds = bench.scaled(10, 2), bench.scaled(45, 5)
    with _running(bench, server) as process:
        before = process.resident_kib()
        counted = {}

        @contextlib.contextmanager
        def settled():
            time.sleep(2)
            counted["resident"] = process.resident_kib()
            begun = process.wake_ups()
            time.sleep(unpinged)
            counted["timers"] = process.wake_ups() - begun
            asked = time.monotonic()
            counted["listed"] = len(process.ask("GET", "/v1/actors?state=false"))
            counted["listing"] = time.monotonic() - asked
            yield
            counted["all"] = process.wake_ups() - begun

        _load(bench, process, server, IDLE_CONNECTIONS, seconds, None, meanwhile=settled)
    connections = f"{IDLE_CONNECTIONS:,} idle connections"
    bench.report.aim(f"{connections}, resident", counted["resident"] / 1024, 200, "MiB",
                     1)
    bench.report.note(f"{(counted['resident'] - before) / IDLE_CONNECTIONS:.2f} KiB each")
    bench.report.aim(f"{connections}, wake-ups a second by timers",
                     counted["timers"] / unpinged, 20, "/s", 1)
    bench.report.aim(f"GET /v1/actors without states, {counted['listed']:,} of them",
                     counted["listing"] * 1000, 100, "ms", 1)
    bench.report.note(f"{counted['all'] / IDLE_CONNECTIONS:.2f} wake-ups a connection "
                      f"in {seconds - 2:.0f} s, in which each is pinged once")


def _growth(bench):
    bench.report.note("as fast as it arrives, by subscribers")
    rows = []
    for subscribers in GROWTH:
        row = [f"{subscribers:,}"]
        for settings in (BATCHES_OF_20, ()):
            server = Server("growth", "sluiced", (*ROOM, *settings), BATCHED)
            with _running(bench, server) as process:
                outcome = _load(bench, process, server, subscribers, bench.scaled(5, 2),
                                FULL)
            row += [f"{outcome.per_second:,.0f}", f"{outcome.cpu_us:,.3f}",
                    f"{outcome.resident_mib:,.1f}"]
        rows.append(row)
    bench.report.table(["subscribers", "of 20: delivered/s", "CPU us", "MiB",
                        "as it is: delivered/s", "CPU us", "MiB"], rows)
