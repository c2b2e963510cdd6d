"""Imported responses: every problem is named, the rest goes on, a repetition changes nothing."""

import json
from zoneinfo import ZoneInfo

import pytest

from downtime.entry import open_form
from downtime.entry.import_responses import import_file
from downtime.entry.write_response import dump_response, write_response
from downtime.errors import InputError
from downtime.paper import serials
from downtime.paper.forms.load_form import load_form
from tests.integration.keying_steps import SAME_PERSON, submit_checked

from .conftest import BLOODS, OBSERVED, PHONED

LONDON = ZoneInfo("Europe/London")


def flat(serial: str, answers: dict[str, str], **more) -> dict:
    items = [{"linkId": key, "answer": [{"valueString": text}]} for key, text in answers.items()]
    return {
        "resourceType": "QuestionnaireResponse",
        "status": "completed",
        "identifier": {"value": serials.format_serial(serial)},
        "item": [SAME_PERSON, *items],
    } | more


@pytest.fixture
def run(vault, settings, actor, tmp_path):
    def run(text: str, name: str = "responses.json"):
        path = tmp_path / name
        path.write_text(text)
        return import_file(vault, settings, path, actor)

    return run


def test_one_bad_response_does_not_stop_the_others(vault, issue, run):
    good, bad, other = (issue("blood-sciences-request") for _ in range(3))
    report = run(
        json.dumps(
            [
                flat(bad, BLOODS | {"priority": "soon", "reason": ""}),
                {"resourceType": "Patient"},
                flat(serials.make_serial("K7", 900), BLOODS),
                flat(good, BLOODS),
                flat(other, BLOODS, questionnaire="Questionnaire/observations|1"),
            ]
        )
    )
    assert (report.responses, report.imported, report.unchanged) == (5, 1, 0)
    said = {problem.index: problem.sentences for problem in report.problems}
    assert said[1] == (
        "Priority: it is not one of the answers on the form (Routine, Urgent, Emergency).",
        "Clinical details, relevant medicines and anticoagulants: fill it in; the form requires it.",
    )
    assert "not a QuestionnaireResponse" in said[2][0]
    assert "was not issued" in said[3][0]
    assert "names form 'observations'" in said[5][0]
    assert open_form.get_entry(vault, good).origin == "imported"


def test_importing_twice_creates_nothing_twice(vault, issue, run):
    serial = issue("blood-sciences-request")
    text = json.dumps(flat(serial, BLOODS))
    assert run(text).imported == 1
    before = vault.db["audit"].count
    again = run(text)
    assert (again.imported, again.unchanged, again.problems) == (0, 1, ())
    assert vault.db["audit"].count == before


def test_other_answers_for_an_entered_form_are_a_problem_for_a_person(vault, issue, run):
    serial = issue("blood-sciences-request")
    run(json.dumps(flat(serial, BLOODS)))
    report = run(json.dumps(flat(serial, BLOODS | {"reason": "Fell"})))
    assert "already entered, with other answers" in report.problems[0].sentences[0]
    assert open_form.get_entry(vault, serial).answers["reason"] == "Bleeding"


@pytest.mark.parametrize("shape", ["one", "list", "bundle", "ndjson"])
def test_all_usual_shapes_of_a_file_are_read(issue, run, shape):
    made = [
        flat(issue("blood-sciences-request"), BLOODS) for _ in range(1 if shape == "one" else 2)
    ]
    text = {
        "one": lambda: json.dumps(made[0]),
        "list": lambda: json.dumps(made),
        "bundle": lambda: json.dumps(
            {"resourceType": "Bundle", "entry": [{"resource": one} for one in made]}
        ),
        "ndjson": lambda: "\n".join(json.dumps(one) for one in made) + "\n",
    }[shape]()
    report = run(text, "responses.ndjson" if shape == "ndjson" else "responses.json")
    assert (report.imported, report.problems) == (len(made), ())


def test_a_file_that_is_neither_json_nor_ndjson_is_refused(run):
    with pytest.raises(InputError, match="neither JSON nor NDJSON"):
        run("serial;answers")


def test_groups_rows_and_typed_values_are_read(vault, issue, run):
    serial = issue("observations")
    row = [
        {"linkId": "taken", "answer": [{"valueDateTime": "2026-11-02T13:00:00Z"}]},
        {"linkId": "pulse", "answer": [{"valueInteger": 88}]},
        {"linkId": "consciousness", "answer": [{"valueCoding": {"code": "V"}}]},
    ]
    second = [
        {"linkId": "taken", "answer": [{"valueDateTime": "2026-11-02T13:30:00+00:00"}]},
        {"linkId": "temperature", "answer": [{"valueDecimal": "TEMPERATURE"}]},
    ]
    resource = flat(serial, {"author.name": "Sam", "author.role": "Nurse"}) | {
        "authored": "2026-11-02T14:00:00Z"
    }
    resource["item"] += [{"linkId": "set", "item": row}, {"linkId": "set", "item": second}]
    run(json.dumps(resource).replace('"TEMPERATURE"', "38.10"))
    entry = open_form.get_entry(vault, serial)
    assert entry.answers["taken:1"] == "2026-11-02T13:00"
    assert entry.answers["consciousness:1"] == "V"
    assert entry.answers["temperature:2"] == "38.10"
    assert entry.event == "2026-11-02T14:00:00Z"


@pytest.mark.parametrize(
    ("form", "answers"),
    [
        ("blood-sciences-request", BLOODS),
        ("observations", OBSERVED | {"taken:5": "2026-11-02T13:57", "pulse:5": "90"}),
        ("phoned-result", PHONED),
    ],
)
def test_an_exported_entry_imports_to_the_same_answers(
    vault, settings, issue, run, actor, form, answers
):
    first, second = issue(form), issue(form)
    entry = submit_checked(vault, settings, first, answers, actor)
    written = write_response(entry, load_form(form), LONDON)
    text = dump_response(written | {"item": [SAME_PERSON, *written["item"]]})
    assert "\\u0001" not in text
    report = run(text.replace(first, second))
    assert report.problems == ()
    assert open_form.get_entry(vault, second).answers == entry.answers


@pytest.mark.parametrize(
    "broken",
    [
        {"item": "x"},
        {"item": [1]},
        {"item": [{"linkId": "reason", "answer": [1]}]},
        {"item": [{"linkId": "reason", "answer": [{"valueString": "a"}, {"valueString": "b"}]}]},
        {"identifier": None},
        {"status": "entered-in-error"},
    ],
)
def test_a_malformed_resource_is_a_sentence_not_a_crash(issue, run, broken):
    serial = issue("blood-sciences-request")
    report = run(json.dumps(flat(serial, BLOODS) | broken))
    assert "cannot be used" in report.problems[0].sentences[0]
