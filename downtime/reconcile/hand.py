"""A process that compares sets of forms for the crew; the vault's key comes with its task."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import NamedTuple

from downtime.clock import Clock
from downtime.config import Home
from downtime.processes.pool import serve
from downtime.reconcile.compare.compare_forms import FormsCompared, ComparisonTask, open_comparison
from downtime.reconcile.identity.match_patient import Links
from downtime.vault.vault import Vault


class Told(NamedTuple):
    """What the process begins with."""

    home: Path
    key: bytes
    now: datetime
    task: ComparisonTask
    linked: Links


@contextmanager
def _ready(told: Told) -> Iterator[Callable[[Mapping[str, str]], FormsCompared]]:
    with (
        closing(Vault(Home(told.home), told.key, _going_on_from(told.now))) as vault,
        open_comparison(vault, told.task) as sets,
    ):
        yield lambda stamps: sets.compare(stamps, told.linked)


def _going_on_from(now: datetime) -> Clock:
    """The clock of the process that started this one."""
    began = monotonic()
    return lambda: now + timedelta(seconds=monotonic() - began)


if __name__ == "__main__":
    serve(_ready)
