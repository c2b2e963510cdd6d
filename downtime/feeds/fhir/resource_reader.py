"""One FHIR document as its mappings read it: what its references mean, and the changes it makes.

The records of one resource belong to the system that the source's profile names, else the one that
its `meta.source` names (as an application in `systems.applications`), else the one its bundle names
(MessageHeader.source, Bundle.identifier's system), else the holder of that type of record. Requests
and reports of an imaging category belong to Radiology.

A patient reference means the identifiers of that Patient when it is in the bundle or contained;
else its own `identifier`; else the reference itself, as `FHIR|<server>|Patient/123`, which the
Patient resource carries too. An absolute reference means its own server, a relative one the server
of the entry in which it stands, as the entry's `fullUrl` says; with it goes the system that is named
as above, so that what the same system sends without addresses meets it when records are settled
(`snapshot.name_servers`). Any other reference that means nothing in its document is kept for later
(`feeds.named_resources`).
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from downtime.clinical.identifiers import MRN, NHS, Identifier
from downtime.clinical.record_types import RECORD_TYPES
from downtime.feeds import times
from downtime.feeds.context import FeedContext
from downtime.feeds.fhir.data_types import (
    all_codes,
    concept_text,
    element_at,
    elements_at,
    text_at,
)
from downtime.feeds.fhir.identifiers import FHIR, parse_identifiers
from downtime.feeds.fhir.periods import human_name, list_current
from downtime.feeds.fhir.references import (
    address_type,
    conditional_number,
    reference_address,
    resource_addresses,
    server_of,
)
from downtime.feeds.model import Change, Finding, FindingKind, Operation, Position, Value
from downtime.feeds.named_resources import ADDRESSES, reference_text
from downtime.feeds.server_addresses import join_authority, split_address

Resource = dict[str, Any]
"""A resource, or an element of one, as its JSON came."""
_IMAGING = frozenset({"363679005", "imaging", "RAD"})
_HOLDERS = {"Medication": "MedicationRequest", "Specimen": "ServiceRequest", "Location": "Location"}
"""Whose system what is no record belongs to; all else to that of Patient."""
_ADDRESSED = frozenset(
    name for row in RECORD_TYPES.values() for name in row.reference_fields.values()
)
"""The records to which others refer."""
_MOST_STEPS = 6
"""How far names are followed; no hospital nests deeper, and a circle ends here."""
_SUBJECTS = ("code", "medicationCodeableConcept", "medication", "vaccineCode", "start")
"""Elements that tell apart what resources without an id are about."""


@dataclass(slots=True)
class ResourceReader:
    """What the mappings of one document share."""

    context: FeedContext
    position: Position
    now: str
    """UTC instant that decides which periods have ended."""
    sent: str = ""
    modified: str = ""
    """When the file was changed (UTC): it dates what has no time of its own."""
    named_source: str = ""
    """System that the document names as its source; empty when it does not."""
    resources: dict[str, dict[str, Resource]] = field(default_factory=dict)
    """By every address they have, and what is their own: of several, none is meant."""
    addresses: dict[int, str] = field(default_factory=dict)
    """Where each resource (by object) is to be found; ids of contained ones mean nothing alone."""
    servers: dict[int, str] = field(default_factory=dict)
    """On which server each resource (by object) lies; it has none when its document does not say."""
    reports: dict[int, Resource] = field(default_factory=dict)
    """The report of each result (by object) that names no patient itself."""
    findings: list[Finding] = field(default_factory=list)

    def add_results(self, report: Resource) -> None:
        """Lets the results of a report that name no patient be of the report's patient."""
        for reference in elements_at(report, "result"):
            result = self.resolve(reference, report)
            if result and not element_at(result, "subject"):
                self.reports[id(result)] = report

    def add(self, full_url: str, resource: Resource) -> None:
        """Makes a resource, and what it contains, known to references."""
        own_addresses = resource_addresses(resource, full_url)
        identity = text_at(resource, "id")
        address = next(iter(own_addresses), "") if identity or full_url else ""
        path = split_address(address).path
        for known in {*own_addresses, full_url, path} - {""}:
            self.resources.setdefault(known, {})[address or full_url or self.key_of(resource)] = (
                resource
            )
        self.addresses[id(resource)] = full_url or address
        server = self.servers[id(resource)] = server_of(full_url, text_at(resource, "resourceType"))
        for inner in elements_at(resource, "contained"):
            base = full_url or address or self.key_of(resource)
            self.addresses[id(inner)] = f"{base}#{text_at(inner, 'id')}"
            self.servers[id(inner)] = server

    def note(self, kind: FindingKind, resource: Resource, element: str, text: str) -> None:
        """Keeps a finding about an element of a resource."""
        resource_type = text_at(resource, "resourceType")
        resource_type = resource_type if resource_type.isalpha() else ""
        segment = f"{resource_type}.{element}" if element else resource_type
        finding = Finding(kind, self.source(resource, resource_type), text, segment)
        if finding not in self.findings:
            self.findings.append(finding)

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
        if record_type in _ADDRESSED:
            fields = fields | {ADDRESSES: self.addresses_of(resource)}
        return Change(
            type=record_type,
            source=self.source(resource, record_type),
            key=key,
            patient=patient,
            fields={} if is_wrong else fields,
            event=updated,
            sent=self.sent or updated or self.modified,
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

    def status(self, resource: Resource, meanings: Mapping[str, str], name: str = "status") -> str:
        """What a status word means; one that is not known is a finding, and empty: not said."""
        word = text_at(resource, name) or concept_text(element_at(resource, name))
        meaning = meanings.get(word.casefold())
        if word and meaning is None and word != "entered-in-error":
            reason = "a status that is none of FHIR's is not used: it counts as not said"
            self.note(FindingKind.UNKNOWN_STATUS, resource, name, reason)
        return meaning or ""

    def source(self, resource: Resource, record_type: str) -> str:
        """The system a resource's record belongs to (see above)."""
        if source := self.source_of(resource) or self.named_source:
            return source
        row = RECORD_TYPES.get(record_type)
        if row and row.answers_requests:
            is_imaging = all_codes(resource, "category") & _IMAGING
            return self.context.department_system("RAD" if is_imaging else "")
        holders = self.context.holders
        return holders.get(record_type) or holders[_HOLDERS.get(record_type, "Patient")]

    def source_of(self, resource: Resource) -> str:
        """The system that the profile or `meta.source` names."""
        return self.context.known_system(text_at(resource, "meta", "source").split("#")[0])

    def updated(self, resource: Resource) -> str:
        """When the resource last changed (`meta.lastUpdated`)."""
        return times.parse_instant(text_at(resource, "meta", "lastUpdated"), self.context.zone)

    def resolve(self, reference: Any, resource: Resource) -> Resource:
        """The resource that a Reference means: contained, or in the bundle; else an empty one."""
        inner = element_at(reference, "reference")
        if isinstance(inner, dict):  # a CodeableReference of R5
            reference = inner
        address = text_at(reference, "reference")
        if address.startswith("#"):
            contained = elements_at(resource, "contained")
            return next((inner for inner in contained if text_at(inner, "id") == address[1:]), {})
        exact = self._find(address) if ":" in address else {}
        return exact or self._find(self.address_of(reference, resource))

    def _find(self, address: str) -> Resource:
        """The only resource of the document that an address means; an empty one when unsure."""
        candidates = self.resources.get(address, {})
        if not candidates and (path := split_address(address)).server:
            candidates = {
                address: resource
                for address, resource in self.resources.get(path.path, {}).items()
                if not split_address(address).server
            }
        return next(iter(candidates.values())) if len(candidates) == 1 else {}

    def address_of(self, reference: Any, resource: Resource, target_type: str = "") -> str:
        """The address that a Reference of a resource means, with its server as far as it is known."""
        address = reference_address(reference, target_type)
        server = self.servers.get(id(resource), "")
        return str(split_address(address).on(server)) if server else address

    def key_of(self, resource: Resource) -> str:
        """What names a resource: its `id`, else an identifier, else a digest of all it says."""
        address = self.addresses.get(id(resource), "")
        if "#" in address:
            return "/".join(address.split("/")[-1:])
        return resource_key(resource)

    def business_identifier(self, resource: Resource, *types: str) -> str:
        """The number of one of the types (in their order) that holds, else the first that does."""
        items = list_current(resource, "identifier", self.now, self.context.zone)
        first = next((value for item in items if (value := text_at(item, "value"))), "")
        return self.typed_identifier(resource, *types) or first

    def typed_identifier(self, resource: Resource, *types: str) -> str:
        """The number of one of the types that holds, in their order; empty when there is none."""
        items = list(list_current(resource, "identifier", self.now, self.context.zone))
        for kind in types:
            for item in items:
                if kind in all_codes(item, "type") and text_at(item, "value"):
                    return text_at(item, "value")
        return ""

    def addresses_of(self, resource: Resource) -> tuple[str, ...]:
        """Every address by which a resource may be meant in other documents."""
        address = self.addresses.get(id(resource), "")
        return () if "#" in address else resource_addresses(resource, address)

    def record_reference(
        self, reference: Any, resource: Resource, key: Callable[[Resource], str]
    ) -> str:
        """The key of the record that a reference means, else its address; empty when there is none."""
        target = self.resolve(reference, resource)
        return key(target) if target else self.address_of(reference, resource)

    def name_of(self, reference: Any, resource: Resource, depth: int = _MOST_STEPS) -> str:
        """What a reference to a person, place or thing is called: its display, else the target's name.

        A target that is not in the document is left for later; its number stands for it meanwhile.
        """
        inner = element_at(reference, "reference")
        if isinstance(inner, dict):  # a CodeableReference of R5
            reference = inner
        if display := text_at(reference, "display"):
            return display
        if target := self.resolve(reference, resource):
            return self.own_name(target, depth)
        address = self.address_of(reference, resource)
        number = text_at(reference, "identifier", "value")
        return reference_text(address, number) if address else number

    def own_name(self, target: Resource, depth: int = _MOST_STEPS) -> str:
        """What a resource is called: a person's, a role's, a place's or a thing's name.

        A role that in the end means itself has none.
        """
        if isinstance(element_at(target, "name"), list):
            family, given_names, prefix = human_name(target["name"], self.now, self.context.zone)
            first = given_names.split(" ")[0]
            return " ".join(part for part in (prefix, first, family) if part)
        if text_at(target, "resourceType") == "PractitionerRole":
            if not depth:
                reason = "refers to itself by way of others: nobody's name is found so"
                self.note(FindingKind.REFERENCE_UNRESOLVED, target, "practitioner", reason)
                return ""
            name = self.name_of(element_at(target, "practitioner"), target, depth - 1)
            return name or self.name_of(element_at(target, "organization"), target, depth - 1)
        name = text_at(target, "name") or text_at(target, "deviceName", 0, "name")
        return name or concept_text(element_at(target, "type"))

    def patient(self, reference: Any, resource: Resource) -> tuple[Identifier, ...]:
        """Who a Reference(Patient) means; empty when it does not mean a patient."""
        for _ in range(_MOST_STEPS):
            report = self.reports.get(id(resource))
            if reference or report is None:
                break
            reference, resource = element_at(report, "subject"), report
        target = self.resolve(reference, resource)
        if target:
            is_patient = text_at(target, "resourceType") == "Patient"
            return self.identifiers(target) if is_patient else ()
        address = text_at(reference, "reference")
        kind = text_at(reference, "type") or address_type(address)
        if kind not in ("Patient", "") and not address.startswith("urn:"):
            return ()
        numbers = list(
            parse_identifiers(elements_at(reference, "identifier"), self.context, self.now)
        )
        system, value = conditional_number(address)
        if value:
            item = {"system": system, "value": value}
            numbers += parse_identifiers([item], self.context, self.now)
        elif address and not address.startswith("#"):
            numbers.append(self._address_identifier(address, resource))
        return self._sort_identifiers(numbers)

    def identifiers(self, patient: Resource) -> tuple[Identifier, ...]:
        """Every identifier of a Patient resource that holds, its own address among them."""
        items = elements_at(patient, "identifier")
        numbers = list(parse_identifiers(items, self.context, self.now))
        if address := self.addresses.get(id(patient)):
            numbers.append(self._address_identifier(address, patient))
        return self._sort_identifiers(numbers)

    def _sort_identifiers(self, numbers: list[Identifier]) -> tuple[Identifier, ...]:
        """The most specific first; of several of one kind in an order of their own, not of the sender."""
        return tuple(sorted(set(numbers), key=lambda number: (self._rank(number), number)))

    def _rank(self, number: Identifier) -> int:
        if number.type == MRN and number.authority == self.context.authority:
            return 0
        return {NHS: 1, MRN: 2, FHIR: 5}.get(number.type, 3)

    def _address_identifier(self, reference: str, resource: Resource) -> Identifier:
        server, path = split_address(reference)
        if "#" in reference or not path.startswith("Patient/"):
            return Identifier(FHIR, "", reference)
        own_server = self.servers.get(id(resource), "")
        if server and server != own_server:
            return Identifier(FHIR, server, path)
        system = self.source_of(resource) or self.named_source
        return Identifier(FHIR, join_authority(own_server, system), path)


def resource_key(resource: Resource) -> str:
    """What names a resource by itself: its `id`, else an identifier, else a digest of all it says.

    Several resources may have one identifier, so what each is about is part of it.
    """
    if identity := text_at(resource, "id"):
        return identity
    subject_text = "|".join(filter(None, (concept_text(resource.get(name)) for name in _SUBJECTS)))
    for item in elements_at(resource, "identifier"):
        if value := text_at(item, "value"):
            return f"{value}|{subject_text}" if subject_text else value
    return hashlib.sha256(json.dumps(resource, sort_keys=True).encode()).hexdigest()[:16]
