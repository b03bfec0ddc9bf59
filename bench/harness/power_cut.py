"""What a power cut would have cost, found out by many: copies of a device, made while
a program works, mounted as after a cut, and searched for what was accepted by then.

For each copy the program is stopped (SIGSTOP) for some milliseconds, and a copy counts
only if nothing reached the device meanwhile. So it is what the device held at one
moment. The mount replays the file system's journal, a reader the database's WAL. What
lives in memory, a spool too, is gone.
"""

import contextlib
import dataclasses
import os
import random
import shutil
import signal
import threading
import time

from harness import device
from harness.paced import missing

KINDS = ("lines", "updates", "rows")


@dataclasses.dataclass
class Worst:
    """The most items that a cut lost of a kind, and the greatest age of one of them."""
    cuts: int = 0
    stores_lost: int = 0
    items: dict = dataclasses.field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    ages: dict = dataclasses.field(default_factory=lambda: dict.fromkeys(KINDS, 0.0))

    def take(self, kind, items, age):
        self.items[kind] = max(self.items[kind], items)
        self.ages[kind] = max(self.ages[kind], age)


class Cuts:
    def __init__(self, scratch, seconds, every):
        """A cut at random in each stretch of `every` seconds."""
        self._scratch = scratch
        self._seconds = seconds
        self._every = every
        self._kept = {}
        self._lock = threading.Lock()
        self.failed = 0

    @contextlib.contextmanager
    def watch(self, case, disk):
        done = threading.Event()
        kept = self._kept[case.label] = []
        base = os.path.join(self._scratch, f"cuts-{len(self._kept)}-")
        thread = threading.Thread(target=self._cut, args=(case, disk, base, kept, done))
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def _cut(self, case, disk, base, kept, done):
        began = time.monotonic()
        chance = random.Random(case.label)
        for number in range(int(self._seconds / self._every)):
            at = (number + chance.random()) * self._every
            if done.wait(max(0, began + at - time.monotonic())):
                return
            # One at a time, since loop devices are few.
            with self._lock:
                try:
                    kept.append(self._copy(case, disk, began, f"{base}{number}"))
                except OSError as problem:
                    self.failed += 1
                    print(f"  no copy of {case.label}: {problem}", flush=True)

    def _copy(self, case, disk, began, directory):
        image = directory + ".image"
        try:
            with _stopped(case.pid):
                elapsed = time.monotonic() - began
                if not disk.copy(image):
                    raise OSError("the device did not rest")
            with device.mounted(image) as mount_point:
                shutil.copytree(os.path.join(mount_point, "data"), directory)
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(image)
        return elapsed, directory

    def worst(self, case, programs):
        worst = Worst()
        for elapsed, directory in self._kept[case.label]:
            found = case.found(programs, directory)
            worst.cuts += 1
            if found.store_is_broken:
                # All of it, whatever its age: counted apart.
                worst.stores_lost += 1
                newest = case.load.count(case.load.updates)
                found.versions = [newest] * len(found.versions)
            for kind, items in missing(case.load, found, elapsed).items():
                if len(items):
                    age = elapsed - items[0] / getattr(case.load, kind)
                    worst.take(kind, len(items), age)
        return worst


@contextlib.contextmanager
def _stopped(pid):
    if pid is None:
        raise OSError("the program is not at work")
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)
