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
      - {linkId: given, text: Given, type: text, gridRows: [Time, ""], columns: 3, columnText: Date, span: 2}
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


def test_each_cell_of_a_grid_is_a_field_that_stays_on_the_paper(tmp_path):
    form = forms.read_form(written(tmp_path))
    assert forms.check_file(written(tmp_path)) == []
    cells = [item for item in form.fields() if item.link_id.startswith("given.")]
    assert [item.link_id for item in cells] == [
        "given.column1", "given.column2", "given.column3", "given.1.1", "given.1.2", "given.1.3",
        "given.2.1", "given.2.2", "given.2.3",
    ]  # fmt: skip
    assert not any(item.keyed for item in cells)
    assert cells[0].answer_keys() == ["given.column1"], "the dates of all rows"
    assert form.field("given.1.3:2").text == "Given: Time, column 3"
    (page,) = form_layout(form, "Hospital No.").pages
    places = {place.key: place for place in page}
    assert {key for item in cells for key in item.answer_keys()} <= set(places)
    assert places["given.1.1:1"].x > places["drug:1"].x + places["drug:1"].width
    assert places["given.column1"].y > places["given.1.1:1"].y > places["given.2.1:1"].y
    assert "name:1" not in places, "words are printed, not asked"


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
