"""The data types of HL7 v2 fields as text: codes, names, numbers, addresses, units.

Separators that a sender forgot to escape are put back where only one reading makes sense: `&` in a
ward or test (`A&E`, `U&E`), `^` in a unit (`10^9/L`).
"""

import re
from functools import lru_cache
from typing import NamedTuple

from downtime.feeds.hl7.encoding import Delimiters

DELETED = '""'
"""What stands in a field whose value is to be deleted."""
_UNIVERSAL_ID_TYPES = frozenset(
    {
        "ISO",
        "UUID",
        "GUID",
        "DNS",
        "URI",
        "HL7",
        "HCD",
        "X400",
        "X500",
        "CLIA",
        "NPI",
        "L",
        "M",
        "N",
    }
)
"""HL7 table 0301: what ends a hierarchic designator (HD), whose first part is the name."""
_BASE = re.compile(r"(?:.*[^\d.,])?10|(?:.*[^a-zµμ])?[cdmkµμ]?m", re.IGNORECASE)
_EXPONENT = re.compile(r"[-+]?\d{1,2}(?:\s*[/.*·x ].*)?")
_UNIT_SIZE = 100


def component_text(value: str, component: int, delimiters: Delimiters) -> str:
    """A component (from 1) of one repetition, decoded; with what an unescaped `&` parts."""
    if delimiters.component in value:
        parts = value.split(delimiters.component, component)
        if component > len(parts):
            return ""
        value = parts[component - 1]
    elif component > 1:
        return ""
    if delimiters.subcomponent in value:
        value = _drop_universal_id(value, delimiters.subcomponent)
    if delimiters.escape in value:
        value = delimiters.decode(value)
    return "" if value == DELETED else value.strip()


def repetition_text(raw: str, component: int, delimiters: Delimiters) -> str:
    """The same of a field that may repeat: of its first repetition."""
    if delimiters.repetition in raw:
        raw = raw.split(delimiters.repetition, 1)[0]
    return component_text(raw, component, delimiters)


def whole_text(raw: str, delimiters: Delimiters) -> str:
    """A text field with all it holds, decoded; repetitions become lines."""
    if delimiters.repetition in raw:
        parts = raw.split(delimiters.repetition)
        return "\n".join(delimiters.decode(part) for part in parts if part).strip()
    if delimiters.escape in raw:
        raw = delimiters.decode(raw)
    return "" if raw == DELETED else raw.strip()


def split_components(value: str, count: int, delimiters: Delimiters) -> list[str]:
    """The first `count` components of one repetition, decoded; empty where there are fewer."""
    parts = value.split(delimiters.component, count)
    del parts[count:]
    if delimiters.escape in value or delimiters.subcomponent in value or DELETED in value:
        parts = [component_text(part, 1, delimiters) for part in parts]
    return parts + [""] * (count - len(parts))


def _drop_universal_id(value: str, separator: str) -> str:
    """`A&E` as it is; of `ICU&1.2.3&ISO` the name."""
    parts = value.rstrip(separator).split(separator)
    if len(parts) > 2 and parts[-1].upper() in _UNIVERSAL_ID_TYPES:
        return separator.join(parts[:-2]) or parts[-2]
    return separator.join(parts)


def first_part(value: str, component: int, delimiters: Delimiters) -> str:
    """The first subcomponent of a component that has several by its type (FN, SAD)."""
    parts = value.split(delimiters.component, component)
    if component > len(parts):
        return ""
    text = delimiters.decode(parts[component - 1].split(delimiters.subcomponent, 1)[0])
    return "" if text == DELETED else text.strip()


@lru_cache(maxsize=16_384)
def person_name(value: str, delimiters: Delimiters) -> str:
    """`Dr Ada Lovelace` of one XCN; its number when there is no name."""
    parts = [component_text(value, n, delimiters) for n in (6, 3, 4)]
    parts.append(first_part(value, 2, delimiters))
    return " ".join(part for part in parts if part) or component_text(value, 1, delimiters)


def person_names(raw: str, delimiters: Delimiters) -> str:
    """The persons of a repeating XCN, each named once, however many numbers they came with."""
    if delimiters.repetition not in raw:
        return person_name(raw, delimiters)
    names = (person_name(value, delimiters) for value in raw.split(delimiters.repetition) if value)
    return ", ".join(dict.fromkeys(name for name in names if name))


class Coding(NamedTuple):
    """One coded element (CE, CWE)."""

    code: str
    text: str
    """Original text, else its name, else the other name, else the code."""


@lru_cache(maxsize=16_384)
def coding(value: str, delimiters: Delimiters) -> Coding:
    """The code and the text of one CE/CWE; the first of several."""
    value = value.split(delimiters.repetition, 1)[0]
    return Coding(component_text(value, 1, delimiters), coded_text(value, delimiters))


def list_codings(value: str, delimiters: Delimiters) -> list[tuple[str, str]]:
    """System and code of one CE/CWE and of what it says in other systems; the first of several."""
    value = value.split(delimiters.repetition, 1)[0]
    places = ((3, 1), (6, 4), (12, 10))
    return [
        (component_text(value, system, delimiters), component_text(value, code, delimiters))
        for system, code in places
    ]


@lru_cache(maxsize=16_384)
def coded_text(value: str, delimiters: Delimiters) -> str:
    """The text of one CE/CWE (see `Coding`)."""
    for component in (9, 2, 5, 1, 4):
        if text := component_text(value, component, delimiters):
            return text
    return ""


def coded_texts(raw: str, delimiters: Delimiters) -> str:
    """The texts of a repeating coded or text field, joined by commas."""
    if delimiters.repetition not in raw:
        return coded_text(raw, delimiters)
    texts = (coded_text(value, delimiters) for value in raw.split(delimiters.repetition))
    return ", ".join(dict.fromkeys(text for text in texts if text))


def test_code(value: str, delimiters: Delimiters) -> str:
    """The code of a test, else its name, in either coding system."""
    parts = (component_text(value, component, delimiters) for component in (1, 2, 4, 5))
    return next((part for part in parts if part), "")


@lru_cache(maxsize=4096)
def specimen_text(value: str, delimiters: Delimiters) -> str:
    """The text of an OBR-15 (SPS), whose first component is itself a coded element."""
    source = value.split(delimiters.component, 1)[0]
    if delimiters.subcomponent not in source:
        return coded_text(value, delimiters)
    code, text, *_ = (delimiters.decode(p).strip() for p in source.split(delimiters.subcomponent))
    return text or code


@lru_cache(maxsize=16_384)
def unit_text(value: str, delimiters: Delimiters) -> str:
    """The text of a unit (OBX-6), else its code, else its other coding.

    `10^9/L` is one, though its `^` was not escaped; and so is all that names no coding system, where
    the part before `^` may be a factor (`log10^copies/mL`). A unit does not repeat.
    """
    parts = value[:_UNIT_SIZE].split(delimiters.component)
    for number in range(len(parts) - 1, 0, -1):
        if _BASE.fullmatch(parts[number - 1]) and _EXPONENT.fullmatch(parts[number]):
            parts[number - 1 : number + 1] = [parts[number - 1] + "^" + parts[number]]
    code, text, system, other_code, other_text, *others = (*parts, "", "", "", "", "")
    if code and text and not system and _spell(code, delimiters) != _spell(text, delimiters):
        text = f"{code}^{text}"
    original = others[3] if len(others) > 3 else ""
    sent = text or code or original or other_text or other_code
    return "" if sent == DELETED else delimiters.decode(sent).strip()


def _spell(unit: str, delimiters: Delimiters) -> str:
    """The same for the spellings of one unit: `10*9/L`, `x10^9/L`."""
    return delimiters.decode(unit).casefold().replace("*", "^").lstrip("x ")


def address_text(value: str, delimiters: Delimiters) -> str:
    """Street, other lines, town and county of one XAD in one line, without the postcode."""
    parts = [_street_text(value, delimiters)]
    parts += [component_text(value, n, delimiters) for n in (2, 3, 4)]
    return ", ".join(part for part in parts if part)


def _street_text(value: str, delimiters: Delimiters) -> str:
    """A street (SAD): what was sent of it; its name and house number may stand apart, or once more."""
    street, *others = value.split(delimiters.component, 1)[0].split(delimiters.subcomponent)[:3]
    text = delimiters.decode(street).strip()
    for other in map(str.strip, map(delimiters.decode, others)):
        if not set(other.casefold().split()) <= set(text.casefold().split()):
            text = f"{text} {other}".strip()
    return "" if text == DELETED else text


def telephone_number(value: str, delimiters: Delimiters) -> str:
    """The number of one XTN: as one text, else put together from its components."""
    whole = component_text(value, 1, delimiters) or component_text(value, 12, delimiters)
    parts = (component_text(value, n, delimiters) for n in (5, 6, 7))
    return whole or " ".join(part for part in parts if part)


class ExtendedId(NamedTuple):
    """The parts of one CX: a number, who assigned it, and of what type it is."""

    number: str
    authority: str
    """The name of the assigning authority (HD), else its OID."""
    kind: str


def parse_cx(value: str, delimiters: Delimiters) -> ExtendedId:
    """One identifier with check digit (CX)."""
    number, *parts = value.split(delimiters.component, 5)
    number = "" if number == DELETED else delimiters.decode(number).strip()
    authority = first_name(parts[2], delimiters) if len(parts) > 2 and parts[2] else ""
    kind = delimiters.decode(parts[3]).strip().upper() if len(parts) > 3 else ""
    return ExtendedId(number, authority, kind)


@lru_cache(maxsize=4096)
def first_name(authority: str, delimiters: Delimiters) -> str:
    """The name of an authority (HD), else its OID."""
    names = [delimiters.decode(name).strip() for name in authority.split(delimiters.subcomponent)]
    return next((name for name in names if name and name != DELETED), "")


def entity_numbers(value: str, delimiters: Delimiters) -> tuple[str, str]:
    """Placer's and filler's number of a parent (EIP): `P1&EPR^F1&LIMS`."""
    return first_part(value, 1, delimiters), first_part(value, 2, delimiters)
