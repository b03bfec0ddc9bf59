"""A small file system in memory that a test fills, makes read-only, takes away and brings
back under a running service."""

import os
import pathlib
import subprocess

from proof import mounts


def run(*command):
    subprocess.run(command, check=True, capture_output=True, timeout=20)


def missing():
    """Why there can be none here, or None."""
    if os.geteuid() != 0:
        return "only root may mount a tmpfs"
    probe = pathlib.Path("/dev/shm") / f"sluice-probe-{os.getpid()}"
    try:
        SmallDisk(probe, 1 << 20).close()
        probe.rmdir()
    except (OSError, subprocess.SubprocessError) as error:
        return f"no tmpfs can be mounted: {getattr(error, 'stderr', error)}"
    return None


class SmallDisk:
    """Mounted at `where`, an empty directory, from the start on."""

    def __init__(self, where, size):
        self.where = pathlib.Path(where)
        self.where.mkdir(parents=True, exist_ok=True)
        run("mount", "-t", "tmpfs", "-o", f"size={size},mode=0755", "tmpfs",
            str(self.where))

    @property
    def ballast(self):
        return self.where / "ballast"

    def fill(self):
        """Takes all room that is left, to the last byte."""
        with open(self.ballast, "ab", buffering=0) as file:
            for size in (1 << 20, 4096):
                try:
                    while file.write(b"x" * size) == size:
                        pass
                except OSError:
                    pass

    def free(self):
        self.ballast.unlink()

    def read_only(self, yes):
        """Nobody may have a file open for writing on it."""
        run("mount", "-o", f"remount,{'ro' if yes else 'rw'}", str(self.where))

    def cover(self, yes):
        """Read-only for whoever opens anything from now on."""
        if not yes:
            run("umount", "-l", str(self.where))
            return
        run("mount", "--bind", str(self.where), str(self.where))
        run("mount", "-o", "remount,bind,ro", str(self.where))

    def hide(self, where):
        """Mounted elsewhere, with an empty directory in its place."""
        pathlib.Path(where).mkdir()
        run("mount", "--bind", str(self.where), str(where))
        run("umount", "-l", str(self.where))

    def show(self, where):
        run("mount", "--bind", str(where), str(self.where))
        run("umount", "-l", str(where))

    def close(self):
        while mounts.is_mounted(self.where):
            run("umount", "-l", str(self.where))
