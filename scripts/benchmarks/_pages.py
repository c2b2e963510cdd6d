"""The page of the benchmark of paper: a blood sciences request of which every patient's differs."""

from datetime import UTC, datetime
from typing import BinaryIO

from downtime.paper import serials
from downtime.paper.forms.load_form import load_form
from downtime.paper.layout.model import FormLayout, Imprint
from downtime.paper.layout.stamp_pages import DocumentPrinter
from downtime.paper.layout.template_layout import form_layout
from downtime.pdf.writer import PdfWriter
from downtime.settings import Settings

FORM = "blood-sciences-request"
MRN = Settings().site.mrn_name
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
    serial = serials.make_serial("K7", number)
    return serials.make_page_code(serial, 1, "A"), serials.make_page_code(serial, 1, "B")


def prepared() -> tuple[FormLayout, dict[str, str]]:
    form = load_form(FORM)
    return form_layout(form, MRN), {item.link_id: item.text for item in form.fields()}


def new_printer(out: BinaryIO, *, tagged: bool = True) -> DocumentPrinter:
    """Prints into `out`."""
    return DocumentPrinter(PdfWriter(out, "Benchmark", datetime.now(UTC), tagged=tagged), IMPRINT)
