"""Storms: parts that are started anew, stops, kills and a failing disk, all at once.
tests/system/storm.py makes more of them."""

import harness
from proof.storm import Storm

ROUNDS = 16
SECONDS_MAX = 120


class Storms(harness.Case):
    def test_restarts_stops_and_faults_in_any_order_lose_nothing(self):
        harness.skip_if_sanitized("the sanitizers take too long over it")
        figures = Storm(self.folder, seed=1).run(ROUNDS, SECONDS_MAX)
        print(figures)
        self.assertEqual(figures.violations, [])
        self.assertGreater(figures.failed, 10)


if __name__ == "__main__":
    harness.main()
