"""Storms: under load actors are started anew, two at once, the disk fails now and then,
and the service is stopped or killed, in its start too. Everybody is answered, nothing
is kept of who has gone, every end is in order, and nothing acknowledged is lost."""

import functools
import pathlib
import random
import re
import resource
import shutil
import signal
import subprocess
import time

import harness
import looking
from proof import preloads
from proof.crowd import Complaints, Crowd, Writer
from proof.figures import Figures
from proof.load import Load
from proof.trial import Trial
from proof.vestiges import Vestiges

ROUNDS_PER_TRIAL = 20
BACKENDS = ("journal", "database")
DEADLINE_SECONDS = 4
# What is not the drain: connections that end, actors that leave, a busy machine.
STOP_SECONDS_MAX = DEADLINE_SECONDS + 4
# For a service that was hurt to be itself again.
PATIENCE_SECONDS = 25
START_SECONDS = 0.08
DISKS = ({"writes": 20}, {"syncs": 3}, {"writes": 50, "syncs": 5},
         {"delays": 3, "delay_us": 50_000}, {"delays": 20, "delay_us": 200_000},
         {"writes": 30, "syncs": 10, "delays": 5, "delay_us": 100_000})
# Exits that are failures, designed where the disk fails and these words say why.
FAILURES = (1, 2, 3, 4)
REASONS = re.compile(r"not-drained|cannot be brought to disk|error")


def children(service):
    """The names of all that can be started anew; each log's buffer is one."""
    actors = service.get("/v1/actors?state=false").json
    root = next(each["id"] for each in actors if each["name"] == "supervisor")
    return [each["name"] + (f"/{each['key']}" if each["key"] else "")
            for each in actors if each["parent"] == root]


class Disk(preloads.Orders):
    library = "failing_disk"
    names = ("writes", "syncs", "delays", "delay_us", "failed")


class Storm:
    """A run of rounds, all of which follow from the seed but for what the kernel does.
    What is found is kept below `folder`."""

    def __init__(self, folder, seed):
        self.folder = pathlib.Path(folder)
        self.seed = seed
        self.dice = random.Random(seed)
        self.sessions_in = self.dice.choice(BACKENDS)
        self.figures = Figures()
        self.trial = self.disk = self.complaints = self.crowd = None
        self.failed_before = 0
        self.restarting = []
        resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY,) * 2)

    def run(self, rounds, seconds=float("inf")):
        """So many rounds, or until the time is over, or until something is found."""
        deadline = time.monotonic() + seconds
        while (self.figures.rounds < rounds and time.monotonic() < deadline
               and not self.figures.violations):
            data = self.folder / "data"
            self.disk = Disk(self.folder / "orders", FAILING_DISK_UNDER=str(data))
            self.trial = Trial(self.folder, self.dice.randrange(1 << 30), data,
                               environment=self.disk.environment)
            self.trial.options = self.options()
            self.complaints = Complaints()
            self.trial.load = Load(self.trial.record, self.dice.randrange(1 << 30),
                                   kind=functools.partial(
                                       Writer, complaints=self.complaints))
            count = min(ROUNDS_PER_TRIAL, rounds - self.figures.rounds)
            try:
                self.rage(self.figures.rounds + count, deadline)
            except (AssertionError, OSError, subprocess.TimeoutExpired) as error:
                self.found(repr(error))
            finally:
                self.finish()
        return self.figures

    def finish(self):
        if self.trial.violations:
            self.trial.violations.insert(
                0, f"seed {self.seed}, round {self.figures.rounds + 1}; what it left is"
                   f" in {self.keep()}")
        # Whoever waits for an answer yet is cut off, and goes.
        self.complaints.ending.set()
        if self.trial.service:
            self.trial.service.clean_up()
        if self.crowd:
            self.crowd.leave()
        for _, asked in self.restarting:
            asked.kill()
            asked.wait()
        self.restarting.clear()
        self.trial.close()
        self.figures.add(self.trial)
        self.figures.failed += self.disk.failed

    def keep(self):
        """A copy of the directories, and of the core if there is one."""
        kept = self.folder / "kept"
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(self.trial.data, kept / "data")
        if self.trial.spool and self.trial.spool.exists():
            shutil.copytree(self.trial.spool, kept / "spool",
                            ignore=lambda at, names: [x for x in names if "sock" in x])
        return kept

    def found(self, what):
        self.trial.violations.append(what)

    def tell(self, what):
        begun = self.complaints.begun
        self.trial.story.append(f"{time.monotonic() - begun:.3f} s: {what}")

    # -- a round -----------------------------------------------------------------------

    def rage(self, rounds, deadline):
        self.trial.start()
        while self.figures.rounds < rounds and time.monotonic() < deadline:
            self.trial.load.learn(self.trial.service)
            self.round()
            self.disk.set()
            self.trial.options = self.options()
            if not self.trial.violations and self.dice.random() < 0.3:
                self.end_in_start()
            if not self.trial.violations:
                self.trial.start()
                self.trial.check()
            if self.trial.violations:
                self.trial.verdict()
                return
            self.figures.rounds += 1

    def round(self):
        service = self.trial.service
        self.failed_before = self.disk.failed
        vestiges = Vestiges(service)
        self.complaints = Complaints()
        for each in self.trial.load.connections:
            each.complaints = self.complaints
        self.crowd = Crowd(service, self.trial.load, self.complaints,
                           self.dice.randrange(1 << 30))
        self.blow(service)
        calm = self.dice.random() < 0.5
        if calm:
            self.disk.set()
            self.crowd.leave()
            self.await_calm(vestiges)
        self.end()
        self.trial.service = None
        if not calm:
            self.crowd.leave()
        self.await_restarts()
        self.trial.violations += [*self.complaints.found, *self.complaints.cuts][:5]
        self.trial.happened("kill" if self.trial.spool else "bare-kill")

    def blow(self, service):
        """Restarts and faults, for some time."""
        names = children(service)
        until = time.monotonic() + self.dice.uniform(0.05, 0.8)
        while time.monotonic() < until:
            if self.dice.random() < 0.7:
                for _ in range(self.dice.choice((1, 2, 2))):
                    self.restart(service, self.dice.choice(names))
            else:
                orders = self.dice.choice(({}, *DISKS))
                self.tell(f"disk {orders}")
                self.disk.set(**orders)
            time.sleep(self.dice.uniform(0, 0.1))

    def restart(self, service, name):
        self.tell(f"restart {name}")
        command = (looking.SLUICECTL, f"--socket={looking.socket_of(service)}", "restart",
                   name)
        self.restarting.append((name, subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)))
        time.sleep(self.dice.uniform(0, 0.1))

    def await_restarts(self):
        for name, asked in self.restarting:
            try:
                asked.wait(PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                asked.kill()
                asked.wait()
                self.found(f"restart {name} was never answered")
        self.restarting.clear()

    def await_calm(self, vestiges):
        """It serves again by itself, and nothing is kept of those who have gone."""
        service = self.trial.service
        self.await_restarts()

        def is_over():
            return service.process.poll() is not None

        if not (harness.wait_until(lambda: is_over() or self.is_well(service),
                                   PATIENCE_SECONDS)
                and (is_over() or vestiges.go(PATIENCE_SECONDS))):
            self.found(f"it is not itself again: {vestiges.kept}")
            self.found(vestiges.state())

    def is_well(self, service):
        try:
            return all((service.get("/health/ready").status == 200,
                        service.post("/v1/sessions/flush").status == 200,
                        service.post("/v1/logs/flush").status == 200,
                        service.post("/v1/db/flush").status == 200))
        except OSError:
            return False

    # -- ends --------------------------------------------------------------------------

    def end(self):
        """Stopped, or killed; it must be there until then."""
        service = self.trial.service
        self.complaints.ending.set()
        if service.process.poll() is not None:
            self.judge_exit(service, service.process.returncode, asked=False)
            service.clean_up()
        elif self.dice.random() < 0.6:
            self.stop(service)
        else:
            self.trial.end(service)
            self.figures.kills += 1

    def stop(self, service):
        self.tell("stop")
        self.figures.ended += 1
        service.signal(signal.SIGTERM)
        try:
            self.judge_exit(service, service.wait(STOP_SECONDS_MAX))
        except subprocess.TimeoutExpired:
            self.found(f"no end {STOP_SECONDS_MAX} s after SIGTERM:"
                       f" {self.threads_of(service)}")
            self.found(service.log()[-2500:])
        service.clean_up()

    def judge_exit(self, service, code, asked=True):
        """0, or where the disk fails, a failure that is told."""
        log = service.log()
        self.tell(f"ended with {code}: {log[-1500:].strip()}")
        failed = self.is_hurt() and code in FAILURES and REASONS.search(log)
        if not asked or " critical " in log or (code != 0 and not failed):
            by = "" if asked else " by itself"
            self.found(f"it ended{by} with {code}: {log[-2500:]}")

    def is_hurt(self):
        """Whether the disk has failed under this service."""
        return self.disk.failed > self.failed_before

    def end_in_start(self):
        """Once: what several starts in a row die of is set aside by design. Or the disk
        fails meanwhile, and the start may."""
        self.failed_before = self.disk.failed
        if self.dice.random() < 0.3:
            self.disk.set(**self.dice.choice(DISKS))
        self.tell("end in start")
        service = self.trial.service = self.trial.launch()
        time.sleep(self.dice.uniform(0, START_SECONDS))
        if self.dice.random() < 0.5:
            service.kill()
            self.figures.kills_in_start += 1
        elif service.process.poll() is not None or self.holds_signals(service):
            self.stop(service)
        else:
            service.kill()
        self.disk.set()
        service.clean_up()
        self.trial.service = None
        self.trial.happened("kill" if self.trial.spool else "bare-kill")

    def holds_signals(self, service):
        """Whether SIGTERM waits for the program's main thread already."""
        status = pathlib.Path(f"/proc/{service.pid}/status").read_text()
        blocked = int(re.search(r"^SigBlk:\s*(\w+)$", status, re.MULTILINE)[1], 16)
        return bool(blocked >> (signal.SIGTERM - 1) & 1)

    def threads_of(self, service):
        """Where each thread is, as far as it can be told."""
        if not shutil.which("gdb"):
            return "no gdb"
        told = subprocess.run(
            ["gdb", "-p", str(service.pid), "-batch", "-ex", "thread apply all bt 12"],
            capture_output=True, text=True, check=False, timeout=60)
        return told.stdout[-6000:]

    # -- settings ----------------------------------------------------------------------

    def options(self):
        """Windows so short that much is under way, or so long that much waits."""
        short = f"{self.dice.randrange(5, 60)}ms"
        window = self.dice.choice((short, short, "1h"))
        if self.dice.random() < 0.1:
            self.sessions_in = self.dice.choice(BACKENDS)
        return (f"--log.flush-interval={window}", f"--session.debounce={window}",
                f"--sqlite.queue-interval={window}", f"--flush.grid={short}",
                f"--sqlite.checkpoint-interval={short}",
                f"--log.max-entries={self.dice.choice((7, 100, 100000))}",
                f"--session.max-pending={self.dice.choice((2, 10, 1000))}",
                f"--spool.max-bytes={self.dice.choice((4 << 20, 32 << 20))}",
                f"--session.backend={self.sessions_in}",
                f"--http.max-in-flight-bytes={1 << 20}", "--http.disk-timeout=3s",
                "--sqlite.query-timeout=2s", f"--shutdown.deadline={DEADLINE_SECONDS}s",
                "--supervisor.restarts=1000")
