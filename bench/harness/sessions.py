"""Session updates: changed documents in windows by us, whole files or rows by peers."""

from harness.cases import Peer, Served
from harness.report import OURS_INCLUDE

DOCUMENT_BYTES = 1024
DOCUMENTS = 500
UPDATES = 1000
UPDATES_A_SECOND = 200


def run(bench):
    peers = "bench-session-peers"
    cases = [
        Served(f"ours, {UPDATES_A_SECOND} a second", UPDATES, _update_paced, _fill),
        Served("ours, at full speed", UPDATES, _update, _fill),
        Peer("whole file per update", peers, "file-each", UPDATES, "prepare-file"),
        Peer("whole file per 10 updates", peers, "file-window", UPDATES, "prepare-file"),
        Peer("SQLite rows, 10 a commit", peers, "rows-window", UPDATES, "prepare-rows"),
        Peer("bare, changed ones appended", peers, "append-window", UPDATES),
    ]
    bench.report.heading(
        f"Sessions: {UPDATES:,} updates of 1 KB among {DOCUMENTS}, in windows")
    results = bench.rounds(cases)
    bench.report.costs(cases, results, "update", DOCUMENT_BYTES)
    bench.devices(cases, "update", DOCUMENT_BYTES)
    bench.report.note(OURS_INCLUDE)
    for case in cases[:2]:
        ours = results[case.label]
        bench.report.note(f"{case.label}: {ours['documents']:.0f} documents written "
                          f"in {ours['commits']:.0f} commits")


def _fill(sluiced):
    sluiced.load("first-sessions", 8, DOCUMENTS)
    sluiced.ask("POST", "/v1/sessions/flush")
    sluiced.ask("POST", "/v1/db/checkpoint", {"mode": "truncate"})


def _numbers(sluiced):
    return (sluiced.ask("GET", "/v1/sessions")["totalWrites"],
            sluiced.ask("GET", "/v1/db/metrics")["commits"])


def _update_paced(sluiced, updates):
    return _update(sluiced, updates, UPDATES_A_SECOND)


def _update(sluiced, updates, rate=0):
    documents, commits = _numbers(sluiced)
    sluiced.load("sessions", 8, updates, rate)
    sluiced.ask("POST", "/v1/sessions/flush")
    documents_now, commits_now = _numbers(sluiced)
    return {"documents": documents_now - documents, "commits": commits_now - commits}
