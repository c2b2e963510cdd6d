"""Signs that a person on paper is a patient: what agrees, what is a known slip, what differs. Pure.

Every sign is a sentence for the person who decides, with points that only rank the candidates: no
number of points ever links anybody. Similar names: Jaro-Winkler (rapidfuzz); sound: Metaphone
(jellyfish).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from itertools import combinations

from jellyfish import metaphone
from rapidfuzz.distance import JaroWinkler

from downtime.clinical.identifiers import clean_nhs_number
from downtime.entry.facts import PaperPerson
from downtime.snapshot import search_terms as words


class SignKind(StrEnum):
    """How one detail on paper compares with the patient's."""

    SAME = "same"
    SLIP = "slip"
    DIFFERS = "differs"


@dataclass(frozen=True, slots=True)
class Sign:
    """One finding about one field."""

    field: str
    kind: SignKind
    points: int
    text: str
    """The finding in words, for the person who decides."""


def find_signs(paper: PaperPerson, live: PaperPerson, similarity_percent: int) -> list[Sign]:
    """All signs between what one form says and one patient of the recovered system."""
    signs = [sign for find in _SIGN_FINDERS for sign in find(paper, live)]
    return [*signs, *_compare_names(paper, live, similarity_percent / 100)]


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


def possible_slips(number: str) -> set[str]:
    """Every number that one slip makes of this one: two neighbours exchanged, or one digit wrong."""
    slips = {
        number[:i] + number[i + 1] + number[i] + number[i + 2 :] for i in range(len(number) - 1)
    }
    for i, character in enumerate(number):
        if character.isdigit():
            slips |= {number[:i] + digit + number[i + 1 :] for digit in "0123456789"}
    return slips - {number}


SignFinder = Callable[[PaperPerson, PaperPerson], Iterator[Sign]]
"""Compares one detail on paper with the patient's."""


@lru_cache(maxsize=65_536)
def _sound(name: str) -> tuple[str, ...]:
    return tuple(metaphone(part) for part in words.split_words(name))


def _compare_number(field: str, title: str, points: int) -> SignFinder:
    slips = {"digit": "one digit differs in", "transposed": "two digits transposed in"}

    def find(paper: PaperPerson, live: PaperPerson) -> Iterator[Sign]:
        on_paper, in_system = _compact_details(field, paper, live)
        if not on_paper or not in_system:
            return
        if on_paper == in_system:
            yield Sign(field, SignKind.SAME, points, f"same {title}")
        elif slip := classify_slip(on_paper, in_system):
            yield Sign(field, SignKind.SLIP, points // 2, f"{slips[slip]} the {title}")
        else:
            yield Sign(field, SignKind.DIFFERS, -points // 4, f"another {title}")

    return find


def _compact_details(field: str, paper: PaperPerson, live: PaperPerson) -> tuple[str, str]:
    return words.compact_text(getattr(paper, field)), words.compact_text(getattr(live, field))


def _compare_birth_dates(paper: PaperPerson, live: PaperPerson) -> Iterator[Sign]:
    field, on_paper, in_system = "birth_date", paper.birth_date[:10], live.birth_date[:10]
    if len(on_paper) < 10 or len(in_system) < 10:
        return
    if on_paper == in_system:
        yield Sign(field, SignKind.SAME, 30, "same date of birth")
    elif swap_day_and_month(on_paper) == in_system:
        yield Sign(field, SignKind.SLIP, 22, "date of birth has day and month swapped")
    elif slip := classify_slip(on_paper.replace("-", ""), in_system.replace("-", "")):
        text = "two digits transposed" if slip == "transposed" else "one digit different"
        yield Sign(field, SignKind.SLIP, 18, f"date of birth has {text}")
    elif on_paper[5:] == in_system[5:]:
        yield Sign(field, SignKind.SLIP, 10, "same day and month of birth, another year")
    else:
        yield Sign(field, SignKind.DIFFERS, -20, "another date of birth")


def _compare_text(field: str, title: str, points: int, points_against: int) -> SignFinder:
    def find(paper: PaperPerson, live: PaperPerson) -> Iterator[Sign]:
        on_paper, in_system = _compact_details(field, paper, live)
        if on_paper and in_system and on_paper == in_system:
            yield Sign(field, SignKind.SAME, points, f"same {title}")
        elif on_paper and in_system and points_against:
            yield Sign(field, SignKind.DIFFERS, points_against, f"another {title}")

    return find


_SIGN_FINDERS: tuple[SignFinder, ...] = (
    _compare_number("nhs_number", "NHS number", 100),
    _compare_number("mrn", "hospital number", 90),
    _compare_birth_dates,
    _compare_text("gender", "gender", 4, -10),
    _compare_text("postcode", "postcode", 15, 0),
    _compare_text("phone", "telephone", 20, 0),
)


def _compare_names(paper: PaperPerson, live: PaperPerson, threshold: float) -> Iterator[Sign]:
    if not paper.family and not paper.given:
        return
    if _are_exchanged(paper, live, threshold):
        yield Sign("family", SignKind.SLIP, 20, "surname and given name exchanged")
        return
    yield from _compare_name("family", "surname", paper.family, live.family, 14, threshold)
    first, live_first = (next(iter(words.split_words(p.given)), "") for p in (paper, live))
    yield from _compare_name("given", "given name", first, live_first, 10, threshold)


def _are_exchanged(paper: PaperPerson, live: PaperPerson, threshold: float) -> bool:
    straight = _similarity(paper.family, live.family) + _similarity(paper.given, live.given)
    crossed = _similarity(paper.family, live.given), _similarity(paper.given, live.family)
    return min(crossed) >= threshold and sum(crossed) > straight


def _compare_name(
    field: str, title: str, on_paper: str, in_system: str, points: int, threshold: float
) -> Iterator[Sign]:
    if not on_paper or not in_system:
        return
    if words.compact_text(on_paper) == words.compact_text(in_system):
        yield Sign(field, SignKind.SAME, points, f"same {title}")
    elif _similarity(on_paper, in_system) >= threshold:
        yield Sign(field, SignKind.SLIP, points * 3 // 4, f"{title} spelled alike")
    elif _sound(on_paper) and _sound(on_paper) == _sound(in_system):
        yield Sign(field, SignKind.SLIP, points * 2 // 3, f"{title} sounds alike")
    elif _is_part(on_paper, in_system):
        yield Sign(field, SignKind.SLIP, points // 2, f"{title} shortened, or one of several")
    else:
        yield Sign(field, SignKind.DIFFERS, -points // 2, f"another {title}")


def _similarity(name: str, other: str) -> float:
    return JaroWinkler.similarity(words.compact_text(name), words.compact_text(other))


def _is_part(name: str, other: str) -> bool:
    """`J` for `Jane`, `Ann` of `Ann Marie`, `Hill` of `Hill-Novak`."""
    compact, other_compact = words.compact_text(name), words.compact_text(other)
    common = set(words.split_words(name)) & set(words.split_words(other))
    return bool(common) or compact.startswith(other_compact) or other_compact.startswith(compact)


def near_births(birth_date: str) -> set[str]:
    """Dates of birth that one slip of the pen makes of this one, itself among them; ISO."""
    digits = birth_date.replace("-", "")
    slips = {f"{d[:4]}-{d[4:6]}-{d[6:]}" for d in {digits} | possible_slips(digits)}
    return {date for date in {*slips, swap_day_and_month(birth_date)} if _is_date(date)}


def _is_date(text: str) -> bool:
    return text[:2] in ("18", "19", "20") and "01" <= text[5:7] <= "12" and "01" <= text[8:] <= "31"


def near_nhs_numbers(digits: str) -> set[str]:
    """Valid NHS numbers that one slip makes of this one, itself among them."""
    return {number for number in {digits} | possible_slips(digits) if clean_nhs_number(number)}


def is_same_person(person: PaperPerson, other: PaperPerson) -> bool:
    """Whether two patients of one system look like one person recorded twice."""
    if person.nhs_number and person.nhs_number == other.nhs_number:
        return True
    same_names = all(
        words.compact_text(name) == words.compact_text(other_name)
        for name, other_name in ((person.family, other.family), (person.given, other.given))
    )
    return same_names and person.birth_date == other.birth_date != ""


def find_double_records(people: list[PaperPerson]) -> list[tuple[PaperPerson, PaperPerson]]:
    """Pairs that look like one person with two hospital numbers."""
    return [pair for pair in combinations(people, 2) if is_same_person(*pair)]
