"""Run a module of ours beside this process, for minutes: a long job of the server.

It learns its arguments through its standard input, because a command line and an environment can be
read by others on the machine. That input stays open, so that the process ends by itself when this one
does.
"""

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Self, cast

from downtime.processes.private_memory import keep_memory_private

_INPUT = 0
NICENESS = 10
SMALL_SHARE = 5
"""A quarter of the processor while pages want all of it, and whatever they leave."""
LEAST_SHARE = 19
_SESSION_NICENESS = Path("/proc/self/autogroup")
"""Linux shares a processor first between sessions, each as nice as this says, then within one."""


class BackgroundProcess:
    """`python -m module`, killed at the end of the block; its module calls `read_arguments`."""

    def __init__(self, module: str, arguments: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the server, which ends this in its own way
        )
        send_arguments(cast(IO[bytes], self._process.stdin), arguments)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        """Kill it unless it has ended."""
        self._process.kill()
        self._process.communicate()

    def has_ended(self, seconds: float) -> bool:
        """Whether it ends within these seconds."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)
        return self._process.returncode is not None


def send_arguments(pipe: IO[bytes], arguments: Mapping[str, str]) -> None:
    """Write what the process begins with."""
    with contextlib.suppress(BrokenPipeError):  # a process that died says so by how it ends
        pipe.write(json.dumps(dict(arguments)).encode() + b"\n")
        pipe.flush()


def read_arguments() -> dict[str, str]:
    """In the background process: what it begins with. From now on it ends when its parent does."""
    keep_memory_private()
    arguments: dict[str, str] = json.loads(_read_line())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    return arguments


def give_way() -> None:
    """In the background process: let whoever waits for a page go first, with all processes begun here."""
    _let_others_first(SMALL_SHARE)


def stand_back() -> None:
    """The same, and let every other session go first too: for work that nobody waits for."""
    _let_others_first(LEAST_SHARE)


def _let_others_first(session_niceness: int) -> None:
    if hasattr(os, "nice"):  # Windows has no such order
        os.nice(NICENESS)
    with contextlib.suppress(OSError):  # a kernel without sessions' shares, or one that allows none
        _SESSION_NICENESS.write_text(str(session_niceness))


def _read_line() -> bytes:
    """Byte by byte, past Python's own buffer, which the waiting thread would hold at the end."""
    line = b""
    while not line.endswith(b"\n") and (more := os.read(_INPUT, 1)):
        line += more
    return line


def _end_with_parent() -> None:
    while os.read(_INPUT, 1):
        pass
    os._exit(1)  # as if killed: every transaction is whole or was never made
