"""What was wrong with what was received, by day and system: counts, no patient data."""

from collections import Counter
from typing import NamedTuple

from downtime.feeds.model import FindingKind, Outcome
from downtime.ingest.ledger import Ledger
from downtime.ingest.store import entries

_BAD_OUTCOMES = (Outcome.REJECTED, Outcome.QUARANTINED, Outcome.NOT_USED, Outcome.USED_IN_PART)


class QualityCount(NamedTuple):
    """How often something was found on a day (of receipt) in what a system or source sent."""

    day: str
    source: str
    kind: FindingKind | Outcome
    times: int


def list_quality(ledger: Ledger) -> list[QualityCount]:
    """The newest day first. Outcomes are of the source as it is configured, findings of the system."""
    rows: list[QualityCount] = []
    for path in reversed(ledger.list_days()):
        with ledger.reading(path) as day:
            counts: Counter[tuple[str, FindingKind | Outcome]] = Counter()
            for (source, outcome), count in entries.count_outcomes(day.db).items():
                if outcome in _BAD_OUTCOMES:
                    counts[source, outcome] += count
            for (system, kind), count in entries.count_findings(day.db).items():
                if kind is not FindingKind.NOT_READ:
                    counts[system, kind] += count
        rows += [QualityCount(path.stem, *key, count) for key, count in sorted(counts.items())]
    return rows
