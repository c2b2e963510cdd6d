"""Places on a hospital's own PDF as rows of a table, as a person draws and names them. Pure.

A row is one rectangle: of the identity block, a code and so on (`patient.label`, `page.serial`), of a
field by its linkId, or of one option of a choice (`linkId=code`).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from downtime.errors import InputError
from downtime.paper.forms.field_types import FIELD_TYPES
from downtime.paper.forms.form_schema import RESERVED_PLACES
from downtime.paper.forms.model import FieldType

NUMBERS = ("page", "x", "y", "width", "height", "step")
TYPES = tuple(kind for kind, row in FIELD_TYPES.items() if row.can_be_drawn)
"""Types that a field drawn here may have; a choice is drawn option by option."""
_USUAL_LABEL = {"x": 20.0, "y": 20.0, "width": 90.0, "height": 40.0}


@dataclass(frozen=True, slots=True)
class BoxRow:
    """One rectangle in millimetres from the upper left corner, as it is typed; empty for none."""

    key: str
    text: str = ""
    type: str = "string"
    page: str = "1"
    x: str = ""
    y: str = ""
    width: str = ""
    height: str = ""
    step: str = ""
    field: str = ""

    @property
    def is_reserved(self) -> bool:
        """Whether it is a place that every form has, rather than a field of its own."""
        return self.key in RESERVED_PLACES


COLUMNS = tuple(asdict(BoxRow("")))


def begin_definition(name: str, fields: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A definition to start from: the identity block, and the fields of the PDF's own form."""
    used: dict[str, int] = {}
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
        "place": {"patient.label": dict(_USUAL_LABEL)},
        "item": [_make_pdf_item(field, used) for field in fields],
    }


def _make_pdf_item(field: Mapping[str, Any], used: dict[str, int]) -> dict[str, Any]:
    slug = re.sub(r"[^A-Za-z0-9]+", "-", field["name"]).strip("-").lower()[:50] or "field"
    used[slug] = used.get(slug, 0) + 1
    link_id = slug if used[slug] == 1 else f"{slug}-{used[slug]}"
    kind = FieldType.BOOLEAN if field["kind"] == "tick" else FieldType.STRING
    place = {"field": field["name"], "page": field["page"]}
    # The YAML writer takes plain words only, so the type is its value.
    return {"linkId": link_id, "text": field["name"], "type": kind.value, "place": place}


def list_rows(form: Mapping[str, Any]) -> list[BoxRow]:
    """Every place of a definition, and its fields that have none yet."""
    rows = [_make_row(key, place, "", "", "0") for key, place in (form.get("place") or {}).items()]
    for item in _list_fields(form.get("item") or []):
        rows += _make_item_rows(item)
    return rows


def _make_item_rows(item: Mapping[str, Any]) -> Iterator[BoxRow]:
    link_id, text, kind = item["linkId"], item.get("text", ""), item["type"]
    place = item.get("place") or {}
    if kind != FieldType.CHOICE or any(name in place for name in ("x", "field")):
        yield _make_row(link_id, place, text, kind, "1")
        return
    for option in item["answerOption"]:
        code = option["code"]
        yield _make_row(f"{link_id}={code}", place.get(code, {}), option["display"], kind, "1")


def _make_row(key: str, place: Mapping[str, Any], text: str, kind: str, page: str) -> BoxRow:
    texts = {name: _format_value(place[name]) for name in (*NUMBERS, "field") if name in place}
    return BoxRow(**{"key": key, "text": text, "type": kind or "string", "page": page, **texts})


def _format_value(value: Any) -> str:
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def place_fields(form: Mapping[str, Any], drawn: Sequence[BoxRow]) -> dict[str, Any]:
    """The definition with these rows in place of its places: new fields come last, missing ones go.

    InputError for what is no number. What else the definition says stays as it is.
    """
    keys = [row.key for row in drawn]
    if double := next((key for key in keys if keys.count(key) > 1), None):
        raise InputError("place.twice", f"'{double}' has two rows.", "Give each a name of its own.")
    own_rows = {row.key: row for row in drawn if not row.is_reserved}
    by_field: dict[str, list[BoxRow]] = {}
    for row in own_rows.values():
        by_field.setdefault(row.key.partition("=")[0], []).append(row)
    items = _update_items(form.get("item") or [], by_field)
    items += [_make_item(link_id, those) for link_id, those in by_field.items()]
    reserved = {row.key: _make_place(row, "0") for row in drawn if row.is_reserved}
    return {
        **form,
        "place": {key: place for key, place in reserved.items() if place},
        "item": items,
    }


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


def _update_item(item: Mapping[str, Any], boxes: Sequence[BoxRow]) -> dict[str, Any]:
    unchanged = {name: value for name, value in item.items() if name != "place"}
    if any("=" in row.key for row in boxes):
        return {**unchanged, **_make_choice(boxes)}
    row = boxes[0]
    kind = item["type"] if item["type"] == FieldType.CHOICE else row.type
    place = _make_place(row, "1")
    return {**unchanged, "text": row.text, "type": kind, **({"place": place} if place else {})}


def _make_item(link_id: str, boxes: Sequence[BoxRow]) -> dict[str, Any]:
    if any("=" in row.key for row in boxes):
        return {
            "linkId": link_id,
            "text": link_id.capitalize(),
            "type": "choice",
            **_make_choice(boxes),
        }
    return _update_item({"linkId": link_id, "type": boxes[0].type}, boxes)


def _make_choice(boxes: Sequence[BoxRow]) -> dict[str, Any]:
    options = {row.key.partition("=")[2]: row for row in boxes}
    places = {code: _make_place(row, "1") for code, row in options.items()}
    return {
        "answerOption": [
            {"code": code, "display": row.text or code} for code, row in options.items()
        ],
        "place": {code: place for code, place in places.items() if place},
    }


def _make_place(row: BoxRow, default_page: str) -> dict[str, Any]:
    """What the row says of its place; empty when it has none."""
    if row.field:
        return {"field": row.field}
    if not any((row.x, row.y, row.width, row.height)):
        return {}
    values: dict[str, Any] = {}
    for name in NUMBERS:
        text = getattr(row, name)
        if not text or (name == "page" and text == default_page):
            continue
        number = _parse_number(row.key, name, text)
        values[name] = int(number) if name == "page" else round(number, 1)
    return values


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
