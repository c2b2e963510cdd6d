"""The harm review as a table for spreadsheets: one line a finding, times in the site's zone. Pure."""

from collections.abc import Iterable
from zoneinfo import ZoneInfo

from downtime.clinical import display
from downtime.entry import cells
from downtime.paper.serials import shown
from downtime.paper.tables import to_csv
from downtime.reconcile.harm.findings import EXPLANATIONS, KINDS, OUTCOMES, STEPS
from downtime.reconcile.harm.store import Row

HEAD = (
    "Finding", "State", "What", "What was found", "System", "Ward", *cells.HEAD, "Requested",
    "Collected", "Phoned", "Resulted", "Seen", "Planned", "Booked again", "Forms", "Harm", "Note",
    "Reviewed by", "Reviewed", "Explained", "Reason", "Explained by",
)  # fmt: skip


def csv(rows: Iterable[Row], zone: ZoneInfo) -> bytes:
    """All findings given, in their order; no cell is run as a formula."""
    return to_csv(HEAD, [_cells(row, zone) for row in rows])


def _cells(row: Row, zone: ZoneInfo) -> list[str]:
    finding = row.finding
    times = [
        display.moment(finding.times.get(step, ""), zone) for step in (*STEPS, "planned", "booked")
    ]
    return [
        KINDS[finding.kind],
        finding.state.replace("-", " "),
        finding.title,
        finding.words,
        finding.system,
        finding.ward,
        *cells.of(finding.person),
        *times,
        " ".join(shown(serial) for serial in finding.serials),
        *_said(row, zone),
    ]


def _said(row: Row, zone: ZoneInfo) -> list[str]:
    review, closed = row.reviewed, row.explained
    reviewed = (
        [OUTCOMES[review.outcome], review.note, review.person_name, display.moment(review.at, zone)]
        if review
        else [""] * 4
    )
    explained = (
        [EXPLANATIONS[closed.outcome], closed.note, closed.person_name] if closed else [""] * 3
    )
    return reviewed + explained
