"""Spread work over other processes of this program, and over this one.

Work and answers go through pipes: arguments and environment can be read by others on the machine.
The processes end when the one that started them has ended.
"""

import copyreg
import gc
import pickle
import signal
import subprocess
import sys
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from queue import SimpleQueue
from threading import Thread
from types import MappingProxyType
from typing import IO, Any, Generic, Self, TypeVar, cast

from downtime.processes.private_memory import keep_memory_private

Work = TypeVar("Work")
Answer = TypeVar("Answer")

ENDED = "The other process ended by itself"
MAX_WAITING_ANSWERS = 64
"""Answers, some megabytes, that wait for one before them that is slow."""


def freeze_mapping(mapping: dict[Any, Any]) -> MappingProxyType[Any, Any]:
    """The mapping for reading: so tables of settings come out of a pipe as they went in."""
    return MappingProxyType(mapping)


copyreg.pickle(MappingProxyType, lambda mapping: (freeze_mapping, (dict(mapping),)))


class WorkerError(Exception):
    """Work failed in another process: what and where, without what it was about."""


class WorkerProcess(Generic[Work, Answer]):
    """One process, which runs a module that calls `serve_worker` with these arguments.

    Threads write to it and read from it, so that neither side waits for the other.
    """

    def __init__(self, module: str, arguments: object) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-m", module], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._sender = _Sender(cast(IO[bytes], self._process.stdin))
        self._answers: SimpleQueue[Any] = SimpleQueue()
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()
        self._submitted = 0
        self._sender.send(arguments)

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
    def has_answer(self) -> bool:
        """Whether `receive` need not wait."""
        return not self._answers.empty()

    @property
    def unfinished(self) -> int:
        """How much of what was submitted is not done yet."""
        return self._submitted - self._answers.qsize()

    def submit(self, work: Work) -> None:
        """Have it do something, after all that was submitted before."""
        self.send(work)

    def send(self, message: object) -> None:
        """Write what the process works on, as it goes through the pipe."""
        self._submitted += 1
        self._sender.send(message)

    def receive(self) -> Answer:
        """The oldest answer not yet received; WorkerError."""
        answer = self._answers.get()
        self._submitted -= 1
        if isinstance(answer, str):
            raise WorkerError(answer)
        return cast(Answer, answer)


@contextmanager
def start_workers(
    start: Callable[[int], WorkerProcess[Work, Answer]], count: int
) -> Iterator[list[WorkerProcess[Work, Answer]]]:
    """So many processes, each started with its number from 0 on, until the block ends."""
    with ExitStack() as stack:
        yield [stack.enter_context(start(number)) for number in range(count)]


def distribute_work(
    work_items: Iterable[Work],
    workers: Sequence[WorkerProcess[Work, Answer]],
    run_locally: Callable[[Work], Answer],
    *,
    ahead: int,
    can_send: Callable[[Work], bool] = lambda _: True,
) -> Iterator[Answer]:
    """Have everything done, there and here; yields the answers in the order of the work.

    A process is given `ahead` pieces at once, so that it goes on while this one does a piece of its
    own. What cannot be sent through a pipe is done here.
    """
    answers: deque[WorkerProcess[Work, Answer] | _Done[Answer]] = deque()
    for work in work_items:
        worker = min(workers, key=lambda worker: worker.unfinished, default=None)
        if worker and worker.unfinished < ahead and can_send(work):
            worker.submit(work)
            answers.append(worker)
        else:
            answers.append(_Done(run_locally(work)))
        while answers and (len(answers) > MAX_WAITING_ANSWERS or answers[0].has_answer):
            yield answers.popleft().receive()
    for answer in answers:
        yield answer.receive()


class _Done(Generic[Answer]):
    """What this process has done itself."""

    has_answer = True

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def receive(self) -> Answer:
        return self._answer


def serve_worker(
    prepare: Callable[[Any], AbstractContextManager[Callable[[Any], object]]],
) -> None:
    """What the other process does: prepare with its arguments, then answer until its input ends.

    No answer may be a text: that says what went wrong. Whoever started the process wrote what it
    reads, and ends it when somebody presses Ctrl-C.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    keep_memory_private()
    gc.freeze()  # what was loaded stays: looking through it time and again costs a twentieth
    answers = _Sender(sys.stdout.buffer)
    try:
        with prepare(pickle.load(sys.stdin.buffer)) as work_here:  # noqa: S301
            while True:
                answers.send(work_here(pickle.load(sys.stdin.buffer)))  # noqa: S301
    except EOFError:
        pass
    except Exception as error:
        answers.send(_describe(error))
    answers.finish()


def _describe(error: Exception) -> str:
    """What went wrong and where; never the message, which may name a patient."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {frame.name}, line {frame.lineno}"


class _Sender:
    """Writes values into a pipe, pickled, from a thread of its own."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe = pipe
        self._outgoing: SimpleQueue[bytes] = SimpleQueue()
        self._thread = Thread(target=self._write, daemon=True)
        self._thread.start()

    def send(self, value: object) -> None:
        """Have a value written after those before it. Nobody may be reading: then it is lost."""
        self._outgoing.put(pickle.dumps(value, pickle.HIGHEST_PROTOCOL))

    def finish(self) -> None:
        """Wait until all is written, or until nobody reads."""
        self._outgoing.put(b"")
        self._thread.join()

    def _write(self) -> None:
        while data := self._outgoing.get():
            with suppress(OSError):  # the reader ended: so says what it was to answer
                self._pipe.write(data)
                self._pipe.flush()
