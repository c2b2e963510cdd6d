"""Keying a form: checked by its definition, verified by another person, sent back with a reason."""

import pytest

from downtime.entry import file_form, keying, open_form, retire_forms, send_back_entry, verify_entry
from downtime.entry.store import entries
from downtime.entry.validation import InvalidAnswersError
from downtime.errors import ConflictError, ForbiddenError, InputError, NotFoundError
from downtime.paper import ledger, move_form, serials
from downtime.paper.model import Subject
from downtime.vault.audit import verify_chain as verify_audit
from tests.integration.keying_steps import see_through, submit_checked

from .conftest import ADMITTED, BLOODS, OBSERVED, SIGNED

BLANK = Subject(downtime_number="DK700001X")


def state(vault, serial):
    return ledger.get_form(vault, serial).state


def test_a_form_goes_from_paper_to_verified_and_the_ledger_goes_along(
    vault, settings, issue, actor, checker
):
    serial = issue("blood-sciences-request")
    entry = submit_checked(
        vault, settings, f"{serial[:2]}-{serial[2:8]}-{serial[8:]}", BLOODS, actor
    )
    assert (entry.state, state(vault, serial)) == ("entered", "keyed")
    assert (entry.event, entry.entered) == ("2026-11-02T14:00:00Z", "2026-11-02T14:30:00Z")
    assert (entry.author, entry.transcriber_name) == ("Sam Okoro", "Amina Ward")
    done = see_through(vault, settings, serial, checker)
    assert (done.state, state(vault, serial)) == ("verified", "verified")
    file_form.file_form(vault, settings, serial, checker)
    assert state(vault, serial) == "filed"
    assert verify_audit(vault.db).first_bad is None


def test_who_keyed_it_cannot_verify_it(vault, settings, issue, actor):
    serial = issue("blood-sciences-request")
    submit_checked(vault, settings, serial, BLOODS, actor)
    with pytest.raises(ForbiddenError, match="somebody else"):
        verify_entry.verify_entry(vault, serial, actor)
    assert (open_form.get_entry(vault, serial).state, state(vault, serial)) == ("entered", "keyed")


def test_every_field_at_fault_gets_one_sentence_and_nothing_is_kept(vault, settings, issue, actor):
    serial = issue("observations")
    wrong = OBSERVED | {
        "pulse:1": "8800",
        "taken:2": "32/13/26 2500",
        "consciousness:2": "asleep",
        "nonsense": "1",
        "author.name": "",
        "total:1": "3",
    }
    with pytest.raises(InvalidAnswersError) as refused:
        submit_checked(vault, settings, serial, wrong, actor)
    sentences = {p.key: p.sentence for p in refused.value.problems}
    assert sentences == {
        "pulse:1": "Pulse (row 1): it is above 300; check the paper.",
        "taken:2": (
            "Date and time (row 2): it is not a date and time; "
            "type it like 02/11/26 14:30 or 021126 1430."
        ),
        "consciousness:2": (
            "Consciousness (row 2): it is not one of the answers on the form (Alert, New "
            "confusion, Responds to voice, Responds to pain, Unresponsive)."
        ),
        "author.name": "Printed name: fill it in; the form requires it.",
        "nonsense": "This form has no field 'nonsense' to key.",
        "total:1": "This form has no field 'total:1' to key.",
    }
    assert "8800" not in str(refused.value)
    assert entries.fetch_entry(vault.db, serial) is None
    assert state(vault, serial) == "issued"


def test_a_row_that_is_used_needs_its_required_fields_and_others_do_not(
    vault, settings, issue, actor
):
    serial = issue("observations")
    with pytest.raises(InvalidAnswersError) as refused:
        submit_checked(vault, settings, serial, OBSERVED | {"pulse:5": "77"}, actor)
    assert [p.key for p in refused.value.problems] == ["taken:5"]


@pytest.mark.parametrize("answer", ["2026-11-02T13:00", "021126 1300", "2/11/26 13:00", "1300"])
def test_times_are_typed_as_people_write_them(vault, settings, issue, actor, answer):
    serial = issue("observations")
    given = SIGNED | {
        "taken:1": answer,
        "pulse:1": "88",
        "event.date": "021126",
        "event.time": "1400",
    }
    entry = submit_checked(vault, settings, serial, given, actor)
    assert entry.answers["taken:1"] == "2026-11-02T13:00"
    assert (entry.answers["event.date"], entry.answers["event.time"]) == ("2026-11-02", "14:00")


def test_an_event_in_the_future_is_refused(vault, settings, issue, actor):
    serial = issue("blood-sciences-request")
    with pytest.raises(InvalidAnswersError, match="lies in the future"):
        submit_checked(vault, settings, serial, BLOODS | {"event.time": "15:00"}, actor)


def test_a_number_that_is_not_the_printed_patients_is_refused(vault, settings, issue, actor):
    serial = issue("blood-sciences-request")
    with pytest.raises(InvalidAnswersError, match="may be about somebody else"):
        submit_checked(vault, settings, serial, BLOODS | {"patient.nhs": "999 000 0026"}, actor)
    same = BLOODS | {"patient.nhs": "999 000 0018", "patient.mrn": "h-100"}
    assert submit_checked(vault, settings, serial, same, actor).state == "entered"


def test_a_blank_takes_who_it_is_about_from_what_was_keyed(vault, settings, issue, actor):
    serial = issue("admission", BLANK)
    given = ADMITTED | {"nhs": "999 000 0026"}
    assert submit_checked(vault, settings, serial, given, actor).answers["nhs"] == "9990000026"


def test_an_nhs_number_with_a_slip_is_refused(vault, settings, issue, actor):
    serial = issue("admission", BLANK)
    with pytest.raises(InvalidAnswersError, match="not a valid NHS number"):
        submit_checked(vault, settings, serial, ADMITTED | {"nhs": "9990000027"}, actor)


def test_a_draft_is_kept_as_typed_and_goes_on_later(vault, settings, issue, actor):
    serial = issue("blood-sciences-request")
    keying.save_draft(vault, serial, {"reason": "Blee", "priority": ""}, actor)
    form = open_form.open_form(vault, serial)
    assert form.answers == {"reason": "Blee"}
    assert (form.entry.state, form.issued.state) == ("draft", "issued")
    submit_checked(vault, settings, serial, BLOODS, actor)
    with pytest.raises(ConflictError, match="already entered"):
        keying.save_draft(vault, serial, {}, actor)


def test_sent_back_keeps_what_was_said_and_who_sent_it(vault, settings, issue, actor, checker):
    serial = issue("blood-sciences-request")
    submit_checked(vault, settings, serial, BLOODS, actor)
    see_through(vault, settings, serial, checker)
    with pytest.raises(InputError, match="reason"):
        send_back_entry.send_back(vault, serial, checker, " ")
    back = send_back_entry.send_back(vault, serial, checker, "wrong test ticked")
    assert (back.state, back.corrections, state(vault, serial)) == ("draft", 1, "returned")
    past, second = entries.fetch_past(vault.db, serial)
    assert (second.state, second.transcriber) == ("key-again", checker.id)
    assert (past.state, past.reason, past.answers["test.ue"]) == (
        "verified",
        "wrong test ticked",
        "true",
    )
    again = {key: text for key, text in BLOODS.items() if key != "test.ue"}
    assert "test.ue" not in submit_checked(vault, settings, serial, again, actor).answers


@pytest.mark.parametrize("fate", [retire_forms.void_form, retire_forms.mark_lost])
def test_a_void_or_lost_form_cannot_be_keyed(vault, settings, issue, actor, fate):
    serial = issue("blood-sciences-request")
    fate(vault, serial, actor, "torn")
    with pytest.raises(ConflictError):
        submit_checked(vault, settings, serial, BLOODS, actor)
    assert entries.fetch_entry(vault.db, serial) is None


def test_a_form_kept_as_a_picture_may_be_filed_without_keying(vault, settings, issue, actor):
    serial = issue("progress-notes")
    move_form.mark_returned(vault, serial, actor)
    file_form.file_form(vault, settings, serial, actor)
    assert state(vault, serial) == "filed"


def test_a_form_keyed_by_policy_is_not_filed_before_it_is_verified(vault, settings, issue, actor):
    serial = issue("blood-sciences-request")
    move_form.mark_returned(vault, serial, actor)
    with pytest.raises(ConflictError, match="not verified"):
        file_form.file_form(vault, settings, serial, actor)


def test_unknown_serials_say_what_to_do(vault, settings, actor):
    with pytest.raises(NotFoundError):
        open_form.open_form(vault, serials.make_serial("K7", 999))
    with pytest.raises(InputError, match="not a serial"):
        open_form.open_form(vault, "K7-000001")
