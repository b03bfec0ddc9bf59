"""Session updates: changed documents in windows by us, whole files or rows by peers."""

from harness.cases import Peer, Served

DOCUMENT_BYTES = 1024
DOCUMENTS = 500
UPDATES = 1000
UPDATES_A_SECOND = 200


def run(bench):
    peers = "bench-session-peers"
    cases = [
        Served("ours, over HTTP", UPDATES, _update, _fill),
        Peer("whole file per update", peers, "file-each", UPDATES, "prepare-file"),
        Peer("whole file per 10 updates", peers, "file-window", UPDATES, "prepare-file"),
        Peer("SQLite rows, 10 a commit", peers, "rows-window", UPDATES, "prepare-rows"),
        Peer("bare, changed ones appended", peers, "append-window", UPDATES),
    ]
    bench.report.heading(
        f"Sessions: {UPDATES:,} updates of 1 KB among {DOCUMENTS}, "
        f"ours {UPDATES_A_SECOND} a second in windows of the default settings")
    results = bench.rounds(cases)
    bench.report.costs(cases, results, "update", DOCUMENT_BYTES)
    bench.devices(cases, "update", DOCUMENT_BYTES)
    ours = results[cases[0].label]
    bench.report.note(f"ours: CPU with HTTP and JSON; bytes with the checkpoint at the "
                      f"stop; {ours['documents']:.0f} documents in "
                      f"{ours['commits']:.0f} commits")


def _fill(sluiced):
    sluiced.load("first-sessions", 8, DOCUMENTS)
    sluiced.ask("POST", "/v1/sessions/flush")
    sluiced.ask("POST", "/v1/db/checkpoint", {"mode": "truncate"})


def _numbers(sluiced):
    return (sluiced.ask("GET", "/v1/sessions")["totalWrites"],
            sluiced.ask("GET", "/v1/db/metrics")["commits"])


def _update(sluiced, updates):
    documents, commits = _numbers(sluiced)
    sluiced.load("sessions", 8, updates, UPDATES_A_SECOND)
    sluiced.ask("POST", "/v1/sessions/flush")
    documents_now, commits_now = _numbers(sluiced)
    return {"documents": documents_now - documents, "commits": commits_now - commits}
