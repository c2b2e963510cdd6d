"""A process that compares sets of forms; the vault's key comes with its arguments."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import NamedTuple

from downtime.clock import Clock
from downtime.config import Home
from downtime.processes.pool import serve_worker
from downtime.reconcile.compare.compare_forms import open_comparison
from downtime.reconcile.compare.model import ComparisonTask, FormsCompared, Stamps
from downtime.reconcile.identity.match_patient import Links
from downtime.vault.vault import Vault


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
