"""A process that compares sets of forms for the crew; the vault's key comes with its task."""

from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any, NamedTuple

from downtime.clock import Clock
from downtime.config import Home
from downtime.hands import serve
from downtime.reconcile.identity.match import Links
from downtime.reconcile.sets import Found, Task, comparing
from downtime.vault.vault import Vault


class Told(NamedTuple):
    """What the process begins with."""

    home: Path
    key: bytes
    now: datetime
    task: Task
    linked: Links


def _begin(told: Told) -> Callable[[Any], Found]:
    vault = Vault(Home(told.home), told.key, _going_on_from(told.now))
    sets = ExitStack().enter_context(comparing(vault, told.task))
    return lambda stamps: sets.compare(stamps, told.linked)


def _going_on_from(now: datetime) -> Clock:
    """The clock of the process that started this one."""
    began = monotonic()
    return lambda: now + timedelta(seconds=monotonic() - began)


if __name__ == "__main__":
    serve(_begin)
