"""How a test is named, on paper and in the system; codes and short forms are one."""

from collections.abc import Mapping

from downtime.clinical.records import Observation, ServiceRequest
from downtime.entry.facts import Fact
from downtime.reconcile.values import test_name


def of_fact(fact: Fact) -> set[str]:
    """The names that paper gives a test; none of a mere `other`."""
    return said(fact.fields)


def said(fields: Mapping[str, str]) -> set[str]:
    """The names of a test in a fact's fields; none of a mere `other`."""
    return {test_name(fields.get("code", "")), test_name(fields.get("display", ""))} - _NO_NAME


def of_live(live: ServiceRequest | Observation) -> set[str]:
    """The names that the system gives a test."""
    return {test_name(live.code), test_name(live.display)} - {""}


_NO_NAME = frozenset(("", "other"))
