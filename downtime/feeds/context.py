"""What every mapping needs of the settings: zone, whose numbers, and which system sent it.

The system of a message is the one its sending application (MSH-3) is mapped to or named as; else
the one that holds its type of record (`systems.records`).

A request belongs to the system that answers it, whoever sent it, so that an order from the EPR and
the result from the laboratory meet: the sender when it answers requests itself, else the receiver
(MSH-5) when it does, else Radiology when OBR-24 names an imaging department, else the system that
holds requests.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from downtime.clinical.identifiers import MRN, NHS, Identifier
from downtime.clinical.model import AppointmentKind
from downtime.clinical.record_types import RECORD_TYPES, list_owners
from downtime.feeds.model import Value
from downtime.settings import Settings

IMAGING = frozenset(
    {"RAD", "RX", "CT", "NMR", "MRI", "MR", "US", "XR", "XRC", "NM", "NMS", "RUS", "VUS", "CUS"}
    | {"RT", "DX", "MG", "PT", "DXA", "FL"}
)
"""Diagnostic services (HL7 table 0074, and modalities sent as such) that are imaging."""
_RADIOLOGY = ("radiology", "ris", "imaging")
_THEATRES = ("theatres", "theatre", "theaters", "operating theatres")


@dataclass(frozen=True, slots=True)
class FeedContext:
    """Settings in the form in which mappings use them; made once by `feed_context`."""

    zone: ZoneInfo
    authority: str
    own_names: frozenset[str]
    """What an assigning authority or facility may be called when it is this hospital, case-blind."""
    systems_by_application: Mapping[str, str]
    """Application name, case-blind, to system."""
    holders: Mapping[str, str]
    registers: frozenset[str]
    """Systems that keep people and places and answer no requests."""
    radiology: str
    theatres: str
    settings: Settings

    def identity_fields(self, numbers: tuple[Identifier, ...]) -> dict[str, Value]:
        """The fields of Patient that its identifiers fill."""
        fields: dict[str, Value] = {"identifiers": tuple(str(number) for number in numbers)}
        for number in numbers:
            if number.type == NHS:
                fields.setdefault("nhs_number", number.value)
            elif number.type == MRN and number.authority == self.authority:
                fields.setdefault("mrn", number.value)
        return fields

    def system(self, application: str, record: str) -> str:
        """The system of a sending application, else the holder of the record."""
        system = self.systems_by_application.get(application.casefold())
        return system or self.holders.get(record, record)

    def answering_system(self, sender: str, receiver: str, department: str) -> str:
        """The system that answers a request (see above)."""
        for application in (sender, receiver):
            system = self.systems_by_application.get(application.casefold())
            if system and system not in self.registers:
                return system
        return self.department_system(department)

    def reporting_system(self, sender: str, department: str) -> str:
        """The system whose results these are: the sender's, else the department's."""
        system = self.systems_by_application.get(sender.casefold())
        return system or self.department_system(department)

    def department_system(self, department: str) -> str:
        """The system of a department by its OBR-24."""
        if self.radiology and department.upper() in IMAGING:
            return self.radiology
        return self.holders["ServiceRequest"]

    def appointment_kind(self, source: str) -> AppointmentKind:
        """On which sort of list the appointments of a system stand."""
        return AppointmentKind.THEATRE if source == self.theatres else AppointmentKind.CLINIC


def feed_context(settings: Settings) -> FeedContext:
    """The mappings' view of the settings."""
    systems = settings.systems
    names = {name: name for name in systems.names} | systems.applications
    holders = list_owners(systems.records)
    answering = {holders[name] for name, row in RECORD_TYPES.items() if row.answers_requests}
    own_names = (settings.site.mrn_authority, settings.site.code, settings.site.name)
    return FeedContext(
        zone=ZoneInfo(settings.feeds.time_zone),
        authority=settings.site.mrn_authority,
        own_names=frozenset(name.casefold() for name in own_names if name),
        systems_by_application={name.casefold(): system for name, system in names.items()},
        holders=holders,
        registers=frozenset(holders.values()) - answering,
        radiology=next((s for s in systems.names if s.casefold() in _RADIOLOGY), ""),
        theatres=next((s for s in systems.names if s.casefold() in _THEATRES), ""),
        settings=settings,
    )
