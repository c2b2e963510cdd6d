"""Signs that a person on paper is a patient: what agrees, what is a known slip, what differs. Pure.

Every sign is a sentence for the person who decides, with points that only rank the candidates: no
number of points ever links anybody. Similar names: Jaro-Winkler (rapidfuzz); sound: Metaphone
(jellyfish).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

from jellyfish import metaphone
from rapidfuzz.distance import JaroWinkler

from downtime.clinical.identifiers import clean_nhs_number
from downtime.entry.facts import Person
from downtime.snapshot import search_terms as words

SAME, SLIP, DIFFERS = "same", "slip", "differs"


@dataclass(frozen=True, slots=True)
class Sign:
    """One finding about one field; `kind` is `same`, `slip` or `differs`."""

    field: str
    kind: str
    points: int
    words: str


def find_signs(paper: Person, live: Person, alike_percent: int) -> list[Sign]:
    """All signs between what one form says and one patient of the recovered system."""
    found = [sign for look in _LOOKS for sign in look(paper, live)]
    return [*found, *_names(paper, live, alike_percent / 100)]


def swapped(birth_date: str) -> str:
    """An ISO date of birth with day and month exchanged; empty when that is no other date."""
    year, month, day = birth_date.split("-")
    return f"{year}-{day}-{month}" if int(day) <= 12 and day != month else ""


def classify_slip(one: str, other: str) -> str:
    """How two numbers of one length differ, if by a single slip: `transposed`, `digit` or empty."""
    if len(one) != len(other) or one == other:
        return ""
    places = [n for n, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]
    if len(places) == 1:
        return "digit"
    if len(places) == 2 and places[1] - places[0] == 1:
        first, second = places
        if one[first] == other[second] and one[second] == other[first]:
            return "transposed"
    return ""


def possible_slips(number: str) -> set[str]:
    """Every number that one slip makes of this one: two neighbours exchanged, or one digit wrong."""
    found = {
        number[:n] + number[n + 1] + number[n] + number[n + 2 :] for n in range(len(number) - 1)
    }
    for place, sign in enumerate(number):
        if sign.isdigit():
            found |= {number[:place] + other + number[place + 1 :] for other in "0123456789"}
    return found - {number}


@lru_cache(maxsize=65_536)
def _sound(name: str) -> tuple[str, ...]:
    return tuple(metaphone(part) for part in words.split_words(name))


def _number(field: str, what: str, same: int) -> Callable[[Person, Person], Iterator[Sign]]:
    said = {"digit": "one digit differs in", "transposed": "two digits transposed in"}

    def look(paper: Person, live: Person) -> Iterator[Sign]:
        mine, theirs = (words.compact_text(getattr(p, field)) for p in (paper, live))
        if not mine or not theirs:
            return
        if mine == theirs:
            yield Sign(field, SAME, same, f"same {what}")
        elif kind := classify_slip(mine, theirs):
            yield Sign(field, SLIP, same // 2, f"{said[kind]} the {what}")
        else:
            yield Sign(field, DIFFERS, -same // 4, f"another {what}")

    return look


def _born(paper: Person, live: Person) -> Iterator[Sign]:
    mine, theirs = paper.birth_date[:10], live.birth_date[:10]
    if len(mine) < 10 or len(theirs) < 10:
        return
    if mine == theirs:
        yield Sign("birth_date", SAME, 30, "same date of birth")
    elif swapped(mine) == theirs:
        yield Sign("birth_date", SLIP, 22, "date of birth has day and month swapped")
    elif kind := classify_slip(mine.replace("-", ""), theirs.replace("-", "")):
        how = "two digits transposed" if kind == "transposed" else "one digit different"
        yield Sign("birth_date", SLIP, 18, f"date of birth has {how}")
    elif mine[5:] == theirs[5:]:
        yield Sign("birth_date", SLIP, 10, "same day and month of birth, another year")
    else:
        yield Sign("birth_date", DIFFERS, -20, "another date of birth")


def _text(
    field: str, what: str, same: int, differs: int
) -> Callable[[Person, Person], Iterator[Sign]]:
    def look(paper: Person, live: Person) -> Iterator[Sign]:
        mine, theirs = (words.compact_text(getattr(p, field)) for p in (paper, live))
        if mine and theirs and mine == theirs:
            yield Sign(field, SAME, same, f"same {what}")
        elif mine and theirs and differs:
            yield Sign(field, DIFFERS, differs, f"another {what}")

    return look


_LOOKS = (
    _number("nhs_number", "NHS number", 100),
    _number("mrn", "hospital number", 90),
    _born,
    _text("gender", "gender", 4, -10),
    _text("postcode", "postcode", 15, 0),
    _text("phone", "telephone", 20, 0),
)


def _names(paper: Person, live: Person, alike: float) -> Iterator[Sign]:
    if not paper.family and not paper.given:
        return
    if _exchanged(paper, live, alike):
        yield Sign("family", SLIP, 20, "surname and given name exchanged")
        return
    yield from _name("family", "surname", paper.family, live.family, 14, alike)
    first, theirs = (next(iter(words.split_words(p.given)), "") for p in (paper, live))
    yield from _name("given", "given name", first, theirs, 10, alike)


def _exchanged(paper: Person, live: Person, alike: float) -> bool:
    straight = _likeness(paper.family, live.family) + _likeness(paper.given, live.given)
    crossed = _likeness(paper.family, live.given), _likeness(paper.given, live.family)
    return min(crossed) >= alike and sum(crossed) > straight


def _name(field: str, what: str, mine: str, theirs: str, same: int, alike: float) -> Iterator[Sign]:
    if not mine or not theirs:
        return
    if words.compact_text(mine) == words.compact_text(theirs):
        yield Sign(field, SAME, same, f"same {what}")
    elif _likeness(mine, theirs) >= alike:
        yield Sign(field, SLIP, same * 3 // 4, f"{what} spelled alike")
    elif _sound(mine) and _sound(mine) == _sound(theirs):
        yield Sign(field, SLIP, same * 2 // 3, f"{what} sounds alike")
    elif _begins(mine, theirs):
        yield Sign(field, SLIP, same // 2, f"{what} shortened, or one of several")
    else:
        yield Sign(field, DIFFERS, -same // 2, f"another {what}")


def _likeness(one: str, other: str) -> float:
    return JaroWinkler.similarity(words.compact_text(one), words.compact_text(other))


def _begins(one: str, other: str) -> bool:
    """`J` for `Jane`, `Ann` of `Ann Marie`, `Hill` of `Hill-Novak`."""
    mine, theirs = words.compact_text(one), words.compact_text(other)
    parts = set(words.split_words(one)) & set(words.split_words(other))
    return bool(parts) or mine.startswith(theirs) or theirs.startswith(mine)


def near_births(birth_date: str) -> set[str]:
    """Dates of birth that one slip of the pen makes of this one, itself among them; ISO."""
    digits = birth_date.replace("-", "")
    made = {f"{d[:4]}-{d[4:6]}-{d[6:]}" for d in {digits} | possible_slips(digits)}
    return {date for date in {*made, swapped(birth_date)} if _is_date(date)}


def _is_date(text: str) -> bool:
    return text[:2] in ("18", "19", "20") and "01" <= text[5:7] <= "12" and "01" <= text[8:] <= "31"


def near_nhs_numbers(digits: str) -> set[str]:
    """Valid NHS numbers that one slip makes of this one, itself among them."""
    return {number for number in {digits} | possible_slips(digits) if clean_nhs_number(number)}


def is_same_person(one: Person, other: Person) -> bool:
    """Whether two patients of one system look like one person recorded twice."""
    if one.nhs_number and one.nhs_number == other.nhs_number:
        return True
    names = [words.compact_text(p.family) + "|" + words.compact_text(p.given) for p in (one, other)]
    return names[0] == names[1] and one.birth_date != "" and one.birth_date == other.birth_date


def find_double_records(people: list[Person]) -> list[tuple[Person, Person]]:
    """Pairs that look like one person with two hospital numbers."""
    return [pair for pair in combinations(people, 2) if is_same_person(*pair)]
