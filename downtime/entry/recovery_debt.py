"""How many hours of keying wait, by how long forms took that were keyed here in one sitting."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from sqlite_utils import Database

from downtime.entry.keying_estimate import LEAST_KEYED, Estimate, estimate_keying
from downtime.entry.model import Task
from downtime.entry.store import keying_times
from downtime.entry.work_queues import QueueLine, count_queues
from downtime.settings import Settings
from downtime.vault.vault import Vault

KEYED_LAST = 100
"""Forms of each kind that tell how long the next ones take."""
KEYING = (Task.KEY, Task.KEY_AGAIN)


@dataclass(frozen=True, slots=True)
class RecoveryDebt:
    """Forms that wait to be keyed and keyed again; the estimate is None while it is too early to say."""

    to_key: int
    to_key_again: int
    keyed: int
    """Forms keyed here in one sitting."""
    estimate: Estimate | None

    @property
    def sentence(self) -> str:
        """`412 forms to key, 96 to key again: 21 hours of keying (17–26, 9 times in 10).`"""
        forms = f"{self.to_key:,} forms to key, {self.to_key_again:,} to key again"
        if not self.to_key and not self.to_key_again:
            return "No form waits to be keyed."
        if self.estimate is None:
            return (
                f"{forms}: too early to say how long that takes"
                f" ({self.keyed} of {LEAST_KEYED} forms keyed in one sitting)."
            )
        hours, low, high = map(
            _hours, (self.estimate.seconds, self.estimate.low, self.estimate.high)
        )
        return f"{forms}: {hours} hours of keying ({low}–{high}, 9 times in 10)."


def measure_debt(vault: Vault, settings: Settings) -> RecoveryDebt:
    """What waits now, and how long it will take."""
    return _estimate(vault.db, count_queues(vault, settings))


def _estimate(db: Database, lines: Iterable[QueueLine]) -> RecoveryDebt:
    waiting: Counter[tuple[Task, str]] = Counter()
    for line in lines:
        if line.queue in KEYING:
            waiting[line.queue, line.form] += line.n
    by_task = Counter[Task]()
    for (task, _), number in waiting.items():
        by_task[task] += number
    times = keying_times.fetch_latest(db, KEYED_LAST)
    return RecoveryDebt(
        by_task[Task.KEY],
        by_task[Task.KEY_AGAIN],
        sum(map(len, times.values())),
        estimate_keying(waiting, times),
    )


def _hours(seconds: float) -> str:
    hours = seconds / 3600
    return f"{hours:.1f}" if hours < 10 else f"{hours:,.0f}"
