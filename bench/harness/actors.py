"""What it costs that every actor can be seen: the meter at its mailbox, by message, and a
list of very many."""

import json
import os
import statistics
import subprocess
import tempfile

METER_AIM_NS = 60
LIST_AIM_MS = 100
LISTED = 10_000
PROGRAM_SECONDS = 60


def run(bench):
    bench.report.heading("Actors: what it costs to look at them")
    program = os.path.join(bench.programs, "bench-actors")
    messages = bench.scaled(4_000_000, 1_000_000)
    plain, metered, difference = _pairs(bench, program, messages)
    bench.report.table(["CPU a message, sent and handled", "ns"],
                       [["without a meter", f"{plain:.1f}"],
                        ["with the meter of every actor", f"{metered:.1f}"]])
    bench.report.aim("the meter, by message", difference, METER_AIM_NS, "ns", 1)
    listed = statistics.median(_once(program, "listed", LISTED)["ms"]
                               for _ in range(bench.scaled(5, 2)))
    bench.report.aim(f"{LISTED:,} actors listed", listed, LIST_AIM_MS, "ms", 1)


def _pairs(bench, program, messages):
    """Medians; the difference is that of pairs, for the machine has moods."""
    pairs = [[_once(program, case, messages)["ns_per_message"]
              for case in ("plain", "metered")] for _ in range(bench.scaled(9, 3))]
    return (statistics.median(x for x, _ in pairs),
            statistics.median(y for _, y in pairs),
            statistics.median(y - x for x, y in pairs))


def _once(program, case, items):
    with tempfile.TemporaryDirectory(prefix="bench-actors-") as directory:
        done = subprocess.run([program, case, directory, str(items)],
                              stdout=subprocess.PIPE, text=True,
                              timeout=PROGRAM_SECONDS, check=True)
        return json.loads(done.stdout)
