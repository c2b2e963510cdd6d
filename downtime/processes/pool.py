"""Other processes of this program: given work through a pipe, they answer with what they made of it.

What they are told stands in no argument and no environment, which others on the machine can read.
They end when the process that started them has ended.
"""

import copyreg
import gc
import pickle
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from queue import SimpleQueue
from threading import Thread
from types import MappingProxyType
from typing import IO, Any, Self, cast

ENDED = "The other process ended by itself"


def read_only(mapping: dict[Any, Any]) -> MappingProxyType[Any, Any]:
    """The mapping for reading: so tables of settings come out of a pipe as they went in."""
    return MappingProxyType(mapping)


copyreg.pickle(MappingProxyType, lambda mapping: (read_only, (dict(mapping),)))


class HandError(Exception):
    """Work failed in another process: what and where, without what it was about."""


class Hand:
    """One process, which runs a module that calls `serve`; it begins with what it is `told`.

    Threads write to it and read from it, so that neither side waits for the other.
    """

    def __init__(self, module: str, told: object) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-m", module], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._sender = _Sender(cast(IO[bytes], self._process.stdin))
        self._answers: SimpleQueue[Any] = SimpleQueue()
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()
        self._given = 0
        self._sender.send(told)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._sender.finish()
        self._reader.join()
        self._process.communicate()

    def _read(self) -> None:
        out = cast(IO[bytes], self._process.stdout)
        while True:
            try:
                self._answers.put(pickle.load(out))  # noqa: S301 - our own process wrote it
            except (EOFError, pickle.UnpicklingError):
                self._answers.put(ENDED)
                return

    @property
    def answered(self) -> bool:
        """Whether `take` need not wait."""
        return not self._answers.empty()

    @property
    def owed(self) -> int:
        """How many answers are still to be taken."""
        return self._given

    @property
    def waiting(self) -> int:
        """How much of what it was given it has not done yet."""
        return self._given - self._answers.qsize()

    def give(self, work: object) -> None:
        """Have it do something, after all that it was given before."""
        self._given += 1
        self._sender.send(work)

    def take(self) -> Any:
        """The oldest answer not yet taken; HandError."""
        answer = self._answers.get()
        self._given -= 1
        if isinstance(answer, str):
            raise HandError(answer)
        return answer


def serve(ready: Callable[[Any], AbstractContextManager[Callable[[Any], object]]]) -> None:
    """What the other process does: get `ready` with what it is told, then answer until the input ends.

    No answer may be a text: that says what went wrong. Whoever started the process wrote what it
    reads, and ends it when somebody presses Ctrl-C.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.freeze()  # what was loaded stays: looking through it time and again costs a twentieth
    answers = _Sender(sys.stdout.buffer)
    try:
        with ready(pickle.load(sys.stdin.buffer)) as do:  # noqa: S301
            while True:
                answers.send(do(pickle.load(sys.stdin.buffer)))  # noqa: S301
    except EOFError:
        pass
    except Exception as error:
        answers.send(_said(error))
    answers.finish()


def _said(error: Exception) -> str:
    """What went wrong and where; never the message, which may name a patient."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {frame.name}, line {frame.lineno}"


class _Sender:
    """Writes values into a pipe, pickled, from a thread of its own."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe = pipe
        self._waiting: SimpleQueue[bytes] = SimpleQueue()
        self._thread = Thread(target=self._write, daemon=True)
        self._thread.start()

    def send(self, value: object) -> None:
        """Have a value written after those before it. Nobody may be reading: then it is lost."""
        self._waiting.put(pickle.dumps(value, pickle.HIGHEST_PROTOCOL))

    def finish(self) -> None:
        """Wait until all is written, or until nobody reads."""
        self._waiting.put(b"")
        self._thread.join()

    def _write(self) -> None:
        while data := self._waiting.get():
            with suppress(OSError):  # the reader ended: so says what it was to answer
                self._pipe.write(data)
                self._pipe.flush()
