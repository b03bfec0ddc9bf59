"""One data directory and the services that live and die on it."""

import collections
import functools
import pathlib
import re
import shutil
import subprocess
import tempfile
import time

import harness
from proof import outcome
from proof.check import judge
from proof.load import Load
from proof.record import Event, Record

# Where this is there, a spool can be; a reboot empties it.
MEMORY = "/dev/shm"
STEPS_TOLD = 12
REPLAYED = re.compile(r"\breplayed\b\D*(\d+)")


@functools.cache
def offers(key):
    """Whether this service has that setting."""
    text = subprocess.run([harness.SLUICED, "--help"], capture_output=True, text=True,
                          check=True, timeout=60).stdout
    return f"--{key}=" in text


class Trial:
    """`folder` is the test's; the data directory is below it unless given."""

    def __init__(self, folder, seed, data=None, disk=0.3, environment=None):
        self.data = pathlib.Path(data or pathlib.Path(folder) / "data")
        self.record = Record()
        self.load = Load(self.record, seed, disk=disk)
        self.environment = environment
        self.options = ()
        self.spool = None
        if offers("spool.dir"):
            folder = tempfile.mkdtemp(prefix="sluice-proof-", dir=MEMORY)
            self.spool = pathlib.Path(folder)
        self.service = None
        self.violations = []
        self.replayed = 0
        # What was done, the latest last, to be told with a violation.
        self.story = collections.deque(maxlen=STEPS_TOLD)

    def launch(self, data=None, before=()):
        """A process; it may never serve."""
        self.story.append(f"start {' '.join(self.options)}")
        spool = (f"--spool.dir={self.spool}",) if self.spool else ()
        return harness.Sluiced(data or self.data, *spool, *self.options, before=before,
                               env=self.environment)

    def launch_elsewhere(self, data):
        """A process on a copy of the data directory, on a machine that has just started:
        what this one has in the spool's place, that one does not see."""
        hide = ("unshare", "--mount", "sh", "-c",
                'mount -t tmpfs -o mode=0700 spool "$0" && exec "$@"', str(self.spool))
        return self.launch(data, hide if self.spool else ())

    def start(self):
        self.service = self.launch()
        self.service.wait_ready()
        self.replayed += sum(int(n) for n in REPLAYED.findall(self.service.log()))

    def end(self, service):
        """By SIGKILL; an end of its own before that is a violation."""
        self.story.append(f"said {service.log()[-1500:].strip()}")
        if service.process.poll() is not None:
            code = service.process.returncode
            self.violations.append(f"sluiced ended by itself with {code}:"
                                   f" {service.log()[-600:]}")
        service.kill()
        service.clean_up()

    def happened(self, kind, time_noted=None):
        """Notes an end, once nobody writes any more."""
        now = time.monotonic()
        self.record.events.append(Event(kind, time_noted or now, now))
        self.story.append(kind)

    def kill(self):
        """SIGKILL in the middle of the load."""
        self.end(self.service)
        self.load.end()
        self.happened("kill" if self.spool else "bare-kill")

    def empty_spool(self):
        if self.spool:
            shutil.rmtree(self.spool)
            self.spool.mkdir(mode=0o700)

    def reboot(self):
        """As far as a process can tell."""
        self.empty_spool()
        self.happened("reboot")

    def check(self):
        """Judges what the running service holds."""
        self.violations += judge(self.record, outcome.read(self.service, self.record))
        return self.verdict()

    def verdict(self):
        self.violations += self.record.strange_answers
        self.record.strange_answers.clear()
        if self.violations:
            said = self.service.log() if self.service else ""
            self.violations += [*self.story, f"said {said[-1500:].strip()}"]
        else:
            self.story.append("fine")
        return self.violations

    def close(self):
        if self.service:
            self.service.clean_up()
        self.load.end()
        shutil.rmtree(self.data, ignore_errors=True)
        if self.spool:
            shutil.rmtree(self.spool, ignore_errors=True)
