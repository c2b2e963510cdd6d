"""How a test is named, on paper and in the system; codes and short forms are one."""

from collections.abc import Mapping

from downtime.clinical.model import Observation, ServiceRequest
from downtime.entry.facts import Fact
from downtime.reconcile.rules.values import fold_test_name


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
