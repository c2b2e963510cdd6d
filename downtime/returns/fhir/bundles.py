"""FHIR R4 transaction bundles: all returned items of one form, each created unless it is there. Pure.

Every entry is a conditional create (`ifNoneExist`) on an identifier made of the item's key and the
digest of what it says, so that a bundle may be posted any number of times. The bytes are the same
whenever a bundle is made: its time is the decision's, and its internal addresses name what they
stand for.
"""

import re
from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo

import orjson

from downtime.entry.facts import DOCUMENT, Person
from downtime.reconcile.identity.linking import LINKED, Merge
from downtime.reconcile.states import UNMATCHED
from downtime.reconcile.store import ItemRow
from downtime.returns.fhir import about, patient, resources
from downtime.returns.fhir.about import Form
from downtime.returns.fhir.resources import Context
from downtime.returns.fhir.target import FhirTarget
from downtime.returns.fhir.values import Json, identifier, instant, query, urn
from downtime.settings import Settings

_DIGEST = 16
_FIXED = 3
"""Entries of a bundle beside its items: answers, provenance, scan."""
_EXACT = re.compile(rb'"\\u0001([-0-9.]+)"')
"""How `response_writer` marks a decimal that keeps its digits."""


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
    zone = ZoneInfo(settings.site.time_zone)
    context = Context(names, zone, settings.systems.records["Observation"])
    patients = _patients(rows, names)
    entries = [who.entry for who in patients.values() if who.entry]
    entries += [
        _item(row, patients[row.item.person].reference, context)
        for row in rows
        if row.item.fact.type != DOCUMENT
    ]
    subjects = {who.reference["reference"]: who.reference for who in patients.values()}
    subject = next(iter(subjects.values())) if len(subjects) == 1 else {}
    entries += _form(form, subject, names, zone)
    entries.append(_provenance(form, control_id, entries, names, zone))
    decided = max(row.decided.decided for row in rows) or form.entry.verified
    return _written(control_id, instant(decided, zone), entries, names)


def merge_bundle(merge: Merge, control_id: str, settings: Settings, names: FhirTarget) -> bytes:
    """The transaction that tells a merge, or that it was wrong, for one downtime number."""
    zone = ZoneInfo(settings.site.time_zone)
    undo = merge.state != LINKED
    entry = patient.merged(merge.downtime, merge.survivor, names, undo=undo)
    return _written(control_id, instant(merge.decided, zone), [entry], names)


def _written(control_id: str, at: str, entries: list[Json], names: FhirTarget) -> bytes:
    made = {
        "resourceType": "Bundle",
        "identifier": identifier(names.message, control_id),
        "type": "transaction",
        "timestamp": at,
        "entry": entries,
    }
    return _EXACT.sub(rb"\1", orjson.dumps(made))


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
    return _created(resource, query(context.names.item, number), urn("item", number))


def _form(form: Form, subject: Json, names: FhirTarget, zone: ZoneInfo) -> Iterator[Json]:
    """The form itself: its answers, and its scan. A list about several people has no subject."""
    search = query(names.form, form.number)
    if form.scan:
        scan = about.document(form, subject, names, zone)
        yield _created(scan, search, urn("DocumentReference", form.number))
    answers = about.response(form, subject, names, zone)
    yield _created(answers, search, about.response_url(form))


def _provenance(
    form: Form, control_id: str, entries: list[Json], names: FhirTarget, zone: ZoneInfo
) -> Json:
    source = {"reference": about.response_url(form)}
    targets = [{"reference": one["fullUrl"]} for one in entries]
    said = about.provenance(form, control_id, targets, source, names, zone)
    tag = query(names.message, control_id).replace("identifier=", "_tag=", 1)
    return _created(said, tag, urn("Provenance", control_id))


def _created(resource: Json, search: str, url: str) -> Json:
    request = {"method": "POST", "url": resource["resourceType"], "ifNoneExist": search}
    return {"fullUrl": url, "resource": resource, "request": request}
