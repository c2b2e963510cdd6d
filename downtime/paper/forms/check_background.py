"""What is wrong with a form's places on a background of the hospital's own."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from downtime.paper.forms.form_schema import BOX, RESERVED_PLACES, Table
from downtime.paper.forms.model import FieldType, FormSubject

_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._ -]{0,80}\.pdf")
LABEL_SIZE = (60.0, 30.0)
"""Millimetres that the whole identity block needs."""
_RECTANGLE = ("x", "y", "width", "height")


def find_background_problems(form: Table, items: Sequence[Table]) -> Iterator[tuple[int, str]]:
    """Every mistake in `background` and `place`, with its line."""
    background = form.get("background")
    if background is None:
        yield from _check_no_places(form, items)
        return
    if not _FILE.fullmatch(str(background)):
        yield form.lines["background"], "'background' is the name of a PDF beside this file."
    places = form.get("place", {})
    for key, place in places.items() if isinstance(places, Table) else ():
        if key not in RESERVED_PLACES:
            yield places.lines[key], f"'place' of a form has no '{key}'."
        else:
            yield from _check_place(place, places.lines[key], every_page=True)
            yield from _check_label(key, place, places.lines[key])
    named = isinstance(places, Table) and {"patient.label", "patient.name"} & set(places)
    if form.get("subject", FormSubject.PATIENT) == FormSubject.PATIENT and not named:
        line = form.lines["background"]
        yield line, "A form about a patient gives a place to 'patient.label' or 'patient.name'."
    for item in items:
        if "place" in item:
            yield from _check_item_place(item)


def _check_no_places(form: Table, items: Sequence[Table]) -> Iterator[tuple[int, str]]:
    for table in (form, *items):
        if "place" in table:
            yield table.lines["place"], "Only a form with a 'background' has places."


def _check_item_place(item: Table) -> Iterator[tuple[int, str]]:
    place, line = item["place"], item.lines["place"]
    if item.get("type") in (FieldType.GROUP, FieldType.DISPLAY):
        yield line, "Only a field has a place."
        return
    if isinstance(place, Table) and place and all(isinstance(p, Table) for p in place.values()):
        known = {o.get("code") for o in item.get("answerOption") or () if isinstance(o, dict)}
        for option, option_place in place.items():
            if option not in known:
                yield place.lines[option], f"'{option}' is no option of this choice."
            yield from _check_place(option_place, place.lines[option])
    else:
        yield from _check_place(place, line)


def _check_place(place: Any, line: int, *, every_page: bool = False) -> Iterator[tuple[int, str]]:
    if not isinstance(place, Table):
        yield line, "A place says page, x, y, width and height in millimetres, or the field."
        return
    for name, value in place.items():
        kind = BOX.get(name)
        if kind is None:
            yield place.lines[name], f"A place has no '{name}'."
        elif kind is str and not isinstance(value, str):
            yield place.lines[name], f"'{name}' must be text."
        elif kind is not str and (isinstance(value, bool) or not isinstance(value, int | float)):
            yield place.lines[name], f"'{name}' must be a number."
        elif kind is not str and value < 0:
            yield place.lines[name], f"'{name}' must not be below 0."
    if "field" not in place and (missing := [name for name in _RECTANGLE if name not in place]):
        yield line, f"The place needs {', '.join(missing)}, or the name of a 'field' of the PDF."
    page = place.get("page", 1)
    if not isinstance(page, int) or page < (0 if every_page else 1):
        yield line, "'page' is a whole number from 1."


def _check_label(key: str, place: Any, line: int) -> Iterator[tuple[int, str]]:
    if key != "patient.label" or not isinstance(place, Table) or "field" in place:
        return
    sides = zip((place.get("width"), place.get("height")), LABEL_SIZE, strict=True)
    if any(isinstance(side, int | float) and side < least for side, least in sides):
        yield line, f"'patient.label' needs {LABEL_SIZE[0]:g} by {LABEL_SIZE[1]:g} mm at least."
