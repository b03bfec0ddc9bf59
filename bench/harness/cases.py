"""How a case is measured: prepared in a directory, then worked, the work alone counted.

Every case costs the same four numbers: `cpu_ns`, `writes`, `bytes`, `syncs`.
"""

import contextlib
import json
import os
import statistics
import subprocess
import tempfile

from harness import device, service
from harness.counts import counting

PEER_SECONDS = 120


class Peer:
    """A case of one of the bench's own programs."""

    def __init__(self, label, program, case, items, prepare=None):
        self.label = label
        self.items = items
        self._program = program
        self._case = case
        self._prepare = prepare
        self._process = None

    @contextlib.contextmanager
    def prepared(self, programs, directory):
        if self._prepare:
            self._run(programs, self._prepare, directory)
        yield lambda: self._work(programs, directory)

    def _work(self, programs, directory):
        with counting(programs) as counts:
            done = self._run(programs, self._case, directory, counts.environment())
            # Its own report has the kernel's count of writes, stdio's included.
            return counts.read() | json.loads(done)

    def _run(self, programs, case, directory, environment=None):
        command = [os.path.join(programs, self._program),
                   *self._arguments(case, directory)]
        # It must not outlive the bench, however that ends.
        with subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *command],
                              stdout=subprocess.PIPE, text=True,
                              env=environment) as self._process:
            try:
                done, _ = self._process.communicate(timeout=self._seconds())
            except BaseException:
                self._process.kill()
                raise
        if self._process.returncode != 0:
            raise RuntimeError(f"{command} ended with {self._process.returncode}")
        return done

    def _arguments(self, case, directory):
        return [case, directory, str(self.items)]

    def _seconds(self):
        return PEER_SECONDS

    @property
    def pid(self):
        """Of the program at work, or nothing."""
        at_work = self._process and self._process.poll() is None
        return self._process.pid if at_work else None

    def kill(self):
        if self._process:
            self._process.kill()


class Served:
    """A load on a server, `sluiced` if not told otherwise. CPU is counted until all is
    flushed, calls and bytes until it has stopped, since a stop writes the rest."""

    def __init__(self, label, items, load, prepare=None, program="sluiced",
                 settings=()):
        self.label = label
        self.items = items
        self._load = load
        self._prepare = prepare
        self._program = program
        self._settings = settings
        self._server = None

    @contextlib.contextmanager
    def prepared(self, programs, directory):
        with counting(programs) as counts, \
                service.running(programs, directory, counts, self._program,
                                self._settings) as server:
            self._server = server
            if self._prepare:
                self._prepare(server)
            yield lambda: self._work(server)

    def _work(self, server):
        cpu, calls = server.cpu_ns(), server.file_calls()
        extra = self._load(server, self.items) or {}
        cpu = server.cpu_ns() - cpu
        server.stop()
        now = server.file_calls()
        return extra | {"cpu_ns": cpu} | {key: now[key] - calls[key] for key in now}

    @property
    def pid(self):
        return self._server and self._server.pid

    def kill(self):
        if self._server:
            self._server.kill()


def in_rounds(cases, rounds, programs, scratch):
    """Medians of each case's numbers, the cases taking turns."""
    results = {case.label: [] for case in cases}
    for _ in range(rounds):
        for case in cases:
            with tempfile.TemporaryDirectory(prefix="case-", dir=scratch) as directory:
                with case.prepared(programs, directory) as work:
                    results[case.label].append(work())
    return {label: {key: statistics.median(one[key] for one in all_rounds)
                    for key in all_rounds[0]}
            for label, all_rounds in results.items()}


def on_device(cases, programs, scratch):
    """What reached the device while each case worked, up to a final sync."""
    results = {}
    for case in cases:
        with device.fresh_ext4(scratch) as disk, \
                case.prepared(programs, disk.data) as work:
            before = disk.read()
            work()
            now = disk.read()
            results[case.label] = {key: now[key] - before[key] for key in now}
    return results
