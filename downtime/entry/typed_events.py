"""Read what was typed of an event on the screen or on the command line: times and dates as people write them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from downtime.clock import to_text
from downtime.entry import typed_times
from downtime.entry.typed_times import RepeatedHourError, ShortYearError
from downtime.errors import InputError
from downtime.outage.events.row_types import TIMES, EventField, EventRow, FieldKind


def parse_happened(text: str, zone: ZoneInfo, now: datetime) -> str:
    """UTC of `14:30`, `1430` or of a date and a time; empty means now. InputError."""
    if not text.strip():
        return to_text(now.replace(second=0, microsecond=0))
    return _to_utc("When", text, zone, now)


def parse_answers(
    row: EventRow, typed: Mapping[str, str], zone: ZoneInfo, now: datetime
) -> dict[str, str]:
    """The answers as they are kept, for the fields that people fill in. InputError."""
    fields = {field.name: field for field in row.fields}
    return {
        name: _parse(fields[name], text.strip(), zone, now) if name in fields else text
        for name, text in typed.items()
        if text.strip()
    }


def _parse(field: EventField, text: str, zone: ZoneInfo, now: datetime) -> str:
    if field.kind in TIMES:
        return _to_utc(field.text, text, zone, now, ahead=field.kind == FieldKind.COMING_TIME)
    if field.kind == FieldKind.COMING_DATE:
        try:
            return typed_times.parse_date(text, now.astimezone(zone).date())
        except ValueError:
            raise InputError(
                "event.answer", f"{field.text} is no date.", "Write it as 31-Jan-2027 or 31/1/27."
            ) from None
    if field.kind == FieldKind.DATE:
        try:
            return typed_times.parse_date(text, now.astimezone(zone).date(), is_birth=True)
        except ShortYearError:
            raise InputError(
                "event.year",
                f"{field.text}: the year of two digits may be of either century.",
                "Write it as 02-Jan-1960 or 02011960.",
            ) from None
        except ValueError:
            raise InputError(
                "event.answer", f"{field.text} is no date.", "Write it as 02-Jan-1960 or 02011960."
            ) from None
    return text


def _to_utc(name: str, text: str, zone: ZoneInfo, now: datetime, *, ahead: bool = False) -> str:
    today = now.astimezone(zone)
    try:
        parse = _parse_coming if ahead else _parse_past
        moment = typed_times.settle_moment(parse(text.strip(), today), zone)
        return typed_times.moment_to_utc(moment, zone)
    except RepeatedHourError as error:
        sentence = f"{name}: {typed_times.word_repeated_hour(error)}"
        raise InputError("event.twice", sentence, typed_times.REPEATED_NEXT_STEP) from None
    except ValueError:
        raise InputError(
            "event.answer",
            f"{name}: this is no time.",
            "Write it as 14:30, or as 02-Jan-2026 14:30.",
        ) from None


def _parse_past(text: str, now: datetime) -> str:
    """A time alone is the last one that has been: 23:50 typed after midnight is of yesterday."""
    return typed_times.parse_moment_near(text, now.date(), f"{now:%Y-%m-%d}", f"{now:%H:%M}")


def _parse_coming(text: str, now: datetime) -> str:
    """A time alone is the next one: 00:30 typed before midnight is of tomorrow."""
    try:
        hour = typed_times.parse_time(text)
    except ValueError:
        day, _, hour = text.replace("T", " ").rpartition(" ")
        return f"{typed_times.parse_date(day, now.date())}T{typed_times.parse_time(hour)}"
    is_tomorrow = hour[:5] < f"{now:%H:%M}"
    return f"{now.date() + timedelta(days=is_tomorrow)}T{hour}"
