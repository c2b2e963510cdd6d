"""How names, numbers and dates are folded, so that what is typed finds what was sent."""

import re
import unicodedata
from collections.abc import Iterable
from datetime import date

from downtime.clinical.model import Patient

VERSION = 1
"""Another one as soon as a text is folded, or cut into words, in another way."""
_LETTERS = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "þ": "th", "ı": "i"}
)
_APOSTROPHES = re.compile("['\u2019\u2018`\u00b4\u02bc]")
_MONTHS = {
    name: number
    for number, name in enumerate(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
        start=1,
    )
}
_DATES = (
    re.compile(r"\b(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})\b"),
    re.compile(r"\b(?P<d>\d{1,2})[-/. ](?P<m>\d{1,2})[-/. ](?P<y>\d{4}|\d{2})\b"),
    re.compile(r"\b(?P<d>\d{1,2})[-/. ]?(?P<m>[a-z]{3})[a-z]*[-/. ]?(?P<y>\d{4}|\d{2})\b"),
)
_RUNS = (
    re.compile(r"(?P<d>\d\d)(?P<m>\d\d)(?P<y>\d{4})"),
    re.compile(r"(?P<y>\d{4})(?P<m>\d\d)(?P<d>\d\d)"),
    re.compile(r"(?P<d>\d\d)(?P<m>\d\d)(?P<y>\d\d)"),
)


def fold_text(text: str) -> str:
    """Lower case without accents or apostrophes: `Zoë O'Sullivan` → `zoe osullivan`."""
    plain = _APOSTROPHES.sub("", text).casefold()
    if plain.isascii():
        return plain
    plain = unicodedata.normalize("NFKD", plain)
    return "".join(c for c in plain if not unicodedata.combining(c)).translate(_LETTERS)


def split_words(text: str) -> list[str]:
    """The words of folded text: runs of letters and digits."""
    return re.findall(r"\w+", fold_text(text))


def compact_text(text: str) -> str:
    """An identifier without spaces, hyphens or case: `999 000-0018` → `9990000018`."""
    plain = fold_text(text)
    return plain if plain.isalnum() else "".join(re.findall(r"[^\W_]", plain))


def name_key(patient: Patient) -> tuple[str, str]:
    """Family name and first given name, folded: two patients who share it are easily mixed up."""
    return fold_names(patient.family, patient.given)


def fold_names(family_name: str, given_name: str) -> tuple[str, str]:
    """A family name, and the first of the given names, folded."""
    given_names = split_words(given_name)
    return compact_text(family_name), given_names[0] if given_names else ""


def search_tokens(patient: Patient) -> set[str]:
    """Every word by which a patient is found: names, identifiers, `dob20260102`."""
    terms = {compact_text(patient.mrn), patient.nhs_number}
    for name in (patient.family, patient.given):
        # An apostrophe or hyphen may be typed, left out or become a space.
        terms.update(
            split_words(name),
            split_words(_APOSTROPHES.sub(" ", name)),
            map(compact_text, name.split()),
        )
        terms.add(compact_text(name))
    terms.update(compact_text(text.split("|", 2)[-1]) for text in patient.identifiers)
    if len(patient.birth_date) >= 10:
        terms.add("dob" + patient.birth_date[:10].replace("-", ""))
    return terms - {""}


def parse_query(text: str, today: date) -> list[list[str]]:
    """What was typed, as groups: every group must be met, by any of its alternatives.

    A token that starts with `dob` is a date of birth and must be met in full; any other may be the
    beginning of a word. A date is read day first, as it is written in the United Kingdom.
    """
    unread = fold_text(text)
    groups: list[list[str]] = []
    if re.fullmatch(r"[\d\s-]{10,}", unread) and len(compact_text(unread)) == 10:
        return [[compact_text(unread)]]
    for pattern in _DATES:
        if (match := pattern.search(unread)) and (born := _parse_birth_date(match, today)):
            groups.append([born])
            unread = unread[: match.start()] + " " + unread[match.end() :]
            break
    if re.fullmatch(r"[\d\s]+", unread):
        unread = compact_text(unread)
    for word in re.findall(r"\w+", re.sub(r"(?<=\w)-(?=\w)", "", unread)):
        runs = [m for pattern in _RUNS if (m := pattern.fullmatch(word))]
        groups.append([word, *filter(None, (_parse_birth_date(m, today) for m in runs))])
    return groups


def meets_query(patient: Patient, groups: Iterable[Iterable[str]]) -> bool:
    """Whether a patient has a word of every group of a query (`parse_query`)."""
    tokens = search_tokens(patient)
    return all(_meets_group(tokens, group) for group in groups)


def _meets_group(tokens: set[str], group: Iterable[str]) -> bool:
    return any(
        word in tokens
        or (not word.startswith("dob") and any(token.startswith(word) for token in tokens))
        for word in group
    )


def _parse_birth_date(match: re.Match[str], today: date) -> str:
    """`dob19600102`, or empty when there is no such day; a short year is the last one gone by."""
    month = match["m"] if match["m"].isdigit() else str(_MONTHS.get(match["m"], 0))
    year = int(match["y"])
    if len(match["y"]) == 2:
        century = today.year // 100 * 100
        year += century if century + year <= today.year else century - 100
    try:
        return f"dob{date(year, int(month), int(match['d'])):%Y%m%d}"
    except ValueError:
        return ""


def bed_order(text: str) -> tuple[tuple[int, str], ...]:
    """Sorts beds as people count: `B2` before `B10`."""
    return tuple(
        (int(part), "") if part.isdigit() else (-1, part)
        for part in re.findall(r"\d+|\D+", text.casefold())
    )
