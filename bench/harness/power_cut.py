"""What a power cut would have cost, found out by many: copies of a device, made while
a program works, mounted as after a cut, and searched for what was accepted by then.

For each copy the program is stopped (SIGSTOP) for some milliseconds, and a copy counts
only if nothing reached the device meanwhile. So it is what the device held at one
moment. The mount replays the file system's journal, a reader the database's WAL. What
lives in memory, a spool too, is gone.
"""

import contextlib
import os
import random
import shutil
import signal
import threading
import time

from harness import device
from harness.paced import missing

KINDS = ("lines", "updates", "rows")


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
        """By kind, (items, seconds): the most that a cut lost, and the greatest age of
        what it lost; and how many cuts there were."""
        worst = {kind: (0, 0.0) for kind in KINDS}
        for elapsed, directory in self._kept[case.label]:
            lost = missing(case.load, case.found(programs, directory), elapsed)
            for kind, items in lost.items():
                if len(items):
                    age = elapsed - items[0] / getattr(case.load, kind)
                    worst[kind] = (max(worst[kind][0], len(items)),
                                   max(worst[kind][1], age))
        return worst, len(self._kept[case.label])


@contextlib.contextmanager
def _stopped(pid):
    if pid is None:
        raise OSError("the program is not at work")
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)
