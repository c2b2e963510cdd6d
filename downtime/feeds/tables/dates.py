"""Dates and times as people write them in lists: 02/11/2026, 2-Nov-26, 14:30, 1430, 2.30 pm."""

import re
from datetime import date
from enum import StrEnum


class DateOrder(StrEnum):
    """In which order day, month and year stand in a date of numbers."""

    DMY = "dmy"
    MDY = "mdy"
    YMD = "ymd"


_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NUMBERS = re.compile(r"(\d{1,4})[/.\- ](\d{1,2})[/.\- ](\d{1,4})")
_NAMED_MONTH = re.compile(
    r"(\d{1,2})(?:st|nd|rd|th)?[\s\-/]*([A-Za-z]{3,9})\.?,?[\s\-/]*(\d{4}|\d{2})"
)
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)")
_CLOCK = re.compile(r"(\d{1,2})[:.]?(\d\d)(?:[:.]\d\d)?\s*([ap]\.?m\.?)?", re.IGNORECASE)
_WEEKDAY = re.compile(r"(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,?\s+", re.IGNORECASE)


def parse_day(text: str, order: DateOrder) -> str:
    """`2026-11-02`; empty when the text is no date. Two-digit years are of 1930 to 2029."""
    text = _WEEKDAY.sub("", text.strip(), count=1)
    if match := _NAMED_MONTH.fullmatch(text):
        month = match[2][:3].lower()
        if month not in _MONTHS:
            return ""
        return _iso_date(match[3], str(_MONTHS.index(month) + 1), match[1])
    if match := _COMPACT.fullmatch(text):
        return _iso_date(*match.groups())
    if match := _NUMBERS.fullmatch(text):
        first, second, third = match.groups()
        if len(first) == 4 or order == DateOrder.YMD:
            return _iso_date(first, second, third)
        return _iso_date(third, *((second, first) if order == DateOrder.DMY else (first, second)))
    return ""


def _iso_date(year: str, month: str, day_of_month: str) -> str:
    number = int(year)
    if len(year) <= 2:
        number += 2000 if number < 30 else 1900
    try:
        return date(number, int(month), int(day_of_month)).isoformat()
    except ValueError:
        return ""


def parse_clock(text: str) -> str:
    """`14:30`; empty when the text is no time of day."""
    match = _CLOCK.fullmatch(text.strip())
    if match is None:
        return ""
    hour, half = int(match[1]), (match[3] or "").lower().replace(".", "")
    if half and not 1 <= hour <= 12:
        return ""
    hour = hour % 12 + 12 if half == "pm" else hour % 12 if half else hour
    return f"{hour:02}:{match[2]}" if hour < 24 and match[2] < "60" else ""


def parse_moment(text: str, order: DateOrder) -> str:
    """`2026-11-02T14:30`, or the date alone when no time of day stands beside it; else empty."""
    text = text.strip()
    if date_alone := parse_day(text, order):
        return date_alone
    for match in re.finditer(r"[T\s]+", text):
        day, clock = parse_day(text[: match.start()], order), parse_clock(text[match.end() :])
        if day and clock:
            return f"{day}T{clock}"
    return ""
