"""When two words may be for one substance that somebody is allergic to: a small table, and names within. Pure.

What is alike is offered to two people; nothing is taken for the same but by its own name.
"""

import re
import unicodedata
from functools import lru_cache

from downtime.config import read_data_file
from downtime.reconcile.rules.verdict import fold_text

Tokens = tuple[str, ...]

_WORD = re.compile(r"[a-z0-9]+")
_TABLE = read_data_file("downtime.reconcile.rules", "equivalents.toml")["substances"]
_SAYS_NOTHING = frozenset(
    ("allergy", "allergic", "allergies", "to", "and", "or", "the", "of", "in", "all", "any", "possible", "other",
     "not", "known", "unknown", "rash", "drug", "food")
)  # fmt: skip
"""Words that name no substance, by which two texts are never alike."""


def are_same_substance(text: str, other: str) -> bool:
    """Whether two texts are one name, but for case, accents and signs."""
    return fold_text(text) == fold_text(other)


def are_alike_substances(text: str, other: str) -> bool:
    """Whether two texts may be for one substance: of one family, or one stands within the other."""
    if not _find_families(text).isdisjoint(_find_families(other)):
        return True
    tokens, other_words = _significant(text), _significant(other)
    return bool(tokens and other_words) and (tokens <= other_words or other_words <= tokens)


@lru_cache(maxsize=8192)
def _split(text: str) -> Tokens:
    plain = unicodedata.normalize("NFKD", text.casefold())
    return tuple(_WORD.findall("".join(c for c in plain if not unicodedata.combining(c))))


def _significant(text: str) -> frozenset[str]:
    return frozenset(_split(text)) - _SAYS_NOTHING


_FAMILIES: dict[Tokens, str] = {
    _split(name): family for family, names in _TABLE.items() for name in names.split(",")
}
_LONGEST = max(map(len, _FAMILIES))


@lru_cache(maxsize=8192)
def _find_families(text: str) -> frozenset[str]:
    tokens = _split(text)
    return frozenset(
        family
        for start in range(len(tokens))
        for size in range(1, _LONGEST + 1)
        if (family := _FAMILIES.get(tokens[start : start + size]))
    )
