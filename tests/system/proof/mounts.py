"""Unmounting what nobody uses any more."""

import pathlib
import subprocess
import time

SECONDS_MAX = 20


def is_mounted(where):
    """Told by the kernel's list: a disk whose power is gone answers nothing."""
    lines = pathlib.Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()
    return any(line.split()[4] == str(where) for line in lines)


def unmount(where, *command):
    """A killed process takes a moment to let go of its files."""
    deadline = time.monotonic() + SECONDS_MAX
    while is_mounted(where):
        done = subprocess.run([*command, str(where)], capture_output=True, text=True,
                              check=False)
        if done.returncode != 0:
            if time.monotonic() > deadline:
                raise OSError(f"cannot unmount {where}: {done.stderr}")
            time.sleep(0.02)
