"""What was asked of a service and what it answered, as the judge needs it.

Numbered things (lines of a log, rows of a table) count up from 1 for each connection and
place; a number and its connection determine the text, so that a torn or strange one
shows. A session is a chain of versions, each key written by one connection alone.
"""

import dataclasses
import random

LEVELS = {"memory": 0, "ram": 1, "disk": 2}
# What ends a service: a kill, a kill of one that has no spool, a kill after which the
# spool is emptied, a power cut. The least level that survives each, and how many lines of
# a log that were not on disk it may tear.
SURVIVING = {"kill": LEVELS["ram"], "bare-kill": LEVELS["ram"],
             "reboot": LEVELS["disk"], "power": LEVELS["disk"]}
TEARS = {"kill": 0, "bare-kill": 1, "reboot": 1, "power": 1000}
FILLER = "".join(random.Random(1).choices("abcdefghijklmnopqrstuvwxyz0123456789", k=8192))
LONG_EVERY = 97
LONG_BYTES = 6000


def text(connection, number):
    """The one text of this number. No text is the beginning of another."""
    mixed = connection * 7919 + number * 104729
    size = LONG_BYTES if number % LONG_EVERY == 0 else 20 + mixed % 180
    return f"{connection} {number} {FILLER[mixed % 2000:][:size]}."


def numbers_in(line):
    """Connection and number of a text, or None if it is none of ours, or torn."""
    parts = line.split(" ", 2)
    if len(parts) != 3 or not line.isascii():
        return None
    if not (parts[0].isdecimal() and parts[1].isdecimal()):
        return None
    connection, number = int(parts[0]), int(parts[1])
    return (connection, number) if text(connection, number) == line else None


@dataclasses.dataclass
class Request:
    """One write. Unanswered, or refused, its level stays None."""

    sent: float
    answered: float | None = None
    level: int | None = None
    refused: bool = False

    def accept(self, level, now):
        self.level = LEVELS[level]
        self.answered = now


@dataclasses.dataclass
class Span:
    """The numbers of one request, first to last, at one place."""

    connection: int
    first: int
    last: int
    request: Request
    # What an earlier judgement found of it; that stays.
    found: tuple | None = None

    @property
    def numbers(self):
        return range(self.first, self.last + 1)


@dataclasses.dataclass
class Version:
    """One state of a session; the document is None where it was deleted."""

    document: dict | None
    request: Request


@dataclasses.dataclass
class Event:
    """An end of a service. Answers count until `time`; what was sent until `over` may
    have met it."""

    kind: str
    time: float
    over: float


class Record:
    """Connections append; the judge reads when they are quiet."""

    def __init__(self):
        self.logs = {}
        self.tables = {}
        self.stores = {}
        self.events = []
        # Lines that may be torn in each log, by events that were judged.
        self.tears = 0
        self.strange_answers = []

    def spans(self, kind, name):
        return getattr(self, kind).setdefault(name, [])

    def versions(self, store, key):
        return self.stores.setdefault(store, {}).setdefault(key, [])

    def certain(self, store, key):
        """Whether it is known what the key holds; the document."""
        versions = self.versions(store, key)
        if not versions:
            return True, None
        known = not self.events and versions[-1].request.answered is not None
        return known, versions[-1].document
