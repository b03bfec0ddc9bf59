"""A mount of the `forgetful` program (tests/system/forgetful/): a disk that keeps after a
power cut what was synced, and of the rest what the dice say."""

import os
import pathlib
import re
import subprocess
import tempfile

from proof import mounts

FORGETFUL = os.environ.get("FORGETFUL", "build/bin/forgetful")
END_SECONDS_MAX = 20


def missing():
    """Why there can be none here, or None."""
    if not pathlib.Path(FORGETFUL).exists():
        return "forgetful was not built: libfuse3-dev is missing"
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        return "/dev/fuse cannot be opened"
    with tempfile.TemporaryDirectory() as folder:
        try:
            ForgetfulDisk(pathlib.Path(folder) / "disk", "strict").close()
        except OSError as error:
            return str(error)
    return None


class ForgetfulDisk:
    """Mounted at `where`, an empty directory. `mode` is ext4 or strict."""

    def __init__(self, where, mode):
        self.where = pathlib.Path(where).resolve()
        self.where.mkdir(parents=True, exist_ok=True)
        self.kept = self.lost = 0
        self.process = subprocess.Popen([FORGETFUL, str(where), mode], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        if self.answer() != "mounted":
            self.process.wait()
            raise OSError("FUSE file systems cannot be mounted here")

    def answer(self):
        return self.process.stdout.readline().strip()

    def command(self, *words):
        print(*words, file=self.process.stdin, flush=True)
        return self.answer()

    def freeze(self):
        """The power is gone."""
        return self.command("freeze")

    def slow_syncs(self, seconds):
        return self.command("slow", int(seconds * 1e6))

    def fail_sync(self, name):
        return self.command("fail-sync", name)

    def leave_room(self, size=None):
        return self.command("room") if size is None else self.command("room", size)

    def come_back(self, seed):
        """Mounts what a disk would have kept. Nobody may have a file open."""
        self.unmount()
        answer = self.command("remount", seed)
        found = re.fullmatch(r"mounted kept=(\d+) lost=(\d+)", answer)
        if not found:
            raise OSError(f"the forgetful disk did not come back: {answer}")
        self.kept += int(found[1])
        self.lost += int(found[2])

    def cut(self, seed):
        """A power cut for whoever has no file open."""
        self.freeze()
        self.come_back(seed)

    def unmount(self):
        mounts.unmount(self.where, "fusermount3", "-u")

    def close(self):
        try:
            self.unmount()
        finally:
            self.process.stdin.close()
            self.process.wait(END_SECONDS_MAX)
            self.process.stdout.close()
