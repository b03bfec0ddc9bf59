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
import sys
import tempfile

import starve
import torture
from proof.storm import Storm


def main():
    options = starve.arguments(__doc__)
    torture.end_on_sigterm()
    print(f"seed {options.seed}", flush=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="sluice-storm-"))
    storm = Storm(folder, options.seed)
    try:
        torture.run("storm", storm, options.rounds, options.seconds)
    finally:
        if not storm.figures.violations:
            shutil.rmtree(folder)
    sys.exit(1 if storm.figures.violations else 0)


if __name__ == "__main__":
    main()
