"""Dates and times as people type them from paper: `021126 1430`, `1430`, `2/11/26`.

A year of two digits is the latest one that is not in the future where only the past makes sense
(a birth, an event), else the one nearest to today. Everything is local to the site until `instant`
makes a stored time of it.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from downtime.clock import to_text
from downtime.errors import InputError

_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_DATES = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)",
        r"(?P<day>\d\d)(?P<month>\d\d)(?P<year>\d\d|\d{4})",
        r"(?P<day>\d{1,2})[/.\- ](?P<month>\d{1,2})[/.\- ](?P<year>\d\d|\d{4})",
        r"(?P<day>\d{1,2})[\- ]?(?P<month>[a-z]{3})[a-z]*[\- ]?(?P<year>\d\d|\d{4})",
    )
]
_TIME = re.compile(r"(?P<hour>\d{1,2})[:.]?(?P<minute>\d\d)(:00)?( ?(?P<zone>[A-Z]{3,4}))?")
_MOMENT = re.compile(r"(.+)[T ](\d{1,2}[:.]?\d\d(?::00)?(?: ?[A-Za-z]{3,4})?)")


def parse_date(text: str, today: date, *, past: bool = False) -> str:
    """The ISO date of what was typed; ValueError when it is none.

    Read are `021126`, `02112026`, `2/11/26` (also with dots, hyphens or spaces), `2 Nov 26` and
    ISO dates: always day before month, as the paper has it.
    """
    for pattern in _DATES:
        if match := pattern.fullmatch(text.strip()):
            year = _full_year(match["year"], today, past)
            month = match["month"].lower()
            number = int(month) if month.isdigit() else _MONTHS.index(month) + 1
            return date(year, number, int(match["day"])).isoformat()
    raise ValueError("not a date")


def _full_year(digits: str, today: date, past: bool) -> int:
    if len(digits) == 4:
        return int(digits)
    latest = today.year if past else today.year + 50
    return latest - (latest - int(digits)) % 100


def parse_time(text: str) -> str:
    """`HH:MM` of `1430`, `14:30`, `14.30` or `930`; ValueError when it is none.

    In the hour that happens twice the zone's name may follow (`01:30 GMT`) and is kept.
    """
    match = _TIME.fullmatch(text.strip().upper())
    if not match:
        raise ValueError("not a time")
    zone = f" {match['zone']}" if match["zone"] else ""
    return f"{time(int(match['hour']), int(match['minute'])):%H:%M}{zone}"


def parse_moment(text: str, today: date) -> str:
    """`2026-11-02T14:30` of `021126 1430` or of any date and time together; else ValueError."""
    match = _MOMENT.fullmatch(text.strip())
    if not match:
        raise ValueError("a date and a time are needed")
    return f"{parse_date(match[1], today, past=True)}T{parse_time(match[2])}"


def parse_moment_near(text: str, today: date, event_day: str, event_hour: str) -> str:
    """As `parse_moment`, and a time alone beside an event: on its day, or the day before if later.

    A chart that was signed at 00:30 and has a row at 23:50 means the evening before.
    """
    try:
        return parse_moment(text, today)
    except ValueError:
        hour, day = parse_time(text), date.fromisoformat(event_day)
        if hour[:5] > event_hour[:5]:
            day -= timedelta(days=1)
        return f"{day.isoformat()}T{hour}"


def parse_past_time(text: str, now: datetime, zone: ZoneInfo) -> str:
    """The stored UTC time of what was typed, empty for nothing; a time alone is the last such one.

    InputError when it is no time.
    """
    local = now.astimezone(zone)
    day, hour = local.date(), f"{local:%H:%M}"
    try:
        moment = parse_moment_near(text, day, day.isoformat(), hour) if text.strip() else ""
        return moment_to_utc(moment, zone) if moment else ""
    except ValueError:
        raise InputError(
            "time.typed", "That is not a time.", "Type it as 0215, 02:15 or 29/11/26 22:40."
        ) from None


def to_utc(day: str, hour: str, zone: ZoneInfo) -> str:
    """The stored UTC time of a local ISO date and `HH:MM`; ValueError in the hour skipped in March.

    In the hour that happens twice in October the first is meant, unless the zone's name says.
    """
    clock, _, name = hour.partition(" ")
    local = datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=zone)
    choices = [local.replace(fold=fold) for fold in (0, 1)]
    if name:
        choices = [choice for choice in choices if choice.tzname() == name]
    for choice in choices:
        there_and_back = choice.astimezone(UTC).astimezone(zone)
        if there_and_back.replace(tzinfo=None) == local.replace(tzinfo=None):
            return to_text(choice)
    raise ValueError("that time did not exist")


@lru_cache(maxsize=65536)
def moment_to_utc(moment: str, zone: ZoneInfo) -> str:
    """The stored UTC time of a local `2026-11-02T14:30`."""
    day, _, hour = moment.partition("T")
    return to_utc(day, hour, zone)
