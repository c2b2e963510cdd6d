"""Which events on the screen were written on a keyed form too: one thing that was said twice is one.

The form stands: it says more, and two people read it. One thing on paper is one event at most: a value
that was measured twice and written once is not lost. What the two say differently, and things of any
other type, the comparison lays beside each other.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta

from downtime.clinical.assignment import assign
from downtime.clock import from_text
from downtime.entry.event_facts import (
    find_event_facts,
    is_fact,
    list_outage_threads,
    thread_stamp,
)
from downtime.entry.facts import Fact
from downtime.entry.keyed_answers import make_fact_reader
from downtime.entry.store import entries
from downtime.outage.events.model import EventThread
from downtime.outage.model import Outage
from downtime.paper.forms.load_form import load_forms
from downtime.settings import Settings
from downtime.snapshot.search_terms import compact_text
from downtime.vault.vault import Vault

StatementKey = tuple[str, ...]
"""What has to be the same on the screen and on paper."""


def event_stamps(vault: Vault, settings: Settings, outage: Outage) -> dict[str, str]:
    """Ids of an outage's events that are facts of their own, each with a stamp of its last change.

    Of a drill there are none.
    """
    if outage.drill:
        return {}
    threads = [thread for thread in list_outage_threads(vault, outage) if is_fact(thread)]
    on_paper = find_events_on_paper(vault, settings, outage, threads)
    return {t.root: thread_stamp(t) for t in threads if t.root not in on_paper}


def find_events_on_paper(
    vault: Vault, settings: Settings, outage: Outage, threads: Iterable[EventThread]
) -> dict[str, str]:
    """Ids of those of these events that a form of the outage says too, each with the form's serial."""
    facts = [find_event_facts(thread, settings)[0] for thread in threads]
    facts = [fact for fact in facts if fact.type in _KEY_MAKERS]
    if not facts:
        return {}
    paper = _read_paper(vault, settings, outage, {fact.type for fact in facts})
    windows = [_find_window(fact, settings) for fact in facts]
    choices = [_find_same(fact, paper, win) for fact, win in zip(facts, windows, strict=True)]
    serials = {fact.key: fact.serial for same in paper.values() for fact in same}
    keys = assign(choices, [int(window.total_seconds()) + 1 for window in windows])
    return {fact.serial: serials[key] for fact, key in zip(facts, keys, strict=True) if key}


def _read_paper(
    vault: Vault, settings: Settings, outage: Outage, types: set[str]
) -> Mapping[StatementKey, list[Fact]]:
    """What forms say of these types, by number of a person and what they say."""
    forms = [
        name
        for name, form in load_forms(vault.home).items()
        if types & {form.record, *(item.record for item in form.items)}
    ]
    serials = entries.find_serials_of_forms(vault.db, outage.id, forms)
    by_key: dict[StatementKey, list[Fact]] = defaultdict(list)
    for _, facts in make_fact_reader(vault, settings)(serials):
        for fact in facts:
            for key in _list_keys(fact):
                by_key[key].append(fact)
    return by_key


def _find_window(fact: Fact, settings: Settings) -> timedelta:
    """How far apart the two may be: a test with the same result may be done twice a day."""
    if fact.type == "Observation":
        return timedelta(minutes=settings.reconcile.twice_asked_minutes)
    return timedelta(hours=settings.reconcile.admission_match_hours)


def _find_same(
    fact: Fact, paper: Mapping[StatementKey, list[Fact]], window: timedelta
) -> dict[str, int]:
    """Keys of the facts on paper that say the same, each with the seconds between."""
    at = from_text(fact.event)
    gaps = {
        other.key: abs(from_text(other.event) - at)
        for key in _list_keys(fact)
        for other in paper.get(key, ())
        if other.event
    }
    return {key: int(gap.total_seconds()) for key, gap in gaps.items() if gap <= window}


def _list_keys(fact: Fact) -> Iterator[StatementKey]:
    """Under each number of its person, what it says; nothing of what has no number."""
    make_key = _KEY_MAKERS.get(fact.type)
    if make_key is None or is_blank(key := make_key(fact.fields)):
        return
    person = fact.person
    for number in {person.id, person.downtime_number, person.mrn, person.nhs_number} - {""}:
        yield (fact.type, compact_text(number), *key)


def is_blank(key: StatementKey) -> bool:
    """Whether nothing is said by which it could be known again."""
    return not any(key)


def _make_movement_key(fields: Mapping[str, str]) -> StatementKey:
    is_discharge = fields.get("event") == "discharge"
    end = fields.get("outcome", "") == "died"
    ward = "" if is_discharge else compact_text(fields.get("ward", ""))
    return fields.get("event", ""), ward, "died" if end else ""


def _make_result_key(fields: Mapping[str, str]) -> StatementKey:
    return compact_text(fields.get("display", "")), fields.get("value", "").strip().casefold()


def _make_appointment_key(fields: Mapping[str, str]) -> StatementKey:
    return fields.get("status", ""), fields.get("number", "") or fields.get("start", "")


_KEY_MAKERS: Mapping[str, Callable[[Mapping[str, str]], StatementKey]] = {
    "Encounter": _make_movement_key,
    "Observation": _make_result_key,
    "Appointment": _make_appointment_key,
}
"""Units of blood are not here: a donation number on two papers is found by the comparison."""
