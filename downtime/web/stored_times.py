"""Times in fields of pages, as they are shown everywhere and as people type them: never in a browser's own order."""

from zoneinfo import ZoneInfo

from downtime.clinical import display
from downtime.entry.typed_times import (
    REPEATED_NEXT_STEP,
    RepeatedHourError,
    moment_to_utc,
    parse_date,
    parse_moment,
    settle_moment,
    word_repeated_hour,
)
from downtime.errors import InputError
from downtime.web import request_context


def format_local_time(stored: str) -> str:
    """A stored time (UTC) as a field shows it: `02-Nov-2026 14:30`."""
    return display.format_moment(stored, _site_zone())


def parse_local_time(text: str) -> str:
    """The stored UTC time of a day and a time that were typed; InputError when it is none.

    A field that nobody touched gives what it showed.
    """
    zone = _site_zone()
    try:
        moment = parse_moment(text, request_context.now().astimezone(zone).date())
        return moment_to_utc(settle_moment(moment, zone), zone)
    except RepeatedHourError as error:
        raise InputError("time.twice", word_repeated_hour(error), REPEATED_NEXT_STEP) from None
    except ValueError:
        raise InputError(
            "assignment.due",
            "That is not a time.",
            "Type the day and the time, for example 29/11/26 22:40 or 29-Nov-2026 22:40.",
        ) from None


def parse_day(text: str) -> str:
    """The ISO date of a day that was typed; what is no day comes back as it is."""
    try:
        return parse_date(text, request_context.now().astimezone(_site_zone()).date())
    except ValueError:
        return text.strip()


def _site_zone() -> ZoneInfo:
    return ZoneInfo(request_context.settings().site.time_zone)
