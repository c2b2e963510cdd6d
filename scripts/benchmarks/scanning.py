"""Returned pages read by the program, from a simulator of our own: what is missed, and what is wrong.

Every page of every form that comes back, some of its fields filled in, as a feeder, a copier, a fax or
a telephone gives it, and read from the picture that is kept of it before it is made small. What the gate sends to a person counts as a page for a person and in no other
figure. How real hands and scanners differ from these is not measured here.
"""

import base64
import json
import os
import pickle
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import reduce
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from _returned_pages import Quality, Scan, Truth, content_of, is_answer, layout_of, make_scan
from PIL import Image

from downtime.paper.forms.load_form import load_forms
from downtime.paper.layout.issued_page import IssuedPage
from downtime.paper.layout.model import FormLayout
from downtime.pdf.field_rectangle import FieldKind, FieldRectangle
from downtime.scanning.examine_page import encode_jpeg
from downtime.scanning.page_reading import Mark, PageReading
from downtime.scanning.printed_page import IssuedPrint, StampedPrints, render_printed_page
from downtime.scanning.read_page import read_issued_page
from downtime.scanning.recode_page import recode_page
from downtime.scanning.register_page import GRID, find_codes, register_page

PAGES = {Quality.OFFICE: 6, Quality.COPY: 1, Quality.PHOTO: 1, Quality.FAX: 1}
"""Scans of each page of each form."""


@dataclass
class Seen:
    """What came of pages, added up."""

    counts: Counter[str] = field(default_factory=Counter)
    errors_mm: list[float] = field(default_factory=list)
    """The worst place of each page."""
    seconds: list[float] = field(default_factory=list)
    bytes: list[int] = field(default_factory=list)
    """Of each page as it is kept."""
    notes: list[str] = field(default_factory=list)
    peak_mb: float = 0.0

    def __add__(self, other: "Seen") -> "Seen":
        return Seen(
            self.counts + other.counts,
            self.errors_mm + other.errors_mm,
            self.seconds + other.seconds,
            self.bytes + other.bytes,
            self.notes + other.notes,
            max(self.peak_mb, other.peak_mb),
        )


def read_form(form: str, quality: Quality, times: int) -> Seen:
    """All pages of a form so many times."""
    seen, layout = Seen(), layout_of(form)
    for page_number in range(1, len(layout.pages) + 1):
        issued = IssuedPage(layout, page_number, content_of(form))
        printed = StampedPrints([issued]).lay_over(render_printed_page(layout, page_number), 0)
        for seed in range(times):
            scan = make_scan(form, page_number, seed, quality)
            kept = base64.b64decode(encode_jpeg(Image.fromarray(scan.image))["jpeg"])
            small = recode_page(kept)
            seen.bytes.append(len(small))
            start = time.process_time()
            image = cv2.imdecode(np.frombuffer(kept, np.uint8), cv2.IMREAD_GRAYSCALE)
            reading = _read(image, layout, page_number, printed)
            seen.seconds.append(time.process_time() - start)
            _compare_small(seen, reading, _read_small(small, layout, page_number, printed))
            _compare(
                seen, f"{form} {page_number} {seed}", scan, reading, layout.pages[page_number - 1]
            )
            if reading.gate is None:
                seen.errors_mm.append(
                    _worst_error(scan, printed.picture, layout.pages[page_number - 1], page_number)
                )
    seen.peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    return seen


def _read(image: Any, layout: FormLayout, page_number: int, printed: IssuedPrint) -> PageReading:
    return read_issued_page(
        image,
        layout,
        page_number,
        printed.picture,
        stamped=printed.stamped,
        undrawn=printed.undrawn,
    )


def _read_small(
    small: bytes, layout: FormLayout, page_number: int, printed: IssuedPrint
) -> PageReading:
    image = cv2.imdecode(np.frombuffer(small, np.uint8), cv2.IMREAD_GRAYSCALE)
    return _read(image, layout, page_number, printed)


def _compare_small(seen: Seen, reading: PageReading, again: PageReading) -> None:
    """What would be read otherwise on the small picture; it is read before, so this counts for nothing."""
    if reading.gate:
        return
    for read, other in zip(reading.fields, again.fields, strict=False):
        seen.counts["small fields"] += 1
        seen.counts["small otherwise"] += {read.mark, other.mark} == {Mark.EMPTY, Mark.MARKED}
        seen.counts["small doubtful"] += read.mark != other.mark


def _compare(
    seen: Seen, name: str, scan: Scan, reading: PageReading, rectangles: tuple[FieldRectangle, ...]
) -> None:
    counts, truth = seen.counts, scan.truth
    counts["pages"] += 1
    if reading.gate:
        counts[f"gate {reading.gate}"] += 1
        counts["gated"] += 1
        return
    numbers = [n for n, place in enumerate(rectangles) if is_answer(place)]
    struck = {place.key for place in truth.struck}
    for read in reading.fields:
        if read.key in struck:
            continue
        number = next(n for n in numbers if rectangles[n].key == read.key)
        numbers.remove(number)
        kind = "tick" if read.kind is FieldKind.TICK else "field"
        state = _state(truth, number)
        counts[f"{kind} {state}"] += 1
        counts[f"{kind} {state} {read.mark}"] += 1
        if (state, read.mark) in _SILENT:
            seen.notes.append(f"{name} {read.key} {state} {read.mark} {read.ink:.3f}")
    _compare_outside(seen, name, truth, reading)


_SILENT = {
    ("written", Mark.EMPTY),
    ("empty", Mark.MARKED),
    ("crossed", Mark.EMPTY),
    ("crossed", Mark.MARKED),
}


def _state(truth: Truth, number: int) -> str:
    if number in truth.crossed_out:
        return "crossed"
    return "written" if number in truth.written else "empty"


def _compare_outside(seen: Seen, name: str, truth: Truth, reading: PageReading) -> None:
    found = set()
    for x, y, width, height in truth.outside:
        seen.counts["outside"] += 1
        hits = {
            n for n, ink in enumerate(reading.outside)
            if ink.x < x + width and x < ink.x + ink.width
            and ink.y < y + height and y < ink.y + ink.height
        }  # fmt: skip
        found |= hits
        seen.counts["outside found"] += bool(hits)
        if not hits:
            seen.notes.append(f"{name} outside missed {x:.0f} {y:.0f} {width:.0f} {height:.0f}")
    for place in truth.struck:
        hits = {
            n for n, ink in enumerate(reading.outside)
            if ink.x < place.x + place.width and place.x < ink.x + ink.width
            and ink.y < place.y + place.height and place.y < ink.y + ink.height
        }  # fmt: skip
        found |= hits
        seen.counts["struck"] += 1
        seen.counts["struck found"] += bool(hits)
        if not hits:
            seen.notes.append(f"{name} struck missed {place.key}")
    false = len(reading.outside) - len(found)
    seen.counts["outside false pages"] += false > 0
    if false:
        n = next(n for n in range(len(reading.outside)) if n not in found)
        at = reading.outside[n]
        seen.notes.append(
            f"{name} outside false {at.x:.0f} {at.y:.0f} {at.width:.0f} {at.height:.0f}"
        )


def _worst_error(
    scan: Scan, printed: Any, rectangles: tuple[FieldRectangle, ...], page_number: int
) -> float:
    """Millimetres, over a grid of the page without its outer 8 mm."""
    codes = find_codes(scan.image, page_number)
    registration = register_page(scan.image, printed, rectangles, codes)
    if registration is None:
        return 99.0
    rows, columns = (side // GRID for side in printed.shape)
    y, x = np.mgrid[4 : rows - 4, 4 : columns - 4]
    points = np.stack([x, y]).reshape(2, -1) * GRID + GRID / 2
    points = points * 72 / 200
    moved = scan.truth.matrix @ np.vstack([points, np.ones(points.shape[1])])
    right = moved[:2] / moved[2]
    places = registration.source_places[4 : rows - 4, 4 : columns - 4].reshape(-1, 2).T
    size = registration.scale * 200 / 25.4
    return float(np.hypot(*(right - places)).max() / size)


def measure(quality: Quality, times: int, forms: list[str] | None = None) -> Seen:
    """Every page of every form that comes back, on all cores."""
    names = forms or sorted(name for name, form in load_forms().items() if form.returns)
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        parts = pool.map(read_form, names, [quality] * len(names), [times] * len(names))
        return reduce(lambda a, b: a + b, parts, Seen())


def figures() -> list[dict[str, Any]]:
    """Office pages against the goals; copies, photographs and faxes beside them."""
    office, *others = [measure(quality, times) for quality, times in PAGES.items()]
    apart = [
        row for quality, seen in zip(list(PAGES)[1:], others, strict=True)
        for row in _show_other(quality, seen)
    ]  # fmt: skip
    return [*_show_office(office), *apart, *_show_cost(office)]


def _show_office(seen: Seen) -> list[dict[str, Any]]:
    count, worst = seen.counts, float(np.percentile(seen.errors_mm, 95))
    ticks = count["tick empty"] + count["tick written"]
    silent = count["tick empty marked"] + count["tick written empty"]
    doubtful = 100 * (count["tick empty doubtful"] + count["tick written doubtful"]) / ticks
    lost, written = count["field written empty"], count["field written"]
    wrong = (
        100 * (count["field empty marked"] + count["field empty doubtful"]) / count["field empty"]
    )
    gated = 100 * count["gated"] / count["pages"]
    found = 100 * count["outside found"] / count["outside"]
    struck = 100 * count["struck found"] / count["struck"]
    false = 100 * count["outside false pages"] / (count["pages"] - count["gated"])
    crossed = count["tick crossed empty"] + count["tick crossed marked"]
    return [
        _figure("office pages for a person as a whole", gated, "%", f"{count['pages']:,} pages",
                "≤ 1", gated <= 1),
        _figure("worst place of a page, 95 in 100", worst, "mm",
                f"median {np.median(seen.errors_mm):.2f}, worst {max(seen.errors_mm):.2f} mm",
                "< 0.4", worst < 0.4),
        _figure("ticks read wrong", silent, "boxes", f"{ticks:,} boxes, {count['tick written']:,} ticked",
                "≤ 1 in 10,000", silent <= ticks / 10_000),
        _figure("ticks for a person", doubtful, "%", f"{ticks:,} boxes", "≤ 1", doubtful <= 1),
        _figure("crossed-out ticks not sent to a person", crossed, "boxes",
                f"{count['tick crossed']:,} crossed out", "0", crossed == 0),
        _figure("written fields called empty", lost, "fields", f"{written:,} written",
                "≤ 1 in 10,000", lost <= written / 10_000),
        _figure("empty fields not called empty", wrong, "%",
                f"{count['field empty']:,} empty; called written {count['field empty marked']}",
                "≤ 3", wrong <= 3),
        _figure("strokes outside fields found", found, "%", f"{count['outside']:,} strokes, 6 to 30 mm",
                "≥ 98", found >= 98),
        _figure("printed names, medicines and doses that are struck out, found", struck, "%",
                f"{count['struck']:,} struck out", "≥ 98", struck >= 98),
        _figure("pages with ink outside that is none", false, "%", "half with holes, a fifth with streaks",
                "≤ 5", false <= 5),
    ]  # fmt: skip


def _show_other(quality: Quality, seen: Seen) -> list[dict[str, Any]]:
    """What the gate lets through of a worse kind; how much it keeps back has no goal."""
    count = seen.counts
    wrong = (
        count["field written empty"] + count["tick written empty"] + count["tick empty marked"]
        + count["tick crossed empty"] + count["tick crossed marked"]
    )  # fmt: skip
    marks = sum(count[f"{kind} written"] for kind in ("field", "tick"))
    doubtful = sum(count[f"{kind} empty doubtful"] for kind in ("field", "tick"))
    empty = sum(count[f"{kind} empty"] for kind in ("field", "tick"))
    found = (
        f"; strokes outside found {count['outside found']} of {count['outside']}" if marks else ""
    )
    return [
        _figure(f"{quality}: marks lost or ticks wrong", wrong, "marks",
                f"{marks:,} marks; doubtful {doubtful} of {empty:,} empty{found}", "0", wrong == 0),
        _figure(f"{quality}: pages for a person as a whole", 100 * count["gated"] / count["pages"], "%",
                f"{count['pages']} pages", "", True),
    ]  # fmt: skip


def _show_cost(seen: Seen) -> list[dict[str, Any]]:
    otherwise = seen.counts["small otherwise"]
    seconds, (resident, reserved) = float(np.median(seen.seconds)), measure_memory()
    return [
        _figure("a page", seconds, "CPU s", f"95 in 100 {np.percentile(seen.seconds, 95):.2f} CPU s",
                "≤ 0.15", seconds <= 0.15),
        _figure("a kept page, made small", float(np.median(seen.bytes)) / 1000, "kB",
                f"median; 95 in 100 {np.percentile(seen.bytes, 95) / 1000:.0f} kB",
                "≤ 60", np.median(seen.bytes) <= 60_000),
        _figure("fields that the small page shows otherwise", otherwise, "fields",
                f"{seen.counts['small fields']:,} fields; {seen.counts['small doubtful']:,} with a doubt"
                " more or less", "≤ 1 in 1,000", otherwise <= seen.counts["small fields"] / 1000),
        _figure("memory of the process that reads", resident, "MB",
                f"address space {reserved:.0f} MB; one page of 300 dpi", "< 300", resident < 300),
    ]  # fmt: skip


def measure_memory() -> tuple[float, float]:
    """Megabytes that a process takes that reads one page and nothing else, and reserves."""
    form = "drug-chart-regular"
    with tempfile.NamedTemporaryFile() as file:
        file.write(pickle.dumps((make_scan(form, 1, 2, Quality.OFFICE).image, layout_of(form))))
        file.flush()
        command = [sys.executable, __file__, file.name]
        done = subprocess.run(command, capture_output=True, check=True, text=True)
    resident, reserved = json.loads(done.stdout)
    return resident, reserved


def _read_alone(path: str) -> None:
    image, layout = pickle.loads(Path(path).read_bytes())  # noqa: S301 - our own, of this run
    read_issued_page(image, layout, 1, render_printed_page(layout, 1))
    peaks = dict(line.split(":") for line in Path("/proc/self/status").read_text().splitlines())
    print(json.dumps([int(peaks[name].split()[0]) / 1000 for name in ("VmHWM", "VmPeak")]))


def _figure(
    name: str, value: float, unit: str, compared_with: str, goal: str, ok: bool
) -> dict[str, Any]:
    return {"name": name, "value": round(value, 3), "unit": unit, "compared_with": compared_with,
            "goal": goal, "ok": ok}  # fmt: skip


if __name__ == "__main__":
    _read_alone(sys.argv[1])
