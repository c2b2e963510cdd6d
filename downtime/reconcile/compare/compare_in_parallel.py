"""Compare many sets of forms on every core: other processes compare sets, and so does this one.

Each keeps what it finds in transactions of its own.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import NamedTuple

from downtime.clock import Clock
from downtime.config import Home
from downtime.processes.pool import WorkerProcess, distribute_work, serve_worker, start_workers
from downtime.reconcile.compare.compare_forms import FormComparer, open_comparison
from downtime.reconcile.compare.model import ComparisonTask, FormsCompared, Stamps
from downtime.reconcile.identity.match_patient import Links
from downtime.vault.vault import Vault

AHEAD = 2
"""Sets that a process is given at once."""
WORTH_IT = 8_000
"""Forms from which the start of another process, a second of its time, is soon made up for."""


def compare_in_parallel(
    vault: Vault,
    task: ComparisonTask,
    links: Links,
    comparer: FormComparer,
    sets: Sequence[Stamps],
    cores: int,
) -> Iterator[FormsCompared]:
    """Compare every set, here and in `cores - 1` other processes; yields what was found of each."""
    is_worth_it = sum(len(stamps) for stamps in sets) >= WORTH_IT
    arguments = ComparisonWorkerArguments(
        vault.home.path, vault.data_key, vault.clock(), task, dict(links)
    )

    def start_worker(_: int) -> WorkerProcess[Stamps, FormsCompared]:
        return WorkerProcess("downtime.reconcile.compare.compare_in_parallel", arguments)

    with start_workers(start_worker, cores - 1 if is_worth_it else 0) as workers:
        yield from distribute_work(
            sets, workers, lambda stamps: comparer.compare(stamps, links), ahead=AHEAD
        )


class ComparisonWorkerArguments(NamedTuple):
    """What a process that compares begins with."""

    home: Path
    key: bytes
    now: datetime
    task: ComparisonTask
    links: Links


@contextmanager
def _prepare(arguments: ComparisonWorkerArguments) -> Iterator[Callable[[Stamps], FormsCompared]]:
    with (
        closing(
            Vault(Home(arguments.home), arguments.key, _continue_clock(arguments.now))
        ) as vault,
        open_comparison(vault, arguments.task) as comparer,
    ):
        yield lambda stamps: comparer.compare(stamps, arguments.links)


def _continue_clock(now: datetime) -> Clock:
    """The clock of the process that started this one."""
    began = monotonic()
    return lambda: now + timedelta(seconds=monotonic() - began)


if __name__ == "__main__":
    serve_worker(_prepare)
