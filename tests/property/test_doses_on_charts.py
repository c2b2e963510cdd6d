"""Doses as hostile as systems send them, printed on charts and read back from the PDF: none can be misread.

Each is whole in its box, or in none and whole on the page that the box names: character by character as it
was sent, no zero more or less, and no line ends between a number and what it counts.
"""

import io
import itertools
import random
import re
from dataclasses import replace
from functools import cache

import pikepdf
import pypdfium2
import pytest

from downtime.paper.forms.load_form import load_forms
from downtime.paper.forms.medicine_charts import holds_medicines, list_groups, list_signed_rows
from downtime.paper.layout.model import FormSheet
from downtime.paper.layout.stamp_pages import DocumentPrinter
from downtime.paper.layout.template_layout import form_layout
from downtime.paper.serials import make_serial
from downtime.pdf.text import to_printable
from downtime.pdf.writer import PdfWriter
from tests.night import by_night
from tests.property.test_paper import IMPRINT, NOW

DOSES = by_night(100_000, 1_500)
"""How many are printed, over all charts."""
CHARTS = sorted(name for name, form in load_forms().items() if holds_medicines(form))
ORDER_COLUMN = (108, 70, 396, 643)
"""Left, bottom, right, top of what a page that goes on says whole."""
LONGEST = 62
SHEETS = 60
"""Charts in one PDF."""
NUMBERS = ["0.5", "5", "5.0", "0.05", ".5", "1.25", "10", "100", "1,000", "1.000", "10,000", "10 000", "1000000",
           "2.50", "½", "1½", "1/2", "7.5", "62.5", "0.0625", "12", "1 000 000", "100.0", "05", "3⁄4", "10^6",
           "1.5 million", "5·0", "0,5", "1e3"]  # fmt: skip
UNITS = ["mg", "g", "micrograms", "microgram", "mcg", "µg", "μg", "nanograms", "units", "U", "IU", "international units",
         "mL", "ml", "L", "litres", "mmol", "mg/kg", "micrograms/kilogram/minute", "mg/kg/day", "mL/hour", "units/hour",
         "mg/24 hours", "micrograms per hour", "mg per m²", "%", "puffs", "tablets", "drops", "sachets", "million units",
         "mega units", "mg/5 mL", "g in 100 mL", "mmol/L", "°C", "mg/m2", "kg", "patches"]  # fmt: skip
SIGNS = [
    "",
    "",
    "",
    "",
    "≤",
    "≥ ",
    "<",
    "> ",
    "~",
    "± ",
    "+",
    "max ",
    "up to ",
    "about ",
    "not more than ",
    "x",
    "× ",
]
JOINTS = [
    "-",
    " - ",
    "–",
    " – ",
    " to ",
    "/",
    " / ",
    " or ",
    " + ",
    " x ",
    "×",
    " then ",
    ", ",
    "; ",
    ":",
]
WORDS = ["STAT", "PRN", "nocte", "at night", "OD", "QDS", "every 4 to 6 hours", "with food", "in 24 hours",
         "sliding scale", "titrate to pain", "(see protocol 7)", "[as sent]", "*", "alternate days",
         "loading dose", "mane & 14:00", "paracetamol 500mg tablets", "Actrapid", "penicillin V", "PO/NG",
         "hydroxyethylcellulose-polyvinylpyrrolidone"]  # fmt: skip


QUANTITY = rf"\d ?(?:{'|'.join(map(re.escape, UNITS))}) *$"


def make_dose(rng):
    """One as a system might send it: numbers, units, signs, ranges, words, odd spaces, in any order.

    No six words of it are together longer than the widest column of paper.
    """
    while True:
        dose = _make_any_dose(rng)
        words = dose.split(" ")
        if all(len(" ".join(words[n : n + 6])) <= LONGEST for n in range(len(words))):
            return dose


def _make_any_dose(rng):

    def quantity():
        space = rng.choice(["", " ", " ", " ", "\u00a0", "  "])
        return f"{rng.choice(SIGNS)}{rng.choice(NUMBERS)}{space}{rng.choice(UNITS)}"

    parts = [quantity()]
    for _ in range(rng.choice([0, 0, 1, 1, 2, 4, 9])):
        joint = rng.choice(JOINTS) if rng.random() < 0.6 else " "
        more = quantity() if rng.random() < 0.6 else rng.choice(WORDS)
        parts += [joint, f"({more})" if rng.random() < 0.1 else more]
    if rng.random() < 0.2:
        parts.insert(0, f"{rng.choice(WORDS)} ")
    if rng.random() < 0.03:
        parts.insert(rng.randrange(len(parts)), rng.choice(["\n", "\t", "0" * 30, "9" * 30]))
    return "".join(parts)


def find_ambiguity(lines):
    """What a reader of these lines could take for another dose; they join to the whole text."""
    for above, below in zip(lines, lines[1:], strict=False):
        if not above.strip() or not below.strip():
            continue
        last, first = above.split()[-1], below.split()[0]
        if not above[-1].isspace() and any(c.isnumeric() for c in last + first):
            return f"cut within a number: {above!r} | {below!r}"
        if last in SIGNS and not any(c.isnumeric() for c in first):
            continue
        if (last[-1] not in "²³" and last[-1].isnumeric() and not last.endswith(":00")) or last in (
            *SIGNS,
            "million",
            "mega",
        ):
            return f"a number without what it counts: {above!r} | {below!r}"
        if first in ("/", "per") and re.search(QUANTITY, above):
            return f"half a unit: {above!r} | {below!r}"
    return ""


def read_lines(textpage, rectangle):
    """The lines in a box, each as it would join the next."""
    box = rectangle
    text = textpage.get_text_bounded(
        box.x - 2, box.y - 1, box.x + box.width + 2, box.y + box.height + 1
    )
    return text.replace("\x02", "-").split("\r\n")


@cache
def blank_layout(form):
    """Its rectangles without its own words, which a reader would have to tell from what was sent."""
    layout = form_layout(form, "Hospital No.")
    with pikepdf.new() as pages:
        for _ in layout.pages:
            pages.add_blank_page(page_size=layout.size)
        out = io.BytesIO()
        pages.save(out)
    return replace(layout, pdf=out.getvalue())


def print_charts(form, sheets):
    """One PDF of many sheets; how many pages each took."""
    layout = blank_layout(form)
    labels = {item.link_id: item.text for item in form.fields()}
    signed = list_signed_rows(form)
    out = io.BytesIO()
    printer = DocumentPrinter(PdfWriter(out, "Test", NOW), IMPRINT)
    counts = [
        printer.print(FormSheet(layout, make_serial("K7", number), values, labels, signed))
        for number, values in enumerate(sheets, 1)
    ]
    printer.finish()
    return out.getvalue(), counts


def fill_sheet(form, rng):
    """Every medicine's text in every row of a chart."""
    values = {}
    for group in list_groups(form):
        fields = list_signed_rows(form)[0].fields
        for row in range(1, group.rows + 1):
            values |= {f"{field}:{row}": make_dose(rng) for field in fields}
    return values


def read_order(pages):
    """The lines of the column of whole orders, on the pages that go on."""
    lines = []
    for textpage in pages:
        lines += textpage.get_text_bounded(*ORDER_COLUMN).replace("\x02", "-").split("\r\n")
    return [line for line in lines if line.strip() not in ("", "The order in full")]


def check_sheet(pages, layout, values, labels):
    """Faults of one sheet, each a sentence."""
    printed, order = {}, None
    for textpage, rectangles in zip(pages, layout.pages, strict=False):
        for rectangle in rectangles:
            if rectangle.key in values:
                printed[rectangle.key] = read_lines(textpage, rectangle)
    for key, value in values.items():
        lines = printed[key]
        said = "".join(lines)
        if re.match(r"(See )?pages? \d", said):
            if order is None:
                order = read_order(pages[len(layout.pages) :])
            whole = squeeze("".join(order))
            wanted = squeeze(f"{labels[key.partition(':')[0]]}: {to_printable(value)}")
            if wanted not in whole:
                yield f"{key} {value!r} is not whole on the next page: {whole}"
        elif squeeze(said) != squeeze(to_printable(value)):
            yield f"{key} {value!r} was read as {said!r}"
        elif "\n" not in value and (fault := find_ambiguity(lines)):
            yield f"{key} {value!r}: {fault}"
    sent = [end.lstrip()[:12] for value in values.values() for end in value.split("\n")[1:]]
    heads = (" ", *sent, *(f"{label}: " for label in labels.values()))  # line ends that were sent
    for above, below in itertools.pairwise(order or ()):
        if not below.startswith(heads) and (fault := find_ambiguity([above, below])):
            yield f"on the next page: {fault}"


def squeeze(text):
    """As it is compared: a reader of PDF may miss the space after a sign of another font."""
    return re.sub(r"(?<=[^\w\s]) ", "", " ".join(text.split()))


@pytest.mark.parametrize("name", CHARTS)
def test_no_dose_on_a_chart_can_be_misread(name):
    form = load_forms()[name]
    rng = random.Random(name)
    layout, labels = blank_layout(form), {item.link_id: item.text for item in form.fields()}
    count, faults = 0, []
    while count < DOSES / len(CHARTS):
        sheets = [fill_sheet(form, rng) for _ in range(SHEETS)]
        pdf, lengths = print_charts(form, sheets)
        document, first = pypdfium2.PdfDocument(pdf), 0
        for values, length in zip(sheets, lengths, strict=True):
            pages = [document[first + n].get_textpage() for n in range(length)]
            faults += check_sheet(pages, layout, values, labels)
            first += length
            count += len(values)
        document.close()
    assert faults == []
