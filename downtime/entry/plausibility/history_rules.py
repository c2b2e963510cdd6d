"""Whether a form fits what the other forms of its patient say: nothing after death, one ward at a time. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from downtime.clinical.model import AdministrationStatus
from downtime.clock import from_text
from downtime.entry.facts import ADMIT, DISCHARGE, TRANSFER, Fact
from downtime.entry.plausibility.model import Finding, Rule, Situation, fold_ward
from downtime.paper.forms.model import FormItem
from downtime.paper.forms.record_fields import WHEN

_ENCOUNTER = "Encounter"
_OBSERVATION, _ADMINISTRATION = "Observation", "MedicationAdministration"
_DIED = "died"
_TIME_FIELDS = ("ended", "effective", "given", "started", WHEN)


def judge_history(
    fields: Mapping[str, FormItem], facts: Sequence[Fact], situation: Situation
) -> Iterator[Finding]:
    """What this form says against what the others say, whichever was keyed first."""
    ends = [fact for fact in situation.other_facts if _is_end(fact)]
    for fact in facts:
        if _is_at_bedside(fact):
            yield from _judge_after_end(fields, fact, ends, situation)
        elif _is_end(fact):
            yield from _judge_end(fields, fact, situation)
        if _new_ward(fact):
            yield from _judge_places(fields, fact, situation)


def _is_end(fact: Fact) -> bool:
    return fact.type == _ENCOUNTER and fact.fields.get("event") == DISCHARGE


def _is_at_bedside(fact: Fact) -> bool:
    """Whether the patient was there: a measured value of a chart, something that was given.

    A telephoned result and the fate of a unit may follow a patient who has gone.
    """
    is_measured = fact.type == _OBSERVATION and bool(fact.fields.get("code"))
    is_dose = fact.type == _ADMINISTRATION
    is_given = is_dose and fact.fields.get("status") == AdministrationStatus.ADMINISTERED
    return bool(fact.event) and (is_measured or is_given)


def _new_ward(fact: Fact) -> str:
    is_move = fact.type == _ENCOUNTER and fact.fields.get("event") in (ADMIT, TRANSFER)
    return fact.fields.get("ward", "") if is_move else ""


def _arrival(fact: Fact) -> str:
    """When a patient came to the ward that a fact names: a stay's beginning, else its own time."""
    return fact.fields.get("started") or fact.event


def _has_died(fact: Fact) -> bool:
    return fact.fields.get("outcome") == _DIED


def _is_after(event: str, end: Fact, situation: Situation) -> bool:
    margin = timedelta(minutes=situation.settings.discharge_margin_minutes)
    return bool(end.event) and from_text(event) > from_text(end.event) + margin


def _judge_after_end(
    fields: Mapping[str, FormItem], fact: Fact, ends: Sequence[Fact], situation: Situation
) -> Iterator[Finding]:
    """Something at the bedside after the patient died or left, as another form says."""
    for end in ends:
        if _is_after(fact.event, end, situation) and not _came_back(fact.event, end, situation):
            rule = Rule.AFTER_DEATH if _has_died(end) else Rule.AFTER_DISCHARGE
            yield Finding(_time_key(fields, fact), rule, fact.event, end.event, end.serial)
            return


def _came_back(event: str, end: Fact, situation: Situation) -> bool:
    """Whether another form admits the patient again in between."""
    return any(
        fact.fields.get("event") == ADMIT and end.event < _arrival(fact) <= event
        for fact in situation.other_facts
        if fact.type == _ENCOUNTER
    )


def _judge_end(
    fields: Mapping[str, FormItem], end: Fact, situation: Situation
) -> Iterator[Finding]:
    """A death or discharge before something that another form says was done at the bedside."""
    later = [
        fact
        for fact in situation.other_facts
        if _is_at_bedside(fact)
        and _is_after(fact.event, end, situation)
        and not _came_back(fact.event, end, situation)
    ]
    if later:
        last = max(later, key=lambda fact: fact.event)
        rule = Rule.AFTER_DEATH if _has_died(end) else Rule.AFTER_DISCHARGE
        yield Finding(_time_key(fields, end), rule, end.event, last.event, last.serial)


def _judge_places(
    fields: Mapping[str, FormItem], fact: Fact, situation: Situation
) -> Iterator[Finding]:
    """Another form that says that the patient came to another ward at the very same time."""
    for other in situation.other_facts:
        ward = _new_ward(other)
        is_elsewhere = fold_ward(ward) != fold_ward(_new_ward(fact))
        if ward and is_elsewhere and _arrival(other) == _arrival(fact):
            key = _time_key(fields, fact)
            yield Finding(key, Rule.TWO_WARDS, _arrival(fact), ward, other.serial)
            return


def _time_key(fields: Mapping[str, FormItem], fact: Fact) -> str:
    """The answer that says when a fact happened: of its row, of the form, else the sign-off."""
    row = fact.key.rpartition("-")[2]
    keys = [key for key, item in fields.items() if item.maps in _TIME_FIELDS]
    of_row = [key for key in keys if key.partition(":")[2] == row]
    of_form = [key for key in keys if ":" not in key]
    return next(iter((*of_row, *of_form)), "event.date")
