"""FHIR R4 transaction bundles: what is new of a form in one, each change of a live record alone. Pure.

What is new is created unless it is there (`ifNoneExist`), on an identifier made of the item's key
and the digest of what it says, so that a bundle may be posted any number of times. The bytes are
the same whenever a bundle is made: its time is the decision's, and its internal addresses name
what they stand for.
"""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from downtime.clinical.record_types import DOCUMENT, find_owner
from downtime.entry.facts import Person
from downtime.reconcile.identity.model import Merge, MergeState
from downtime.reconcile.model import ItemState, StoredItem
from downtime.returns.fhir import patient_resources, resources
from downtime.returns.fhir.bundle_context import BundleContext
from downtime.returns.fhir.bundle_entries import (
    create_entry,
    form_entries,
    patch_entry,
    provenance_entry,
    write_bundle,
)
from downtime.returns.fhir.conditional_patches import ConditionalPatch
from downtime.returns.fhir.datatypes import Json, identifier_search, urn
from downtime.returns.fhir.form_resources import SourceForm
from downtime.returns.fhir.target import FhirTarget
from downtime.settings import Settings

_DIGEST = 16
_FIXED = 3
"""Entries of a bundle beside its items: answers, provenance, scan."""


def item_identifier(row: StoredItem) -> str:
    """The identifier of an item's resource: which field of which form, and what it says."""
    return f"{row.item.fact.number}.{row.digest[:_DIGEST]}"


def split_items(rows: Sequence[StoredItem], names: FhirTarget) -> list[tuple[StoredItem, ...]]:
    """One form's items in the order of their keys, in as few bundles as the receiver allows.

    Each item may need its patient registered, so it counts as two entries where that may be.
    """
    ordered = sorted(rows, key=lambda row: row.key)
    each = 2 if any(row.item.state == ItemState.UNMATCHED for row in ordered) else 1
    size = (names.entries - _FIXED) // each
    return [tuple(ordered[start : start + size]) for start in range(0, len(ordered), size)]


def write_form_bundle(
    rows: Sequence[StoredItem],
    form: SourceForm,
    control_id: str,
    settings: Settings,
    names: FhirTarget,
) -> bytes:
    """The transaction of these items of one form, as JSON."""
    context = make_context(settings, names)
    patients = _reference_patients(rows, names)
    entries = [who.entry for who in patients.values() if who.entry]
    entries += [
        _item_entry(row, patients[row.item.person].reference, context)
        for row in rows
        if row.item.fact.type != DOCUMENT
    ]
    subjects = {who.reference["reference"]: who.reference for who in patients.values()}
    subject = next(iter(subjects.values())) if len(subjects) == 1 else {}
    entries += form_entries(form, subject, names, context.zone)
    targets = [one["fullUrl"] for one in entries]
    entries.append(provenance_entry(form, control_id, targets, names, context.zone))
    decided = max(row.decided.decided for row in rows) or form.entry.verified
    return write_bundle(control_id, context.format_time(decided), entries, names)


def write_patch_bundle(
    row: StoredItem,
    change: ConditionalPatch,
    form: SourceForm,
    control_id: str,
    settings: Settings,
    names: FhirTarget,
) -> bytes:
    """The transaction that changes one live record: a refusal then concerns this item alone."""
    context = make_context(settings, names)
    subject = patient_resources.reference_patient(row.item.person, names, register=False).reference
    entries = [patch_entry(change), *form_entries(form, subject, names, context.zone)]
    targets = [f"{change.kind}?{change.record}", *(one["fullUrl"] for one in entries[1:])]
    entries.append(provenance_entry(form, control_id, targets, names, context.zone))
    return write_bundle(control_id, context.format_time(row.decided.decided), entries, names)


def write_merge_bundle(
    merge: Merge, control_id: str, settings: Settings, names: FhirTarget
) -> bytes:
    """The transaction that tells a merge, or that it was wrong, for one downtime number."""
    undo = merge.state != MergeState.LINKED
    entry = patient_resources.merge_entry(merge.downtime, merge.survivor, names, undo=undo)
    at = make_context(settings, names).format_time(merge.decided)
    return write_bundle(control_id, at, [entry], names)


def make_context(settings: Settings, names: FhirTarget) -> BundleContext:
    """What the resources of a bundle share, at this site."""
    zone = ZoneInfo(settings.site.time_zone)
    return BundleContext(names, zone, find_owner(settings.systems.records, "Observation"))


def _reference_patients(
    rows: Sequence[StoredItem], names: FhirTarget
) -> dict[Person, patient_resources.PatientReference]:
    """How each person of these items is referred to; nobody is registered twice in one bundle."""
    found: dict[Person, patient_resources.PatientReference] = {}
    registered: set[str] = set()
    for row in rows:
        person = row.item.person
        if person in found:
            continue
        who = patient_resources.reference_patient(
            person, names, register=row.item.state == ItemState.UNMATCHED
        )
        address = who.reference["reference"]
        if who.entry and address in registered:
            who = patient_resources.PatientReference(who.reference)
        registered.add(address)
        found[person] = who
    return found


def _item_entry(row: StoredItem, subject: Json, context: BundleContext) -> Json:
    number = item_identifier(row)
    resource = resources.build_resource(row.item.fact, number, subject, context)
    return create_entry(
        resource, identifier_search(context.target.item, number), urn("item", number)
    )
