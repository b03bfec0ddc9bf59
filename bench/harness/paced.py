"""Lines, session updates and inserts in real time: the load, and those who carry it.

Each item has its point in time, so that what is missing somewhere has an age.
"""

import concurrent.futures
import contextlib
import dataclasses
import json
import os
import sqlite3

from harness import service
from harness.cases import Peer, Served

LINE = b"x" * 99 + b"\n"
LINE_BYTES, DOCUMENT_BYTES, ROW_BYTES = len(LINE), 1024, 100
SESSIONS = 500
CREATE_ROWS = "CREATE TABLE readings(id INTEGER PRIMARY KEY, body TEXT)"
COUNT_ROWS = "SELECT count(*) FROM readings"


@dataclasses.dataclass(frozen=True)
class Load:
    """So many a second, for so long; `bench/workload.hpp` has the items themselves."""
    seconds: int
    lines: float = 20
    updates: float = 10
    rows: float = 17

    def times(self, factor):
        return Load(self.seconds, self.lines * factor, self.updates * factor,
                    self.rows * factor)

    def count(self, rate):
        return round(rate * self.seconds)

    @property
    def useful_bytes(self):
        return (self.count(self.lines) * LINE_BYTES
                + self.count(self.updates) * DOCUMENT_BYTES
                + self.count(self.rows) * ROW_BYTES)


@dataclasses.dataclass
class Found:
    """What of the load is in a data directory: whole lines from the first on, each
    session's version (the number of its newest update, from 1), and rows."""
    lines: int
    versions: list
    rows: int
    store_is_broken: bool = False


def updated_session(update):
    """As `bench/workload.hpp` has it."""
    mask = 2 ** 64 - 1
    x = (update + 1) * 0x9e3779b97f4a7c15 & mask
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9 & mask
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb & mask
    return (x ^ (x >> 31)) % SESSIONS


def missing(load, found, elapsed):
    """By kind, the numbers of the items that were due by then and are not there."""
    def due(rate):
        return min(load.count(rate), int(elapsed * rate) + 1 if rate else 0)
    return {"lines": range(found.lines, due(load.lines)),
            "updates": [update for update in range(due(load.updates))
                        if found.versions[updated_session(update)] <= update],
            "rows": range(found.rows, due(load.rows))}


class _Carrier:
    """Whoever carries the load has all of it in its files at the end."""

    def check(self, programs, directory):
        left = missing(self.load, self.found(programs, directory), self.load.seconds + 1)
        if any(len(items) for items in left.values()):
            raise RuntimeError(f"{self.label} lost " + ", ".join(
                f"{len(items)} {kind}" for kind, items in left.items()))


class PacedPeer(_Carrier, Peer):
    def __init__(self, label, policy, load):
        super().__init__(label, "bench-mixed-peers", policy, load.seconds, "prepare")
        self.load = load
        self._policy = policy

    def _arguments(self, case, directory):
        if case == "prepare":
            return [self._policy, directory, "prepare"]
        load = self.load
        return [case, directory] + [
            str(x) for x in (load.seconds, load.lines, load.updates, load.rows)]

    def _seconds(self):
        return self.load.seconds + super()._seconds()

    def found(self, _, directory):
        store = {}
        with contextlib.suppress(ValueError), \
                open(os.path.join(directory, "sessions.json"), encoding="utf-8") as file:
            store = json.load(file)
        path = os.path.join(directory, "peer.db")
        with contextlib.closing(sqlite3.connect(path)) as db:
            rows = db.execute(COUNT_ROWS).fetchone()[0]
        return Found(_lines(os.path.join(directory, "peer.log")), _versions(store), rows,
                     store_is_broken=not store)


class PacedOurs(_Carrier, Served):
    def __init__(self, label, load, settings=()):
        super().__init__(label, load.seconds, self._carry, self._set_up,
                         settings=settings)
        self.load = load
        self.queues = False

    def found(self, programs, directory):
        """As a start on that directory finds it, without a spool: that is gone."""
        with service.running(programs, directory, settings=self._settings) as sluiced:
            store = sluiced.ask("GET", "/v1/sessions/bench")
            rows = sluiced.ask("POST", "/v1/db/query", {"sql": COUNT_ROWS})["rows"][0][0]
            sluiced.stop()
        log = os.path.join(directory, "logs", "bench.log")
        return Found(_lines(log), _versions(store), rows)

    def _set_up(self, sluiced):
        try:
            sluiced.ask("POST", "/v1/db/execute?queue=true", {"sql": CREATE_ROWS})
            sluiced.ask("POST", "/v1/db/flush")
            self.queues = True
        except RuntimeError:
            sluiced.ask("POST", "/v1/db/execute", {"sql": CREATE_ROWS})
        sluiced.load("first-sessions", 8, SESSIONS)
        sluiced.ask("POST", "/v1/sessions/flush")
        sluiced.ask("POST", "/v1/db/checkpoint", {"mode": "truncate"})

    def _carry(self, sluiced, _):
        load = self.load
        inserts = "queued-inserts" if self.queues else "inserts"
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            done = [pool.submit(_put, sluiced, kind, rate, load.count(rate))
                    for kind, rate in (("line", load.lines), ("sessions", load.updates),
                                       (inserts, load.rows)) if rate]
        return {"refused": sum(each.result()["refused"] for each in done)}


def _put(sluiced, kind, rate, count):
    # One connection keeps the order, which a session's newest version depends on; more
    # are for rates at which answers might not come in time.
    connections = 1 if kind == "sessions" else max(1, round(rate / 100))
    return sluiced.load(kind, connections, count, rate)


def _lines(path):
    """Whole lines from the file's start, up to the first that is none of ours."""
    if not os.path.exists(path):
        return 0
    with open(path, "rb") as file:
        text = file.read()
    whole = len(text) // LINE_BYTES
    for number in range(whole):
        if text[number * LINE_BYTES:(number + 1) * LINE_BYTES] != LINE:
            return number
    return whole


def _versions(store):
    return [store.get(f"agent:{session}", {"version": 0})["version"]
            for session in range(SESSIONS)]
