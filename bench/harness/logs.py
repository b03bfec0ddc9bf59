"""Log lines: inside a program, over HTTP, and what reaches the device."""

import functools

from harness.cases import Peer, Served

LINE_BYTES = 100
LINES_PER_POST = 100


def in_process(bench):
    lines = bench.scaled(1_000_000, 300_000)
    ours = Peer("ours, 256 KiB credit", "bench-logs", "credit-256k", lines)
    cases = [
        ours,
        Peer("ours, 8 MiB credit", "bench-logs", "credit-8m", lines),
        Peer("spdlog async, 1 producer", "bench-log-peers", "spdlog-async-1", lines),
        Peer("spdlog async, 2 producers", "bench-log-peers", "spdlog-async-2", lines),
        Peer("spdlog sync", "bench-log-peers", "spdlog-sync", lines),
        Peer("bare, a write per line", "bench-log-peers", "bare-line", lines),
        Peer("bare, 100 lines a write", "bench-log-peers", "bare-100", lines),
        Peer("bare, 64 KiB a write", "bench-log-peers", "bare-64k", lines),
    ]
    bench.report.heading("Logs in process: lines of 100 bytes, ours in chunks of 100")
    results = bench.rounds(cases)
    bench.report.costs(cases, results, "line", LINE_BYTES)
    bench.report.aim("log chunks in process, CPU a line",
                     results[ours.label]["cpu_ns"] / lines / 1000, 0.15, "us", 3)


def over_http(bench):
    posts = bench.scaled(20_000, 10_000)
    few, many = (functools.partial(_post_chunks, connections=n) for n in (8, 64))
    ours = Served("ours, 8 connections", posts, few)
    floor = "bench-http-floor"
    cases = [
        ours,
        Served("ours, 64 connections", posts, many),
        Served("bare server, a write per POST, 8", posts, few, program=floor),
        Served("bare server, a write per POST, 64", posts, many, program=floor),
    ]
    bench.report.heading("Logs over HTTP: 100 lines a POST, keep-alive")
    results = bench.rounds(cases)
    bench.report.costs(cases, results, "post", LINES_PER_POST * LINE_BYTES)
    for case in cases:
        if refused := results[case.label]["refused"]:
            bench.report.note(f"{case.label}: {refused:.0f} refused and sent again")
    bench.report.aim("POST of 100 lines over 8 connections, the server's CPU",
                     results[ours.label]["cpu_ns"] / posts / 1000, 45, "us", 1)


def to_disk(bench):
    lines = bench.scaled(2000, 1000)
    cases = [
        Served("ours, durability=disk, 64 clients", lines, _post_to_disk),
        Peer("bare, fdatasync per line", "bench-log-peers", "synced-line", lines),
    ]
    bench.report.heading("Log lines that are on the disk when the answer comes")
    bench.report.costs(cases, bench.rounds(cases), "line", LINE_BYTES)
    bench.devices(cases, "line", LINE_BYTES)


def unsynced(bench):
    lines = 20_000
    cases = [
        Served("ours, over HTTP", lines, _post_lines),
        Peer("bare, a write per line", "bench-log-peers", "bare-line", lines),
        Peer("bare, 100 lines a write", "bench-log-peers", "bare-100", lines),
    ]
    bench.report.heading("Log lines without a sync: here the page cache coalesces too")
    bench.devices(cases, "line", LINE_BYTES)


def run(bench):
    in_process(bench)
    over_http(bench)
    to_disk(bench)
    unsynced(bench)


def _post_chunks(server, posts, connections):
    done = server.load("lines", connections, posts)
    server.ask("POST", "/v1/logs/flush")
    return {"refused": done["refused"]}


def _post_lines(sluiced, lines):
    return _post_chunks(sluiced, lines // LINES_PER_POST, 8)


def _post_to_disk(sluiced, lines):
    sluiced.load("line-to-disk", 64, lines)
