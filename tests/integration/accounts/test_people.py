"""Accounts are made, changed and closed by an administrator, and each change is in the audit."""

import pytest

from downtime.accounts import people
from downtime.accounts.recover_access import recover_access
from downtime.errors import ConflictError, InputError, LockedError, NotFoundError
from downtime.vault import keys

from .conftest import PASSWORD

NEW = "another good password"


def test_a_new_person_signs_in_with_what_was_handed_out(hospital, admin, actions):
    person = hospital.add(admin, "B.Nurse".lower(), "ward", "  Bo   Nurse ")
    signed_in = hospital.sign_in("b.nurse")
    assert signed_in.person == person
    assert (person.name, person.role, person.initial_password) == ("Bo Nurse", "ward", True)
    assert "person.create" in actions(signed_in.vault)
    assert [p.username for p in people.list_people(admin.vault)] == ["b.nurse", "admin", "service"]


def test_a_user_name_is_never_given_twice(hospital, admin):
    person = hospital.add(admin, "b.nurse")
    with pytest.raises(ConflictError, match="taken"):
        hospital.add(admin, "b.nurse", name="Barbara Nurse")
    people.disable_person(admin.vault, person.id, admin.actor, "left")
    with pytest.raises(ConflictError, match="taken"):
        hospital.add(admin, "b.nurse", name="Barbara Nurse")
    with pytest.raises(LockedError):
        keys.open_slot(hospital.home, "b.nurse", PASSWORD)


def test_a_refused_creation_leaves_neither_row_nor_slot(hospital, admin):
    before = (people.list_people(admin.vault), keys.load_slot_file(hospital.home))
    for words in (("b.nurse", "Bo", "chief", PASSWORD), ("b.nurse", "Bo", "ward", "short")):
        with pytest.raises(InputError):
            people.create_person(
                admin.vault, hospital.settings, *words, admin.actor, "asked by security"
            )
    assert (people.list_people(admin.vault), keys.load_slot_file(hospital.home)) == before


def test_a_person_changes_their_own_password(hospital, admin):
    person = hospital.add(admin, "b.nurse")
    change = people.change_password
    with pytest.raises(LockedError):
        change(admin.vault, hospital.settings, person, "not this one", NEW, admin.actor)
    with pytest.raises(InputError):
        change(admin.vault, hospital.settings, person, PASSWORD, "short", admin.actor)
    change(admin.vault, hospital.settings, person, PASSWORD, NEW, person.make_actor("K7"))
    assert not hospital.sign_in("b.nurse", NEW).person.initial_password
    with pytest.raises(LockedError):
        hospital.sign_in("b.nurse", PASSWORD)


def test_a_reset_gives_a_new_password_and_a_new_second_factor(hospital, admin):
    person = hospital.add(admin, "b.nurse")
    made = people.reset_credentials(
        admin.vault, hospital.settings, person.id, NEW, admin.actor, "lost phone"
    )
    with pytest.raises(LockedError):
        hospital.sign_in("b.nurse", NEW)
    hospital.secrets["b.nurse"] = made.totp_secret
    assert hospital.sign_in("b.nurse", NEW).person.initial_password


def test_a_closed_account_is_opened_again_with_new_credentials(hospital, admin):
    person = hospital.add(admin, "b.nurse")
    people.disable_person(admin.vault, person.id, admin.actor, "leave")
    with pytest.raises(ConflictError, match="closed"):
        people.reset_credentials(
            admin.vault, hospital.settings, person.id, NEW, admin.actor, "asked by security"
        )
    made = people.enable_person(admin.vault, hospital.settings, person.id, NEW, admin.actor, "back")
    hospital.secrets["b.nurse"] = made.totp_secret
    assert hospital.sign_in("b.nurse", NEW).person.id == person.id
    with pytest.raises(ConflictError):
        people.enable_person(
            admin.vault, hospital.settings, person.id, NEW, admin.actor, "asked by security"
        )


def test_closing_an_account_renews_the_data_key_at_once_when_nobody_else_is_there(hospital, admin):
    person = hospital.add(admin, "b.nurse")
    before = admin.vault.data_key
    assert people.disable_person(admin.vault, person.id, admin.actor, "left")
    assert admin.vault.data_key != before
    assert people.get_person(admin.vault, person.id).state == "disabled"
    assert hospital.sign_in(vault=admin.vault).vault is admin.vault


def test_closing_while_another_program_is_there_renews_at_the_next_opening(hospital, admin):
    person = hospital.add(admin, "b.nurse")
    other = hospital.sign_in()
    before = admin.vault.data_key
    assert not people.disable_person(admin.vault, person.id, admin.actor, "left")
    other.vault.close()
    admin.vault.close()
    again = hospital.sign_in()
    assert again.vault.data_key != before
    assert people.get_person(again.vault, person.id).state == "disabled"


def test_the_last_administrator_stays(hospital, admin):
    with pytest.raises(ConflictError, match="last active administrator"):
        people.disable_person(admin.vault, admin.person.id, admin.actor, "asked by security")
    with pytest.raises(ConflictError, match="last active administrator"):
        people.set_role(admin.vault, admin.person.id, "ward", admin.actor, "asked by security")
    assert hospital.sign_in().person.role == "administrator"
    hospital.add(admin, "second", "administrator")
    people.set_role(admin.vault, admin.person.id, "ward", admin.actor, "handover")
    assert people.get_person(admin.vault, admin.person.id).role == "ward"


def test_a_new_name_is_the_one_shown(hospital, admin):
    person = hospital.add(admin, "b.nurse")
    people.rename_person(admin.vault, person.id, "Bo Nurse-Jones", admin.actor, "married")
    assert hospital.sign_in("b.nurse").actor.name == "Bo Nurse-Jones"


def test_a_program_never_becomes_a_person_nor_a_person_a_program(hospital, admin):
    (service,) = [p for p in people.list_people(admin.vault) if p.role == "service"]
    person = hospital.add(admin, "b.nurse")
    attempts = [
        lambda: people.set_role(admin.vault, service.id, "ward", admin.actor, "asked by security"),
        lambda: people.set_role(
            admin.vault, person.id, "service", admin.actor, "asked by security"
        ),
        lambda: people.reset_credentials(
            admin.vault, hospital.settings, service.id, NEW, admin.actor, "asked by security"
        ),
        lambda: hospital.add(admin, "robot", "service"),
    ]
    for attempt in attempts:
        with pytest.raises(InputError, match="account for a program"):
            attempt()


def test_a_second_program_gets_its_own_file(hospital, admin, tmp_path):
    from downtime.accounts import homes

    file = tmp_path / "publisher"
    file.write_text("a secret for the publisher\n")
    file.chmod(0o600)
    made = people.create_service_account(
        admin.vault, hospital.settings, "publisher", "Publisher", file, admin.actor, "feeds"
    )
    opened = homes.open_with_file(hospital.home, hospital.settings, hospital.clock, file)
    assert opened.person == made


def test_an_unknown_account_is_said_to_be_unknown(admin):
    with pytest.raises(NotFoundError):
        people.disable_person(admin.vault, "u-0", admin.actor, "asked by security")


def test_the_paper_code_brings_an_administrator_back_once(hospital):
    code = hospital.made.recovery_code
    got = recover_access(hospital.home, hospital.settings, hospital.clock, code, "Admin", NEW)
    hospital.secrets["admin"] = got.totp_secret
    assert hospital.sign_in(password=NEW).person.id == got.person.id
    with pytest.raises(LockedError):
        hospital.sign_in()
    with pytest.raises(LockedError):
        recover_access(hospital.home, hospital.settings, hospital.clock, code, "admin", NEW)
    assert keys.open_with_recovery(hospital.home, got.recovery_code)


def test_the_paper_code_brings_only_administrators_back(hospital, admin):
    hospital.add(admin, "b.nurse")
    code = hospital.made.recovery_code
    for username in ("b.nurse", "nobody"):
        with pytest.raises(NotFoundError, match="No administrator"):
            recover_access(hospital.home, hospital.settings, hospital.clock, code, username, NEW)
    assert keys.open_with_recovery(hospital.home, code) == admin.vault.data_key


@pytest.mark.parametrize("change", ["rename", "role", "disable", "reset"])
def test_an_account_is_not_changed_without_a_reason(hospital, admin, change):
    """Below every door: the screen and the command line ask for it, too."""
    person = hospital.add(admin, "bo")
    vault, settings, actor = admin.vault, hospital.settings, admin.actor
    calls = {
        "rename": lambda: people.rename_person(vault, person.id, "Bo Other", actor, " "),
        "role": lambda: people.set_role(vault, person.id, "site", actor, " "),
        "disable": lambda: people.disable_person(vault, person.id, actor, ""),
        "reset": lambda: people.reset_credentials(vault, settings, person.id, PASSWORD, actor, ""),
    }
    with pytest.raises(InputError, match="A reason is needed"):
        calls[change]()
    assert people.get_person(vault, person.id) == person
