"""What changed implausibly from one snapshot to another, and its sentence: no patient data."""

from enum import StrEnum
from typing import NamedTuple

from downtime.clinical.record_types import get_plural_title


class ChurnKind(StrEnum):
    """What changed implausibly; in the order in which it is said."""

    PATIENTS_GONE = "patients-gone"
    WARD_EMPTIED = "ward-emptied"
    IDENTITIES_CHANGED = "identities-changed"
    PATIENTS_MOVED = "patients-moved"
    RECORDS_EXCHANGED = "records-exchanged"
    RECORDS_LOST = "records-lost"
    PATIENT_RECORDS_LOST = "patient-records-lost"
    KNOWN_GONE = "known-gone"
    PATIENTS_GAINED = "patients-gained"
    RECORDS_GAINED = "records-gained"


_SENTENCES = {
    ChurnKind.RECORDS_LOST: "{what}: {count} of {before} are gone",
    ChurnKind.RECORDS_GAINED: "{what}: {count} more than the {before} that there were",
    ChurnKind.PATIENTS_GONE: "{count} of the {before} patients in hospital are gone",
    ChurnKind.PATIENTS_GAINED: "{count} more patients in hospital than the {before} that there were",
    ChurnKind.KNOWN_GONE: "{count} of the {before} people who were known are known no more",
    ChurnKind.WARD_EMPTIED: "ward {ward}: {count} of its {before} patients are gone",
    ChurnKind.PATIENT_RECORDS_LOST: "{what}{on_ward}: {count} of {before} are gone, of patients who stayed",
    ChurnKind.RECORDS_EXCHANGED: "{what}{on_ward}: {count} of {before} are others now, of patients who stayed",
    ChurnKind.IDENTITIES_CHANGED: "{count} of {before} people{on_ward} have another name or birth date"
    " under the same number",
    ChurnKind.PATIENTS_MOVED: "{count} of the {before} patients who stayed lie in another bed",
}


class ChurnFinding(NamedTuple):
    """One implausible change: of `before`, `affected` are gone, or changed; or so many came."""

    kind: ChurnKind
    before: int
    affected: int
    compared_with: str
    """When the snapshot was made with which it was compared (UTC)."""
    system: str = ""
    type: str = ""
    ward: str = ""

    @property
    def sentence(self) -> str:
        """What a person reads; begins with the system or ward that it is about."""
        title = get_plural_title(self.type) if self.type else ""
        text = _SENTENCES[self.kind].format(
            what=" ".join(filter(None, (self.system, title))),
            ward=self.ward,
            on_ward=f" on ward {self.ward}" if self.ward else "",
            before=f"{self.before:,}",
            count=f"{self.affected:,}",
        )
        return f"{text[0].upper()}{text[1:]}."
