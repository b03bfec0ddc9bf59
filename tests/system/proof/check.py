"""The judge: is everything acknowledged there, once, in order, whole? It knows the record
of what was asked and answered, and what was found, but no service and no file.

An `Outcome` is what was found. `judge` returns the violations as sentences, and none if
all is well; then it may `settle` the record, for what was found once has to stay.
"""

import collections
import dataclasses

from proof.record import LEVELS, SURVIVING, TEARS, Request, Version, numbers_in


@dataclasses.dataclass
class Outcome:
    """Log name to the bytes of its file, store to key to document, table to its texts in
    the order of their commit, and what the database says of itself."""

    logs: dict
    stores: dict
    tables: dict
    errors: list = dataclasses.field(default_factory=list)


class Duty:
    """What must be there of one place (a log, a table, a store) after these events."""

    def __init__(self, requests, events):
        self.events = events
        # An answer of `disk` covers all that was accepted there before it was asked.
        self.synced = [max((each.sent for each in requests if each.level == LEVELS["disk"]
                            and each.answered < event.time), default=float("-inf"))
                       for event in events]

    def holds(self, request):
        """Whether the request was acknowledged, and well enough for all that happened."""
        if request.answered is None or request.refused:
            return False
        return all(self.survives(request, event, synced)
                   for event, synced in zip(self.events, self.synced, strict=True)
                   if request.sent < event.over)

    def survives(self, request, event, synced):
        if request.answered >= event.time:
            return False
        return request.level >= SURVIVING[event.kind] or request.answered < synced


def parse(content):
    """The numbers of a log's lines in their order, and what is no line of ours. One that
    lacks its end alone is both: it is torn, and whole as soon as another follows."""
    lines = content.split(b"\n")
    known, strange = [], []
    if lines[-1] == b"":
        lines.pop()
    else:
        strange.append(lines[-1][:80] + b" (without an end)")
        if not numbers_in(lines[-1].decode(errors="replace")):
            lines.pop()
    for line in lines:
        numbers = numbers_in(line.decode(errors="replace"))
        if numbers:
            known.append(numbers)
        else:
            strange.append(line[:80])
    return known, strange


class Place:
    """Judges the numbered things of one log or table."""

    def __init__(self, name, spans, found, events):
        self.name = name
        self.is_table = name.startswith("table ")
        self.spans = spans
        self.found = found
        self.times = collections.Counter(found)
        self.events = events
        self.duty = Duty([each.request for each in spans], events)

    def violations(self):
        yield from self.doubled()
        yield from self.disordered()
        yield from self.never_sent()
        for span in self.spans:
            present = tuple(number for number in span.numbers
                            if self.times[span.connection, number])
            what = f"{self.name}: {span.connection} {span.first}-{span.last}"
            if span.found is not None:
                if present != span.found:
                    yield (f"{what}: {len(span.found)} were found before, now"
                           f" {len(present)}")
            elif span.request.refused:
                if present:
                    yield f"{what}: {len(present)} are there of a refused request"
            elif len(present) < len(span.numbers):
                if self.duty.holds(span.request):
                    yield f"{what}: lost {len(span.numbers) - len(present)}"
                elif present and self.is_whole():
                    yield f"{what}: only {len(present)} of one request are there"

    def is_whole(self):
        """Whether each request must be there whole or not at all: a transaction always,
        lines of a log if nothing worse happened than a kill with a spool."""
        return self.is_table or all(event.kind == "kill" for event in self.events)

    def doubled(self):
        for numbers, times in self.times.items():
            if times > 1:
                yield f"{self.name}: {numbers[0]} {numbers[1]} is there {times} times"

    def disordered(self):
        last = collections.Counter()
        for connection, number in self.found:
            if number < last[connection]:
                yield (f"{self.name}: {connection} {number} comes after"
                       f" {last[connection]}")
            last[connection] = number

    def never_sent(self):
        sent = {(span.connection, number) for span in self.spans
                for number in span.numbers}
        for numbers in self.times.keys() - sent:
            yield f"{self.name}: {numbers[0]} {numbers[1]} was never sent"

    def settle(self):
        for span in self.spans:
            span.found = tuple(number for number in span.numbers
                               if self.times[span.connection, number])


def judge_key(what, versions, document, duty):
    """One session must be the latest acknowledged version, or one that is newer."""
    required = max((index for index, each in enumerate(versions)
                    if duty.holds(each.request)), default=-1)
    places = [index for index, each in enumerate(versions) if each.document == document]
    if places and max(places) >= required:
        return
    if required < 0 and document is None:
        return
    expected = f"{required + 1} of {len(versions)} versions must be there"
    if places:
        yield f"{what} lost versions: {expected}, found the older {max(places) + 1}"
    elif document is None:
        yield f"{what} lost all versions: {expected}, found none of them"
    else:
        yield f"{what}: {expected}, found {str(document)[:80]}, which is none of them"


class Store:
    """Judges the sessions of one store."""

    def __init__(self, name, keys, found, events):
        self.name = name
        self.keys = keys
        self.found = found
        self.events = events
        self.duty = Duty([each.request for versions in keys.values()
                          for each in versions], events)

    def violations(self):
        for key, versions in self.keys.items():
            yield from judge_key(f"session {self.name}/{key}", versions,
                                 self.found.get(key), self.duty)
        if all(event.kind == "kill" for event in self.events):
            yield from self.halves()
        for key in self.found.keys() - self.keys.keys():
            yield f"session {self.name}/{key} was never sent"

    def halves(self):
        """Stores that were put as a whole, unanswered, and are there in part."""
        states = collections.defaultdict(set)
        for key, versions in self.keys.items():
            last = versions[-1] if versions else None
            if last and last.request.answered is None:
                document = self.found.get(key)
                is_new = document == last.document
                # What is not there may not have been there before either.
                if not is_new or document is not None:
                    states[id(last.request)].add(is_new)
        if any(len(each) > 1 for each in states.values()):
            yield f"store {self.name}: half of one request is there"

    def settle(self):
        always = Request(float("-inf"), float("-inf"), LEVELS["disk"])
        for key, versions in self.keys.items():
            versions[:] = [Version(self.found.get(key), always)]


def judge(record, outcome, events=None, settle=True):
    """The violations after the record's events, or after these instead."""
    events = record.events if events is None else events
    result = list(outcome.errors)
    places = []
    tears = record.tears + sum(TEARS[event.kind] for event in events)
    for name, spans in record.logs.items():
        known, strange = parse(outcome.logs.get(name, b""))
        places.append(Place(f"log {name}", spans, known, events))
        if len(strange) > tears:
            result.append(f"log {name}: torn or strange: {strange[:3]}")
    for name, spans in record.tables.items():
        rows = [numbers_in(row) for row in outcome.tables.get(name, [])]
        if None in rows:
            result.append(f"table {name} holds a strange row")
        places.append(Place(f"table {name}", spans, [row for row in rows if row], events))
    places += [Store(name, keys, outcome.stores.get(name, {}), events)
               for name, keys in record.stores.items()]
    for place in places:
        result += place.violations()
    if settle and not result:
        for place in places:
            place.settle()
        record.events.clear()
        record.tears = tears
    return result
