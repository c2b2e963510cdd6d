"""Signing in while the clock is wrong: the reason is said, a small difference learned, a printed code needs no clock."""

import hashlib
from datetime import timedelta

import pytest

from downtime.accounts import own_secrets, people, printed_codes, totp
from downtime.accounts.confirm_person import confirm_person
from downtime.errors import ForbiddenError, InputError, LockedError
from downtime.vault import keys

from .conftest import PASSWORD

NEW = "another good password"
STEP = timedelta(seconds=totp.STEP_SECONDS)


class Phone:
    """The admin's phone, whose clock is right while the laptop's is off."""

    def __init__(self, hospital, ahead: timedelta) -> None:
        self.hospital, self.ahead = hospital, ahead

    def code(self, wait: timedelta = STEP) -> str:
        self.hospital.clock.now += wait
        return totp.make_code(self.hospital.secrets["admin"], self.hospital.clock() + self.ahead)


def refused(hospital, code: str) -> LockedError:
    with pytest.raises(LockedError) as error:
        hospital.sign_in(code=code)
    return error.value


@pytest.fixture
def sheet(hospital, admin):
    return printed_codes.create_codes(
        admin.vault, hospital.settings.accounts, admin.person.id, admin.actor, "for the ward"
    )


@pytest.mark.parametrize(("minutes", "distance"), [(2, "2 minutes"), (-9, "9 minutes")])
def test_a_clock_minutes_off_is_named_and_learned_by_the_next_code(hospital, minutes, distance):
    phone = Phone(hospital, timedelta(minutes=minutes))
    error = refused(hospital, phone.code())
    assert error.code == "signin.clock-near"
    assert "This laptop's clock says 02-Nov-2026 14:30" in error.sentence
    assert f"about {distance} off" in error.sentence
    assert hospital.sign_in(code=phone.code()).person.username == "admin"
    hospital.clock.forward(hours=1)
    assert hospital.sign_in(code=phone.code())  # learned: at once
    hospital.clock.now += phone.ahead  # somebody sets the clock right
    assert hospital.sign_in(code=Phone(hospital, timedelta(0)).code())


@pytest.mark.parametrize(
    ("hours", "distance"), [(1, "60 minutes"), (-5, "5 hours"), (25, "25 hours")]
)
def test_a_clock_hours_off_is_named_and_never_learned(hospital, hours, distance):
    phone = Phone(hospital, timedelta(hours=hours))
    for _ in range(2):
        error = refused(hospital, phone.code())
        assert error.code == "signin.clock"
        assert f"about {distance} off" in error.sentence
        assert "printed sheet" in error.next_step


def test_drift_is_followed_as_it_grows_and_never_beyond_its_limit(hospital, monkeypatch):
    monkeypatch.setattr(totp, "MOST_DRIFT", 4)
    phone = Phone(hospital, timedelta(0))
    for _ in range(totp.MOST_DRIFT):
        phone.ahead += STEP
        hospital.sign_in(code=phone.code())
    phone.ahead += STEP
    assert refused(hospital, phone.code()).code == "signin.clock"


def test_who_does_not_know_the_password_hears_nothing_of_the_clock(hospital):
    code = Phone(hospital, timedelta(minutes=5)).code()
    with pytest.raises(LockedError) as error:
        hospital.sign_in(password="wrong horse battery", code=code)
    assert error.value.code == "signin.refused"


def test_a_code_that_was_offered_is_never_taken_itself_nor_one_before_the_last(hospital):
    phone = Phone(hospital, timedelta(minutes=3))
    offered = phone.code()
    refused(hospital, offered)
    assert refused(hospital, offered).code == "signin.clock-near"
    hospital.clock.forward(minutes=2)
    following = phone.code()
    hospital.sign_in(code=following)
    for old in (following, offered):
        assert refused(hospital, old).code in ("signin.refused", "signin.wait")


def test_two_codes_of_different_distances_prove_nothing(hospital):
    refused(hospital, Phone(hospital, timedelta(minutes=3)).code())
    assert refused(hospital, Phone(hospital, timedelta(minutes=5)).code())


@pytest.mark.parametrize("days", [-400, -1, 1, 400])
def test_a_printed_code_signs_in_by_any_clock_once(hospital, sheet, days, actions):
    hospital.clock.forward(days=days)
    signed_in = hospital.sign_in(code=sheet.codes[2].upper().replace("-", " "))
    assert (signed_in.printed_code.number, signed_in.printed_code.remaining) == (3, 9)
    assert "session.printed-code" in actions(signed_in.vault)
    assert refused(hospital, sheet.codes[2]).code == "signin.refused"
    assert printed_codes.count_left(signed_in.vault, signed_in.person.id) == 9


def test_a_printed_code_opens_nothing_without_the_password_nor_for_another(hospital, admin, sheet):
    hospital.add(admin, "b.nurse")
    for tried in ({"password": "wrong horse battery"}, {"username": "b.nurse"}):
        with pytest.raises(LockedError):
            hospital.sign_in(code=sheet.codes[0], **tried)
    assert hospital.sign_in(code=sheet.codes[0])


def test_the_codes_themselves_are_kept_nowhere(admin, sheet):
    """Slow hashes of them, each sheet with a salt of its own."""
    rows = str([tuple(row) for row in admin.vault.db.conn.execute("SELECT * FROM printed_code")])
    assert not any(code in rows or code.replace("-", "") in rows for code in sheet.codes)
    assert rows.count("argon2id$1$64$1$") == len(sheet.codes)


def test_a_sheet_of_an_earlier_version_still_signs_in(hospital, admin, sheet):
    plain = sheet.codes[1].replace("-", "")
    text = f"downtime-printed:{admin.person.id}:{plain}"
    with admin.vault.change(admin.actor, "test") as db:
        db.execute(
            "UPDATE printed_code SET hash = number || ?",
            [hashlib.sha256(text.encode()).hexdigest()],
        )
        db.execute("UPDATE printed_code SET hash = substr(hash, 2) WHERE number = 2")
    assert hospital.sign_in(code=sheet.codes[1]).printed_code.number == 2


def read_stored(admin):
    return admin.vault.db.execute("SELECT id, totp_secret FROM person").fetchall()


def test_a_colleagues_password_does_not_open_the_secret_of_ones_codes(hospital, admin):
    nurse = hospital.add(admin, "b.nurse")
    by_admin = keys.open_own_slot(hospital.home, "admin", PASSWORD).identity
    assert own_secrets.open_secret(admin.vault.db, nurse.id, by_admin) is None
    stored = str([tuple(row) for row in read_stored(admin)])
    assert not any(secret in stored for secret in hospital.secrets.values())
    people.change_password(
        admin.vault, hospital.settings, nurse, PASSWORD, NEW, nurse.make_actor("K7")
    )
    assert hospital.sign_in("b.nurse", NEW).person.id == nurse.id, "it goes on with a new password"


def test_a_secret_of_an_earlier_version_is_sealed_when_its_owner_signs_in(hospital, admin):
    secret = hospital.secrets["admin"]
    with admin.vault.change(admin.actor, "test") as db:
        db.execute("UPDATE person SET totp_secret = ? WHERE username = 'admin'", [secret])
    hospital.sign_in()
    assert secret not in str([tuple(row) for row in read_stored(admin)])
    assert hospital.sign_in()


def test_an_older_key_file_says_why_no_code_fits_and_a_printed_one_does(hospital, admin, sheet):
    older = (hospital.home.keys_folder / "slots.json").read_bytes()
    people.change_password(admin.vault, hospital.settings, admin.person, PASSWORD, NEW, admin.actor)
    (hospital.home.keys_folder / "slots.json").write_bytes(older)
    error = refused(hospital, hospital.code("admin"))
    assert error.code == "signin.code-sealed"
    assert "printed sheet" in error.next_step
    assert hospital.sign_in(code=sheet.codes[0])


def test_a_new_sheet_ends_the_one_before_and_so_does_a_reset(hospital, admin, sheet):
    newer = printed_codes.create_codes(
        admin.vault, hospital.settings.accounts, admin.person.id, admin.actor, "lost the sheet"
    )
    refused(hospital, sheet.codes[0])
    hospital.sign_in(code=newer.codes[0])
    people.reset_credentials(
        admin.vault, hospital.settings, admin.person.id, NEW, admin.actor, "lost phone and sheet"
    )
    with pytest.raises(LockedError):
        hospital.sign_in(password=NEW, code=newer.codes[1])


def test_only_the_person_and_an_administrator_make_a_sheet(hospital, admin):
    nurse = hospital.add(admin, "b.nurse")
    by_nurse = nurse.make_actor("K7")
    assert printed_codes.create_codes(
        admin.vault, hospital.settings.accounts, nurse.id, by_nurse, "my own"
    )
    assert printed_codes.create_codes(
        admin.vault, hospital.settings.accounts, nurse.id, admin.actor, "asked for it"
    )
    with pytest.raises(ForbiddenError):
        printed_codes.create_codes(
            admin.vault, hospital.settings.accounts, admin.person.id, by_nurse, "not mine"
        )
    (service,) = [p for p in people.list_people(admin.vault) if p.role == "service"]
    with pytest.raises(InputError):
        printed_codes.create_codes(
            admin.vault, hospital.settings.accounts, service.id, admin.actor, "a program"
        )


def test_a_signature_takes_a_printed_code_too(hospital, admin, sheet):
    hospital.clock.forward(days=400)
    confirm = (admin.vault, hospital.settings, admin.actor, PASSWORD, sheet.codes[0])
    assert confirm_person(*confirm, needs_code=True).person == admin.person.id
    with pytest.raises(LockedError):
        confirm_person(*confirm, needs_code=True)
