"""The layout of a form on a hospital's own PDF: its places, and what is stamped between them.

The identity block, the serial and the codes stand where the definition says, or where they usually
do: the codes in two opposite corners, on white.
"""

import hashlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pikepdf

from downtime.errors import InputError
from downtime.paper.forms.background import BackgroundPdf, open_background
from downtime.paper.forms.model import FieldBox, FormDefinition, Item
from downtime.paper.layout.template_layout import FieldRectangle, FormLayout
from downtime.pdf.templates import render_pdf
from downtime.settings import PaperSettings

MM = 72 / 25.4
CODE = 17.5
"""Millimetres of a code's side."""
_QUIET = 2.5
"""Millimetres of white around a code."""
_SIZE, _BOLD_SIZE = 10.5, 12.0
_CAPTION = 2.6
_REVISION = b"background 1"
"""Raise it when places are worked out in another way: it is in the digest of every such layout."""


def background_digest(form: FormDefinition, content: bytes, mrn_name: str) -> str:
    """What the layout depends on: definition, PDF and words, as one SHA-256."""
    digest = hashlib.sha256(_REVISION)
    for part in (form.digest.encode(), content, mrn_name.encode()):
        digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()


def background_layout(
    form: FormDefinition, path: Path, settings: PaperSettings, mrn_name: str
) -> FormLayout:
    """The layout of a form on its background; InputError when a place is not on it."""
    content = path.read_bytes()
    sheet = open_background(path, settings)
    captions: list[dict[str, Any]] = []
    pages = tuple(
        tuple(_page(form, sheet, number, mrn_name, captions)) for number in _numbers(sheet)
    )
    return FormLayout(
        form.name,
        form.version,
        form.title,
        background_digest(form, content, mrn_name),
        _prepared(sheet, pages, captions),
        sheet.size,
        pages,
    )


def _numbers(sheet: BackgroundPdf) -> range:
    return range(1, sheet.pages + 1)


def _page(
    form: FormDefinition,
    sheet: BackgroundPdf,
    number: int,
    mrn_name: str,
    captions: list[dict[str, Any]],
) -> Iterator[FieldRectangle]:
    own = dict(form.boxes)
    for key, spot in {**_usual(sheet), **own}.items():
        if spot.page not in (0, number):
            continue
        if key == "patient.label":
            yield from _label(sheet, spot, number, mrn_name, captions)
        else:
            yield _reserved(sheet, key, spot)
    for item in form.fields():
        yield from _field(sheet, item, number)


def _usual(sheet: BackgroundPdf) -> dict[str, FieldBox]:
    """Where the codes, the serial and the source stand unless the definition says otherwise."""
    wide, high = sheet.size[0] / MM, sheet.size[1] / MM

    def spot(x: float, y: float, width: float, height: float) -> FieldBox:
        return FieldBox(page=0, x=x, y=y, width=width, height=height)

    return {
        "page.code-a": spot(wide - 7 - CODE, 7, CODE, CODE),
        "page.code-b": spot(7, high - 7 - CODE, CODE, CODE),
        "page.serial": spot(28, high - 12, 40, 5),
        "page.number": spot(70, high - 12, 28, 5),
        "page.outage": spot(100, high - 12, wide - 107, 5),
        "page.as-at": spot(28, high - 20, wide - 35, 7),
        "page.printed": spot(28, high - 24.5, wide - 35, 4),
    }


_SIZES = {"page.serial": 10.5, "page.number": 9.0, "page.outage": 9.0, "page.as-at": 8.0,
          "page.printed": 7.0}  # fmt: skip
_BOLD = ("patient.name", "patient.born", "patient.nhs", "patient.mrn", "patient.allergies",
         "patient.downtime-number", "page.serial", "page.outage")  # fmt: skip


def _reserved(sheet: BackgroundPdf, key: str, spot: FieldBox) -> FieldRectangle:
    if key.startswith("page.code-"):
        side = min(spot.width, spot.height)
        return _place(sheet, key, spot, width=side, height=side, kind="code")
    size = _SIZES.get(key, _BOLD_SIZE if key.startswith("patient.") else _SIZE)
    align = "right" if key == "page.outage" else "left"
    return _place(sheet, key, spot, size=size, bold=key in _BOLD, align=align)


def _field(sheet: BackgroundPdf, item: Item, number: int) -> Iterator[FieldRectangle]:
    for spot in item.boxes:
        rows = item.repeated or 1
        for row in range(1, rows + 1):
            key = f"{item.link_id}={spot.option}" if spot.option else item.link_id
            if item.repeated:
                key = f"{key}:{row}"
            here = _on_row(sheet, spot, row, key)
            if here.page == number:
                tick = bool(spot.option) or item.type == "boolean"
                yield _tick(sheet, key, here) if tick else _place(sheet, key, here, size=_SIZE)


def _on_row(sheet: BackgroundPdf, spot: FieldBox, row: int, key: str) -> FieldBox:
    """The place in a row, found in the PDF's own form where it is named there."""
    if not spot.field:
        y = spot.y + spot.step * (row - 1)
        return FieldBox(page=spot.page, x=spot.x, y=y, width=spot.width, height=spot.height)
    name = spot.field.replace("{row}", str(row))
    for field in sheet.fields:
        if field["name"] == name:
            high = sheet.size[1]
            return FieldBox(
                page=field["page"],
                x=field["x"] / MM,
                y=(high - field["y"] - field["height"]) / MM,
                width=field["width"] / MM,
                height=field["height"] / MM,
            )
    raise InputError(
        "background.field",
        f"The PDF has no form field '{name}', which '{key}' names.",
        "Correct the name, or give the place in millimetres.",
    )


def _tick(sheet: BackgroundPdf, key: str, spot: FieldBox) -> FieldRectangle:
    """A square in the middle of the place."""
    side = min(spot.width, spot.height)
    square = FieldBox(
        page=spot.page,
        x=spot.x + (spot.width - side) / 2,
        y=spot.y + (spot.height - side) / 2,
        width=side,
        height=side,
    )
    return _place(sheet, key, square, kind="tick")


def _place(
    sheet: BackgroundPdf,
    key: str,
    spot: FieldBox,
    *,
    width: float = 0.0,
    height: float = 0.0,
    kind: str = "text",
    size: float = _SIZE,
    bold: bool = False,
    align: str = "left",
) -> FieldRectangle:
    """Points from the lower left corner; InputError when the place leaves the page."""
    wide, high = (width or spot.width) * MM, (height or spot.height) * MM
    x, y = spot.x * MM, sheet.size[1] - spot.y * MM - high
    if x < -1 or y < -1 or x + wide > sheet.size[0] + 1 or min(wide, high) <= 0:
        raise InputError(
            "background.place",
            f"The place of '{key}' is not on the page.",
            f"The page is {sheet.size[0] / MM:.0f} by {sheet.size[1] / MM:.0f} mm.",
        )
    x, y, wide, high = (round(value, 2) for value in (x, y, wide, high))
    return FieldRectangle(key, x, y, wide, high, kind, size, bold, align, 0.0)


_LABEL: tuple[tuple[float, tuple[tuple[str, str, float], ...]], ...] = (
    (2.0, (("patient.name", "Name (SURNAME, Given)", 1.0),)),
    (1.4, (("patient.born", "Born", 0.62), ("patient.gender", "Gender", 0.38))),
    (1.4, (("patient.nhs", "NHS No.", 0.5), ("patient.mrn", "", 0.5))),
    (1.3, (("patient.location", "Ward / bed", 0.6), ("patient.downtime-number", "Downtime No.", 0.4))),
    (1.6, (("patient.allergies", "Allergies", 1.0),)),
)  # fmt: skip
"""The identity block in one rectangle: rows by their share of its height, cells by their width."""


def _label(
    sheet: BackgroundPdf, spot: FieldBox, number: int, mrn_name: str, captions: list[dict[str, Any]]
) -> Iterator[FieldRectangle]:
    spot = _on_row(sheet, spot, 1, "patient.label")
    whole = sum(share for share, _ in _LABEL)
    y = spot.y
    for share, cells in _LABEL:
        high, x = spot.height * share / whole, spot.x
        for key, caption, part in cells:
            wide = spot.width * part
            captions.append(
                {"page": number, "x": x + 1, "y": y, "width": wide - 1, "text": caption or mrn_name}
            )
            inside = FieldBox(x=x + 1, y=y + _CAPTION, width=wide - 2, height=high - _CAPTION)
            yield _reserved(sheet, key, inside)
            x += wide
        y += high


def _prepared(
    sheet: BackgroundPdf,
    pages: tuple[tuple[FieldRectangle, ...], ...],
    captions: list[dict[str, Any]],
) -> bytes:
    """The clean copy with white behind the codes and the identity block's small words."""
    words = render_pdf("captions.html", size=sheet.size, pages=_numbers(sheet), captions=captions)
    out = BytesIO()
    with pikepdf.open(BytesIO(sheet.pdf)) as document, pikepdf.open(BytesIO(words)) as overlay:
        for page, over, places in zip(document.pages, overlay.pages, pages, strict=True):
            white = "".join(_white(place) for place in places if place.kind == "code")
            page.contents_add(f"q 1 g {white}Q".encode())
            page.add_overlay(over, pikepdf.Rectangle(0, 0, *sheet.size))
        document.save(out)
    return out.getvalue()


def _white(place: FieldRectangle) -> str:
    quiet = _QUIET * MM
    x, y, side = place.x - quiet, place.y - quiet, place.width + 2 * quiet
    return f"{x:.2f} {y:.2f} {side:.2f} {side:.2f} re f "
