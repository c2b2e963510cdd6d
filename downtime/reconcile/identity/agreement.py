"""How one detail on paper compares with a patient's: the same, a known slip of the pen, or another. Pure.

Slips: one letter or digit wrong, missing, or two exchanged (optimal string alignment, rapidfuzz);
sound: Metaphone (jellyfish); names that stand for one another: `name_variants.toml`.
"""

from enum import StrEnum
from functools import lru_cache

from jellyfish import metaphone
from rapidfuzz.distance import OSA, JaroWinkler

from downtime.config import read_data_file
from downtime.snapshot.search_terms import compact_text, split_words

ADULT_YEARS = 18
"""From when a woman's other surname may be one of marriage."""
ALIKE_FROM = 0.85
"""Jaro-Winkler similarity from which two names look alike."""
LONG_NAME = 8
"""Letters from which two slips in a name still are slips."""


class Agreement(StrEnum):
    """What was found of one detail; the table of weights says what each counts."""

    SAME = "same"
    VARIANT = "variant"
    SLIP = "slip"
    PART = "part"
    INITIAL = "initial"
    SIMILAR = "similar"
    SWAPPED = "swapped"
    OTHER_YEAR = "other-year"
    EXCHANGED = "exchanged"
    DIFFERS = "differs"
    DIFFERS_WOMAN = "differs-woman"
    """Another surname, of a woman who may have married."""
    NO_STAY = "no-stay"


def compare_names(on_paper: str, in_system: str) -> Agreement | None:
    """How one surname or given name compares; None when either side does not give it."""
    paper, system = compact_text(on_paper), compact_text(in_system)
    if not paper or not system:
        return None
    if paper == system:
        return Agreement.SAME
    if min(len(paper), len(system)) == 1:
        return Agreement.INITIAL if paper[0] == system[0] else Agreement.DIFFERS
    return _compare_spelling(on_paper, in_system, paper, system)


def _compare_spelling(on_paper: str, in_system: str, paper: str, system: str) -> Agreement:
    if _VARIANTS.get(paper, frozenset()) & _VARIANTS.get(system, frozenset()):
        return Agreement.VARIANT
    if set(split_words(on_paper)) & set(split_words(in_system)) or _is_beginning(paper, system):
        return Agreement.PART
    slips = 2 if min(len(paper), len(system)) >= LONG_NAME else 1
    if min(len(paper), len(system)) > 2 and OSA.distance(paper, system) <= slips:
        return Agreement.SLIP
    if _sound(paper) and _sound(paper) == _sound(system):
        return Agreement.SIMILAR
    if JaroWinkler.similarity(paper, system) >= ALIKE_FROM:
        return Agreement.SIMILAR
    return Agreement.DIFFERS


def _is_beginning(name: str, other: str) -> bool:
    """`Cath` of `Catherine`: three letters or more of one begin the other."""
    shorter, longer = sorted((name, other), key=len)
    return len(shorter) >= 3 and longer.startswith(shorter)


def compare_birth_dates(on_paper: str, in_system: str) -> Agreement | None:
    """How two ISO dates of birth compare; None when either is not a whole date."""
    paper, system = on_paper[:10], in_system[:10]
    if len(paper) < 10 or len(system) < 10:
        return None
    if paper == system:
        return Agreement.SAME
    if swap_day_and_month(paper) == system:
        return Agreement.SWAPPED
    if classify_slip(paper.replace("-", ""), system.replace("-", "")):
        return Agreement.SLIP
    return Agreement.OTHER_YEAR if paper[5:] == system[5:] else Agreement.DIFFERS


def is_grown_up(birth_date: str, day: str) -> bool:
    """Whether somebody born on an ISO date was at least `ADULT_YEARS` old on another."""
    if len(birth_date) < 10 or len(day) < 10:
        return False
    years = int(day[:4]) - int(birth_date[:4]) - (day[5:10] < birth_date[5:10])
    return years >= ADULT_YEARS


def compare_texts(on_paper: str, in_system: str) -> Agreement | None:
    """Whether two details are the same but for case, spaces and hyphens."""
    paper, system = compact_text(on_paper), compact_text(in_system)
    if not paper or not system:
        return None
    return Agreement.SAME if paper == system else Agreement.DIFFERS


def are_exchanged(family_name: str, given_name: str, system_family: str, system_given: str) -> bool:
    """Whether surname and given name stand in each other's place."""
    first = next(iter(split_words(system_given)), "")
    crossed = _similarity(family_name, first), _similarity(given_name, system_family)
    straight = _similarity(family_name, system_family) + _similarity(given_name, first)
    return min(crossed) >= ALIKE_FROM and sum(crossed) > straight


def _similarity(name: str, other: str) -> float:
    return JaroWinkler.similarity(compact_text(name), compact_text(other))


def swap_day_and_month(birth_date: str) -> str:
    """An ISO date of birth with day and month exchanged; empty when that is no other date."""
    year, month, day = birth_date.split("-")
    return f"{year}-{day}-{month}" if int(day) <= 12 and day != month else ""


def classify_slip(number: str, other: str) -> str:
    """How two numbers of one length differ, if by a single slip: `transposed`, `digit` or empty."""
    if len(number) != len(other) or number == other:
        return ""
    differing = [i for i, (a, b) in enumerate(zip(number, other, strict=True)) if a != b]
    if len(differing) == 1:
        return "digit"
    if len(differing) == 2 and differing[1] - differing[0] == 1:
        first, second = differing
        if number[first] == other[second] and number[second] == other[first]:
            return "transposed"
    return ""


@lru_cache(maxsize=65_536)
def _sound(name: str) -> str:
    return metaphone(name)


def _read_variants() -> dict[str, frozenset[int]]:
    groups = read_data_file("downtime.reconcile.identity", "name_variants.toml")["groups"]
    groups_by_name: dict[str, set[int]] = {}
    for number, group in enumerate(groups):
        for name in group.split():
            groups_by_name.setdefault(name, set()).add(number)
    return {name: frozenset(numbers) for name, numbers in groups_by_name.items()}


_VARIANTS = _read_variants()
"""Each given name to the groups it belongs to."""
