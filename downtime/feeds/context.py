"""What every mapping needs of the settings: zone, whose numbers, and which system is speaking.

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

from downtime.settings import Settings

IMAGING = frozenset(
    {"RAD", "RX", "CT", "NMR", "MRI", "MR", "US", "XR", "XRC", "NM", "NMS", "RUS", "VUS", "CUS"}
    | {"RT", "DX", "MG", "PT", "DXA", "FL"}
)
"""Diagnostic services (HL7 table 0074, and modalities used in its place) that are imaging."""
_RADIOLOGY = ("radiology", "ris", "imaging")
_THEATRES = ("theatres", "theatre", "theaters", "operating theatres")
_REGISTERS = ("Patient", "Encounter", "AllergyIntolerance", "MedicationRequest", "Appointment")
_ANSWERS = ("ServiceRequest", "DiagnosticReport", "Observation")


@dataclass(frozen=True, slots=True)
class FeedContext:
    """Settings in the form in which mappings use them; made once by `context`."""

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

    def system(self, application: str, record: str) -> str:
        """The system that speaks, by its application's name, else the holder of the record."""
        return self.systems_by_application.get(application.casefold()) or self.holders.get(
            record, record
        )

    def answering_system(self, sender: str, receiver: str, department: str) -> str:
        """The system that answers a request (see above)."""
        for application in (sender, receiver):
            system = self.systems_by_application.get(application.casefold())
            if system and system not in self.registers:
                return system
        return self.department_system(department)

    def department_system(self, department: str) -> str:
        """The system of a department by its OBR-24."""
        if self.radiology and department.upper() in IMAGING:
            return self.radiology
        return self.holders["ServiceRequest"]


def feed_context(settings: Settings) -> FeedContext:
    """The mappings' view of the settings."""
    systems = settings.systems
    named = {name.casefold(): name for name in systems.names}
    named.update({name.casefold(): system for name, system in systems.applications.items()})
    holders = {"ServiceRequest": "LIMS", **systems.records}
    answering = {holders[record] for record in _ANSWERS if record in holders}
    own = (settings.site.mrn_authority, settings.site.code, settings.site.name)
    return FeedContext(
        zone=ZoneInfo(settings.feeds.time_zone),
        authority=settings.site.mrn_authority,
        own_names=frozenset(name.casefold() for name in own if name),
        systems_by_application=named,
        holders=holders,
        registers=frozenset(holders[r] for r in _REGISTERS if r in holders) - answering,
        radiology=next((s for s in systems.names if s.casefold() in _RADIOLOGY), ""),
        theatres=next((s for s in systems.names if s.casefold() in _THEATRES), ""),
        settings=settings,
    )
