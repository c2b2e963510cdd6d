"""A disk whose power can be cut: a file system of its own that forgets what was not waited for.

It needs root, loop devices and ext4: what was written without waiting for it lies in memory only,
and `EXT4_IOC_SHUTDOWN` drops it (https://docs.kernel.org/filesystems/ext4/). Every wait after the
cut fails, as on a disk that is gone.
"""

import fcntl
import os
import struct
import subprocess
from pathlib import Path

import pytest

SHUTDOWN = 0x8004587D
WITHOUT_FLUSH = 2
MEGABYTES = 64


class Disk:
    """A mounted disk; `folder` is its root."""

    def __init__(self, place: Path, megabytes: int = MEGABYTES) -> None:
        self.folder = place / "disk"
        self.folder.mkdir()
        self._image = place / "image"
        with self._image.open("wb") as image:
            image.truncate(megabytes << 20)
        if os.geteuid() != 0:
            pytest.skip("only root may cut the power of a disk")
        try:
            subprocess.run(["mkfs.ext4", "-q", self._image], check=True, capture_output=True)
            self._mount()
        except (OSError, subprocess.CalledProcessError):
            pytest.skip("no disk can be mounted here whose power could be cut")

    def cut(self) -> None:
        """From now on nothing reaches it."""
        handle = os.open(self.folder, os.O_RDONLY)
        try:
            fcntl.ioctl(handle, SHUTDOWN, struct.pack("I", WITHOUT_FLUSH))
        finally:
            os.close(handle)

    def restart(self) -> None:
        """As the machine finds it when it is switched on again; nobody may be using it."""
        self.close()
        self._mount()

    def close(self) -> None:
        """Take it off."""
        subprocess.run(["umount", self.folder], check=True)

    def _mount(self) -> None:
        command = ["mount", "-o", "loop", self._image, self.folder]
        subprocess.run(command, check=True, capture_output=True)
