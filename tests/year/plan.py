"""How often what happens in a simulated year, dealt out over its days."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from tests.year import clock_faults, losses, upkeep
from tests.year.year import BEGIN, Happening, Year


@dataclass(frozen=True, slots=True)
class Extent:
    """Laptops and their wards, and how often each happens in 365 days; in fewer days at least once."""

    laptops: Mapping[str, tuple[str, ...]]
    happenings: Mapping[Happening, int]


LAPTOPS = {"LA": ("W1",), "LB": ("W2",), "LC": ("W1", "W3"), "LD": ()}
A_YEAR: Mapping[Happening, int] = {
    clock_faults.shift_clock: 20,
    clock_faults.shift_clock_offline: 14,
    clock_faults.stop_clock: 10,
    clock_faults.lose_battery: 10,
    clock_faults.restart: 40,
    clock_faults.sleep: 40,
    clock_faults.shift_publisher: 8,
    upkeep.go_away: 8,
    upkeep.lose_place: 12,
    losses.lose_laptop: 5,
    losses.put_vault_back: 8,
    losses.copy_laptop: 6,
    losses.restore_laptop: 6,
    losses.rebuild_publisher: 4,
    losses.replace_publisher: 1,
    upkeep.renew_list: 4,
    upkeep.rotate_root: 3,
    upkeep.renew_key: 6,
    upkeep.change_wards: 5,
    upkeep.upgrade: 6,
    upkeep.print_paper: 300,
    upkeep.close_ward: 5,
    upkeep.send_wrong_discharges: 5,
    upkeep.send_wrong_discharges_under_wrong_clock: 3,
}
WHOLE = Extent(LAPTOPS, A_YEAR)
SMALL = Extent(
    {"LA": ("W1",), "LD": ()},
    dict.fromkeys(
        (
            clock_faults.lose_battery,
            losses.lose_laptop,
            losses.copy_laptop,
            losses.restore_laptop,
            losses.replace_publisher,
            upkeep.print_paper,
            upkeep.close_ward,
            upkeep.send_wrong_discharges_under_wrong_clock,
        ),
        1,
    ),
)
"""What can harm most, in a hospital that a test by day has time for."""


def plan(year: Year, days: int, happenings: Mapping[Happening, int]) -> None:
    """Deal all of it out over the days."""
    for happening, times in happenings.items():
        for _ in range(max(1, round(times * days / 365))):
            # not on the last day: what it leads to is seen as well
            minutes = year.chance.randint(60, max(61, (days - 1) * 1440))
            year.at(BEGIN + timedelta(minutes=minutes), happening)
