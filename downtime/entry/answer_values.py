"""An answer as a record holds it, and as people read it. Pure."""

from datetime import date
from zoneinfo import ZoneInfo

from downtime.entry import typed_times
from downtime.paper.forms.model import TRUE, Item

_NUMBERS = ("integer", "decimal", "quantity")


def record_value(item: Item, answer: str, zone: ZoneInfo) -> str:
    """The value of a record's field: times in UTC, a dose with its unit, all else as kept."""
    if item.type == "dateTime":
        return typed_times.moment_to_utc(answer, zone)
    if item.maps == "dosage" and item.type in _NUMBERS:
        # A dose without its unit is none: the unit, or the words above the column ('Units').
        return f"{answer} {item.units or item.text.lower()}"
    return answer


def parse_moment_near(text: str, day: str, hour: str) -> str:
    """The local moment of words like `021126 1430` or `1430`, beside a form's date; else ValueError."""
    try:
        return typed_times.parse_moment(text, date.fromisoformat(day))
    except ValueError:
        return typed_times.moment_near_event(typed_times.parse_time(text), day, hour)


def answer_text(item: Item, answer: str) -> str:
    """The words of an answer: `yes` for a ticked box, an option's display, else what was kept."""
    if answer == TRUE and item.type == "boolean":
        return "yes"
    return next((option.display for option in item.options if option.code == answer), answer)
