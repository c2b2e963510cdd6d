"""Whatever is printed into a form's fields is on paper, character by character."""

import io
import subprocess
from collections import Counter
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from downtime.paper.definition import definitions
from downtime.paper.layout import form_layout
from downtime.paper.questionnaire import TRUE
from downtime.paper.serials import serial
from downtime.paper.stamp import Imprint, Printer
from downtime.paper.text import printable
from downtime.paper.writer import PdfWriter

NOW = datetime(2026, 11, 2, 14, 30, tzinfo=UTC)
IMPRINT = Imprint("", "", False, "", "", "Hospital No.")
HOSTILE = ["x" * 300, "O'Brien <b>&amp;</b> {{ x }}", "\x00\x07\x1b", "a\nb\nc\nd\ne\nf\ng", "\u202eevil",
           "\U0001f912" * 20, "Zürich ≥ 5 µg", "(((((", "\\\\)(", "%s %d", "no\u00a0break", "ﬁ"]  # fmt: skip
REORDERED = {"\u093f"}
"""A vowel sign drawn before its consonant: it is on the page, and poppler leaves it out of the text."""
latin = st.text(st.characters(codec="utf-8", max_codepoint=0x17F), max_size=300)


def text_of(pdf):
    command = ["pdftotext", "-raw", "-", "-"]
    return subprocess.run(command, input=pdf, capture_output=True, check=True).stdout.decode()


def letters(text):
    return Counter(c for c in text if not c.isspace() and c != "\f")


def printed(form, values):
    out = io.BytesIO()
    printer = Printer(PdfWriter(out, "Test", NOW), IMPRINT)
    labels = {item.link_id: item.text for item in form.fields()}
    printer.form(form_layout(form, "Hospital No."), serial("K7", 1), values, labels)
    printer.finish()
    return text_of(out.getvalue())


def all_on_paper(form, values):
    """Nothing printed is missing beside the same form without values."""
    added = letters(printed(form, values))
    added.subtract(letters(printed(form, {})))
    ticked = {k for k in values if "=" in k}
    wanted = Counter[str]()
    for key, value in values.items():
        if key not in ticked and value != TRUE:
            wanted += letters(printable(value))
    return {c: n - added[c] for c, n in wanted.items() if added[c] < n}


def writable(form):
    fields = [*form.identity, *form.fields()]
    return [key for f in fields if f.type not in ("boolean", "choice") for key in f.answer_keys()]


@pytest.mark.parametrize("name", sorted(definitions()))
@pytest.mark.parametrize("value", HOSTILE)
def test_a_hostile_value_in_every_field_is_never_lost(name, value):
    form = definitions()[name]
    assert all_on_paper(form, dict.fromkeys(writable(form), value)) == {}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_any_text_in_any_fields_is_never_lost(data):
    form = data.draw(st.sampled_from(list(definitions().values())))
    keys = data.draw(st.lists(st.sampled_from(writable(form)), max_size=12, unique=True))
    assert all_on_paper(form, {key: data.draw(latin) for key in keys}) == {}


@pytest.mark.parametrize("value", ["محمد علي الحسن", "שלום עולם", "नमस्ते दुनिया", "x\u0301y\u0323z"])
def test_text_that_needs_shaping_is_on_the_page(value):
    form = definitions()["progress-notes"]
    missing = all_on_paper(form, {"words:1": value, "patient.name": value})
    assert set(missing) <= REORDERED
    long = printed(form, {"words:1": value * 200})
    assert "Progress notes: continued" in long


def test_an_answer_without_a_box_on_paper_is_on_the_continuation_page():
    form = definitions()["blood-sciences-request"]
    text = printed(form, {"priority": "whenever", "test.fbc": "perhaps", "nonsense": "kept"})
    assert all(word in text for word in ("whenever", "perhaps", "kept"))
