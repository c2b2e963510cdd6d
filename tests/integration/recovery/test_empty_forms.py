"""A form entered empty is said to be empty, a second person confirms it, and the statement counts it."""

from dataclasses import replace

import pytest

from downtime.entry import confirm_empty, file_form, send_back_entry, verify_entry
from downtime.entry.empty_forms import has_answers
from downtime.entry.import_responses import import_response
from downtime.entry.keyed_answers import make_fact_reader
from downtime.entry.model import Emptiness, EntryState, Task
from downtime.entry.open_form import get_entry, open_form
from downtime.entry.policies import EmptyFormError, has_enough_people
from downtime.entry.store import entries
from downtime.entry.validation import InvalidAnswersError
from downtime.errors import ConflictError, ForbiddenError, InputError
from downtime.paper import ledger, move_form
from downtime.paper.model import Subject
from downtime.reconcile import find_items
from downtime.reconcile.compare import run_comparison
from downtime.reconcile.wording import explain
from downtime.vault.model import Actor
from tests.integration.keying_steps import SAME_PERSON, key_again, submit_checked

from .conftest import ANN, HOSPITAL, LATER, OBSERVED, PHONED, SIGNED

THIRD = Actor("u-3", "Cora Third", "laptop-1")
BLANK = Subject(downtime_number="DK700001X")
WHO = {"patient.name": "Hill, Ann", "patient.born": "1960-01-02", "patient.mrn": "H100"}


@pytest.fixture
def empty(vault, settings, issue, actor):
    """An observation chart of Ann Hill that is said to be empty."""
    serial = issue("observations")
    submit_checked(vault, settings, serial, SIGNED, actor, says_empty=True)
    return serial


def test_a_form_is_not_entered_empty_without_a_word(vault, settings, issue, actor):
    serial = issue("observations")
    with pytest.raises(EmptyFormError, match="beyond what was printed"):
        submit_checked(vault, settings, serial, SIGNED, actor)
    assert entries.fetch_entry(vault.db, serial) is None


@pytest.mark.parametrize("stroke", ["-", "—", " ", "- -", ".", "/", "--", "not written"])
def test_a_stroke_is_no_answer(vault, settings, issue, actor, stroke):
    serial = issue("microbiology-request")
    form = open_form(vault, serial, settings)
    texts = {k: stroke for i in form.keyed_items if i.type == "string" for k in i.answer_keys()}
    texts |= SIGNED
    with pytest.raises((EmptyFormError, InvalidAnswersError)):
        submit_checked(vault, settings, serial, texts, actor)
    entry = submit_checked(vault, settings, serial, texts, actor, says_empty=True)
    assert entry.emptiness == Emptiness.DECLARED


@pytest.mark.parametrize(
    "answers",
    [
        {"caller": "Jo Lab"},
        {"confirmed": "true"},
        {"caller": "??"},
        {"test:3": "+"},
        {"test:3": "None"},
    ],
)
def test_one_word_one_tick_one_scrawl_is_an_answer(vault, settings, issue, answers):
    form = open_form(vault, issue("phoned-result"), settings)
    assert has_answers(form, SIGNED | answers, {})


@pytest.mark.parametrize("word", ["N/A", "blank", "See paper."])
def test_a_word_that_says_nothing_is_no_answer_in_free_text(vault, settings, issue, word):
    form = open_form(vault, issue("phoned-result"), settings)
    assert not has_answers(form, SIGNED | {"caller": word}, {})


def test_who_it_is_about_is_no_answer_but_on_a_list_people_are(vault, settings, issue):
    chart = open_form(vault, issue("observations", BLANK), settings)
    assert not has_answers(chart, SIGNED | WHO, {})
    clinic = open_form(vault, issue("clinic-list", Subject()), settings)
    assert has_answers(clinic, SIGNED | {"patient:1": "Hill, Ann"}, {})


def test_what_was_printed_is_no_answer_and_what_was_written_over_it_is(vault, settings, issue):
    clinic = open_form(vault, issue("clinic-list", Subject()), settings)
    printed = {
        "name": "Fracture clinic", "patient:1": "HILL, Ann (Ms)", "born:1": "02-Jan-1960",
        "number:1": "H100", "time:1": "10:20", "date": "02-Nov-2026",
    }  # fmt: skip
    keyed = {
        "name": "Fracture clinic", "patient:1": "Hill, Ann (Ms)", "born:1": "1960-01-02",
        "number:1": "H 100", "time:1": "2026-11-02T10:20", "date": "2026-11-02",
    }  # fmt: skip
    assert not has_answers(clinic, SIGNED | keyed, printed)
    for key, other in {"born:1": "1961-01-02", "name": "Hand clinic", "room": "4"}.items():
        assert has_answers(clinic, SIGNED | keyed | {key: other}, printed)


def test_a_form_with_an_answer_cannot_be_called_empty(vault, settings, issue, actor):
    serial = issue("observations")
    with pytest.raises(InputError, match="has an answer"):
        submit_checked(vault, settings, serial, OBSERVED, actor, says_empty=True)


def test_an_empty_form_needs_no_answers_but_its_signature(vault, settings, issue, actor):
    serial = issue("discharge")
    entry = submit_checked(vault, settings, serial, SIGNED, actor, says_empty=True)
    assert (entry.state, entry.waits) == (EntryState.ENTERED, Task.CONFIRM_EMPTY)
    unsigned = {key: text for key, text in SIGNED.items() if key != "event.date"}
    with pytest.raises(InvalidAnswersError, match="Date"):
        submit_checked(vault, settings, issue("discharge"), unsigned, actor, says_empty=True)


def test_a_second_person_confirms_it_and_nobody_else(
    vault, settings, empty, outage, actor, checker
):
    assert ledger.get_form(vault, empty).state == "keyed"
    with pytest.raises(ForbiddenError, match="You keyed this form"):
        confirm_empty.confirm_empty(vault, settings, empty, actor)
    with pytest.raises(ConflictError, match="said to be empty"):
        verify_entry.verify_entry(vault, empty, checker)
    with pytest.raises(ConflictError, match="not verified"):
        file_form.file_form(vault, settings, empty, checker)
    entry = confirm_empty.confirm_empty(vault, settings, empty, checker)
    assert (entry.state, entry.basis, entry.confirmer_name) == ("verified", "empty", checker.name)
    with pytest.raises(ConflictError, match="does not wait"):
        confirm_empty.confirm_empty(vault, settings, empty, THIRD)


def test_empty_forms_are_counted_and_who_confirmed_them(
    vault, settings, issue, empty, outage, actor, checker
):
    submit_checked(vault, settings, issue("discharge"), SIGNED, actor, says_empty=True)
    confirm_empty.confirm_empty(vault, settings, empty, checker)
    figures = entries.count_figures(vault.db, outage.id)
    assert (figures["empty"], figures["empty_confirmed"]) == (2, 1)
    assert entries.count_confirmers(vault.db, outage.id) == {checker.name: 1}


def test_whose_it_is_is_keyed_a_second_time_before_it_counts(
    vault, settings, issue, actor, checker
):
    serial = issue("observations", BLANK)
    submit_checked(vault, settings, serial, SIGNED | WHO, actor, says_empty=True)
    entry = confirm_empty.confirm_empty(vault, settings, serial, checker)
    assert (entry.waits, set(entry.sample_keys)) == (Task.KEY_AGAIN, set(WHO))
    assert key_again(vault, settings, serial, checker).state == EntryState.VERIFIED


def test_an_empty_discharge_discharges_nobody(vault, settings, issue, outage, hold, actor, checker):
    """What the definition always says of a form, such as that it is a discharge, is not true of it."""
    serial = issue("discharge")
    submit_checked(vault, settings, serial, SIGNED, actor, says_empty=True)
    confirm_empty.confirm_empty(vault, settings, serial, checker)
    ((_, facts),) = make_fact_reader(vault, settings)([serial])
    assert [(fact.type, fact.fields.get("event")) for fact in facts] == [("Document", None)]
    assert facts[0].person.mrn == ANN.mrn
    hold(2, HOSPITAL, LATER)
    run_comparison.run_comparison(vault, settings, checker, "for a test")
    (row,) = find_items.list_items(vault, outage.id)
    assert not row.is_open
    assert "Nobody wrote an answer" in explain(row.item, None)


def test_sent_back_it_is_no_longer_empty(vault, settings, empty, actor, checker):
    send_back_entry.send_back(vault, empty, checker, "there is a pulse on page 2")
    assert get_entry(vault, empty).emptiness == Emptiness.NONE
    again = submit_checked(vault, settings, empty, OBSERVED, actor)
    assert again.waits == Task.KEY_AGAIN


def test_an_import_says_so_too_or_is_refused(vault, settings, issue, actor):
    serial = issue("observations")
    resource = {
        "resourceType": "QuestionnaireResponse",
        "status": "completed",
        "identifier": {"value": serial},
        "authored": "2026-11-02T14:00:00+00:00",
        "item": [
            SAME_PERSON,
            {"linkId": "author.name", "answer": [{"valueString": "Sam Okoro"}]},
            {"linkId": "author.role", "answer": [{"valueString": "Staff nurse"}]},
        ],
    }
    with pytest.raises(EmptyFormError):
        import_response(vault, settings, resource, actor)
    entry, _ = import_response(vault, settings, resource, actor, says_empty=True)
    assert entry.waits == Task.CONFIRM_EMPTY


def test_a_laptop_cannot_leave_out_the_second_person(vault, settings, empty, checker):
    entry = confirm_empty.confirm_empty(vault, settings, empty, checker)
    assert has_enough_people(entry, None, is_critical=False, is_empty=True)
    for change in (
        {"confirmer": ""},
        {"confirmer": entry.transcriber},
        {"emptiness": Emptiness.NONE},
        {"emptiness": Emptiness.DECLARED},
    ):
        assert not has_enough_people(
            replace(entry, **change), None, is_critical=False, is_empty=True
        )
    assert not has_enough_people(entry, None, is_critical=True, is_empty=True)
    assert not has_enough_people(entry, None, is_critical=False, is_empty=False)


def test_a_form_that_is_filed_as_a_picture_is_not_called_empty(vault, settings, issue, actor):
    serial = issue("progress-notes")
    move_form.mark_returned(vault, serial, actor)
    file_form.file_form(vault, settings, serial, actor)
    assert ledger.get_form(vault, serial).state == "filed"
    form = open_form(vault, issue("progress-notes"), settings)
    assert has_answers(form, SIGNED, {})
    assert has_answers(open_form(vault, issue("phoned-result"), settings), PHONED, {})
