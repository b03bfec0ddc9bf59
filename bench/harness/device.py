"""A fresh ext4 on a loop device of its own, and what reached it.

The mounts live in a mount namespace of the bench's own, and the loop device detaches
itself with the last mount. So nothing stays behind however the bench ends.
"""

import contextlib
import os
import subprocess
import sys
import tempfile
import time

IMAGE_BYTES = 1024 * 1024 * 1024
IN_NAMESPACE = "BENCH_IN_MOUNT_NAMESPACE"

# Fields of /sys/block/DEVICE/stat.
WRITE_REQUESTS, SECTORS_WRITTEN, IN_FLIGHT, FLUSHES = 4, 6, 8, 15

LOOP_SECONDS = 20
COPIES_TRIED = 20


def enter_mount_namespace():
    """Starts the bench again where its mounts are nobody else's, if that is allowed."""
    if os.geteuid() != 0 or IN_NAMESPACE in os.environ:
        return
    allowed = subprocess.run(["unshare", "--mount", "true"], stderr=subprocess.DEVNULL)
    if allowed.returncode == 0:
        os.environ[IN_NAMESPACE] = "1"
        os.execvp("unshare", ["unshare", "--mount", sys.executable] + sys.argv)


class Device:
    def __init__(self, image, mount_point):
        self.directory = mount_point
        self.data = os.path.join(mount_point, "data")
        os.mkdir(self.data)
        self._image = image
        found = _call("findmnt", "-no", "SOURCE", mount_point).strip()
        self._stat = f"/sys/block/{os.path.basename(found)}/stat"

    def read(self):
        """What has reached the device, once all that was written is on it."""
        _call("sync", "-f", self.directory)
        fields = self._fields()
        return {"kib": fields[SECTORS_WRITTEN] / 2,
                "requests": fields[WRITE_REQUESTS],
                "flushes": fields[FLUSHES]}

    def copy(self, path):
        """Copies the image as it was at one moment: nothing reached the device from the
        first byte read to the last. Tells whether that could be had."""
        for _ in range(COPIES_TRIED):
            before = self._fields()
            if before[IN_FLIGHT] == 0:
                _call("cp", "--sparse=always", self._image, path)
                if self._fields() == before:
                    return True
            time.sleep(0.01)
        return False

    def _fields(self):
        with open(self._stat, encoding="ascii") as file:
            return [int(word) for word in file.read().split()]


@contextlib.contextmanager
def mounted(image):
    """The image on a loop device of its own, which may have to be waited for."""
    with tempfile.TemporaryDirectory(prefix="mounted-") as mount_point:
        give_up = time.monotonic() + LOOP_SECONDS
        while True:
            try:
                _call("mount", "-o", "loop", image, mount_point)
                break
            except OSError:
                if time.monotonic() > give_up:
                    raise
                time.sleep(0.2)
        try:
            yield mount_point
        finally:
            _call("umount", mount_point)


@contextlib.contextmanager
def fresh_ext4(scratch):
    with tempfile.TemporaryDirectory(prefix="device-", dir=scratch) as base:
        image = os.path.join(base, "image")
        with open(image, "wb") as file:
            file.truncate(IMAGE_BYTES)
        # Nothing left to do for the kernel later, which would be taken for our writes.
        _call("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0",
              image)
        with mounted(image) as mount_point:
            yield Device(image, mount_point)


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
