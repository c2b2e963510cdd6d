"""Dates and times as people type them from paper: `021126 1430`, `1430`, `2/11/26`.

A year of two digits is the one nearest to today, so that a slip is seen as a time that makes no sense,
not moved by a century; of a birth, which may lie in either, all four digits are asked for. A time in
the hour that happens twice in autumn is asked about, and kept with its offset (`01:30+01:00`).
Everything is local to the site until `to_utc` makes a stored time of it.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
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
_ZONE = r"[A-Za-z]{3,4}|[+-]\d\d:?\d\d"
_TIME = re.compile(
    rf"(?P<hour>\d{{1,2}})[:.]?(?P<minute>\d\d)(:00)?( ?(?P<zone>{_ZONE}))?", re.IGNORECASE
)
_MOMENT = re.compile(rf"(.+)[T ](\d{{1,2}}[:.]?\d\d(?::00)?(?: ?(?:{_ZONE}))?)")
_CENTURY_SPAN = 50
YEARS = range(1900, 2200)
"""Of times that a form, an event or an outage may have."""


class ShortYearError(ValueError):
    """A year of two digits where the century is not known."""


class TimeChoice(NamedTuple):
    """One of the two times that a clock shows in the hour that happens twice."""

    offset: str
    """`+01:00`, to be added to what was typed."""
    zone_name: str


class RepeatedHourError(ValueError):
    """A time of the hour that happens twice, without a word which of the two."""

    def __init__(self, choices: tuple[TimeChoice, ...]) -> None:
        super().__init__("that hour happened twice")
        self.choices = choices
        """The earlier one first."""


def parse_date(text: str, today: date, *, is_birth: bool = False) -> str:
    """The ISO date of what was typed; ValueError when it is none, ShortYearError for half a birth year.

    Read are `021126`, `02112026`, `2/11/26` (also with dots, hyphens or spaces), `2 Nov 26` and
    ISO dates: always day before month, as the paper has it.
    """
    for pattern in _DATES:
        if match := pattern.fullmatch(text.strip()):
            if is_birth and len(match["year"]) == 2:
                raise ShortYearError("type all four digits of the year")
            year = _full_year(match["year"], today)
            month = match["month"].lower()
            number = int(month) if month.isdigit() else _MONTHS.index(month) + 1
            return date(year, number, int(match["day"])).isoformat()
    raise ValueError("not a date")


def _full_year(digits: str, today: date) -> int:
    if len(digits) == 4:
        return int(digits)
    latest = today.year + _CENTURY_SPAN
    return latest - (latest - int(digits)) % 100


def parse_time(text: str) -> str:
    """`HH:MM` of `1430`, `14:30`, `14.30` or `930`; ValueError when it is none.

    In the hour that happens twice the zone's name or its offset may follow (`01:30 GMT`,
    `01:30+00:00`) and is kept.
    """
    match = _TIME.fullmatch(text.strip().upper())
    if not match:
        raise ValueError("not a time")
    zone = match["zone"] or ""
    if zone[:1] in ("+", "-"):
        zone = f"{zone[:3]}:{zone[-2:]}"
    elif zone:
        zone = f" {zone}"
    return f"{time(int(match['hour']), int(match['minute'])):%H:%M}{zone}"


def parse_moment(text: str, today: date) -> str:
    """`2026-11-02T14:30` of `021126 1430` or of any date and time together; else ValueError."""
    match = _MOMENT.fullmatch(text.strip())
    if not match:
        raise ValueError("a date and a time are needed")
    return f"{parse_date(match[1], today)}T{parse_time(match[2])}"


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
        return moment_to_utc(settle_moment(moment, zone), zone) if moment else ""
    except RepeatedHourError as error:
        raise InputError("time.twice", word_repeated_hour(error), REPEATED_NEXT_STEP) from None
    except ValueError:
        raise InputError(
            "time.typed", "That is not a time.", "Type it as 0215, 02:15 or 29/11/26 22:40."
        ) from None


REPEATED_NEXT_STEP = "Type the offset behind the time."


def word_repeated_hour(error: RepeatedHourError) -> str:
    """The sentence that asks which of the two times is meant."""
    first, second = error.choices
    return (
        "The clocks went back, so this time happened twice that night:"
        f" first {first.zone_name} ({first.offset}), then {second.zone_name} ({second.offset})."
    )


def settle_time(day: str, hour: str, zone: ZoneInfo) -> str:
    """A time of a local ISO date as it is kept: with its offset in the hour that happens twice.

    RepeatedHourError when nothing says which of the two it is; ValueError for one that was not.
    """
    choices = _list_choices(day, hour[:5], zone)
    if len(choices) == 2 and len(hour) == 5:
        raise RepeatedHourError(
            tuple(TimeChoice(_format_offset(c), c.tzname() or "") for c in choices)
        )
    instant = _choose(day, hour, zone)
    return f"{hour[:5]}{_format_offset(instant)}" if len(choices) == 2 else hour


def settle_moment(moment: str, zone: ZoneInfo) -> str:
    """As `settle_time`, of a local `2026-11-02T14:30`."""
    day, _, hour = moment.partition("T")
    return f"{day}T{settle_time(day, hour, zone)}"


def _list_choices(day: str, clock: str, zone: ZoneInfo) -> list[datetime]:
    """The instants at which a clock shows this: none in March's hour, two in October's."""
    local = datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=zone)
    if local.year not in YEARS:
        raise ValueError("nothing that anybody writes down was in that year")
    folds = [local.replace(fold=fold) for fold in (0, 1)]
    real = [
        fold
        for fold in folds
        if fold.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None)
    ]
    return real[:1] if len({fold.utcoffset() for fold in real}) == 1 else real


def _format_offset(instant: datetime) -> str:
    return instant.isoformat()[-6:]


def _choose(day: str, hour: str, zone: ZoneInfo) -> datetime:
    """The instant of a time with or without zone name or offset; ValueError when there was none."""
    wanted = hour[5:].strip()
    for choice in _list_choices(day, hour[:5], zone):
        if wanted in ("", choice.tzname(), _format_offset(choice)):
            return choice
    raise ValueError("that time did not exist")


def to_utc(day: str, hour: str, zone: ZoneInfo) -> str:
    """The stored UTC time of a local ISO date and `HH:MM`; ValueError in the hour skipped in March.

    What is kept from before it was asked about means the first of an hour that happens twice.
    """
    return to_text(_choose(day, hour, zone))


@lru_cache(maxsize=65536)
def moment_to_utc(moment: str, zone: ZoneInfo) -> str:
    """The stored UTC time of a local `2026-11-02T14:30`."""
    day, _, hour = moment.partition("T")
    return to_utc(day, hour, zone)
