"""Samples in counts: how many each laboratory was sent, has, sent on and reported, and which nobody can explain. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from downtime.outage.events.kinds import DIVERTED, RECEIVED, REPORTED, SENT
from downtime.outage.events.model import EventKind, EventThread


class SampleCounts(NamedTuple):
    """What was counted of one laboratory."""

    laboratory: str
    sent: int
    received: int
    diverted: int
    reported: int

    @property
    def unexplained(self) -> int:
        """Sent, and neither received nor diverted; below zero where more arrived than anybody sent."""
        return self.sent - self.received - self.diverted

    @property
    def waiting(self) -> int:
        """Received or diverted, and not reported yet; below zero where more was reported."""
        return self.received + self.diverted - self.reported


def count_samples(threads: Iterable[EventThread]) -> list[SampleCounts]:
    """By laboratory, those first of which most is unexplained; a name counts in whatever case it is written."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    names: dict[str, str] = {}
    for thread in threads:
        if thread.latest.kind != EventKind.SAMPLES or not thread.stands:
            continue
        answers = thread.latest.answers
        key = " ".join(answers["laboratory"].split()).casefold()
        names.setdefault(key, answers["laboratory"])
        counts[key][answers["state"]] += int(answers["count"])
    rows = [
        SampleCounts(
            names[key], *(counted[state] for state in (SENT, RECEIVED, DIVERTED, REPORTED))
        )
        for key, counted in counts.items()
    ]
    return sorted(rows, key=lambda row: (-row.unexplained, row.laboratory.casefold()))
