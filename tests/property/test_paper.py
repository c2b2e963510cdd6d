"""Whatever is printed into a form's fields is on paper, character by character, and in its place."""

import io
import re
import subprocess
from collections import Counter
from datetime import UTC, datetime
from functools import cache

import pikepdf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from downtime.paper.forms.load_form import load_forms
from downtime.paper.forms.model import TRUE
from downtime.paper.layout.model import Imprint
from downtime.paper.layout.stamp_pages import DocumentPrinter
from downtime.paper.layout.template_layout import form_layout
from downtime.paper.serials import make_serial
from downtime.pdf.text import to_printable
from downtime.pdf.writer import PdfWriter
from tests.night import by_night, sample

NOW = datetime(2026, 11, 2, 14, 30, tzinfo=UTC)
IMPRINT = Imprint("", "", False, "", "", "Hospital No.")
HOSTILE = ["x" * 300, "Anne-Marie van der " * 16, "O'Brien <b>&amp;</b> {{ x }}", "\x00\x07\x1b\x7f\x85",
           "a\nb\nc\nd\ne\nf\ng", "\u202eevil\u2066", "\U0001f912" * 20, "Zürich ≥ 5 µg", "(((((", "\\\\)(",
           "%s %d", "no\u00a0break", "ﬁ", "张伟" * 40, "김철수 山田はなこ", "አበበ ნინო", "\ue000\ud800\U00020000",
           "W" * 60 + " i"]  # fmt: skip
"""Drawn glyph by glyph: found as text, in the field's box."""
SHAPED = ["محمد علي الحسن", "שָׁלוֹם עולם", "नमस्ते दुनिया", "x\u0301y\u0323z", "สมชาย น้ำใจ", "👩‍👩‍👧 👍🏽 🇬🇧 ❤️", "ភាសាខ្មែរ",
          "தமிழ் முருகன்", "محمد " * 60, "नमस्ते" * 50, "x\u0301" * 300]  # fmt: skip
"""Laid out by WeasyPrint: found in what the page's tags say."""
latin = st.text(st.characters(codec="utf-8", max_codepoint=0x17F), max_size=300)
WORD = re.compile(
    r'<word xMin="([^"]+)" yMin="([^"]+)" xMax="([^"]+)" yMax="([^"]+)">([^<]*)</word>'
)


PAGE = re.compile(r"Page \d+ of \d+")


def text_of(pdf):
    command = ["pdftotext", "-raw", "-", "-"]
    text = subprocess.run(command, input=pdf, capture_output=True, check=True).stdout.decode()
    return PAGE.sub("", text)


def letters(text):
    return Counter(c for c in text if not c.isspace() and c != "\f")


def printed(form, values):
    out = io.BytesIO()
    printer = DocumentPrinter(PdfWriter(out, "Test", NOW), IMPRINT)
    labels = {item.link_id: item.text for item in form.fields()}
    printer.print_form(form_layout(form, "Hospital No."), make_serial("K7", 1), values, labels)
    printer.finish()
    return out.getvalue()


@cache
def empty(name):
    return printed(load_forms()[name], {})


def said(pdf):
    """What the tags of all pages say in place of what is drawn."""
    with pikepdf.open(io.BytesIO(pdf)) as document:
        elements = [o for o in document.objects if isinstance(o, pikepdf.Dictionary)]
        return [str(o.ActualText) for o in elements if "/S" in o and "/ActualText" in o]


def not_on_paper(form, values):
    """What of the values is missing beside the same form without values."""
    added = letters(text_of(printed(form, values)))
    added.subtract(letters(text_of(empty(form.name))))
    ticked = {k for k in values if "=" in k}
    wanted = Counter[str]()
    for key, value in values.items():
        if key not in ticked and value != TRUE:
            wanted += letters(to_printable(value))
    return {c: n - added[c] for c, n in wanted.items() if added[c] < n}


def writable(form):
    fields = [*form.identity, *form.fields()]
    return [key for f in fields if f.type not in ("boolean", "choice") for key in f.answer_keys()]


def dealt(form, values, most=1000):
    """A value for every field (of `most` spread over the form), all of them in turn."""
    keys = writable(form)
    keys = keys[:: len(keys) // most + 1]
    return {key: values[n % len(values)] for n, key in enumerate(keys)}


def words_of(pdf):
    """(words with their boxes: left, top, right, bottom, from the page's top) of every page."""
    command = ["pdftotext", "-bbox", "-", "-"]
    text = subprocess.run(command, input=pdf, capture_output=True, check=True).stdout.decode()
    return [
        Counter((word, *map(float, box)) for *box, word in WORD.findall(page))
        for page in text.split("<page ")[1:]
    ]


def inside(place, high, box):
    left, top, right, bottom = box
    middle = high - (top + bottom) / 2
    beside = place.x - 1.0 <= left and right <= place.x + place.width + 1.0
    return beside and place.y - 1.0 <= middle <= place.y + place.height + 1.0


@pytest.mark.parametrize("name", sample(sorted(load_forms()), 5))
def test_hostile_values_in_every_field_are_never_lost_and_stay_in_their_fields(name):
    form = load_forms()[name]
    values = dealt(form, HOSTILE)
    assert not_on_paper(form, values) == {}
    layout = form_layout(form, "Hospital No.")
    pages = zip(words_of(printed(form, values)), words_of(empty(name)), strict=False)
    for places, (filled, unfilled) in zip(layout.pages, pages, strict=False):
        for word, *box in filled - unfilled:
            assert any(inside(place, layout.size[1], box) for place in places), (word, box)


@pytest.mark.parametrize("name", sample(sorted(load_forms()), 5))
def test_text_that_needs_shaping_is_wholly_in_its_field_or_on_the_continuation_page(name):
    form = load_forms()[name]
    values = dealt(form, SHAPED, most=25)
    labels = {item.link_id: item.text for item in [*form.identity, *form.fields()]}
    words = {" ".join(text.split()) for text in said(printed(form, values))}
    for key, value in values.items():
        name, _, row = key.partition(":")
        label = f"{labels[name]}, row {row}" if row else labels[name]
        whole = " ".join(to_printable(value).split())
        assert f"{label}: {whole}" in words or whole in words, key
        assert any(text.startswith(f"{label}: ") for text in words), key


@settings(max_examples=by_night(60, 5), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_any_text_in_any_fields_is_never_lost(data):
    form = data.draw(st.sampled_from(list(load_forms().values())))
    keys = data.draw(st.lists(st.sampled_from(writable(form)), max_size=12, unique=True))
    assert not_on_paper(form, {key: data.draw(latin) for key in keys}) == {}


@pytest.mark.parametrize("value", SHAPED)
def test_shaped_text_is_drawn_and_goes_on_when_it_is_long(value):
    form = load_forms()["progress-notes"]
    text = text_of(printed(form, {"words:1": value, "patient.name": value}))
    assert len(letters(text) & letters(to_printable(value))) > 1
    long = f"{value} " * (2400 // len(value))
    assert "Progress notes: continued" in text_of(printed(form, {"words:1": long}))


def test_an_answer_without_a_box_on_paper_is_on_the_continuation_page():
    form = load_forms()["blood-sciences-request"]
    values = {"priority": "whenever", "test.fbc": "perhaps", "nonsense": "kept"}
    text = text_of(printed(form, values))
    assert all(word in text for word in ("whenever", "perhaps", "kept"))
