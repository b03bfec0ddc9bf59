"""Single-row inserts: committed in groups by us, one by one or by hand by the peers."""

from harness.cases import Peer, Served
from harness.report import OURS_INCLUDE

ROW_BYTES = 100
ROWS = 20_000
CLIENTS = 64


def run(bench):
    ours = Served(f"ours, {CLIENTS} HTTP clients", ROWS, _insert, _create)
    cases = [
        ours,
        Peer("SQLite, autocommit", "bench-sql-peers", "autocommit", ROWS, "prepare"),
        Peer("SQLite, 1,000 a commit", "bench-sql-peers", "by-thousand", ROWS, "prepare"),
    ]
    bench.report.heading(f"SQL: {ROWS:,} inserts of one 100-byte row, WAL, NORMAL")
    results = bench.rounds(cases)
    bench.report.costs(cases, results, "row", ROW_BYTES)
    bench.devices(cases, "row", ROW_BYTES)
    bench.report.note(OURS_INCLUDE)
    result = results[ours.label]
    bench.report.aim(f"{ROWS:,} inserts from {CLIENTS} clients, commits",
                     result["commits"], 1000, "commits")
    bench.report.aim(f"{ROWS:,} inserts from {CLIENTS} clients, bytes of useful",
                     result["bytes"] / (ROWS * ROW_BYTES), 8, "x", 2)


def _create(sluiced):
    sluiced.ask("POST", "/v1/db/execute", {
        "sql": "CREATE TABLE readings(id INTEGER PRIMARY KEY, body TEXT)"})


def _insert(sluiced, rows):
    before = sluiced.ask("GET", "/v1/db/metrics")["commits"]
    sluiced.load("inserts", CLIENTS, rows)
    return {"commits": sluiced.ask("GET", "/v1/db/metrics")["commits"] - before}
