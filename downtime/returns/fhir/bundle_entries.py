"""Entries of a transaction bundle, and the bundle around them. Pure.

Each entry may be posted any number of times: a resource is created unless it is there, on an
identifier made of what it says.
"""

import base64
import re
from collections.abc import Iterator
from zoneinfo import ZoneInfo

import orjson

from downtime.returns.fhir import form_resources
from downtime.returns.fhir.conditional_patches import ConditionalPatch
from downtime.returns.fhir.datatypes import Json, identifier, identifier_search, urn
from downtime.returns.fhir.form_resources import SourceForm
from downtime.returns.fhir.target import FhirTarget

_EXACT = re.compile(rb'"\\u0001([-0-9.]+)"')
"""How `response_writer` marks a decimal that keeps its digits."""


def create_entry(resource: Json, search: str, url: str) -> Json:
    """A conditional create: nothing happens when the search finds one."""
    request = {"method": "POST", "url": resource["resourceType"], "ifNoneExist": search}
    return {"fullUrl": url, "resource": resource, "request": request}


def patch_entry(change: ConditionalPatch) -> Json:
    """A conditional PATCH, as JSON Patch in a Binary (FHIR R4, 3.1.0.8.1)."""
    patch = base64.b64encode(orjson.dumps(change.operations)).decode()
    resource = {
        "resourceType": "Binary",
        "contentType": "application/json-patch+json",
        "data": patch,
    }
    return {
        "fullUrl": urn(change.kind, change.search),
        "resource": resource,
        "request": {"method": "PATCH", "url": change.search},
    }


def form_entries(
    form: SourceForm, subject: Json, names: FhirTarget, zone: ZoneInfo
) -> Iterator[Json]:
    """The form itself: its answers, and its scan. A list about several people has no subject."""
    search = identifier_search(names.form, form.number)
    if form.scan:
        scan = form_resources.build_document(form, subject, names, zone)
        yield create_entry(scan, search, urn("DocumentReference", form.number))
    answers = form_resources.build_response(form, subject, names, zone)
    yield create_entry(answers, search, form_resources.response_url(form))


def provenance_entry(
    form: SourceForm, control_id: str, targets: list[str], names: FhirTarget, zone: ZoneInfo
) -> Json:
    """Who wrote, keyed and compared what the bundle says; found again by the control ID."""
    source = {"reference": form_resources.response_url(form)}
    references = [{"reference": one} for one in targets]
    said = form_resources.build_provenance(form, control_id, references, source, names, zone)
    return create_entry(said, tag_search(names, control_id), urn("Provenance", control_id))


def tag_search(names: FhirTarget, control_id: str) -> str:
    """The search for a bundle's Provenance."""
    return identifier_search(names.message, control_id).replace("identifier=", "_tag=", 1)


def write_bundle(control_id: str, at: str, made: list[Json], names: FhirTarget) -> bytes:
    """The transaction as JSON."""
    bundle = {
        "resourceType": "Bundle",
        "identifier": identifier(names.message, control_id),
        "type": "transaction",
        "timestamp": at,
        "entry": made,
    }
    return _EXACT.sub(rb"\1", orjson.dumps(bundle))
