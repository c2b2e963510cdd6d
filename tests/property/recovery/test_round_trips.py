"""Whatever people write: messages carry it unharmed, answers survive a QuestionnaireResponse."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from downtime.entry import read_response
from downtime.entry.model import Entry
from downtime.entry.validation import validate_answers
from downtime.entry.write_response import dump_response, write_response
from downtime.errors import InputError
from downtime.feeds.hl7 import segments as reader
from downtime.paper.csv_file import escape_formula
from downtime.paper.forms.load_form import load_form
from downtime.returns.hl7.segment_writer import build_header, build_segment, join_segments

LONDON = ZoneInfo("Europe/London")
NOW = datetime(2026, 11, 2, 14, 30, tzinfo=UTC)
printable = st.text(
    st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=60
).filter(str.strip)


@given(printable)
def test_a_message_carries_any_words(words):
    made = join_segments(build_header({9: ("ADT", "A01")}), build_segment("PID", {5: (words, "x")}))
    parsed = reader.parse_message(made.encode())
    pid = next(one for one in parsed.segments if one.fields[0] == "PID")
    assert pid.text(5, 1).strip() == words.strip()


@given(st.text(max_size=40))
def test_a_message_is_whole_or_refused(words):
    try:
        made = join_segments(
            build_header({9: ("ADT", "A01")}), build_segment("PID", {5: (words, "x")})
        )
    except InputError:
        return
    assert made.count("\r") == 2
    assert "\n" not in made


@given(st.text(max_size=40))
def test_no_cell_starts_a_formula(words):
    cell = escape_formula(words)
    assert not cell.startswith(("\t", "\r", "\n"))
    assert not cell.lstrip().startswith(("=", "@", "＝", "＋", "－", "＠"))
    if cell.lstrip().startswith(("+", "-")):
        Decimal(cell.replace(",", "."))


@pytest.mark.parametrize("start", ["\n=", " =", "＝", "\u00a0@", "－"])
def test_a_formula_behind_a_space_or_in_wide_signs_is_text(start):
    assert escape_formula(f"{start}1+1").startswith("'")


rows = st.dictionaries(
    st.integers(1, 8),
    st.fixed_dictionaries(
        {"taken": st.datetimes(datetime(2026, 1, 1), datetime(2026, 10, 1))},
        optional={
            "pulse": st.integers(10, 300),
            "temperature": st.decimals("25", "45", places=2),
            "consciousness": st.sampled_from("ACVPU"),
        },
    ),
)


@given(rows, printable)
def test_answers_survive_export_and_import(filled, name):
    form = load_form("observations")
    typed = {
        "author.name": name,
        "author.role": "Nurse",
        "event.date": "021126",
        "event.time": "1400",
    }
    for row, values in filled.items():
        for link_id, value in values.items():
            text = f"{value:%d/%m/%Y %H:%M}" if link_id == "taken" else str(value)
            typed[f"{link_id}:{row}"] = text
    first = validate_answers(form, typed, LONDON, NOW)
    if first.problems:
        assert {problem.sentence.rpartition(": ")[2] for problem in first.problems} == {
            "the clocks went forward, so this time did not exist that day."
        }
        return
    entry = Entry(
        serial="K7000042X", form=form.name, version="1", state="entered", outage="",
        answers=first.answers, event="2026-11-02T14:00:00Z",
    )  # fmt: skip
    resource = json.loads(dump_response(write_response(entry, form, LONDON)), parse_float=Decimal)
    said = read_response.read_response(resource, read_response.repeating_fields(form), LONDON)
    again = validate_answers(form, said.answers, LONDON, NOW)
    assert again.problems == ()
    assert again.answers == first.answers
