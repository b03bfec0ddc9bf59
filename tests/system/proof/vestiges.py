"""What a service keeps of clients that have gone: sockets, places, credit. It must be
nothing."""

import contextlib
import os
import pathlib
import re

import harness

# No row of the interface takes this, and none keeps it longer than the request.
NO_JSON = b"?"
# Numbers that actors tell of themselves, 0 while nobody asks anything.
IDLE = (("edge", "heldBytes"), ("topic-hub", "followers"),
        ("database", "writesInFlight"), ("database", "runningQueries"),
        ("database", "waitingQueries"))
SOCKET = re.compile(r"socket:\[(\d+)\]$")
# The kernel's tables: where a line has the state, which one listens, and the number.
TABLES = (("tcp", 3, "0A", 9), ("tcp6", 3, "0A", 9), ("unix", 3, "00010000", 6))


def sockets_of(service):
    """The numbers of the sockets that the process has."""
    result = set()
    for each in os.scandir(f"/proc/{service.pid}/fd"):
        with contextlib.suppress(FileNotFoundError):
            if found := SOCKET.match(os.readlink(each.path)):
                result.add(found[1])
    return result


def connected(service):
    """What of them is a connection, in the kernel's words."""
    numbers = sockets_of(service)
    result = []
    for kind, state, listening, number in TABLES:
        for line in pathlib.Path(f"/proc/{service.pid}/net/{kind}").read_text(
                ).splitlines()[1:]:
            parts = line.split()
            if parts[number] in numbers and parts[state] != listening:
                result.append(f"{kind} {parts[number]} in state {parts[state]}")
    return result


class Vestiges:
    """What is there once nobody is connected."""

    # The largest body that fits into what may be in flight, once it is known.
    whole = None

    def __init__(self, service):
        self.service = service
        self.kept = []
        if Vestiges.whole is None:
            Vestiges.whole = self.largest_body()

    def largest_body(self):
        fits, too_large = 1 << 19, 1 << 21
        while too_large - fits > 1:
            middle = (fits + too_large) // 2
            if self.is_taken(middle):
                fits = middle
            else:
                too_large = middle
        return fits

    def is_taken(self, size):
        """Whether there is credit for a body of this size."""
        answer = self.service.ask("POST", "/v1/db/query", NO_JSON * size, harness.JSON)
        if answer.status not in (400, 413, 429, 503):
            raise AssertionError(f"{answer.status} {answer.text[:200]}")
        return answer.status == 400

    def go(self, seconds):
        return harness.wait_until(self.are_gone, seconds)

    def are_gone(self):
        try:
            self.kept = list(self.look())
        except OSError as error:
            self.kept = [repr(error)]
        return not self.kept

    def look(self):
        """What is kept, by the kernel and by what the actors tell of themselves."""
        yield from connected(self.service)
        if not self.is_taken(Vestiges.whole):
            yield "credit"
        if told := self.service.get("/v1/connections").json:
            yield f"connections {told}"
        yield from self.busy_actors()

    def busy_actors(self):
        """Who of the actors still does something, or is not there yet."""
        answer = self.service.get("/v1/actors")
        if answer.status != 200:
            yield f"actors {answer.status} {answer.text[:200]}"
            return
        states = {each["name"]: each["state"] for each in answer.json}
        for actor, name in IDLE:
            if actor not in states:
                yield f"no {actor}"
            elif (value := states[actor].get(name)) != 0:
                yield f"{name} {value} of {actor}"

    def state(self):
        """What the service says of itself, as far as it is not well."""
        told = [self.service.log()[-2500:]]
        try:
            health = self.service.get("/health").json
            told += [f"alert {each}" for each in health.get("alerts", [])]
            told += [f"check {name}: {each}" for name, each
                     in health.get("checks", {}).items() if not each["ok"]]
            told += [f"actor {each}" for each
                     in self.service.get("/v1/actors?state=false").json
                     if each["mailbox"] or each["runningMs"] or each["lastError"]]
            told.append(f"flush: {self.service.post('/v1/db/flush').text}")
        except OSError as error:
            told.append(repr(error))
        return "\n".join(told)
