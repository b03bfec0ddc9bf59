"""What the original says of itself, measured: its policies and ours beside a naive
program, subsystem by subsystem, in write calls and in what reaches the device."""

from harness import memory
from harness.paced import Load, PacedOurs, PacedPeer
from harness.together import together

NAIVE, ORIGINAL, OURS = "naive", "original", "ours"

# What is worked, how it is claimed to shrink, and whom "naive" stands for.
CLAIMS = [
    ("logging", "95 %", {"updates": 0, "rows": 0}, [NAIVE]),
    ("sessions", "80-90 %", {"lines": 0, "rows": 0}, [NAIVE]),
    ("SQLite", "50-70 %", {"lines": 0, "updates": 0}, [NAIVE, "as-it-comes"]),
    ("all together", "90-95 %", {}, [NAIVE]),
]
SAYS = {NAIVE: "", "as-it-comes": ", from rollback journal"}


def run(bench):
    seconds = bench.scaled(60, 10)
    bench.report.heading(
        f"The original's claims: written less than by a naive program, {seconds} s each")
    if bench.no_device:
        bench.report.note(f"skipped, {bench.no_device}")
    else:
        rows = [row for claim in CLAIMS for row in _measured(bench, seconds, *claim)]
        bench.report.table(["less than naive", "claimed", "original: calls", "sectors",
                            "ours: calls", "sectors", "naive: calls", "KiB"], rows)
    memory.run(bench)


def _measured(bench, seconds, what, claimed, without, bases):
    load = Load(seconds, **without)
    cases = [PacedOurs(OURS, load), PacedPeer(ORIGINAL, ORIGINAL, load)]
    cases += [PacedPeer(base, base, load) for base in bases]
    results = together(cases, bench.programs, bench.scratch)
    for base in bases:
        naive = results[base]
        saved = [_saved(results[who][key], naive[key])
                 for who in (ORIGINAL, OURS) for key in ("writes", "kib")]
        yield [what + SAYS[base], claimed, *saved, f"{naive['writes']:,}",
               f"{naive['kib']:,.0f}"]


def _saved(figure, naive):
    return f"{100 - 100 * figure / naive:.1f} %"
