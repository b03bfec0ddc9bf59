"""Power cuts at random moments, two ways: a copy of a disk in use, and a disk that
forgets. What was answered with `disk` before the cut began has to be there after it.

`environment` goes to every service, and with `expect_losses` each cut gets a disk of its
own: that is how the proof itself is tried, with syncs that do nothing.
"""

import contextlib
import os
import random
import time

from proof import outcome
from proof.check import judge
from proof.copied_disk import CopiedDisk
from proof.figures import Figures
from proof.forgetful_disk import ForgetfulDisk
from proof.kills import BACKENDS
from proof.record import Event
from proof.trial import Trial, offers

CUTS_PER_DISK = 5
DISK_SHARES = (0.1, 0.5, 0.9)
LOAD_SECONDS_MAX = 0.4
SLOWEST_SYNC_SECONDS = 0.02
# From the start of a process: it replays somewhere in there, with slow syncs.
START_SECONDS_MAX = 0.1
# Answers there must be before a cut is worth making.
ANSWERS_MIN = 20
ANSWER_SECONDS_MAX = 20


class Cutter:
    """A run of cuts, all of one way."""

    def __init__(self, folder, seed, environment=None, expect_losses=False):
        self.folder = folder
        self.dice = random.Random(seed)
        self.environment = environment
        self.expect_losses = expect_losses
        self.figures = Figures()

    def run(self, cuts, seconds=float("inf")):
        deadline = time.monotonic() + seconds
        while (self.figures.cuts < cuts and time.monotonic() < deadline
               and not self.figures.violations):
            each = 1 if self.expect_losses else CUTS_PER_DISK
            with contextlib.closing(self.disk()) as disk:
                self.try_disk(disk, min(each, cuts - self.figures.cuts))
        return self.figures

    def try_disk(self, disk, cuts):
        trial = Trial(self.folder, self.dice.randrange(1 << 30), disk.where / "data",
                      self.dice.choice(DISK_SHARES), self.environment)
        try:
            trial.options = self.options()
            trial.start()
            trial.load.learn(trial.service)
            while cuts > 0 and not trial.violations:
                self.cut(disk, trial)
                cuts -= 1
                self.figures.cuts += 1
        finally:
            trial.close()
            self.figures.caught += bool(trial.violations)
            if self.expect_losses:
                trial.violations.clear()
            self.figures.add(trial)

    def work(self, disk, trial):
        """Load, up to a random moment."""
        before = trial.load.taken.total()
        trial.load.begin(trial.service)
        self.trouble(disk)
        deadline = time.monotonic() + ANSWER_SECONDS_MAX
        while trial.load.taken.total() < before + ANSWERS_MIN:
            if time.monotonic() > deadline:
                raise AssertionError(f"the load makes no progress: {trial.service.log()}")
            time.sleep(0.01)

    def trouble(self, disk):
        """What happens under the load."""
        time.sleep(self.dice.uniform(0, LOAD_SECONDS_MAX))

    def options(self):
        """Windows short enough for flushes and checkpoints to be under way, or so long
        that only requests for the disk write."""
        short = f"{self.dice.randrange(5, 100)}ms"
        window = self.dice.choice((short, short, "1h"))
        result = [f"--log.flush-interval={window}", f"--session.debounce={window}",
                  f"--sqlite.checkpoint-interval={short}"]
        for key, value in (("sqlite.queue-interval", short), ("flush.grid", short),
                           ("session.backend", self.dice.choice(BACKENDS))):
            if offers(key):
                result.append(f"--{key}={value}")
        return tuple(result)


class Copier(Cutter):
    """The disk goes on; each copy of it is judged by itself."""

    def disk(self):
        return CopiedDisk()

    def cut(self, disk, trial):
        self.work(disk, trial)
        begun = time.monotonic()
        disk.cut()
        trial.load.end()
        events = [Event("power", begun, time.monotonic())]
        with disk.mounted_copy() as where:
            service = trial.launch_elsewhere(where / "data")
            try:
                service.wait_ready()
                found = outcome.read(service, trial.record)
                trial.violations += judge(trial.record, found, events, settle=False)
            except AssertionError as error:
                trial.violations.append(str(error))
            finally:
                service.clean_up()
        trial.verdict()


class Forgetter(Cutter):
    """The disk comes back with what it kept, and the service goes on with that."""

    modes = ("ext4", "strict")
    # Files whose sync may fail, by a part of their name.
    failing = (".log", ".journal")

    def disk(self):
        mode = self.modes[self.figures.cuts // CUTS_PER_DISK % len(self.modes)]
        result = ForgetfulDisk(os.path.join(self.folder, "disk"), mode)
        result.slow_syncs(self.dice.choice((0.0001, SLOWEST_SYNC_SECONDS)))
        return result

    def trouble(self, disk):
        """Syncs that fail, a disk that is full for a while, or nothing."""
        kind = self.dice.choice(("none", "failing", "full"))
        for _ in range(self.dice.randint(1, 3)):
            if kind == "failing":
                disk.fail_sync(self.dice.choice(self.failing))
            if kind == "full":
                disk.leave_room(self.dice.randrange(100_000))
            super().trouble(disk)
            if kind == "full" and self.dice.random() < 0.7:
                disk.leave_room()
        disk.leave_room()

    def cut(self, disk, trial):
        self.work(disk, trial)
        if self.dice.random() < 0.3:
            begun = self.cut_in_start(disk, trial)
        else:
            begun = time.monotonic()
            disk.freeze()
            trial.end(trial.service)
            trial.load.end()
        trial.happened("power", begun)
        trial.empty_spool()
        disk.come_back(self.dice.randrange(1 << 30))
        trial.options = self.options()
        try:
            trial.start()
            trial.check()
        except AssertionError as error:
            trial.violations.append(str(error))

    def cut_in_start(self, disk, trial):
        """A kill, and the power goes while the next start replays."""
        trial.kill()
        self.figures.kills += 1
        service = trial.launch()
        time.sleep(self.dice.uniform(0, START_SECONDS_MAX))
        begun = time.monotonic()
        disk.freeze()
        service.kill()
        service.clean_up()
        return begun


class StrictForgetter(Forgetter):
    """Where a name needs a sync of its directory."""

    modes = ("strict",)


class DatabaseForgetter(Forgetter):
    """Where syncs of the database fail too. A cut that follows within moments finds the
    old write-ahead log beside newer pages: a TRUNCATE checkpoint alone does not heal it.
    """

    failing = ("sluice.db", "-wal")
