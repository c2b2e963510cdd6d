"""What all resources of a bundle share: names, time zone, whose results are phoned. Pure."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from downtime.returns.fhir.datatypes import instant
from downtime.returns.fhir.target import FhirTarget


@dataclass(frozen=True, slots=True)
class BundleContext:
    """What all resources of a bundle share; `phoned` is the system whose results are phoned."""

    target: FhirTarget
    zone: ZoneInfo
    phoned: str

    def format_time(self, stored: str) -> str:
        """A stored time as FHIR writes it."""
        return instant(stored, self.zone)
