"""The harm review as a table for spreadsheets: one line a finding, times in the site's zone. Pure."""

from collections.abc import Iterable
from zoneinfo import ZoneInfo

from downtime.clinical import display
from downtime.entry import person_table
from downtime.paper.csv_file import to_csv
from downtime.paper.serials import format_serial
from downtime.reconcile.harm.model import (
    EXPLANATIONS,
    KINDS,
    OUTCOMES,
    STEPS,
    Explanation,
    Harm,
    ReviewedFinding,
    Step,
)

HEAD = (
    "Finding", "State", "What", "What was found", "System", "Ward", *person_table.PERSON_COLUMNS, "Requested",
    "Collected", "Phoned", "Resulted", "Seen", "Planned", "Booked again", "Forms", "Harm", "Note",
    "Reviewed by", "Reviewed", "Explained", "Reason", "Explained by",
)  # fmt: skip


def findings_to_csv(rows: Iterable[ReviewedFinding], zone: ZoneInfo) -> bytes:
    """All findings given, in their order; no cell is run as a formula."""
    return to_csv(HEAD, [_cells(row, zone) for row in rows])


def _cells(row: ReviewedFinding, zone: ZoneInfo) -> list[str]:
    finding = row.finding
    times = [
        display.format_moment(finding.times.get(step, ""), zone)
        for step in (*STEPS, Step.PLANNED, Step.BOOKED)
    ]
    return [
        KINDS[finding.kind],
        finding.state.replace("-", " "),
        finding.title,
        finding.explain(zone),
        finding.system,
        finding.ward,
        *person_table.person_cells(finding.person),
        *times,
        " ".join(format_serial(serial) for serial in finding.serials),
        *_review_cells(row, zone),
    ]


def _review_cells(row: ReviewedFinding, zone: ZoneInfo) -> list[str]:
    review, explanation = row.reviewed, row.explained
    reviewed, explained = [""] * 4, [""] * 3
    if review:
        at = display.format_moment(review.at, zone)
        reviewed = [OUTCOMES[Harm(review.outcome)], review.note, review.person_name, at]
    if explanation:
        title = EXPLANATIONS[Explanation(explanation.outcome)]
        explained = [title, explanation.note, explanation.person_name]
    return reviewed + explained
