"""What is wrong with the words of a form's file that say which answers are plausible."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from downtime.clinical.value_limits import VALUE_LIMITS
from downtime.paper.forms.field_types import FIELD_TYPES
from downtime.paper.forms.form_schema import AGES, SOFT, Table
from downtime.paper.forms.model import FieldType, TimeRule

GENDERS = ("female", "male")
COUNTS = ("patients", "beds")
"""Counts of a ward in the snapshot."""
NEWS2 = "news2"
_TIMES = (FieldType.DATE, FieldType.DATE_TIME)
_REFERENCES = ("after", "equals", "covers")


def find_soft_problems(form: Table, items: Iterable[Table]) -> Iterator[tuple[int, str]]:
    """Each mistake with its line."""
    by_name = {str(item.get("linkId")): item for item in items}
    if isinstance(form.get("ages"), dict):
        yield from _check_table(form, "ages", AGES)
    for item in by_name.values():
        yield from _check_time_words(item)
        if isinstance(item.get("soft"), dict):
            yield from _check_soft(item)
        for word in _REFERENCES:
            yield from _check_references(item, word, by_name)


def _check_time_words(item: Table) -> Iterator[tuple[int, str]]:
    if "when" in item and (item["when"] not in list(TimeRule) or item.get("type") not in _TIMES):
        yield item.lines["when"], f"'when' of a date or dateTime is one of {', '.join(TimeRule)}."
    if "after" in item and item.get("type") not in _TIMES:
        yield item.lines["after"], "Only a date or dateTime comes 'after' another."


def _check_soft(item: Table) -> Iterator[tuple[int, str]]:
    soft, line = item["soft"], item.lines["soft"]
    yield from _check_table(item, "soft", SOFT)
    is_number = item.get("type") in FIELD_TYPES and FIELD_TYPES[item["type"]].is_number
    if not is_number and soft.keys() & {"min", "max", "limits", "count"}:
        yield line, "Only a number has a soft 'min', 'max', 'limits' or 'count'."
    if soft.get("limits", "weight") not in VALUE_LIMITS:
        yield line, f"'limits' is one of {', '.join(VALUE_LIMITS)}."
    if soft.get("gender", GENDERS[0]) not in GENDERS:
        yield line, f"'gender' is one of {', '.join(GENDERS)}."
    if soft.get("count", COUNTS[0]) not in COUNTS:
        yield line, f"'count' is one of {', '.join(COUNTS)}."
    if "hours" in soft and not item.get("after"):
        yield line, "'hours' are counted from the field that is named by 'after'."
    if soft.get("dose") and item.get("type") != FieldType.STRING:
        yield line, "Only a string is a 'dose' of number and unit."


def _check_table(
    owner: Table, word: str, known_keys: Mapping[str, type]
) -> Iterator[tuple[int, str]]:
    for name, value in owner[word].items():
        kind = known_keys.get(name)
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if kind is None:
            yield owner.lines[word], f"'{word}' has no '{name}'."
        elif not (is_number if kind is float else isinstance(value, kind)):
            yield owner.lines[word], f"'{name}' of '{word}' is of another kind."


def _check_references(
    item: Table, word: str, by_name: dict[str, Table]
) -> Iterator[tuple[int, str]]:
    names: Any = item.get(word)
    for name in names if isinstance(names, list) else ():
        plain = str(name).removeprefix("-")
        if plain not in by_name and not (word == "equals" and plain == NEWS2):
            yield item.lines[word], f"'{word}' names no field of this form: '{plain}'."
