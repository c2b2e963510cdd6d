"""Form pages a CPU-second: stamped on a kept layout, beside WeasyPrint alone and reportlab direct.

The page is a blood sciences request with 26 values, 8 ticks and two codes, another patient on each.
Every way prints that page in a process of its own, so that its peak memory is its own too. What is
compared runs in turn, three times, and the best of each counts: others may be using the machine.
"""

import io
import json
import os
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any

import pypdfium2
import zxingcpp
from PIL import Image

from downtime.config import Home
from downtime.paper import serials
from downtime.paper.definitions.definition import definition
from downtime.paper.issue import ISSUED, Draft, Pack, Subject
from downtime.paper.press import crew, stamp, typeface
from downtime.paper.press.codes import code_path
from downtime.paper.press.compose import Part, compose
from downtime.paper.press.document import to_pdf
from downtime.paper.press.layout import Layout, form_html, form_layout
from downtime.paper.press.sheet import FormSheet, Imprint
from downtime.paper.press.stamp import Printer
from downtime.paper.press.writer import PdfWriter
from downtime.settings import Settings

FORM = "blood-sciences-request"
MRN = Settings().site.mrn_name
PAGES = 8000
"""1,000 patients with 8 forms each."""
MANY = 80_000
FEW = 1000
SCANS = 1000
WEASYPRINT_PAGES = 8
ROUNDS = 3
TICKED = ("fbc", "ue", "lft", "crp", "trop", "coag")
IMPRINT = Imprint(
    site="Demonstration Hospital",
    outage="Outage 2026-11-02-1",
    drill=False,
    as_at="Data as at: PAS 02-Nov-2026 14:05 · EPR 02-Nov-2026 14:04 · LIMS 02-Nov-2026 13:50",
    printed="Printed 02-Nov-2026 14:30 by Amina Ward on laptop-1. Pack K7-P00001.",
    mrn_name=MRN,
)


def values(number: int) -> dict[str, str]:
    """What is printed for one patient: every patient is another one."""
    return {
        "patient.name": f"SURNAME{number}, Given{number} (Mrs)",
        "patient.born": f"{number % 28 + 1:02}-Jan-{1930 + number % 80}",
        "patient.gender": ("Female", "Male")[number % 2],
        "patient.nhs": f"999 {number // 1000:03} {number % 10000:04}",
        "patient.mrn": f"RX{number:06}",
        "patient.location": f"A{number % 40}, bay {number % 6}, bed {number % 25}",
        "patient.allergies": f"Known allergies: Penicillin (rash {number % 9}); Latex (urticaria)",
        "priority": "urgent",
        "collected": f"02-Nov-2026 {number % 24:02}:10",
        "requester": f"Dr Requester {number % 90}",
        "contact": f"bleep {number % 3000}",
        "consultant": f"Dr {number % 50} Example",
        "reason": f"Chest pain for {number % 9} days, on apixaban",
        "telephone": "true",
        **{f"test.{name}": "true" for name in TICKED},
        "author.name": f"Nurse {number % 70}",
        "author.role": "Staff nurse",
        "event.date": "02-Nov-2026",
        "event.time": f"{number % 24:02}:12",
    }


def codes(number: int) -> tuple[str, str]:
    serial = serials.serial("K7", number)
    return serials.page_code(serial, 1, "A"), serials.page_code(serial, 1, "B")


# The three ways


def timed(work: Callable[[], int]) -> tuple[float, int]:
    """CPU seconds of one run, and what it returned; nothing is remembered from a run before."""
    typeface.runs.cache_clear()
    start = time.process_time()
    size = work()
    return time.process_time() - start, size


def stamped(count: int) -> tuple[float, int]:
    """The project's own way, tagged; CPU seconds, and the size of the PDF."""
    layout, labels = prepared()
    return timed(lambda: print_stamped(layout, labels, count))


def untagged(count: int) -> tuple[float, int]:
    """The same without what a screen reader is told."""
    layout, labels = prepared()
    return timed(lambda: print_stamped(layout, labels, count, tagged=False))


def wall(count: int, cores: int) -> tuple[float, int]:
    """Seconds on the clock with so many processes, from the first sheet to the last byte."""
    layout, labels = prepared()
    start = time.perf_counter()
    with open(os.devnull, "wb") as out:
        printer = Printer(PdfWriter(out, "Benchmark", datetime.now(UTC)), IMPRINT)
        sheets = (
            (FormSheet(layout, serials.serial("K7", n), values(n), labels), False)
            for n in range(1, count + 1)
        )
        for _ in crew.print_all(printer, sheets, count, cores):
            pass
        size = printer.finish()
    return time.perf_counter() - start, size


def ceiling(count: int) -> tuple[float, int]:
    """Operators alone: each page's own text set, ticks, codes, compressed; no fitting, no layout.

    What `untagged` does besides is finding places, fitting text into them and the background.
    """
    layout, labels = prepared()
    kept: list[list[Any]] = []
    real = stamp.compose
    stamp.compose = lambda pages, size, drawings, furniture, parts: kept.append(  # type: ignore
        [part for part in parts if part.marks == "" or "m " in part.marks]
    )
    try:
        print_stamped(layout, labels, count)
    finally:
        stamp.compose = real
    corners = [place for place in layout.pages[0] if place.kind == "code"]

    def document() -> int:
        with open(os.devnull, "wb") as out:
            writer = PdfWriter(out, "Benchmark", datetime.now(UTC), tagged=False)
            for number, parts in enumerate(kept, 1):
                writer.document()
                drawn = [
                    code_path(payload, place.x, place.y, place.width)
                    for payload, place in zip(codes(number), corners, strict=True)
                ]
                marks = [Part(0, None, (), drawing) for drawing in drawn]
                compose(writer, layout.size, [], [], [*parts, *marks])
            return writer.finish()

    return timed(document)


def prepared() -> tuple[Layout, dict[str, str]]:
    form = definition(FORM)
    return form_layout(form, MRN), {item.link_id: item.text for item in form.fields()}


def print_stamped(
    layout: Layout, labels: dict[str, str], count: int, *, tagged: bool = True
) -> int:
    with open(os.devnull, "wb") as out:
        writer = PdfWriter(out, "Benchmark", datetime.now(UTC), tagged=tagged)
        printer = Printer(writer, IMPRINT)
        for number in range(1, count + 1):
            printer.form(layout, serials.serial("K7", number), values(number), labels)
        return printer.finish()


def weasyprint(count: int) -> tuple[float, int]:
    """Everything by WeasyPrint, one document a patient."""
    html = form_html(definition(FORM), MRN)
    to_pdf(filled(html, 1))
    start, size = time.process_time(), 0
    for number in range(1, count + 1):
        size += len(to_pdf(filled(html, number)))
    return time.process_time() - start, size


def filled(html: str, number: int) -> str:
    texts = values(number) | IMPRINT.values()
    texts |= {"page.serial": serials.shown(serials.serial("K7", number)), "page.number": "Page 1"}
    drawn = dict(zip(("page.code-a", "page.code-b"), map(svg, codes(number)), strict=True))

    def put(found: re.Match[str]) -> str:
        key = found[1]
        name, _, code = key.partition("=")
        ticked = texts.get(key) == "true" or (code and texts.get(name) == code)
        return found[0] + (drawn.get(key) or ("X" if ticked else escape(texts.get(key, ""))))

    return re.sub(r'<a class="[^"]*" href="field:([^?"]+)[^>]*>', put, html)


def svg(payload: str) -> str:
    made = zxingcpp.create_barcode(payload, zxingcpp.BarcodeFormat.QRCodeModel2, ec_level="Q")
    drawn = made.to_svg(add_quiet_zones=False)
    return drawn[drawn.index("<svg") :].replace(' id="barcode"', "")


def reportlab(count: int) -> tuple[float, int]:
    """The same page drawn by reportlab's canvas: rules, boxes, labels, values and codes."""
    from reportlab.lib.pagesizes import A4
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont
    from reportlab.pdfgen.canvas import Canvas

    from downtime.paper.press.text import FONT_FOLDER

    for name in ("Regular", "Bold"):
        pdfmetrics.registerFont(TTFont(name, FONT_FOLDER / f"NotoSans-{name}.ttf"))
    layout, labels = prepared()
    places = layout.pages[0]

    def text(canvas: Canvas, place: Any, words: str, font: str) -> None:
        wide = pdfmetrics.stringWidth(words, font, place.size)
        size = place.size * min(1.0, place.width / wide) if wide else place.size
        canvas.setFont(font, size)
        canvas.drawString(place.x, place.y + (place.height - size * 0.7) / 2, words)

    def code(canvas: Canvas, place: Any, payload: str) -> None:
        made = zxingcpp.create_barcode(payload, zxingcpp.BarcodeFormat.QRCodeModel2, ec_level="Q")
        image = made.to_image(scale=1, add_quiet_zones=False)
        modules, dots = image.shape[0], bytes(memoryview(image))
        step = place.width / modules
        for row in range(modules):
            line = dots[row * modules : (row + 1) * modules]
            for run in re.finditer(b"\x00+", line):
                x, y = place.x + run.start() * step, place.y + (modules - 1 - row) * step
                canvas.rect(x, y, (run.end() - run.start()) * step, step, stroke=0, fill=1)

    def page(canvas: Canvas, number: int) -> None:
        said = values(number) | IMPRINT.values() | {"page.number": "Page 1 of 1"}
        said["page.serial"] = serials.shown(serials.serial("K7", number))
        payloads = dict(zip(("page.code-a", "page.code-b"), codes(number), strict=True))
        for place in places:
            name, _, option = place.key.partition("=")
            if place.kind == "code":
                code(canvas, place, payloads[place.key])
                continue
            if place.kind == "tick":
                canvas.rect(place.x, place.y, place.width, place.height)
                if said.get(name) in ("true", option):
                    canvas.line(place.x, place.y, place.x + place.width, place.y + place.height)
            else:
                canvas.line(place.x, place.y, place.x + place.width, place.y)
                if words := said.get(place.key):
                    text(canvas, place, words, "Bold" if place.bold else "Regular")
            canvas.setFont("Regular", 7)
            label_x = place.x + (place.width + 5 if place.kind == "tick" else 0)
            canvas.drawString(label_x, place.y + place.height, labels.get(name, name))
        canvas.showPage()

    def document() -> int:
        out = io.BytesIO()
        canvas = Canvas(out, pagesize=A4, pageCompression=1)
        for number in range(1, count + 1):
            page(canvas, number)
        canvas.save()
        return len(out.getvalue())

    return timed(document)


def layout(count: int) -> tuple[float, int]:
    """Laying a form out, which happens once for each version of it."""
    form = definition(FORM)
    form_layout(form, MRN)
    start = time.process_time()
    for _ in range(count):
        made = form_layout.__wrapped__(form, MRN)
    return time.process_time() - start, len(made.pdf)


def ledger(count: int) -> tuple[float, int]:
    """Writing rows of the ledger in one transaction of the encrypted database."""
    from downtime.paper import store
    from downtime.vault import schema
    from downtime.vault.audit import Actor
    from downtime.vault.vault import Vault

    who = Actor("u-1", "Amina Ward", "laptop-1")
    draft = Draft(form=FORM, version="1", title="", layout="", pages=1, returns=True,
                  subject=Subject(patient="p", family="SURNAME"), ward="A1")  # fmt: skip
    pack = Pack(id="K7-P00001", kind="site", wards=("A1",), snapshot="", outage="", drill=False,
                issued_by="u-1", issued_name="Amina Ward", issued_at="2026-11-02T14:30:00Z",
                pages=0, state="printing")  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        vault = Vault(Home(Path(folder)), os.urandom(32), lambda: datetime.now(UTC))
        schema.apply(vault.db, vault.clock)
        start = time.process_time()
        with vault.change(who, "pack.print") as db:
            store.insert_pack(db, pack)
            rows = ((serials.serial("K7", n), n, draft) for n in range(1, count + 1))
            store.insert_forms(db, rows, pack, ISSUED)
        seconds = time.process_time() - start
        vault.close()
    return seconds, 0


def scans(count: int) -> tuple[float, int]:
    """Pages as a scanner gives them: 200 dpi, turned by up to 3°, JPEG of quality 40.

    Returns the pages of which at least one code is read, and the codes read wrongly.
    """
    layout, labels = prepared()
    out, chance = io.BytesIO(), random.Random(7)  # noqa: S311 - not a secret
    printer = Printer(PdfWriter(out, "Scans", datetime.now(UTC)), IMPRINT)
    for number in range(1, count + 1):
        printer.form(layout, serials.serial("K7", number), values(number), labels)
    printer.finish()
    found = wrong = 0
    with pypdfium2.PdfDocument(out.getvalue()) as document:
        for number, page in enumerate(document, 1):
            scan = scanned(page, chance.uniform(-3, 3))
            taken = [code for code in codes_read(scan) if well_made(code)]
            right = sum(code in codes(number) for code in taken)
            found += right > 0
            wrong += len(taken) - right
    return float(found), wrong


def scanned(page: pypdfium2.PdfPage, angle: float) -> bytes:
    scan = io.BytesIO()
    drawn = page.render(scale=200 / 72, grayscale=True).to_pil()
    turned = drawn.rotate(angle, Image.Resampling.BILINEAR, fillcolor=255)
    turned.save(scan, "JPEG", quality=40)
    return scan.getvalue()


def codes_read(scan: bytes) -> list[str]:
    read = zxingcpp.read_barcodes(
        Image.open(io.BytesIO(scan)), formats=zxingcpp.BarcodeFormat.QRCodeModel2
    )
    return [code.text for code in read]


def well_made(text: str) -> bool:
    """Whether it has the pattern of a page code and a right check character."""
    try:
        serials.parse_payload(text)
    except ValueError:
        return False
    return True


WAYS: dict[str, Callable[[int], tuple[float, int]]] = {
    "stamped": stamped, "untagged": untagged, "ceiling": ceiling,
    "one": lambda count: wall(count, 1), "all": lambda count: wall(count, 0),
    "weasyprint": weasyprint, "reportlab": reportlab, "layout": layout, "ledger": ledger,
    "scans": scans,
}  # fmt: skip


def measured(way: str, count: int) -> dict[str, float]:
    """One way in a process of its own: CPU seconds, bytes, and peak memory in MB."""
    command = [sys.executable, __file__, way, str(count)]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    return dict(json.loads(done.stdout))


def in_turn(counts: Mapping[str, int]) -> dict[str, dict[str, float]]:
    """The best of three rounds of ways and their pages."""
    rounds = [{way: measured(way, count) for way, count in counts.items()} for _ in range(ROUNDS)]
    return {
        way: min((found[way] for found in rounds), key=lambda one: one["seconds"]) for way in counts
    }


def figures() -> list[dict[str, Any]]:
    """Every figure of one run, all on the same machine at the same time."""
    best = in_turn(
        {"stamped": PAGES, "untagged": PAGES, "ceiling": PAGES, "reportlab": FEW,
         "weasyprint": WEASYPRINT_PAGES, "one": PAGES, "all": PAGES}
    )  # fmt: skip
    ours, plain, top = best["stamped"], best["untagged"], best["ceiling"]["seconds"]
    speed, bare = PAGES / ours["seconds"], PAGES / plain["seconds"]
    weasy = WEASYPRINT_PAGES / best["weasyprint"]["seconds"]
    lab = FEW / best["reportlab"]["seconds"]
    few, many = measured("stamped", FEW)["peak"], measured("stamped", MANY)["peak"]
    faster = best["one"]["seconds"] / best["all"]["seconds"]
    part = top / plain["seconds"]
    laid = measured("layout", 5)["seconds"] / 5
    rows = measured("ledger", PAGES)["seconds"]
    tagged_kb, plain_kb = ours["bytes"] / PAGES / 1000, plain["bytes"] / PAGES / 1000
    read = measured("scans", SCANS)
    share = 100 * read["seconds"] / SCANS
    return [
        figure("form pages stamped, tagged", speed, "pages/CPU s", "kept layout, one core",
               "≥ 1800", speed >= 1800),
        figure("form pages stamped, untagged", bare, "pages/CPU s", "kept layout, one core",
               "≥ 1800", bare >= 1800),
        figure("beside WeasyPrint alone", speed / weasy, "times", f"{weasy:.2g} pages/CPU s",
               "≥ 350", speed / weasy >= 350),
        figure("beside reportlab direct", speed / lab, "times", f"{lab:.3g} pages/CPU s", "≥ 5",
               speed / lab >= 5),
        figure("share of the operator ceiling, untagged", part, "of 1",
               f"{PAGES / top:.4g} pages/CPU s; tagged {top / ours['seconds']:.2f}", "≥ 0.7",
               part >= 0.7),
        figure("all cores beside one", faster, "times", f"{os.cpu_count()} cores, clock time",
               "≥ 1.7", faster >= 1.7),
        figure("peak memory, 1,000 pages", few, "MB", "whole process", "< 150", few < 150),
        figure("peak memory, 80,000 pages", many, "MB", "whole process", "< 150", many < 150),
        figure("size of the PDF, tagged", tagged_kb, "kB/page", "two codes, 26 values", "≤ 7",
               tagged_kb <= 7),
        figure("size of the PDF, untagged", plain_kb, "kB/page", "two codes, 26 values", "≤ 2",
               plain_kb <= 2),
        figure("scans known by a code", share, "%", "200 dpi, 3°, JPEG 40", "≥ 99.5",
               share >= 99.5),
        figure("scans read wrongly", read["bytes"], "codes", f"{SCANS} pages", "0",
               read["bytes"] == 0),
        figure("lay a form out", laid, "CPU s", "once for each version", "≤ 1", laid <= 1),
        figure("ledger of 8,000 forms", rows, "CPU s", "one transaction", "≤ 1", rows <= 1),
    ]  # fmt: skip


def figure(
    name: str, value: float, unit: str, compared_with: str, goal: str, ok: bool
) -> dict[str, Any]:
    return {"name": name, "value": round(value, 3), "unit": unit, "compared_with": compared_with,
            "goal": goal, "ok": ok}  # fmt: skip


if __name__ == "__main__":
    seconds, size = WAYS[sys.argv[1]](int(sys.argv[2]))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    print(json.dumps({"seconds": seconds, "bytes": size, "peak": peak}))
