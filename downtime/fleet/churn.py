"""Whether a snapshot changed more than a hospital does, held against those before it: pure.

It is held against all of the last day and the one of a week ago, not against the last alone, so that
many small losses are seen together. What is usual at an hour (a day ward empties each evening) is
learned from the same hour of yesterday and of last week. The longer two snapshots are apart, the
more patients may have gone. New systems, new wards and a first snapshot are never implausible.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from downtime.clinical.record_types import RECORD_TYPES
from downtime.clock import to_text
from downtime.fleet.churn_findings import ChurnFinding, ChurnKind
from downtime.fleet.churn_rules import DAY, Comparison, SameHour, compare_snapshots
from downtime.fleet_settings import ChurnSettings
from downtime.snapshot.footprint import Footprint

_SETTLED = timedelta(days=2)
"""A system that was there before so long is no new one: what it sends no longer piles up."""
_ORDER = {kind: place for place, kind in enumerate(ChurnKind)}
_USUAL = (DAY, timedelta(days=7))


@dataclass(frozen=True, slots=True, eq=False)
class PastSnapshot:
    """One that was believed."""

    created: datetime
    footprint: Footprint
    is_reference: bool = True
    """False of those before the last release: they only show what is usual at an hour."""


def find_churn(
    new: Footprint,
    created: datetime,
    past: Sequence[PastSnapshot],
    settings: ChurnSettings,
    *,
    is_site: bool = True,
) -> list[ChurnFinding]:
    """What is implausible, the worst of each kind, system, type and ward; empty when nothing is.

    What another finding says of the whole hospital is not said of each ward again.

    `past` is what was believed before, the newest last. Of a bundle for some wards only (`is_site`
    is False) patients come and go more than in a hospital as a whole.
    """
    worst: dict[tuple[str, ...], ChurnFinding] = {}
    for pair in _list_comparisons(new, created, past, settings, is_site):
        for finding in compare_snapshots(pair):
            key = (finding.kind, finding.system, finding.type, finding.ward)
            if key not in worst or finding.affected > worst[key].affected:
                worst[key] = finding
    findings = [finding for finding in worst.values() if not _is_covered(finding, worst)]
    return sorted(findings, key=_rank)


def _rank(finding: ChurnFinding) -> tuple[object, ...]:
    """Patients first, then what stands until it is taken back (allergies, alerts), then the rest."""
    row = RECORD_TYPES.get(finding.type)
    return _ORDER[finding.kind], not (row and row.is_lasting), -finding.affected, finding


def _is_covered(finding: ChurnFinding, others: Mapping[tuple[str, ...], ChurnFinding]) -> bool:
    """Whether another finding says the same of the whole hospital, or of all such records."""
    group = (finding.system, finding.type)
    if finding.kind is ChurnKind.WARD_EMPTIED:
        whole = others.get((ChurnKind.PATIENTS_GONE, "", "", ""))
        return whole is not None and whole.affected > finding.affected
    if finding.kind is ChurnKind.PATIENT_RECORDS_LOST and (
        (ChurnKind.RECORDS_LOST, *group, "") in others
    ):
        return True
    whole = others.get((finding.kind, *group, ""))
    return bool(finding.ward and whole and whole.affected > finding.affected)


def _list_comparisons(
    new: Footprint,
    created: datetime,
    past: Sequence[PastSnapshot],
    settings: ChurnSettings,
    is_site: bool,
) -> Iterator[Comparison]:
    settled = next((s.footprint for s in past if created - s.created >= _SETTLED), Footprint())
    for old in choose_references(created, past, settings):
        age = max(created - old.created, timedelta())
        usual = _choose_usual(created, old, past, settings)
        text = to_text(old.created)
        yield Comparison(new, old.footprint, text, age, usual, settled, settings, is_site)


def choose_references(
    created: datetime, past: Sequence[PastSnapshot], settings: ChurnSettings
) -> list[PastSnapshot]:
    """The last one however old, all of the last day, and that of a week ago."""
    references = [snapshot for snapshot in past if snapshot.is_reference]
    recent = timedelta(hours=settings.compared_hours)
    week_ago = _find_same_hour(created - _USUAL[-1], references, settings)
    return [
        snapshot
        for snapshot in references
        if created - snapshot.created <= recent or snapshot in (week_ago, references[-1])
    ]


def _find_same_hour(
    moment: datetime, past: Sequence[PastSnapshot], settings: ChurnSettings
) -> PastSnapshot | None:
    tolerance = timedelta(minutes=settings.same_hour_minutes)
    candidates = [snapshot for snapshot in past if abs(snapshot.created - moment) <= tolerance]
    return min(candidates, key=lambda snapshot: abs(snapshot.created - moment), default=None)


def _choose_usual(
    created: datetime, old: PastSnapshot, past: Sequence[PastSnapshot], settings: ChurnSettings
) -> tuple[SameHour, ...]:
    """Those of the same hour that are older than what is compared with."""
    candidates = (_find_same_hour(created - ago, past, settings) for ago in _USUAL)
    return tuple(
        SameHour(s.footprint, _list_day_before(s, past, settings))
        for s in candidates
        if s and s is not old and s.created < old.created
    )


def _list_day_before(
    snapshot: PastSnapshot, past: Sequence[PastSnapshot], settings: ChurnSettings
) -> tuple[Footprint, ...]:
    earliest = snapshot.created - timedelta(hours=settings.compared_hours)
    return tuple(s.footprint for s in past if earliest <= s.created < snapshot.created)
