"""Times of the demonstration hospital: on its own clock, and in whole minutes."""

from datetime import datetime
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/London")


def whole_minute(moment: datetime) -> datetime:
    """Without seconds."""
    return moment.replace(second=0, microsecond=0)
