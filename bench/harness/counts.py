"""What a program asked of the file system: the counters of `count_calls.cpp`."""

import contextlib
import mmap
import os
import struct
import tempfile

LAYOUT = struct.Struct("=QQQ")


class Counts:
    """Shared memory that a program started with `environment()` counts in."""

    def __init__(self, library, path):
        self._library = library
        self._path = path
        with open(path, "r+b") as file:
            file.truncate(mmap.PAGESIZE)
            self._memory = mmap.mmap(file.fileno(), mmap.PAGESIZE)

    def environment(self):
        return dict(os.environ, LD_PRELOAD=self._library, BENCH_COUNTS=self._path)

    def read(self):
        writes, write_bytes, syncs = LAYOUT.unpack_from(self._memory)
        return {"writes": writes, "bytes": write_bytes, "syncs": syncs}

    def close(self):
        self._memory.close()


@contextlib.contextmanager
def counting(programs):
    """Counters for one program, at zero."""
    with tempfile.NamedTemporaryFile(prefix="bench-counts-") as file:
        counts = Counts(os.path.join(programs, "bench-counts.so"), file.name)
        try:
            yield counts
        finally:
            counts.close()
