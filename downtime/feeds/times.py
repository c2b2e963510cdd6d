"""Times as feeds write them (HL7 v2, FHIR) to times as Downtime stores them.

A time with a time of day becomes a UTC instant, read in the feed's zone unless it carries its own;
a date, whole or partial, stays a FHIR date (`2026`, `2026-01`, `2026-01-02`), whatever zone stands
beside it. An hour that the clocks skip in spring is read as if they had not yet changed; an hour
that happens twice in autumn is read as the first of the two. What is not a time is empty text: 'not
said'.

For the *order* of messages (`parse_instant`) the hour that happens twice is one moment, its first:
of what was sent in it the sequence (MSH-13), then the order of arrival, decides.
"""

import re
from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache
from zoneinfo import ZoneInfo

_HL7 = re.compile(
    r"(\d{4})(\d\d)?(\d\d)?(?:(\d\d)(\d\d)?(\d\d)?(?:\.\d*)?)?\s*(?:([+-])(\d\d):?(\d\d)|(Z))?"
)
_ISO = re.compile(
    r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,]\d*)?)?)?"
    r"\s*(?:([+-])(\d\d):?(\d\d)|(Z))?"
)
_FIRST_YEAR = 1800
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
UTC_ZONE = ZoneInfo("UTC")


@lru_cache(maxsize=65_536)
def parse_time(text: str, zone: ZoneInfo) -> str:
    """The stored form of `20260102[1020[30[.4]]][+0100]` or `2026-01-02[T10:20[:30]][Z]`."""
    text = text.strip()
    match = _HL7.fullmatch(text) or _ISO.fullmatch(text)
    if match is None:
        return ""
    try:
        return _to_stored(match.groups(), zone)
    except (ValueError, OverflowError):
        return ""


def _to_stored(groups: tuple[str | None, ...], zone: ZoneInfo) -> str:
    year, month, day, hour, minute, second, sign, zone_hours, zone_minutes, utc = groups
    if int(year or 0) < _FIRST_YEAR:
        return ""
    whole = date(int(year or 0), int(month or 1), int(day or 1))
    if hour is None:
        return whole.isoformat()[: 4 if month is None else 7 if day is None else 10]
    seconds = min(int(second or 0), 59)
    place: ZoneInfo | timezone = UTC if utc else zone
    if sign:
        offset = timedelta(hours=int(zone_hours or 0), minutes=int(zone_minutes or 0))
        place = timezone(-offset if sign == "-" else offset)
    moment = datetime(
        whole.year, whole.month, whole.day, int(hour), int(minute or 0), seconds, tzinfo=place
    )
    return _to_text(moment)


def _to_text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()[:19] + "Z"


@lru_cache(maxsize=65_536)
def parse_instant(text: str, zone: ZoneInfo) -> str:
    """A time by which events are ordered (see above); empty for a bare date, which orders nothing."""
    value = parse_time(text, zone)
    if "T" not in value:
        return ""
    moment = datetime.fromisoformat(value).astimezone(zone)
    repeated = _repeated_span(moment)
    if not repeated or text.strip()[-1:] == "Z" or re.search(r"[+-]\d\d:?\d\d$", text.strip()):
        return value
    return _to_text(moment - (moment.astimezone(UTC) - _EPOCH) % repeated)


def _repeated_span(moment: datetime) -> timedelta:
    """How long a time lasts that clocks show twice; zero for any other time."""
    first, second = moment.replace(fold=0).utcoffset(), moment.replace(fold=1).utcoffset()
    return max((first or timedelta()) - (second or timedelta()), timedelta())


def parse_date(text: str, zone: ZoneInfo) -> str:
    """The date alone, as written and never moved by a zone: what a date of birth needs."""
    match = _HL7.fullmatch(text.strip()) or _ISO.fullmatch(text.strip())
    parts = [part for part in match.groups()[:3] if part] if match else []
    return parse_time("-".join(parts), zone)


def minutes_between(start: str, end: str) -> int:
    """Whole minutes from one stored instant to another; 0 when either is not an instant."""
    if "T" not in start or "T" not in end:
        return 0
    span = datetime.fromisoformat(end) - datetime.fromisoformat(start)
    return max(0, int(span.total_seconds() // 60))
