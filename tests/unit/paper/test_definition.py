"""Forms as files: what is defined, and how a mistake is explained."""

import textwrap

import pytest

from downtime.errors import InputError, NotFoundError
from downtime.paper.forms import load_form as forms

GOOD = """\
name: test
version: "1"
title: Test
status: active
purpose: Test.
policy: full
record: Observation
system: LIMS
item:
  - linkId: value
    text: Value
    type: decimal
    maps: value
"""


def problems(tmp_path, text):
    path = tmp_path / "test.yaml"
    path.write_text(textwrap.dedent(text))
    return [(p.line, p.sentence) for p in forms.check_file(path)]


def test_every_form_of_the_project_is_right():
    found = forms.load_forms()
    assert {"admission", "observations", "progress-notes"} <= set(found)
    assert all(form.name == name for name, form in found.items())


def test_a_log_has_no_identity_block_and_a_paper_that_stays_no_sign_off(tmp_path):
    path = tmp_path / "test.yaml"
    path.write_text(GOOD.replace("policy: full", "policy: full\nsubject: none\nreturns: false"))
    form = forms.read_form(path)
    assert form.identity == ()
    assert form.keys() == ["value"]
    path.write_text(GOOD)
    assert [item.link_id for item in forms.read_form(path).identity][0] == "patient.name"


def test_keys_write_out_the_rows_and_end_with_the_sign_off():
    keys = forms.load_form("phoned-result").keys()
    assert "value:1" in keys
    assert "value:6" in keys
    assert "value" not in keys
    assert keys[-5:] == [
        "author.name",
        "author.role",
        "author.signature",
        "event.date",
        "event.time",
    ]


def test_a_chart_has_a_key_for_each_score_that_is_not_keyed_back():
    form = forms.load_form("observations")
    assert form.field("pulse:2").code == "8867-4"
    assert not form.field("pulse.score:2").keyed


def test_an_unknown_field_is_no_field():
    with pytest.raises(KeyError):
        forms.load_form("observations").field("pulse:99")


def test_an_unknown_form_is_answered_with_those_there_are():
    with pytest.raises(NotFoundError, match="admission"):
        forms.load_form("nonsense")


def test_a_good_form_has_no_problem(tmp_path):
    assert problems(tmp_path, GOOD) == []


@pytest.mark.parametrize(
    ("wrong", "right", "line", "said"),
    [
        ("type: decimal", "type: colour", 10, "'type' is one of"),
        ("maps: value", "maps: nonsense", 13, "no field 'nonsense'"),
        ("maps: value", "color: red", 13, "no 'color'"),
        ("linkId: value", "linkId: patient.name", 10, "printed on every form"),
        ("linkId: value", "linkId: Not Good", 10, "letters, digits"),
        ("policy: full", "policy: some", 6, "'policy' is one of"),
        ("policy: full", "policy: full\nsubject: ward", 7, "'subject' is one of patient, none"),
        ("policy: full", "policy: full\norientation: tall", 7, "portrait, landscape"),
        ("system: LIMS", "system: LIMS\neach: rows", 9, "no repeating group"),
        ('version: "1"', "version: 1", 2, "must be text"),
        ("    type: decimal", "    type: choice", 10, "answerOption"),
        ("record: Observation", "record: Ghost", 7, "type of clinical record"),
        ("    maps: value", "    maps: value\n  - linkId: value\n    type: text", 14, "used twice"),
    ],
)
def test_a_mistake_is_explained_with_its_line(tmp_path, wrong, right, line, said):
    assert wrong in GOOD
    found = problems(tmp_path, GOOD.replace(wrong, right))
    assert any(number == line and said in sentence for number, sentence in found), found


def test_a_file_that_is_no_yaml_is_explained(tmp_path):
    ((line, sentence),) = problems(tmp_path, "name: [unclosed\n")
    assert (line, sentence[:15]) == (2, "Not valid YAML:")


def test_a_list_is_no_form(tmp_path):
    ((_, sentence),) = problems(tmp_path, "- a\n- b\n")
    assert "not with a list" in sentence


def own(home, name, text):
    home.forms_folder.mkdir(exist_ok=True)
    (home.forms_folder / f"{name}.yaml").write_text(text)


def test_a_home_has_forms_of_its_own_beside_and_instead_of_the_installations(home):
    own(home, "test", GOOD)
    own(home, "admission", GOOD.replace("name: test", "name: admission"))
    found = forms.load_forms(home)
    assert set(found) == {*forms.load_forms(), "test"}
    assert found["admission"].title == forms.load_form("admission", home).title == "Test"
    assert forms.load_form("admission").title != "Test"


def test_a_form_that_is_changed_counts_at_once(home):
    own(home, "test", GOOD)
    assert forms.load_form("test", home).version == "1"
    own(home, "test", GOOD.replace('version: "1"', 'version: "2"'))
    assert forms.load_form("test", home).version == "2"


def test_a_form_with_a_mistake_is_left_out_and_stops_no_other(home):
    own(home, "admission", GOOD.replace("name: test", "name: elsewhere"))
    found = forms.load_forms(home)
    assert set(found) == set(forms.load_forms()) - {"admission"}
    assert [str(problem) for problem in forms.find_all_problems(home)] == [
        "admission.yaml, line 1: 'name' is that of the file: 'admission'."
    ]
    with pytest.raises(InputError, match="line 1"):
        forms.load_form("admission", home)


PLACED = GOOD.replace(
    "item:", "background: own.pdf\nplace:\n  patient.name: {x: 1, y: 1, width: 9, height: 9}\nitem:"
)


@pytest.mark.parametrize(
    ("old", "new", "line", "sentence"),
    [
        ("own.pdf", "../own.pdf", 9, "the name of a PDF beside this file"),
        ("patient.name", "patient.shoe", 11, "has no 'patient.shoe'"),
        ("patient.name", "page.serial", 9, "gives a place to 'patient.label'"),
        ("patient.name", "patient.label", 11, "needs 60 by 30 mm"),
        ("width: 9, ", "", 11, "The place needs width"),
        ("width: 9", "width: wide", 11, "'width' must be a number"),
        ("width: 9", "width: -9", 11, "must not be below 0"),
        ("width: 9", "size: 9", 11, "A place has no 'size'"),
        ("{x: 1, y: 1, width: 9, height: 9}", "top", 11, "millimetres, or the field"),
        ("    maps: value", "    place: {nay: {field: A}}", 16, "'nay' is no option"),
        ("    maps: value", "    place: {field: 7}", 16, "'field' must be text"),
        ("    maps: value", "    place: {page: 0, field: A}", 16, "'page' is a whole number"),
    ],
)
def test_a_mistake_in_a_place_is_explained_with_its_line(old, new, line, sentence):
    assert old in PLACED
    found = forms.check_text("test", PLACED.replace(old, new, 1))
    assert any(p.line == line and sentence in p.sentence for p in found), found


def test_places_need_a_background():
    text = GOOD + "    place: {field: A}\n"
    assert [(p.line, p.sentence) for p in forms.check_text("test", text)] == [
        (14, "Only a form with a 'background' has places.")
    ]


def test_places_are_read_as_they_are_written():
    text = PLACED.replace(
        "    maps: value", "    place: {x: 1, y: 2.5, width: 3, height: 4, page: 2}"
    )
    form = forms.parse_form(text)
    (spot,) = form.items[0].boxes
    assert (spot.page, spot.x, spot.y, spot.width, spot.height) == (2, 1, 2.5, 3, 4)
    assert dict(form.boxes)["patient.name"].page == 0, "on every page unless it says otherwise"
