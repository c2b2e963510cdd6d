"""Waits grow per account, survive a restart, and end."""

from datetime import UTC, datetime, timedelta

import pytest

from downtime.accounts import sign_in_delays
from downtime.errors import LockedError

T0 = datetime(2026, 11, 2, 14, 30, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def attempts(home, settings, count, username="a.ward", at=T0):
    """Fail `count` times, waiting as told each time; the moment of the last."""
    for number in range(count):
        at += sign_in_delays.compute_delay(number, settings.accounts)
        sign_in_delays.count_attempt(home, settings.accounts, at, username)
    return at


@pytest.mark.parametrize(
    ("count", "seconds"),
    [(0, 0), (2, 0), (3, 1), (4, 2), (5, 4), (11, 256), (12, 300), (10_000, 300)],
)
def test_the_wait_doubles_up_to_the_cap(settings, count, seconds):
    assert sign_in_delays.compute_delay(count, settings.accounts) == timedelta(seconds=seconds)


def test_too_early_is_refused_with_the_time_to_wait_and_does_not_count(home, settings):
    at = attempts(home, settings, 5)
    for _ in range(3):
        with pytest.raises(LockedError, match="Wait 3 seconds") as refused:
            sign_in_delays.count_attempt(home, settings.accounts, at + SECOND, "a.ward")
        assert refused.value.code == "signin.wait"
    sign_in_delays.count_attempt(home, settings.accounts, at + 4 * SECOND, "a.ward")


def test_another_account_does_not_wait(home, settings):
    at = attempts(home, settings, 8)
    sign_in_delays.count_attempt(home, settings.accounts, at, "b.ward")


def test_a_good_sign_in_says_how_many_failed_and_starts_afresh(home, settings):
    at = attempts(home, settings, 6)
    assert sign_in_delays.clear_failures(home, "a.ward") == 5
    sign_in_delays.count_attempt(home, settings.accounts, at, "a.ward")
    assert sign_in_delays.clear_failures(home, "a.ward") == 0


def test_a_clock_that_went_back_makes_one_more_wait_and_no_lock_out(home, settings):
    attempts(home, settings, 6)
    back = T0 - timedelta(days=400)
    with pytest.raises(LockedError, match="Wait 8 seconds"):
        sign_in_delays.count_attempt(home, settings.accounts, back, "a.ward")
    sign_in_delays.count_attempt(home, settings.accounts, back + 8 * SECOND, "a.ward")


def test_no_user_name_lies_in_the_file(home, settings):
    attempts(home, settings, 2)
    assert "ward" not in (home.keys_folder / "failures.json").read_text()


def test_made_up_names_do_not_fill_the_disk(home, settings, monkeypatch):
    monkeypatch.setattr(sign_in_delays, "MAX_NAMES", 5)
    for number in range(9):
        sign_in_delays.count_attempt(home, settings.accounts, T0 + number * SECOND, f"name{number}")
    assert (home.keys_folder / "failures.json").read_text().count("[") == 5


def test_a_damaged_file_keeps_nobody_out(home, settings):
    (home.keys_folder / "failures.json").write_text('["half')
    sign_in_delays.count_attempt(home, settings.accounts, T0, "a.ward")


def test_who_tries_a_name_elsewhere_delays_themselves_and_not_its_owner(home, settings):
    at = T0
    for number in range(12):
        at += sign_in_delays.compute_delay(number, settings.accounts)
        sign_in_delays.count_attempt(home, settings.accounts, at, "a.ward", "192.0.2.9")
    with pytest.raises(LockedError, match="Wait 300 seconds"):
        sign_in_delays.count_attempt(home, settings.accounts, at, "a.ward", "192.0.2.9")
    for client in ("", "127.0.0.1", "192.0.2.8"):
        sign_in_delays.count_attempt(home, settings.accounts, at, "a.ward", client)


def test_the_owner_hears_once_of_tries_elsewhere_which_go_on_counting(home, settings):
    for second in range(3):
        at = T0 + second * SECOND
        sign_in_delays.count_attempt(home, settings.accounts, at, "a.ward", "192.0.2.9")
    for heard in (3, 0):
        sign_in_delays.count_attempt(home, settings.accounts, at, "a.ward")
        assert sign_in_delays.clear_failures(home, "a.ward") == heard
    with pytest.raises(LockedError, match="Wait 1 second"):
        sign_in_delays.count_attempt(home, settings.accounts, at, "a.ward", "192.0.2.9")


def test_made_up_names_push_out_nothing_that_another_client_tried(home, settings, monkeypatch):
    monkeypatch.setattr(sign_in_delays, "MAX_NAMES", 5)
    attempts(home, settings, 3)
    for number in range(9):
        at = T0 + number * SECOND
        sign_in_delays.count_attempt(home, settings.accounts, at, f"name{number}", "192.0.2.9")
    assert sign_in_delays.clear_failures(home, "a.ward") == 2


def test_a_disk_that_takes_nothing_keeps_nobody_out_and_lets_nobody_guess(
    home, settings, monkeypatch
):
    def refuse(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(sign_in_delays, "write_atomic", refuse)
        at = attempts(home, settings, 6)
        with pytest.raises(LockedError, match="Wait 8 seconds"):
            sign_in_delays.count_attempt(home, settings.accounts, at, "a.ward")
        assert sign_in_delays.clear_failures(home, "a.ward") == 5
    assert not (home.keys_folder / "failures.json").exists()
