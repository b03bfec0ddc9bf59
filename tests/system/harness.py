"""A running `sluiced` for a test: started on a free port in a directory of its own,
spoken to over HTTP, ended by its process id, and cleaned up after.

A file of tests ends with `harness.main()`, which runs the one test that is named on the
command line and fails if there is none.
"""

import contextlib
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import unittest

SLUICED = os.environ.get("SLUICED", "build/bin/sluiced")
PRELOAD = os.environ.get("PRELOAD", "build/tests")
START_SECONDS_MAX = 30
STOP_SECONDS_MAX = 60
ANSWER_SECONDS_MAX = 30
# What ctest takes for "skipped".
SKIPPED = 77
JSON = "application/json"
TEXT = "text/plain"
NDJSON = "application/x-ndjson"
READY = re.compile(r"^ready http=(\S+)", re.MULTILINE)
# What a test does not set must not come from whoever runs it.
ENVIRONMENT = {name: value for name, value in os.environ.items()
               if not name.startswith("SECURECLAW_") and name != "XDG_RUNTIME_DIR"}
# Where a test keeps what must be in RAM.
RAM = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


class Answer:
    """What came back: status, headers, and the body as bytes, text or JSON."""

    def __init__(self, response, body):
        self.status = response.status
        self.headers = response.headers
        self.body = body

    @property
    def text(self):
        return self.body.decode()

    @property
    def json(self):
        return json.loads(self.body)


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path):
        super().__init__("localhost", timeout=ANSWER_SECONDS_MAX)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def exchange(connection, method, path, body=None, kind=None, headers=None):
    """One request on an open connection."""
    all_headers = dict(headers or {})
    if kind is not None:
        all_headers["Content-Type"] = kind
    connection.request(method, path, body, all_headers)
    response = connection.getresponse()
    return Answer(response, response.read())


def read_answers(sock, count):
    """Reads so many answers, one behind the other, from a raw socket."""
    with sock.makefile("rb") as stream:
        return [read_answer(stream) for _ in range(count)]


class Stream:
    """What `http.client` takes for a socket, and does not close after an answer."""

    def __init__(self, stream):
        self.stream = stream

    def makefile(self, _mode):
        return self

    def __getattr__(self, name):
        return getattr(self.stream, name)

    def close(self):
        pass


def read_answer(stream):
    response = http.client.HTTPResponse(Stream(stream))
    response.begin()
    return Answer(response, response.read())


def preloaded(name, **settings):
    """The environment of a service with one of the libraries of `preload/`, set so."""
    return {"LD_PRELOAD": os.path.abspath(os.path.join(PRELOAD, f"lib{name}.so")),
            "ASAN_OPTIONS": "verify_asan_link_order=0", **settings}


def wait_until(condition, seconds=10):
    """Whether the condition comes true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def sanitized():
    """Whether the programs are a build of the sanitizers, whose memory says nothing."""
    return b"__asan_init" in pathlib.Path(SLUICED).read_bytes()


def skip_if_sanitized(why):
    """Leaves out what the sanitizers cannot be tried with."""
    if sanitized():
        raise unittest.SkipTest(why)


class Program:
    """A process of ours, and what it writes to standard error: a file of the test's, or
    one that the test wants to look at itself."""

    def __init__(self, command, env=None, errors=None):
        self.lines = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=self.lines if errors is None else errors,
            env={**ENVIRONMENT, **(env or {})})

    @property
    def pid(self):
        return self.process.pid

    def log(self):
        """All that it wrote to standard error so far."""
        return os.pread(self.lines.fileno(), 1 << 24, 0).decode()

    def wait_for(self, pattern):
        """What its log comes to hold before it ends. Its own thread writes it."""
        pattern = re.compile(pattern)

        def told():
            return pattern.search(self.log()) or self.process.poll() is not None

        found = wait_until(told, START_SECONDS_MAX) and pattern.search(self.log())
        if not found:
            raise AssertionError(f"it did not say {pattern.pattern}: {self.log()}")
        return found

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self, seconds=STOP_SECONDS_MAX):
        """Waits for its end; returns the exit code."""
        return self.process.wait(seconds)

    def stop(self):
        self.signal(signal.SIGTERM)
        return self.wait()

    def kill(self):
        self.signal(signal.SIGKILL)
        return self.wait()

    def clean_up(self):
        if self.process.poll() is None:
            self.kill()
        self.lines.close()


class Sluiced(Program):
    """The service. `data` is its data directory, a path."""

    def __init__(self, data, *options, env=None, before=(), errors=None):
        self.data = pathlib.Path(data)
        super().__init__([*before, SLUICED, f"--data-dir={self.data}", "--http.port=0",
                          *options], env, errors)
        self.address = None

    def wait_ready(self):
        self.address = self.wait_for(READY)[1]
        return self

    @property
    def host(self):
        return self.address.rsplit(":", 1)[0].strip("[]")

    @property
    def port(self):
        return int(self.address.rsplit(":", 1)[1])

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.port,
                                          timeout=ANSWER_SECONDS_MAX)

    def connect_tls(self, authority):
        context = ssl.create_default_context(cafile=authority)
        return http.client.HTTPSConnection("127.0.0.1", self.port, context=context,
                                           timeout=ANSWER_SECONDS_MAX)

    def socket(self):
        """A raw TCP connection."""
        return socket.create_connection(("127.0.0.1", self.port), ANSWER_SECONDS_MAX)

    def ask(self, method, path, body=None, kind=None, headers=None):
        """One request on a connection of its own."""
        with contextlib.closing(self.connect()) as connection:
            return exchange(connection, method, path, body, kind, headers)

    def get(self, path):
        return self.ask("GET", path)

    def post(self, path, value=None):
        """Posts JSON, or nothing."""
        if value is None:
            return self.ask("POST", path)
        return self.ask("POST", path, json.dumps(value), JSON)

    def post_text(self, path, text):
        return self.ask("POST", path, text, TEXT)

    def put(self, path, value):
        return self.ask("PUT", path, json.dumps(value), JSON)

    def execute(self, sql, *params):
        return self.post("/v1/db/execute", {"sql": sql, "params": list(params)})

    def query(self, sql, *params):
        return self.post("/v1/db/query", {"sql": sql, "params": list(params)})

    def log_file(self, name):
        """The bytes of a log's file."""
        return (self.data / "logs" / f"{name}.log").read_bytes()

    def comes_to_hold(self, name, content):
        """Whether a log's file gets to hold exactly this, soon."""
        path = self.data / "logs" / f"{name}.log"
        return wait_until(lambda: path.exists() and path.read_bytes() == content)

    def wal_size(self):
        return (self.data / "sluice.db-wal").stat().st_size


class Case(unittest.TestCase):
    """A test with a directory of its own."""

    def setUp(self):
        self.folder = self.make_folder()
        self.data = self.folder / "data"
        self.runtime = self.make_folder(RAM)

    def make_folder(self, parent=None):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="sluice-system-", dir=parent))
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        return folder

    def secret(self, name, text):
        """A file that nobody else may read."""
        path = self.folder / name
        path.touch(0o600)
        path.write_text(text)
        return path

    def launch(self, *options, **more):
        """A process that may not get ready."""
        env = {"XDG_RUNTIME_DIR": str(self.runtime), **(more.pop("env", None) or {})}
        service = Sluiced(self.data, *options, env=env, **more)
        self.addCleanup(service.clean_up)
        return service

    def start(self, *options, **more):
        """A process that serves."""
        return self.launch(*options, **more).wait_ready()

    def refusal(self, *options, **more):
        """Exit code and standard error of a start that must fail."""
        service = self.launch(*options, **more)
        return service.wait(START_SECONDS_MAX), service.log()

    def assert_status(self, answer, status):
        self.assertEqual(answer.status, status, answer.body[:500])
        return answer

    def assert_ok(self, answer):
        self.assertIn(answer.status, (200, 202), answer.body[:500])
        return answer

    def assert_problem(self, answer, status):
        """An error as every error must be."""
        self.assert_status(answer, status)
        self.assertEqual(answer.headers.get_content_type(), "application/problem+json")
        problem = answer.json
        self.assertEqual(problem["status"], status)
        for member in ("type", "title", "code", "detail"):
            self.assertIsInstance(problem[member], str, member)
        return answer

    def assert_clean_exit(self, service):
        self.assertEqual(service.stop(), 0, service.log())


def main():
    """Runs the one test that is named, of whichever class of the file."""
    name = sys.argv[1]
    classes = [each for each in vars(sys.modules["__main__"]).values()
               if isinstance(each, type) and issubclass(each, Case)]
    tests = [each(name) for each in classes if hasattr(each, name)]
    if len(tests) != 1:
        sys.exit(f"{len(tests)} tests are named {name}")
    result = unittest.TextTestRunner(verbosity=2).run(unittest.TestSuite(tests))
    if result.skipped and result.wasSuccessful():
        sys.exit(SKIPPED)
    sys.exit(0 if result.wasSuccessful() and result.testsRun == 1 else 1)
