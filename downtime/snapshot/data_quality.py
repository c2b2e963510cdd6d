"""What is wrong with the state as a whole, as data quality counts it: pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from downtime.clinical.model import Encounter, EncounterClass, EncounterStatus
from downtime.clock import to_text
from downtime.feeds.model import Finding, FindingKind
from downtime.settings import Settings


class FindingTally:
    """Findings of one kind, counted where they say the same."""

    def __init__(self) -> None:
        self._by_person: dict[str, Counter[Finding]] = {}

    def add(
        self, kind: FindingKind, source: str, text: str, segment: str = "", *, person: str
    ) -> None:
        """Count one; `text` is a sentence without patient data.

        `person` is the id of whom it concerns, `#` and a mention, or `=` and a number; empty when
        it is nobody's: by it the finding is counted anew when that person's records change.
        """
        counts = self._by_person.setdefault(person, Counter())
        counts[Finding(kind, source, text, segment)] += 1

    def add_counts(self, counts: Mapping[Finding, int]) -> None:
        """Add what was counted before."""
        self._by_person.setdefault("", Counter()).update(counts)

    def list_by_person(self) -> Iterable[tuple[str, Mapping[Finding, int]]]:
        """The findings that concern each person (see `add`)."""
        return self._by_person.items()

    @property
    def _counts(self) -> Counter[Finding]:
        return sum(self._by_person.values(), Counter[Finding]())

    def list_findings(self) -> list[Finding]:
        """Every finding, with how often it was found."""
        return [
            finding._replace(text=f"{finding.text} ({count} times)" if count > 1 else finding.text)
            for finding, count in sorted(self._counts.items())
        ]

    def count_by_source(self) -> dict[str, dict[str, int]]:
        """System to kind of finding to how often it was found."""
        counts: dict[str, dict[str, int]] = {}
        for finding, count in sorted(self._counts.items()):
            kinds = counts.setdefault(finding.source, {})
            kinds[str(finding.kind)] = kinds.get(finding.kind, 0) + count
        return counts


class BedName(NamedTuple):
    """A bed as people name it."""

    ward: str
    bay: str
    bed: str


def is_in_hospital(stay: Encounter) -> bool:
    """Whether somebody lies in the hospital: a stay that has begun and not ended.

    A visit of an outpatient counts once they lie in a bed.
    """
    is_open = stay.status in (EncounterStatus.IN_PROGRESS, "")
    return is_open and (stay.kind != EncounterClass.OUTPATIENT or bool(stay.bed))


def check_stays(
    stays: Iterable[Encounter], settings: Settings, now: datetime, tally: FindingTally
) -> None:
    """Look for beds with two patients, patients in two beds or without a ward, and stays that never
    end.
    """
    stays = [stay for stay in stays if stay.patient]
    known = {stay.patient for stay in stays if stay.status}
    present = [
        stay
        for stay in stays
        if is_in_hospital(stay) and (stay.status or stay.patient not in known)
    ]
    days = settings.snapshot.long_stay_days
    earliest = to_text(now - timedelta(days=days))
    for stay in present:
        if not stay.ward:
            text = "A patient is in hospital, and no ward is known."
            tally.add(FindingKind.WARD_UNKNOWN, stay.source, text, "Encounter", person="")
        if "" < stay.started < earliest:
            text = f"A stay began more than {days} days ago and has no end."
            tally.add(FindingKind.STAY_WITHOUT_END, stay.source, text, "Encounter", person="")
    for stay in _find_second_stays(present):
        text = "One patient has two stays in hospital at once."
        tally.add(FindingKind.PATIENT_IN_TWO_BEDS, stay.source, text, "Encounter", person="")
    for stay in _find_shared_beds(present):
        text = "One bed has more than one patient."
        tally.add(FindingKind.BED_WITH_TWO, stay.source, text, "Encounter", person="")


def _find_second_stays(stays: Iterable[Encounter]) -> Iterator[Encounter]:
    """The newest stay of each patient who has more than one."""
    by_patient: dict[str, list[Encounter]] = {}
    for stay in stays:
        by_patient.setdefault(stay.patient, []).append(stay)
    for listed in by_patient.values():
        if len({(stay.source, stay.id) for stay in listed}) > 1 and _are_elsewhere(listed):
            yield max(listed, key=lambda stay: stay.updated)


def _are_elsewhere(stays: Iterable[Encounter]) -> bool:
    """Whether stays are not all in one place; two systems tell of one stay each in its own words."""
    return len({get_place(stay) for stay in stays}) > 1


def get_place(stay: Encounter) -> tuple[str, str]:
    """Ward and bed, the same for two systems that write them differently."""
    return stay.ward.strip().casefold(), stay.bed.strip().casefold()


def _find_shared_beds(stays: Iterable[Encounter]) -> Iterator[Encounter]:
    """One stay of each bed in which more than one patient lies."""
    by_bed: dict[BedName, dict[str, Encounter]] = {}
    for stay in stays:
        if stay.ward and stay.bed:
            bed = BedName(*(text.strip().casefold() for text in (stay.ward, stay.bay, stay.bed)))
            by_bed.setdefault(bed, {})[stay.patient] = stay
    for patients in by_bed.values():
        if len(patients) > 1:
            yield next(iter(patients.values()))
