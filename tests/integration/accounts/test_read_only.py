"""In a vault that a newer program has written, people sign in and read; nothing of it is written."""

import pytest

from downtime.accounts import homes, people, sessions
from downtime.accounts.store import in_memory, session_pins
from downtime.errors import ConflictError, LockedError
from downtime.vault import schema
from downtime.vault.database import transaction
from downtime.vault.schema import Migration

from .conftest import PASSWORD


@pytest.fixture
def newer(hospital, admin):
    """The hospital, whose vault a program of tomorrow has migrated."""
    with transaction(admin.vault.db) as db:
        later = Migration("9901_tomorrow", "fleet", "CREATE TABLE tomorrow (x TEXT);")
        schema.apply_migrations(db, [later], admin.vault.now())
    admin.vault.close()
    return hospital


@pytest.fixture
def signed_in(newer):
    opened = newer.sign_in()
    yield opened
    opened.vault.close()


def test_people_sign_in_and_nothing_is_audited(newer, signed_in, actions):
    before = actions(signed_in.vault)
    assert signed_in.vault.is_read_only
    second = newer.sign_in(vault=signed_in.vault)
    assert second.person.username == "admin"
    assert actions(signed_in.vault) == before


def test_a_code_is_taken_once_all_the_same(newer, signed_in):
    code = newer.code("admin")
    newer.sign_in(code=code, vault=signed_in.vault)
    with pytest.raises(LockedError):
        newer.sign_in(code=code, vault=signed_in.vault)


def test_a_session_begins_locks_goes_on_and_ends(newer, signed_in):
    vault = signed_in.vault
    token = sessions.start_session(vault, newer.settings, signed_in.person, "K7")
    newer.clock.forward(seconds=60)
    sessions.touch_session(vault, token)
    assert not sessions.resume_session(vault, token).locked
    sessions.lock_session(vault, token)
    assert sessions.resume_session(vault, token).locked
    sessions.unlock_session(vault, newer.settings, token, PASSWORD)
    assert not sessions.resume_session(vault, token).locked
    assert sessions.count_live_sessions(vault) == 1
    sessions.end_session(vault, token)
    assert sessions.resume_session(vault, token) is None
    assert vault.db.execute("SELECT count(*) FROM session").fetchone()[0] == 0


def test_a_program_opens_it_with_its_file(newer):
    opened = homes.open_with_file(newer.home, newer.settings, newer.clock, newer.unlock_file)
    assert opened.person.username == "service"
    assert "A newer version of Downtime" in opened.vault.notice
    opened.vault.close()


def test_every_change_is_refused_with_a_sentence(newer, signed_in):
    with pytest.raises(ConflictError, match="this one only shows it"):
        newer.add(signed_in, "bo")
    assert len(people.list_people(signed_in.vault)) == 2


def test_a_pin_that_was_used_up_while_nothing_could_be_written_unlocks_nothing_afterwards(
    hospital, admin
):
    vault, settings = admin.vault, hospital.settings
    token = sessions.start_session(vault, settings, admin.person, "K7")
    sessions.choose_pin(vault, settings, token, PASSWORD, "271828")
    memory = in_memory.copy_to_memory(vault.db)
    session_pins.delete_pin(memory, sessions.hash_token(token))
    with transaction(vault.db) as db:
        in_memory.write_back(memory, db)
    assert not sessions.has_pin(vault, token)
    assert sessions.resume_session(vault, token) is not None
