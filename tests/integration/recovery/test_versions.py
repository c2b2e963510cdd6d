"""A form that was printed before its file changed, or went, is keyed as it was printed."""

import pytest

from downtime.entry import import_responses, open_form
from downtime.entry.validation import InvalidAnswersError
from downtime.paper.forms.load_form import load_form, parse_form
from downtime.reconcile.store.items import fetch_items
from downtime.returns.statement import completeness_statement
from downtime.vault import device
from tests.integration.keying_steps import see_through, submit_checked

from .conftest import SIGNED

OLD = """
name: {name}
version: "0"
title: Request as it was
status: active
purpose: Ask for blood tests.
policy: full
record: ServiceRequest
system: LIMS
invented-later-and-dropped: true
item:
  - {{linkId: urgency, text: How urgent, type: integer, min: 1, max: 3, required: true}}
  - {{linkId: test.esr, code: ESR, text: Sedimentation rate, type: boolean, fancy: word}}
"""
ANSWERS = SIGNED | {"urgency": "2", "test.esr": "true"}
PRESENT = "blood-sciences-request"


@pytest.fixture
def old(issue):
    """Serials of two old papers: one of a form that has changed since, one of a form that went."""
    return [issue(name, made=parse_form(OLD.format(name=name))) for name in (PRESENT, "gone")]


def test_the_screen_shows_the_fields_of_the_paper(vault, old):
    for serial in old:
        form = open_form.open_form(vault, serial).definition
        assert [item.text for item in form.items] == ["How urgent", "Sedimentation rate"]
        assert (form.version, form.title) == ("0", "Request as it was")
    assert "urgency" not in [item.link_id for item in load_form(PRESENT).fields()]


def test_its_own_fields_are_checked_and_those_of_the_new_version_refused(
    vault, settings, old, actor
):
    with pytest.raises(InvalidAnswersError) as refused:
        submit_checked(vault, settings, old[0], ANSWERS | {"urgency": "9", "reason": "x"}, actor)
    assert {p.key: p.sentence for p in refused.value.problems} == {
        "urgency": "How urgent: it is above 3; check the paper.",
        "reason": "This form has no field 'reason' to key.",
    }


def test_what_it_says_is_compared_and_accounted_for(
    vault, settings, old, actor, checker, outage, compare
):
    for serial in old:
        submit_checked(vault, settings, serial, ANSWERS, actor)
        see_through(vault, settings, serial, checker)
    compare()
    device.create_device(vault.home, vault.data_key, "K7", "records station")
    facts = [row.item.fact for row in fetch_items(vault.db, outage.id)]
    assert sorted(fact.serial for fact in facts) == sorted(old)
    assert {(fact.fields["code"], fact.title) for fact in facts} == {("ESR", "Sedimentation rate")}
    assert {note for fact in facts for note in fact.notes} == {("How urgent", "2")}
    made = completeness_statement.gather_statement(vault, settings)
    assert made.titles["gone"] == "Request as it was"


def test_an_import_is_read_by_the_fields_of_the_paper(vault, settings, old, actor):
    answers = [
        {"linkId": key, "answer": [{"valueString": text}]}
        for key, text in ANSWERS.items()
        if key not in ("urgency", "test.esr")
    ]
    answers.append({"linkId": "urgency", "answer": [{"valueInteger": 2}]})
    answers.append({"linkId": "test.esr", "answer": [{"valueBoolean": True}]})
    resource = {
        "resourceType": "QuestionnaireResponse",
        "identifier": {"value": old[1]},
        "status": "completed",
        "authored": "2026-11-02T14:00:00+00:00",
        "author": {"display": "Sam Okoro"},
        "item": answers,
    }
    entry, _ = import_responses.import_response(vault, settings, resource, actor)
    assert entry.answers["urgency"] == "2"
