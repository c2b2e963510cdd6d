"""A pack printed by several processes is the pack that one process prints."""

import io
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pikepdf
import pytest

from downtime.paper.forms.load_form import load_form
from downtime.paper.layout import print_sheets
from downtime.paper.layout.model import FormSheet, Imprint, ListSheet, LooseSheet
from downtime.paper.layout.stamp_pages import DocumentPrinter
from downtime.paper.layout.template_layout import flow_layout, form_layout
from downtime.paper.serials import make_serial
from downtime.pdf.fit_text import TextLine
from downtime.pdf.flow_blocks import Paragraph, Table
from downtime.pdf.writer import PdfWriter
from downtime.processes.pool import WorkerError

NOW = datetime(2026, 11, 2, 14, 30, tzinfo=UTC)
IMPRINT = Imprint("Demonstration Hospital", "DRILL", True, "Data", "Printed", "Hospital No.")
COUNT = 30


def sheets():
    form = load_form("observations")
    layout, flowing = form_layout(form, "Hospital No."), flow_layout(True, "Hospital No.")
    labels = {item.link_id: item.text for item in form.fields()}
    for number in range(COUNT):
        name = "محمد علي" if number == 20 else f"PATIENT{number}, 张伟"
        values = {"patient.name": name, "patient.allergies": "Latex " * (number * 7 % 90)}
        if number % 3:
            yield FormSheet(layout, make_serial("K7", number + 1), values, labels), number % 2 == 0
        else:
            rows = [(f"row {n}", "words " * n) for n in range(number)]
            table = Table((("One", 1), ("Two", 3)), rows)
            yield (
                ListSheet(flowing, make_serial("K7", number + 1), values, [table], "Title", "Foot"),
                False,
            )


def printed(cores):
    out = io.BytesIO()
    printer = DocumentPrinter(PdfWriter(out, "Crew", NOW), IMPRINT)
    counts = list(print_sheets.print_sheets(printer, sheets(), COUNT, cores))
    printer.document.write_in_front()
    cover = ListSheet(flow_layout(False, "Hospital No."), make_serial("K7", 999), {},
                      [Paragraph(f"{printer.pages} pages")], "Cover", "Foot")  # fmt: skip
    printer.print(cover)
    printer.finish()
    return counts, out.getvalue()


@pytest.fixture
def worth_it(monkeypatch):
    monkeypatch.setattr(print_sheets, "WORTH_IT", 1)


def text_of(pdf):
    command = ["pdftotext", "-raw", "-", "-"]
    return subprocess.run(command, input=pdf, capture_output=True, check=True).stdout.decode()


def read(pdf):
    command = ["pdfinfo", "-struct-text", "-"]
    text = subprocess.run(command, input=pdf, capture_output=True, check=True).stdout.decode()
    return re.findall(r'^ +"(.*)"$', text, re.M)


def children():
    """Processes that this one started and that have not ended."""
    tasks = Path("/proc/self/task").glob("*/children")
    return {child for task in tasks for child in task.read_text().split()}


def test_several_processes_print_what_one_prints(worth_it, tmp_path):
    (alone, one), (together, many) = printed(1), printed(2)
    assert together == alone
    assert text_of(many) == text_of(one)
    assert read(many) == read(one)
    file = tmp_path / "pack.pdf"
    file.write_bytes(many)
    checked = subprocess.run(["qpdf", "--check", file], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    backs = [count % 2 for count, (_, turned) in zip(alone, sheets(), strict=True) if turned]
    with pikepdf.open(io.BytesIO(many)) as document:
        keys = [int(page.StructParents) for page in document.pages]
    assert len(set(keys)) == len(keys) == sum(alone) + sum(backs) + 1


def test_what_fails_in_another_process_fails_the_printing_and_names_nobody(worth_it):
    def broken():
        yield from list(sheets())[:5]  # the first is printed here, those that follow elsewhere
        layout = form_layout(load_form("observations"), "Hospital No.")
        yield FormSheet(layout, "patient", {}, {}), False

    printer = DocumentPrinter(PdfWriter(io.BytesIO(), "Crew", NOW), IMPRINT)
    with pytest.raises(WorkerError) as failed:
        list(print_sheets.print_sheets(printer, broken(), COUNT, 2))
    assert "ValueError in " in str(failed.value)
    assert "patient" not in str(failed.value)


def test_a_process_that_ends_by_itself_fails_the_printing(worth_it, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/bin/true")
    with pytest.raises(WorkerError, match="ended by itself"):
        printed(2)


def test_pages_without_a_layout_are_printed_here_in_their_place(worth_it):
    def label(stamper, number):
        stamper.print_plain_page((200.0, 100.0), [TextLine(10.0, 10.0, 9.0, False, number)], "")
        return 1

    def mixed():
        for number, (sheet, _) in enumerate(sheets()):
            yield LooseSheet(f"LABEL{number}", label) if number % 20 == 4 else sheet, False

    out = io.BytesIO()
    printer = DocumentPrinter(PdfWriter(out, "Crew", NOW), IMPRINT)
    counts = list(print_sheets.print_sheets(printer, mixed(), COUNT, 2))
    printer.finish()
    pages = text_of(out.getvalue()).split("\f")
    for number in range(4, COUNT, 20):
        assert pages[sum(counts[:number])].strip() == f"LABEL{number}"


def test_printing_that_is_given_up_leaves_no_process_behind(worth_it):
    before = children()
    printing = print_sheets.print_sheets(
        DocumentPrinter(PdfWriter(io.BytesIO(), "", NOW), IMPRINT), sheets(), COUNT, 2
    )
    next(printing)
    assert len(children() - before) == 1
    printing.close()
    assert children() == before
