"""Returned pages of our own forms: filled in by a hand, then scanned, faxed or photographed badly.

Everything is drawn from a seed. `Truth` says what was written where, and how the page was moved.
"""

import io
import math
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pypdfium2
from _pages import IMPRINT, MRN

from downtime.paper import serials
from downtime.paper.forms.load_form import load_form
from downtime.paper.layout.issued_page import IssuedContent
from downtime.paper.layout.model import FormLayout
from downtime.paper.layout.stamp_pages import DocumentPrinter
from downtime.paper.layout.template_layout import form_layout
from downtime.pdf.field_rectangle import FieldKind, FieldRectangle
from downtime.pdf.writer import PdfWriter

Pixels = npt.NDArray[Any]
DPI = 300
"""Dots per inch at which a page is filled in."""
MM = DPI / 25.4
IDENTITY = {
    "patient.name": "SURNAME, Given (Mrs)",
    "patient.born": "12-Jan-1948",
    "patient.gender": "Female",
    "patient.nhs": "999 000 1234",
    "patient.mrn": "RX000123",
    "patient.location": "A4, bay 2, bed 7",
    "patient.allergies": "Known allergies: Penicillin (rash)",
}


MEDICINES = (
    "Amoxicillin capsules 500 mg", "Paracetamol tablets", "Enoxaparin injection",
    "Bisoprolol tablets", "Furosemide tablets", "Insulin glargine",
)  # fmt: skip
ORDER = {"dose": "500 mg", "route": "PO", "frequency": "three times a day", "start": "02-Nov-2026"}
"""What is printed with each of them on a chart."""


class Quality(StrEnum):
    """How a page comes back."""

    OFFICE = "office"
    """A feeder at 200 or 300 dpi, grey: skew, 94 to 100 %, noise, JPEG; holes, streaks, upside down."""
    COPY = "photocopy"
    FAX = "fax"
    PHOTO = "photograph"


@dataclass
class Truth:
    """What is on a page, and how its picture was made."""

    written: set[int] = field(default_factory=set)
    """Fields by their place in the layout; ticks among them."""
    crossed_out: set[int] = field(default_factory=set)
    struck: list[FieldRectangle] = field(default_factory=list)
    """Fields in which what was printed for the patient is struck out."""
    outside: list[tuple[float, float, float, float]] = field(default_factory=list)
    """Boxes of strokes outside all fields: points from the lower left, as x, y, width, height."""
    matrix: Pixels = field(default_factory=lambda: np.eye(3))
    """From points of the page, y downwards from its top, to the picture."""
    has_faults: bool = False
    """Holes or streaks."""


@dataclass
class Scan:
    """One returned page."""

    image: Pixels
    truth: Truth


@lru_cache(maxsize=128)
def layout_of(form: str) -> FormLayout:
    return form_layout(load_form(form), MRN)


@lru_cache(maxsize=128)
def content_of(form: str) -> IssuedContent:
    """What is printed on a form for its patient: who it is, and medicines where it has rows for them."""
    layout, values = layout_of(form), dict(IDENTITY)
    keys = {field.key for page in layout.pages for field in page}
    for row, name in enumerate(MEDICINES, 1):
        order = {"drug": name, **ORDER}
        values |= {f"{k}:{row}": text for k, text in order.items() if f"{k}:{row}" in keys}
    return IssuedContent(values, (), len(layout.pages))


@lru_cache(maxsize=8)
def printed_pages(form: str) -> tuple[Pixels, ...]:
    """All pages of a form with a patient's identity, as the printer prints them."""
    out = io.BytesIO()
    printer = DocumentPrinter(PdfWriter(out, form, datetime.now(UTC)), IMPRINT)
    values = content_of(form).values
    printer.print_form(layout_of(form), serials.make_serial("K7", 42), values, {})
    printer.finish()
    with pypdfium2.PdfDocument(out.getvalue()) as document:
        return tuple(
            page.render(scale=DPI / 72, grayscale=True).to_numpy().copy() for page in document
        )


def make_scan(form: str, page_number: int, seed: int, quality: Quality, share: float = 0.4) -> Scan:
    """A page of which a share of the fields is filled in."""
    chance = random.Random(f"{form} {page_number} {seed} {quality}")  # noqa: S311 - not a secret
    truth = Truth()
    page = printed_pages(form)[page_number - 1].copy()
    layout = layout_of(form)
    pen = _Pen(chance, page, pale=quality in (Quality.OFFICE, Quality.PHOTO))
    _fill_in(pen, layout.pages[page_number - 1], truth, share, content_of(form).values)
    if chance.random() < 0.5:
        _write_outside(pen, layout, page_number, truth)
    if chance.random() < 0.3:
        _strike_out(pen, layout, page_number, truth, content_of(form).values)
    return Scan(_degrade(page, quality, truth, chance), truth)


class _Pen:
    """A hand with one pen; lengths in millimetres, y downwards."""

    def __init__(self, chance: random.Random, page: Pixels, pale: bool) -> None:
        self.chance, self.page = chance, page
        tones = [(15, 70, 0.5), (60, 115, 0.35), (115, 165, 0.15 if pale else 0.0)]
        low, high, _ = chance.choices(tones, [tone[2] for tone in tones])[0]
        self.tone = chance.randint(low, high)
        self.width = chance.uniform(0.3, 0.65)

    def stroke(self, points: list[tuple[float, float]]) -> None:
        """A line through points, its tone a little uneven."""
        layer = np.zeros(self.page.shape, np.uint8)
        dots = np.array([[(round(x * MM * 16), round(y * MM * 16)) for x, y in points]])
        width = max(1, round(self.width * MM))
        low, high = dots[0].min(axis=0) // 16 - width - 2, dots[0].max(axis=0) // 16 + width + 3
        left, top = (max(0, int(v)) for v in low)
        right, bottom = (max(0, int(v)) for v in high)
        part = layer[top:bottom, left:right]
        if not part.size:
            return
        moved = (dots - np.array([left * 16, top * 16])).astype(np.int32)
        part = np.zeros(part.shape, np.uint8)
        cv2.polylines(part, moved, False, 255, width, cv2.LINE_AA, 4)
        cover = part / 255 * self.chance.uniform(0.85, 1)
        under = self.page[top:bottom, left:right]
        inked = under * (1 - cover) + np.minimum(under, self.tone) * cover
        self.page[top:bottom, left:right] = inked.astype(np.uint8)

    def curve(self, x: float, y: float, width: float, height: float, bends: int = 4) -> None:
        """A wild line that fills a box more or less."""
        points = [
            (x + width * (n / bends * 0.7 + self.chance.uniform(0, 0.3)),
             y + height * self.chance.random())
            for n in range(bends + 1)
        ]  # fmt: skip
        self.stroke(_smooth(points))

    def word(self, x: float, y: float, width: float, height: float) -> None:
        """Letters beside each other, now and then one small sign alone."""
        kind = self.chance.random()
        size = min(height * 0.75, self.chance.uniform(2.2, 4.5))
        base = y + height - size - min(0.8, height * 0.1)
        if kind < 0.08:
            self.stroke([(x + 1, base + size / 2), (x + min(width - 0.5, 3), base + size / 2)])
        elif kind < 0.16:
            self.stroke([(x + 1.5, base), (x + 1.2, base + size)])
        else:
            count = max(1, min(12, int(self.chance.uniform(0.2, 0.95) * width / (size * 0.7))))
            for n in range(count):
                self.curve(x + 0.6 + n * size * 0.7, base, size * 0.55, size)


def _smooth(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    for _ in range(2):
        middles = [
            ((ax * (3 - w) + bx * w) / 3, (ay * (3 - w) + by * w) / 3)
            for (ax, ay), (bx, by) in zip(points, points[1:], strict=False)
            for w in (1, 2)
        ]
        points = [points[0], *middles, points[-1]]
    return points


def _place(rectangle: FieldRectangle, height: float) -> tuple[float, float, float, float]:
    """In millimetres from the upper left."""
    mm = 25.4 / 72
    top = height - rectangle.y - rectangle.height
    return rectangle.x * mm, top * mm, rectangle.width * mm, rectangle.height * mm


def is_answer(rectangle: FieldRectangle) -> bool:
    return not rectangle.key.startswith(("page.", "patient."))


def _strike_out(
    pen: _Pen, layout: FormLayout, page_number: int, truth: Truth, values: Mapping[str, str]
) -> None:
    """A line through something that was printed for the patient, at least 6 mm long."""
    stamped = [place for place in layout.pages[page_number - 1] if place.key in values]
    if not stamped:
        return
    field = pen.chance.choice(stamped)
    x, y, width, height = _place(field, layout.size[1])
    length = max(6.0, min(width - 1, 1.75 * len(values[field.key]) * min(1.0, height / 5)))
    low, high = (y + height * pen.chance.uniform(0.35, 0.65) for _ in range(2))
    pen.stroke([(x + 0.8, low), (x + length, high)])
    truth.struck.append(field)


def _fill_in(
    pen: _Pen,
    rectangles: tuple[FieldRectangle, ...],
    truth: Truth,
    share: float,
    values: Mapping[str, str],
) -> None:
    height = pen.page.shape[0] * 72 / DPI
    for number, rectangle in enumerate(rectangles):
        if rectangle.key in values or not is_answer(rectangle) or pen.chance.random() > share:
            continue
        place = _place(rectangle, height)
        truth.written.add(number)
        if rectangle.kind is not FieldKind.TICK:
            pen.word(*place)
            continue
        _tick(pen, *place)
        if pen.chance.random() < 0.06:
            truth.crossed_out.add(number)
            x, y, width, tall = place
            for _ in range(5):
                pen.curve(x - 0.5, y - 0.5, width + 1, tall + 1, 7)


def _tick(pen: _Pen, x: float, y: float, width: float, height: float) -> None:
    chance, kind = pen.chance, pen.chance.random()
    a, b = chance.uniform(0.05, 0.25), chance.uniform(0.8, 1.1)
    if kind < 0.5:
        pen.stroke([(x + a * width, y + 0.5 * height), (x + 0.4 * width, y + b * 0.85 * height),
                    (x + (b + 0.25) * width, y - a * height)])  # fmt: skip
    elif kind < 0.85:
        pen.stroke([(x + a * width, y + a * height), (x + b * width, y + b * height)])
        pen.stroke([(x + a * width, y + b * height), (x + b * width, y + a * height)])
    else:
        pen.stroke([(x + a * width, y + b * height), (x + b * width, y + a * height)])


def _write_outside(pen: _Pen, layout: FormLayout, page_number: int, truth: Truth) -> None:
    """A word in a free place of the page, at least 6 mm long, where one is found."""
    wide, high = (side * 25.4 / 72 for side in layout.size)
    fields = [_place(place, layout.size[1]) for place in layout.pages[page_number - 1]]
    for _ in range(60):
        width, height = pen.chance.uniform(6, 30), pen.chance.uniform(3, 6)
        x, y = pen.chance.uniform(8, wide - width - 8), pen.chance.uniform(8, high - height - 8)
        if any(x < fx + fw + 2 and fx < x + width + 2 and y < fy + fh + 2 and fy < y + height + 2
               for fx, fy, fw, fh in fields):  # fmt: skip
            continue
        pen.stroke(
            _smooth([(x + width * n / 6, y + height * pen.chance.random()) for n in range(7)])
        )
        points = 72 / 25.4
        truth.outside.append(
            (x * points, (high - y - height) * points, width * points, height * points)
        )
        return


def _degrade(page: Pixels, quality: Quality, truth: Truth, chance: random.Random) -> Pixels:
    noise = np.random.default_rng(chance.getrandbits(32))
    if quality is Quality.PHOTO:
        return _photograph(page, truth, chance, noise)
    if quality is not Quality.FAX and chance.random() < 0.5:
        _punch(page, truth, chance)
    if quality is Quality.FAX:
        return _fax(page, truth, chance, noise)
    return _scan(page, quality, truth, chance, noise)


def _punch(page: Pixels, truth: Truth, chance: random.Random) -> None:
    truth.has_faults = True
    rows = page.shape[0]
    tone = chance.choice((10, 60, 120))
    for offset in (-40, 40):
        at = (round(12 * MM), round(rows / 2 + offset * MM))
        cv2.circle(page, at, round(3 * MM), tone, -1, cv2.LINE_AA)


def _scan(
    page: Pixels, quality: Quality, truth: Truth, chance: random.Random, noise: Any
) -> Pixels:
    rows, columns = page.shape
    dpi = chance.choice((200, 300))
    scale = dpi / DPI * chance.uniform(0.94, 1)
    angle = math.radians(chance.gauss(0, 0.8) + (180 if chance.random() < 0.2 else 0))
    size = (round(columns * dpi / DPI), round(rows * dpi / DPI))
    stretch = 1 + chance.uniform(-0.004, 0.004)
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    linear = turn @ np.diag([scale, scale * stretch])
    shift = np.array(size) / 2 - linear @ (columns / 2, rows / 2)
    shift += (chance.uniform(-3, 3) * dpi / 25.4, chance.uniform(-3, 3) * dpi / 25.4)
    matrix = np.vstack([np.column_stack([linear, shift]), [0, 0, 1]])
    paper = chance.randint(235, 255)
    soft = cv2.GaussianBlur(page, (0, 0), chance.uniform(0.4, 0.9) * DPI / dpi)
    image = cv2.warpPerspective(soft, matrix, size, flags=cv2.INTER_LINEAR, borderValue=paper)
    truth.matrix = _of_points(matrix)
    picture = image.astype(np.float32) * (paper / 255)
    if quality is Quality.COPY:
        picture = np.clip((picture - 60) * 1.5, 0, 255)
        _speckle(picture, noise, 400)
    if chance.random() < 0.2:
        truth.has_faults = True
        for _ in range(chance.randint(1, 2)):
            x = chance.randrange(size[0])
            picture[:, x : x + chance.randint(1, 2)] *= chance.uniform(0.5, 0.8)
    _speckle(picture, noise, 15)
    picture += noise.normal(0, chance.uniform(1.5, 4.5), picture.shape).astype(np.float32)
    return _jpeg(picture, chance.randint(55, 90))


def _of_points(matrix: Pixels) -> Pixels:
    """From points instead of dots; a dot's middle lies half a dot after its edge."""
    half = np.array([[1, 0, -0.5], [0, 1, -0.5], [0, 0, 1]])
    of_points: Pixels = matrix @ half @ np.diag([DPI / 72, DPI / 72, 1])
    return of_points


def _speckle(picture: Pixels, noise: Any, count: int) -> None:
    ys = noise.integers(0, picture.shape[0] - 2, count)
    xs = noise.integers(0, picture.shape[1] - 2, count)
    for x, y in zip(xs, ys, strict=True):
        picture[y : y + 2, x : x + 2] = 60


def _jpeg(picture: Pixels, quality: int) -> Pixels:
    grey = np.clip(picture, 0, 255).astype(np.uint8)
    data = cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return _decoded(data)


def _decoded(data: Pixels) -> Pixels:
    picture = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE)
    if picture is None:
        raise ValueError("the JPEG could not be read back")
    return picture


def _fax(page: Pixels, truth: Truth, chance: random.Random, noise: Any) -> Pixels:
    rows, columns = page.shape
    angle = math.radians(chance.gauss(0, 0.8))
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    shift = np.array([columns, rows]) / 2 - turn @ (columns / 2, rows / 2)
    matrix = np.vstack([np.column_stack([turn, shift]), [0, 0, 1]])
    image = cv2.warpPerspective(page, matrix, (columns, rows), borderValue=255)
    small = cv2.resize(
        image, (columns * 204 // DPI, rows * 98 // DPI), interpolation=cv2.INTER_AREA
    )
    two = np.where(small + noise.normal(0, 8, small.shape) < 150, 0, 255).astype(np.uint8)
    truth.matrix = _of_points(np.diag([204 / DPI, 196 / DPI, 1]) @ matrix)
    return cv2.resize(two, None, fx=1, fy=2, interpolation=cv2.INTER_NEAREST)


def _photograph(page: Pixels, truth: Truth, chance: random.Random, noise: Any) -> Pixels:
    rows, columns = page.shape
    size = (round(columns * 0.85), round(rows * 0.85))
    corners = np.array([[0, 0], [columns, 0], [columns, rows], [0, rows]], np.float32)
    inside = np.array([[0.05, 0.05], [0.95, 0.05], [0.95, 0.95], [0.05, 0.95]]) * size
    moved = inside + [
        [chance.uniform(-0.04, 0.04) * size[0], chance.uniform(-0.03, 0.03) * size[1]]
        for _ in range(4)
    ]
    matrix = cv2.getPerspectiveTransform(corners, moved.astype(np.float32))
    image = cv2.warpPerspective(page, matrix, size, borderValue=90).astype(np.float32)
    truth.matrix = _of_points(matrix)
    y, x = np.mgrid[0 : size[1], 0 : size[0]].astype(np.float32)
    slope = chance.uniform(-0.25, 0.25), chance.uniform(-0.25, 0.25)
    light = 0.8 + slope[0] * (x / size[0] - 0.5) + slope[1] * (y / size[1] - 0.5)
    image = cv2.GaussianBlur(image, (0, 0), chance.uniform(0.5, 1.1)) * light
    image += noise.normal(0, chance.uniform(2, 5), image.shape)
    return _jpeg(image, chance.randint(60, 85))
