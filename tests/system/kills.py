"""Nothing acknowledged is lost when the service is killed, whenever that is, and nothing
is there twice. tests/system/torture.py kills more often."""

import harness
from proof.kills import Killer

SECONDS_MAX = 150


class Kills(harness.Case):
    def test_fifty_kills_lose_and_double_nothing(self):
        figures = Killer(self.folder, seed=1).run(50, SECONDS_MAX)
        print(figures)
        self.assertEqual(figures.violations, [])
        self.assertEqual(figures.kills, 50)


if __name__ == "__main__":
    harness.main()
