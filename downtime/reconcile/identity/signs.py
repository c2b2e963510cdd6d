"""Signs that a person on paper is a patient: what agrees, what is a known slip, what differs. Pure.

Every sign is a sentence for the person who decides, with the bits of evidence that `weights.toml`
gives it. No number of bits ever links anybody without a number: two people do.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations

from downtime.clinical.identifiers import clean_nhs_number
from downtime.clinical.model import Gender
from downtime.entry.facts import PaperPerson
from downtime.reconcile.identity.agreement import (
    Agreement,
    are_exchanged,
    classify_slip,
    compare_birth_dates,
    compare_names,
    compare_texts,
    is_grown_up,
    swap_day_and_month,
)
from downtime.reconcile.identity.weights import NO_POPULATION, Population, weigh, weigh_name
from downtime.snapshot.search_terms import compact_text, split_words


class SignKind(StrEnum):
    """How one detail on paper compares with the patient's."""

    SAME = "same"
    SLIP = "slip"
    DIFFERS = "differs"


@dataclass(frozen=True, slots=True)
class Sign:
    """One finding about one field; `bits` speak for the match, or against it below nought."""

    field: str
    kind: SignKind
    bits: int
    text: str
    """The finding in words, for the person who decides."""


_KINDS = {Agreement.SAME: SignKind.SAME} | dict.fromkeys(
    (Agreement.DIFFERS, Agreement.DIFFERS_WOMAN, Agreement.NO_STAY), SignKind.DIFFERS
)
"""What is neither the same nor another is a known slip."""

_NAME_TEXTS: Mapping[Agreement, str] = {
    Agreement.SAME: "same {}",
    Agreement.VARIANT: "{} is another form of the same name",
    Agreement.SLIP: "{} spelled almost alike",
    Agreement.PART: "{} shortened, or one of several",
    Agreement.INITIAL: "{} with the same initial",
    Agreement.SIMILAR: "{} sounds or looks alike",
    Agreement.DIFFERS: "another {}",
    Agreement.DIFFERS_WOMAN: "another {}, of a woman who may have married",
}
_BIRTH_TEXTS: Mapping[Agreement, str] = {
    Agreement.SAME: "same date of birth",
    Agreement.SWAPPED: "date of birth has day and month swapped",
    Agreement.OTHER_YEAR: "same day and month of birth, another year",
    Agreement.DIFFERS: "another date of birth",
}
_TEXT_DETAILS = {"gender": "gender", "postcode": "postcode", "phone": "telephone"}


PLACEHOLDERS = ("unknown", "notknown", "unidentified", "unk", "nk")
"""What is written where a surname is not known: it says nothing for or against anybody."""


def is_placeholder(family: str) -> bool:
    """Whether a surname only says that none is known."""
    return compact_text(family) in PLACEHOLDERS


def find_signs(
    paper: PaperPerson,
    live: PaperPerson,
    population: Population = NO_POPULATION,
) -> list[Sign]:
    """All signs between what one form says and one patient of the recovered system."""
    return [
        *_compare_numbers(paper, live),
        *find_personal_signs(paper, live, population),
        *_compare_details(paper, live, ("postcode", "phone")),
    ]


def find_personal_signs(
    paper: PaperPerson, live: PaperPerson, population: Population
) -> list[Sign]:
    """What name, date of birth and gender say: the evidence by which a number is believed or not."""
    return [
        *_compare_names(paper, live, population),
        *_compare_births(paper, live),
        *_compare_genders(paper, live),
    ]


def make_sign(field: str, detail: str, agreement: Agreement, text: str) -> Sign:
    """A finding with what the table gives it."""
    return Sign(field, _KINDS.get(agreement, SignKind.SLIP), weigh(detail, agreement), text)


def _compare_numbers(paper: PaperPerson, live: PaperPerson) -> Iterator[Sign]:
    slips = {"digit": "one digit differs in", "transposed": "two digits transposed in"}
    for field, title in (("nhs_number", "NHS number"), ("mrn", "hospital number")):
        on_paper, in_system = (compact_text(getattr(person, field)) for person in (paper, live))
        if not on_paper or not in_system:
            continue
        if on_paper == in_system:
            yield make_sign(field, "number", Agreement.SAME, f"same {title}")
        elif slip := classify_slip(on_paper, in_system):
            yield make_sign(field, "number", Agreement.SLIP, f"{slips[slip]} the {title}")
        else:
            yield make_sign(field, "number", Agreement.DIFFERS, f"another {title}")


def _compare_names(paper: PaperPerson, live: PaperPerson, population: Population) -> Iterator[Sign]:
    names = (paper.family, paper.given, live.family, live.given)
    if (
        not (paper.family or paper.given)
        or is_placeholder(paper.family)
        or is_placeholder(live.family)
    ):
        return
    is_written_alike = names[:2] == names[2:]
    if not is_written_alike and all(names) and are_exchanged(*names):
        text = "surname and given name exchanged"
        yield make_sign("family", "names", Agreement.EXCHANGED, text)
        return
    family = compare_names(paper.family, live.family)
    is_woman = live.gender == Gender.FEMALE and is_grown_up(live.birth_date, population.day)
    if family == Agreement.DIFFERS and is_woman:
        family = Agreement.DIFFERS_WOMAN
    given_agreement = _compare_given(paper.given, live.given)
    for field, title, agreement, on_paper, in_system in (
        ("family", "surname", family, paper.family, live.family),
        ("given", "given name", given_agreement, paper.given, live.given),
    ):
        if agreement:
            name = _shared_name(on_paper, in_system)
            bits = weigh_name(field, agreement, name, population)
            kind = _KINDS.get(agreement, SignKind.SLIP)
            yield Sign(field, kind, bits, _NAME_TEXTS[agreement].format(title))


def _shared_name(on_paper: str, in_system: str) -> str:
    """The word of a patient's name that paper has too, else the first: how common it is counts."""
    paper_words, system_words = split_words(on_paper), split_words(in_system)
    shared = (word for word in system_words if word in paper_words)
    return next(shared, next(iter(system_words), ""))


def _compare_given(on_paper: str, in_system: str) -> Agreement | None:
    """First given names; another one of several is a part of the name."""
    paper_words, system_words = split_words(on_paper), split_words(in_system)
    first, system_first = next(iter(paper_words), ""), next(iter(system_words), "")
    agreement = compare_names(first, system_first)
    if agreement in (Agreement.DIFFERS, Agreement.SIMILAR) and set(paper_words) & set(system_words):
        return Agreement.PART
    return agreement


def _compare_births(paper: PaperPerson, live: PaperPerson) -> Iterator[Sign]:
    agreement = compare_birth_dates(paper.birth_date, live.birth_date)
    if agreement == Agreement.SLIP:
        digits = (person.birth_date[:10].replace("-", "") for person in (paper, live))
        is_transposed = classify_slip(*digits) == "transposed"
        text = "two digits transposed" if is_transposed else "one digit different"
        yield make_sign("birth_date", "birth_date", agreement, f"date of birth has {text}")
    elif agreement:
        yield make_sign("birth_date", "birth_date", agreement, _BIRTH_TEXTS[agreement])


def _compare_genders(paper: PaperPerson, live: PaperPerson) -> Iterator[Sign]:
    known = (Gender.MALE, Gender.FEMALE)
    if paper.gender in known and live.gender in known:
        yield from _compare_details(paper, live, ("gender",))


def _compare_details(
    paper: PaperPerson, live: PaperPerson, fields: tuple[str, ...]
) -> Iterator[Sign]:
    for field in fields:
        agreement = compare_texts(getattr(paper, field), getattr(live, field))
        if agreement == Agreement.SAME or (agreement and weigh(field, agreement)):
            word = "same" if agreement == Agreement.SAME else "another"
            yield make_sign(field, field, agreement, f"{word} {_TEXT_DETAILS[field]}")


def possible_slips(number: str) -> set[str]:
    """Every number that one slip makes of this one: two neighbours exchanged, or one digit wrong."""
    slips = {
        number[:i] + number[i + 1] + number[i] + number[i + 2 :] for i in range(len(number) - 1)
    }
    for i, character in enumerate(number):
        if character.isdigit():
            slips |= {number[:i] + digit + number[i + 1 :] for digit in "0123456789"}
    return slips - {number}


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
        compact_text(name) == compact_text(other_name)
        for name, other_name in ((person.family, other.family), (person.given, other.given))
    )
    return same_names and person.birth_date == other.birth_date != ""


def find_double_records(people: list[PaperPerson]) -> list[tuple[PaperPerson, PaperPerson]]:
    """Pairs that look like one person with two hospital numbers."""
    return [pair for pair in combinations(people, 2) if is_same_person(*pair)]
