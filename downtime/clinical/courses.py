"""Courses under way, as a feed names them: `Cycle 3 of 6`, `Radiotherapy fraction 5/30`. Pure.

Chemotherapy, radiotherapy and dialysis could not be found when systems were down (Ireland 2021). No system sends a
course as such; what is booked for it says which part it is.
"""

import re
from typing import NamedTuple

_PART = re.compile(
    r"(?P<name>.*?\b(?:cycle|fraction|session|course|treatment|dialysis|infusion|dose)s?)\W{0,3}"
    r"(?P<part>\d{1,3})\s*(?:of|/)\s*(?P<total>\d{1,3})\b",
    re.IGNORECASE,
)


class CoursePart(NamedTuple):
    """Which part of a course something is."""

    name: str
    """The words before the number: `Radiotherapy fraction`."""
    part: int
    total: int


def read_course(text: str) -> CoursePart | None:
    """The part that a description names; None when it names none, or one that cannot be (`7 of 6`)."""
    match = _PART.search(text)
    if match is None:
        return None
    part, total = int(match["part"]), int(match["total"])
    return CoursePart(" ".join(match["name"].split()), part, total) if 1 <= part <= total else None
