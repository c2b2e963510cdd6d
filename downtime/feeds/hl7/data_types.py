"""HL7 v2 data types as text for people: names of persons, addresses, telephones, coded values."""

from functools import lru_cache

from downtime.feeds.hl7.segments import Delimiters, Segment, component_text


@lru_cache(maxsize=16_384)
def person_name(value: str, delimiters: Delimiters) -> str:
    """`Dr Ada Lovelace` of one XCN; its number when there is no name."""
    names = (component_text(value, n, delimiters) for n in (6, 3, 4, 2))
    return " ".join(name for name in names if name) or component_text(value, 1, delimiters)


def person_names(segment: Segment, field: int) -> str | None:
    """The persons of a repeating XCN, each named once, however many numbers they came with."""
    if not segment.raw(field):
        return None
    names = (person_name(value, segment.delimiters) for value in segment.repetitions(field))
    return ", ".join(dict.fromkeys(name for name in names if name))


@lru_cache(maxsize=16_384)
def coded_text(value: str, delimiters: Delimiters) -> str:
    """The text of one CE/CWE: original text, else its name, else the other name, else the code."""
    for component in (9, 2, 5, 1, 4):
        if text := component_text(value, component, delimiters):
            return text
    return ""


def coded_texts(segment: Segment, field: int) -> str | None:
    """The texts of a repeating coded or text field, joined by commas; None when not said."""
    if not segment.raw(field):
        return None
    texts = (coded_text(value, segment.delimiters) for value in segment.repetitions(field))
    return ", ".join(dict.fromkeys(text for text in texts if text))


def address_text(value: str, delimiters: Delimiters) -> str:
    """Street, other lines, town and county of one XAD in one line, without the postcode."""
    parts = (component_text(value, n, delimiters) for n in (1, 2, 3, 4))
    return ", ".join(part for part in parts if part)


def telephone_number(value: str, delimiters: Delimiters) -> str:
    """The number of one XTN: as one text, else put together from its components."""
    whole = component_text(value, 1, delimiters) or component_text(value, 12, delimiters)
    parts = (component_text(value, n, delimiters) for n in (5, 6, 7))
    return whole or " ".join(part for part in parts if part)
