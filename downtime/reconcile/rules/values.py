"""Names of tests, as hospitals write them. Pure."""

import unicodedata
from collections.abc import Mapping
from functools import lru_cache

from downtime.clinical.model import Observation, ServiceRequest
from downtime.config import read_data_file
from downtime.entry.facts import Fact

_NAMES = read_data_file("downtime.reconcile.rules", "equivalents.toml")["tests"]


@lru_cache(maxsize=8192)
def fold_test_name(text: str) -> str:
    """A test's code or name without case, accents and signs; short forms in full (`K+` → potassium)."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    word = "".join(c for c in plain if c.isalnum())
    return str(_NAMES.get(word, word))


def names_of_fact(fact: Fact) -> set[str]:
    """The names that paper gives a test; none of a mere `other`."""
    return names_in_fields(fact.fields)


def names_in_fields(fields: Mapping[str, str]) -> set[str]:
    """The names of a test in a fact's fields; none of a mere `other`."""
    return {
        fold_test_name(fields.get("code", "")),
        fold_test_name(fields.get("display", "")),
    } - _NO_NAME


def names_of_record(live: ServiceRequest | Observation) -> set[str]:
    """The names that the system gives a test."""
    return {fold_test_name(live.code), fold_test_name(live.display)} - {""}


_NO_NAME = frozenset(("", "other"))
