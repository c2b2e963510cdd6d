"""What the rules share: a verdict, the two snapshots, and when times and names are close."""

import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from downtime.clinical.model import Record
from downtime.reconcile.model import ItemState
from downtime.reconcile.reasons import ReasonCode, Reasons, make_reasons
from downtime.reconcile.record_index import RecordIndex
from downtime.settings import Settings
from downtime.snapshot.store.record_tables import local_day

R = TypeVar("R", bound=Record)


class Verdict(NamedTuple):
    """What a rule says: a state, why, and the live records that were meant."""

    state: ItemState
    reasons: Reasons
    matched_ids: tuple[str, ...] = ()
    needs_second_person: bool = False
    """Whether a second person confirms what is decided."""


def make_verdict(
    state: ItemState, code: ReasonCode, *matched: Record, for_two: bool = False, **values: str
) -> Verdict:
    """A verdict for one reason, about the live records that were meant; `for_two`: two people decide."""
    return Verdict(state, make_reasons(code, **values), tuple(r.id for r in matched), for_two)


@dataclass(frozen=True, slots=True)
class ComparisonContext:
    """The two snapshots and the site's settings."""

    before: RecordIndex
    after: RecordIndex
    settings: Settings
    cache: dict[tuple[str, str], Any] = field(default_factory=dict)
    """What rules worked out of a patient's records, by its name and the patient."""
    _earlier: dict[str, Record | None] = field(default_factory=dict)

    def find_record_at_t0(self, live: Record) -> Record | None:
        """What T0 held of a live record; None when it has come since."""
        if live.id not in self._earlier:
            self._earlier[live.id] = self.before.find_copy(live, self.after)
        return self._earlier[live.id]

    def has_changed(self, live: Record, *names: str) -> bool:
        """Whether one of these fields is not what it was at T0, or the record has come since."""
        earlier = self.find_record_at_t0(live)
        return earlier is None or any(
            getattr(earlier, name) != getattr(live, name) for name in names
        )

    def get_local_day(self, moment: str) -> str:
        """The ISO day of a stored time in the site's zone."""
        return local_day(moment, ZoneInfo(self.settings.site.time_zone)) if moment else ""


def unavailable_verdict(records: str) -> Verdict:
    """What no recovered system tells is unavailable, never none: nobody can say what is there."""
    return make_verdict(ItemState.NOT_COMPARED, ReasonCode.NOT_DELIVERED, records=records)


def find_nearest(
    live: Iterable[R], moment: str, window: timedelta, time_of: Callable[[R], str]
) -> list[R]:
    """Those within the window, the nearest first; a record without any time never is."""
    gaps = [(time_between(time_of(record), moment), record) for record in live]
    close = [(gap, record) for gap, record in gaps if gap is not None and gap <= window]
    return [record for _, record in sorted(close, key=lambda pair: pair[0])]


def time_between(moment: str, other: str) -> timedelta | None:
    """Time between two stored times; whole days when one is a bare date; None when one is empty."""
    if not moment or not other:
        return None
    if "T" not in moment or "T" not in other:
        days = datetime.fromisoformat(moment[:10]) - datetime.fromisoformat(other[:10])
        return abs(days)
    return abs(parse_instant(moment) - parse_instant(other))


parse_instant = lru_cache(maxsize=65536)(datetime.fromisoformat)
"""A stored time as a moment."""


@lru_cache(maxsize=65536)
def fold_text(text: str) -> str:
    """A text without case, accents, signs and spaces: `Co-amoxiclav ` and `coamoxiclav` are one."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in plain if c.isalnum())
