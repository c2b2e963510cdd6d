"""Which component of a donation a form names: two components are two units of blood. Pure.

One donation gives red cells, platelets and plasma under one number; the unit is known by the number
together with its product code (ISBT 128 Standard Technical Specification, ICCBBA ST-001). Forms have
words in place of the code, often with the blood group, and some have none.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from downtime.settings import Settings

_WORD = re.compile(r"[a-z0-9]+")
_SAYS_NOTHING = frozenset(
    ("o", "a", "b", "ab", "rh", "rhd", "d", "neg", "negative", "pos", "positive", "group", "blood",
     "unit", "units", "bag", "emergency", "irradiated", "washed", "cmv", "hev", "1", "one")
)  # fmt: skip
"""Words that stand beside a component, and alone name none."""
Phrase = tuple[str, ...]


class Component(NamedTuple):
    """What a form calls the component: its name in the settings, and the words that were written."""

    name: str
    phrase: Phrase

    @property
    def is_named(self) -> bool:
        """Whether the form names any component, known to the settings or not."""
        return bool(self.phrase)

    def is_apart(self, other: "Component") -> bool:
        """Whether these are two components, so that the units are two."""
        return "" not in (self.name, other.name) and self.name != other.name

    def is_doubtful(self, other: "Component") -> bool:
        """Whether both name one, in words that may mean the same or not."""
        if not self.is_named or not other.is_named or "" not in (self.name, other.name):
            return False
        return self.phrase != other.phrase


class Components(NamedTuple):
    """The names of components and the words by which each is known."""

    known: tuple[tuple[str, tuple[Phrase, ...]], ...]

    @classmethod
    def from_settings(cls, settings: Settings) -> "Components":
        """As the site says."""
        return _read_components(tuple(settings.reconcile.blood_components.items()))

    def of_fields(self, fields: Mapping[str, str]) -> Component:
        """The component of a unit in a fact's fields."""
        return self.named(fields.get("medicine", ""))

    def named(self, text: str) -> Component:
        """The component that a text names; without a name where it holds the words of two."""
        return _component(self, text)


@lru_cache(maxsize=8)
def _read_components(table: tuple[tuple[str, str], ...]) -> Components:
    return Components(
        tuple(
            (name, tuple(filter(None, map(_split_words, text.split(","))))) for name, text in table
        )
    )


def _split_words(text: str) -> Phrase:
    return tuple(_WORD.findall(text.casefold()))


@lru_cache(maxsize=8192)
def _component(components: Components, text: str) -> Component:
    tokens = _split_words(text)
    names = {
        name
        for name, phrases in components.known
        if any(_contains(tokens, phrase) for phrase in phrases)
    }
    if len(names) == 1:
        return Component(names.pop(), tokens)
    return Component("", () if _SAYS_NOTHING.issuperset(tokens) else tokens)


def _contains(tokens: Phrase, phrase: Phrase) -> bool:
    size = len(phrase)
    return any(tokens[i : i + size] == phrase for i in range(len(tokens) - size + 1))
