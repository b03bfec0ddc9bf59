"""The window decides what is written, not the load: the mixed load at 1x, 10x, 100x."""

from harness import service
from harness.paced import Load, PacedOurs
from harness.together import together

FACTORS = (1, 10, 100)


def run(bench):
    seconds = bench.scaled(30, 8)
    bench.report.heading(f"The window, not the load: mixed, {seconds} s at each load")
    if bench.no_device:
        bench.report.note(f"skipped, {bench.no_device}")
        return
    has_adaptive = "adaptive" in service.keys(bench.programs)
    ways = ([("adaptive", ["--adaptive=true"]), ("not adaptive", ["--adaptive=false"])]
            if has_adaptive else [("ours", [])])
    rows = []
    for factor in FACTORS:
        load = Load(seconds).times(factor)
        cases = [PacedOurs(f"{factor}x, {way}", load, settings)
                 for way, settings in ways]
        results = together(cases, bench.programs, bench.scratch)
        rows += [_row(case, results[case.label], load) for case in cases]
    bench.report.table(["a minute", "useful KiB", "KiB", "write requests", "flushes",
                        "write calls", "syncs", "refused"], rows)
    if not has_adaptive:
        bench.report.note("this sluiced has no setting `adaptive`")


def _row(case, cost, load):
    minutes = load.seconds / 60
    return ([case.label, f"{load.useful_bytes / 1024 / minutes:,.0f}"]
            + [f"{cost[key] / minutes:,.0f}"
               for key in ("kib", "requests", "flushes", "writes", "syncs")]
            + [f"{cost['refused']:,}"])
