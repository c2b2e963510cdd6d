"""Whether times of one form fit each other: what ended after it began, rows in their order. Pure."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from downtime.clock import from_text
from downtime.entry.facts import known_value
from downtime.entry.plausibility.model import Finding, Rule, Situation
from downtime.entry.plausibility.time_rules import find_time_rule
from downtime.entry.typed_times import moment_to_utc
from downtime.paper.forms.model import (
    FieldType,
    FormDefinition,
    FormItem,
    FormSubject,
    TimeRule,
)

_LEAST_ROWS = 3
"""Rows on the hour by which a chart looks as if its times were not looked at."""


def judge_pairs(
    fields: Mapping[str, FormItem], answers: Mapping[str, str], situation: Situation
) -> Iterator[Finding]:
    """A time before the one that it follows, or long after it."""
    for key, item in fields.items():
        for other in item.after:
            yield from _judge_pair(item, key, _key_beside(fields, key, other), answers, situation)


def _key_beside(fields: Mapping[str, FormItem], key: str, link_id: str) -> str:
    """The key of another field: in the same row, where that has rows."""
    row = key.partition(":")[2]
    same_row = f"{link_id}:{row}"
    return same_row if row and same_row in fields else link_id


def _judge_pair(
    item: FormItem, key: str, other: str, answers: Mapping[str, str], situation: Situation
) -> Iterator[Finding]:
    later = _instant(known_value(answers, key), situation)
    earlier = _instant(known_value(answers, other), situation)
    if later is None or earlier is None:
        return
    if later < earlier:
        yield Finding(key, Rule.BEFORE_OTHER_FIELD, answers[key], answers[other], other)
    hours = item.soft.hours if item.soft else None
    if hours is not None and later > earlier + timedelta(hours=hours):
        yield Finding(key, Rule.LONG_AFTER_FIELD, answers[key], f"{hours:g}", other)


def judge_rows(
    definition: FormDefinition,
    fields: Mapping[str, FormItem],
    answers: Mapping[str, str],
    situation: Situation,
) -> Iterator[Finding]:
    """Rows of a patient's chart that are not in order, at the same time, or all on the hour."""
    if definition.subject != FormSubject.PATIENT:
        return
    for group in definition.items:
        column = next((i for i in group.items if _is_time_of_row(i)), None)
        if group.repeats and column:
            keys = [f"{column.link_id}:{row}" for row in range(1, group.rows + 1)]
            yield from _judge_column([k for k in keys if k in fields], answers, situation)


def _is_time_of_row(item: FormItem) -> bool:
    is_time = item.type == FieldType.DATE_TIME and item.keyed
    return is_time and find_time_rule(item) == TimeRule.DURING


def _judge_column(
    keys: list[str], answers: Mapping[str, str], situation: Situation
) -> Iterator[Finding]:
    rows = [
        (key, instant)
        for key in keys
        if (instant := _instant(known_value(answers, key), situation)) is not None
    ]
    for (before_key, before), (key, instant) in zip(rows, rows[1:], strict=False):
        if instant < before:
            yield Finding(key, Rule.NOT_IN_ORDER, answers[key], answers[before_key], before_key)
        elif instant == before:
            yield Finding(key, Rule.SAME_TIME, answers[key], answers[before_key], before_key)
    if len(rows) >= _LEAST_ROWS and all(instant.minute == 0 for _, instant in rows):
        key = rows[0][0]
        yield Finding(key, Rule.FULL_HOURS, answers[key], str(len(rows)))


def _instant(answer: str, situation: Situation) -> datetime | None:
    if "T" not in answer:
        return None
    try:
        return from_text(moment_to_utc(answer, situation.zone))
    except ValueError:
        return None
