"""Days leave the ledger when they are old enough: first into the base of every replay, then for good."""

import sys
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

from downtime.feeds.model import FeedMessage
from downtime.ingest.find_messages import index_past_days
from downtime.ingest.ledger import Ledger
from downtime.ingest.mark_quarantine import list_quarantined
from downtime.ingest.read_ledger import read_day
from downtime.ingest.store import day_file
from downtime.settings import Settings
from downtime.snapshot.apply_messages import apply_messages
from downtime.snapshot.state_files import open_state
from downtime.snapshot.store import publisher_state, state_copy
from downtime.snapshot.update_state import Intake, list_usable
from downtime.vault.database import transaction
from downtime.vault.vault import Vault

ALL_ARRIVALS = range(sys.maxsize)
"""What a day's lists are was decided when they were applied: in the base all of them count."""


def count_ages(days: Sequence[date], today: date, gap_days: int) -> list[int]:
    """How many days old each of the ledger's days is (the oldest first) as far as that is believed.

    Between two days on which anything came, or since the last one, no more than `gap_days` are
    believed to have passed: a clock that jumps ahead by weeks must not empty the ledger.
    """
    ages: list[int] = []
    age, later = 0, today
    for day in reversed(days):
        age += min(max((later - day).days, 0), gap_days)
        later = day
        ages.append(age)
    return ages[::-1]


def expire_days(vault: Vault, settings: Settings, ledger: Ledger) -> None:
    """Remove the days that are older than the retention, once the base has all of them.

    A cut between the two leaves the day: the base remembers what it has, and the day goes next
    time.
    """
    index_past_days(ledger)
    today, days = vault.clock().date(), ledger.list_days()
    ages = count_ages(
        [date.fromisoformat(day.stem) for day in days], today, settings.ingest.gap_days
    )
    retention = settings.ingest.retention_days
    expired = [day for day, age in zip(days, ages, strict=True) if age > retention]
    if not expired:
        return
    ledger.begin_day()
    home = vault.home
    with open_state(vault, home.base_file) as base, open_state(vault, home.state_file) as state:
        with transaction(base):
            publisher_state.prepare_tables(base)
            state_copy.copy_identities(state, base)
        for day in expired:
            applied = publisher_state.get_applied_arrival(base)
            messages = _list_applied(ledger, day, applied)
            apply_messages(base, messages, settings, vault.clock(), ALL_ARRIVALS)
            with ledger.reading(day) as opened, transaction(base):
                last = day_file.get_next_arrival(opened.db) - 1
                publisher_state.save_applied_arrival(base, max(last, applied))
            ledger.remove_day(day)


def _list_applied(ledger: Ledger, day: Path, applied: int) -> Iterator[FeedMessage]:
    """What the state has of a day: not what lay in quarantine and was never released."""
    quarantined = list_quarantined(ledger, day)
    recorded = (m for m in read_day(ledger, day, applied) if m.arrival not in quarantined)
    return list_usable(recorded, Intake())
