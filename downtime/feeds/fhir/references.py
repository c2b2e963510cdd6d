"""What surrounds a FHIR resource: its bundle, its contained resources, and what references mean.

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
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from downtime.clinical.identifiers import MRN, NHS, Identifier, clean_nhs_number
from downtime.feeds import times
from downtime.feeds.context import FeedContext
from downtime.feeds.fhir.data_types import element_at, all_codes, elements_at, text_at
from downtime.feeds.model import Position

FHIR = "FHIR"
"""Type of an identifier that is a resource's own address."""
_NHS_SYSTEMS = ("https://fhir.nhs.uk/Id/nhs-number", "https://fhir.nhs.uk/id/nhs-number")
_NHS_OID = "urn:oid:2.16.840.1.113883.2.1.4.1"
_VISIT_TYPES = frozenset({"VN", "AN"})


@dataclass(slots=True)
class ResourceReader:
    """What the mappings of one document share."""

    context: FeedContext
    position: Position
    sent: str = ""
    named: str = ""
    """System that the document names as its source; empty when it does not."""
    resources: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By full address, and by `Type/id`."""
    addresses: dict[int, str] = field(default_factory=dict)
    """Where each resource (by object) is to be found; ids of contained ones mean nothing alone."""

    def add(self, full_url: str, resource: dict[str, Any]) -> None:
        """Makes a resource, and what it contains, known to references."""
        identity = text_at(resource, "id")
        own = f"{text_at(resource, 'resourceType')}/{identity}" if identity else ""
        for address in filter(None, (full_url, own)):
            self.resources[address] = resource
        self.addresses[id(resource)] = full_url or own
        for inner in elements_at(resource, "contained"):
            self.addresses[id(inner)] = (
                f"{full_url or own or resource_key(resource)}#{text_at(inner, 'id')}"
            )

    def source(self, resource: dict[str, Any], kind: str) -> str:
        """The system a resource's record belongs to (see above)."""
        if named := self.own_name(resource) or self.named:
            return named
        if kind in ("ServiceRequest", "DiagnosticReport", "Observation"):
            departments = all_codes(resource, "category")
            imaging = departments & {"363679005", "imaging", "RAD"}
            return self.context.department_system("RAD" if imaging else "")
        return self.context.holders.get(kind, kind)

    def own_name(self, resource: dict[str, Any]) -> str:
        """The system that `meta.source` names."""
        source = text_at(resource, "meta", "source").split("#")[0]
        return self.context.systems_by_application.get(source.casefold(), "")

    def updated(self, resource: dict[str, Any]) -> str:
        """When the resource last changed (`meta.lastUpdated`)."""
        return times.parse_instant(text_at(resource, "meta", "lastUpdated"), self.context.zone)

    def resolve(self, reference: Any, resource: dict[str, Any]) -> dict[str, Any]:
        """The resource that a Reference means: contained, or in the bundle; else an empty one."""
        address = text_at(reference, "reference")
        if address.startswith("#"):
            return next(
                (r for r in elements_at(resource, "contained") if text_at(r, "id") == address[1:]),
                {},
            )
        found = self.resources.get(address)
        return found or self.resources.get("/".join(address.split("/")[-2:]), {})

    def patient(self, reference: Any, resource: dict[str, Any]) -> tuple[Identifier, ...]:
        """Who a Reference(Patient) means; empty when it does not mean a patient."""
        found = self.resolve(reference, resource)
        if found:
            is_patient = text_at(found, "resourceType") == "Patient"
            return self.identifiers(found) if is_patient else ()
        address = text_at(reference, "reference")
        kind = text_at(reference, "type") or (
            address.split("/")[-2] if "/" in address else "Patient"
        )
        if kind != "Patient" and not address.startswith(("urn:", "Patient?")):
            return ()
        numbers = list(self._numbers(elements_at(reference, "identifier")))
        if address and not address.startswith("#"):
            numbers.append(self._address(address, resource))
        return self._sorted(numbers)

    def identifiers(self, patient: dict[str, Any]) -> tuple[Identifier, ...]:
        """Every identifier of a Patient resource, its own address among them."""
        numbers = list(self._numbers(elements_at(patient, "identifier")))
        if address := self.addresses.get(id(patient)):
            numbers.append(self._address(address, patient))
        return self._sorted(numbers)

    def _sorted(self, numbers: list[Identifier]) -> tuple[Identifier, ...]:
        return tuple(sorted(dict.fromkeys(numbers), key=self._rank))

    def _rank(self, number: Identifier) -> int:
        if number.type == MRN and number.authority == self.context.authority:
            return 0
        return {NHS: 1, MRN: 2, FHIR: 5}.get(number.type, 3)

    def _address(self, reference: str, resource: dict[str, Any]) -> Identifier:
        base, kind, tail = reference.rpartition("Patient/")
        if not kind or "#" in reference:
            return Identifier(FHIR, "", reference)
        server = base.rstrip("/") or self.own_name(resource) or self.named
        return Identifier(FHIR, server, kind + tail.split("/_history")[0])

    def _numbers(self, identifiers: Iterator[dict[str, Any]]) -> Iterator[Identifier]:
        for item in identifiers:
            value, system = text_at(item, "value"), text_at(item, "system")
            kind = next(iter(sorted(all_codes(item, "type") - {""})), "").upper()
            if not value or kind in _VISIT_TYPES or text_at(item, "use") == "old":
                continue
            if system in (*_NHS_SYSTEMS, _NHS_OID) or kind in ("NH", "NHS"):
                digits = clean_nhs_number(value)
                if digits:
                    yield Identifier(NHS, "NHS", digits)
            elif self._is_own(item, system, kind):
                yield Identifier(MRN, self.context.authority, value)
            else:
                yield Identifier(kind or "PI", system, value)

    def _is_own(self, item: dict[str, Any], system: str, kind: str) -> bool:
        """Whether an identifier is a number of this hospital."""
        if kind not in ("", "MR", "PI", "PT"):
            return False
        if system and system == self.context.settings.site.mrn_system:
            return True
        names = {system.rstrip("/").replace(":", "/").rsplit("/", 1)[-1].casefold()}
        names.add(text_at(item, "assigner", "display").casefold())
        return bool(names & self.context.own_names) or (kind == "MR" and not system)


def resource_key(resource: dict[str, Any]) -> str:
    """What names a resource: its `id`, else an identifier, else a digest of all it says."""
    if identity := text_at(resource, "id"):
        return identity
    for item in elements_at(resource, "identifier"):
        if value := text_at(item, "value"):
            return value
    return hashlib.sha256(json.dumps(resource, sort_keys=True).encode()).hexdigest()[:16]


def business_identifier(resource: dict[str, Any], *types: str) -> str:
    """The identifier of one of the types (in their order), else the first there is; or empty."""
    items = [item for item in elements_at(resource, "identifier") if text_at(item, "value")]
    for kind in types:
        for item in items:
            if kind in all_codes(item, "type"):
                return text_at(item, "value")
    return text_at(items[0], "value") if items else ""


def reference_name(near: ResourceReader, reference: Any, resource: dict[str, Any]) -> str:
    """What a reference to a person or place is called: its display, else the resource's name."""
    if words := text_at(reference, "display"):
        return words
    found = near.resolve(reference, resource)
    if isinstance(element_at(found, "name"), list):
        parts = [
            text_at(found, "name", 0, "prefix", 0),
            text_at(found, "name", 0, "given", 0),
            text_at(found, "name", 0, "family") or text_at(found, "name", 0, "text"),
        ]
        return " ".join(part for part in parts if part)
    return text_at(found, "name")
