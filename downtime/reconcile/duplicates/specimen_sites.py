"""Where on the body a sample was taken, in the words of a form; when two are different sites. Pure."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from downtime.entry import facts

_SIDES = {
    "l": "left", "lt": "left", "lhs": "left", "left": "left",
    "r": "right", "rt": "right", "rhs": "right", "right": "right",
}  # fmt: skip


_LABEL = re.compile(r"\b(site|side)\b", re.IGNORECASE)


_SAYS_NOTHING = frozenset(
    ("a", "an", "and", "at", "by", "from", "in", "of", "on", "the", "to", "swab", "swabs", "sample",
     "as", "above", "na", "n", "not", "known", "unknown", "none", "stated")
)  # fmt: skip


_ABSENT = frozenset(facts.REASON_TEXTS.values())


def describe_site(notes: Iterable[Iterable[str]]) -> str:
    """What a form says of the site and side: its notes under a heading that asks for them."""
    return " ".join(text for label, text in notes if text not in _ABSENT and _LABEL.search(label))


def are_different_sites(description: str, other: str) -> bool:
    """Whether two descriptions are of two places: another side, or no word in common.

    A form that says nothing of it may mean any place. `L heel` and `left heel ulcer` are one,
    `left heel` and `right heel` two, `nose` and `groin` two.
    """
    if description == other:
        return False
    first, second = _significant_words(description), _significant_words(other)
    if _is_disjoint(first & _BOTH_SIDES, second & _BOTH_SIDES):
        return True
    return _is_disjoint(first - _BOTH_SIDES, second - _BOTH_SIDES)


_BOTH_SIDES = frozenset(_SIDES.values())


def _is_disjoint(first: frozenset[str], second: frozenset[str]) -> bool:
    return bool(first) and bool(second) and first.isdisjoint(second)


@lru_cache(maxsize=8192)
def _significant_words(text: str) -> frozenset[str]:
    plain = unicodedata.normalize("NFKD", text.casefold())
    unaccented = "".join(c for c in plain if not unicodedata.combining(c))
    tokens = re.findall(r"[a-z0-9]+", unaccented)
    return frozenset(_SIDES.get(word, word) for word in tokens) - _SAYS_NOTHING
