"""Run a program that writes one file after another, and take each through a named pipe: none lies on a disk.

Source: fifo(7). The pipe of the next file is there before the present one can be written: else the
program would make a file of its own. And the next one is open for reading too: a program whose reader
was killed then ends by itself, where it would wait for ever for somebody to open it.
"""

import os
import selectors
import subprocess
import tempfile
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from downtime.processes.program import ProgramError

_BLOCK = 65_536
_GRACE_SECONDS = 5
"""A scanner is given back by a program that is asked to end, not by one that is killed."""


@dataclass(slots=True)
class WrittenFile:
    """A file as it was written, and what the program wrote to its standard error meanwhile."""

    content: bytearray = field(default_factory=bytearray)
    messages: bytearray = field(default_factory=bytearray)


def read_written_files(
    command: Sequence[str], file_name: Callable[[int], str], seconds: float
) -> Generator[WrittenFile, None, None]:
    """Each file that a program writes in its own folder; the nth, from 1, it calls `file_name(n)`.

    TimeoutError when nothing comes for so many seconds; ProgramError when the program does not end
    well; FileNotFoundError when there is none.
    """
    with (
        tempfile.TemporaryDirectory(prefix="downtime-pipes-") as folder,
        _open_pipes(Path(folder), file_name) as pipes,
        _run(command, folder) as process,
    ):
        errors = process.stderr.fileno() if process.stderr else -1
        os.set_blocking(errors, False)
        for pipe in pipes:
            written = WrittenFile()
            is_over = _read_file(pipe, errors, written, seconds)
            if written.content:
                yield written
            if is_over:
                break
        if process.wait():
            raise ProgramError(written.messages.decode(errors="replace"), process.returncode)


@contextmanager
def _open_pipes(
    folder: Path, file_name: Callable[[int], str]
) -> Generator[Generator[int, None, None], None, None]:
    """The pipes to read, one after the other; the next one is open as well."""
    opened: list[int] = []

    def open_next(number: int) -> None:
        os.mkfifo(folder / file_name(number + 1), 0o600)
        opened.append(os.open(folder / file_name(number), os.O_RDONLY | os.O_NONBLOCK))

    def give() -> Generator[int, None, None]:
        number = 1
        while True:
            number += 1
            open_next(number)
            yield opened[0]
            os.close(opened.pop(0))

    os.mkfifo(folder / file_name(1), 0o600)
    open_next(1)
    try:
        yield give()
    finally:
        for pipe in opened:
            os.close(pipe)


@contextmanager
def _run(command: Sequence[str], folder: str) -> Generator[subprocess.Popen[bytes], None, None]:
    process = subprocess.Popen(  # noqa: S603 - the words of a command, never a shell's line
        command,
        cwd=folder,
        env=os.environ | {"LC_ALL": "C"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    with process:
        try:
            yield process
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(_GRACE_SECONDS)
            process.kill()


def _read_file(pipe: int, errors: int, written: WrittenFile, seconds: float) -> bool:
    """Read one file to its end; whether the program is over. TimeoutError."""
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        selector.register(errors, selectors.EVENT_READ)
        while True:
            ready = {key.fd for key, _ in selector.select(seconds)}
            if not ready:
                raise TimeoutError
            if pipe in ready and not _read_block(pipe, written.content):
                # What it said of this file, it wrote before it closed the file.
                while _read_block(errors, written.messages):
                    pass
                return False
            if errors in ready and not _read_block(errors, written.messages):
                while _read_block(pipe, written.content):
                    pass
                return True


def _read_block(pipe: int, into: bytearray) -> bool:
    """Whether something was read."""
    with suppress(BlockingIOError):
        block = os.read(pipe, _BLOCK)
        into += block
        return bool(block)
    return False
