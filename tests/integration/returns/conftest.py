"""Decided items of a few patients, and a target that is reached over the network."""

from types import MappingProxyType

import pytest

from downtime.entry.facts import Fact, PaperPerson
from downtime.entry.model import Entry, EntryState
from downtime.entry.store import entries as entry_store
from downtime.outage import outages
from downtime.reconcile.model import (
    AuditAction,
    Decision,
    DecisionRecord,
    Item,
    ItemState,
    StoredItem,
)
from downtime.reconcile.store import items as items_store
from downtime.reconcile.store.items import fact_digest
from downtime.settings import ReturnsSettings, Settings

MARY = PaperPerson(
    mrn="H100", nhs_number="9990000018", family="Hill", given="Mary", gender="female"
)
OLU = PaperPerson(mrn="H200", nhs_number="9990000026", family="Ade", given="Olu", gender="male")
COMPARED = "2026-11-04T09:00:00Z"


@pytest.fixture
def outage(vault, actor):
    return outages.declare_systems_down(
        vault, ["LIMS"], actor, "power lost", known=("LIMS", "PAS", "EPR")
    )


def fact(
    kind: str, serial: str, who: PaperPerson, fields: dict, *, part: str = "form", system="LIMS"
):
    return Fact(
        key=f"{serial}-{part}", type=kind, system=system, form="test-form", serial=serial, ward="A1",
        person=who, event="2026-11-02T14:00:00Z", entered="2026-11-03T09:00:00Z",
        author="Sam Okoro", author_role="Staff nurse", transcriber="u-7", fields=fields,
    )  # fmt: skip


def request(serial: str, who: PaperPerson, code: str = "FBC") -> Fact:
    return fact("ServiceRequest", serial, who, {"code": code, "display": code})


def value(serial: str, who: PaperPerson, name: str, said: str) -> Fact:
    fields = {"display": name, "value": said, "units": "mmol/L"}
    return fact("Observation", serial, who, fields, part=f"value-{name}")


@pytest.fixture
def decide(vault, outage, actor):
    """`decide(fact, …)`: items decided `return`, of entries that a second person verified."""

    def save(*facts: Fact) -> None:
        with vault.change(actor, AuditAction.RECONCILE_DECIDE) as db:
            for serial in {fact.serial for fact in facts}:
                entry_store.save_entry(db, verified_entry(serial, outage.id))
            items_store.save_items(db, [decided_item(fact, outage.id) for fact in facts])

    return save


def verified_entry(serial: str, outage: str) -> Entry:
    return Entry(
        serial=serial, form="test-form", version="1", state=EntryState.VERIFIED, outage=outage,
        answers={}, event="2026-11-02T14:00:00Z", transcriber="u-7",
        entered="2026-11-03T09:00:00Z", verifier="u-8", verified="2026-11-03T10:00:00Z",
        changed="2026-11-03T10:00:00Z",
    )  # fmt: skip


def decided_item(fact: Fact, outage: str) -> StoredItem:
    item = Item(fact, ItemState.NEW, (), f"p-{fact.person.mrn}", (), fact.person)
    decided = DecisionRecord(
        decision=Decision.RETURN, decided_by="u-2", decided_by_name="Ben", reason="only on paper",
        decided="2026-11-04T10:00:00Z",
    )  # fmt: skip
    return StoredItem(item, outage, fact_digest(fact), "s-1", COMPARED, decided)


@pytest.fixture
def network():
    """`network(port, …)`: settings in which LIMS is an MLLP receiver on that port."""

    def make(port: int, **keys) -> Settings:
        target = {
            "channel": "mllp", "host": "127.0.0.1", "port": port, "answer_seconds": 0.4,
            "connect_seconds": 1.0, **keys,
        }  # fmt: skip
        returns = ReturnsSettings(
            targets=MappingProxyType({"LIMS": target}),
            retry_first_seconds=0.0,
            retry_cap_seconds=0.0,
        )
        return Settings(returns=returns)

    return make
