"""What a long run counted, printed in one line."""

import dataclasses


@dataclasses.dataclass
class Figures:
    kills: int = 0
    kills_in_start: int = 0
    reboots: int = 0
    cuts: int = 0
    caught: int = 0
    lines: int = 0
    versions: int = 0
    direct_rows: int = 0
    queued_rows: int = 0
    refused: int = 0
    replayed: int = 0
    rounds: int = 0
    failed: int = 0
    went_on: int = 0
    ended: int = 0
    violations: list = dataclasses.field(default_factory=list)

    def add(self, trial):
        """What a trial acknowledged, once it is over."""
        taken = trial.load.taken
        self.lines += taken["lines"]
        self.versions += taken["versions"]
        self.direct_rows += taken["direct"]
        self.queued_rows += taken["queued"]
        self.refused += trial.load.refused
        self.replayed += trial.replayed
        self.violations += trial.violations

    def __str__(self):
        counts = [f"{name.replace('_', ' ')} {value}" for name, value
                  in vars(self).items() if name != "violations"]
        return ", ".join([*counts, f"violations {len(self.violations)}"])
