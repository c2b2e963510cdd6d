"""Entries of a transaction bundle, and the bundle around them. Pure.

Each entry may be posted any number of times: a resource is created unless it is there, on an
identifier made of what it says.
"""

import base64
import re
from collections.abc import Iterator, Sequence

import orjson

from downtime.returns.fhir.conditional_patches import ConditionalPatch
from downtime.returns.fhir.datatypes import Json, identifier, identifier_search, urn
from downtime.returns.fhir.form_resources import (
    SourceForm,
    build_document,
    build_provenance,
    build_response,
)
from downtime.returns.fhir.target import BundleContext, FhirTarget

_EXACT_DECIMAL = re.compile(rb'"\\u0001([-0-9.]+)"')
"""How `response_writer` marks a decimal that keeps its digits."""


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
    """The form itself: its answers, and its scan. A list about several people has no subject."""
    search = identifier_search(context.target.form, form.number)
    if form.scan:
        document = build_document(form, subject, context)
        yield create_entry(document, search, urn("DocumentReference", form.number))
    yield create_entry(build_response(form, subject, context), search, form.response_url)


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
