"""Which full snapshots stay: whoever was wrong for an hour or a day can go back behind it."""

from datetime import timedelta

from downtime.clock import to_text
from downtime.fleet.retention import choose_kept
from downtime.fleet_settings import FleetSettings
from tests.conftest import NOW


def every_five_minutes(days: int, end=NOW) -> dict[str, str]:
    count = days * 288
    return {f"{n:06}": to_text(end - timedelta(minutes=5 * n)) for n in range(count)}


def test_a_month_of_snapshots_leaves_the_newest_one_an_hour_and_one_a_day():
    created = every_five_minutes(30)
    kept = choose_kept(created, FleetSettings(keep_newest=3, keep_hours=24, keep_days=14))
    assert {"000000", "000001", "000002"} <= kept
    assert len(kept) <= 3 + 25 + 15
    hours = {created[name][:13] for name in kept}
    days = {created[name][:10] for name in kept}
    assert len(hours) >= 24
    assert len(days) >= 14


def test_times_are_counted_from_the_newest_whatever_the_clock_says():
    for end in (NOW - timedelta(days=3650), NOW + timedelta(days=3650)):
        created = every_five_minutes(2, end)
        assert len(choose_kept(created, FleetSettings())) == len(
            choose_kept(every_five_minutes(2), FleetSettings())
        )


def test_the_newest_always_stays():
    settings = FleetSettings(keep_newest=0, keep_hours=0, keep_days=0)
    assert choose_kept(every_five_minutes(1), settings) == {"000000"}
    assert choose_kept({}, settings) == set()
