"""Compare many sets of forms on every core: other processes compare sets, and so does this one.

Each keeps what it finds in transactions of its own.
"""

from collections.abc import Iterator, Sequence

from downtime.processes.pool import WorkerProcess, distribute_work, start_workers
from downtime.reconcile.compare.compare_forms import FormComparer
from downtime.reconcile.compare.comparison_worker import ComparisonWorkerArguments
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
        return WorkerProcess("downtime.reconcile.compare.comparison_worker", arguments)

    with start_workers(start_worker, cores - 1 if is_worth_it else 0) as workers:
        yield from distribute_work(
            sets, workers, lambda stamps: comparer.compare(stamps, links), ahead=AHEAD
        )
