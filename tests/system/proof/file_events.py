"""What a service did to its files, by a library that it is started with, and what of that
the power may still take: what no sync has covered, whatever the page cache shows."""

import os
import pathlib

import harness


class FileEvents:
    """Of a service that is started with `environment`, below the directory `under`."""

    def __init__(self, under, notes):
        self.under = pathlib.Path(under)
        self.notes = pathlib.Path(notes)
        self.environment = harness.preloaded(
            "file_events", FILE_EVENTS=str(notes), FILE_EVENTS_UNDER=str(under))

    def all(self):
        """Each as what was done, and the paths, of which directories may end in dots."""
        lines = self.notes.read_text().splitlines()
        events = [line.split("\t") for line in lines]
        return [(what, os.path.normpath(path), *more) for what, path, *more in events]

    def unsynced(self):
        """Paths whose content or whose name the power may still take."""
        state = Unsynced()
        for event in self.all():
            state.add(*event)
        return {str(pathlib.Path(each).relative_to(self.under))
                for each in state.contents | state.names}

    def place_of(self, *event):
        """Where among all events the last one of these is."""
        events = self.all()
        return len(events) - 1 - events[::-1].index(event)


class Unsynced:
    def __init__(self):
        self.contents = set()
        self.names = set()
        # What a sync covers that is under way: what was unsynced as it began.
        self.under_way = {}

    def add(self, what, path, more=None):
        if what == "made":
            self.names.add(path)
        elif what == "wrote":
            self.contents.add(path)
            # A sync that has begun says nothing about what comes then.
            for covered, _ in self.under_way.values():
                covered.discard(path)
        elif what == "removed":
            self.contents.discard(path)
            self.names.discard(path)
        elif what == "renamed":
            self.rename(path, os.path.normpath(more))
        elif what == "syncing":
            contents = {path} & self.contents
            names = {each for each in self.names if os.path.dirname(each) == path}
            self.under_way[more] = contents, names
        elif what == "synced":
            contents, names = self.under_way.pop(more)
            self.contents -= contents
            self.names -= names

    def rename(self, path, to):
        for paths in (self.contents, self.names):
            paths.discard(to)
        if path in self.contents:
            self.contents.remove(path)
            self.contents.add(to)
        self.names.discard(path)
        self.names.add(to)
        for _, names in self.under_way.values():
            names.discard(to)
