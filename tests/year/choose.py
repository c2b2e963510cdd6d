"""Which of the machines of a simulated year something happens to."""

from datetime import timedelta

from downtime.vault.model import MachineRole
from tests.year.computers import Computer
from tests.year.year import Year

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def any_laptop(year: Year) -> Computer:
    """One of those that work."""
    working = [one for one in year.laptops.values() if one.works and one.is_connected]
    return year.chance.choice(working or list(year.laptops.values()))


def any_ward_laptop(year: Year) -> Computer:
    """One that is no records station."""
    wards = [one for one in year.laptops.values() if one.role is MachineRole.WARD_LAPTOP]
    return year.chance.choice([one for one in wards if one.works and one.is_connected] or wards)
