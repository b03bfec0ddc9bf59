"""Cases side by side: at the same time, each on a device of its own."""

import concurrent.futures
import contextlib
import threading

from harness import device

START_SECONDS = 60


def together(cases, programs, scratch, watch=None):
    """What each case cost, and what reached its device up to a final sync, by label:
    `setup_kib` from the empty file system to the start, the rest from there.

    `watch(case, disk)` is a context around a case at work."""
    start = threading.Barrier(len(cases))

    def one(case):
        try:
            return _one(case, programs, scratch, start, watch)
        except BaseException:
            start.abort()
            raise

    with concurrent.futures.ThreadPoolExecutor(len(cases)) as pool:
        futures = [pool.submit(one, case) for case in cases]
        try:
            concurrent.futures.wait(futures,
                                    return_when=concurrent.futures.FIRST_EXCEPTION)
            _raise_the_first(futures)
            return {case.label: future.result()
                    for case, future in zip(cases, futures)}
        except BaseException:
            # Nobody waits minutes for the others; each still unmounts its own.
            for case in cases:
                case.kill()
            raise


def _one(case, programs, scratch, start, watch):
    with device.fresh_ext4(scratch) as disk:
        empty = disk.read()
        with case.prepared(programs, disk.data) as work:
            before = disk.read()
            start.wait(START_SECONDS)
            with watch(case, disk) if watch else contextlib.nullcontext():
                cost = work()
            now = disk.read()
        case.check(programs, disk.data)
    return (cost | {key: now[key] - before[key] for key in now}
            | {"setup_kib": before["kib"] - empty["kib"]})


def _raise_the_first(futures):
    """The cause, not the barrier that it broke for the others."""
    problems = [future.exception() for future in futures if future.done()]
    problems = [problem for problem in problems if problem]
    causes = [problem for problem in problems
              if not isinstance(problem, threading.BrokenBarrierError)]
    if problems:
        raise (causes or problems)[0]


def floor(scratch):
    """What a file system costs that takes a single byte."""
    with device.fresh_ext4(scratch) as disk:
        before = disk.read()
        with open(f"{disk.data}/byte", "wb") as file:
            file.write(b"x")
        now = disk.read()
        return {key: now[key] - before[key] for key in now}
