"""FHIR R4 transaction bundles: what is new of a form in one, each change of a live record alone. Pure.

What is new is created unless it is there (`ifNoneExist`), on an identifier made of the item's key
and the digest of what it says, so that a bundle may be posted any number of times. The bytes are
the same whenever a bundle is made: its time is the decision's, and its internal addresses name
what they stand for.
"""

import base64
import re
from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo

import orjson

from downtime.clinical.record_types import DOCUMENT, find_owner
from downtime.entry.facts import PaperPerson
from downtime.reconcile.identity.model import Merge, MergeState
from downtime.reconcile.model import ItemState, StoredItem
from downtime.returns.fhir import patient_resources
from downtime.returns.fhir.conditional_patches import ConditionalPatch
from downtime.returns.fhir.datatypes import Json, identifier, identifier_search, urn
from downtime.returns.fhir.form_resources import (
    SourceForm,
    build_document,
    build_event_response,
    build_provenance,
    build_response,
)
from downtime.returns.fhir.patient_resources import PatientReference
from downtime.returns.fhir.resources import build_resource
from downtime.returns.fhir.target import BundleContext, FhirTarget
from downtime.settings import Settings

_DIGEST_LENGTH = 16
_FIXED_ENTRIES = 3
"""Entries of a bundle beside its items: answers, provenance, scan."""


def make_context(settings: Settings, target: FhirTarget) -> BundleContext:
    """What the resources of a bundle share, at this site."""
    zone = ZoneInfo(settings.site.time_zone)
    return BundleContext(target, zone, find_owner(settings.systems.records, "Observation"))


def item_identifier(row: StoredItem) -> str:
    """The identifier of an item's resource: which field of which form, and what it says."""
    return f"{row.item.fact.number}.{row.digest[:_DIGEST_LENGTH]}"


def split_items(rows: Sequence[StoredItem], target: FhirTarget) -> list[tuple[StoredItem, ...]]:
    """One form's items in the order of their keys, in as few bundles as the receiver allows.

    Each item may need its patient registered, so it counts as two entries where that may be.
    """
    ordered = sorted(rows, key=lambda row: row.key)
    registers = any(row.item.state == ItemState.UNMATCHED for row in ordered)
    size = (target.entries - _FIXED_ENTRIES) // (2 if registers else 1)
    return [tuple(ordered[start : start + size]) for start in range(0, len(ordered), size)]


def write_form_bundle(
    rows: Sequence[StoredItem],
    form: SourceForm,
    control_id: str,
    context: BundleContext,
) -> bytes:
    """The transaction of these items of one form, as JSON."""
    patients = _reference_patients(rows, context.target)
    entries = [patient.entry for patient in patients.values() if patient.entry]
    entries += [
        _item_entry(row, patients[row.item.person].reference, context)
        for row in rows
        if row.item.fact.type != DOCUMENT
    ]
    subjects = {p.reference["reference"]: p.reference for p in patients.values()}
    subject = next(iter(subjects.values())) if len(subjects) == 1 else {}
    entries += form_entries(form, subject, context)
    urls = [entry["fullUrl"] for entry in entries]
    entries.append(provenance_entry(form, control_id, urls, context))
    decided = max(row.decided.decided for row in rows) or form.entry.verified
    return write_bundle(control_id, decided, entries, context)


def write_patch_bundle(
    row: StoredItem,
    patch: ConditionalPatch,
    form: SourceForm,
    control_id: str,
    context: BundleContext,
) -> bytes:
    """The transaction that changes one live record: a refusal then concerns this item alone."""
    patient = patient_resources.reference_patient(row.item.person, context.target, register=False)
    entries = [patch_entry(patch), *form_entries(form, patient.reference, context)]
    urls = [f"{patch.record_type}?{patch.record}", *(entry["fullUrl"] for entry in entries[1:])]
    entries.append(provenance_entry(form, control_id, urls, context))
    return write_bundle(control_id, row.decided.decided, entries, context)


def write_merge_bundle(merge: Merge, control_id: str, context: BundleContext) -> bytes:
    """The transaction that reports a merge, or that it was wrong, for one downtime number."""
    undo = merge.state != MergeState.LINKED
    entry = patient_resources.merge_entry(merge.downtime, merge.survivor, context.target, undo=undo)
    return write_bundle(control_id, merge.decided, [entry], context)


def _reference_patients(
    rows: Sequence[StoredItem], target: FhirTarget
) -> dict[PaperPerson, PatientReference]:
    """How each person of these items is referred to; nobody is registered twice in one bundle."""
    patients: dict[PaperPerson, PatientReference] = {}
    registered: set[str] = set()
    for row in rows:
        person = row.item.person
        if person in patients:
            continue
        register = row.item.state == ItemState.UNMATCHED
        patient = patient_resources.reference_patient(person, target, register=register)
        address = patient.reference["reference"]
        if patient.entry and address in registered:
            patient = PatientReference(patient.reference)
        registered.add(address)
        patients[person] = patient
    return patients


def _item_entry(row: StoredItem, subject: Json, context: BundleContext) -> Json:
    number = item_identifier(row)
    resource = build_resource(row.item.fact, number, subject, context)
    search = identifier_search(context.target.item, number)
    return create_entry(resource, search, urn("item", number))


_EXACT_DECIMAL = re.compile(rb'"\\u0001([-0-9.]+)"')
"""How `write_response` marks a decimal that keeps its digits."""


def create_entry(resource: Json, search: str, url: str) -> Json:
    """A conditional create: nothing happens when the search finds one."""
    request = {"method": "POST", "url": resource["resourceType"], "ifNoneExist": search}
    return {"fullUrl": url, "resource": resource, "request": request}


def patch_entry(patch: ConditionalPatch) -> Json:
    """A conditional PATCH, as JSON Patch in a Binary (FHIR R4, 3.1.0.8.1)."""
    resource = {
        "resourceType": "Binary",
        "contentType": "application/json-patch+json",
        "data": base64.b64encode(orjson.dumps(patch.operations)).decode(),
    }
    return {
        "fullUrl": urn(patch.record_type, patch.search),
        "resource": resource,
        "request": {"method": "PATCH", "url": patch.search},
    }


def form_entries(form: SourceForm, subject: Json, context: BundleContext) -> Iterator[Json]:
    """The form or event itself: its answers, and its scan. A list about several people has no subject."""
    search = identifier_search(context.target.form, form.number)
    if form.event_answers:
        yield create_entry(build_event_response(form, subject, context), search, form.response_url)
    if form.definition is None:
        return
    if form.scan:
        document = build_document(form, form.definition, subject, context)
        yield create_entry(document, search, form.document_url)
    response = build_response(form, form.definition, subject, context)
    yield create_entry(response, search, form.response_url)


def provenance_entry(
    form: SourceForm, control_id: str, targets: Sequence[str], context: BundleContext
) -> Json:
    """Who wrote, keyed and compared what the bundle says; found again by the control ID."""
    resource = build_provenance(form, control_id, targets, context)
    search = tag_search(context.target, control_id)
    return create_entry(resource, search, urn("Provenance", control_id))


def tag_search(target: FhirTarget, control_id: str) -> str:
    """The search for a bundle's Provenance."""
    return identifier_search(target.message, control_id).replace("identifier=", "_tag=", 1)


def write_bundle(control_id: str, at: str, entries: list[Json], context: BundleContext) -> bytes:
    """The transaction as JSON; `at` is UTC as stored."""
    bundle = {
        "resourceType": "Bundle",
        "identifier": identifier(context.target.message, control_id),
        "type": "transaction",
        "timestamp": context.format_time(at),
        "entry": entries,
    }
    return _EXACT_DECIMAL.sub(rb"\1", orjson.dumps(bundle))
