"""A session locks when it is left, ends after a shift, and its token is not in the database."""

import pytest

from downtime.accounts import people, sessions
from downtime.errors import InputError, LockedError

from .conftest import PASSWORD


@pytest.fixture
def token(hospital, admin):
    return sessions.start_session(admin.vault, hospital.settings, admin.person, "K7")


def locked(vault, token) -> bool:
    state = sessions.resume_session(vault, token)
    assert state is not None
    return state.locked


def test_a_token_brings_back_its_person(admin, token):
    state = sessions.resume_session(admin.vault, token)
    assert (state.person, state.actor, state.locked) == (admin.person, admin.actor, False)
    assert sessions.resume_session(admin.vault, token[:-1]) is None
    assert sessions.resume_session(admin.vault, "") is None


def test_the_token_itself_is_not_stored(admin, token):
    rows = [tuple(row) for row in admin.vault.db.conn.execute("SELECT * FROM session")]
    assert token not in str(rows)


def test_it_locks_when_nobody_uses_it(hospital, admin, token):
    hospital.clock.forward(minutes=4)
    sessions.touch_session(admin.vault, token)
    hospital.clock.forward(minutes=4)
    assert not locked(admin.vault, token)
    hospital.clock.forward(minutes=1)
    assert locked(admin.vault, token)
    sessions.touch_session(admin.vault, token)
    assert locked(admin.vault, token)


def test_a_clock_that_was_set_back_locks_it(hospital, admin, token):
    hospital.clock.forward(minutes=-1)
    assert locked(admin.vault, token)
    sessions.touch_session(admin.vault, token)
    assert locked(admin.vault, token)
    sessions.unlock_session(admin.vault, hospital.settings, token, PASSWORD)
    assert not locked(admin.vault, token)


def test_a_clock_that_was_set_back_gives_no_longer_session(hospital, admin, token):
    hospital.clock.forward(hours=6)
    sessions.unlock_session(admin.vault, hospital.settings, token, PASSWORD)
    hospital.clock.forward(days=-400)
    sessions.unlock_session(admin.vault, hospital.settings, token, PASSWORD)
    hospital.clock.forward(hours=6)
    assert sessions.resume_session(admin.vault, token) is None


def test_a_clock_that_jumped_ahead_ends_it(hospital, admin, token):
    hospital.clock.forward(days=1)
    assert sessions.resume_session(admin.vault, token) is None


def test_the_password_unlocks_it_and_a_wrong_one_counts(hospital, admin, token):
    sessions.lock_session(admin.vault, token)
    for _ in range(3):
        with pytest.raises(LockedError, match="is not right"):
            sessions.unlock_session(admin.vault, hospital.settings, token, "wrong horse battery")
    with pytest.raises(LockedError, match="Wait"):
        sessions.unlock_session(admin.vault, hospital.settings, token, PASSWORD)
    assert locked(admin.vault, token)
    hospital.clock.forward(seconds=1)
    sessions.unlock_session(admin.vault, hospital.settings, token, PASSWORD)
    assert not locked(admin.vault, token)


def test_it_ends_after_the_shift_however_busy(hospital, admin, token):
    for _ in range(143):
        hospital.clock.forward(minutes=5)
        sessions.unlock_session(admin.vault, hospital.settings, token, PASSWORD)
    assert sessions.count_live_sessions(admin.vault) == 1
    hospital.clock.forward(minutes=5)
    assert sessions.resume_session(admin.vault, token) is None
    assert sessions.count_live_sessions(admin.vault) == 0
    with pytest.raises(LockedError, match="has ended"):
        sessions.unlock_session(admin.vault, hospital.settings, token, PASSWORD)


def test_signing_out_ends_one_and_the_other_stays(hospital, admin, token):
    other = sessions.start_session(admin.vault, hospital.settings, admin.person, "K7")
    assert sessions.count_live_sessions(admin.vault) == 2
    sessions.end_session(admin.vault, token)
    sessions.end_session(admin.vault, token)
    assert sessions.resume_session(admin.vault, token) is None
    assert sessions.resume_session(admin.vault, other)
    assert sessions.count_live_sessions(admin.vault) == 1
    sessions.end_session(admin.vault, other)
    assert sessions.count_live_sessions(admin.vault) == 0


def test_closing_or_resetting_an_account_ends_its_sessions(hospital, admin, token):
    person = hospital.add(admin, "b.nurse")
    theirs = sessions.start_session(admin.vault, hospital.settings, person, "K7")
    people.reset_credentials(
        admin.vault, hospital.settings, person.id, PASSWORD, admin.actor, "forgot the password"
    )
    assert sessions.resume_session(admin.vault, theirs) is None
    theirs = sessions.start_session(admin.vault, hospital.settings, person, "K7")
    people.disable_person(admin.vault, person.id, admin.actor, "left")
    assert sessions.resume_session(admin.vault, theirs) is None
    assert sessions.resume_session(admin.vault, token)


def test_a_change_of_role_counts_from_the_next_click(hospital, admin):
    person = hospital.add(admin, "b.nurse")
    theirs = sessions.start_session(admin.vault, hospital.settings, person, "K7")
    people.set_role(admin.vault, person.id, "site", admin.actor, "new post")
    assert sessions.resume_session(admin.vault, theirs).person.role == "site"


def test_use_is_not_written_to_disk_at_every_click(hospital, admin, token):
    def seen():
        return admin.vault.db.conn.execute("SELECT seen FROM session").fetchone()[0]

    first = seen()
    hospital.clock.forward(seconds=14)
    sessions.touch_session(admin.vault, token)
    assert seen() == first
    hospital.clock.forward(seconds=1)
    sessions.touch_session(admin.vault, token)
    assert seen() > first


def test_every_step_is_in_the_audit(hospital, admin, token, actions):
    sessions.lock_session(admin.vault, token)
    sessions.unlock_session(admin.vault, hospital.settings, token, PASSWORD)
    sessions.end_session(admin.vault, token)
    assert actions(admin.vault)[-5:] == [
        "session.sign-in",
        "session.start",
        "session.lock",
        "session.unlock",
        "session.end",
    ]


PIN = "274913"


def test_a_pin_unlocks_its_own_session_and_nothing_else(hospital, admin, token):
    with pytest.raises(LockedError):
        sessions.choose_pin(admin.vault, hospital.settings, token, "wrong horse battery", PIN)
    sessions.choose_pin(admin.vault, hospital.settings, token, PASSWORD, PIN)
    other = sessions.start_session(admin.vault, hospital.settings, admin.person, "K7")
    for session in (token, other):
        sessions.lock_session(admin.vault, session)
    with pytest.raises(LockedError):
        sessions.unlock_session(admin.vault, hospital.settings, other, PIN)
    with pytest.raises(LockedError):
        hospital.sign_in(password=PIN)
    sessions.unlock_session(admin.vault, hospital.settings, token, PIN)
    assert not locked(admin.vault, token)
    sessions.end_session(admin.vault, token)
    with pytest.raises(LockedError, match="has ended"):
        sessions.unlock_session(admin.vault, hospital.settings, token, PIN)


def test_after_three_wrong_pins_the_right_one_opens_nothing_and_the_password_does(
    hospital, admin, token
):
    sessions.choose_pin(admin.vault, hospital.settings, token, PASSWORD, PIN)
    sessions.lock_session(admin.vault, token)
    for wrong, sentence in (
        ("111222", "2 more tries"),
        ("1", "1 more try"),
        ("274914", "too often"),
    ):
        with pytest.raises(LockedError, match=sentence):
            sessions.unlock_session(admin.vault, hospital.settings, token, wrong)
    with pytest.raises(LockedError):
        sessions.unlock_session(admin.vault, hospital.settings, token, PIN)
    assert locked(admin.vault, token)
    sessions.unlock_session(admin.vault, hospital.settings, token, PASSWORD)
    assert not locked(admin.vault, token)


@pytest.mark.parametrize(
    "pin", ["27491", "123456", "987654", "000000", "121212", "27491a", "2" * 12]
)
def test_a_pin_that_anybody_would_try_is_refused(hospital, admin, token, pin):
    with pytest.raises(InputError):
        sessions.choose_pin(admin.vault, hospital.settings, token, PASSWORD, pin)
    assert not sessions.has_pin(admin.vault, token)
