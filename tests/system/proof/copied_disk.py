"""An ext4 file system on a loop device whose backing file is copied while it is in use:
mounted anew, the copy is what a power cut would have left on a disk.

The copy has to be of one moment, so the backing file lies on a file system of its own, in
memory, which is frozen while the bytes are copied: writes of the disk wait, and neither
the file system on it nor its users know.
"""

import contextlib
import fcntl
import os
import pathlib
import shutil
import subprocess
import tempfile

from proof import mounts

MEMORY = "/dev/shm"
FREEZE, THAW = 0xC0045877, 0xC0045878
OUTER_BYTES = 160 << 20
INNER_BYTES = 96 << 20


def run(*command):
    subprocess.run(command, check=True, capture_output=True, timeout=60)


def missing():
    """Why there can be none here, or None."""
    if os.geteuid() != 0:
        return "only root may mount a loop device"
    if shutil.which("mkfs.ext4") is None:
        return "mkfs.ext4 is missing (e2fsprogs)"
    try:
        # A service that is started on a copy must not see the spool of the one before.
        run("unshare", "--mount", "true")
        CopiedDisk().close()
    except (OSError, subprocess.SubprocessError) as error:
        words = getattr(error, "stderr", error)
        return f"no loop-mounted ext4, or no mount namespace, can be had: {words}"
    return None


def mount(image, where):
    where.mkdir(exist_ok=True)
    run("mount", "-o", "loop", str(image), str(where))


def make(image, size, *options):
    with open(image, "wb") as file:
        file.truncate(size)
    run("mkfs.ext4", "-q", *options, str(image))


class CopiedDisk:
    """Mounted at `where` from the start on."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sluice-disk-", dir=MEMORY))
        self.outer = self.folder / "outer"
        self.where = self.folder / "disk"
        self.copy = self.folder / "copy"
        try:
            make(self.folder / "outer.img", OUTER_BYTES, "-O", "^has_journal")
            mount(self.folder / "outer.img", self.outer)
            make(self.outer / "disk.img", INNER_BYTES)
            mount(self.outer / "disk.img", self.where)
        except BaseException:
            self.close()
            raise

    @contextlib.contextmanager
    def standing_still(self):
        descriptor = os.open(self.outer, os.O_RDONLY)
        fcntl.ioctl(descriptor, FREEZE, 0)
        try:
            yield
        finally:
            fcntl.ioctl(descriptor, THAW, 0)
            os.close(descriptor)

    def cut(self):
        """Copies the disk, whoever uses it.

        To a new file each time: somebody's mount namespace may hold the mount of the copy
        before, and of a file that a loop device has, `mount` takes that device again, and
        with it what the file was then.
        """
        copy = self.folder / "copy.img"
        copy.unlink(missing_ok=True)
        with self.standing_still():
            run("cp", "--sparse=auto", str(self.outer / "disk.img"), str(copy))

    @contextlib.contextmanager
    def mounted_copy(self):
        """Where the copy is mounted; the journal has been replayed."""
        mount(self.folder / "copy.img", self.copy)
        try:
            yield self.copy
        finally:
            mounts.unmount(self.copy, "umount")

    def close(self):
        for where in (self.copy, self.where, self.outer):
            mounts.unmount(where, "umount")
        shutil.rmtree(self.folder, ignore_errors=True)
