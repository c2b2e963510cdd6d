"""What all resources of a bundle share: names, time zone, whose results are phoned. Pure."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from downtime.returns.fhir.target import FhirTarget
from downtime.returns.fhir.values import instant


@dataclass(frozen=True, slots=True)
class Context:
    """What all resources of a bundle share; `phoned` is the system whose results are phoned."""

    names: FhirTarget
    zone: ZoneInfo
    phoned: str

    def at(self, stored: str) -> str:
        """A stored time as FHIR writes it."""
        return instant(stored, self.zone)
