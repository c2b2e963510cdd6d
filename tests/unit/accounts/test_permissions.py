"""The table of who may do what keeps its promises."""

import pytest

from downtime.accounts.permissions import ACTIONS, ROLES, can, check_can
from downtime.accounts.person import Person
from downtime.errors import ForbiddenError


def person(role: str) -> Person:
    return Person("u-1", "a.ward", "Amina Ward", role, "active", False)


def allowed(role: str) -> set[str]:
    return {action for action in ACTIONS if can(person(role), action)}


@pytest.mark.parametrize("action", ACTIONS)
def test_every_row_names_roles_that_exist_once_each(action):
    assert set(ACTIONS[action]) <= set(ROLES)
    assert len(set(ACTIONS[action])) == len(ACTIONS[action]) > 0


@pytest.mark.parametrize("role", ["administrator", "auditor"])
def test_administrators_and_auditors_see_no_patients(role):
    seen = {"patient.find", "patient.view", "bed.list", "test.list", "appointment.list"}
    assert not allowed(role) & (seen | {"pack.print", "form.print", "entry.key"})


def test_an_auditor_changes_nothing():
    reads = {"session.own", "job.own", "snapshot.list", "outage.view", "ledger.view"}
    reads |= {"reconcile.list", "identity.list", "handover.view", "entry.queue", "entry.quality"}
    reads |= {"harm.list", "statement.make", "report.make", "audit.view", "audit.verify"}
    assert allowed("auditor") == reads


def test_a_program_decides_nothing_that_a_person_must():
    persons = {"reconcile.decide", "statement.sign", "person.manage", "entry.verify", "entry.key"}
    assert not allowed("service") & persons
    assert {"snapshot.build", "pack.print", "return.export", "outage.declare"} <= allowed("service")


def test_a_ward_finds_prints_and_declares_but_does_not_reconcile():
    assert {"patient.view", "pack.print", "number.issue", "outage.declare"} <= allowed("ward")
    assert not allowed("ward") & {"outage.end", "reconcile.decide", "person.manage"}


def test_only_supervisors_decide():
    assert ACTIONS["reconcile.decide"] == ("records-supervisor",)


def test_nobody_may_do_what_is_public_and_nothing_else():
    assert can(None, "public")
    assert not any(can(None, action) for action in ACTIONS)


def test_a_refusal_names_the_role_and_who_may():
    with pytest.raises(ForbiddenError) as refused:
        check_can(person("ward"), "person.manage")
    assert "(ward staff)" in refused.value.sentence
    assert refused.value.next_step == "Ask somebody whose role is administrator."
    with pytest.raises(ForbiddenError, match="not signed in"):
        check_can(None, "patient.find")


def test_an_action_without_a_row_is_a_bug():
    with pytest.raises(KeyError):
        can(person("ward"), "patient.delete")
