"""Read one page of an issued form: what is ticked, where ink is, what a person has to look at.

Only the child process that opens scans imports this: it brings OpenCV with it.
"""

import os
from collections.abc import Collection, Sequence
from dataclasses import replace

# One page a core: threads of numpy's would only reserve memory, some 90 MB for each core.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import cv2

from downtime.paper.layout.model import FormLayout
from downtime.pdf.field_rectangle import FieldKind, FieldRectangle
from downtime.scanning import gate_page
from downtime.scanning.find_outside import find_outside
from downtime.scanning.find_struck import find_struck
from downtime.scanning.measure_ink import InkMask, find_ink, measure_fields
from downtime.scanning.measure_ticks import measure_ticks
from downtime.scanning.page_reading import (
    FieldReading,
    GateReason,
    Mark,
    OutsideInk,
    PageReading,
)
from downtime.scanning.picture_places import PlaceFinder
from downtime.scanning.pixels import DOTS_IN_POINT, Box, Pixels, locate_rectangle
from downtime.scanning.register_page import STAMPED, Registration, find_codes, register_page

cv2.setNumThreads(1)  # one page a core; more threads would only take memory


def read_issued_page(
    image: Pixels,
    layout: FormLayout,
    page_number: int,
    printed_page_raster: Pixels,
    *,
    is_two_tone: bool = False,
    stamped: Collection[str] = (),
    undrawn: Collection[str] = (),
) -> PageReading:
    """What is on a scanned page; `image` is grey, its print from `printed_page`.

    `is_two_tone` says that its file had one bit for each dot, which a picture made since does not show.
    Print that was `stamped` into fields is known, so ink on it is outside every field; where it is
    `undrawn` somebody looks. Pages count from 1. A page that cannot be measured says why in `gate`, and then none of its
    fields is called empty or marked.
    """
    rectangles = layout.pages[page_number - 1]
    gate = GateReason.TWO_TONE if is_two_tone else None
    codes = find_codes(image, page_number)
    if not codes:
        return PageReading(page_number, gate=GateReason.NO_CODE)
    registration = register_page(image, printed_page_raster, rectangles, codes)
    gate = gate or gate_page.judge_registration(registration)
    if registration is None:
        return PageReading(page_number, gate=gate)
    places = PlaceFinder(registration.source_places, image.shape)
    reading = _read_aligned(
        registration, places, rectangles, page_number, printed_page_raster, gate, stamped
    )
    unknown = [place for place in rectangles if place.key in undrawn] if not reading.gate else []
    rows = printed_page_raster.shape[0]
    boxes = [_show_outside(places, locate_rectangle(place, rows), rows) for place in unknown]
    return replace(reading, outside=(*reading.outside, *boxes))


def _read_aligned(
    registration: Registration,
    places: PlaceFinder,
    rectangles: Sequence[FieldRectangle],
    page_number: int,
    printed: Pixels,
    gate: GateReason | None,
    stamped: Collection[str],
) -> PageReading:
    aligned = registration.aligned
    ink = find_ink(aligned, printed, registration.down)
    gate = gate or gate_page.judge_ink(ink, printed)
    free = [place for place in rectangles if place.key not in stamped]
    boxes = [] if gate else find_outside(ink, printed, free)
    if not gate:
        known = [place for place in rectangles if place.key in stamped]
        boxes += find_struck(ink, printed, known)
    return PageReading(
        page_number=page_number,
        fields=tuple(_read_fields(places, ink, printed, rectangles, gate)),
        outside=tuple(_show_outside(places, box, aligned.shape[0]) for box in boxes),
        gate=gate,
        turned_degrees=registration.turned_degrees,
        is_mirrored=registration.is_mirrored,
        residual=registration.residual_mm,
    )


def _read_fields(
    places: PlaceFinder,
    ink: InkMask,
    printed: Pixels,
    rectangles: Sequence[FieldRectangle],
    gate: GateReason | None,
) -> list[FieldReading]:
    answers = [place for place in rectangles if not place.key.startswith(STAMPED)]
    ticks = [place for place in answers if place.kind is FieldKind.TICK]
    texts = [place for place in answers if place.kind is FieldKind.TEXT]
    measured = [*measure_ticks(ink, printed, ticks, rectangles), *measure_fields(ink, texts)]
    return [
        FieldReading(
            field.key, field.kind, Mark.DOUBTFUL if gate else mark, amount,
            places.find_field(field, printed.shape[0]),
        )
        for field, (mark, amount) in zip([*ticks, *texts], measured, strict=True)
    ]  # fmt: skip


def _show_outside(places: PlaceFinder, box: Box, rows: int) -> OutsideInk:
    return OutsideInk(
        x=box.left / DOTS_IN_POINT,
        y=(rows - box.bottom) / DOTS_IN_POINT,
        width=(box.right - box.left) / DOTS_IN_POINT,
        height=(box.bottom - box.top) / DOTS_IN_POINT,
        place=places.find_box(box),
    )
