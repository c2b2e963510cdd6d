"""Where a specimen was taken, as forms describe it: when two descriptions are of two places. Pure."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from downtime.entry import absent_values

_SIDES = {
    "l": "left", "lt": "left", "lhs": "left", "left": "left",
    "r": "right", "rt": "right", "rhs": "right", "right": "right",
}  # fmt: skip
_LABEL = re.compile(r"\b(site|side)\b", re.IGNORECASE)
_SAYS_NOTHING = frozenset(
    ("a", "an", "and", "at", "by", "from", "in", "of", "on", "the", "to", "swab", "swabs", "sample",
     "as", "above", "na", "n", "not", "known", "unknown", "none", "stated")
)  # fmt: skip
_ABSENT = frozenset(absent_values.REASON_TEXTS.values())


def described(notes: Iterable[Iterable[str]]) -> str:
    """What a form says of the site and side: its notes under a heading that asks for them."""
    return " ".join(t for label, t in notes if t not in _ABSENT and _LABEL.search(label))


def differ(one: str, other: str) -> bool:
    """Whether two descriptions are of two places: another side, or no word in common.

    A form that says nothing of it may mean any place. `L heel` and `left heel ulcer` are one,
    `left heel` and `right heel` two, `nose` and `groin` two.
    """
    if one == other:
        return False
    mine, theirs = _words(one), _words(other)
    sides = _sides(mine), _sides(theirs)
    if all(sides) and sides[0].isdisjoint(sides[1]):
        return True
    rest = mine - _BOTH, theirs - _BOTH
    return all(rest) and rest[0].isdisjoint(rest[1])


_BOTH = frozenset(_SIDES.values())


def _sides(words: frozenset[str]) -> frozenset[str]:
    return words & _BOTH


@lru_cache(maxsize=8192)
def _words(text: str) -> frozenset[str]:
    plain = unicodedata.normalize("NFKD", text.casefold())
    found = re.findall(r"[a-z0-9]+", "".join(c for c in plain if not unicodedata.combining(c)))
    return frozenset(_SIDES.get(word, word) for word in found) - _SAYS_NOTHING
