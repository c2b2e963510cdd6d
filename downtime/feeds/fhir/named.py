"""FHIR resources that are no records and to which records refer: what each of them is called.

They are taken so that a reference in another document finds its name (`feeds.named_resources`).
"""

from downtime.feeds.fhir.administration import bed_fields, location_kind
from downtime.feeds.fhir.data_types import concept_text, element_at, first_code, text_at
from downtime.feeds.fhir.medications import medication_codes, medication_name
from downtime.feeds.fhir.resource_reader import Resource, ResourceReader
from downtime.feeds.model import Change, Value
from downtime.feeds.named_resources import ADDRESSES, NAMED_RESOURCE

NAMED_TYPES = frozenset(
    {"Medication", "Practitioner", "PractitionerRole", "Organization", "Location"}
    | {"HealthcareService", "Specimen", "Device"}
)


def read_named_resource(reader: ResourceReader, resource: Resource) -> list[Change]:
    """What a resource is called, for whatever refers to it; nothing when it has no address or name."""
    addresses = reader.addresses_of(resource)
    kind = text_at(resource, "resourceType")
    fields = _NAMED_FIELDS.get(kind, _name_fields)(reader, resource)
    if not addresses or not any(fields.values()):
        return []
    updated = reader.updated(resource)
    change = Change(
        type=NAMED_RESOURCE,
        source=reader.source(resource, kind),
        key=addresses[0],
        fields={ADDRESSES: addresses, **fields},
        event=updated,
        sent=reader.sent or updated or reader.modified,
        position=reader.position,
    )
    return [change]


def _name_fields(reader: ResourceReader, resource: Resource) -> dict[str, Value]:
    return {"name": reader.own_name(resource)}


def _medication_fields(reader: ResourceReader, resource: Resource) -> dict[str, Value]:
    return {
        "name": medication_name(resource),
        "code": first_code(element_at(resource, "code")),
        "codes": medication_codes(resource),
        "batch": text_at(resource, "batch", "lotNumber"),
    }


def _location_fields(reader: ResourceReader, resource: Resource) -> dict[str, Value]:
    return {
        "name": text_at(resource, "name"),
        "number": reader.business_identifier(resource),
        "kind": location_kind(resource),
        "part_of": reader.address_of(element_at(resource, "partOf"), resource, "Location"),
        **bed_fields(resource),
    }


def _specimen_fields(reader: ResourceReader, resource: Resource) -> dict[str, Value]:
    fields: dict[str, Value] = {"name": concept_text(element_at(resource, "type"))}
    collection = element_at(resource, "collection")
    collected = text_at(collection, "collectedDateTime")
    start = text_at(collection, "collectedPeriod", "start")
    reader.add_time(fields, "collected", collected or start)
    return fields


_NAMED_FIELDS = {
    "Medication": _medication_fields,
    "Location": _location_fields,
    "Specimen": _specimen_fields,
}
