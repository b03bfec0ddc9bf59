"""`sluiced`, or a server that stands in for it, started, asked and ended by the bench."""

import collections
import contextlib
import functools
import http.client
import json
import os
import re
import signal
import subprocess
import tempfile
import threading
import time

START_SECONDS = 20
STOP_SECONDS = 40
LOAD_SECONDS = 90
IN_MEMORY = "/dev/shm"


@functools.lru_cache
def keys(programs):
    """The settings that this `sluiced` knows: a bench outlives a version."""
    printed = subprocess.run([os.path.join(programs, "sluiced"), "--print-config"],
                             stdout=subprocess.PIPE, text=True, timeout=10, check=True)
    section, found = "", set()
    for line in printed.stdout.splitlines():
        if heading := re.fullmatch(r"\[(\S*)\]", line):
            section = heading[1] and heading[1] + "."
        elif setting := re.match(r";([a-z-]+)=", line):
            found.add(section + setting[1])
    return found


@contextlib.contextmanager
def spool_place():
    """Where a spool may live that outlives its service, and goes with the bench."""
    place = IN_MEMORY if os.access(IN_MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="bench-spool-", dir=place) as directory:
        yield os.path.join(directory, "spool")


class Service:
    """`settings` are words of the command line. A spool is the service's own and gone
    with it, if it is not told where to find one."""

    def __init__(self, programs, data_dir, counts=None, program="sluiced", settings=(),
                 spool=None):
        self._programs = programs
        self._program = program
        self._counts = counts
        self._own = contextlib.ExitStack()
        arguments = ["--http.port=0", f"--data-dir={data_dir}", *settings]
        if program == "sluiced" and "spool.dir" in keys(programs):
            spool = spool or self._own.enter_context(spool_place())
            arguments.append(f"--spool.dir={spool}")
        self._lines = collections.deque(maxlen=20)
        self._ready = threading.Event()
        self._ready_at = None
        self.address = None
        started = time.monotonic()
        # In a session of its own, so that Ctrl-C reaches the bench alone, which ends it;
        # and never longer there than the bench.
        self._process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", os.path.join(programs, program),
             *arguments],
            stderr=subprocess.PIPE, text=True, start_new_session=True,
            env=counts.environment() if counts else None)
        threading.Thread(target=self._listen, daemon=True).start()
        if not self._ready.wait(START_SECONDS) or not self.address:
            self.kill()
            raise RuntimeError(f"{program} did not get ready:\n" + "".join(self._lines))
        self.ready_ms = (self._ready_at - started) * 1000

    def _listen(self):
        for line in self._process.stderr:
            found = re.search(r"ready http=(\S+)", line)
            if found and not self.address:
                self._ready_at = time.monotonic()
                self.address = found[1]
                self._ready.set()
            self._lines.append(line)
        self._ready.set()

    def stop(self):
        """Asks it to end, waits, and complains if it did not end well."""
        self._process.send_signal(signal.SIGTERM)
        code = self._process.wait(STOP_SECONDS)
        if code != 0:
            raise RuntimeError(f"{self._program} ended with {code}:\n"
                               + "".join(self._lines))

    def kill(self):
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._own.close()

    @property
    def pid(self):
        return self._process.pid

    # -- asking ------------------------------------------------------------------

    def ask(self, method, target, body=None, content_type="application/json"):
        host, port = self.address.rsplit(":", 1)
        connection = http.client.HTTPConnection(host, int(port), timeout=30)
        with contextlib.closing(connection):
            if isinstance(body, dict):
                body = json.dumps(body)
            headers = {"Content-Type": content_type} if body else {}
            connection.request(method, target, body, headers)
            answer = connection.getresponse()
            text = answer.read()
            if answer.status >= 300:
                raise RuntimeError(f"{method} {target}: {answer.status} {text}")
            return json.loads(text)

    def load(self, kind, connections, requests, rate=0):
        """Puts a load of `bench-http-load` on it, to its end."""
        done = subprocess.run(
            [os.path.join(self._programs, "bench-http-load"), kind, self.address,
             str(connections), str(requests), str(rate)],
            stdout=subprocess.PIPE, text=True, check=True,
            timeout=LOAD_SECONDS + (requests / rate if rate else 0))
        return json.loads(done.stdout)

    def confine_to(self, processor):
        """Leaves it one processor, all of its threads."""
        for _ in self._each_thread(lambda task: os.sched_setaffinity(task, {processor})):
            pass

    def _each_thread(self, look):
        """What is found of each thread; of one that ends meanwhile, nothing."""
        for task in os.listdir(f"/proc/{self._process.pid}/task"):
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                yield look(int(task))

    # -- measuring ---------------------------------------------------------------

    def cpu_ns(self):
        """CPU time of the process, all threads, by the kernel's clock for it."""
        clock = ~self._process.pid << 3 | 2
        return time.clock_gettime_ns(clock)

    def file_calls(self):
        return self._counts.read()

    def wake_ups(self):
        """How often any of its threads went to sleep by itself, since start."""
        tasks = f"/proc/{self._process.pid}/task"
        return sum(self._each_thread(
            lambda task: _status(f"{tasks}/{task}/status", "voluntary_ctxt_switches")))

    def resident_kib(self):
        return _status(f"/proc/{self._process.pid}/status", "VmRSS")


def _status(path, key):
    with open(path, encoding="ascii") as file:
        for line in file:
            if line.startswith(key + ":"):
                return int(line.split()[1])
    raise RuntimeError(f"{path} has no {key}")


@contextlib.contextmanager
def running(*arguments, **named):
    """A service with the arguments of `Service`, which is gone afterwards."""
    service = Service(*arguments, **named)
    try:
        yield service
    finally:
        service.kill()
