"""Which earlier pages a new one takes the place of: none that has records which the newer copy lacks.

A copy in which a system is missing says 'Allergies unavailable' where an earlier page lists ten of them. That
page stays beside the new one until a page has come that has them; page, cover and list say what it is
still good for. Of pages printed before it was kept what their copy held, it is believed that they have it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import orjson

from downtime.clinical.history import Condition, DocumentReference
from downtime.clinical.model import (
    AllergyIntolerance,
    Appointment,
    DiagnosticReport,
    Encounter,
    Flag,
    MedicationAdministration,
    MedicationRequest,
    ServiceRequest,
)
from downtime.clinical.record_types import get_plural_title
from downtime.paper.model import IssuedForm
from downtime.paper.store.form_contents import ListContent
from downtime.snapshot.availability import SystemDelivery
from downtime.snapshot.store.opened_snapshot import Snapshot

ON_BED_LIST = (AllergyIntolerance.__name__, Flag.__name__, Encounter.__name__)
ON_MEDICINES_DUE = (
    MedicationRequest.__name__,
    MedicationAdministration.__name__,
    AllergyIntolerance.__name__,
)
_TESTS = (ServiceRequest.__name__, DiagnosticReport.__name__)
_HISTORY = (Condition.__name__, DocumentReference.__name__, Appointment.__name__)
ON_SUMMARY = tuple(dict.fromkeys((*ON_BED_LIST, *ON_MEDICINES_DUE, *_TESTS, *_HISTORY)))
Delivery = tuple[str, str]
"""Type of record, and a system that sent such records."""


@dataclass(frozen=True, slots=True)
class KeptPage:
    """An earlier page that stays beside a new one, and for what."""

    form: IssuedForm
    deliveries: tuple[Delivery, ...]

    @property
    def what_for(self) -> str:
        """What it stays valid for."""
        return word_deliveries(self.deliveries)


@dataclass(frozen=True, slots=True)
class Succession:
    """What a new page finds of its kind: what it takes the place of, and what stays beside it."""

    replaced: tuple[str, ...] = ()
    """Serials."""
    kept_pages: tuple[KeptPage, ...] = ()


NO_SUCCESSION = Succession()
"""Of a page that finds none of its kind."""


def word_deliveries(deliveries: Sequence[Delivery]) -> str:
    """`Allergies, Medicines (EPR); Results (LIMS)`."""
    systems = dict.fromkeys(system for _, system in deliveries)
    return "; ".join(
        f"{', '.join(get_plural_title(t) for t, sender in deliveries if sender == system)} ({system})"
        for system in systems
    )


def list_deliveries(snapshot: Snapshot, types: Iterable[str]) -> list[Delivery]:
    """Which records of these types a copy holds, and of which systems."""
    return [
        (name, delivery.system)
        for name in types
        for delivery in _list_systems(snapshot, name)
        if delivery.is_delivered
    ]


def find_superseded(
    snapshot: Snapshot,
    types: Sequence[str],
    earlier: Iterable[IssuedForm],
    contents: Mapping[str, ListContent],
) -> Succession:
    """What a page of these types of records takes the place of among `earlier` ones of its kind."""
    covered = set(list_deliveries(snapshot, types))
    missing = _list_missing(snapshot, types)
    systems = {name for name, _ in snapshot.list_systems()} | {system for _, system in missing}
    silent = set(types) - {name for name, _ in covered}
    replaced, kept_pages = list[str](), list[KeptPage]()
    for form in sorted(earlier, key=lambda form: form.issued_at, reverse=True):
        content = contents.get(form.serial)
        had = _read_deliveries(content) if content and content.records else missing
        lost = tuple(
            (name, system)
            for name, system in had
            if (name, system) not in covered and (system in systems or name in silent)
        )
        covered.update(had)
        if lost:
            kept_pages.append(KeptPage(form, lost))
        else:
            replaced.append(form.serial)
    return Succession(tuple(reversed(replaced)), tuple(kept_pages))


def _list_missing(snapshot: Snapshot, types: Iterable[str]) -> list[Delivery]:
    """What the systems that hold such records did not send."""
    return [
        (name, system) for name in types for system in snapshot.find_availability(name).unavailable
    ]


def _list_systems(snapshot: Snapshot, name: str) -> tuple[SystemDelivery, ...]:
    availability = snapshot.find_availability(name)
    return (*availability.holders, *availability.others)


def _read_deliveries(content: ListContent) -> list[Delivery]:
    return [(name, system) for name, system in orjson.loads(content.records)]
