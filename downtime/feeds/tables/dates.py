"""Dates and times as people write them in lists: 02/11/2026, 2-Nov-26, 14:30, 1430, 2.30 pm."""

import re
from datetime import date, timedelta
from enum import StrEnum


class DateOrder(StrEnum):
    """In which order day, month and year stand in a date of numbers."""

    DMY = "dmy"
    MDY = "mdy"
    YMD = "ymd"


_AHEAD = timedelta(days=20 * 365)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NUMBERS = re.compile(r"(\d{1,4})[/.\- ](\d{1,2})[/.\- ](\d{1,4})")
_NAMED_MONTH = re.compile(
    r"(\d{1,2})(?:st|nd|rd|th)?[\s\-/]*([A-Za-z]{3,9})\.?,?[\s\-/]*(\d{4}|\d{2})"
)
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)")
_CLOCK = re.compile(r"(\d{1,2})[:.]?(\d\d)(?:[:.]\d\d)?\s*([ap]\.?m\.?)?", re.IGNORECASE)
_WEEKDAY = re.compile(r"(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,?\s+", re.IGNORECASE)


def parse_day(text: str, order: DateOrder, today: date, is_past: bool = False) -> str:
    """`2026-11-02`; empty when the text is no date.

    A two-digit year lies less than 20 years ahead; of what `is_past` (a birth, a death) never after
    today.
    """
    text = _WEEKDAY.sub("", text.strip(), count=1)
    if match := _NAMED_MONTH.fullmatch(text):
        month = match[2][:3].lower()
        number = str(_MONTHS.index(month) + 1) if month in _MONTHS else ""
        parts = match[3], number, match[1]
    elif match := _COMPACT.fullmatch(text):
        parts = match[1], match[2], match[3]
    elif match := _NUMBERS.fullmatch(text):
        first, second, third = match.groups()
        if len(first) == 4 or order == DateOrder.YMD:
            parts = first, second, third
        else:
            parts = (third, *((second, first) if order == DateOrder.DMY else (first, second)))
    else:
        return ""
    return _iso_date(*parts, today, is_past)


def _iso_date(year: str, month: str, day_of_month: str, today: date, is_past: bool) -> str:
    if len(year) > 2:
        return _make_day(int(year), month, day_of_month)
    century = today.year // 100 * 100
    years = (century + shift + int(year) for shift in (-100, 0, 100))
    days = [day for number in years if (day := _make_day(number, month, day_of_month))]
    latest = today if is_past else today + _AHEAD
    return max((day for day in days if day <= latest.isoformat()), default="")


def _make_day(year: int, month: str, day_of_month: str) -> str:
    try:
        return date(year, int(month), int(day_of_month)).isoformat()
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


def parse_moment(text: str, order: DateOrder, today: date, is_past: bool = False) -> str:
    """`2026-11-02T14:30`, or the date alone when no time of day stands beside it; else empty."""
    text = text.strip()
    if date_alone := parse_day(text, order, today, is_past):
        return date_alone
    for match in re.finditer(r"[T\s]+", text):
        day = parse_day(text[: match.start()], order, today, is_past)
        clock = parse_clock(text[match.end() :])
        if day and clock:
            return f"{day}T{clock}"
    return ""
