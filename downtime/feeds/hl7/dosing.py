"""How much and how often, in HL7 v2 medicines: amounts, rates, hours and days as they were sent.

Nothing of it may be dropped: without its rate, its days or its end a dose is another dose.
"""

from collections.abc import Iterable
from typing import NamedTuple

from downtime.feeds.hl7.data_types import coded_text, unit_text
from downtime.feeds.hl7.observations import date_text
from downtime.feeds.hl7.segments import Segment

_ONCE = frozenset({"ONCE", "STAT", "ST", "1"})


class Timing(NamedTuple):
    """When a medicine is given."""

    text: str
    is_needed: bool
    """Only when needed."""
    is_once: bool


def amount_text(segment: Segment, least: int, most: int, units: int) -> str:
    """`1-2 tablets` of a least and most amount with their unit."""
    amount, largest = segment.text(least), segment.text(most)
    if largest and largest != amount:
        amount = f"{amount}-{largest}"
    unit = unit_text(segment.get_raw_field(units), segment.delimiters)
    return f"{amount} {unit}".strip() if amount else ""


def mixed_in_text(rxc: Segment) -> str:
    """What is mixed in, with how much of it: `Sodium chloride 0.9% 500 mL`."""
    name = coded_text(rxc.get_raw_field(2), rxc.delimiters)
    return f"{name} {amount_text(rxc, 3, 3, 4)}".strip()


def list_strength_and_rate(order: Segment) -> list[str]:
    """Strength, rate and 'give per' of a prescription, as sent: without them a dose is another one."""
    strength, rate, per = (25, 23, 22) if order.name == "RXE" else (18, 21, 17)
    parts = []
    if text := amount_text(order, strength, strength, strength + 1):
        parts.append(f"strength {text}")
    if text := amount_text(order, rate, rate, rate + 1):
        parts.append(f"rate {text}")
    if text := order.text(per):
        parts.append(f"per {text}")
    return parts


def read_timing(segments: Iterable[Segment], older: Iterable[tuple[Segment | None, int]]) -> Timing:
    """How often (TQ1-3, else the timing (TQ) of RXE-1 or ORC-7), at what hours, on which days."""
    repeats: list[str] = []
    limits: list[str] = []
    priorities: list[str] = []
    for tq1 in segments:
        repeats += [coded_text(value, tq1.delimiters) for value in tq1.repetitions(3)]
        limits += _list_limits(tq1)
        priorities.append(tq1.text(9))
    for segment, number in older:
        if segment is None or any(repeats):
            continue
        for value in segment.repetitions(number):
            parts = value.split(segment.delimiters.component) + [""] * 8
            repeats.append(coded_text(parts[1], segment.delimiters).replace("&", " "))
            limits += [*_list_days(parts[3], parts[4]), parts[6], parts[7]]
            priorities.append(parts[5])
    upper = {word.upper() for word in (*repeats, *limits, *priorities)}
    return Timing(
        ", ".join(dict.fromkeys(filter(None, (*repeats, *limits)))),
        any(word.startswith("PRN") or "AS REQUIRED" in word for word in upper),
        bool(upper & _ONCE),
    )


def _list_limits(tq1: Segment) -> list[str]:
    """Hours, length, first and last day, conditions and words of a TQ1, as they were sent."""
    hours = ", ".join(_clock(value) for value in tq1.repetitions(4))
    length = unit_text(tq1.get_raw_field(6), tq1.delimiters).replace("^", " ")
    limits = ((f"at {hours}", hours), (f"for {length}", length))
    texts = [text for text, value in limits if value]
    texts += _list_days(tq1.text(7), tq1.text(8))
    return [*texts, tq1.full_text(10), tq1.full_text(11)]


def _list_days(first: str, last: str) -> list[str]:
    days = (("from", first), ("until", last))
    return [f"{word} {date_text(sent)}" for word, sent in days if sent]


def _clock(sent: str) -> str:
    is_time = sent[:4].isdigit() and len(sent) >= len("0800")
    return f"{sent[:2]}:{sent[2:4]}" if is_time else sent
