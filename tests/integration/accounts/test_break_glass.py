"""Break-glass: let in under one's own name, for a while, by a person or a sealed code, reviewed by another."""

from dataclasses import replace

import pytest

from downtime.accounts import people, sessions
from downtime.accounts.break_glass import review_access, start_access, ward_codes
from downtime.accounts.break_glass.model import AccessDraft, AccessState, ReviewVerdict
from downtime.errors import ConflictError, ForbiddenError, InputError, LockedError, NotFoundError
from downtime.vault import audit, keys
from downtime.vault.store import content_sums
from downtime.vault.vault import Vault

JO = AccessDraft(
    name="Jo Agency", employer="Nightstaff Ltd", registration="12A3456E", reason="Only nurse tonight",
    ward="A1", minutes=60, pin="271828",
)  # fmt: skip


@pytest.fixture
def nurse(hospital, admin):
    """Somebody with an account who lets others in."""
    return hospital.add(admin, "bo.nurse").make_actor("K7")


@pytest.fixture
def started(hospital, admin, nurse):
    return start_access.start_access(admin.vault, hospital.settings, JO, nurse)


def test_all_that_is_done_stands_under_the_persons_own_name(admin, started, nurse):
    state = sessions.resume_session(admin.vault, started.token)
    assert state.person.name == "Jo Agency"
    assert state.actor.id == started.access.person != nurse.id
    assert started.access.sponsor == nurse.id
    assert started.access.label == "Jo Agency (Nightstaff Ltd, 12A3456E)"
    assert audit.verify_chain(admin.vault.db).first_bad is None


def test_it_ends_with_its_time_whatever_the_session_says(hospital, admin, started):
    hospital.clock.forward(minutes=4)
    sessions.touch_session(admin.vault, started.token)
    assert sessions.resume_session(admin.vault, started.token)
    hospital.clock.forward(minutes=57)
    assert sessions.resume_session(admin.vault, started.token) is None
    with pytest.raises(LockedError, match="no running"):
        start_access.resume_access(admin.vault, hospital.settings, started.access.username, JO.pin)
    assert review_access.find_running(admin.vault, started.access.person) is None


def test_it_is_ended_early_by_somebody_and_at_once(admin, started, nurse):
    review_access.end_access(admin.vault, started.access.id, nurse, "shift is over")
    assert sessions.resume_session(admin.vault, started.token) is None
    with pytest.raises(ConflictError, match="is over"):
        review_access.end_access(admin.vault, started.access.id, nurse, "once more")


def test_the_pin_unlocks_a_screen_and_no_vault(hospital, admin, started):
    vault, username = admin.vault, started.access.username
    hospital.clock.forward(minutes=6)
    assert sessions.resume_session(vault, started.token).locked
    with pytest.raises(LockedError):
        sessions.unlock_session(vault, hospital.settings, started.token, "314159")
    sessions.unlock_session(vault, hospital.settings, started.token, JO.pin)
    assert not sessions.resume_session(vault, started.token).locked
    again = start_access.resume_access(vault, hospital.settings, username, JO.pin)
    assert sessions.resume_session(vault, again.token).person.id == started.access.person
    with pytest.raises(LockedError):
        keys.open_slot(hospital.home, username, JO.pin)
    with pytest.raises(LockedError):
        hospital.sign_in(username, JO.pin, "", vault=vault)


def test_wrong_pins_have_to_wait(hospital, admin, started):
    with pytest.raises(LockedError, match="Wait|wait|several"):
        for _ in range(9):
            try:
                start_access.resume_access(
                    admin.vault, hospital.settings, started.access.username, "000000"
                )
            except LockedError as error:
                if error.code == "signin.wait":
                    raise


@pytest.mark.parametrize(
    "change",
    [
        {"name": " "}, {"employer": ""}, {"registration": ""}, {"reason": " "}, {"ward": ""},
        {"patient": "p-ann"}, {"minutes": 241}, {"minutes": 0}, {"pin": "12345"},
    ],
)  # fmt: skip
def test_nobody_is_let_in_while_something_is_missing(hospital, admin, nurse, change):
    with pytest.raises(InputError):
        start_access.start_access(admin.vault, hospital.settings, replace(JO, **change), nurse)
    assert review_access.list_accesses(admin.vault) == []


def test_whoever_let_them_in_never_reviews_and_nobody_does_while_it_runs(
    hospital, admin, started, nurse
):
    vault, access = admin.vault, started.access
    with pytest.raises(ConflictError, match="still runs"):
        review_access.review_access(vault, access.id, ReviewVerdict.JUSTIFIED, admin.actor, "seen")
    assert review_access.count_unreviewed(vault) == 0
    hospital.clock.forward(hours=2)
    assert review_access.count_unreviewed(vault) == 1
    assert review_access.list_accesses(vault)[0].find_state(vault.now()) == AccessState.TO_REVIEW
    with pytest.raises(ForbiddenError, match="You let this person in"):
        review_access.review_access(vault, access.id, ReviewVerdict.JUSTIFIED, nurse, "seen")
    with pytest.raises(InputError):
        review_access.review_access(vault, access.id, ReviewVerdict.JUSTIFIED, admin.actor, " ")
    review_access.review_access(vault, access.id, ReviewVerdict.NOT_JUSTIFIED, admin.actor, "why")
    assert review_access.count_unreviewed(vault) == 0
    with pytest.raises(ConflictError, match="already"):
        review_access.review_access(vault, access.id, ReviewVerdict.JUSTIFIED, admin.actor, "no")


def test_an_access_is_never_deleted_and_a_review_is_bound_into_the_chain(hospital, admin, started):
    db = admin.vault.db
    with pytest.raises(Exception, match="stays on record"):
        db.conn.execute("DELETE FROM break_glass")
    hospital.clock.forward(hours=2)
    db.content.disarm(db.conn)
    db.conn.execute("UPDATE break_glass SET reviewed = 'x', verdict = 'justified'")
    assert content_sums.find_changed_tables(db.conn) == ["break_glass"]


def test_no_account_is_made_of_it(hospital, admin, started):
    with pytest.raises(InputError):
        people.set_role(admin.vault, started.access.person, "ward", admin.actor, "keeps coming")
    with pytest.raises(InputError):
        people.reset_credentials(
            admin.vault, hospital.settings, started.access.person, "x" * 20, admin.actor, "why"
        )
    with pytest.raises(InputError):
        hospital.add(admin, "guest.two", "guest")


@pytest.fixture
def sealed(hospital, admin):
    """A ward's code in its envelope; nobody is signed in any more."""
    made = ward_codes.create_ward_code(
        admin.vault, hospital.settings, "A1", admin.actor, "for the night"
    )
    admin.vault.close()
    return made


def open_code(hospital, label, code, **changes):
    draft = replace(JO, **changes)
    return start_access.start_with_ward_code(
        hospital.home, hospital.settings, hospital.clock, label, code, draft
    )


def test_a_sealed_code_opens_a_locked_laptop_once(hospital, sealed):
    started = open_code(hospital, "a1-1", sealed.secret.upper())
    vault: Vault = started.vault
    assert sessions.resume_session(vault, started.token).person.name == "Jo Agency"
    assert started.access.ward_code == "A1-1"
    assert started.access.ward == "A1"
    assert ward_codes.list_ward_codes(vault)[0].access == started.access.id
    vault.close()
    with pytest.raises(LockedError, match="used before"):
        open_code(hospital, "A1-1", sealed.secret)
    hospital.sign_in().vault.close()


def test_a_wrong_label_and_a_wrong_code_get_one_sentence(hospital, sealed):
    sentences = set()
    for label, code in (("B2-1", sealed.secret), ("A1-1", "abcd-efgh-jkmn-pqrs")):
        with pytest.raises(LockedError) as refused:
            open_code(hospital, label, code)
        sentences.add(refused.value.sentence)
    assert len(sentences) == 1
    with pytest.raises(InputError):
        open_code(hospital, "A1-1", sealed.secret, registration="")
    open_code(hospital, "A1-1", sealed.secret).vault.close()


def test_a_lost_envelope_opens_nothing(hospital, sealed):
    signed_in = hospital.sign_in()
    ward_codes.withdraw_ward_code(signed_in.vault, "A1-1", signed_in.actor, "envelope is gone")
    with pytest.raises(NotFoundError):
        ward_codes.withdraw_ward_code(signed_in.vault, "A1-1", signed_in.actor, "again")
    signed_in.vault.close()
    with pytest.raises(LockedError):
        open_code(hospital, "A1-1", sealed.secret)
