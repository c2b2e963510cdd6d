"""One FHIR document as its mappings read it: what its references mean, and the changes it makes.

The records of one resource belong to the system that its `meta.source` names (as an application in
`systems.applications`), else the one its bundle names (MessageHeader.source, Bundle.identifier's
system), else the holder of that type of record. Requests and reports of an imaging category belong
to Radiology.

A patient reference means the identifiers of that Patient when it is in the bundle or contained;
else its own `identifier`; else the reference itself, as `FHIR|<server>|Patient/123`, which the
Patient resource carries too. The server is the base address of an absolute reference, else the
system that is named as above, else empty: a hospital with two FHIR servers gives them sources.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from downtime.clinical.identifiers import MRN, NHS, Identifier, clean_nhs_number
from downtime.clinical.model import Record
from downtime.clinical.record_types import RECORD_TYPES
from downtime.feeds import times
from downtime.feeds.context import FeedContext
from downtime.feeds.fhir.data_types import all_codes, element_at, elements_at, text_at
from downtime.feeds.model import Change, Operation, Position, Value

Resource = dict[str, Any]
"""A resource, or an element of one, as its JSON came."""
FHIR = "FHIR"
"""Type of an identifier that is a resource's own address."""
_NHS_SYSTEMS = (
    "https://fhir.nhs.uk/Id/nhs-number",
    "https://fhir.nhs.uk/id/nhs-number",
    "urn:oid:2.16.840.1.113883.2.1.4.1",
)
_VISIT_TYPES = frozenset({"VN", "AN"})
_IMAGING = frozenset({"363679005", "imaging", "RAD"})


@dataclass(slots=True)
class ResourceReader:
    """What the mappings of one document share."""

    context: FeedContext
    position: Position
    sent: str = ""
    named_source: str = ""
    """System that the document names as its source; empty when it does not."""
    resources: dict[str, Resource] = field(default_factory=dict)
    """By full address, and by `Type/id`."""
    addresses: dict[int, str] = field(default_factory=dict)
    """Where each resource (by object) is to be found; ids of contained ones mean nothing alone."""

    def add(self, full_url: str, resource: Resource) -> None:
        """Makes a resource, and what it contains, known to references."""
        identity = text_at(resource, "id")
        own_address = f"{text_at(resource, 'resourceType')}/{identity}" if identity else ""
        for address in filter(None, (full_url, own_address)):
            self.resources[address] = resource
        self.addresses[id(resource)] = full_url or own_address
        for inner in elements_at(resource, "contained"):
            base = full_url or own_address or resource_key(resource)
            self.addresses[id(inner)] = f"{base}#{text_at(inner, 'id')}"

    def change(
        self,
        resource: Resource,
        record_type: str,
        key: str,
        patient: tuple[Identifier, ...],
        fields: dict[str, Value],
    ) -> Change:
        """A change of one resource; one that was 'entered in error' takes its record away."""
        is_wrong = text_at(resource, "status") == "entered-in-error"
        updated = self.updated(resource)
        return Change(
            type=record_type,
            source=self.source(resource, record_type),
            key=key,
            patient=patient,
            fields={} if is_wrong else fields,
            event=updated,
            sent=self.sent or updated,
            operation=Operation.DELETE if is_wrong else Operation.SET,
            position=self.position,
        )

    def parse_time(self, text: str) -> str:
        """A time or date as it is stored; empty when it is none."""
        return times.parse_time(text, self.context.zone)

    def add_time(self, fields: dict[str, Value], name: str, text: str) -> None:
        """Sets a time and the source's own text of it, when it is one."""
        if value := self.parse_time(text):
            fields[name] = value
            fields[f"{name}_text"] = text

    def source(self, resource: Resource, record_type: str) -> str:
        """The system a resource's record belongs to (see above)."""
        if source := self.source_of(resource) or self.named_source:
            return source
        row = RECORD_TYPES.get(record_type)
        if row and row.answers_requests:
            is_imaging = all_codes(resource, "category") & _IMAGING
            return self.context.department_system("RAD" if is_imaging else "")
        return self.context.holders.get(record_type, record_type)

    def source_of(self, resource: Resource) -> str:
        """The system that `meta.source` names."""
        source = text_at(resource, "meta", "source").split("#")[0]
        return self.context.systems_by_application.get(source.casefold(), "")

    def updated(self, resource: Resource) -> str:
        """When the resource last changed (`meta.lastUpdated`)."""
        return times.parse_instant(text_at(resource, "meta", "lastUpdated"), self.context.zone)

    def resolve(self, reference: Any, resource: Resource) -> Resource:
        """The resource that a Reference means: contained, or in the bundle; else an empty one."""
        address = text_at(reference, "reference")
        if address.startswith("#"):
            contained = elements_at(resource, "contained")
            return next((inner for inner in contained if text_at(inner, "id") == address[1:]), {})
        relative = "/".join(address.split("/")[-2:])
        return self.resources.get(address) or self.resources.get(relative, {})

    def name_of(self, reference: Any, resource: Resource) -> str:
        """What a reference to a person or place is called: its display, else the resource's name."""
        if display := text_at(reference, "display"):
            return display
        target = self.resolve(reference, resource)
        if isinstance(element_at(target, "name"), list):
            parts = [
                text_at(target, "name", 0, "prefix", 0),
                text_at(target, "name", 0, "given", 0),
                text_at(target, "name", 0, "family") or text_at(target, "name", 0, "text"),
            ]
            return " ".join(part for part in parts if part)
        return text_at(target, "name")

    def patient(self, reference: Any, resource: Resource) -> tuple[Identifier, ...]:
        """Who a Reference(Patient) means; empty when it does not mean a patient."""
        target = self.resolve(reference, resource)
        if target:
            is_patient = text_at(target, "resourceType") == "Patient"
            return self.identifiers(target) if is_patient else ()
        address = text_at(reference, "reference")
        address_type = address.split("/")[-2] if "/" in address else "Patient"
        kind = text_at(reference, "type") or address_type
        if kind != "Patient" and not address.startswith(("urn:", "Patient?")):
            return ()
        numbers = list(self._parse_identifiers(elements_at(reference, "identifier")))
        if address and not address.startswith("#"):
            numbers.append(self._address_identifier(address, resource))
        return self._sort_identifiers(numbers)

    def identifiers(self, patient: Resource) -> tuple[Identifier, ...]:
        """Every identifier of a Patient resource, its own address among them."""
        numbers = list(self._parse_identifiers(elements_at(patient, "identifier")))
        if address := self.addresses.get(id(patient)):
            numbers.append(self._address_identifier(address, patient))
        return self._sort_identifiers(numbers)

    def _sort_identifiers(self, numbers: list[Identifier]) -> tuple[Identifier, ...]:
        return tuple(sorted(dict.fromkeys(numbers), key=self._rank))

    def _rank(self, number: Identifier) -> int:
        if number.type == MRN and number.authority == self.context.authority:
            return 0
        return {NHS: 1, MRN: 2, FHIR: 5}.get(number.type, 3)

    def _address_identifier(self, reference: str, resource: Resource) -> Identifier:
        base, kind, tail = reference.rpartition("Patient/")
        if not kind or "#" in reference:
            return Identifier(FHIR, "", reference)
        server = base.rstrip("/") or self.source_of(resource) or self.named_source
        return Identifier(FHIR, server, kind + tail.split("/_history")[0])

    def _parse_identifiers(self, identifiers: Iterator[Resource]) -> Iterator[Identifier]:
        for item in identifiers:
            value, system = text_at(item, "value"), text_at(item, "system")
            kind = next(iter(sorted(all_codes(item, "type") - {""})), "").upper()
            if not value or kind in _VISIT_TYPES or text_at(item, "use") == "old":
                continue
            if system in _NHS_SYSTEMS or kind in ("NH", "NHS"):
                if digits := clean_nhs_number(value):
                    yield Identifier(NHS, "NHS", digits)
            elif self._is_own(item, system, kind):
                yield Identifier(MRN, self.context.authority, value)
            else:
                yield Identifier(kind or "PI", system, value)

    def _is_own(self, item: Resource, system: str, kind: str) -> bool:
        """Whether an identifier is a number of this hospital."""
        if kind not in ("", "MR", "PI", "PT"):
            return False
        if system and system == self.context.settings.site.mrn_system:
            return True
        names = {system.rstrip("/").replace(":", "/").rsplit("/", 1)[-1].casefold()}
        names.add(text_at(item, "assigner", "display").casefold())
        return bool(names & self.context.own_names) or (kind == "MR" and not system)


def resource_key(resource: Resource) -> str:
    """What names a resource: its `id`, else an identifier, else a digest of all it says."""
    if identity := text_at(resource, "id"):
        return identity
    for item in elements_at(resource, "identifier"):
        if value := text_at(item, "value"):
            return value
    return hashlib.sha256(json.dumps(resource, sort_keys=True).encode()).hexdigest()[:16]


ResourceMapping = Callable[[ResourceReader, Resource], list[Change]]
FieldsMapping = Callable[[ResourceReader, Resource], dict[str, Value]]
RESOURCE_MAPPINGS: dict[str, ResourceMapping] = {}
"""Resource type to the function that reads it; `register_reader` and `register_field_reader` put it here."""


def register_reader(record: type[Record]) -> Callable[[ResourceMapping], ResourceMapping]:
    """Marks the function that reads the FHIR resources of one type of record."""

    def register(mapping: ResourceMapping) -> ResourceMapping:
        RESOURCE_MAPPINGS[record.__name__] = mapping
        return mapping

    return register


def register_field_reader(
    record: type[Record],
    *,
    patient: str = "subject",
    key: Callable[[Resource], str] = resource_key,
) -> Callable[[FieldsMapping], FieldsMapping]:
    """Marks the function that gives the fields of one record of a patient.

    `patient` is the element that refers to the person; a resource of nobody gives no record.
    """
    record_type = record.__name__

    def register(mapping: FieldsMapping) -> FieldsMapping:
        def read(reader: ResourceReader, resource: Resource) -> list[Change]:
            numbers = reader.patient(element_at(resource, patient), resource)
            if not numbers:
                return []
            fields = mapping(reader, resource)
            return [reader.change(resource, record_type, key(resource), numbers, fields)]

        RESOURCE_MAPPINGS[record_type] = read
        return mapping

    return register


def business_identifier(resource: Resource, *types: str) -> str:
    """The identifier of one of the types (in their order), else the first there is; or empty."""
    items = [item for item in elements_at(resource, "identifier") if text_at(item, "value")]
    for kind in types:
        for item in items:
            if kind in all_codes(item, "type"):
                return text_at(item, "value")
    return text_at(items[0], "value") if items else ""
