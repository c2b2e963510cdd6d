"""The rules that hold one snapshot against one before it: pure.

A patient who stayed keeps their records; only those who left take records with them. So losses are
looked for among those who stayed, ward by ward, where a hospital's ordinary day changes little.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import NamedTuple

from downtime.clinical.model import Appointment
from downtime.fleet.churn_findings import ChurnFinding, ChurnKind
from downtime.fleet_settings import ChurnSettings
from downtime.snapshot.footprint import (
    Footprint,
    PresentPatient,
    RecordGroup,
    hash_number,
    list_missing,
)

DAY = timedelta(days=1)
_PLANNED_TYPES = frozenset({Appointment.__name__})
"""What is planned leaves the snapshot when its day is over, whoever stays."""
_NOTHING = RecordGroup("", "")
_Measure = Callable[[Footprint], int]
_Pairs = list[tuple[PresentPatient, PresentPatient]]
"""Those who stayed: as they were, and as they are."""


class _Fall(NamedTuple):
    """From so many to so few, of which more than `percent` would be implausible."""

    before: int
    after: int
    percent: int
    least: int
    """Fewer than this are never too many."""

    def is_found_at(self, count: int) -> bool:
        """Whether so few would be implausible, too."""
        return _exceeds(self.before - count, self.before, self.percent)


@dataclass(frozen=True, slots=True)
class SameHour:
    """How it was at the same hour of another day, and in the day before that hour."""

    footprint: Footprint
    day_before: tuple[Footprint, ...]

    def fell_likewise(self, measure: _Measure, fall: _Fall) -> bool:
        """Whether as many as now are gone were gone then as well, to as few or nearly so.

        A ward that stood empty for days says nothing of the hour at which it was emptied.
        """
        then = measure(self.footprint)
        was_as_full = any(
            not fall.is_found_at(measure(earlier)) for earlier in (*self.day_before, self.footprint)
        )
        was_as_few = fall.is_found_at(then) and then - fall.after < fall.least
        return was_as_full and (was_as_few or not _exceeds(then - fall.after, then, fall.percent))


@dataclass(frozen=True, slots=True)
class Comparison:
    """A new snapshot beside one before it."""

    new: Footprint
    old: Footprint
    old_created: str
    age: timedelta
    """Between the two."""
    usual: tuple[SameHour, ...]
    """A day and a week ago, as far as they are older than the compared one."""
    settled: Footprint
    """As it was days ago, empty when nothing is known of then: what is not in it is new."""
    settings: ChurnSettings
    is_site: bool

    def allow_turnover(self, percent: int) -> int:
        """So many per cent may have gone since."""
        return percent + int(self.settings.daily_turnover_percent * (self.age / DAY))

    def is_usual(self, measure: _Measure, before: int, percent: int, least: int) -> bool:
        """Whether as many were gone at this hour of another day."""
        fall = _Fall(before, measure(self.new), percent, least)
        return any(hour.fell_likewise(measure, fall) for hour in self.usual)

    def make_finding(
        self,
        kind: ChurnKind,
        before: int,
        count: int,
        group: RecordGroup = _NOTHING,
        ward: str = "",
    ) -> ChurnFinding:
        """A finding of this comparison."""
        return ChurnFinding(kind, before, count, self.old_created, *group, ward)


def _exceeds(part: int, whole: int, percent: int) -> bool:
    return part * 100 > percent * whole


def compare_snapshots(pair: Comparison) -> Iterator[ChurnFinding]:
    """All that is implausible between the two."""
    yield from _compare_records(pair)
    yield from _compare_gains(pair)
    if not pair.old.has_people:
        return
    stayed = _match_patients(pair)
    yield from _compare_present(pair)
    yield from _compare_moves(pair, stayed)
    yield from _compare_kept_records(pair, stayed)
    yield from _compare_names(pair, stayed)
    if pair.is_site:
        yield from _compare_known(pair)


def _compare_records(pair: Comparison) -> Iterator[ChurnFinding]:
    """Records by system and type, as counts."""
    settings = pair.settings
    for group, before in pair.old.records.items():
        after = pair.new.records.get(group, 0)
        if not pair.is_site:  # what those who left have taken with them
            before = min(before, _scale_by_patients(pair, before))
        percent = settings.system_loss_percent.get(group.system, settings.loss_percent)
        percent = percent if pair.is_site else max(percent, settings.ward_loss_percent)
        lost = before - after
        is_all = not after and before >= settings.min_all_records
        if not (is_all or lost >= settings.min_records and _exceeds(lost, before, percent)):
            continue
        least = 1 if is_all else settings.min_records
        if not pair.is_usual(partial(_count_records, group), before, percent, least):
            yield pair.make_finding(ChurnKind.RECORDS_LOST, before, lost, group)


def _scale_by_patients(pair: Comparison, count: int) -> int:
    before, after = _count_present(pair.old), _count_present(pair.new)
    return count * after // before if before else count


def _compare_gains(pair: Comparison) -> Iterator[ChurnFinding]:
    """Twice as much as there was a day ago: the same again under other numbers."""
    settings = pair.settings
    if not pair.is_site or not DAY / 2 <= pair.age <= 2 * DAY:
        return
    for group, before in pair.old.records.items():
        gained = pair.new.records.get(group, 0) - before
        is_settled = pair.settled.records.get(group, 0) >= settings.min_records
        enough = is_settled and before >= settings.min_records
        if enough and _exceeds(gained, before, settings.gain_percent):
            yield pair.make_finding(ChurnKind.RECORDS_GAINED, before, gained, group)
    before, settled = _count_present(pair.old), _count_present(pair.settled)
    gained = _count_present(pair.new) - before
    if min(before, settled) >= settings.min_records and _exceeds(
        gained, before, settings.gain_percent
    ):
        yield pair.make_finding(ChurnKind.PATIENTS_GAINED, before, gained)


def _compare_present(pair: Comparison) -> Iterator[ChurnFinding]:
    """Patients who are nowhere in hospital any more, of all and by ward."""
    settings, present = pair.settings, {patient.number for patient in pair.new.present}
    gone = Counter(p.ward for p in pair.old.present if p.number not in present)
    total, lost = len(pair.old.present), gone.total()
    percent = pair.allow_turnover(settings.patient_loss_percent)
    if (
        pair.is_site
        and lost >= settings.min_patients
        and _exceeds(lost, total, percent)
        and not pair.is_usual(_count_present, total, percent, settings.min_patients)
    ):
        yield pair.make_finding(ChurnKind.PATIENTS_GONE, total, lost)
    for ward, before in pair.old.wards.items():
        if ward and before >= settings.ward_min_patients and ward not in settings.day_wards:
            yield from _compare_ward(pair, ward, before, gone[ward])


def _compare_ward(pair: Comparison, ward: str, before: int, gone: int) -> Iterator[ChurnFinding]:
    """A ward that is empty now, or has others in its beds: they come and go within hours."""
    settings = pair.settings
    percent = settings.ward_loss_percents.get(ward, settings.ward_loss_percent)
    is_emptied = _exceeds(before - pair.new.wards.get(ward, 0), before, percent)
    hours = pair.age / timedelta(hours=1)
    allowed = percent + int(settings.ward_hourly_turnover_percent * hours)
    if not _exceeds(gone, before, pair.allow_turnover(percent) if is_emptied else allowed):
        return
    measure = partial(_count_ward, ward)
    if not (is_emptied and pair.is_usual(measure, before, percent, settings.ward_min_patients)):
        yield pair.make_finding(ChurnKind.WARD_EMPTIED, before, gone, ward=ward)


def _count_records(group: RecordGroup, footprint: Footprint) -> int:
    return footprint.records.get(group, 0)


def _count_present(footprint: Footprint) -> int:
    return sum(footprint.wards.values())


def _count_ward(ward: str, footprint: Footprint) -> int:
    return footprint.wards.get(ward, 0)


def _match_patients(pair: Comparison) -> _Pairs:
    """Everybody who is in hospital in both."""
    before = {patient.number: patient for patient in pair.old.present}
    return [(before[p.number], p) for p in pair.new.present if p.number in before]


def _compare_moves(pair: Comparison, stayed: _Pairs) -> Iterator[ChurnFinding]:
    moved = sum((old.ward, old.bed) != (new.ward, new.bed) for old, new in stayed)
    percent = pair.allow_turnover(pair.settings.moved_percent)
    if moved >= pair.settings.min_patients and _exceeds(moved, len(stayed), percent):
        yield pair.make_finding(ChurnKind.PATIENTS_MOVED, len(stayed), moved)


def _compare_kept_records(pair: Comparison, stayed: _Pairs) -> Iterator[ChurnFinding]:
    """What those who stayed had: as counts, and of allergies and the like as what they say."""
    measures = (
        (ChurnKind.PATIENT_RECORDS_LOST, _count_lost),
        (ChurnKind.RECORDS_EXCHANGED, _count_exchanged),
    )
    for kind, measure in measures:
        lost = Counter[tuple[RecordGroup, str]]()
        for old, new in stayed:
            for group, gone in measure(old, new):
                lost[group, ""] += gone
                lost[group, old.ward] += gone
        for (group, ward), count in lost.items():
            if count >= pair.settings.ward_min_patients:
                had = sum(old.counts.get(group, 0) for old, _ in stayed if ward in ("", old.ward))
                if _lacks_too_many(pair.settings, had, count, ward):
                    yield pair.make_finding(kind, had, count, group, ward)


def _lacks_too_many(settings: ChurnSettings, before: int, lost: int, ward: str) -> bool:
    if ward:
        percent = settings.ward_loss_percents.get(ward, settings.ward_loss_percent)
        return lost >= settings.ward_min_patients and _exceeds(lost, before, percent)
    return lost >= settings.min_records and _exceeds(lost, before, settings.loss_percent)


def _count_lost(old: PresentPatient, new: PresentPatient) -> Iterator[tuple[RecordGroup, int]]:
    if old.counts == new.counts:
        return
    for group, before in old.counts.items():
        gone = before - new.counts.get(group, 0)
        if gone > 0 and group.type not in _PLANNED_TYPES:
            yield group, gone


def _count_exchanged(old: PresentPatient, new: PresentPatient) -> Iterator[tuple[RecordGroup, int]]:
    """What is no longer said of a patient although they have as many records as before."""
    if old.lasting == new.lasting:
        return
    for group, hashes in old.lasting.items():
        after = new.lasting.get(group, ())
        if gone := min((Counter(hashes) - Counter(after)).total(), len(after)):
            yield group, gone


def _compare_names(pair: Comparison, stayed: _Pairs) -> Iterator[ChurnFinding]:
    """Another name or birth date under the same number: of all, of those in hospital, by ward."""
    settings = pair.settings
    had, changed = Counter[str](), Counter[str]()
    for old, new in stayed:
        is_other = _describe(old) != _describe(new)
        for ward in {"", old.ward}:
            had[ward] += 1
            changed[ward] += is_other
    for ward, count in changed.items():
        percent = settings.loss_percent if ward else settings.identity_percent
        least = settings.ward_min_patients if ward else settings.min_patients
        if count >= least and _exceeds(count, had[ward], percent):
            yield pair.make_finding(ChurnKind.IDENTITIES_CHANGED, had[ward], count, ward=ward)


def _describe(patient: PresentPatient) -> tuple[str, str]:
    return patient.name.casefold(), patient.birth_date


def _compare_known(pair: Comparison) -> Iterator[ChurnFinding]:
    """Everybody of whom anything was ever sent, outpatients too: they never leave."""
    settings, before, after = pair.settings, pair.old.people, pair.new.people
    numbers = Counter(map(hash_number, list_missing(before, after)))
    still_known = {hash_number(person) for person in after if hash_number(person) in numbers}
    gone = sum(count for number, count in numbers.items() if number not in still_known)
    if gone >= settings.min_records and _exceeds(gone, len(before), settings.known_loss_percent):
        yield pair.make_finding(ChurnKind.KNOWN_GONE, len(before), gone)
    changed = numbers.total() - gone
    if changed >= settings.min_records and _exceeds(
        changed, len(before), settings.identity_percent
    ):
        yield pair.make_finding(ChurnKind.IDENTITIES_CHANGED, len(before), changed)
