"""How old the days of a ledger are, as far as its clock is believed."""

from datetime import date, timedelta

from downtime.snapshot.expire_days import count_ages

FIRST = date(2026, 11, 1)
DAYS = [FIRST + timedelta(days=number) for number in range(40)]


def test_a_ledger_that_is_used_every_day_is_as_old_as_its_days():
    assert count_ages(DAYS, DAYS[-1], 7) == list(range(39, -1, -1))


def test_a_clock_that_jumps_ahead_makes_no_day_old():
    assert max(count_ages(DAYS[:20], DAYS[19] + timedelta(days=40), 7)) == 19 + 7
    jumped = [*DAYS[:20], DAYS[19] + timedelta(days=40)]
    assert max(count_ages(jumped, jumped[-1], 7)) == 19 + 7


def test_a_clock_that_was_put_back_makes_no_day_younger_than_none():
    assert count_ages(DAYS[:2], FIRST - timedelta(days=9), 7) == [1, 0]
