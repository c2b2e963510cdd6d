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
        "item": [_of_pdf(field, used) for field in fields],
    }


def _of_pdf(field: Mapping[str, Any], used: dict[str, int]) -> dict[str, Any]:
    slug = re.sub(r"[^A-Za-z0-9]+", "-", field["name"]).strip("-").lower()[:50] or "field"
    used[slug] = used.get(slug, 0) + 1
    link_id = slug if used[slug] == 1 else f"{slug}-{used[slug]}"
    kind = "boolean" if field["kind"] == "tick" else "string"
    place = {"field": field["name"], "page": field["page"]}
    return {"linkId": link_id, "text": field["name"], "type": kind, "place": place}


def list_rows(form: Mapping[str, Any]) -> list[BoxRow]:
    """Every place of a definition, and its fields that have none yet."""
    rows = [_row(key, place, "", "", "0") for key, place in (form.get("place") or {}).items()]
    for item in _leaves(form.get("item") or []):
        rows += _rows(item)
    return rows


def _rows(item: Mapping[str, Any]) -> Iterator[BoxRow]:
    link_id, text, kind = item["linkId"], item.get("text", ""), item["type"]
    place = item.get("place") or {}
    if kind != "choice" or any(name in place for name in ("x", "field")):
        yield _row(link_id, place, text, kind, "1")
        return
    for option in item["answerOption"]:
        code = option["code"]
        yield _row(f"{link_id}={code}", place.get(code, {}), option["display"], kind, "1")


def _row(key: str, place: Mapping[str, Any], text: str, kind: str, page: str) -> BoxRow:
    texts = {name: _shown(place[name]) for name in (*NUMBERS, "field") if name in place}
    return BoxRow(**{"key": key, "text": text, "type": kind or "string", "page": page, **texts})


def _shown(value: Any) -> str:
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
    items = _updated(form.get("item") or [], by_field)
    items += [_new(link_id, those) for link_id, those in by_field.items()]
    reserved = {row.key: _place(row, "0") for row in drawn if row.is_reserved}
    return {
        **form,
        "place": {key: place for key, place in reserved.items() if place},
        "item": items,
    }


def _updated(items: Sequence[Any], by_field: dict[str, list[BoxRow]]) -> list[dict[str, Any]]:
    """Items with their new places; those that were found are taken out of `by_field`."""
    updated = []
    for item in items:
        if item["type"] == "group":
            if inside := _updated(item["item"], by_field):
                updated.append({**item, "item": inside})
        elif item["type"] == "display":
            updated.append(dict(item))
        elif those := by_field.pop(item["linkId"], None):
            updated.append(_changed(item, those))
    return updated


def _changed(item: Mapping[str, Any], those: Sequence[BoxRow]) -> dict[str, Any]:
    unchanged = {name: value for name, value in item.items() if name != "place"}
    if any("=" in row.key for row in those):
        return {**unchanged, **_choice(those)}
    row = those[0]
    kind = row.type if item["type"] != "choice" else "choice"
    place = _place(row, "1")
    return {**unchanged, "text": row.text, "type": kind, **({"place": place} if place else {})}


def _new(link_id: str, those: Sequence[BoxRow]) -> dict[str, Any]:
    if any("=" in row.key for row in those):
        return {"linkId": link_id, "text": link_id.capitalize(), "type": "choice", **_choice(those)}
    return _changed({"linkId": link_id, "type": those[0].type}, those)


def _choice(those: Sequence[BoxRow]) -> dict[str, Any]:
    options = {row.key.partition("=")[2]: row for row in those}
    places = {code: _place(row, "1") for code, row in options.items()}
    return {
        "answerOption": [
            {"code": code, "display": row.text or code} for code, row in options.items()
        ],
        "place": {code: place for code, place in places.items() if place},
    }


def _place(row: BoxRow, usual_page: str) -> dict[str, Any]:
    """What the row says of its place; empty when it has none."""
    if row.field:
        return {"field": row.field}
    if not any((row.x, row.y, row.width, row.height)):
        return {}
    values: dict[str, Any] = {}
    for name in NUMBERS:
        text = getattr(row, name)
        if not text or (name == "page" and text == usual_page):
            continue
        number = _number(row.key, name, text)
        values[name] = int(number) if name == "page" else round(number, 1)
    return values


def _number(key: str, name: str, text: str) -> float:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        raise InputError(
            "place.number", f"'{name}' of '{key}' is no number.", "Type millimetres, such as 12.5."
        ) from None


def _leaves(items: Sequence[Any]) -> Iterator[Any]:
    for item in items:
        if item["type"] == "group":
            yield from _leaves(item["item"])
        elif item["type"] != "display":
            yield item
