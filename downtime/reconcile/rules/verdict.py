"""What the rules of the comparison share: a verdict, the two snapshots, nearness in time and name."""

import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from downtime.clinical import display
from downtime.clinical.model import Record
from downtime.entry.facts import Fact
from downtime.reconcile.model import REGISTERS, ItemState
from downtime.reconcile.record_index import RecordIndex
from downtime.settings import Settings
from downtime.snapshot.store.record_tables import local_day

R = TypeVar("R", bound=Record)


class Verdict(NamedTuple):
    """What a rule says: a state, a sentence, the live records that were meant."""

    state: str
    words: str
    matched_ids: tuple[str, ...] = ()
    needs_second_person: bool = False
    """Whether a second person confirms what is decided."""


@dataclass(frozen=True, slots=True)
class ComparisonContext:
    """The two snapshots and the site's settings."""

    before: RecordIndex
    after: RecordIndex
    settings: Settings
    cache: dict[tuple[str, str], Any] = field(default_factory=dict)
    """What rules worked out of a patient's records, by its name and the patient."""
    _olds: dict[str, Record | None] = field(default_factory=dict)

    def earlier(self, live: Record) -> Record | None:
        """What T0 held of a live record; None when it has come since."""
        if live.id not in self._olds:
            self._olds[live.id] = self.before.find_copy(live, self.after)
        return self._olds[live.id]

    def has_changed(self, live: Record, *names: str) -> bool:
        """Whether one of these fields is not what it was at T0, or the record has come since."""
        then = self.earlier(live)
        return then is None or any(getattr(then, n) != getattr(live, n) for n in names)

    def day(self, moment: str) -> str:
        """The ISO day of a stored time in the site's zone."""
        return local_day(moment, ZoneInfo(self.settings.site.time_zone)) if moment else ""

    def shown(self, moment: str) -> str:
        """A time in the site's zone, for a sentence."""
        return (
            display.format_moment(moment, ZoneInfo(self.settings.site.time_zone))
            or "an unknown time"
        )


def unavailable_verdict(fact: Fact, what: str) -> Verdict:
    """What no recovered system tells is unavailable, never none: nobody can say what is there."""
    words = (
        f"No recovered system tells {what} here, so {fact.system} may hold it or not: look there."
    )
    return Verdict(ItemState.HELD, words)


def registering(fact: Fact) -> str:
    """What can be done about a patient who is not found."""
    if not is_registration(fact):
        return " Settle who it is first, then compare again."
    if fact.person.downtime_number:
        return " Returning it registers the patient under the downtime number and admits them."
    return " Returning it registers the patient and admits them."


def is_registration(fact: Fact) -> bool:
    """Whether returning it makes the patient known to the system."""
    return fact.type in REGISTERS and fact.fields.get("event", "admit") == "admit"


def find_nearest(
    live: Iterable[R], moment: str, window: timedelta, time_of: Callable[[R], str]
) -> list[R]:
    """Those within the window, the nearest first; a record without any time never is."""
    gaps = [(time_between(time_of(one), moment), one) for one in live]
    close = [(far, one) for far, one in gaps if far is not None and far <= window]
    return [one for _, one in sorted(close, key=lambda pair: pair[0])]


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
