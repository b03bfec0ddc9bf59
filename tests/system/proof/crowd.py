"""Everybody who asks something of a service in a storm: writers, who remember what they
were told, those who only look, and those who follow topics, read them or not. Each of
them wants an answer to everything until the service is told to end."""

import contextlib
import http.client
import json
import random
import threading
import time

import harness
from proof.load import Connection
from websocket import raw

PATHS = ("/health", "/health/live", "/health/ready", "/metrics", "/v1/actors", "/v1/logs",
         "/v1/sessions", "/v1/connections", "/v1/db/metrics", "/v1/sessions/main",
         "/v1/logs/app/tail?lines=5")
QUERIES = ("SELECT count(*) FROM direct", "SELECT max(id), text FROM queued",
           "SELECT id FROM direct ORDER BY text LIMIT 3")
STATUSES = (200, 202, 429, 503, 507)
TOPICS = ("north", "south")
# Big enough that a client that reads nothing is felt.
MESSAGE = "m" * 4000
PAUSE_SECONDS = 0.003
# As long as topics may be quiet before their follower comes anew.
QUIET_SECONDS = 1


class Complaints:
    """What somebody of the crowd did not get. That he was cut off counts unless the
    service was about to end."""

    def __init__(self):
        self.ending = threading.Event()
        self.begun = time.monotonic()
        self.found = []
        self.cuts = []

    def unanswered(self, who, what, error):
        if isinstance(error, TimeoutError):
            self.add(f"{who}: no answer to {what}")
        elif not self.ending.is_set():
            self.cuts.append(self.dated(f"{who}: cut without an answer to {what}:"
                                        f" {error!r}"))

    def add(self, what):
        self.found.append(self.dated(what))

    def dated(self, what):
        return f"{time.monotonic() - self.begun:.3f} s: {what}"


class Writer(Connection):
    """A connection of the load that comes again when it breaks."""

    def __init__(self, *words, complaints):
        super().__init__(*words)
        self.complaints = complaints
        self.asked = None

    def work(self, service):
        while not (self.stopped.is_set() or self.complaints.ending.is_set()):
            super().work(service)

    def ask(self, request, method, path, *more):
        self.asked = f"{method} {path}"
        return super().ask(request, method, path, *more)

    def broke(self, error):
        self.complaints.unanswered(f"writer {self.number}", self.asked, error)
        self.stopped.wait(PAUSE_SECONDS)


class Visitor:
    """Somebody with a thread of his own, who comes again until it is over."""

    def __init__(self, service, complaints, seed):
        self.service = service
        self.complaints = complaints
        self.dice = random.Random(seed)
        self.over = threading.Event()
        self.asked = None
        self.thread = threading.Thread(target=self.work, daemon=True)
        self.thread.start()

    def work(self):
        while not self.over.wait(PAUSE_SECONDS):
            try:
                self.visit()
            except (OSError, http.client.HTTPException) as error:
                self.complaints.unanswered(type(self).__name__, self.asked, error)
                if self.complaints.ending.is_set():
                    return

    def leave(self):
        self.over.set()

    def join(self):
        self.thread.join()


class Looker(Visitor):
    """Looks at this and that."""

    def visit(self):
        with contextlib.closing(self.service.connect()) as connection:
            while not self.over.wait(PAUSE_SECONDS):
                self.look(connection)

    def look(self, connection):
        if self.dice.random() < 0.5:
            sql = self.dice.choice(QUERIES)
            self.asked = sql
            answer = harness.exchange(connection, "POST", "/v1/db/query",
                                      json.dumps({"sql": sql}), harness.JSON)
        else:
            self.asked = self.dice.choice(PATHS)
            answer = harness.exchange(connection, "GET", self.asked)
        # Another part of the crowd may not have written it yet.
        if answer.status not in (*STATUSES, 404):
            self.complaints.add(
                f"{self.asked}: {answer.status} {answer.text[:200]}")


class Member(Visitor):
    """A WebSocket client. Numbers of a topic only rise while the epoch is the same."""

    def __init__(self, *words):
        self.client = None
        self.epochs = set()
        self.epoch = None
        self.last = {}
        super().__init__(*words)

    def visit(self):
        self.asked = "the upgrade"
        client = raw.connect(self.service)
        with contextlib.closing(client):
            if client.upgrade().status == 101:
                self.client = client
                self.stay(client)

    def leave(self):
        super().leave()
        if self.client:
            with contextlib.suppress(OSError):
                self.client.sock.shutdown(raw.socket.SHUT_RDWR)

    def do(self, client, op, **members):
        """The answer, or None if the connection ends."""
        self.asked = op
        client.asked += 1
        number = client.asked
        client.send({"op": op, "id": number, **members})
        if not client.wait(lambda: client.answer(number) or client.ended):
            raise TimeoutError
        return client.answer(number)

    def subscribe(self, client, *topics):
        """Whether that was done; the epoch is the connection's."""
        answer = self.do(client, "subscribe", topics=topics) or {}
        if answer.get("ok"):
            self.note_epoch(answer["epoch"])
        return answer.get("ok")

    def note_epoch(self, epoch):
        if epoch == self.epoch:
            return
        if epoch in self.epochs:
            self.complaints.add(f"the epoch {epoch} has come back")
        self.epochs.add(epoch)
        self.epoch = epoch
        self.last = {}

    def note(self, topic, number):
        if number <= self.last.get(topic, 0):
            self.complaints.add(
                f"{type(self).__name__}: topic {topic} steps from {self.last[topic]}"
                f" to {number} in epoch {self.epoch}")
        self.last[topic] = number


class Follower(Member):
    """Reads all that comes, and comes back for what it missed."""

    def stay(self, client):
        topics = [{"topic": name, "after": self.last.get(name, 0), "epoch": self.epoch}
                  if self.epoch else name for name in TOPICS]
        if not self.subscribe(client, *topics):
            return
        seen = 0
        while not (client.ended or self.over.is_set()):
            came = len(client.messages)
            for each in client.messages[seen:]:
                if "data" in each:
                    self.note(each["topic"], each["seq"])
            seen = came
            if not client.wait(lambda n=came: len(client.messages) > n or client.ended,
                               QUIET_SECONDS):
                return


class Publisher(Member):
    def stay(self, client):
        if not self.subscribe(client, "its own"):
            return
        while not (client.ended or self.over.wait(PAUSE_SECONDS)):
            topic = self.dice.choice(TOPICS)
            answer = self.do(client, "publish", topic=topic, data=MESSAGE)
            if answer and answer.get("ok"):
                self.note(topic, answer["seq"])


class DeafOne(Member):
    """Follows, and reads nothing."""

    def visit(self):
        self.asked = "the upgrade"
        client = raw.connect(self.service, small=True, polite=False)
        with contextlib.closing(client):
            if client.upgrade().status == 101:
                client.send({"op": "subscribe", "topics": list(TOPICS)})
                self.over.wait()


class Crowd:
    def __init__(self, service, load, complaints, seed):
        self.load = load
        load.begin(service)
        kinds = (Looker, Looker, Follower, Publisher, DeafOne)
        self.visitors = [kind(service, complaints, seed + number)
                         for number, kind in enumerate(kinds)]

    def leave(self):
        """Each gets the answer that he waits for, and goes."""
        for each in self.visitors:
            each.leave()
        for each in self.visitors:
            each.join()
        self.load.end()
