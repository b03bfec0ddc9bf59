"""Nothing answered with `disk` is lost when the power goes; and whoever says so would
have noticed. tests/system/torture.py makes more cuts."""

import harness
from proof import copied_disk, cuts, forgetful_disk

CUTS = 10
SECONDS_MAX = 150


def without_syncs(whose=None):
    """The environment of a service whose syncs do nothing, or only those of some."""
    return harness.preloaded("no_sync", **({"NO_SYNC_OF": whose} if whose else {}))


class PowerCuts(harness.Case):
    maxDiff = None

    def assert_nothing_lost(self, cutter):
        figures = cutter.run(CUTS, SECONDS_MAX)
        print(figures)
        self.assertEqual(figures.violations, [])
        self.assertEqual(figures.cuts, CUTS)

    def need(self, disk):
        if why := disk.missing():
            self.skipTest(why)

    def test_copies_of_a_disk_in_use_hold_all_that_was_answered_for(self):
        self.need(copied_disk)
        self.assert_nothing_lost(cuts.Copier(self.folder, seed=1))

    def test_a_disk_that_forgets_holds_all_that_was_answered_for(self):
        self.need(forgetful_disk)
        self.assert_nothing_lost(cuts.Forgetter(self.folder, seed=1))

    def test_copies_show_that_syncs_do_nothing(self):
        self.need(copied_disk)
        self.assert_caught(cuts.Copier, without_syncs(), CUTS // 2)

    def test_a_disk_that_forgets_shows_that_syncs_do_nothing(self):
        self.need(forgetful_disk)
        self.assert_caught(cuts.Forgetter, without_syncs(), CUTS // 2)

    def test_a_disk_that_forgets_shows_that_syncs_of_logs_do_nothing(self):
        self.need(forgetful_disk)
        self.assert_caught(cuts.Forgetter, without_syncs(".log"), CUTS // 2, share=0.4)

    def test_a_disk_that_forgets_shows_that_syncs_of_directories_do_nothing(self):
        self.need(forgetful_disk)
        self.assert_caught(cuts.StrictForgetter, without_syncs("directories"), CUTS // 2,
                           share=0.4)

    def assert_caught(self, way, environment, count, share=0.9):
        """At least that share of the cuts shows it: nearly all if nothing is synced, and
        less where it takes luck to lose something."""
        cutter = way(self.folder, 1, environment, expect_losses=True)
        figures = cutter.run(count, SECONDS_MAX)
        print(figures)
        self.assertEqual(figures.cuts, count)
        self.assertGreaterEqual(figures.caught, count * share)


if __name__ == "__main__":
    harness.main()
