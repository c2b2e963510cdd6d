"""FHIR R4 transaction bundles: what is new of a form in one, each change of a live record alone. Pure.

What is new is created unless it is there (`ifNoneExist`), on an identifier made of the item's key
and the digest of what it says, so that a bundle may be posted any number of times. The bytes are
the same whenever a bundle is made: its time is the decision's, and its internal addresses name
what they stand for.
"""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from downtime.entry.facts import DOCUMENT, Person
from downtime.reconcile.identity.linking import LINKED, Merge
from downtime.reconcile.states import UNMATCHED
from downtime.reconcile.store import ItemRow
from downtime.returns.fhir import patient, resources
from downtime.returns.fhir.about import Form
from downtime.returns.fhir.context import Context
from downtime.returns.fhir.entries import changed, created, of_form, provenance, written
from downtime.returns.fhir.target import FhirTarget
from downtime.returns.fhir.updates import Change
from downtime.returns.fhir.values import Json, query, urn
from downtime.settings import Settings

_DIGEST = 16
_FIXED = 3
"""Entries of a bundle beside its items: answers, provenance, scan."""


def item_number(row: ItemRow) -> str:
    """The identifier of an item's resource: which field of which form, and what it says."""
    return f"{row.item.fact.number}.{row.digest[:_DIGEST]}"


def parts(rows: Sequence[ItemRow], names: FhirTarget) -> list[tuple[ItemRow, ...]]:
    """One form's items in the order of their keys, in as few bundles as the receiver allows.

    Each item may need its patient registered, so it counts as two entries where that may be.
    """
    ordered = sorted(rows, key=lambda row: row.key)
    each = 2 if any(row.item.state == UNMATCHED for row in ordered) else 1
    size = (names.entries - _FIXED) // each
    return [tuple(ordered[start : start + size]) for start in range(0, len(ordered), size)]


def bundle(
    rows: Sequence[ItemRow], form: Form, control_id: str, settings: Settings, names: FhirTarget
) -> bytes:
    """The transaction of these items of one form, as JSON."""
    context = context_of(settings, names)
    patients = _patients(rows, names)
    entries = [who.entry for who in patients.values() if who.entry]
    entries += [
        _item(row, patients[row.item.person].reference, context)
        for row in rows
        if row.item.fact.type != DOCUMENT
    ]
    subjects = {who.reference["reference"]: who.reference for who in patients.values()}
    subject = next(iter(subjects.values())) if len(subjects) == 1 else {}
    entries += of_form(form, subject, names, context.zone)
    targets = [one["fullUrl"] for one in entries]
    entries.append(provenance(form, control_id, targets, names, context.zone))
    decided = max(row.decided.decided for row in rows) or form.entry.verified
    return written(control_id, context.at(decided), entries, names)


def change_bundle(
    row: ItemRow, change: Change, form: Form, control_id: str, settings: Settings, names: FhirTarget
) -> bytes:
    """The transaction that changes one live record: a refusal then concerns this item alone."""
    context = context_of(settings, names)
    subject = patient.find(row.item.person, names, register=False).reference
    entries = [changed(change), *of_form(form, subject, names, context.zone)]
    targets = [f"{change.kind}?{change.record}", *(one["fullUrl"] for one in entries[1:])]
    entries.append(provenance(form, control_id, targets, names, context.zone))
    return written(control_id, context.at(row.decided.decided), entries, names)


def merge_bundle(merge: Merge, control_id: str, settings: Settings, names: FhirTarget) -> bytes:
    """The transaction that tells a merge, or that it was wrong, for one downtime number."""
    undo = merge.state != LINKED
    entry = patient.merged(merge.downtime, merge.survivor, names, undo=undo)
    at = context_of(settings, names).at(merge.decided)
    return written(control_id, at, [entry], names)


def context_of(settings: Settings, names: FhirTarget) -> Context:
    """What the resources of a bundle share, at this site."""
    zone = ZoneInfo(settings.site.time_zone)
    return Context(names, zone, settings.systems.records["Observation"])


def _patients(rows: Sequence[ItemRow], names: FhirTarget) -> dict[Person, patient.Who]:
    """How each person of these items is referred to; nobody is registered twice in one bundle."""
    found: dict[Person, patient.Who] = {}
    registered: set[str] = set()
    for row in rows:
        person = row.item.person
        if person in found:
            continue
        who = patient.find(person, names, register=row.item.state == UNMATCHED)
        address = who.reference["reference"]
        if who.entry and address in registered:
            who = patient.Who(who.reference)
        registered.add(address)
        found[person] = who
    return found


def _item(row: ItemRow, subject: Json, context: Context) -> Json:
    number = item_number(row)
    resource = resources.resource(row.item.fact, number, subject, context)
    return created(resource, query(context.names.item, number), urn("item", number))
