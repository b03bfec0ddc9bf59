#!/usr/bin/env python3
"""The long form of the storms that ./test makes a few rounds of.

    tests/system/storm.py --rounds 1000 --seed 7
    tests/system/storm.py --seconds 600

It prints its figures, and every violation, and keeps what the service left; exit 0 if
there is none. Two beside each other keep two processors busy. SLUICED and SLUICECTL name
other programs than those in build/, PRELOAD the folder of the library to preload.
"""

import pathlib
import shutil
import signal
import sys
import tempfile

import starve
import torture
from proof.storm import Storm


def main():
    options = starve.arguments(__doc__)
    # So that what it started ends with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    print(f"seed {options.seed}", flush=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="sluice-storm-"))
    figures = torture.run("storm", Storm(folder, options.seed), options.rounds,
                          options.seconds)
    if figures.violations:
        sys.exit(1)
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
