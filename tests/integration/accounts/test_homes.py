"""A home is made once, complete or not at all, and opens by person, by file and by paper."""

import pytest

from downtime import config
from downtime.accounts import homes
from downtime.config import Home
from downtime.errors import ConflictError, InputError, LockedError, NotFoundError
from downtime.vault import audit, device, keys, schema

from .conftest import CHEAP


def test_a_new_home_is_private_and_its_administrator_signs_in(hospital):
    for folder in (hospital.home.path, hospital.home.keys_folder, hospital.home.snapshots_folder):
        assert folder.stat().st_mode & 0o777 == 0o700
    signed_in = hospital.sign_in()
    assert signed_in.person.role == "administrator"
    assert signed_in.actor.device == "K7"
    assert schema.list_pending(signed_in.vault.db) == []
    assert audit.verify_chain(signed_in.vault.db).first_bad is None


def test_nothing_that_was_shown_once_lies_in_the_home(hospital):
    shown = [hospital.made.recovery_code, hospital.made.totp_secret, hospital.made.password]
    shown.append(hospital.unlock_file.read_text().strip())
    for path in hospital.home.path.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert not any(secret.encode() in content for secret in shown), path.name


def test_a_program_opens_it_with_its_file_and_is_a_service(hospital, actions):
    assert hospital.unlock_file.stat().st_mode & 0o777 == 0o600
    signed_in = homes.open_with_file(
        hospital.home, hospital.settings, hospital.clock, hospital.unlock_file
    )
    assert (signed_in.person.role, signed_in.actor.device) == ("service", "K7")
    assert actions(signed_in.vault)[-1] == "session.open-file"


def test_another_file_does_not_open_it(hospital, tmp_path):
    other = tmp_path / "other"
    other.write_text("quite another secret\n")
    other.chmod(0o600)
    with pytest.raises(LockedError, match="unlock file other does not open"):
        homes.open_with_file(hospital.home, hospital.settings, hospital.clock, other)


def test_the_content_of_an_unlock_file_is_no_password(hospital):
    secret = hospital.unlock_file.read_text().strip()
    with pytest.raises(LockedError, match="is not right"):
        keys.open_slot(hospital.home, "service", secret)


def test_the_paper_code_opens_it(hospital):
    signed_in = hospital.sign_in()
    code = hospital.made.recovery_code.lower().replace("-", " ")
    assert keys.open_with_recovery(hospital.home, code) == signed_in.vault.data_key


def test_a_home_is_not_made_twice_nor_over_other_files(hospital, tmp_path):
    with pytest.raises(ConflictError, match="There is a Downtime home"):
        homes.create_home(hospital.home, hospital.clock, settings_text=CHEAP)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "vault.db").write_bytes(b"precious")
    with pytest.raises(ConflictError, match="is not empty"):
        homes.create_home(Home(tmp_path / "full"), hospital.clock, settings_text=CHEAP)
    assert (tmp_path / "full" / "vault.db").read_bytes() == b"precious"


def test_random_password_and_device_code_when_none_are_given(hospital, tmp_path):
    made = homes.create_home(Home(tmp_path / "b"), hospital.clock, settings_text=CHEAP)
    assert keys.open_slot(made.home, "admin", made.password)
    assert device.read_own_card(made.home).code == made.device_code
    assert len(made.password) >= 12


def test_a_site_s_name_with_quotes_is_kept(tmp_path, clock):
    home = Home(tmp_path / "b")
    homes.create_home(home, clock, site_name='St "Elsewhere" \\ North\n', site_code="X")
    from downtime import config

    assert config.load_settings(home.config_file).site.name == 'St "Elsewhere" \\ North'


@pytest.mark.parametrize("wrong", [{"device_code": "I0"}, {"password": "short"}])
def test_wrong_words_leave_no_home(tmp_path, clock, wrong):
    home = Home(tmp_path / "b")
    with pytest.raises(InputError):
        homes.create_home(home, clock, settings_text=CHEAP, **wrong)
    assert not keys.home_exists(home)


def test_no_home_is_said_in_a_sentence(hospital, tmp_path):
    with pytest.raises(NotFoundError, match="no Downtime home"):
        keys.open_slot(Home(tmp_path / "nowhere"), "admin", "x")


@pytest.mark.parametrize("lost", ["keys/slots.json", "config.toml"])
def test_a_home_that_lost_a_file_is_kept(hospital, lost):
    """The advice saves the data: no new home, nothing removed."""
    (hospital.home.path / lost).unlink()
    (hospital.home.path / "slots.copy").unlink()
    with pytest.raises(NotFoundError, match="still there") as error:
        config.load_settings(hospital.home.config_file)
        keys.load_slot_file(hospital.home)
    assert "no new home" in error.value.next_step
    with pytest.raises(NotFoundError, match="still there"):
        homes.create_home(hospital.home, hospital.clock, settings_text=CHEAP)
