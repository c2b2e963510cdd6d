"""A form goes out as a FHIR Questionnaire and comes back; a foreign one is brought onto paper."""

from dataclasses import replace

import orjson
import pytest

from downtime.errors import InputError
from downtime.paper.forms import load_form as forms
from downtime.paper.forms.export_questionnaire import make_questionnaire
from downtime.paper.forms.import_questionnaire import QuestionnaireReader


def carried(form):
    """The Questionnaire as another program gets it."""
    return orjson.loads(orjson.dumps(make_questionnaire(form)))


@pytest.mark.parametrize("name", sorted(forms.load_forms()))
def test_every_form_comes_back_as_it_went(name, tmp_path):
    form = forms.load_form(name)
    read = QuestionnaireReader(carried(form))
    assert (read.name, read.notes) == (name, [])
    path = tmp_path / f"{name}.yaml"
    path.write_text(read.text)
    assert forms.check_file(path) == []
    again = forms.read_form(path)
    assert replace(again, digest="", source="") == replace(form, digest="", source="")


def elements(items):
    for item in items:
        yield item
        yield from elements(item.get("item", []))


ALLOWED = {"linkId", "code", "text", "type", "required", "repeats", "maxLength", "answerOption",
           "item", "extension"}  # fmt: skip


@pytest.mark.parametrize("name", sorted(forms.load_forms()))
def test_what_goes_out_keeps_the_rules_of_fhir(name):
    """The structure of R4 and its invariants que-1, 2, 4, 6, 10; no empty element anywhere."""
    resource = carried(forms.load_form(name))
    assert resource["status"] in ("draft", "active", "retired", "unknown")
    found = list(elements(resource["item"]))
    link_ids = [item["linkId"] for item in found]
    assert len(set(link_ids)) == len(link_ids)
    for item in found:
        assert set(item) <= ALLOWED
        assert all(value not in ("", [], None) for value in item.values())
        assert (item["type"] == "group") == bool(item.get("item"))
        if item["type"] == "display":
            assert not {"required", "repeats", "code"} & set(item)
        if "answerOption" in item:
            assert item["type"] == "choice"
        for extension in item.get("extension", []):
            assert len(extension) == 2
            assert extension["url"].startswith("http")
    assert {"patient.name", "author.name"} & set(link_ids) or not forms.load_form(name).returns


FOREIGN = {
    "resourceType": "Questionnaire",
    "name": "FallsRiskAssessment",
    "status": "draft",
    "contained": [
        {
            "resourceType": "ValueSet",
            "id": "aids",
            "compose": {"include": [{"concept": [{"code": "stick", "display": "Stick"}]}]},
        }
    ],
    "item": [
        {
            "linkId": "1",
            "type": "group",
            "text": "History",
            "item": [
                {
                    "linkId": "1.1",
                    "type": "open-choice",
                    "text": "Aids",
                    "answerValueSet": "#aids",
                    "required": True,
                },
                {
                    "linkId": "1.2",
                    "type": "boolean",
                    "text": "Fallen",
                    "item": [{"linkId": "1.2.1", "type": "url", "text": "Link"}],
                },
                {
                    "linkId": "1.3",
                    "type": "group",
                    "text": "Falls",
                    "repeats": True,
                    "item": [
                        {
                            "linkId": "/When_1",
                            "type": "date",
                            "text": "When",
                            "enableWhen": [
                                {"question": "1.2", "operator": "=", "answerBoolean": True}
                            ],
                        }
                    ],
                },
            ],
        },
        {
            "linkId": "weight",
            "type": "decimal",
            "text": "Weight",
            "extension": [
                {"url": "http://hl7.org/fhir/StructureDefinition/minValue", "valueDecimal": 0.5},
                {
                    "url": "http://hl7.org/fhir/StructureDefinition/questionnaire-unit",
                    "valueCoding": {"code": "kg"},
                },
            ],
        },
    ],
}


def test_a_foreign_questionnaire_becomes_a_form_that_can_be_used(tmp_path):
    read = QuestionnaireReader(FOREIGN)
    path = tmp_path / f"{read.name}.yaml"
    path.write_text(read.text)
    assert (read.name, forms.check_file(path)) == ("falls-risk-assessment", [])
    form = forms.read_form(path)
    assert [item.link_id for item in form.items] == ["1", "1.3", "weight"]
    history, falls, weight = form.items
    assert [(i.link_id, i.type, i.required) for i in history.items] == [
        ("1.1", "choice", True),
        ("1.2", "boolean", False),
        ("1.2.1", "string", False),
    ]
    assert [(o.code, o.display) for o in history.items[0].options] == [("stick", "Stick")]
    assert (falls.rows, falls.layout, falls.items[0].link_id) == (6, "table", "/When_1")
    assert (weight.min, weight.units) == (0.5, "kg")


def test_each_change_is_said():
    assert sorted(QuestionnaireReader(FOREIGN).notes) == [
        "'/When_1' depends on another answer; on paper it is always there.",
        "'1.1' is of type open-choice; on paper it is a choice.",
        "'1.2.1' is of type url; on paper it is a string.",
        "'1.3' repeats: it has 6 rows on paper.",
        "Group '1.3' follows '1'.",
    ]


def item(**given):
    return {"resourceType": "Questionnaire", "id": "a", "item": [given]}


@pytest.mark.parametrize(
    ("resource", "sentence"),
    [
        ({"resourceType": "Patient"}, "no FHIR Questionnaire"),
        ([], "no FHIR Questionnaire"),
        ({"resourceType": "Questionnaire", "item": []}, "neither an id nor a name"),
        (item(type="string"), "Item 1 has no linkId"),
        (item(linkId="x", type="magic"), "'x' has a type that is unknown"),
        (item(linkId="x", type="choice", answerValueSet="http://x"), "a value set elsewhere"),
        ({"resourceType": "Questionnaire", "id": "a", "item": ["x"]}, "a list of objects"),
    ],
)
def test_what_cannot_be_read_is_refused_in_a_sentence(resource, sentence):
    with pytest.raises(InputError, match=sentence):
        QuestionnaireReader(resource)


def test_a_background_and_its_places_come_back_too():
    text = """\
name: own
version: "1"
title: Own
status: final
purpose: Test.
policy: full
record: Document
system: EPR
background: own.pdf
place:
  patient.label: {x: 20, y: 20, width: 90, height: 40}
  author.name: {field: Name, page: 2}
item:
  - {linkId: a, type: string, place: {x: 0, y: 1.5, width: 3, height: 4, step: 9}}
  - linkId: b
    type: choice
    answerOption: [{code: x, display: X}]
    place: {x: {field: "Box {row}"}}
"""
    assert forms.check_text("own", text) == []
    form = forms.parse_form(text)
    read = QuestionnaireReader(carried(form))
    assert forms.check_text("own", read.text) == []
    assert replace(forms.parse_form(read.text), digest="", source="") == replace(
        form, digest="", source=""
    )
