"""The table of who may do what keeps its promises."""

import pytest

from downtime.accounts.model import AccountState, Permission, Person, Role
from downtime.accounts.permissions import ROLE_TITLES, ROLES_ALLOWED, check_can, is_permitted
from downtime.errors import ForbiddenError


def person(role: Role) -> Person:
    return Person("u-1", "a.ward", "Amina Ward", role, AccountState.ACTIVE, False)


def allowed(role: Role) -> set[Permission]:
    return {permission for permission in ROLES_ALLOWED if is_permitted(person(role), permission)}


@pytest.mark.parametrize("permission", ROLES_ALLOWED)
def test_every_row_names_roles_that_exist_once_each(permission):
    assert set(ROLES_ALLOWED[permission]) <= set(ROLE_TITLES)
    assert len(set(ROLES_ALLOWED[permission])) == len(ROLES_ALLOWED[permission]) > 0


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.AUDITOR])
def test_administrators_and_auditors_see_no_patients(role):
    seen = {"patient.find", "patient.view", "bed.list", "test.list", "appointment.list"}
    assert not allowed(role) & (seen | {"pack.print", "form.print", "entry.key"})


def test_an_auditor_changes_nothing():
    reads = {"session.own", "job.own", "snapshot.list", "outage.view", "ledger.view"}
    reads |= {"reconcile.list", "identity.list", "sync.view", "entry.queue", "entry.quality"}
    reads |= {"harm.list", "statement.make", "report.make", "audit.view", "audit.verify"}
    reads |= {"ingest.view", "ingest.status", "quarantine.view", "shelf.view", "break-glass.list"}
    reads |= {"query.list", "pages.list"}
    assert allowed(Role.AUDITOR) == reads


def test_a_program_decides_nothing_that_a_person_must():
    persons = {"reconcile.decide", "statement.sign", "person.manage", "entry.verify", "entry.key"}
    assert not allowed(Role.SERVICE) & persons
    assert {"snapshot.build", "pack.print", "return.export", "outage.declare"} <= allowed(
        Role.SERVICE
    )


def test_a_ward_finds_prints_and_declares_but_does_not_reconcile():
    assert {"patient.view", "pack.print", "number.issue", "outage.declare"} <= allowed(Role.WARD)
    assert not allowed(Role.WARD) & {"outage.end", "reconcile.decide", "person.manage"}


def test_only_supervisors_decide():
    assert ROLES_ALLOWED[Permission.RECONCILE_DECIDE] == (Role.RECORDS_SUPERVISOR,)


def test_nobody_may_do_what_is_public_and_nothing_else():
    assert is_permitted(None, Permission.PUBLIC)
    assert not any(is_permitted(None, permission) for permission in ROLES_ALLOWED)


def test_a_refusal_names_the_role_and_who_may():
    with pytest.raises(ForbiddenError) as refused:
        check_can(person(Role.WARD), Permission.PERSON_MANAGE)
    assert "(ward staff)" in refused.value.sentence
    assert refused.value.next_step == "Ask somebody whose role is administrator."
    with pytest.raises(ForbiddenError, match="not signed in"):
        check_can(None, Permission.PATIENT_FIND)


def test_every_permission_but_the_public_one_has_its_row():
    assert {*ROLES_ALLOWED, Permission.PUBLIC} == set(Permission)


def test_every_role_has_a_title():
    assert set(ROLE_TITLES) == set(Role)
