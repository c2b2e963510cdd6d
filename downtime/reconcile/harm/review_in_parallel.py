"""Look for harm to many parts of the patients on every core: in other processes, and in this one."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import NamedTuple

from downtime.clock import Clock
from downtime.config import Home
from downtime.processes.pool import WorkerProcess, distribute_work, serve_worker, start_workers
from downtime.reconcile.harm.review_part import (
    PartReviewed,
    PartReviewer,
    ReviewTask,
    open_review,
)
from downtime.reconcile.harm.split_review import ReviewPart
from downtime.vault.vault import Vault

AHEAD = 2
"""Parts that a process is given at once."""
WORTH_IT = 5
"""Parts from which the start of another process, a second of its time, is soon made up for."""


def review_in_parallel(
    vault: Vault,
    task: ReviewTask,
    reviewer: PartReviewer,
    parts: Sequence[ReviewPart],
    cores: int,
) -> Iterator[PartReviewed]:
    """Review every part, here and in `cores - 1` other processes; yields what was found of each."""
    arguments = ReviewWorkerArguments(vault.home.path, vault.data_key, vault.clock(), task)

    def start_worker(_: int) -> WorkerProcess[ReviewPart, PartReviewed]:
        return WorkerProcess("downtime.reconcile.harm.review_in_parallel", arguments)

    with start_workers(start_worker, cores - 1 if len(parts) >= WORTH_IT else 0) as workers:
        yield from distribute_work(parts, workers, reviewer.review, ahead=AHEAD)


class ReviewWorkerArguments(NamedTuple):
    """What a process that looks for harm begins with."""

    home: Path
    key: bytes
    now: datetime
    task: ReviewTask


@contextmanager
def _prepare(
    arguments: ReviewWorkerArguments,
) -> Iterator[Callable[[ReviewPart], PartReviewed]]:
    with (
        closing(
            Vault(Home(arguments.home), arguments.key, _continue_clock(arguments.now))
        ) as vault,
        open_review(vault, arguments.task) as reviewer,
    ):
        yield reviewer.review


def _continue_clock(now: datetime) -> Clock:
    """The clock of the process that started this one."""
    began = monotonic()
    return lambda: now + timedelta(seconds=monotonic() - began)


if __name__ == "__main__":
    serve_worker(_prepare)
