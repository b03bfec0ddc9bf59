"""What connections ask of a service while trouble is made: numbered lines, session
versions, rows, with each answer noted as it comes. A connection works until it breaks or
is told to stop; the numbers go on with the next service."""

import collections
import http.client
import json
import random
import threading
import time

import harness
from proof.record import FILLER, Request, Span, Version, text

LOGS = ("app", "audit", "trace")
SHARED_STORES = ("main", "other")
KEYS = 6
BULK_MAX = 60
REFUSALS = (413, 429, 503, 507)
INSERT = "INSERT INTO {} (text) VALUES (?)"


class Connection:
    """One writer. `disk` is the share of its writes that ask for the disk. One writer in
    three has large documents, so that journals are compacted now and then."""

    def __init__(self, number, record, seed, disk):
        self.number = number
        self.record = record
        self.dice = random.Random(seed)
        self.disk = disk
        self.padding = self.dice.choice((100, 100, len(FILLER)))
        self.last = {}
        self.queues = False
        self.stopped = threading.Event()
        self.taken = collections.Counter()
        self.refused = 0
        # What it waits for an answer to, and since when.
        self.asked = None

    def work(self, service):
        """Until the connection breaks or `stopped` is set."""
        self.http = service.connect()
        actions = [self.write_line, self.write_lines, self.put_session,
                   self.change_session, self.put_store, self.insert]
        if self.queues:
            actions.append(self.queue)
        try:
            while not self.stopped.is_set():
                self.dice.choice(actions)()
        except (OSError, http.client.HTTPException) as error:
            self.broke(error)
        finally:
            self.asked = None
            self.http.close()

    def broke(self, error):
        """Whoever kills the service expects that."""

    def ask(self, request, method, path, body, kind=harness.JSON):
        """Sends a write and notes what comes of it; whether it was taken."""
        if self.dice.random() < self.disk:
            path += ("&" if "?" in path else "?") + "durability=disk"
        if body is None:
            kind = None
        elif kind == harness.JSON:
            body = json.dumps(body)
        self.asked = f"{method} {path}", time.monotonic()
        answer = harness.exchange(self.http, method, path, body, kind)
        self.asked = None
        if answer.status in (200, 202):
            request.accept(answer.json["durability"], time.monotonic())
            return True
        if answer.status < 500:
            request.refused = True
            request.answered = time.monotonic()
        if answer.status not in REFUSALS:
            self.record.strange_answers.append(
                f"{method} {path}: {answer.status} {answer.text[:200]}")
        self.refused += 1
        self.stopped.wait(0.01)
        return False

    def span(self, kind, name, count):
        """The next numbers there, noted before they are sent."""
        first = self.last.get((kind, name), 0) + 1
        self.last[kind, name] = first + count - 1
        result = Span(self.number, first, first + count - 1, Request(time.monotonic()))
        self.record.spans(kind, name).append(result)
        return result

    def texts(self, span):
        return [text(self.number, number) for number in span.numbers]

    def write_lines(self, count=None):
        name = self.dice.choice(LOGS)
        span = self.span("logs", name, count or self.dice.randint(2, BULK_MAX))
        lines = "\n".join(self.texts(span)) + "\n"
        if self.ask(span.request, "POST", f"/v1/logs/{name}", lines, harness.TEXT):
            self.taken["lines"] += len(span.numbers)

    def write_line(self):
        self.write_lines(1)

    def document(self):
        number = self.last["version"] = self.last.get("version", 0) + 1
        return {"n": number, "from": self.number, "text": text(self.number, number),
                "padding": FILLER[:self.dice.randint(0, self.padding)]}

    def change(self, store, key, document, request):
        version = Version(document, request)
        self.record.versions(store, key).append(version)
        return version

    def any_key(self):
        store = self.dice.choice((*SHARED_STORES, f"own-{self.number}"))
        return store, f"agent:{self.number}/{self.dice.randrange(KEYS)}"

    def ask_version(self, store, key, method, body, document):
        request = Request(time.monotonic())
        version = self.change(store, key, document, request)
        path = f"/v1/sessions/{store}/{key.replace('/', '%2F')}"
        if self.ask(request, method, path, body):
            self.taken["versions"] += 1
        elif request.refused:
            self.record.versions(store, key).remove(version)

    def put_session(self):
        store, key = self.any_key()
        document = self.document()
        self.ask_version(store, key, "PUT", document, document)

    def change_session(self):
        """A patch or a delete, of what is surely known."""
        store, key = self.any_key()
        known, before = self.record.certain(store, key)
        if not known or before is None:
            return self.put_session()
        if self.dice.random() < 0.3:
            return self.ask_version(store, key, "DELETE", None, None)
        member = self.dice.choice((self.dice.random(), None))
        patch = self.document() | {f"p{self.dice.randrange(4)}": member}
        after = {name: value for name, value in (before | patch).items()
                 if value is not None}
        return self.ask_version(store, key, "PATCH", patch, after)

    def put_store(self):
        """The whole of this connection's own store."""
        store = f"own-{self.number}"
        count = self.dice.randint(0, KEYS)
        keys = [f"agent:{self.number}/{n}" for n in self.dice.sample(range(KEYS), count)]
        documents = {key: self.document() for key in keys}
        gone = self.record.stores.get(store, {}).keys() - documents.keys()
        request = Request(time.monotonic())
        versions = [(key, self.change(store, key, document, request)) for key, document in
                    [*documents.items(), *((key, None) for key in gone)]]
        if self.ask(request, "PUT", f"/v1/sessions/{store}", documents):
            self.taken["versions"] += len(versions)
        elif request.refused:
            for key, version in versions:
                self.record.versions(store, key).remove(version)

    def insert(self, table="direct", suffix=""):
        """A statement, a transaction, or a batch."""
        shape = self.dice.choice(("execute", "transaction", "batch"))
        span = self.span("tables", table, 1 if shape == "execute" else
                         self.dice.randint(1, 12))
        sql, texts = INSERT.format(table), self.texts(span)
        bodies = {
            "execute": {"sql": sql, "params": texts[:1]},
            "transaction": {"statements": [{"sql": sql, "params": [each]}
                                           for each in texts]},
            "batch": {"sql": sql, "rows": [[each] for each in texts]},
        }
        if self.ask(span.request, "POST", f"/v1/db/{shape}{suffix}", bodies[shape]):
            self.taken[table] += len(texts)

    def queue(self):
        self.insert("queued", "?queue=true")


class Load:
    """Connections that write to one service after the other."""

    def __init__(self, record, seed, connections=5, disk=0.3, kind=Connection):
        self.connections = [kind(number, record, seed * 100 + number, disk)
                            for number in range(1, connections + 1)]
        self.threads = []

    @property
    def taken(self):
        """How many lines, versions, and rows of each table were acknowledged."""
        return sum((each.taken for each in self.connections), collections.Counter())

    @property
    def refused(self):
        return sum(each.refused for each in self.connections)

    @property
    def unanswered(self):
        """What is waited for, a line a connection."""
        now = time.monotonic()
        return "\n".join(f"{asked[0]} for {now - asked[1]:.1f} s"
                         for asked in [each.asked for each in self.connections] if asked)

    def begin(self, service):
        for each in self.connections:
            each.stopped.clear()
        self.threads = [threading.Thread(target=each.work, args=(service,))
                        for each in self.connections]
        for each in self.threads:
            each.start()

    def end(self):
        """Lets each finish what it is at."""
        for each in self.connections:
            each.stopped.set()
        for each in self.threads:
            each.join()

    def learn(self, service):
        """Makes the tables, and finds out what the service can do."""
        for table in ("direct", "queued"):
            sql = (f"CREATE TABLE IF NOT EXISTS {table}"
                   " (id INTEGER PRIMARY KEY AUTOINCREMENT, text TEXT)")
            answer = service.post("/v1/db/execute?durability=disk", {"sql": sql})
            if answer.status != 200:
                raise AssertionError(answer.text)
        queued = service.post("/v1/db/execute?queue=true",
                              {"sql": "DELETE FROM queued WHERE 0"})
        for each in self.connections:
            each.queues = queued.status == 202
