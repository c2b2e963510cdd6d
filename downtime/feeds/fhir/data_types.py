"""FHIR data types as text for people, from JSON that may hold anything.

R5 puts a CodeableReference (`{"concept": …}` or `{"reference": …}`) where R4 has a CodeableConcept;
either is read wherever a concept is asked for.
"""

from collections.abc import Iterator
from typing import Any


def element_at(node: Any, *path: str | int) -> Any:
    """What stands at a path (`"code", "coding", 0`), or None when any step is missing."""
    for step in path:
        kind = type(node)
        if kind is dict:
            node = node.get(step)
        elif kind is list and type(step) is int and len(node) > step:
            node = node[step]
        else:
            return None
    return node


def text_at(node: Any, *path: str | int) -> str:
    """The text or number at a path as text; empty for anything else."""
    value = element_at(node, *path)
    kind = type(value)
    if kind is str:
        text: str = value.strip()
        return text
    return str(value) if kind is int or kind is float else ""


def texts_at(node: Any, *path: str | int) -> list[str]:
    """The non-empty texts of the list at a path."""
    value = element_at(node, *path)
    items = value if isinstance(value, list) else []
    return [item for item in items if isinstance(item, str) and item]


def elements_at(node: Any, *path: str | int) -> Iterator[dict[str, Any]]:
    """The objects of the list at a path; one object that stands there alone is one of one."""
    value = element_at(node, *path)
    if value is None:
        return iter(())
    return (item for item in (value if type(value) is list else (value,)) if type(item) is dict)


def _codings(node: Any) -> list[dict[str, Any]]:
    """The codings of a concept, the one that a person chose first."""
    inner = element_at(node, "concept")
    codings = elements_at(node if inner is None else inner, "coding")
    return sorted(codings, key=lambda coding: coding.get("userSelected") is not True)


def concept_text(node: Any) -> str:
    """The text of a CodeableConcept, else a display, else a code; also of a bare Coding or text."""
    if isinstance(node, str):
        return node.strip()
    if text := text_at(node, "text") or text_at(node, "concept", "text"):
        return text
    for name in ("display", "code"):
        for coding in [*_codings(node), node]:
            if text := text_at(coding, name):
                return text
    return ""


def concept_texts(node: Any, *path: str | int) -> str:
    """The texts of a list of CodeableConcepts, joined by commas."""
    texts = (concept_text(item) for item in elements_at(node, *path))
    return ", ".join(dict.fromkeys(text for text in texts if text))


def first_code(node: Any) -> str:
    """The first code of a CodeableConcept."""
    codes = (text_at(coding, "code") for coding in _codings(node))
    return next((code for code in codes if code), "")


def list_codings(node: Any) -> list[tuple[str, str]]:
    """System and code of each coding of a CodeableConcept."""
    return [(text_at(coding, "system"), text_at(coding, "code")) for coding in _codings(node)]


def all_codes(node: Any, *path: str | int) -> set[str]:
    """All codes of a CodeableConcept, or of a list of them."""
    concepts = elements_at(node, *path)
    return {text_at(coding, "code") for item in concepts for coding in _codings(item)}


def value_and_unit(node: Any) -> tuple[str, str]:
    """Value of a Quantity with its comparator, and unit."""
    value = text_at(node, "comparator") + text_at(node, "value")
    return value, text_at(node, "unit") or text_at(node, "code")


def quantity_text(node: Any) -> str:
    """`5 mg` of a Quantity."""
    return " ".join(part for part in value_and_unit(node) if part)


def ratio_text(node: Any) -> str:
    """`5 mg/1 mL` of a Ratio; a denominator of 1 keeps its unit alone."""
    parts = [quantity_text(element_at(node, name)) for name in ("numerator", "denominator")]
    return "/".join(part.removeprefix("1 ") for part in parts if part)


def range_text(node: Any) -> str:
    """`1 - 2 mmol/L` of a Range, or its one end."""
    low, high = (quantity_text(element_at(node, end)) for end in ("low", "high"))
    if low and high:
        return f"{low} - {high}"
    return f">= {low}" if low else (f"<= {high}" if high else "")


def annotation_text(node: Any, *path: str | int) -> str:
    """The texts of a list of Annotations, one a line."""
    texts = (text_at(item, "text") for item in elements_at(node, *path))
    return "\n".join(text for text in texts if text)


def extension_values(node: Any, name: str) -> Iterator[dict[str, Any]]:
    """The extensions of an element whose address ends in a name, case-blind."""
    for extension in elements_at(node, "extension"):
        if text_at(extension, "url").casefold().endswith(name.casefold()):
            yield extension
