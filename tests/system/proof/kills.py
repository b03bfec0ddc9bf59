"""Kills at random moments: under load, in flushes, in a start, twice in a row, with and
without the spool emptied in between. A data directory sees a few dozen of them."""

import random
import time

from proof.figures import Figures
from proof.trial import Trial, offers

KILLS_PER_TRIAL = 25
BACKENDS = ("journal", "database")
# From the start of a process: this is about where it begins to serve.
START_SECONDS = 0.04


class Killer:
    """A run of kills, all of which follow from the seed but for what the kernel does.

    `before_start` is called with the trial ahead of each start but the first: that is how
    the proof itself is tried, with what a start might do wrong.
    """

    def __init__(self, folder, seed, before_start=lambda trial: None):
        self.folder = folder
        self.before_start = before_start
        self.dice = random.Random(seed)
        self.sessions_in = self.dice.choice(BACKENDS)
        self.figures = Figures()

    def run(self, kills, seconds=float("inf")):
        """So many kills, or until the time is over, or until something is found."""
        deadline = time.monotonic() + seconds
        while (self.figures.kills < kills and time.monotonic() < deadline
               and not self.figures.violations):
            count = min(KILLS_PER_TRIAL, kills - self.figures.kills)
            trial = Trial(self.folder, self.dice.randrange(1 << 30))
            try:
                self.torment(trial, self.figures.kills + count)
            finally:
                trial.close()
                self.figures.add(trial)
        return self.figures

    def torment(self, trial, kills):
        trial.options = self.options()
        trial.start()
        trial.load.learn(trial.service)
        while self.figures.kills < kills and not trial.violations:
            trial.load.begin(trial.service)
            time.sleep(self.dice.expovariate(1 / 0.1))
            trial.kill()
            self.figures.kills += 1
            if self.dice.random() < 0.2:
                self.reboot(trial)
            trial.options = self.options()
            if self.figures.kills < kills and self.dice.random() < 0.4:
                self.kill_in_start(trial)
            self.before_start(trial)
            trial.start()
            if self.figures.kills == kills or self.dice.random() < 0.7:
                trial.check()
        self.stop(trial)

    def reboot(self, trial):
        trial.reboot()
        self.figures.reboots += 1

    def kill_in_start(self, trial):
        """Once: what several starts in a row die of is set aside by design."""
        service = trial.launch()
        time.sleep(self.dice.uniform(0, START_SECONDS))
        trial.end(service)
        self.figures.kills += 1
        self.figures.kills_in_start += 1

    def stop(self, trial):
        """A clean stop keeps everything too, and so does the start after it."""
        if trial.violations:
            return
        if trial.service.stop() != 0:
            trial.violations.append(f"unclean stop: {trial.service.log()[-600:]}")
        trial.service.clean_up()
        trial.start()
        trial.check()
        trial.end(trial.service)

    def options(self):
        """Windows so short that most kills meet a flush, or so long that a start has much
        to replay."""
        short = f"{self.dice.randrange(5, 60)}ms"
        window = self.dice.choice((short, short, "1h"))
        result = [f"--log.flush-interval={window}", f"--session.debounce={window}",
                  f"--sqlite.checkpoint-interval={short}",
                  f"--log.max-entries={self.dice.choice((7, 100, 100000))}",
                  f"--session.max-pending={self.dice.choice((2, 10, 1000))}"]
        for key, value in (("sqlite.queue-interval", window), ("flush.grid", short),
                           ("spool.max-bytes", self.dice.choice((1 << 20, 32 << 20))),
                           ("session.backend", self.backend())):
            if offers(key):
                result.append(f"--{key}={value}")
        return tuple(result)

    def backend(self):
        """Sessions change their place now and then."""
        if self.dice.random() < 0.1:
            self.sessions_in = self.dice.choice(BACKENDS)
        return self.sessions_in
