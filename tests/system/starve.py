#!/usr/bin/env python3
"""The long form of the rounds without memory, threads or mappings that ./test makes a
few of.

    tests/system/starve.py --rounds 500 --seed 7
    tests/system/starve.py --seconds 600

It prints its figures, and every violation; exit 0 if there is none. SLUICED names another
program than that in build/, PRELOAD the folder of the library to preload.
"""

import argparse
import pathlib
import random
import sys
import tempfile

import torture
from proof.starving import Starver

ENDLESS = 1_000_000


def arguments(about):
    parser = argparse.ArgumentParser(description=about.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=ENDLESS)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    return parser.parse_args()


def main():
    options = arguments(__doc__)
    torture.end_on_sigterm()
    print(f"seed {options.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="sluice-starve-") as folder:
        starver = Starver(pathlib.Path(folder), options.seed)
        figures = torture.run("starve", starver, options.rounds, options.seconds)
    sys.exit(1 if figures.violations else 0)


if __name__ == "__main__":
    main()
