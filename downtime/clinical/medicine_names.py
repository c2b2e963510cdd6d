"""When two names may be one medicine: by ingredients, whatever strength and brand were written. Pure.

A likeness of letters is wrong for medicines: it calls 11 of 30 different pairs the same. A name is
split into ingredients, salts, strength and the way in which it is given; a salt that both name parts
them (potassium chloride is not sodium chloride). What is alike is offered, and a person decides.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from downtime.clinical.amounts import is_same_dose
from downtime.config import read_data_file

_TABLES = read_data_file("downtime.clinical", "medicines.toml")
_NAMES: Mapping[str, str] = _TABLES["names"]
_GENERAL = frozenset(_TABLES["general"])
_KINDS = frozenset(_TABLES["kinds"])
_SALTS = frozenset(_TABLES["words"]["salts"].split())
_OTHER = frozenset(_TABLES["words"]["other"].split())
_WAYS = {
    word: kind
    for kind in ("swallowed", "injected", "rectal", "inhaled", "skin", "eyes")
    for word in _TABLES["words"][kind].split()
}
_AMOUNT = re.compile(
    r"\d[\d.,]*\s*(?:%|(?:mg|g|kg|mcg|ug|micrograms?|nanograms?|ng|ml|l|litres?|units?|iu|mmol|meq)\b)?"
    r"(?:\s*/\s*[\d.,]*\s*(?:ml|l|kg|h|hr|hours?|dose|tablet|min)\b)?"
)
_BLOOD = re.compile(rf"\b(?:{'|'.join(_TABLES['blood'])})\b", re.IGNORECASE)
_UNIT = re.compile(r"[a-z]+")
_UNITS = {
    "microgram": "ug",
    "micrograms": "ug",
    "nanogram": "ng",
    "nanograms": "ng",
    "litre": "l",
    "litres": "l",
}
_WORD = re.compile(r"[a-z]+[a-z0-9]*")


class MedicineName(NamedTuple):
    """What a name of a medicine says."""

    ingredients: frozenset[str]
    salts: frozenset[str]
    ways: frozenset[str]
    """How it is given, as far as the name says."""


def read_medicine(text: str, own_names: Iterable[tuple[str, str]] = ()) -> MedicineName:
    """What a text says of a medicine; `own_names` are the site's other names, each with its ingredients."""
    return _read(text, tuple(own_names))


@lru_cache(maxsize=8192)
def _read(text: str, own_names: tuple[tuple[str, str], ...]) -> MedicineName:
    tokens = list(_expand(_split(text), _all_names(own_names)))
    salts = frozenset(tokens) & _SALTS
    ways = frozenset(_WAYS[word] for word in tokens if word in _WAYS)
    ingredients = frozenset(tokens) - _SALTS - _OTHER - _WAYS.keys()
    if _GENERAL.isdisjoint(ingredients):
        ingredients -= _KINDS
    return MedicineName(ingredients, salts, ways)


@lru_cache(maxsize=8)
def _all_names(own_names: tuple[tuple[str, str], ...]) -> dict[tuple[str, ...], list[str]]:
    names = [*_NAMES.items(), *own_names]
    return {tuple(_split(name)): _split(ingredients) for name, ingredients in names}


def _split(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", text.casefold()).replace("µ", "u").replace("μ", "u")
    unaccented = "".join(c for c in plain if not unicodedata.combining(c))
    return _WORD.findall(_AMOUNT.sub(" ", unaccented))


def _expand(tokens: list[str], names: Mapping[tuple[str, ...], list[str]]) -> Iterator[str]:
    """The words, each other name among them replaced by the ingredients, the longest name first."""
    index = 0
    while index < len(tokens):
        for size in (3, 2, 1):
            if ingredients := names.get(tuple(tokens[index : index + size])):
                yield from ingredients
                index += size
                break
        else:
            yield tokens[index]
            index += 1


def is_blood(text: str) -> bool:
    """Whether a text names a part of blood: a unit that is transfused is no dose of a medicine."""
    return _BLOOD.search(text) is not None


def are_given_apart(name: str, other: str) -> bool:
    """Whether two names say that they are given in different ways."""
    ways, other_ways = _read(name, ()).ways, _read(other, ()).ways
    return bool(ways and other_ways) and ways.isdisjoint(other_ways)


def is_of_one_strength(name: str, other: str) -> bool:
    """Whether no name says a strength that the other contradicts; one that says none contradicts nothing."""
    few, many = sorted((_list_strengths(name), _list_strengths(other)), key=len)
    return all(any(_is_same_strength(a, b) for b in many) for a in few)


def _list_strengths(text: str) -> list[tuple[str, str]]:
    """Amounts with a unit, each with what it is in: `100units/ml` is `("100units", "ml")`."""
    plain = text.casefold().replace("µ", "u").replace("μ", "u")
    amounts = (re.sub(r"\s", "", amount).partition("/") for amount in _AMOUNT.findall(plain))
    return [(first, per.removeprefix("1")) for first, _, per in amounts if not first[-1].isdigit()]


def _is_same_strength(strength: tuple[str, str], other: tuple[str, str]) -> bool:
    amounts = (_UNIT.sub(_shorten_unit, amount) for amount in (strength[0], other[0]))
    return is_same_dose(*amounts) and (not strength[1] or not other[1] or strength[1] == other[1])


def _shorten_unit(unit: re.Match[str]) -> str:
    return _UNITS.get(unit[0], unit[0])


def are_alike(name: MedicineName, other: MedicineName) -> bool:
    """Whether both may be one medicine: ingredients are the same, and no salt or way that both name differs."""
    if name.ways and other.ways and name.ways.isdisjoint(other.ways):
        return False
    if not name.ingredients and not other.ingredients:
        return bool(name.salts) and name.salts == other.salts
    if name.ingredients != other.ingredients:
        general = name.ingredients & other.ingredients & _GENERAL
        return bool(general) and general in (name.ingredients, other.ingredients)
    return _is_within(name.salts, other.salts)


def _is_within(salts: frozenset[str], other: frozenset[str]) -> bool:
    """Whether one names no salt that the other does not name too."""
    return salts <= other or other <= salts


def are_known_apart(name: str, other: str, own_names: Iterable[tuple[str, str]] = ()) -> bool:
    """Whether the tables know what both names are made of, and it is not the same."""
    names = tuple(own_names)
    first, second, known = _read(name, names), _read(other, names), _list_known(names)
    is_known = all(
        medicine.ingredients and medicine.ingredients <= known for medicine in (first, second)
    )
    return is_known and not are_alike(first, second)


@lru_cache(maxsize=8)
def _list_known(own_names: tuple[tuple[str, str], ...]) -> frozenset[str]:
    """Every ingredient that a name of the tables has."""
    return frozenset().union(*_all_names(own_names).values()) - _OTHER


def sort_words(name: MedicineName) -> str:
    """By what names that may be alike are gathered: a general name gathers its kind."""
    if general := name.ingredients & _GENERAL:
        return " ".join(sorted(general))
    return " ".join(sorted(name.ingredients or name.salts))
