"""The words of a form's file that say what is plausible: each mistake is named with its line."""

import json

import pytest

from downtime.paper.forms.export_questionnaire import make_questionnaire
from downtime.paper.forms.import_questionnaire import QuestionnaireReader
from downtime.paper.forms.load_form import check_text, load_forms, parse_form
from downtime.paper.forms.model import AgeRange, SoftChecks, TimeRule

FORM = """name: own
version: "1"
title: Own
status: active
purpose: Try it.
policy: full
record: Document
system: EPR
ages: {ages}
item:
  - {{linkId: start, text: Start, type: dateTime}}
  - {{linkId: end, text: End, type: dateTime, {end}}}
  - {{linkId: total, text: Total, type: integer, {total}}}
  - {{linkId: dose, text: Dose, type: string, {dose}}}
"""
RIGHT = {
    "ages": "{from: 16, under: 80}",
    "end": "when: during, after: [start], soft: {hours: 4}",
    "total": "equals: [total], covers: [total], ucum: kg, soft: {min: 1, max: 9.5, limits: weight, count: beds}",
    "dose": "soft: {dose: true, gender: male}",
}


def problems(**changes):
    text = FORM.format(**RIGHT | changes)
    return {(problem.line, problem.sentence) for problem in check_text("own", text)}


def test_what_is_right_is_read():
    assert problems() == set()
    form = parse_form(FORM.format(**RIGHT))
    _, end, total, dose = form.items
    assert form.ages == AgeRange(since=16, under=80)
    assert (end.when, end.after, end.soft) == (TimeRule.DURING, ("start",), SoftChecks(hours=4))
    assert total.soft == SoftChecks(min=1, max=9.5, limits="weight", count="beds")
    assert (total.equals, total.covers, total.ucum) == (("total",), ("total",), "kg")
    assert dose.soft == SoftChecks(dose=True, gender="male")


@pytest.mark.parametrize(
    ("changes", "line", "sentence"),
    [
        ({"end": "when: soon"}, 12, "'when' of a date or dateTime is one of"),
        ({"total": "when: during"}, 13, "'when' of a date or dateTime is one of"),
        ({"end": "after: [begin]"}, 12, "'after' names no field of this form: 'begin'."),
        ({"total": "after: [start]"}, 13, "Only a date or dateTime comes 'after' another."),
        ({"end": "soft: {hours: 4}"}, 12, "'hours' are counted from"),
        (
            {"end": "after: [start], soft: {hours: long}"},
            12,
            "'hours' of 'soft' is of another kind.",
        ),
        ({"total": "soft: {most: 3}"}, 13, "'soft' has no 'most'."),
        ({"total": "soft: {limits: height-of-tide}"}, 13, "'limits' is one of"),
        ({"total": "soft: {count: chairs}"}, 13, "'count' is one of patients, beds."),
        ({"total": "equals: [news3]"}, 13, "'equals' names no field of this form: 'news3'."),
        ({"total": "covers: news2"}, 13, "'covers' must be a list; put text in quotes."),
        ({"total": "soft: {dose: true}"}, 13, "Only a string is a 'dose' of number and unit."),
        ({"dose": "soft: {min: 3}"}, 14, "Only a number has a soft 'min'"),
        ({"dose": "soft: {gender: x}"}, 14, "'gender' is one of female, male."),
        ({"ages": "{since: 3}"}, 9, "'ages' has no 'since'."),
    ],
)
def test_a_mistake_is_named_with_its_line(changes, line, sentence):
    assert any(at == line and said.startswith(sentence) for at, said in problems(**changes))


@pytest.mark.parametrize("form", load_forms().values(), ids=lambda form: form.name)
def test_they_go_out_and_come_back(form):
    resource = json.loads(json.dumps(make_questionnaire(form)))
    assert parse_form(QuestionnaireReader(resource).text).items == form.items


def test_ages_go_out_and_come_back():
    form = parse_form(FORM.format(**RIGHT))
    resource = json.loads(json.dumps(make_questionnaire(form)))
    again = parse_form(QuestionnaireReader(resource).text)
    assert (again.ages, again.items) == (form.ages, form.items)
