"""Signing in: three things must be right, each code works once, and refusals give nothing away."""

from datetime import timedelta

import pytest

from downtime.accounts import homes, people, totp
from downtime.errors import LockedError
from downtime.vault import keys

from .conftest import PASSWORD


def refusal(hospital, **tried) -> str:
    with pytest.raises(LockedError) as refused:
        hospital.sign_in(**tried)
    assert refused.value.code == "signin.refused"
    return refused.value.sentence + refused.value.next_step


def test_every_refusal_reads_the_same(hospital):
    sentences = {
        refusal(hospital, password="wrong horse battery"),
        refusal(hospital, username="nobody", code="123456"),
        refusal(hospital, code="000000"),
        refusal(hospital, username="service", code="123456"),
        refusal(hospital, username=keys.RECOVERY, password="x", code="123456"),
    }
    assert len(sentences) == 1


def test_an_unknown_name_costs_the_same_derivation(hospital, monkeypatch):
    from downtime.vault import slots

    derived = []
    real = slots.slot_key
    monkeypatch.setattr(slots, "slot_key", lambda s, secret: derived.append(s) or real(s, secret))
    refusal(hospital, password="wrong horse battery")
    refusal(hospital, username="nobody", code="123456")
    assert len(derived) == 2
    assert derived[0].memory_kib == derived[1].memory_kib


def test_a_code_works_once_also_from_another_program(hospital):
    code = hospital.code("admin")
    hospital.sign_in(code=code)
    refusal(hospital, code=code)


def test_an_earlier_code_is_refused_after_a_later_one(hospital):
    earlier = hospital.code("admin")
    hospital.sign_in()
    refusal(hospital, code=earlier)


@pytest.mark.parametrize(("seconds", "good"), [(-60, False), (-30, True), (30, True), (60, False)])
def test_a_phone_may_be_one_step_off(hospital, seconds, good):
    hospital.clock.forward(minutes=5)
    moment = hospital.clock() + timedelta(seconds=seconds)
    code = totp.make_code(hospital.secrets["admin"], moment)
    if good:
        hospital.sign_in(code=code)
    else:
        with pytest.raises(LockedError) as refused:
            hospital.sign_in(code=code)
        assert refused.value.code == "signin.clock-near"


def test_a_user_name_in_capitals_and_a_code_with_a_space_are_understood(hospital):
    code = hospital.code("admin")
    assert hospital.sign_in(username=" Admin ", code=f"{code[:3]} {code[3:]}").person.is_active


def test_failures_make_the_next_one_wait_and_are_told_afterwards(hospital, actions):
    for _ in range(3):
        refusal(hospital, password="wrong horse battery", code="1")
    with pytest.raises(LockedError, match="Wait 1 second,"):
        hospital.sign_in(code="1")
    signed_in = hospital.sign_in()  # its fresh code is 30 seconds later
    assert actions(signed_in.vault)[-2:] == ["session.sign-in", "session.refused-before"]
    (entry,) = signed_in.vault.db.query("SELECT why FROM audit ORDER BY seq DESC LIMIT 1")
    assert entry["why"] == "3 refused before this sign-in"


def test_a_wrong_code_is_audited_against_the_account(hospital):
    refusal(hospital, code="000000")
    vault = hospital.sign_in().vault
    (entry,) = vault.db.query("SELECT target FROM audit WHERE action = 'session.refused'")
    assert entry["target"] == hospital.sign_in().person.id


def test_refusals_are_audited_into_an_open_vault_without_what_was_typed(hospital, admin):
    refusal(hospital, vault=admin.vault, password="wrong horse battery")
    refusal(hospital, vault=admin.vault, username="my-secret-password", code="1")
    rows = list(admin.vault.db.query("SELECT * FROM audit WHERE action = 'session.refused'"))
    assert [row["target"] for row in rows] == [admin.person.id, ""]
    assert "my-secret" not in str([dict(row) for row in rows])


def test_a_second_person_joins_the_open_vault(hospital, admin):
    hospital.add(admin, "b.nurse")
    joined = hospital.sign_in("b.nurse", vault=admin.vault)
    assert joined.vault is admin.vault
    assert joined.actor.name == "Bo Nurse"


def test_a_password_opens_nothing_once_its_account_is_closed(hospital, admin):
    person = hospital.add(admin, "b.nurse")
    code = hospital.code("b.nurse")
    people.disable_person(admin.vault, person.id, admin.actor, "left")
    refusal(hospital, username="b.nurse", code=code)
    with pytest.raises(LockedError):
        keys.open_slot(hospital.home, "b.nurse", PASSWORD)


def test_a_closed_program_is_refused(hospital, admin):
    (service,) = [p for p in people.list_people(admin.vault) if p.role == "service"]
    people.disable_person(admin.vault, service.id, admin.actor, "no longer used")
    with pytest.raises(LockedError):
        homes.open_with_file(hospital.home, hospital.settings, hospital.clock, hospital.unlock_file)
