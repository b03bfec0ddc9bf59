"""Storms: parts that are started anew, stops, kills and a failing disk, all at once.
tests/system/storm.py makes more of them."""

import os
import pathlib
import sys

import harness
from proof.storm import Storm

ROUNDS = 16
SECONDS_MAX = 120
LONG_FORM = pathlib.Path(__file__).parents[1] / "storm.py"
# Of the program itself, of what writes, and some of those who look and follow.
THREADS = 10


def processes_of(folder):
    """Those in whose command line it is."""
    found = []
    for each in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if os.fsencode(folder) in each.read_bytes():
                found.append(each.parent.name)
        except OSError:
            pass
    return found


class Storms(harness.Case):
    def test_restarts_stops_and_faults_in_any_order_lose_nothing(self):
        harness.skip_if_sanitized("the sanitizers take too long over it")
        figures = Storm(self.folder, seed=1).run(ROUNDS, SECONDS_MAX)
        print(figures)
        self.assertEqual(figures.violations, [])
        self.assertGreater(figures.failed, 10)

    def test_the_long_form_ends_what_it_started_when_it_is_told_to(self):
        storm = harness.Program([sys.executable, "-B", LONG_FORM, "--seed=1"],
                                env={"TMPDIR": str(self.folder)})
        self.addCleanup(storm.clean_up)
        self.assertTrue(harness.wait_until(
            lambda: len(os.listdir(f"/proc/{storm.pid}/task")) >= THREADS, 60))
        self.assertNotEqual(processes_of(self.folder), [])
        self.assertEqual(storm.stop(), 1, storm.log())
        self.assertEqual(processes_of(self.folder), [])
        self.assertEqual(list(self.folder.iterdir()), [])


if __name__ == "__main__":
    harness.main()
