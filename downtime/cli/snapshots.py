"""Build, load and list snapshots."""

from pathlib import Path

import click

from downtime.accounts.model import Permission
from downtime.cli.program import snapshot
from downtime.cli.session import Output, Session, command
from downtime.snapshot import build_snapshot, load_bundle, local_snapshots


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
@click.argument("more", nargs=-1, metavar="[PATH]...", type=click.Path(exists=True, path_type=Path))
def build(session: Session, sources: tuple[Path, ...], to: Path, more: tuple[Path, ...]) -> Output:
    """Read feeds, bring the state up to date, and publish it as one sealed bundle."""
    if not sources + more:
        raise click.UsageError("Name at least one feed with --from.")
    built = build_snapshot.build_snapshot(
        session.vault, session.settings, [*sources, *more], to, session.actor
    )
    document = {
        "bundle": str(built.bundle),
        "id": built.header.id,
        "sequence": built.header.sequence,
        "messages": built.messages,
        "accepted": built.accepted,
        "rejected": [
            {"source": r.position.file, "index": r.position.number, "reason": r.reason}
            for r in built.rejected
        ],
        "records": built.header.counts,
        "seconds": round(built.seconds, 3),
    }
    return Output(
        document,
        (
            f"Snapshot {built.header.sequence}: {built.accepted} of {built.messages} messages"
            f" accepted, {sum(built.header.counts.values())} records, in {built.seconds:.1f} s.",
            f"Bundle {built.bundle}",
        ),
    )


@command(snapshot, "load", permission=Permission.SNAPSHOT_LOAD)
@click.argument("bundle", type=click.Path(exists=True, path_type=Path))
def load(session: Session, bundle: Path) -> Output:
    """Verify a bundle and put it in use; the last good snapshot stays if anything fails.

    BUNDLE is a file, or the folder that 'snapshot build' writes to: then its newest is taken.
    """
    info = load_bundle.load_bundle(session.vault, session.settings, bundle, session.actor)
    return Output(
        _document(info),
        [f"Snapshot {info.header.sequence} of {info.header.created} is in use.", *info.warnings],
    )


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
