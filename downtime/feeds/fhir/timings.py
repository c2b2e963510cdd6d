"""FHIR Timing in words: `2 times every 1 day at 08:00, 20:00, until 8 Oct 2026`. Pure.

All that is sent of a timing is said. A code (`BD`) or a text stands for the number of times and the
period beside it; days, hours, bounds and the count of doses stand behind either.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any

from downtime.feeds.fhir.data_types import (
    concept_text,
    element_at,
    quantity_text,
    range_text,
    text_at,
)

_PERIODS = {"s": "second", "min": "minute", "h": "hour", "d": "day", "wk": "week", "mo": "month",
            "a": "year"}  # fmt: skip
_DAYS = {"mon": "Monday", "tue": "Tuesday", "wed": "Wednesday", "thu": "Thursday", "fri": "Friday",
         "sat": "Saturday", "sun": "Sunday"}  # fmt: skip
_EVENTS = {
    "MORN": "morning", "MORN.early": "early morning", "MORN.late": "late morning", "NOON": "noon",
    "AFT": "afternoon", "AFT.early": "early afternoon", "AFT.late": "late afternoon",
    "EVE": "evening", "EVE.early": "early evening", "EVE.late": "late evening", "NIGHT": "night",
    "PHS": "after sleep", "IMD": "immediately", "HS": "at bedtime", "WAKE": "on waking",
    "C": "with meals", "CM": "with breakfast", "CD": "with lunch", "CV": "with the evening meal",
    "AC": "before meals", "ACM": "before breakfast", "ACD": "before lunch",
    "ACV": "before the evening meal", "PC": "after meals", "PCM": "after breakfast",
    "PCD": "after lunch", "PCV": "after the evening meal",
}  # fmt: skip
"""FHIR EventTiming and HL7 TimingEvent; a code that is none of them is shown as it came."""


def timing_text(timing: Any) -> str:
    """A Timing; empty only when it says nothing."""
    repeat = element_at(timing, "repeat")
    often = concept_text(element_at(timing, "code")) or _frequency(repeat)
    parts = [often, *_list_moments(repeat), *_list_bounds(repeat)]
    if events := _texts(element_at(timing, "event")):
        parts.append("on " + ", ".join(map(_moment_text, events)))
    return ", ".join(filter(None, parts))


def _frequency(repeat: Any) -> str:
    """`2 times every 1 day`; `every 8 hours` when no number of times is sent."""
    count, most = text_at(repeat, "frequency"), text_at(repeat, "frequencyMax")
    often = ""
    if count or most:
        often = f"{' to '.join(filter(None, (count, most)))} time"
        often += "" if (most or count) == "1" else "s"
    period, longest = text_at(repeat, "period"), text_at(repeat, "periodMax")
    span = " to ".join(filter(None, (period, longest)))
    interval = f"every {_with_unit(span, text_at(repeat, 'periodUnit'))}" if span else ""
    return " ".join(filter(None, (often, interval)))


def _with_unit(number: str, unit: str) -> str:
    name = _PERIODS.get(unit, unit)
    return f"{number} {name}{'' if number in ('1', '1.0') or unit not in _PERIODS else 's'}".strip()


def _list_moments(repeat: Any) -> Iterator[str]:
    """Days, hours and events of the day, and how long one dose takes."""
    if days := _texts(element_at(repeat, "dayOfWeek")):
        yield "on " + ", ".join(_DAYS.get(day, day) for day in days)
    if hours := _texts(element_at(repeat, "timeOfDay")):
        yield "at " + ", ".join(hour[:5] for hour in hours)
    if events := _texts(element_at(repeat, "when")):
        offset = text_at(repeat, "offset")
        before = f"{_with_unit(offset, 'min')} " if offset not in ("", "0") else ""
        yield before + ", ".join(_EVENTS.get(event, event) for event in events)
    longest = text_at(repeat, "durationMax")
    if lasts := " to ".join(filter(None, (text_at(repeat, "duration"), longest))):
        yield f"each over {_with_unit(lasts, text_at(repeat, 'durationUnit'))}"


def _list_bounds(repeat: Any) -> Iterator[str]:
    """From when and until when, for how long, and how many doses in all."""
    period = element_at(repeat, "boundsPeriod")
    for word, name in (("from", "start"), ("until", "end")):
        if text := text_at(period, name):
            yield f"{word} {_moment_text(text)}"
    duration = quantity_text(element_at(repeat, "boundsDuration"))
    if duration := duration or range_text(element_at(repeat, "boundsRange")):
        yield f"for {duration}"
    if count := text_at(repeat, "count"):
        most = text_at(repeat, "countMax")
        doses = " to ".join(filter(None, (count, most)))
        yield f"{doses} dose{'' if doses == '1' else 's'} in all"


def _texts(node: Any) -> list[str]:
    """The texts of a list, or of one that stands there alone."""
    items = node if isinstance(node, list) else [node]
    return [item.strip() for item in items if isinstance(item, str) and item.strip()]


def _moment_text(text: str) -> str:
    """`8 Oct 2026 08:00` as the source wrote it; what is no whole date as it came."""
    try:
        day = date.fromisoformat(text[:10])
    except ValueError:
        return text
    hour = text[11:16] if text[10:11] == "T" else ""
    return f"{day.day} {day:%b %Y} {hour}".strip()
