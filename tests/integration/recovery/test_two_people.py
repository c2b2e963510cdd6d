"""Two people key the critical fields before anything is verified, whatever door it comes through."""

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from downtime.entry import (
    claims,
    double_keying,
    file_form,
    keying,
    retire_forms,
    send_back_entry,
    verify_entry,
)
from downtime.entry.import_responses import import_file
from downtime.entry.model import EntryState, SecondKeying, Task, VerificationBasis
from downtime.entry.open_form import get_entry, open_form
from downtime.entry.policies import has_enough_people
from downtime.entry.validation import InvalidAnswersError
from downtime.entry.write_response import dump_response, write_response
from downtime.errors import ConflictError, ForbiddenError
from downtime.paper import ledger, move_form
from downtime.settings import EntrySettings, Settings
from downtime.vault.model import Actor
from tests.integration.keying_steps import SAME_PERSON, asked, key_again, submit_checked

from .conftest import OBSERVED, PHONED

THIRD = Actor("u-3", "Cora Third", "laptop-1")


@pytest.fixture
def phoned(vault, settings, issue, actor):
    serial = issue("phoned-result")
    submit_checked(vault, settings, serial, PHONED, actor)
    return serial


def test_a_look_verifies_nothing_before_the_second_keying(vault, settings, phoned, checker):
    with pytest.raises(ConflictError, match="critical fields") as refused:
        verify_entry.verify_entry(vault, phoned, checker)
    assert refused.value.code == "entry.second-keying"
    assert get_entry(vault, phoned).state == EntryState.ENTERED
    assert ledger.get_form(vault, phoned).state == "keyed"
    assert key_again(vault, settings, phoned, checker).state == EntryState.VERIFIED


def test_who_typed_a_draft_keyed_it_whoever_enters_it(vault, settings, issue, actor, checker):
    """A colleague who only presses Enter has not read the paper: two others are needed."""
    serial = issue("phoned-result")
    keying.save_draft(vault, serial, PHONED, actor)
    submit_checked(vault, settings, serial, PHONED, checker)
    for person in (actor, checker):
        with pytest.raises(ForbiddenError, match="You keyed this form"):
            key_again(vault, settings, serial, person)
    entry = key_again(vault, settings, serial, THIRD)
    assert entry.waits != Task.KEY_AGAIN
    with pytest.raises(ForbiddenError):
        verify_entry.verify_entry(vault, serial, actor)


def test_who_typed_after_it_was_sent_back_keyed_it_too(vault, settings, phoned, actor, checker):
    send_back_entry.send_back(vault, phoned, THIRD, "wrong")
    keying.save_draft(vault, phoned, PHONED | {"value:1": "5.7"}, checker)
    submit_checked(vault, settings, phoned, PHONED | {"value:1": "5.7"}, THIRD)
    for person in (actor, checker, THIRD):
        with pytest.raises(ForbiddenError):
            key_again(vault, settings, phoned, person)


def test_what_was_imported_is_keyed_a_second_time_too(
    vault, settings, issue, actor, checker, tmp_path
):
    serial = issue("phoned-result")
    definition = open_form(vault, serial).definition
    keying.save_draft(vault, serial, PHONED, actor)
    draft = replace(get_entry(vault, serial), event="2026-11-02T14:00:00Z")
    resource = write_response(draft, definition, ZoneInfo(settings.site.time_zone))
    resource["item"].append(SAME_PERSON)
    path = tmp_path / "one.json"
    path.write_text(dump_response(resource))
    assert import_file(vault, settings, path, actor).imported == 1
    assert get_entry(vault, serial).waits == Task.KEY_AGAIN
    with pytest.raises(ConflictError, match="critical fields"):
        verify_entry.verify_entry(vault, serial, checker)


def test_a_decision_is_needed_for_every_disputed_field(vault, settings, phoned, actor, checker):
    wrong = asked(vault, settings, phoned, PHONED) | {"value:1": "5.1"}
    double_keying.submit_second_keying(vault, settings, phoned, wrong, checker)
    with pytest.raises(InvalidAnswersError, match="choose one"):
        double_keying.adjudicate_entry(vault, settings, phoned, {}, THIRD)
    for person in (actor, checker):
        with pytest.raises(ForbiddenError):
            double_keying.adjudicate_entry(vault, settings, phoned, {"value:1": "5.1"}, person)
    entry = double_keying.adjudicate_entry(vault, settings, phoned, {"value:1": "5.1"}, THIRD)
    assert entry.answers["value:1"] == "5.1"


def test_a_form_on_anothers_screen_is_neither_filed_nor_sent_back(
    vault, settings, issue, actor, checker
):
    serial = issue("observations")
    submit_checked(vault, settings, serial, OBSERVED, actor)
    claims.claim_form(vault, settings, serial, THIRD)
    with pytest.raises(ConflictError, match="on the screen"):
        send_back_entry.send_back(vault, serial, checker, "pulse misread")
    with pytest.raises(ConflictError, match="on the screen"):
        file_form.file_form(vault, settings, serial, checker)


def test_nothing_is_drafted_on_a_void_or_filed_form(vault, settings, issue, actor, checker):
    void, filed = issue("observations"), issue("progress-notes")
    retire_forms.void_form(vault, void, actor, "spoilt")
    move_form.mark_returned(vault, filed, actor)
    file_form.file_form(vault, settings, filed, actor)
    for serial in (void, filed):
        with pytest.raises(ConflictError, match="nothing is keyed"):
            keying.save_draft(vault, serial, {"pulse:1": "88"}, checker)


def test_the_policy_of_the_site_decides_what_is_filed_unkeyed(vault, issue, actor):
    site = Settings(entry=EntrySettings(policies={"progress-notes": "full"}))
    serial = issue("progress-notes")
    move_form.mark_returned(vault, serial, actor)
    with pytest.raises(ConflictError, match="not verified"):
        file_form.file_form(vault, site, serial, actor)


def test_an_entry_names_everybody_whom_its_state_needs(vault, settings, phoned, checker):
    entry = key_again(vault, settings, phoned, checker)
    second = SecondKeying(
        serial=phoned, answers={}, person=checker.id, name="", changed="", keyed="2026-11-02"
    )
    verified = replace(
        entry, state=EntryState.VERIFIED, verifier=THIRD.id, basis=VerificationBasis.COMPARED
    )
    assert has_enough_people(verified, second, is_critical=True)
    assert not has_enough_people(verified, None, is_critical=True)
    assert not has_enough_people(verified, replace(second, keyed=""), is_critical=True)
    same = replace(second, person=entry.transcriber)
    assert not has_enough_people(verified, same, is_critical=True)
    own = replace(verified, verifier=entry.transcriber)
    assert not has_enough_people(own, second, is_critical=True)
    decided = replace(verified, basis=VerificationBasis.ADJUDICATED, verifier=checker.id)
    assert not has_enough_people(decided, second, is_critical=True)
    unsampled = replace(verified, basis=VerificationBasis.UNSAMPLED, verifier="")
    assert not has_enough_people(unsampled, None, is_critical=True)
    assert has_enough_people(unsampled, None, is_critical=False)


@pytest.mark.parametrize("state", [EntryState.ENTERED, EntryState.ADJUDICATING])
@pytest.mark.parametrize("waits", [Task.COMPARE, Task.NONE])
def test_an_entry_from_elsewhere_does_not_choose_what_it_waits_for(
    vault, settings, phoned, state, waits
):
    claimed = replace(get_entry(vault, phoned), state=state, waits=waits)
    assert not has_enough_people(claimed, None, is_critical=True)
    honest = get_entry(vault, phoned)
    assert has_enough_people(honest, None, is_critical=True)
