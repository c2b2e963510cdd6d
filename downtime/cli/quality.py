"""Data quality: what was wrong with what was sent, and the board against a census."""

from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import click

from downtime.accounts.model import Permission
from downtime.cli.program import quality
from downtime.cli.session import Output, Session, command
from downtime.feeds.model import FindingKind
from downtime.ingest.ledger import Ledger
from downtime.ingest.list_quality import list_quality
from downtime.ingest.list_releases import list_released
from downtime.snapshot import local_snapshots
from downtime.snapshot.bed_board import word_counts
from downtime.snapshot.compare_census import compare_census, read_census, word_difference
from downtime.snapshot.lost_messages import LEDGER, list_lost
from downtime.snapshot.quality_advice import advise


class _QualityLine(NamedTuple):
    """Counts of one kind: of messages received on a day, or of the state that a snapshot shows."""

    day: str
    seen_in: str
    source: str
    kind: str
    times: int
    note: str = ""
    """Who released a list from quarantine, when and why; which messages were lost."""


@command(quality, "list", permission=Permission.SNAPSHOT_LIST)
@click.option("--source", default="", help="Only of this source of config.toml, or system.")
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DAY",
    help="Messages from that day on (UTC), as 2026-11-02.",
)
def list_(session: Session, source: str, since: datetime | None) -> Output:
    """What is wrong with what systems sent, by day and source, with the next step.

    On a publisher it counts the messages of each day in the ledger; on any machine it counts what
    the snapshot in use shows as a whole, such as patients of whom no ward is known.
    """
    lines = [*_snapshot_lines(session), *_ledger_lines(session)]
    day = since.date().isoformat() if since else ""
    lines = [line for line in lines if source in ("", line.source) and line.day >= day]
    chosen = "".join((source and f" of source {source}", day and f" since {day}"))
    return Output.of_rows(
        lines,
        lambda line: line._asdict() | advise(line.kind)._asdict(),
        lambda line: (
            f"{line.day}  {line.seen_in:<8}  {line.source or '-':<12}  {line.times:>6}"
            f"  {advise(line.kind).title}{line.note and f' ({line.note})'}."
            f" {advise(line.kind).next_step}"
        ),
        f"Nothing{chosen} is known to be wrong.",
    )


def _snapshot_lines(session: Session) -> list[_QualityLine]:
    infos = [info for info in local_snapshots.list_snapshots(session.vault) if info.current]
    return [
        _QualityLine(info.header.created[:10], "snapshot", system, kind, count)
        for info in infos
        for system, kinds in sorted(info.header.quality.items())
        for kind, count in sorted(kinds.items())
    ]


def _ledger_lines(session: Session) -> list[_QualityLine]:
    if not session.home.ingest_folder.exists():
        return []
    with Ledger(session.vault, session.settings) as ledger:
        lines = [
            _QualityLine(row.day, "messages", row.source, str(row.kind), row.times)
            for row in list_quality(ledger)
        ]
        kind = str(FindingKind.LIST_RELEASED)
        lines += [
            _QualityLine(row.time[:10], "messages", row.source, kind, 1, row.sentence)
            for row in list_released(session.vault, ledger)
        ]
    kind = str(FindingKind.MESSAGES_LOST)
    lines += [
        _QualityLine(row.time[:10], "messages", LEDGER, kind, 1, row.sentence)
        for row in list_lost(session.vault)
    ]
    return sorted(lines, key=lambda line: line.day, reverse=True)


@command(quality, "compare", permission=Permission.BED_LIST)
@click.argument("census", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def compare(session: Session, census: Path) -> Output:
    """Hold the bed board against a census that wards counted by hand; exit 1 if they differ.

    CENSUS is a CSV file with the columns ward, bed, number and name. Only wards that stand in it
    are compared; a ward that was counted as empty has a line with its name alone. A person is met
    by number, else by name. Shows patients: where the output goes, their data goes.
    """
    vault = session.vault  # who asks comes before what they ask
    rows = read_census(census.read_bytes())
    with local_snapshots.open_current_snapshot(vault) as snapshot:
        compared, counts = compare_census(rows, snapshot.list_inpatients()), snapshot.count_board()
    summary = (
        f"Wards {', '.join(compared.wards)}: {compared.agreed} agree,"
        f" {len(compared.differences)} differences."
    )
    document = {
        "wards": list(compared.wards),
        "agreed": compared.agreed,
        "board": counts._asdict(),
        "differences": [
            item._asdict() | {"sentence": word_difference(item)} for item in compared.differences
        ],
    }
    lines = [f"{word_difference(item)}." for item in compared.differences]
    return Output(
        document, [summary, f"{word_counts(counts)}.", *lines], int(bool(compared.differences))
    )
