"""Whatever form comes back can be keyed, exported, imported again and compared."""

import json
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from downtime.entry import keyed_form, open_form
from downtime.entry.fact_reader import find_facts
from downtime.entry.facts import PERSON_CHECK
from downtime.entry.plausibility.number_rules import find_limits
from downtime.entry.plausibility.time_rules import find_time_rule
from downtime.entry.read_response import read_response
from downtime.entry.validation import ValidatedAnswers, validate_answers
from downtime.entry.write_response import dump_response, write_response
from downtime.errors import InputError
from downtime.paper import ledger
from downtime.paper.forms.load_form import load_form, load_forms
from downtime.paper.forms.model import TimeRule
from downtime.paper.model import Subject
from tests.integration.keying_steps import submit_checked, submit_confirmed
from tests.integration.recovery.conftest import ANN, SIGNED

LONDON = ZoneInfo("Europe/London")
COMES_BACK = sorted(name for name, form in load_forms().items() if form.returns)
STAYS = sorted(name for name, form in load_forms().items() if not form.returns)
OF_ANN = {"nhs_number": "9990000018", "mrn": "H100", "birth_date": "1960-01-02"}
"""What a form that asks for these is filled in with: it was printed for Ann."""


_NUMBERS = {"systolic": "120", "diastolic": "70", "height": "170", "weight": "70", "inr": "2"}
"""Of what would not be possible with the least number that the field allows."""


def value(item):
    """An answer that the field allows, and that is possible; empty for a sum of others."""
    mapped = OF_ANN.get(item.maps.removeprefix("Patient."))
    if mapped and item.maps.startswith("Patient."):
        return mapped
    if item.maps in ("ward", "prior_ward"):
        return "A1"
    if item.soft and item.soft.dose:
        return "5 mg"
    if item.equals or item.covers:
        return "" if item.equals else "99"
    limits = find_limits(item)
    number = _NUMBERS.get(limits.name) if limits else None
    number = number or str(int(item.min if item.min is not None else 1))
    values = {
        "boolean": "true",
        "integer": number,
        "decimal": f"{number}.5" if item.max is None or float(number) < item.max else number,
        "quantity": number,
        "date": "2026-11-02",
        "time": "13:05",
        "dateTime": "2026-11-03T09:00"
        if find_time_rule(item) == TimeRule.COMING
        else "2026-11-02T13:05",
    }
    if item.options:
        return item.options[-1].code
    return values.get(item.type, "Some words, and more"[: item.max_length or None])


def filled(form):
    """Every field of a form, and the first two rows of every table."""
    return SIGNED | {
        key: value(item)
        for item in form.fields()
        if item.keyed
        for key in item.answer_keys()[:2]
        if key not in SIGNED and value(item)
    }


@pytest.mark.parametrize("name", COMES_BACK)
def test_a_full_form_is_keyed_and_its_export_reads_back(vault, settings, issue, actor, name):
    form = load_form(name)
    number = issue(name, ANN if form.identity else Subject())
    entry = submit_confirmed(vault, settings, number, filled(form), actor)
    repeating = {item.link_id: item.group for item in form.fields() if item.group}
    exported = json.loads(dump_response(write_response(entry, form, LONDON)), parse_float=Decimal)
    again = read_response(exported, repeating, LONDON)
    keyed = {key: text for key, text in entry.answers.items() if key != PERSON_CHECK}
    assert validate_answers(form, again.answers, LONDON, vault.clock()) == ValidatedAnswers(
        keyed, ()
    )


@pytest.mark.parametrize("name", COMES_BACK)
def test_a_full_form_says_what_happened_and_to_whom(vault, settings, issue, actor, name):
    form = load_form(name)
    number = issue(name, ANN if form.identity else Subject())
    entry = submit_confirmed(vault, settings, number, filled(form), actor)
    found = find_facts(
        form,
        entry.answers,
        keyed_form.make_base_fact(ledger.get_form(vault, number), entry),
        LONDON,
    )
    assert found
    assert len({fact.key for fact in found}) == len(found)
    assert all(fact.title for fact in found)
    if form.identity or form.each:
        assert {fact.person.mrn for fact in found} == {"H100"}


@pytest.mark.parametrize("name", STAYS)
def test_a_paper_that_stays_on_the_ward_is_not_keyed(vault, issue, name):
    with pytest.raises(InputError, match="Nothing is keyed"):
        open_form.open_form(vault, issue(name, Subject()))


def test_each_line_of_a_list_is_about_its_own_patient(vault, settings, issue, actor):
    number = issue("clinic-list", Subject())
    answers = SIGNED | {
        "name": "Fracture clinic", "date": "2026-11-02",
        "time:1": "09:30", "number:1": "H100", "attendance:1": "fulfilled",
        "time:3": "10:00", "number:3": "H200", "born:3": "02011960", "attendance:3": "noshow",
    }  # fmt: skip
    entry = submit_checked(vault, settings, number, answers, actor)
    form = load_form("clinic-list")
    found = find_facts(
        form,
        entry.answers,
        keyed_form.make_base_fact(ledger.get_form(vault, number), entry),
        LONDON,
    )
    said = [(f.type, f.person.mrn, f.fields["status"], f.fields["start"]) for f in found]
    assert said == [
        ("Appointment", "H100", "fulfilled", "2026-11-02T09:30:00Z"),
        ("Appointment", "H200", "noshow", "2026-11-02T10:00:00Z"),
    ]
    assert found[1].person.birth_date == "1960-01-02"
