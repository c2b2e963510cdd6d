"""Form pages a CPU-second: stamped on a kept layout, beside WeasyPrint alone and reportlab direct.

The page is a blood sciences request with 26 values, 8 ticks and two codes, another patient on each.
Every way prints that page in a process of its own, so that its peak memory is its own too. What is
compared runs in turn, more than once, and the best of each counts: others may be using the machine.
What needs no clock, memory and scans, runs beside each other.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

from _pages import FORM, MRN, codes, new_printer, prepared, values
from _rivals import reportlab, weasyprint
from _scans import scans

from downtime.config import Home
from downtime.paper import serials
from downtime.paper.forms.load_form import load_form
from downtime.paper.layout import print_sheets, stamp_pages
from downtime.paper.layout.model import FormLayout, FormSheet
from downtime.paper.layout.template_layout import form_layout
from downtime.paper.model import FormDraft, Pack, Subject
from downtime.paper.store import packs
from downtime.pdf import typeface
from downtime.pdf.barcodes import qr_code_operators
from downtime.pdf.compose_page import PageElement, compose_page
from downtime.pdf.writer import PdfWriter

PAGES = 8000
"""1,000 patients with 8 forms each."""
MANY = 80_000
FEW = 1000
SCANS = 1000
WEASYPRINT_PAGES = 8
ROUNDS = 2
CROWDED = 5
"""Rounds of what uses every core, where whoever else uses one is felt most."""


def timed(work: Callable[[], int]) -> tuple[float, int]:
    """CPU seconds of one run, and what it returned; nothing is remembered from a run before."""
    typeface.glyph_runs.cache_clear()
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
        printer = new_printer(out)
        sheets = (
            (FormSheet(layout, serials.make_serial("K7", n), values(n), labels), False)
            for n in range(1, count + 1)
        )
        for _ in print_sheets.print_sheets(printer, sheets, count, cores):
            pass
        size = printer.finish()
    return time.perf_counter() - start, size


def ceiling(count: int) -> tuple[float, int]:
    """Operators alone: each page's own text set, ticks, codes, compressed; no fitting, no layout.

    What `untagged` does besides is finding places, fitting text into them and the background.
    """
    layout, labels = prepared()
    elements_by_page: list[list[PageElement]] = []

    def keep(
        pages: Any, size: Any, drawings: Any, furniture: Any, parts: list[PageElement]
    ) -> None:
        elements_by_page.append(
            [part for part in parts if part.operators == "" or "m " in part.operators]
        )

    with patch.object(stamp_pages, "compose_page", keep):
        print_stamped(layout, labels, count)
    corners = [place for place in layout.pages[0] if place.kind == "code"]

    def document() -> int:
        with open(os.devnull, "wb") as out:
            writer = PdfWriter(out, "Benchmark", datetime.now(UTC), tagged=False)
            for number, parts in enumerate(elements_by_page, 1):
                writer.begin_section()
                drawn = [
                    qr_code_operators(payload, place.x, place.y, place.width)
                    for payload, place in zip(codes(number), corners, strict=True)
                ]
                elements = [PageElement(0, None, (), drawing) for drawing in drawn]
                compose_page(writer, layout.size, [], [], [*parts, *elements])
            return writer.finish()

    return timed(document)


def print_stamped(
    layout: FormLayout, labels: dict[str, str], count: int, *, tagged: bool = True
) -> int:
    with open(os.devnull, "wb") as out:
        printer = new_printer(out, tagged=tagged)
        for number in range(1, count + 1):
            printer.print_form(layout, serials.make_serial("K7", number), values(number), labels)
        return printer.finish()


def layout(count: int) -> tuple[float, int]:
    """Laying a form out, which happens once for each version of it."""
    form = load_form(FORM)
    form_layout(form, MRN)
    start = time.process_time()
    for _ in range(count):
        layout = form_layout.__wrapped__(form, MRN)
    return time.process_time() - start, len(layout.pdf)


def ledger(count: int) -> tuple[float, int]:
    """Writing rows of the ledger in one transaction of the encrypted database."""
    from downtime.paper.store import issued_forms
    from downtime.vault import schema
    from downtime.vault.model import Actor
    from downtime.vault.vault import Vault

    actor = Actor("u-1", "Amina Ward", "laptop-1")
    draft = FormDraft(form=FORM, version="1", title="", layout="", pages=1, returns=True,
                  subject=Subject(patient="p", family="SURNAME"), ward="A1")  # fmt: skip
    pack = Pack(id="K7-P00001", kind="site", wards=("A1",), snapshot="", outage="", drill=False,
                issued_by="u-1", issued_name="Amina Ward", issued_at="2026-11-02T14:30:00Z",
                pages=0, state="printing")  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        vault = Vault(Home(Path(folder)), os.urandom(32), lambda: datetime.now(UTC))
        schema.create_schema(vault.db, vault.clock)
        start = time.process_time()
        with vault.change(actor, "pack.print") as db:
            packs.insert_pack(db, pack)
            rows = ((serials.make_serial("K7", n), n, draft) for n in range(1, count + 1))
            issued_forms.insert_forms(db, rows, pack)
        seconds = time.process_time() - start
        vault.close()
    return seconds, 0


WAYS: dict[str, Callable[[int], tuple[float, int]]] = {
    "stamped": stamped, "untagged": untagged, "ceiling": ceiling,
    "one": lambda count: wall(count, 1), "all": lambda count: wall(count, 0),
    "weasyprint": weasyprint, "reportlab": lambda count: timed(lambda: reportlab(count)),
    "layout": layout, "ledger": ledger,
    "scans": lambda count: scans(range(1, count + 1, 2)),
    "more scans": lambda count: scans(range(2, count + 1, 2)),
}  # fmt: skip


def measured(variant: str, count: int) -> dict[str, float]:
    """One way in a process of its own: seconds, bytes, peak memory in MB, CPU seconds of it all."""
    command = [sys.executable, __file__, variant, str(count)]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    return dict(json.loads(done.stdout))


def in_turn(counts: Mapping[str, int], times: int = ROUNDS) -> dict[str, dict[str, float]]:
    """The best of the rounds of ways and their pages."""
    rounds = [{way: measured(way, count) for way, count in counts.items()} for _ in range(times)]
    return {
        variant: min((results[variant] for results in rounds), key=lambda one: one["seconds"])
        for variant in counts
    }


def figures() -> list[dict[str, Any]]:
    """Every figure of one run, all on the same machine at the same time."""
    best = in_turn(
        {"stamped": PAGES, "untagged": PAGES, "ceiling": PAGES, "reportlab": FEW,
         "weasyprint": WEASYPRINT_PAGES}
    )  # fmt: skip
    one_core, all_cores = in_turn({"one": PAGES, "all": PAGES}, CROWDED).values()
    ours, plain, top = best["stamped"], best["untagged"], best["ceiling"]["seconds"]
    speed, bare = PAGES / ours["seconds"], PAGES / plain["seconds"]
    weasy = WEASYPRINT_PAGES / best["weasyprint"]["seconds"]
    lab = FEW / best["reportlab"]["seconds"]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        parts = (("stamped", MANY), ("scans", SCANS), ("more scans", SCANS), ("stamped", FEW))
        many, *read, few = pool.map(lambda arguments: measured(*arguments), parts)
    faster, dearer = one_core["seconds"] / all_cores["seconds"], all_cores["cpu"] / one_core["cpu"]
    part = top / plain["seconds"]
    laid = measured("layout", 5)["seconds"] / 5
    rows = measured("ledger", PAGES)["seconds"]
    tagged_kb, plain_kb = ours["bytes"] / PAGES / 1000, plain["bytes"] / PAGES / 1000
    share = 100 * sum(half["seconds"] for half in read) / SCANS
    wrong = sum(half["bytes"] for half in read)
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
        figure("all cores beside one", faster, "times",
               f"{os.cpu_count()} cores, clock time; {dearer:.2f} times the CPU time",
               "≥ 1.7", faster >= 1.7),
        figure("peak memory, 1,000 pages", few["peak"], "MB", "whole process", "< 150",
               few["peak"] < 150),
        figure("peak memory, 80,000 pages", many["peak"], "MB", "whole process", "< 150",
               many["peak"] < 150),
        figure("size of the PDF, tagged", tagged_kb, "kB/page", "two codes, 26 values", "≤ 7",
               tagged_kb <= 7),
        figure("size of the PDF, untagged", plain_kb, "kB/page", "two codes, 26 values", "≤ 2",
               plain_kb <= 2),
        figure("scans known by a code", share, "%", "200 dpi, 3°, JPEG 40", "≥ 99.5",
               share >= 99.5),
        figure("scans read wrongly", wrong, "codes", f"{SCANS} pages", "0",
               wrong == 0),
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
    times = os.times()
    cpu = times.user + times.system + times.children_user + times.children_system
    print(json.dumps({"seconds": seconds, "bytes": size, "peak": peak, "cpu": cpu}))
