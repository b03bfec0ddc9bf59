"""A fresh ext4 on a loop device of its own, and what reached it.

The mounts live in a mount namespace of the bench's own, and the loop device detaches
itself with the last mount. So nothing stays behind however the bench ends.
"""

import contextlib
import os
import subprocess
import sys
import tempfile

IMAGE_BYTES = 512 * 1024 * 1024
IN_NAMESPACE = "BENCH_IN_MOUNT_NAMESPACE"

# Fields of /sys/block/DEVICE/stat.
WRITE_REQUESTS, SECTORS_WRITTEN, FLUSHES = 4, 6, 15


def enter_mount_namespace():
    """Starts the bench again where its mounts are nobody else's, if that is allowed."""
    if os.geteuid() != 0 or IN_NAMESPACE in os.environ:
        return
    allowed = subprocess.run(["unshare", "--mount", "true"], stderr=subprocess.DEVNULL)
    if allowed.returncode == 0:
        os.environ[IN_NAMESPACE] = "1"
        os.execvp("unshare", ["unshare", "--mount", sys.executable] + sys.argv)


class Device:
    def __init__(self, mounted):
        self.directory = mounted
        self.data = os.path.join(mounted, "data")
        os.mkdir(self.data)
        found = _call("findmnt", "-no", "SOURCE", mounted).strip()
        self._stat = f"/sys/block/{os.path.basename(found)}/stat"

    def read(self):
        """What has reached the device, once all that was written is on it."""
        _call("sync", "-f", self.directory)
        with open(self._stat, encoding="ascii") as file:
            fields = [int(word) for word in file.read().split()]
        return {"kib": fields[SECTORS_WRITTEN] / 2,
                "requests": fields[WRITE_REQUESTS],
                "flushes": fields[FLUSHES]}


@contextlib.contextmanager
def fresh_ext4(scratch):
    with tempfile.TemporaryDirectory(prefix="device-", dir=scratch) as base:
        image = os.path.join(base, "image")
        mounted = os.path.join(base, "mounted")
        os.mkdir(mounted)
        with open(image, "wb") as file:
            file.truncate(IMAGE_BYTES)
        # Nothing left to do for the kernel later, which would be taken for our writes.
        _call("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0",
              image)
        _call("mount", "-o", "loop", image, mounted)
        try:
            yield Device(mounted)
        finally:
            _call("umount", mounted)


def why_not(scratch):
    """Why no loop device can be had, or nothing."""
    if os.geteuid() != 0:
        return "only root can mount"
    try:
        with fresh_ext4(scratch):
            return None
    except (OSError, subprocess.CalledProcessError) as problem:
        return str(problem)


def _call(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, timeout=60)
    if done.returncode != 0:
        raise OSError(f"{command[0]}: {done.stderr.strip()}")
    return done.stdout
