"""A printed page, a hand that writes on it, and a scanner: for the tests of what is read back."""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import cv2
import numpy as np
import pypdfium2

from downtime.paper import serials
from downtime.paper.forms.load_form import load_form
from downtime.paper.layout.model import FormLayout, Imprint
from downtime.paper.layout.stamp_pages import DocumentPrinter
from downtime.paper.layout.template_layout import form_layout
from downtime.pdf.field_rectangle import FieldRectangle
from downtime.pdf.writer import PdfWriter
from downtime.scanning.page_reading import PageReading
from downtime.scanning.pixels import Pixels
from downtime.scanning.printed_page import render_printed_page
from downtime.scanning.read_page import read_issued_page

FORM = "blood-sciences-request"
DPI = 300
MM = DPI / 25.4
BLACK, PENCIL = 40, 160
VALUES = {"patient.name": "SURNAME, Given (Mrs)"}
"""What is printed on every page."""


def layout_of(form: str = FORM) -> FormLayout:
    return form_layout(load_form(form), "Hospital No.")


def print_page(
    layout: FormLayout, *, drill: bool = False, values: Mapping[str, str] = {}
) -> Pixels:
    """The first page of a form with its patient's name and more, as the printer prints it, at 300 dpi."""
    out = io.BytesIO()
    imprint = Imprint("Demonstration Hospital", "Outage 1", drill, "Data as at: 14:05", "", "")
    printer = DocumentPrinter(PdfWriter(out, "Test", datetime(2026, 11, 2, tzinfo=UTC)), imprint)
    printer.print_form(layout, serials.make_serial("K7", 42), VALUES | dict(values), {})
    printer.finish()
    with pypdfium2.PdfDocument(out.getvalue()) as document:
        return document[0].render(scale=DPI / 72, grayscale=True).to_numpy().copy()


@dataclass
class ReturnedPage:
    """One sheet; lengths in millimetres from its upper left."""

    layout: FormLayout
    picture: Pixels

    def place(self, key: str) -> tuple[float, float, float, float]:
        field = self.field(key)
        mm = 25.4 / 72
        top = self.layout.size[1] - field.y - field.height
        return field.x * mm, top * mm, field.width * mm, field.height * mm

    def field(self, key: str) -> FieldRectangle:
        return next(field for field in self.layout.pages[0] if field.key == key)

    def stroke(self, *points: tuple[float, float], tone: int = BLACK, width: float = 0.5) -> None:
        dots = np.array([[(round(x * MM), round(y * MM)) for x, y in points]], np.int32)
        drawn = np.full_like(self.picture, 255)
        cv2.polylines(drawn, dots, False, (tone,), round(width * MM), cv2.LINE_AA)
        self.picture = np.minimum(self.picture, drawn)

    def tick(self, key: str, **pen: float) -> None:
        x, y, width, height = self.place(key)
        self.stroke(
            (x + 0.6, y + height / 2), (x + width * 0.4, y + height - 0.7), (x + width + 1, y - 0.5),
            **pen,
        )  # fmt: skip

    def strike(self, key: str, length: float, **pen: float) -> None:
        """A line through the first millimetres of what is printed in a field."""
        x, y, _, height = self.place(key)
        middle = y + height / 2
        self.stroke((x + 0.5, middle - 0.3), (x + length, middle + 0.2), **pen)

    def scribble(self, key: str) -> None:
        x, y, width, height = self.place(key)
        for n in range(9):
            self.stroke((x, y + n * height / 8), (x + width, y + (8 - n) * height / 8))

    def blot(self, key: str) -> None:
        """Nothing of it can be seen any more."""
        x, y, width, height = (round(mm * MM) for mm in self.place(key))
        self.picture[y : y + height, x : x + width] = BLACK

    def write(self, key: str, **pen: float) -> None:
        x, y, _, height = self.place(key)
        low, high = y + height - 1.2, y + height - 4
        self.stroke((x + 2, low), (x + 3, high), (x + 4, low), (x + 5, high), (x + 6, low), **pen)

    def scanned(
        self, angle: float = 0, scale: float = 1, dpi: int = 200, noise: float = 3
    ) -> Pixels:
        """Its grey scan: turned by degrees, printed smaller, with some noise."""
        rows, columns = self.picture.shape
        size = columns * dpi // DPI, rows * dpi // DPI
        matrix = cv2.getRotationMatrix2D((columns / 2, rows / 2), angle, scale * dpi / DPI)
        matrix[:, 2] += (size[0] - columns) / 2, (size[1] - rows) / 2
        soft = cv2.GaussianBlur(self.picture, (0, 0), 1)
        seen = cv2.warpAffine(soft, matrix, size, borderValue=(250,)) * 0.97
        return add_noise(seen, noise)

    def read(
        self, picture: Pixels | None = None, *, drill: bool = False, is_two_tone: bool = False
    ) -> PageReading:
        printed = render_printed_page(self.layout, 1, drill)
        picture = self.scanned() if picture is None else picture
        return read_issued_page(picture, self.layout, 1, printed, is_two_tone=is_two_tone)


def add_noise(picture: Pixels, tones: float) -> Pixels:
    noise = np.random.default_rng(1).normal(0, tones, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)
