"""Places on a hospital's own PDF as rows of a table, as a person draws and names them. Pure.

A row is one rectangle: of the identity block, a code and so on (`patient.label`, `page.serial`), of a
field by its linkId, or of one option of a choice (`linkId=code`).
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any

from downtime.errors import InputError
from downtime.paper.forms.field_types import FIELD_TYPES
from downtime.paper.forms.form_schema import RESERVED_PLACES
from downtime.paper.forms.model import FieldType, FormDefinition
from downtime.paper.forms.rectangle import FoundBox, Rectangle
from downtime.paper.forms.usual_places import LABEL

NUMBERS = ("page", "x", "y", "width", "height", "step")
TYPES = tuple(kind for kind, row in FIELD_TYPES.items() if row.can_be_drawn)
"""Types that a field drawn here may have; a choice is drawn option by option."""
_EVERY_PAGE, _FIRST_PAGE = "0", "1"
"""The pages of a place that every form has, and of a field, unless it says another."""
_LONGEST_NAME = 40
_SAME_PLACE = 0.5
"""A found box that lies so much in a place that is drawn already is that place."""


@dataclass(frozen=True, slots=True)
class BoxRow:
    """One rectangle in millimetres from the upper left corner, as it is typed; empty for none."""

    key: str
    text: str = ""
    type: str = "string"
    page: str = _FIRST_PAGE
    x: str = ""
    y: str = ""
    width: str = ""
    height: str = ""
    step: str = ""
    field: str = ""

    @property
    def link_id(self) -> str:
        """The field that the rectangle belongs to."""
        return self.key.partition("=")[0]

    @property
    def option(self) -> str:
        """The code of the option that it is the rectangle of; empty unless it is of one."""
        return self.key.partition("=")[2]

    def is_on(self, page: int) -> bool:
        """Whether it stands on this page, or on every one."""
        return self.page in (_EVERY_PAGE, str(page))

    @property
    def is_reserved(self) -> bool:
        """Whether it is a place that every form has, rather than a field of its own."""
        return self.key in RESERVED_PLACES


COLUMNS = tuple(asdict(BoxRow("")))


def begin_definition(
    name: str,
    fields: Sequence[Mapping[str, Any]],
    places: Mapping[str, Rectangle] = MappingProxyType({}),
) -> dict[str, Any]:
    """A definition to start from: the identity block, and the fields of the PDF's own form.

    `places` are those of what every form has that does not stand where it usually does.
    """
    used: dict[str, int] = {}
    drawn = {"patient.label": LABEL, **places}
    return {
        "name": name,
        "version": "1",
        "title": name.replace("-", " ").capitalize(),
        "status": "draft",
        "purpose": "Say in one sentence what this form is for.",
        "policy": "full",
        "record": "Document",
        "system": "EPR",
        "background": f"{name}.pdf",
        "place": {
            key: dict(zip(("x", "y", "width", "height"), place, strict=True))
            for key, place in drawn.items()
        },
        "item": [_make_pdf_item(field, used) for field in fields],
    }


def _make_pdf_item(field: Mapping[str, Any], used: dict[str, int]) -> dict[str, Any]:
    link_id = _name_field(field["name"], used)
    kind = FieldType.BOOLEAN if field["kind"] == "tick" else FieldType.STRING
    place = {"field": field["name"], "page": field["page"]}
    # The YAML writer takes plain words only, so the type is its value.
    return {"linkId": link_id, "text": field["name"], "type": kind.value, "place": place}


def _name_field(label: str, used: dict[str, int]) -> str:
    """A linkId made of a label; `used` counts how often each was given, so that none is given twice."""
    slug = re.sub(r"[^A-Za-z0-9]+", "-", label)[:_LONGEST_NAME].strip("-").lower() or "field"
    used[slug] = used.get(slug, 0) + 1
    return slug if used[slug] == 1 else f"{slug}-{used[slug]}"


def suggest_rows(
    drawn: Sequence[BoxRow], boxes: Iterable[FoundBox], fields: Iterable[Rectangle] = ()
) -> list[BoxRow]:
    """Rows for boxes that were found and are no place yet: of those `drawn`, or a field of the PDF's own.

    All of one page.
    """
    places = [place for row in drawn if (place := _rectangle_of(row))] + list(fields)
    used = dict(Counter(row.link_id for row in drawn))
    rows = []
    for box in boxes:
        if any(_is_same(box.place, place) for place in places):
            continue
        name = _name_field(box.label, used)
        kind = FieldType.BOOLEAN if box.is_tick else FieldType.STRING
        numbers = [f"{round(value, 1):g}" for value in box.place]
        rows.append(BoxRow(name, box.label or name, kind.value, str(box.page), *numbers))
    return rows


def _rectangle_of(row: BoxRow) -> Rectangle | None:
    try:
        return Rectangle(float(row.x), float(row.y), float(row.width), float(row.height))
    except ValueError:
        return None


def _is_same(place: Rectangle, other: Rectangle) -> bool:
    return other.covers(place) > _SAME_PLACE or place.covers(other) > _SAME_PLACE


def list_known_names(forms: Iterable[FormDefinition]) -> dict[str, str]:
    """Names by which the program's own forms call what is measured and asked for, with their words."""
    return {item.link_id: item.text for form in forms for item in form.fields() if item.code}


def list_rows(form: Mapping[str, Any]) -> list[BoxRow]:
    """Every place of a definition, and its fields that have none yet."""
    reserved = (form.get("place") or {}).items()
    rows = [_make_row(key, place, page=_EVERY_PAGE) for key, place in reserved]
    for item in _list_fields(form.get("item") or []):
        rows += _make_item_rows(item)
    return rows


def _make_item_rows(item: Mapping[str, Any]) -> Iterator[BoxRow]:
    link_id, kind, place = item["linkId"], item["type"], item.get("place") or {}
    if kind != FieldType.CHOICE or any(name in place for name in ("x", "field")):
        yield _make_row(link_id, place, text=item.get("text", ""), type=kind)
        return
    for option in item["answerOption"]:
        code = option["code"]
        yield _make_row(f"{link_id}={code}", place.get(code, {}), text=option["display"], type=kind)


def _make_row(key: str, place: Mapping[str, Any], **more: str) -> BoxRow:
    typed = {name: _format_value(place[name]) for name in (*NUMBERS, "field") if name in place}
    return BoxRow(key, **more | typed)


def _format_value(value: Any) -> str:
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def place_fields(form: Mapping[str, Any], drawn: Sequence[BoxRow]) -> dict[str, Any]:
    """The definition with these rows in place of its places: new fields come last, missing ones go.

    InputError for what is no number. What else the definition says stays as it is.
    """
    keys = [row.key for row in drawn]
    if double := next((key for key in keys if keys.count(key) > 1), None):
        raise InputError("place.twice", f"'{double}' has two rows.", "Give each a name of its own.")
    by_field: dict[str, list[BoxRow]] = {}
    reserved: dict[str, dict[str, Any]] = {}
    for row in drawn:
        if not row.is_reserved:
            by_field.setdefault(row.link_id, []).append(row)
        elif place := _make_place(row, _EVERY_PAGE):
            reserved[row.key] = place
    items = _update_items(form.get("item") or [], by_field)
    items += [_make_item(link_id, boxes) for link_id, boxes in by_field.items()]
    return {**form, "place": reserved, "item": items}


def check_has_field(form: Mapping[str, Any]) -> None:
    """InputError for a definition that has nothing to fill in."""
    if not any(_list_fields(form.get("item") or [])):
        raise InputError(
            "place.none",
            "The form has no field of its own yet.",
            "Draw at least one that is filled in by hand, and name it.",
        )


def _update_items(items: Sequence[Any], by_field: dict[str, list[BoxRow]]) -> list[dict[str, Any]]:
    """Items with their new places; those that were found are taken out of `by_field`."""
    updated = []
    for item in items:
        if item["type"] == FieldType.GROUP:
            if inside := _update_items(item["item"], by_field):
                updated.append({**item, "item": inside})
        elif item["type"] == FieldType.DISPLAY:
            updated.append(dict(item))
        elif boxes := by_field.pop(item["linkId"], None):
            updated.append(_update_item(item, boxes))
    return updated


def _make_item(link_id: str, boxes: Sequence[BoxRow]) -> dict[str, Any]:
    kind = FieldType.CHOICE.value if boxes[0].option else boxes[0].type
    return _update_item({"linkId": link_id, "text": link_id.capitalize(), "type": kind}, boxes)


def _update_item(item: Mapping[str, Any], boxes: Sequence[BoxRow]) -> dict[str, Any]:
    updated = {name: value for name, value in item.items() if name != "place"}
    row = boxes[0]
    if any(box.option for box in boxes):
        updated["answerOption"] = [
            {"code": box.option, "display": box.text or box.option} for box in boxes
        ]
        places = {box.option: _make_place(box, _FIRST_PAGE) for box in boxes}
        return {**updated, "place": {code: place for code, place in places.items() if place}}
    updated["text"] = row.text
    if item["type"] != FieldType.CHOICE:
        updated["type"] = row.type
    place = _make_place(row, _FIRST_PAGE)
    return {**updated, "place": place} if place else updated


def _make_place(row: BoxRow, default_page: str) -> dict[str, Any]:
    """What the row says of its place; empty when it has none."""
    if row.field:
        return {"field": row.field}
    if not any((row.x, row.y, row.width, row.height)):
        return {}
    typed = {name: getattr(row, name) for name in NUMBERS}
    if row.page == default_page:
        del typed["page"]
    values = {name: _parse_number(row.key, name, text) for name, text in typed.items() if text}
    return {name: int(n) if name == "page" else round(n, 1) for name, n in values.items()}


def _parse_number(key: str, name: str, text: str) -> float:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        raise InputError(
            "place.number", f"'{name}' of '{key}' is no number.", "Type millimetres, such as 12.5."
        ) from None


def _list_fields(items: Sequence[Any]) -> Iterator[Any]:
    for item in items:
        if item["type"] == FieldType.GROUP:
            yield from _list_fields(item["item"])
        elif item["type"] != FieldType.DISPLAY:
            yield item
