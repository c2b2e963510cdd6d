"""A round of readiness: what was looked at, what was found, and the page that proves the printer."""

from dataclasses import dataclass
from enum import StrEnum


class AuditAction(StrEnum):
    """What an entry of the audit says was done; the chain keeps the words."""

    READINESS_CHECK = "readiness.check"
    READINESS_PROVE = "readiness.prove"


class CheckKind(StrEnum):
    """What is looked at, in the order in which it is shown."""

    DATA = "data"
    SNAPSHOT = "snapshot"
    HOME = "home"
    CERTIFICATE = "certificate"
    CLOCK = "clock"
    DISK = "disk"
    POWER = "power"
    PRINTER = "printer"
    PROGRAMS = "programs"
    NUMBERS = "numbers"
    PAPER = "paper"


CHECK_TITLES = {
    CheckKind.DATA: "Hospital data is fresh",
    CheckKind.SNAPSHOT: "Snapshot opens",
    CheckKind.HOME: "Keys, vault and audit",
    CheckKind.CERTIFICATE: "Certificate for other browsers",
    CheckKind.CLOCK: "Clock",
    CheckKind.DISK: "Disk",
    CheckKind.POWER: "Battery and mains",
    CheckKind.PRINTER: "Print queue",
    CheckKind.PROGRAMS: "Programs and fonts for printing",
    CheckKind.NUMBERS: "Numbers left",
    CheckKind.PAPER: "Paper left",
}


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at; `fault` is empty when it is as it should be."""

    kind: CheckKind
    finding: str
    """What was found, in words."""
    fault: str = ""
    """What is wrong, and what to do about it."""


@dataclass(frozen=True, slots=True)
class Sighted:
    """What only a person can see: sheets of paper at hand, and whether the mains plug is in."""

    sheets: int
    is_plugged_in: bool


@dataclass(frozen=True, slots=True)
class ReadinessRound:
    """One look at everything. Its proof is the page that was printed for it, read back by its serial."""

    id: str
    at: str
    """UTC as stored, as is `proved`."""
    person: str
    person_name: str
    checks: tuple[Check, ...]
    serial: str = ""
    """Of the proof page that was read back; empty until then."""
    proved: str = ""

    @property
    def faults(self) -> tuple[Check, ...]:
        """What is wrong."""
        return tuple(check for check in self.checks if check.fault)

    @property
    def is_ready(self) -> bool:
        """Whether everything is as it should be, and a printed page came back."""
        return not self.faults and bool(self.proved)
