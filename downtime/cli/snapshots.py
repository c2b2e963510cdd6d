"""Build, load and list snapshots."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from downtime.accounts.model import Permission
from downtime.cli.program import snapshot
from downtime.cli.session import Output, Session, command, pick
from downtime.errors import StaleDataError
from downtime.feeds.model import Outcome, Reject
from downtime.fleet.publish_snapshot import PublishedSnapshot, publish_snapshot
from downtime.fleet.quarantine_model import QuarantineEntry
from downtime.fleet.receive_snapshot import receive_snapshot
from downtime.outage.outages import list_down_systems
from downtime.snapshot import local_snapshots

REJECTS_SHOWN = 20
"""Rejected messages that are named; `--json` names all of them."""


@command(snapshot, "build", permission=Permission.SNAPSHOT_BUILD)
@click.option(
    "--from",
    "sources",
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    metavar="PATH...",
    help="Feed files and folders.",
)
@click.option(
    "--to",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder that receives the bundle.",
)
@click.option("--strict", is_flag=True, help="Exit 1 when anything was not used.")
@click.argument("more", nargs=-1, metavar="[PATH]...", type=click.Path(exists=True, path_type=Path))
def build(
    session: Session, sources: tuple[Path, ...], to: Path, more: tuple[Path, ...], strict: bool
) -> Output:
    """Read feeds, bring the state up to date, and publish it as one sealed bundle.

    Everything is kept in the ledger first. Without files it is what the ledger received meanwhile.
    A snapshot that changed implausibly is put in quarantine and not published: exit 3. What a system
    sends after its outage was declared here waits until it is marked as restored.
    """
    vault, actor = session.vault, session.actor
    down = list_down_systems(vault)
    paths = [*sources, *more]
    built = publish_snapshot(vault, session.settings, paths, to, actor, down=down)
    if strict and not built.intake.is_complete:
        return Output(_build_document(built), _build_lines(built), 1)
    exit_code = StaleDataError.exit_code if built.quarantine else 0
    return Output(_build_document(built), _build_lines(built), exit_code)


def _build_document(built: PublishedSnapshot) -> dict[str, Any]:
    return {
        "bundle": str(built.bundle) if built.bundle else None,
        "quarantine": quarantine_document(built.quarantine),
        "held": dict(built.intake.held),
        "id": built.header.id,
        "sequence": built.header.sequence,
        "messages": built.messages,
        "repeated": built.intake.repeated,
        "accepted": built.accepted,
        "outcomes": {str(outcome): built.intake.outcomes[outcome] for outcome in Outcome},
        "not_used": [
            {"kind": kind, "reason": reason, "count": count}
            for (kind, reason), count in sorted(built.intake.unused.items())
        ],
        "rejected": [_reject_document(reject) for reject in built.rejected],
        "quarantined": [
            {"arrival": arrival, "reason": reason}
            for arrival, reason in sorted(built.intake.quarantined.items())
        ],
        "quality": built.header.quality,
        "records": built.header.counts,
        "seconds": round(built.seconds, 3),
    }


def _reject_document(reject: Reject) -> dict[str, Any]:
    return {
        "source": reject.position.file,
        "index": reject.position.number,
        "line": reject.origin.line,
        "control_id": reject.origin.control_id,
        "sender": reject.origin.sender,
        "sent": reject.origin.sent,
        "segment": reject.segment,
        "reason": reject.reason,
        "quote": reject.quote,
    }


def _build_lines(built: PublishedSnapshot) -> Iterator[str]:
    outcomes = built.intake.outcomes
    counts = {
        "used in part": outcomes[Outcome.USED_IN_PART],
        "not used": outcomes[Outcome.NOT_USED],
        "rejected": outcomes[Outcome.REJECTED],
        "in quarantine": outcomes[Outcome.QUARANTINED],
        "received before": built.intake.repeated,
    }
    details = ", ".join(f"{count} {outcome}" for outcome, count in counts.items() if count)
    yield (
        f"Snapshot {built.header.sequence}: {built.accepted} of {built.messages} messages used"
        f"{f' ({details})' if details else ''}, {sum(built.header.counts.values())} records,"
        f" in {built.seconds:.1f} s."
    )
    for (kind, reason), count in sorted(built.intake.unused.items()):
        yield f"  not used: {count} {kind}: {reason}"
    for reject in built.rejected[:REJECTS_SHOWN]:
        yield f"  rejected: {describe_reject(reject)}"
    if (more := outcomes[Outcome.REJECTED] - REJECTS_SHOWN) > 0:
        yield f"  and {more} more: 'downtime ingest list --outcome rejected'"
    for arrival, reason in sorted(built.intake.quarantined.items()):
        yield f"  in quarantine: message {arrival}: {reason}"
        yield f"    if it is right: 'downtime ingest release {arrival} --reason …'"
    for (_, system), count in sorted(built.intake.future.items()):
        yield f"  times in the future: {count} of {system}: not believed"
    for system, count in sorted(built.intake.held.items()):
        yield f"  held: {count} of {system}, whose outage is declared: 'downtime outage end' applies them"
    if built.quarantine:
        yield from quarantine_lines(built.quarantine)
    else:
        yield f"Bundle {built.bundle}"


def describe_reject(reject: Reject) -> str:
    """Where it stands, what it says of itself (MSH-10, sender, time), and why it is rejected."""
    origin, position = reject.origin, reject.position
    place = f"{position.file} message {position.number}"
    if origin.line:
        place += f" line {origin.line}"
    itself = " ".join(word for word in (origin.control_id, origin.sender, origin.sent) if word)
    segment = f"{reject.segment}: " if reject.segment else ""
    return f"{place}{f' ({itself})' if itself else ''}: {segment}{reject.reason}"


@command(snapshot, "load", permission=Permission.SNAPSHOT_LOAD)
@click.argument("bundle", type=click.Path(exists=True, path_type=Path))
def load(session: Session, bundle: Path) -> Output:
    """Verify a bundle and put it in use; the last good snapshot stays if anything fails.

    BUNDLE is a file, or the folder that 'snapshot build' writes to: then its newest is taken. One
    that changed implausibly is put in quarantine: exit 3.
    """
    vault, down = session.vault, list_down_systems(session.vault)
    received = receive_snapshot(vault, session.settings, bundle, session.actor, down=down)
    if received.info is None:
        entry = received.quarantine
        document = {"quarantine": quarantine_document(entry)}
        lines = quarantine_lines(entry) if entry else ()
        return Output(document, lines, StaleDataError.exit_code)
    info = received.info
    in_use = f"Snapshot {info.header.sequence} of {info.header.created} is in use."
    return Output(_document(info), [in_use, *received.warnings])


def quarantine_document(entry: QuarantineEntry | None) -> dict[str, Any] | None:
    """A snapshot in quarantine; no patient data."""
    if entry is None:
        return None
    names = ("number", "door", "scope", "state", "snapshot", "created", "since", "times")
    decided = ("compared_with", "decided", "decided_by", "reason")
    document = pick(entry, *names, *decided, reasons="sentences")
    return document | {"released_by_publisher": dict(entry.released_by_publisher)}


def quarantine_lines(entry: QuarantineEntry) -> Iterator[str]:
    """Why it is in quarantine, and what to do."""
    if entry.is_open:
        yield f"Snapshot {entry.snapshot} is in quarantine: the one before stays the newest."
    else:
        yield f"Snapshot {entry.snapshot} was {entry.state} by {entry.decided_by}: {entry.reason}."
    yield from (f"  {sentence}" for sentence in entry.sentences)
    if entry.is_open:
        yield f"  Look at it: 'downtime quarantine show {entry.number}'"


@command(snapshot, "list", permission=Permission.SNAPSHOT_LIST)
def list_(session: Session) -> Output:
    """The snapshots that this machine holds, newest first."""
    infos = local_snapshots.list_snapshots(session.vault)
    lines = [
        f"{'*' if info.current else ' '} {info.header.sequence:>6}  {info.header.created}  {info.id}"
        f"{'  pinned' if info.pinned else ''}"
        for info in infos
    ]
    return Output([_document(info) for info in infos], lines or ["No snapshot is held yet."])


def _document(info: local_snapshots.SnapshotInfo) -> dict[str, object]:
    return {
        "id": info.id,
        "sequence": info.header.sequence,
        "created": info.header.created,
        "current": info.current,
        "pinned": info.pinned,
        "records": info.header.counts,
    }
