"""FHIR R4 data types as text for people, from JSON that may hold anything."""

from collections.abc import Iterator
from typing import Any


def at(node: Any, *path: str | int) -> Any:
    """What stands at a path (`"code", "coding", 0`), or None when any step is missing."""
    for step in path:
        if isinstance(step, str):
            node = node.get(step) if isinstance(node, dict) else None
        else:
            node = node[step] if isinstance(node, list) and len(node) > step else None
    return node


def text(node: Any, *path: str | int) -> str:
    """The text or number at a path as text; empty for anything else."""
    value = at(node, *path)
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return ""
    return str(value).strip()


def texts(node: Any, *path: str | int) -> list[str]:
    """The non-empty texts of the list at a path."""
    value = at(node, *path)
    return (
        [item for item in value if isinstance(item, str) and item]
        if isinstance(value, list)
        else []
    )


def each(node: Any, *path: str | int) -> Iterator[dict[str, Any]]:
    """The objects of the list at a path; one object that stands there alone is one of one."""
    value = at(node, *path)
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, dict):
            yield item


def concept(node: Any) -> str:
    """The words of a CodeableConcept: its text, else a display, else a code."""
    if words := text(node, "text"):
        return words
    for name in ("display", "code"):
        for coding in each(node, "coding"):
            if words := text(coding, name):
                return words
    return ""


def concepts(node: Any, *path: str | int) -> str:
    """The words of a list of CodeableConcepts, joined by commas."""
    words = (concept(item) for item in each(node, *path))
    return ", ".join(dict.fromkeys(word for word in words if word))


def code(node: Any) -> str:
    """The first code of a CodeableConcept."""
    return next((text(c, "code") for c in each(node, "coding") if text(c, "code")), "")


def codes(node: Any, *path: str | int) -> set[str]:
    """All codes of a CodeableConcept, or of a list of them."""
    return {text(c, "code") for item in each(node, *path) for c in each(item, "coding")}


def quantity(node: Any) -> tuple[str, str]:
    """Value with its comparator, and unit."""
    return text(node, "comparator") + text(node, "value"), text(node, "unit") or text(node, "code")


def with_unit(node: Any) -> str:
    """`5 mg` of a Quantity."""
    return " ".join(part for part in quantity(node) if part)


def notes(node: Any, *path: str | int) -> str:
    """The texts of a list of Annotations, one a line."""
    return "\n".join(words for item in each(node, *path) if (words := text(item, "text")))


def name(node: Any) -> tuple[str, str, str]:
    """Family, given names and prefix of a list of HumanNames: the official one, else the usual."""
    names = list(each(node))
    order = {"official": 0, "usual": 1, "": 2}
    names.sort(key=lambda n: order.get(text(n, "use"), 3))
    best = names[0] if names else {}
    given, prefix = (" ".join(texts(best, part)) for part in ("given", "prefix"))
    family = text(best, "family")
    return (family or ("" if given else text(best, "text"))), given, prefix
