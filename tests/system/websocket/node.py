"""Clients that nobody here wrote: npm's `ws`, and Chromium's own WebSocket."""

import json
import os
import pathlib
import shutil
import subprocess
import threading
import unittest

import harness
from websocket.client import BATCH, Client

DRIVER = pathlib.Path(__file__).with_name("driver.js")
END_SECONDS_MAX = 30


class NodeClient(Client):
    """A socket of the driver's."""

    def __init__(self, driver, name, batch):
        super().__init__(batch)
        self.driver = driver
        self.name = name
        self.opened = None
        self.refused = None
        self.unavailable = None
        self.pings = 0

    def note(self, report):
        """Takes what the driver tells of this socket."""
        event = report["event"]
        if event == "open":
            self.opened = report
        elif event == "message":
            self.frames.append(report["text"])
        elif event == "ping":
            self.pings += 1
        elif event == "refused":
            self.refused = report["status"]
        elif event == "unavailable":
            self.unavailable = report["detail"]
        else:
            self.closed = report.get("code"), report.get("reason", report.get("detail"))

    def wait(self, condition, seconds=harness.ANSWER_SECONDS_MAX):
        return harness.wait_until(condition, seconds)

    def command(self, action, **members):
        self.driver.command(name=self.name, action=action, **members)

    def send_text(self, text):
        self.command("send", text=text)

    def close(self, code=1000):
        self.command("close", code=code)

    def terminate(self):
        """Ends without a word."""
        self.command("terminate")


class Driver:
    """The one Node program of a test, and the sockets that it holds."""

    def __init__(self):
        if shutil.which("node") is None or "NODE_PATH" not in os.environ:
            raise unittest.SkipTest("no Node, or not its packages: npm was missing when "
                                    "this was configured")
        environment = {**os.environ, "CHROMIUM": shutil.which("chromium") or "chromium"}
        self.process = subprocess.Popen(
            ["node", DRIVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env=environment, text=True)
        self.clients = {}
        self.reader = threading.Thread(target=self.listen, daemon=True)
        self.reader.start()

    def listen(self):
        for line in self.process.stdout:
            report = json.loads(line)
            self.clients[report["name"]].note(report)

    def command(self, **members):
        self.process.stdin.write(json.dumps(members) + "\n")
        self.process.stdin.flush()

    def begin(self, kind, url, protocols=(BATCH,), **more):
        """A socket that may not open. `more` is what its client understands."""
        client = NodeClient(self, f"{kind} {len(self.clients)}", BATCH in protocols)
        self.clients[client.name] = client
        client.command("open", client=kind, url=url, protocols=list(protocols), **more)
        return client

    def open(self, kind, url, protocols=(BATCH,), **more):
        client = self.begin(kind, url, protocols, **more)
        client.expect(lambda: client.opened or client.unavailable or client.closed)
        if client.unavailable:
            raise unittest.SkipTest(f"no Chromium: {client.unavailable[:300]}")
        if not client.opened:
            raise AssertionError(f"{client.name} did not open: {client.closed}, "
                                 f"{client.refused}")
        return client

    def end(self):
        self.process.stdin.close()
        try:
            self.process.wait(END_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.reader.join()
        self.process.stdout.close()
