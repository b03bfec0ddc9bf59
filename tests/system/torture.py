#!/usr/bin/env python3
"""The long form of the kills and power cuts that ./test makes a few of.

    tests/system/torture.py --kills 2000 --seed 7
    tests/system/torture.py --cuts 200             half of them on each kind of disk
    tests/system/torture.py --blind-cuts 20        with syncs that do nothing

It prints its figures, and every violation; exit 0 if there is none, or if, with syncs
that do nothing, at least nine of ten cuts were caught. SLUICED and FORGETFUL name other
programs than those in build/, PRELOAD the folder of the libraries to preload. A build
with a fault of its own (one that cuts a log back on replay, say) is tried with
SLUICED=that-build and --cuts or --kills, and --expect-violations turns the exit around.
"""

import argparse
import random
import signal
import sys
import tempfile
import time

from power_cuts import without_syncs
from proof import copied_disk, cuts, forgetful_disk
from proof.kills import Killer

STEP = 100


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--cuts", type=int, default=0)
    parser.add_argument("--blind-cuts", type=int, default=0)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    parser.add_argument("--seconds", type=float, default=float("inf"),
                        help="end each part after so long")
    parser.add_argument("--fail-database", action="store_true",
                        help="let syncs of the database fail between the cuts")
    parser.add_argument("--expect-violations", action="store_true")
    return parser.parse_args()


def ways(fail_database):
    """Each kind of power cut that can be made here."""
    forgetter = cuts.DatabaseForgetter if fail_database else cuts.Forgetter
    for disk, way in ((copied_disk, cuts.Copier), (forgetful_disk, forgetter)):
        if why := disk.missing():
            print(f"no cuts of one kind: {why}")
        else:
            yield way


def end_on_sigterm():
    """So that what was started, and mounted, ends with the program; asked once more, it
    goes on ending."""
    def end(*_):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        sys.exit(1)

    signal.signal(signal.SIGTERM, end)


def run(name, trouble, count, seconds):
    """Prints the figures as they grow, and at the end what was found."""
    begun = time.monotonic()
    for target in [*range(STEP, count, STEP), count]:
        left = seconds - (time.monotonic() - begun)
        figures = trouble.run(target, left)
        print(f"{name}: {figures}; {time.monotonic() - begun:.0f} s", flush=True)
        if figures.violations or left <= 0:
            break
    for violation in figures.violations:
        print(f"  {violation}")
    return figures


def found_in(options, folder):
    """Violations, and how many ways of cutting let too much pass."""
    violations, blind = [], 0
    if options.kills:
        figures = run("kills", Killer(folder, options.seed), options.kills,
                      options.seconds)
        violations += figures.violations
    wanted = options.cuts or options.blind_cuts
    chosen = list(ways(options.fail_database)) if wanted else []
    for way in chosen:
        name, count = way.__name__, options.cuts // len(chosen)
        if count:
            figures = run(name, way(folder, options.seed), count, options.seconds)
            violations += figures.violations
        if count := options.blind_cuts // len(chosen):
            cutter = way(folder, options.seed, without_syncs(), expect_losses=True)
            figures = run(f"blind {name}", cutter, count, options.seconds)
            blind += figures.caught * 10 < figures.cuts * 9
    return violations, blind


def main():
    options = arguments()
    end_on_sigterm()
    print(f"seed {options.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="sluice-torture-") as folder:
        violations, blind = found_in(options, folder)
    sys.exit(1 if blind or bool(violations) != options.expect_violations else 0)


if __name__ == "__main__":
    main()
