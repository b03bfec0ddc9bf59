"""What the spool adds to a record's way: an append, and its part in writing and letting
go. All of it is on top of the path without a spool."""

import json
import os
import statistics
import subprocess
import tempfile

from harness import service

AIM_NS = 100
PROGRAM_SECONDS = 60
CASES = [("one-thread", "ns_per_append", "one thread"),
         ("two-threads", "ns_per_append", "two threads, both counted"),
         ("growing", "ns_per_append", "filled to the brim, with new segments"),
         ("reopening", "ns_per_record", "opened again and read, by record")]


def run(bench):
    bench.report.heading("The spool: records of 100 bytes, CPU a record")
    program = os.path.join(bench.programs, "bench-spool")
    if not os.path.exists(program):
        bench.report.note("skipped, there is no spool in this build")
        return
    records = bench.scaled(2_000_000, 500_000)
    figures = {case: _median(bench, program, case, figure, records)
               for case, figure, _ in CASES}
    bench.report.table(["", "ns"], [[what, f"{figures[case]:.1f}"]
                                    for case, _, what in CASES])
    bench.report.aim("spool, an append and its release", figures["one-thread"], AIM_NS,
                     "ns", 1)


def _median(bench, program, case, figure, records):
    return statistics.median(_once(program, case, records)[figure]
                             for _ in range(bench.scaled(5, 2)))


def _once(program, case, records):
    with tempfile.TemporaryDirectory(prefix="bench-spool-",
                                     dir=service.IN_MEMORY) as directory:
        done = subprocess.run([program, case, directory, str(records)],
                              stdout=subprocess.PIPE, text=True,
                              timeout=PROGRAM_SECONDS, check=True)
        return json.loads(done.stdout)
