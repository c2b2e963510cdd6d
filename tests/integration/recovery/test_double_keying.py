"""Blind double keying: agreed, decided by a third person, and never shown to the second."""

import pytest

from downtime.clock import to_text
from downtime.entry import (
    claims,
    double_keying,
    file_form,
    keying,
    open_form,
    quality,
    send_back_entry,
    verify_entry,
)
from downtime.entry.facts import AbsentReason
from downtime.entry.store import entries, second_keyings
from downtime.entry.validation import InvalidAnswersError
from downtime.errors import ConflictError, ForbiddenError
from downtime.paper import ledger, move_form
from downtime.paper.model import Subject
from downtime.settings import EntrySettings, Settings
from downtime.vault.model import Actor
from tests.integration.keying_steps import asked, key_again, submit_checked
from tests.integration.web.conftest import Clock

from .conftest import ADMITTED, BLOODS, OBSERVED, PHONED

THIRD = Actor("u-3", "Cora Third", "laptop-1")
BLANK = Subject(downtime_number="DK700001X")
CRITICAL = {key: PHONED[key] for key in ("checked", "value:1", "units:1")}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def rare(settings) -> Settings:
    """A site that has nothing but critical fields keyed again, however many may be wrong."""
    return Settings(entry=EntrySettings(sample_percent=0.0, max_error_percent=100.0))


@pytest.fixture
def phoned(vault, rare, issue, actor):
    """A phoned result, keyed once."""
    serial = issue("phoned-result")
    submit_checked(vault, rare, serial, PHONED, actor)
    return serial


def test_two_keyings_that_say_the_same_verify_the_form(vault, rare, phoned, checker):
    again = {**CRITICAL, "value:1": "6.1", "units:1": "MMOL/L"}
    entry = double_keying.submit_second_keying(vault, rare, phoned, again, checker)
    assert (entry.state, entry.basis, entry.verifier_name) == ("verified", "agreed", "Ben Records")
    assert ledger.get_form(vault, phoned).state == "verified"
    assert entry.answers["value:1"] == "6.10"


def test_the_second_person_is_shown_nothing_of_the_first(vault, rare, phoned, checker):
    form = double_keying.open_second_keying(vault, rare, phoned, checker)
    assert dict(form.answers) == {}
    keyed = {item.link_id for item in form.definition.fields() if item.keyed}
    assert {"value", "units", "checked"} <= keyed
    assert not {"test", "caller", "department"} & keyed
    double_keying.save_second_draft(vault, phoned, {"value:1": "6"}, checker)
    assert dict(double_keying.open_second_keying(vault, rare, phoned, checker).answers) == {
        "value:1": "6"
    }
    assert dict(double_keying.open_second_keying(vault, rare, phoned, THIRD).answers) == {}


def test_who_keyed_first_cannot_key_second(vault, rare, phoned, actor):
    with pytest.raises(ForbiddenError, match="somebody else"):
        double_keying.submit_second_keying(vault, rare, phoned, CRITICAL, actor)
    assert open_form.get_entry(vault, phoned).state == "entered"


def test_a_difference_goes_to_a_third_person_who_sees_both(vault, rare, phoned, actor, checker):
    wrong = {**CRITICAL, "value:1": "5.1"}
    assert (
        double_keying.submit_second_keying(vault, rare, phoned, wrong, checker).state
        == "adjudicating"
    )
    for hand in (actor, checker):
        with pytest.raises(ForbiddenError):
            double_keying.find_disputed_fields(vault, rare, phoned, hand)
    (dispute,) = double_keying.find_disputed_fields(vault, rare, phoned, THIRD)
    assert (dispute.key, dispute.first, dispute.second) == ("value:1", "6.10", "5.1")
    entry = double_keying.adjudicate_entry(vault, rare, phoned, {"value:1": "5.1"}, THIRD)
    assert (entry.state, entry.basis, entry.verifier_name) == (
        "verified",
        "adjudicated",
        "Cora Third",
    )
    assert entry.answers["value:1"] == "5.1"
    assert entry.answers["test:1"] == "Potassium"
    (past,) = entries.fetch_past(vault.db, phoned)
    assert past.answers["value:1"] == "6.10"
    found = quality.estimate_form(vault.db, rare, entry.outage, "phoned-result")
    assert (found.critical_errors, found.critical_fields) == (1, 3)


def test_a_dispute_cannot_be_settled_by_a_look(vault, rare, phoned, checker):
    double_keying.submit_second_keying(vault, rare, phoned, {**CRITICAL, "value:1": "5.1"}, checker)
    with pytest.raises(ConflictError, match="third person"):
        verify_entry.verify_entry(vault, phoned, THIRD)


def test_a_decision_has_to_pass_the_definition(vault, rare, issue, actor, checker):
    serial = issue("admission", BLANK)
    submit_checked(vault, rare, serial, ADMITTED, actor)
    keys = open_form.open_form(vault, serial, rare).critical_keys
    same = {key: ADMITTED[key] for key in keys if key in ADMITTED}
    double_keying.submit_second_keying(
        vault, rare, serial, {**same, "birth-date": "01031986"}, checker
    )
    with pytest.raises(InvalidAnswersError, match="not a date"):
        double_keying.adjudicate_entry(vault, rare, serial, {"birth-date": "yesterday"}, THIRD)
    entry = double_keying.adjudicate_entry(vault, rare, serial, {"birth-date": "01031985"}, THIRD)
    assert entry.answers["birth-date"] == "1985-03-01"


def test_in_the_sample_other_fields_are_keyed_again_too(vault, settings, issue, actor, checker):
    serial = issue("phoned-result")
    submit_checked(vault, settings, serial, PHONED, actor)
    wanted = set(open_form.open_form(vault, serial, settings).second_keys)
    assert {"caller", "test:1", "author.name"} <= wanted
    shown = double_keying.open_second_keying(vault, settings, serial, checker)
    assert (set(shown.second_keys), dict(shown.answers)) == (wanted, {})
    entry = key_again(vault, settings, serial, checker)
    assert (entry.state, entry.basis, entry.verifier) == ("verified", "agreed", checker.id)


def test_a_wrong_field_of_the_sample_goes_to_a_third_person(vault, settings, issue, actor, checker):
    serial = issue("observations")
    submit_checked(vault, settings, serial, OBSERVED | {"pulse:1": "98"}, actor)
    again = asked(vault, settings, serial, OBSERVED)
    entry = double_keying.submit_second_keying(vault, settings, serial, again, checker)
    assert entry.waits == "adjudicate"
    entry = double_keying.adjudicate_entry(vault, settings, serial, {"pulse:1": "88"}, THIRD)
    assert (entry.state, entry.answers["pulse:1"]) == ("verified", "88")
    rate = quality.estimate_form(vault.db, settings, entry.outage, "observations")
    assert (rate.forms, rate.errors, rate.fields) == (1, 1, len(OBSERVED))


def test_sent_back_is_keyed_twice_anew_and_what_both_said_is_kept(
    vault, rare, phoned, actor, checker
):
    double_keying.submit_second_keying(vault, rare, phoned, {**CRITICAL, "value:1": "5.1"}, checker)
    send_back_entry.send_back(vault, phoned, THIRD, "wrong paper")
    assert second_keyings.fetch(vault.db, phoned) is None
    said = {past.state: past.answers["value:1"] for past in entries.fetch_past(vault.db, phoned)}
    assert said == {"adjudicating": "6.10", "key-again": "5.1"}
    again = submit_checked(vault, rare, phoned, PHONED, actor)
    assert (again.waits, again.sampled) == ("key-again", 1)


def test_what_was_corrected_counts_as_wrong(vault, settings, issue, actor, checker):
    serial = issue("observations")
    outage = submit_checked(vault, settings, serial, OBSERVED, actor).outage
    send_back_entry.send_back(vault, serial, checker, "pulse misread")
    submit_checked(vault, settings, serial, OBSERVED | {"pulse:1": "98"}, actor)
    key_again(vault, settings, serial, checker)
    found = quality.estimate_form(vault.db, settings, outage, "observations")
    assert (found.forms, found.fields, found.errors) == (1, 1, 1)
    assert found.sample_percent == 100


def test_each_field_that_a_second_person_keyed_counts_once(vault, settings, issue, actor, checker):
    serial = issue("phoned-result")
    entry = submit_checked(vault, settings, serial, PHONED, actor)
    keys = set(open_form.open_form(vault, serial, settings).critical_keys)
    key_again(vault, settings, serial, checker)
    verify_entry.verify_entry(vault, serial, THIRD)
    found = quality.estimate_form(vault.db, settings, entry.outage, "phoned-result")
    critical = sum(key in keys for key in PHONED)
    assert found.critical_fields == critical > 0
    assert found.fields == len(PHONED) - critical


def test_a_form_keyed_anew_counts_as_it_was_keyed_first(vault, settings, issue, actor, checker):
    serial = issue("phoned-result")
    entry = submit_checked(vault, settings, serial, {**PHONED, "value:1": "5.1"}, actor)
    send_back_entry.send_back(vault, serial, checker, "the value is misread")
    submit_checked(vault, settings, serial, PHONED, actor)
    key_again(vault, settings, serial, checker)
    found = quality.estimate_form(vault.db, settings, entry.outage, "phoned-result")
    assert (found.critical_errors, found.errors) == (1, 0)
    assert found.fields == len(PHONED) - len(CRITICAL)


def test_nothing_critical_and_not_in_the_sample_is_accepted_and_can_still_be_compared(
    vault, rare, issue, actor, checker
):
    serial = issue("observations")
    entry = submit_checked(vault, rare, serial, OBSERVED, actor)
    assert (entry.state, entry.basis, entry.verifier) == ("verified", "unsampled", "")
    assert ledger.get_form(vault, serial).state == "verified"
    with pytest.raises(ForbiddenError):
        verify_entry.verify_entry(vault, serial, actor)
    assert verify_entry.verify_entry(vault, serial, checker).basis == "compared"


def test_a_form_on_somebodys_screen_is_not_saved_by_another(vault, settings, issue, actor, checker):
    serial = issue("observations")
    assert claims.claim_form(vault, settings, serial, actor).is_of(actor)
    assert claims.claim_form(vault, settings, serial, checker).name == actor.name
    for save in (
        lambda: keying.save_draft(vault, serial, {"pulse:1": "1"}, checker),
        lambda: submit_checked(vault, settings, serial, OBSERVED, checker),
    ):
        with pytest.raises(ConflictError, match=f"{actor.name} has this form"):
            save()
    keying.save_draft(vault, serial, {"pulse:1": "88"}, actor)
    assert submit_checked(vault, settings, serial, OBSERVED, actor).state == "entered"
    assert claims.find_claim(vault, serial) is None


def test_an_idle_form_is_free_and_what_was_typed_is_kept(
    vault, settings, issue, actor, checker, clock
):
    serial = issue("observations")
    claims.claim_form(vault, settings, serial, actor)
    keying.save_draft(vault, serial, {"pulse:1": "88"}, actor)
    clock.go_on(minutes=settings.entry.idle_minutes + 1)
    claim = claims.claim_form(vault, settings, serial, checker)
    assert claim.is_of(checker)
    assert claim.since == to_text(clock())
    assert dict(open_form.open_form(vault, serial).answers) == {"pulse:1": "88"}
    keying.save_draft(vault, serial, {"pulse:1": "89"}, checker)
    with pytest.raises(ConflictError, match="Ben Records"):
        keying.save_draft(vault, serial, {"pulse:1": "90"}, actor)
    (past,) = entries.fetch_past(vault.db, serial)
    assert (past.answers, past.transcriber) == ({"pulse:1": "88"}, actor.id)


def test_what_cannot_be_read_is_an_answer_of_its_own(vault, settings, issue, actor):
    serial = issue("blood-sciences-request")
    given = BLOODS | {"requester": "??", "reason": "--", "priority": "illegible"}
    entry = submit_checked(vault, settings, serial, given, actor)
    assert entry.answers["requester"] == AbsentReason.ILLEGIBLE
    assert entry.answers["reason"] == AbsentReason.NOT_WRITTEN
    assert entry.answers["priority"] == AbsentReason.ILLEGIBLE
    with pytest.raises(InvalidAnswersError, match="ask the ward"):
        submit_checked(
            vault, settings, issue("observations"), OBSERVED | {"event.time": "??"}, actor
        )


def test_a_hand_that_cannot_be_read_names_nobody_as_author(vault, settings, issue, actor):
    serial = issue("blood-sciences-request")
    entry = submit_checked(vault, settings, serial, BLOODS | {"author.name": "??"}, actor)
    assert (entry.author, entry.answers["author.name"]) == ("", AbsentReason.ILLEGIBLE)


def test_a_site_keys_only_the_minimum_of_a_form(vault, issue, actor):
    site = Settings(entry=EntrySettings(policies={"blood-sciences-request": "part"}))
    serial = issue("blood-sciences-request")
    with pytest.raises(InvalidAnswersError) as refused:
        submit_checked(vault, site, serial, BLOODS | {"contact": "bleep 21"}, actor)
    assert [p.sentence for p in refused.value.problems] == [
        "This form has no field 'contact' to key."
    ]
    assert submit_checked(vault, site, serial, BLOODS, actor).state == "entered"


def test_a_site_files_a_form_as_a_picture(vault, issue, actor):
    site = Settings(entry=EntrySettings(policies={"blood-sciences-request": "scan"}))
    serial = issue("blood-sciences-request")
    move_form.mark_returned(vault, serial, actor)
    file_form.file_form(vault, site, serial, actor)
    assert ledger.get_form(vault, serial).state == "filed"
