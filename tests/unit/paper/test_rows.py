"""Groups of rows: what the snapshot fills them with, words printed into them, grids to write in."""

import pytest

from downtime.paper.forms import load_form as forms
from downtime.paper.layout.template_layout import form_layout

CHART = """\
name: test
version: "1"
title: Test
status: active
purpose: Test.
policy: scan
record: Document
system: EPR
item:
  - linkId: medicine
    type: group
    repeats: true
    rows: 2
    prefill: medicines.regular
    layout: cards
    columns: 4
    item:
      - {linkId: drug, text: Medicine, type: string, prefill: medicine.medicine, span: 2}
      - {linkId: given, text: Given, type: text, gridRows: [Time, ""], columns: 3, span: 2}
  - linkId: risk
    type: group
    repeats: true
    rows: 2
    layout: table
    item:
      - {linkId: name, text: Risk, type: display, words: [Falls, Skin]}
      - {linkId: score, text: Score, type: string}
"""


def written(tmp_path, text=CHART):
    path = tmp_path / "test.yaml"
    path.write_text(text)
    return path


def test_a_grid_is_one_place_for_each_row_and_words_are_printed_not_asked(tmp_path):
    form = forms.read_form(written(tmp_path))
    assert forms.check_file(written(tmp_path)) == []
    assert form.keys()[:6] == ["drug:1", "drug:2", "given:1", "given:2", "score:1", "score:2"]
    (page,) = form_layout(form, "Hospital No.").pages
    places = {place.key: place for place in page}
    assert places["given:1"].height > 2 * 8 * 72 / 25.4
    assert places["given:1"].x > places["drug:1"].x + places["drug:1"].width
    assert "name:1" not in places


@pytest.mark.parametrize(
    ("wrong", "right", "line", "said"),
    [
        ("medicines.regular", "medicines.weekly", 14, "cannot print 'medicines.weekly'"),
        ("medicine.medicine", "medicine.colour", 18, "cannot print 'medicine.colour'"),
        ("prefill: medicine.medicine", "prefill: sheet.tray", 18, "cannot print 'sheet.tray'"),
        ("words: [Falls, Skin]", "words: [Falls]", 26, "one text for each"),
        ("layout: cards", "layout: boxes", 15, "'layout' is one of"),
    ],
)
def test_a_mistake_in_rows_is_explained_with_its_line(tmp_path, wrong, right, line, said):
    found = forms.check_file(written(tmp_path, CHART.replace(wrong, right)))
    assert [(p.line, said in p.sentence) for p in found] == [(line, True)]


def test_a_field_outside_rows_cannot_ask_for_a_record_of_a_row(tmp_path):
    alone = "  - {linkId: one, text: One, type: string, prefill: medicine.medicine}\n"
    (problem,) = forms.check_file(written(tmp_path, CHART + alone))
    assert "cannot print 'medicine.medicine'" in problem.sentence
