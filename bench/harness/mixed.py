"""The mixed two minutes: a small always-on service's lines, sessions and rows in real
time, ours beside a naive program and the original's policies, on devices of their own.
"""

import tempfile

from harness.paced import Load, PacedOurs, PacedPeer
from harness.power_cut import KINDS, Cuts
from harness.report import times
from harness.together import floor, together

AIM_KIB = 3072
SECONDS_PER_CUT = 5


def run(bench):
    load = Load(bench.seconds or bench.scaled(120, 20))
    bench.report.heading(
        f"Mixed, {load.seconds} s: {load.lines} lines, {load.updates} session updates, "
        f"{load.rows} inserts a second")
    if bench.no_device:
        bench.report.note(f"skipped, {bench.no_device}")
        return
    cases = [PacedOurs("ours", load, bench.ours[0] if bench.ours else ())]
    cases += [PacedOurs("ours, " + " ".join(settings), load, settings)
              for settings in bench.ours[1:]]
    cases += [PacedPeer("original's policies", "original", load),
              PacedPeer("naive", "naive", load)]
    if bench.ours:
        cases[0].label = "ours, " + " ".join(bench.ours[0])
    with tempfile.TemporaryDirectory(prefix="cuts-", dir=bench.scratch) as scratch:
        cuts = Cuts(scratch, load.seconds, SECONDS_PER_CUT)
        results = together(cases, bench.programs, bench.scratch, cuts.watch)
        _written(bench, load, cases, results)
        _lost(bench, cases, cuts)


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
    ours = cases[0]
    if not ours.queues:
        bench.report.note("ours without a queue: this sluiced commits each insert")
    bench.report.aim(f"mixed {load.seconds} s, written to the device, {ours.label}",
                     results[ours.label]["kib"], AIM_KIB * load.seconds / 120, "KiB")


def _lost(bench, cases, cuts):
    rows = []
    for case in cases:
        worst, count = cuts.worst(case, bench.programs)
        rows.append([case.label, str(count)]
                    + [f"{items:,} / {age:.1f} s" for items, age in
                       (worst[kind] for kind in KINDS)])
    bench.report.table(["a power cut at worst", "cuts", "lines lost / oldest",
                        "updates lost / oldest", "rows lost / oldest"], rows)
    if cuts.failed:
        bench.report.note(f"{cuts.failed} cuts could not be made")
