"""Live through a simulated year, from its first to its last minute."""

from pathlib import Path

from tests.year.plan import WHOLE, Extent, plan
from tests.year.record import Record
from tests.year.year import Say, Year


def live_through(
    folder: Path, days: int, seed: int, say: Say = lambda line: None, extent: Extent = WHOLE
) -> Record:
    """So many days with all that happens in a year; what was, and what was wrong."""
    year = Year(folder, days, seed, say, extent.laptops)
    plan(year, days, extent.happenings)
    year.live()
    return year.record
