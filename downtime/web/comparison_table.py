"""A compared item as a table in words: the system before the outage, the paper, the system now."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from downtime.clinical import display
from downtime.clinical.record_types import FIELD_TITLES, RECORD_TYPES
from downtime.reconcile.side_by_side import FieldValues, ShownItem

_FORMATS: Mapping[str, Callable[[str], str]] = {
    "birth_date": display.format_day,
    "nhs_number": display.format_nhs_number,
    "units": display.format_units,
    "none_known": lambda text: "yes" if text == "1" else "no",
}
_NAMES = ("display", "code", "substance", "medicine")
"""Fields that a row of a list says by its title, unless paper and system differ in them."""


class Line(NamedTuple):
    """One field in the three columns; `differs` when paper and system both say something else."""

    name: str
    before: str
    paper: str
    now: str
    differs: bool


class Side(NamedTuple):
    """The paper beside one live record, and what that was at T0."""

    title: str
    lines: list[Line]


class SetRow(NamedTuple):
    """What is written together, as one row of a list: the items, and a line for each value."""

    items: tuple[ShownItem, ...]
    lines: list[Line]

    @property
    def first(self) -> ShownItem:
        """Whose form, patient and time are those of all."""
        return self.items[0]


def build_sides(item: ShownItem) -> list[Side]:
    """One table for each live record that was matched; the paper alone when there is none."""
    total = len(item.sides)
    return [
        Side(f"Record {place} of {total}" if total > 1 else "", list(map(_word, lines)))
        for place, lines in enumerate(item.sides, 1)
    ]


def build_set_row(items: Sequence[ShownItem]) -> SetRow:
    """The values of a set: one line for each, named by what it is where there are several."""
    lines = [line for item in items for line in _list_short_lines(item, named=len(items) > 1)]
    return SetRow(tuple(items), lines)


def _list_short_lines(item: ShownItem, *, named: bool) -> Iterable[Line]:
    title = item.row.item.fact.title
    for place, side in enumerate(item.sides, 1):
        values = _join_units(side)
        hidden = {*_NAMES, *_find_event_field(item)} if named else set(_NAMES)
        lines = [line for line in values if line.name not in hidden or line.differs]
        lines = lines or values[:1]
        for line in map(_word, lines):
            name = line.name
            if named:
                name = title if line.name == _title("value") else f"{title}, {name}"
            if len(item.sides) > 1:
                name = f"{name} (record {place})"
            yield line._replace(name=name)


def _find_event_field(item: ShownItem) -> Iterable[str]:
    """The field that says when, where the paper says there what stands above the whole set."""
    fact = item.row.item.fact
    kind = RECORD_TYPES.get(fact.type)
    name = kind.event_field if kind else ""
    return (name,) if name and fact.fields.get(name, fact.event) == fact.event else ()


def _join_units(side: Sequence[FieldValues]) -> list[FieldValues]:
    """A value and its unit as one field, as people read them."""
    units = next((line for line in side if line.name == "units"), None)
    if units is None or not any(line.name == "value" for line in side):
        return list(side)
    return [
        FieldValues("value", *map(_join, line[1:], units[1:])) if line.name == "value" else line
        for line in side
        if line.name != "units"
    ]


def _join(value: str, unit: str) -> str:
    return f"{value} {display.format_units(unit)}".strip() if value else ""


def _word(line: FieldValues) -> Line:
    show = _FORMATS.get(line.name, str)
    before, paper, now = (show(text) if text else "" for text in line[1:])
    return Line(_title(line.name), before, paper, now, line.differs)


def _title(name: str) -> str:
    return FIELD_TITLES.get(name, name)
