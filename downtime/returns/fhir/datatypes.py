"""The small parts of FHIR resources: identifiers, codes, references, times, exact numbers. Pure."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache, lru_cache
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import orjson

from downtime.clinical import terminology

Json = dict[str, Any]

LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
UCUM = "http://unitsofmeasure.org"
TERMINOLOGY = "http://terminology.hl7.org/CodeSystem/"
_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?")
_EMPTY: tuple[Any, ...] = ("", None, [], {}, ())


def drop_empty_elements(resource: Mapping[str, Any]) -> Json:
    """Without what is empty: FHIR has no empty elements."""
    return {name: value for name, value in resource.items() if value not in _EMPTY}


def identifier(system: str, value: str) -> Json:
    """An Identifier."""
    return {"system": system, "value": value}


def identifier_search(system: str, value: str) -> str:
    """`identifier=SYSTEM|VALUE` as a search parameter, escaped as an address wants it."""
    return f"identifier={_quoted(system)}%7C{quote(value, safe='')}"


@cache
def _quoted(system: str) -> str:
    return quote(system, safe="")


def urn(*parts: str) -> str:
    """`urn:uuid:…` made of what it names: the same for the same parts (RFC 9562, version 8)."""
    digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()
    return f"urn:uuid:{digest[:8]}-{digest[8:12]}-8{digest[13:16]}-8{digest[17:20]}-{digest[20:32]}"


@lru_cache(maxsize=8192)
def format_instant(stored: str, zone: ZoneInfo) -> str:
    """A stored UTC time in the site's zone with its offset; a date stays a date, nothing nothing."""
    if "T" not in stored:
        return stored
    return datetime.fromisoformat(stored).astimezone(zone).isoformat()


def make_coding(system: str, code: str, display: str = "") -> Json:
    """A Coding."""
    return drop_empty_elements({"system": system, "code": code, "display": display})


def coded_concept(code: str, text: str, local: str) -> Json:
    """A CodeableConcept: LOINC by the shape of its code, otherwise of the code system `local`.

    Its display is the code system's own name, its text what paper calls it.
    """
    if not code:
        return {"text": text}
    system = LOINC if terminology.is_loinc(code) else local
    standard = terminology.find_test(code)
    display = standard.display if standard else text
    return drop_empty_elements({"coding": [make_coding(system, code, display)], "text": text})


def answer_concept(code: str, text: str) -> Json:
    """The concept of SNOMED CT that an answer means, in paper's words; nothing for free words."""
    answer = terminology.find_answer(code, text)
    return {"coding": [make_coding(SNOMED, *answer)], "text": text} if answer else {}


def category_concept(code: str) -> Json:
    """The category of an Observation (`vital-signs`, `laboratory` …)."""
    display = code.replace("-", " ").title()
    return {"coding": [make_coding(TERMINOLOGY + "observation-category", code, display)]}


def text_concept(text: str) -> Json:
    """A CodeableConcept of text alone; nothing without it."""
    return {"text": text} if text else {}


def display_reference(name: str) -> Json:
    """A reference to a person whom only paper names."""
    return {"display": name} if name else {}


def is_number(text: str) -> bool:
    """Whether text is a decimal as JSON writes one."""
    return _NUMBER.fullmatch(text) is not None


def quantity(value: str, unit: str, codes: Mapping[str, str]) -> Json:
    """A Quantity with exactly the digits that were written, and its unit in UCUM.

    `codes` maps units of paper to codes, before the table that all channels share.
    """
    number: Json = {"value": orjson.Fragment(value.encode()), "unit": unit}
    if code := codes.get(unit) or terminology.find_ucum(unit):
        number |= {"system": UCUM, "code": code}
    return drop_empty_elements(number)


def annotations(pairs: Iterable[tuple[str, str]]) -> list[Json]:
    """Annotations: what was written and has no element of its own."""
    return [{"text": f"{label}: {answer}"} for label, answer in pairs if answer]


def as_list(part: Json) -> list[Json]:
    """A list of one part; an empty list without it."""
    return [part] if part else []
