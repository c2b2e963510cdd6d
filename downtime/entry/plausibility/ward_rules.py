"""Whether a ward that a form names is one of the hospital's, open, and the patient's. Pure."""

from collections.abc import Iterator, Mapping

from downtime.entry.facts import known_value
from downtime.entry.plausibility.model import Finding, Rule, Situation, fold_ward
from downtime.paper.forms.model import FormDefinition, FormItem

_ENCOUNTER = "Encounter"
_NEW_WARD, _PRIOR_WARD = "ward", "prior_ward"
_DISCHARGE = ("event", "discharge")
"""What an option says that makes the 'new ward' one of another hospital."""


def judge_wards(
    definition: FormDefinition,
    fields: Mapping[str, FormItem],
    answers: Mapping[str, str],
    situation: Situation,
) -> Iterator[Finding]:
    """Wards that there are not, that are closed, or on which the patient was not."""
    if not situation.wards:
        return
    for key, item in fields.items():
        text = known_value(answers, key)
        record = item.record or definition.record
        if not text or record != _ENCOUNTER or item.maps not in (_NEW_WARD, _PRIOR_WARD):
            continue
        if item.maps == _NEW_WARD and _leads_elsewhere(fields, answers):
            continue
        yield from _judge_ward(item, key, text, situation)


def _leads_elsewhere(fields: Mapping[str, FormItem], answers: Mapping[str, str]) -> bool:
    """Whether what was chosen says that the patient goes to another hospital."""
    return any(
        _DISCHARGE in option.fixed_fields
        for key, item in fields.items()
        for option in item.options
        if option.code == answers.get(key)
    )


def _judge_ward(item: FormItem, key: str, text: str, situation: Situation) -> Iterator[Finding]:
    ward = situation.wards.get(fold_ward(text))
    if ward is None:
        yield Finding(key, Rule.WARD_UNKNOWN, text)
        return
    if item.maps == _NEW_WARD and ward.is_closed:
        yield Finding(key, Rule.WARD_CLOSED, text, ward.code)
    if item.maps != _PRIOR_WARD or not situation.stay_ward:
        return
    known = {situation.stay_ward, *_list_wards_moved_to(situation)}
    if fold_ward(ward.code) not in {_fold_code(code, situation) for code in known}:
        yield Finding(key, Rule.NOT_THE_WARD, text, situation.stay_ward)


def _list_wards_moved_to(situation: Situation) -> Iterator[str]:
    """Where the patient went in the outage, as other forms say."""
    return (
        fact.fields[_NEW_WARD]
        for fact in situation.other_facts
        if fact.type == _ENCOUNTER and fact.fields.get(_NEW_WARD)
    )


def _fold_code(text: str, situation: Situation) -> str:
    ward = situation.wards.get(fold_ward(text))
    return fold_ward(ward.code if ward else text)
