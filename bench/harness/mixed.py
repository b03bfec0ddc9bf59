"""The mixed two minutes: a small always-on service's lines, sessions and rows in real
time, ours beside a naive program and the original's policies, on devices of their own.
"""

import tempfile

from harness.paced import Load, PacedOurs, PacedPeer
from harness.power_cut import KINDS, Cuts
from harness.report import times
from harness.together import floor, together

AIM_KIB, AIM_SECONDS = 3072, 120
SECONDS_PER_CUT = 5


def run(bench):
    load = Load(bench.seconds or bench.scaled(AIM_SECONDS, 20))
    bench.report.heading(
        f"Mixed, {load.seconds} s: {load.lines} lines, {load.updates} session updates, "
        f"{load.rows} inserts a second")
    if bench.no_device:
        bench.report.note(f"skipped, {bench.no_device}")
        return
    ours = [PacedOurs("ours", load)]
    ours += [PacedOurs(words, load, [f"--{word}" for word in words.split(",")])
             for words in bench.ours]
    cases = [*ours,
             PacedPeer("original's policies", "original", load),
             PacedPeer("naive", "naive", load)]
    with tempfile.TemporaryDirectory(prefix="cuts-", dir=bench.scratch) as scratch:
        cuts = Cuts(scratch, load.seconds, SECONDS_PER_CUT)
        results = together(cases, bench.programs, bench.scratch, cuts.watch)
        _written(bench, load, cases, results)
        _lost(bench, cases, cuts)
    if not ours[0].queues:
        bench.report.note("ours without a queue: this sluiced commits each insert")
    if load.seconds != AIM_SECONDS:
        bench.report.note(f"no aim: it is for {AIM_SECONDS} s")
        return
    for case in ours:
        bench.report.aim(f"mixed {load.seconds} s, written to the device, {case.label}",
                         results[case.label]["kib"], AIM_KIB, "KiB")


def _written(bench, load, cases, results):
    useful_kib = load.useful_bytes / 1024
    rows = []
    for case in cases:
        cost = results[case.label]
        rows.append([case.label, f"{cost['kib']:,.0f}", times(cost["kib"] / useful_kib),
                     f"{cost['requests']:,}", f"{cost['flushes']:,}",
                     f"{cost['writes']:,}", f"{cost['syncs']:,}",
                     f"{cost['setup_kib']:,.0f}"])
    bench.report.table([f"{useful_kib:,.0f} KiB useful", "KiB", "of useful",
                        "write requests", "flushes", "write calls", "syncs",
                        "set-up KiB"], rows)
    least = floor(bench.scratch)
    bench.report.note(
        f"the floor, a file of one byte: {least['kib']:.0f} KiB, {least['requests']} "
        f"write requests, {least['flushes']} flushes. Nothing is subtracted; set-up "
        "came before")


def _lost(bench, cases, cuts):
    rows = []
    for case in cases:
        worst = cuts.worst(case, bench.programs)
        rows.append([case.label, str(worst.cuts)]
                    + [f"{worst.items[kind]:,} / {worst.ages[kind]:.1f} s"
                       for kind in KINDS] + [str(worst.stores_lost)])
    bench.report.table(["a power cut at worst", "cuts", "lines lost / oldest",
                        "updates lost / oldest", "rows lost / oldest",
                        "whole store lost"], rows)
    if cuts.failed:
        bench.report.note(f"{cuts.failed} cuts could not be made")
