"""The layout of a form on a hospital's own PDF: its fields, and what is stamped between them.

The identity block, the serial and the codes stand where the definition says, or where they usually
do: the codes in two opposite corners, on white.
"""

import hashlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import pikepdf

from downtime.errors import InputError
from downtime.paper.forms.background import BackgroundPdf, open_background
from downtime.paper.forms.model import FieldBox, FieldType, FormDefinition, FormItem
from downtime.paper.forms.rectangle import MM
from downtime.paper.forms.usual_places import QUIET, list_usual_places
from downtime.paper.layout.model import FormLayout, PageRectangles
from downtime.paper_settings import PaperSettings
from downtime.pdf.field_rectangle import Alignment, FieldKind, FieldRectangle
from downtime.pdf.templates import render_pdf

_SIZE, _IDENTITY_SIZE = 10.5, 12.0
_SIZES = {"page.serial": 10.5, "page.number": 9.0, "page.outage": 9.0, "page.as-at": 8.0,
          "page.printed": 7.0}  # fmt: skip
_BOLD = ("patient.name", "patient.born", "patient.nhs", "patient.mrn", "patient.allergies",
         "patient.downtime-number", "page.serial", "page.outage")  # fmt: skip
_CAPTION_HEIGHT = 2.6
_IDENTITY_ROWS: tuple[tuple[float, tuple[tuple[str, str, float], ...]], ...] = (
    (2.0, (("patient.name", "Name (SURNAME, Given)", 1.0),)),
    (1.4, (("patient.born", "Born", 0.62), ("patient.gender", "Gender", 0.38))),
    (1.4, (("patient.nhs", "NHS No.", 0.5), ("patient.mrn", "", 0.5))),
    (1.3, (("patient.location", "Ward / bed", 0.6), ("patient.downtime-number", "Downtime No.", 0.4))),
    (1.6, (("patient.allergies", "Allergies", 1.0),)),
)  # fmt: skip
"""The identity block in one rectangle: rows by their share of its height, cells by their width."""
_REVISION = b"background 1"
"""Raise it when rectangles are worked out in another way: it is in the digest of every layout."""


class Caption(NamedTuple):
    """A small label of the identity block, in millimetres from the page's upper left corner."""

    page: int
    x: float
    y: float
    width: float
    text: str


def background_digest(form: FormDefinition, content: bytes, mrn_name: str) -> str:
    """What the layout depends on: definition, PDF and captions, as one SHA-256."""
    digest = hashlib.sha256(_REVISION)
    for part in (form.digest.encode(), content, mrn_name.encode()):
        digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()


def background_layout(
    form: FormDefinition, path: Path, settings: PaperSettings, mrn_name: str
) -> FormLayout:
    """The layout of a form on its background; InputError when a field is not on it."""
    content = path.read_bytes()
    background = open_background(path, settings)
    layout = _BackgroundLayout(form, background, mrn_name)
    pages = tuple(tuple(layout.page_rectangles(number)) for number in layout.page_numbers)
    return FormLayout(
        form.name,
        form.version,
        form.title,
        background_digest(form, content, mrn_name),
        layout.draw(pages),
        background.size,
        pages,
    )


class _BackgroundLayout:
    """Works out rectangles in points from boxes in millimetres; gathers captions meanwhile."""

    def __init__(self, form: FormDefinition, background: BackgroundPdf, mrn_name: str) -> None:
        self.form, self.background, self.mrn_name = form, background, mrn_name
        self.width, self.height = background.size
        self.page_numbers = range(1, background.pages + 1)
        self.captions: list[Caption] = []

    def page_rectangles(self, number: int) -> Iterator[FieldRectangle]:
        """The fields of one page, from 1."""
        for key, box in {**self._usual_boxes(), **dict(self.form.boxes)}.items():
            if box.page not in (0, number):
                continue
            if key == "patient.label":
                yield from self._identity_block(box, number)
            else:
                yield self._reserved(key, box)
        for item in self.form.fields():
            yield from self._item(item, number)

    def _usual_boxes(self) -> dict[str, FieldBox]:
        """Where the codes, the serial and the source stand unless the definition says otherwise."""
        places = list_usual_places(self.width / MM, self.height / MM)
        return {
            key: FieldBox(page=0, x=x, y=y, width=w, height=h)
            for key, (x, y, w, h) in places.items()
        }

    def _reserved(self, key: str, box: FieldBox) -> FieldRectangle:
        if key.startswith("page.code-"):
            side = min(box.width, box.height)
            square = FieldBox(page=box.page, x=box.x, y=box.y, width=side, height=side)
            return self._rectangle(key, square, kind=FieldKind.CODE)
        size = _SIZES.get(key, _IDENTITY_SIZE if key.startswith("patient.") else _SIZE)
        align = Alignment.RIGHT if key == "page.outage" else Alignment.LEFT
        return self._rectangle(key, box, size=size, bold=key in _BOLD, align=align)

    def _item(self, item: FormItem, number: int) -> Iterator[FieldRectangle]:
        for box in item.boxes:
            for row in range(1, (item.repeated or 1) + 1):
                key = f"{item.link_id}={box.option}" if box.option else item.link_id
                if item.repeated:
                    key = f"{key}:{row}"
                row_box = self._box_of_row(box, row, key)
                if row_box.page != number:
                    continue
                if box.option or item.type == FieldType.BOOLEAN:
                    yield self._tick(key, row_box)
                else:
                    yield self._rectangle(key, row_box)

    def _box_of_row(self, box: FieldBox, row: int, key: str) -> FieldBox:
        """The box in a row, found in the PDF's own form where it is named there."""
        if not box.field:
            y = box.y + box.step * (row - 1)
            return FieldBox(page=box.page, x=box.x, y=y, width=box.width, height=box.height)
        name = box.field.replace("{row}", str(row))
        for field in self.background.fields:
            if field["name"] == name:
                return FieldBox(page=field["page"], **self.background.place_of(field)._asdict())
        raise InputError(
            "background.field",
            f"The PDF has no form field '{name}', which '{key}' names.",
            "Correct the name, or give the place in millimetres.",
        )

    def _tick(self, key: str, box: FieldBox) -> FieldRectangle:
        """A square in the middle of the box."""
        side = min(box.width, box.height)
        x, y = box.x + (box.width - side) / 2, box.y + (box.height - side) / 2
        square = FieldBox(page=box.page, x=x, y=y, width=side, height=side)
        return self._rectangle(key, square, kind=FieldKind.TICK)

    def _rectangle(
        self,
        key: str,
        box: FieldBox,
        *,
        kind: FieldKind = FieldKind.TEXT,
        size: float = _SIZE,
        bold: bool = False,
        align: Alignment = Alignment.LEFT,
    ) -> FieldRectangle:
        """Points from the lower left corner; InputError when the box leaves the page."""
        width, height = box.width * MM, box.height * MM
        x, y = box.x * MM, self.height - box.y * MM - height
        if x < -1 or y < -1 or x + width > self.width + 1 or min(width, height) <= 0:
            raise InputError(
                "background.place",
                f"The place of '{key}' is not on the page.",
                f"The page is {self.width / MM:.0f} by {self.height / MM:.0f} mm.",
            )
        x, y, width, height = (round(value, 2) for value in (x, y, width, height))
        return FieldRectangle(key, x, y, width, height, kind, size, bold, align, 0.0)

    def _identity_block(self, box: FieldBox, number: int) -> Iterator[FieldRectangle]:
        box = self._box_of_row(box, 1, "patient.label")
        total = sum(share for share, _ in _IDENTITY_ROWS)
        y = box.y
        for share, cells in _IDENTITY_ROWS:
            height, x = box.height * share / total, box.x
            for key, caption, part in cells:
                width = box.width * part
                text = caption or self.mrn_name
                self.captions.append(Caption(number, x + 1, y, width - 1, text))
                cell_y, cell_height = y + _CAPTION_HEIGHT, height - _CAPTION_HEIGHT
                cell = FieldBox(x=x + 1, y=cell_y, width=width - 2, height=cell_height)
                yield self._reserved(key, cell)
                x += width
            y += height

    def draw(self, pages: PageRectangles) -> bytes:
        """The clean copy with white behind the codes and the identity block's captions."""
        captions = render_pdf(
            "captions.html",
            size=self.background.size,
            pages=self.page_numbers,
            captions=self.captions,
        )
        copy, out = BytesIO(self.background.pdf), BytesIO()
        with pikepdf.open(copy) as document, pikepdf.open(BytesIO(captions)) as overlay:
            layers = zip(document.pages, overlay.pages, pages, strict=True)
            for page, page_captions, rectangles in layers:
                codes = (field for field in rectangles if field.kind is FieldKind.CODE)
                page.contents_add(f"q 1 g {''.join(map(_quiet_zone, codes))}Q".encode())
                page.add_overlay(page_captions, pikepdf.Rectangle(0, 0, *self.background.size))
            document.save(out)
        return out.getvalue()


def _quiet_zone(code: FieldRectangle) -> str:
    quiet = QUIET * MM
    x, y, side = code.x - quiet, code.y - quiet, code.width + 2 * quiet
    return f"{x:.2f} {y:.2f} {side:.2f} {side:.2f} re f "
