"""What a preloaded library is told while the service runs: numbers in a file that it
looks at all the time."""

import mmap
import struct

import harness


class Orders:
    """`library` names it and, in capitals, the setting that names the file; `names` are
    those of the numbers, of which the last is the library's own: how much failed."""

    library = None
    names = ()

    def __init__(self, path, **settings):
        path.write_bytes(bytes(4 * len(self.names)))
        with open(path, "r+b") as file:
            self.where = mmap.mmap(file.fileno(), 0)
        self.environment = harness.preloaded(
            self.library, **{self.library.upper(): str(path)}, **settings)

    def set(self, **orders):
        """What is not named never fails."""
        for index, name in enumerate(self.names[:-1]):
            struct.pack_into("=I", self.where, 4 * index, orders.get(name, 0))

    @property
    def failed(self):
        """How often something failed so far."""
        return struct.unpack_from("=I", self.where, 4 * (len(self.names) - 1))[0]
