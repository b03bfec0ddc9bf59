"""Memory, threads and mappings that are refused at random, under load: the service goes
on, or ends with a word and an exit code, and nothing acknowledged is lost."""

import contextlib
import random
import subprocess
import threading
import time

import harness
from proof import preloads
from proof.figures import Figures
from proof.trial import Trial
from websocket import raw

ROUNDS_PER_TRIAL = 8
KINDS = ("memory", "memory", "memory", "threads", "mappings", "all")
MEMORY_ODDS = (50, 300, 1000, 3000, 10_000, 30_000)
FEW_ODDS = (1, 2, 3)
STARVING_SECONDS = 0.25
# Nobody waits longer for an answer, nor for the service to be itself again.
PATIENCE_SECONDS = 25


class Orders(preloads.Orders):
    """What the library `starving` is told."""

    library = "starving"
    names = ("memory", "least_bytes", "threads", "mappings", "workers_alone", "failed")


class Watcher:
    """A WebSocket client that follows a topic, and a publisher, for as long as both are
    let in."""

    def __init__(self, service):
        self.service = service
        self.over = threading.Event()
        # What each of the two is at.
        self.doing = {}
        self.threads = [threading.Thread(target=work, daemon=True)
                        for work in (self.follow, self.publish)]
        for each in self.threads:
            each.start()

    def follow(self):
        while not self.over.wait(0.01):
            self.doing["follower"] = "opens a WebSocket"
            with contextlib.suppress(OSError, AssertionError, ValueError):
                client = raw.open_client(self.service)
                with contextlib.closing(client):
                    self.doing["follower"] = "follows"
                    client.send_text('{"op":"subscribe","topics":["t"]}')
                    client.wait(lambda: client.ended or self.over.is_set(), 0.2)

    def publish(self):
        while not self.over.wait(0.005):
            self.doing["publisher"] = "publishes"
            with contextlib.suppress(OSError, ValueError):
                self.service.post("/v1/topics/t", {"a": "b" * 100})
            self.doing["publisher"] = "rests"

    def end(self):
        self.over.set()
        for each in self.threads:
            each.join()


class Starver:
    """A run of rounds, all of which follow from the seed but for what the kernel does."""

    def __init__(self, folder, seed):
        self.folder = folder
        self.dice = random.Random(seed)
        self.figures = Figures()

    def run(self, rounds, seconds=float("inf")):
        deadline = time.monotonic() + seconds
        while (self.figures.rounds < rounds and time.monotonic() < deadline
               and not self.figures.violations):
            orders = Orders(self.folder / "orders")
            trial = Trial(self.folder, self.dice.randrange(1 << 30),
                          environment=orders.environment)
            count = min(ROUNDS_PER_TRIAL, rounds - self.figures.rounds)
            try:
                self.torment(trial, orders, self.figures.rounds + count)
            finally:
                trial.close()
                self.figures.add(trial)
                self.figures.failed += orders.failed
        return self.figures

    def torment(self, trial, orders, rounds):
        trial.options = self.options()
        trial.start()
        trial.load.learn(trial.service)
        while self.figures.rounds < rounds and not trial.violations:
            self.starve(trial, orders)
            self.figures.rounds += 1
            trial.options = self.options()
            trial.start()
            trial.check()

    def starve(self, trial, orders):
        """From some moment under load to another; then it ends, one way or the other."""
        trial.load.begin(trial.service)
        watcher = Watcher(trial.service)
        time.sleep(self.dice.uniform(0.02, 0.1))
        chosen = self.orders()
        trial.story.append(f"starve {chosen}")
        orders.set(**chosen)
        time.sleep(self.dice.expovariate(1 / STARVING_SECONDS))
        orders.set()
        lives = self.recovers(trial)
        late = threading.Timer(PATIENCE_SECONDS, self.note_unanswered, (trial, watcher))
        late.start()
        trial.load.end()
        watcher.end()
        late.cancel()
        late.join()
        if lives:
            self.figures.went_on += 1
            self.end(trial)
        trial.happened("kill" if trial.spool else "bare-kill")

    def note_unanswered(self, trial, watcher):
        """Says so while it waits yet."""
        trial.violations.append("a request was never answered:"
                                f" {trial.load.unanswered or watcher.doing}\n"
                                f"{self.state(trial.service)}")

    def recovers(self, trial):
        """Whether it serves again by itself; if not, it must have ended in order."""
        service = trial.service
        failing = None

        def works():
            nonlocal failing
            failing = self.failing(service)
            return failing is None

        def is_over():
            return service.process.poll() is not None

        if not harness.wait_until(lambda: is_over() or works(), PATIENCE_SECONDS):
            trial.violations.append(f"it neither serves nor ends: {failing}\n"
                                    f"{self.state(service)}")
            return True
        # It may be about to end.
        if harness.wait_until(is_over, 0.1):
            self.note_end(trial)
            return False
        return True

    def failing(self, service):
        """What it does not do, and what it says to that; None if it does all."""
        for asked, ask in (("live", lambda: service.get("/health/live")),
                           ("sessions", lambda: service.post("/v1/sessions/flush")),
                           ("logs", lambda: service.post("/v1/logs/flush")),
                           ("query", lambda: service.query("SELECT 1"))):
            try:
                answer = ask()
            except OSError as error:
                return f"{asked}: {error!r}"
            if answer.status != 200:
                return f"{asked}: {answer.status} {answer.text[:500]}"
        return None

    def state(self, service):
        """What it says of itself, and of its actors: the supervisor's phase too."""
        ended = service.process.poll()
        told = [f"exit code {ended}", service.log()[-2500:]]
        for path in ("/health/live", "/health", "/v1/actors?state=true"):
            try:
                told.append(f"{path}: {service.get(path).text}")
            except OSError as error:
                told.append(f"{path}: {error}")
        return "\n".join(told)

    def note_end(self, trial):
        code = trial.service.wait()
        self.figures.ended += 1
        trial.story.append(f"ended with {code}: {trial.service.log()[-2500:]}")
        if code != 1:
            trial.violations.append(f"it ended with {code}:"
                                    f" {trial.service.log()[-2500:]}")
        trial.service.clean_up()

    def end(self, trial):
        """Stopped, or killed."""
        if self.dice.random() < 0.5 or trial.service.process.poll() is not None:
            trial.end(trial.service)
            return
        try:
            code = trial.service.stop()
        except subprocess.TimeoutExpired:
            code = "no exit at all"
        if code not in (0, 1):
            trial.violations.append(f"a stop ended with {code}:"
                                    f" {trial.service.log()[-2500:]}")
        trial.service.clean_up()

    def orders(self):
        kind = self.dice.choice(KINDS)
        result = {}
        if kind in ("memory", "all"):
            result["memory"] = self.dice.choice(MEMORY_ODDS)
        for each in ("threads", "mappings"):
            if kind in (each, "all"):
                result[each] = self.dice.choice(FEW_ODDS)
        return result

    def options(self):
        """Actors die often here: that this has a bound is tried elsewhere."""
        window = self.dice.choice(("20ms", "1h"))
        return (f"--log.flush-interval={window}", f"--session.debounce={window}",
                f"--sqlite.queue-interval={window}", "--flush.grid=20ms",
                "--shutdown.deadline=3s", "--http.disk-timeout=5s",
                f"--supervisor.restarts={self.dice.choice((5, 1000))}",
                f"--session.backend={self.dice.choice(('journal', 'database'))}")
