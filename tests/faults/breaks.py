"""Ways to break a step off: the process is killed, the disk is full, the power fails."""

import os
import random
import signal
import subprocess
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from tests.faults.deeds import Acknowledge
from tests.faults.hospital import Hospital
from tests.integration.vault.power import Disk

Deed = Callable[[Hospital, Acknowledge], None]
DISK_BYTES = 256 << 20
LEFT_AT_MOST = 4 << 20


class Child:
    """A step in a process of its own, and what it has acknowledged."""

    def __init__(self, hospital: Hospital, deed: Deed) -> None:
        self._reading, writing = os.pipe()
        self.number = os.fork()
        if not self.number:
            os.close(self._reading)
            _run_and_exit(hospital, deed, writing)
        os.close(writing)

    def kill(self) -> None:
        """It ends at once, wherever it is; it may have ended already."""
        os.kill(self.number, signal.SIGKILL)

    def end(self) -> tuple[bool, list[str], str]:
        """Whether it came to its end, what it acknowledged, and what went wrong."""
        with os.fdopen(self._reading, encoding="utf-8") as pipe:
            lines = pipe.read().splitlines()
        _, status = os.waitpid(self.number, 0)
        faults = [line.removeprefix("! ") for line in lines if line.startswith("! ")]
        done = [line for line in lines if not line.startswith("! ")]
        return status == 0, done, "\n".join(faults)


def _run_and_exit(hospital: Hospital, deed: Deed, writing: int) -> None:
    code = 1
    try:
        deed(hospital, lambda line: os.write(writing, f"{line}\n".encode()) and None)
        code = 0
    except BaseException:
        text = "".join(f"! {line}\n" for line in traceback.format_exc().splitlines())
        os.write(writing, text.encode())
    finally:
        os._exit(code)


class Fault(Protocol):
    """Something that breaks steps off which work in its folder."""

    name: str
    folder: Path

    def run(
        self, hospital: Hospital, deed: Deed, seconds: float, chance: random.Random
    ) -> tuple[bool, list[str]]:
        """Whether the step came to its end all the same, and what it acknowledged."""

    def close(self) -> None:
        """Leave nothing mounted."""


class Killed:
    """`kill -9` at a random moment of a step."""

    name = "kill -9"

    def __init__(self, place: Path) -> None:
        self.folder = place / "plain"
        self.folder.mkdir()

    def run(
        self, hospital: Hospital, deed: Deed, seconds: float, chance: random.Random
    ) -> tuple[bool, list[str]]:
        """As `Fault.run`."""
        child = Child(hospital, deed)
        time.sleep(chance.uniform(0, seconds))
        child.kill()
        done, lines, _ = child.end()
        return done, lines

    def close(self) -> None:
        """Nothing to take off."""


class PowerCut:
    """The disk forgets what was not waited for, at a random moment of a step."""

    name = "power cut"

    def __init__(self, place: Path) -> None:
        self._disk = Disk(place, megabytes=DISK_BYTES >> 20)
        self.folder = self._disk.folder

    def run(
        self, hospital: Hospital, deed: Deed, seconds: float, chance: random.Random
    ) -> tuple[bool, list[str]]:
        """As `Fault.run`."""
        os.sync()
        child = Child(hospital, deed)
        time.sleep(chance.uniform(0, seconds))
        self._disk.cut()
        child.kill()
        done, lines, _ = child.end()
        self._disk.restart()
        return done, lines

    def close(self) -> None:
        """Take the disk off."""
        self._disk.close()


class DiskFull:
    """A disk on which a random part of what a step needs is left."""

    name = "disk full"

    def __init__(self, place: Path) -> None:
        self.folder = place / "small"
        self.folder.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "small", self.folder]
        subprocess.run(command, check=True, capture_output=True)

    def run(
        self, hospital: Hospital, deed: Deed, _seconds: float, chance: random.Random
    ) -> tuple[bool, list[str]]:
        """As `Fault.run`."""
        left = int(LEFT_AT_MOST ** chance.random())
        ballast = self.folder / "ballast"
        state = os.statvfs(self.folder)
        size = max(0, state.f_bavail * state.f_frsize - left)
        with ballast.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, size or 1)
        done, lines, _ = Child(hospital, deed).end()
        ballast.unlink()
        return done, lines

    def close(self) -> None:
        """Take the disk off."""
        subprocess.run(["umount", self.folder], check=True)


BREAKS = (Killed, DiskFull, PowerCut)
