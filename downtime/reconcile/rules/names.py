"""How a test is named, on paper and in the system; codes and short forms are one."""

from downtime.clinical.records import Observation, ServiceRequest
from downtime.entry.facts import Fact
from downtime.reconcile.values import test_name


def of_fact(fact: Fact) -> set[str]:
    """The names that paper gives a test; none of a mere `other`."""
    said = (fact.fields.get("code", ""), fact.fields.get("display", ""))
    return {test_name(text) for text in said} - {"", "other"}


def of_live(live: ServiceRequest | Observation) -> set[str]:
    """The names that the system gives a test."""
    return {test_name(live.code), test_name(live.display)} - {""}
