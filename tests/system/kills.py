"""Nothing acknowledged is lost when the service is killed, whenever that is, and nothing
is there twice. tests/system/torture.py kills more often."""

import os

import harness
from proof.kills import Killer

SECONDS_MAX = 150


def forget_spool(trial):
    """As a start does that does not look into it."""
    trial.empty_spool()


def cut_logs_back(trial):
    """As a start does that cuts off a batch of which it does not know the end, and takes
    the batch to begin too early."""
    for log in (trial.data / "logs").glob("*.log"):
        lines = log.read_bytes().splitlines(keepends=True)
        os.truncate(log, sum(map(len, lines[:-1])))


class Kills(harness.Case):
    def test_fifty_kills_lose_and_double_nothing(self):
        figures = Killer(self.folder, seed=1).run(50, SECONDS_MAX)
        print(figures)
        self.assertEqual(figures.violations, [])
        self.assertEqual(figures.kills, 50)

    def test_kills_show_a_start_that_forgets_the_spool(self):
        self.assert_caught(forget_spool)

    def test_kills_show_a_start_that_cuts_logs_back(self):
        self.assert_caught(cut_logs_back)

    def assert_caught(self, wrong):
        """Soon, and as the loss that it is."""
        figures = Killer(self.folder, seed=1, before_start=wrong).run(10, SECONDS_MAX)
        print(figures)
        self.assertTrue(any(" lost " in each for each in figures.violations),
                        figures.violations)


if __name__ == "__main__":
    harness.main()
