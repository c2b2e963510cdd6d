"""Implausible answers: refused or confirmed at every door, kept with their reason, unseen by the second."""

import json
from dataclasses import replace

import pytest

from downtime.entry import (
    confirm_entry,
    double_keying,
    keying,
    open_form,
    send_back_entry,
    verify_entry,
    work_queues,
)
from downtime.entry.confirm_policies import parse_reason
from downtime.entry.import_responses import import_file
from downtime.entry.model import Task
from downtime.entry.plausibility.model import ConfirmReason, ConfirmRequest, Rule
from downtime.entry.store import entries, second_keyings
from downtime.entry.validation import InvalidAnswersError, ProblemKind
from downtime.entry.work_queues import QueueFilter
from downtime.errors import ConflictError, ForbiddenError, InputError
from downtime.paper.model import Subject
from downtime.settings import EntrySettings
from downtime.vault.model import Actor
from tests.integration.keying_steps import (
    SAME_PERSON,
    confirm_all,
    key_again,
    see_through,
    submit_checked,
    submit_confirmed,
)

from .conftest import ADMITTED, ANN, OBSERVED, PHONED, SIGNED

FAST = OBSERVED | {"pulse:1": "150"}
HIGH = PHONED | {"value:1": "6.8"}
THIRD = Actor("u-3", "Cora Third", "laptop-1")
BLANK = Subject(downtime_number="DK700001X")


@pytest.fixture
def rare(settings):
    """Nothing is compared but what is critical, or was confirmed."""
    return replace(settings, entry=EntrySettings(sample_percent=0.0, max_error_percent=100.0))


def refused(vault, settings, serial, answers, actor, **options):
    """What a submission says is wrong, by field."""
    with pytest.raises(InvalidAnswersError) as error:
        submit_checked(vault, settings, serial, answers, actor, **options)
    return {problem.key: problem for problem in error.value.problems}


def test_an_impossible_value_is_refused_whatever_reason_is_sent(vault, settings, issue, actor):
    serial = issue("observations")
    late = OBSERVED | {"taken:2": "2026-11-09T14:00"}
    problem = refused(vault, settings, serial, late, actor)["taken:2"]
    assert problem.kind == ProblemKind.REFUSED
    assert "lies in the future" in problem.sentence
    why = {"taken:2": ConfirmRequest(frozenset([problem.token]), ConfirmReason.ON_PAPER)}
    assert "taken:2" in refused(vault, settings, serial, late, actor, confirmed=why)
    assert entries.fetch_entry(vault.db, serial) is None


def test_an_unusual_value_is_asked_and_kept_with_its_reason(vault, settings, issue, actor, checker):
    serial = issue("observations")
    problem = refused(vault, settings, serial, FAST, actor)["pulse:1"]
    assert problem.kind == ProblemKind.ASKED
    assert "above 130" in problem.sentence
    assert "150" not in problem.sentence
    why = ConfirmRequest(frozenset([problem.token]), ConfirmReason.AUTHOR_ASKED, " on  the ward ")
    entry = submit_checked(vault, settings, serial, FAST, actor, confirmed={"pulse:1": why})
    (confirmation,) = entries.fetch_entry(vault.db, serial).confirmations
    assert confirmation.rule == Rule.UNUSUAL
    assert (confirmation.key, confirmation.value, confirmation.limit) == ("pulse:1", "150", "> 130")
    assert (confirmation.reason, confirmation.note) == ("author-asked", "on the ward")
    assert (confirmation.person, confirmation.at) == (actor.id, entry.entered)
    (audited,) = vault.db.query("SELECT * FROM audit WHERE action = 'entry.confirm'")
    assert (audited["actor"], audited["target"]) == (actor.id, serial)
    assert audited["why"] == "pulse:1 unusual (author-asked)"  # and no value


def test_who_confirms_says_so_of_what_they_saw(vault, settings, issue, actor):
    """The value is changed after the page asked: the old confirmation does not cover the new one."""
    serial = issue("observations")
    problem = refused(vault, settings, serial, FAST, actor)["pulse:1"]
    why = {"pulse:1": ConfirmRequest(frozenset([problem.token]), ConfirmReason.ON_PAPER)}
    worse = OBSERVED | {"pulse:1": "250"}
    assert refused(vault, settings, serial, worse, actor, confirmed=why)["pulse:1"].token != (
        problem.token
    )


def test_another_reason_needs_words(vault, settings, issue, actor):
    serial = issue("observations")
    problem = refused(vault, settings, serial, FAST, actor)["pulse:1"]
    why = ConfirmRequest(frozenset([problem.token]), ConfirmReason.OTHER, "  ")
    with pytest.raises(InputError, match="needs words"):
        submit_checked(vault, settings, serial, FAST, actor, confirmed={"pulse:1": why})
    with pytest.raises(InputError, match="no such reason"):
        parse_reason("because")


def test_what_was_confirmed_is_always_seen_by_a_second_person(vault, rare, issue, actor):
    assert submit_checked(vault, rare, issue("observations"), OBSERVED, actor).waits == ""
    entry = submit_confirmed(vault, rare, issue("observations"), FAST, actor)
    assert entry.waits == Task.COMPARE


def test_what_the_second_did_not_key_is_looked_at_when_it_was_confirmed(
    vault, rare, issue, actor, checker
):
    """The volume of a unit that is not critical here: keyed twice is only what is."""
    serial = issue("blood-unit-fate")
    unit = SIGNED | {
        "donation:1": "G1", "component:1": "Red cells", "fate:1": "transfused", "by:1": "Sam",
        "fate-at:1": "2026-11-02T13:00",
    }  # fmt: skip
    submit_checked(vault, rare, serial, unit, actor)
    assert key_again(vault, rare, serial, checker).waits == ""
    again = issue("blood-unit-fate")
    early = unit | {"donation:1": "G2", "event.date": "2026-11-02", "event.time": "12:00",
                    "fate-at:1": "2026-11-02T12:40"}  # fmt: skip
    entry = submit_confirmed(vault, rare, again, early, actor)
    assert [confirmation.key for confirmation in entry.confirmations] == ["event.date"]
    assert key_again(vault, rare, again, checker).waits == Task.COMPARE


def test_a_refusal_loses_nothing_that_was_kept(vault, settings, issue, actor):
    serial = issue("observations")
    keying.save_draft(vault, serial, FAST, actor)
    refused(vault, settings, serial, FAST, actor)
    assert open_form.open_form(vault, serial).answers == FAST


def test_what_is_keyed_anew_is_asked_only_where_it_changed(vault, settings, issue, actor, checker):
    serial = issue("observations")
    answers = FAST | {"temperature:2": "41.0"}
    submit_confirmed(vault, settings, serial, answers, actor)
    send_back_entry.send_back(vault, serial, checker, "temperature misread")
    (past,) = entries.fetch_past(vault.db, serial)
    assert {confirmation.key for confirmation in past.confirmations} == {"pulse:1", "temperature:2"}
    problems = refused(vault, settings, serial, FAST | {"temperature:2": "42.0"}, actor)
    assert problems.keys() == {"temperature:2"}
    entry = submit_checked(vault, settings, serial, FAST | {"temperature:2": "38.0"}, actor)
    assert [confirmation.key for confirmation in entry.confirmations] == ["pulse:1"]


# The second keying


def test_the_second_sees_neither_the_first_value_nor_that_it_was_asked(
    vault, rare, issue, actor, checker
):
    serial = issue("insulin")
    answers = SIGNED | {
        "taken:1": "2026-11-02T13:05", "given:1": "Novorapid", "dose:1": "51", "glucose:1": "30",
    }  # fmt: skip
    submit_confirmed(vault, rare, serial, answers, actor)
    shown = double_keying.open_second_keying(vault, rare, serial, checker)
    assert (dict(shown.answers), shown.entry.confirmations) == ({}, ())
    critical = {"given:1": "Novorapid", "dose:1": "51", "glucose:1": "13"}
    with pytest.raises(InvalidAnswersError) as asked:
        double_keying.submit_second_keying(vault, rare, serial, critical, checker)
    assert [problem.key for problem in asked.value.problems] == ["dose:1"]  # their own, not 30
    entry = double_keying.submit_second_keying(
        vault, rare, serial, critical, checker, confirmed=confirm_all(asked.value)
    )
    assert entry.waits == Task.ADJUDICATE
    second = second_keyings.fetch(vault.db, serial)
    assert [confirmation.person for confirmation in second.confirmations] == [checker.id]


def test_the_second_is_asked_about_the_same_whatever_the_first_did(
    vault, rare, issue, actor, checker
):
    base = SIGNED | {"taken:1": "2026-11-02T13:05", "given:1": "Novorapid", "dose:1": "12"}
    sentences = []
    for glucose in ("7", "30"):
        serial = issue("insulin", Subject(patient=f"p-{glucose}"))
        submit_confirmed(vault, rare, serial, base | {"glucose:1": glucose}, actor)
        second = {"given:1": "Novorapid", "dose:1": "12", "glucose:1": "26"}
        with pytest.raises(InvalidAnswersError) as asked:
            double_keying.submit_second_keying(vault, rare, serial, second, checker)
        sentences.append([problem.sentence for problem in asked.value.problems])
    assert sentences[0] == sentences[1] != []


def test_what_a_third_person_decides_is_judged_too(vault, rare, issue, actor, checker):
    serial = issue("phoned-result")
    submit_checked(vault, rare, serial, PHONED, actor)
    critical = {"checked": "mrn", "value:1": "6.8", "units:1": "mmol/L"}
    double_keying.submit_second_keying(vault, rare, serial, critical, checker)
    with pytest.raises(InvalidAnswersError, match="at least 6.5") as asked:
        double_keying.adjudicate_entry(vault, rare, serial, {"value:1": "6.8"}, THIRD)
    with pytest.raises(InvalidAnswersError, match="not possible"):
        double_keying.adjudicate_entry(vault, rare, serial, {"value:1": "68"}, THIRD)
    entry = double_keying.adjudicate_entry(
        vault, rare, serial, {"value:1": "6.8"}, THIRD, confirmed=confirm_all(asked.value)
    )
    assert [confirmation.person for confirmation in entry.confirmations] == [THIRD.id]


# What is kept although it is implausible: imports and bundles of laptops


def response(serial, answers):
    rows = [{"linkId": key, "answer": [{"valueString": text}]} for key, text in answers.items()]
    return {
        "resourceType": "QuestionnaireResponse", "status": "completed",
        "identifier": {"value": serial}, "item": [SAME_PERSON, *rows],
    }  # fmt: skip


@pytest.fixture
def imported(vault, settings, issue, actor, tmp_path):
    """`imported(answers, …)`: each is a phoned result in one file; the report, and their serials."""

    def load(*sheets):
        serials = [issue("phoned-result") for _ in sheets]
        path = tmp_path / "responses.json"
        resources = [response(s, a) for s, a in zip(serials, sheets, strict=True)]
        path.write_text(json.dumps(resources))
        return import_file(vault, settings, path, actor), serials

    return load


def test_an_import_is_refused_or_waits_to_be_confirmed(vault, imported):
    report, (good, high, wrong) = imported(PHONED, HIGH, PHONED | {"value:1": "68"})
    assert (report.imported, report.to_confirm, len(report.problems)) == (2, 1, 1)
    assert "not possible" in report.problems[0].sentences[0]
    waits = {serial: open_form.get_entry(vault, serial).waits for serial in (good, high)}
    assert waits == {good: Task.KEY_AGAIN, high: Task.CONFIRM}
    assert entries.fetch_entry(vault.db, wrong) is None


def test_until_it_is_confirmed_nobody_goes_on_with_it(vault, settings, imported, checker):
    _, (serial,) = imported(HIGH)
    with pytest.raises(ConflictError, match="not confirmed"):
        verify_entry.verify_entry(vault, serial, checker)
    with pytest.raises(ConflictError, match="does not wait"):
        double_keying.open_second_keying(vault, settings, serial, checker)
    waiting = work_queues.list_waiting(vault, settings, QueueFilter(Task.CONFIRM), checker)
    assert [form.serial for form in waiting] == [serial]


def test_who_confirms_an_import_cannot_key_it_blind(vault, settings, imported, actor, checker):
    _, (serial,) = imported(HIGH)
    form, (finding,) = confirm_entry.list_to_confirm(vault, settings, serial)
    assert (finding.key, finding.rule, form.answers["value:1"]) == ("value:1", "unusual", "6.8")
    with pytest.raises(InvalidAnswersError, match="at least 6.5"):
        confirm_entry.confirm_entry(vault, settings, serial, {}, checker)
    why = {"value:1": ConfirmRequest(frozenset([finding.token]), ConfirmReason.ON_PAPER)}
    entry = confirm_entry.confirm_entry(vault, settings, serial, why, checker)
    assert (entry.waits, entry.confirmations[0].person) == (Task.KEY_AGAIN, checker.id)
    assert audit_actions(vault)[-1] == ("entry.confirm", checker.id)
    with pytest.raises(ForbiddenError, match="seen what was keyed"):
        double_keying.open_second_keying(vault, settings, serial, checker)
    with pytest.raises(ForbiddenError, match="seen what was keyed"):
        key_again(vault, settings, serial, checker)
    assert see_through(vault, settings, serial, THIRD).state == "verified"


def audit_actions(vault):
    rows = vault.db.execute("SELECT action, actor FROM audit ORDER BY seq").fetchall()
    return [tuple(row) for row in rows]


def test_what_became_impossible_is_sent_back_never_confirmed(
    vault, settings, imported, keyed, checker
):
    """A death is keyed while an import waits: its observations at the bedside came after it."""
    _, (serial,) = imported(HIGH)
    entry = open_form.get_entry(vault, serial)
    with vault.change(checker, "entry.submit") as db:
        entries.save_entry(db, replace(entry, answers=entry.answers | {"value:1": "68"}))
    with pytest.raises(ConflictError, match="not possible"):
        confirm_entry.confirm_entry(vault, settings, serial, {}, checker)
    assert send_back_entry.send_back(vault, serial, checker, "misread").state == "draft"


# The patient's other forms, stay and wards, as they are read from the vault


def test_observed_at_two_after_a_discharge_at_half_past_ten(vault, settings, issue, actor, keyed):
    left = SIGNED | {
        "left": "2026-11-02T12:40", "outcome": "advised", "ward": "A1", "diagnosis": "Fever",
        "follow-up": "None",
    }  # fmt: skip
    discharge = keyed("discharge", left)
    serial = issue("observations")
    problems = refused(vault, settings, serial, OBSERVED | {"taken:2": "2026-11-02T14:00"}, actor)
    assert problems.keys() == {"taken:2"}
    assert discharge[:2] in problems["taken:2"].sentence
    assert problems["taken:2"].kind == ProblemKind.ASKED
    other = issue("observations", Subject(patient="p-bob", mrn="H200", family="Stone"))
    assert submit_checked(vault, settings, other, OBSERVED, actor).state == "entered"


def test_a_form_of_the_same_downtime_number_is_the_same_patients(
    vault, settings, issue, actor, keyed
):
    keyed("admission", ADMITTED, BLANK)
    move = SIGNED | {
        "left": "2026-11-02T13:30", "kind": "ward", "from-ward": "A1", "to-ward": "B2",
    }  # fmt: skip
    problem = refused(vault, settings, issue("transfer", BLANK), move, actor)["left"]
    assert (problem.kind, "very same time" in problem.sentence) == (ProblemKind.REFUSED, True)


def test_the_stay_and_the_wards_are_those_of_the_snapshot(vault, settings, issue, actor):
    long_before = OBSERVED | {"taken:1": "2026-10-30T13:00"}
    problems = refused(vault, settings, issue("observations"), long_before, actor)
    assert "admission on 01-Nov-2026 08:00" in problems["taken:1"].sentence
    move = SIGNED | {
        "left": "2026-11-02T13:30", "kind": "ward", "from-ward": "B2", "to-ward": "Z9",
    }  # fmt: skip
    problems = refused(vault, settings, issue("transfer"), move, actor)
    assert (problems["to-ward"].kind, problems["from-ward"].kind) == ("refused", "asked")
    assert "ward A1" in problems["from-ward"].sentence


def test_a_paper_of_somebody_else_is_not_held_against_whom_it_was_printed_for(
    vault, settings, issue, actor
):
    """Printed for Ann, who was admitted yesterday; the paper names Bob, of whom nothing is known here."""
    early = OBSERVED | {"taken:1": "2026-10-31T07:00"}
    printed = refused(vault, settings, issue("observations"), early, actor)["taken:1"]
    assert "admission" in printed.sentence
    bob = early | {"person.check": "differs", "patient.name": "Stone, Bob", "patient.mrn": "H200"}
    other = refused(vault, settings, issue("observations"), bob, actor)["taken:1"]
    assert "admission" not in other.sentence
    assert other.kind == ProblemKind.ASKED


def test_a_weight_is_held_against_the_last_form(vault, settings, issue, actor):
    request = SIGNED | {
        "priority": "urgent", "reason": "Bleeding", "requester": "Dr Amin", "contact": "21",
        "collected": "2026-11-02T13:50", "collector": "Dr Amin", "positive-check": "true",
    }  # fmt: skip
    first, second = issue("transfusion-request"), issue("transfusion-request")
    submit_checked(vault, settings, first, request | {"weight": "70"}, actor)
    problems = refused(vault, settings, second, request | {"weight": "90"}, actor)
    assert "last weight" in problems["weight"].sentence
    assert submit_checked(vault, settings, second, request | {"weight": "72"}, actor)


def test_paper_printed_ahead_belongs_to_the_outage_under_way(vault, settings, issue, actor):
    serial = issue("observations")
    vault.db.conn.execute("UPDATE form_issue SET outage = '' WHERE serial = ?", (serial,))
    early = OBSERVED | {"taken:1": "2026-11-02T12:00"}
    assert (
        "outside the outage" in refused(vault, settings, serial, early, actor)["taken:1"].sentence
    )


def test_the_hour_that_happens_twice_is_asked_and_kept(
    vault, settings, issue, actor, clock, outage
):
    vault.db.conn.execute("UPDATE outage SET opened = '2026-10-24T20:00:00Z'")
    vault.db.conn.execute("UPDATE outage_system SET declared = '2026-10-24T20:00:00Z'")
    serial = issue("observations", Subject(patient="p-new", family="New"))
    vault.db.conn.execute("UPDATE form_issue SET issued_at = '2026-10-24T20:00:00Z'")
    night = {**SIGNED, "event.date": "2026-10-25", "event.time": "0130", "taken:1": "251026 0110",
             "pulse:1": "80"}  # fmt: skip
    problems = refused(vault, settings, serial, night, actor)
    assert {key: p.kind for key, p in problems.items()} == {
        "taken:1": ProblemKind.TWO_TIMES, "event.time": ProblemKind.TWO_TIMES,
    }  # fmt: skip
    assert [choice.zone_name for choice in problems["event.time"].choices] == ["BST", "GMT"]
    second = night | {"event.time": "0130+00:00", "taken:1": "251026 0110 BST"}
    entry = submit_checked(vault, settings, serial, second, actor)
    assert (entry.event, entry.answers["event.time"]) == ("2026-10-25T01:30:00Z", "01:30+00:00")
    assert entry.answers["taken:1"] == "2026-10-25T01:10+01:00"


def test_the_printed_person_is_not_asked_of_ann_by_half_a_year(vault, settings, issue, actor):
    serial = issue("admission", ANN)
    problem = refused(vault, settings, serial, ADMITTED | {"birth-date": "020160"}, actor)
    assert "either century" in problem["birth-date"].sentence
