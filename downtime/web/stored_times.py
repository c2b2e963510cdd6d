"""Times as a browser's date field writes them, in the site's time zone."""

from datetime import datetime
from zoneinfo import ZoneInfo

from downtime.clock import from_text, to_text
from downtime.errors import InputError
from downtime.web import request_context

_LOCAL_FORMAT = "%Y-%m-%dT%H:%M"


def format_local_time(stored: str) -> str:
    """A stored time (UTC) for a `datetime-local` field."""
    return from_text(stored).astimezone(_site_zone()).strftime(_LOCAL_FORMAT)


def parse_local_time(text: str) -> str:
    """What a `datetime-local` field holds, as UTC text; InputError when it is no time."""
    try:
        return to_text(datetime.strptime(text, _LOCAL_FORMAT).replace(tzinfo=_site_zone()))
    except ValueError:
        raise InputError(
            "assignment.due", "That is not a time.", "Go back and choose a day and a time."
        ) from None


def _site_zone() -> ZoneInfo:
    return ZoneInfo(request_context.settings().site.time_zone)
