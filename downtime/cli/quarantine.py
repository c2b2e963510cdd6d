"""Look at a snapshot in quarantine, and release or reject it."""

from collections.abc import Iterator
from typing import Any

import click

from downtime.accounts.model import Permission
from downtime.accounts.permissions import is_permitted
from downtime.cli.options import REASON
from downtime.cli.program import quarantine
from downtime.cli.session import Output, Session, command
from downtime.cli.snapshots import quarantine_document, quarantine_lines
from downtime.fleet.decide_quarantine import reject_snapshot, release_snapshot
from downtime.fleet.quarantine_model import QuarantineEntry
from downtime.fleet.quarantine_snapshot import describe_difference, get_entry, list_entries
from downtime.fleet.snapshot_difference import SnapshotDifference, WardDifference
from downtime.snapshot.footprint import PresentPatient


@command(quarantine, "list", permission=Permission.QUARANTINE_VIEW)
def list_(session: Session) -> Output:
    """Snapshots that were put in quarantine on this machine, the newest first."""
    entries = list_entries(session.vault)
    return Output.of_rows(
        entries, quarantine_document, _list_line, "No snapshot was ever in quarantine here."
    )


def _list_line(entry: QuarantineEntry) -> str:
    decided = f"  {entry.decided_by}: {entry.reason}" if entry.decided_by else ""
    return (
        f"{entry.number:>4}  {entry.since}  {entry.door:<9}  {entry.state:<9}"
        f"  {entry.snapshot}{decided}"
    )


@command(quarantine, "show", permission=Permission.QUARANTINE_VIEW)
@click.argument("number", type=int)
def show(session: Session, number: int) -> Output:
    """What would vanish if this snapshot were used, by ward and by system.

    Names are shown to those who may see patients.
    """
    entry = get_entry(session.vault, number)
    difference = describe_difference(session.vault, entry)
    names = is_permitted(session.signed_in.person, Permission.PATIENT_VIEW)
    document = quarantine_document(entry) or {}
    if difference:
        document |= _difference_document(difference, names)
    return Output(document, _show_lines(entry, difference, names))


def _difference_document(difference: SnapshotDifference, names: bool) -> dict[str, Any]:
    return {
        "wards": [_ward_document(ward, names) for ward in difference.wards],
        "systems": [item._asdict() for item in difference.records],
        "renamed": len(difference.renamed),
    }


def _ward_document(ward: WardDifference, names: bool) -> dict[str, Any]:
    document: dict[str, Any] = {
        "ward": ward.ward,
        "before": ward.before,
        "after": ward.after,
        "gone": len(ward.gone),
        "moved": ward.moved,
        "arrived": len(ward.arrived),
        "records": [item._asdict() for item in ward.records],
    }
    if names:
        document["gone_patients"] = [_describe(patient) for patient in ward.gone]
    return document


def _describe(patient: PresentPatient) -> str:
    return f"{patient.name} {patient.number}".strip()


def _show_lines(
    entry: QuarantineEntry, difference: SnapshotDifference | None, names: bool
) -> Iterator[str]:
    yield from quarantine_lines(entry)
    if release := entry.released_by_publisher:
        yield f"At the publisher {release['name']} has released this change: {release['reason']}."
    if difference is None:
        yield "What it would have changed is kept no longer."
        return
    yield f"Patients in hospital: {difference.before} now, {difference.after} in this snapshot."
    for ward in difference.wards:
        if ward.gone or ward.records:
            yield f"  {ward.ward or 'No ward'}: {len(ward.gone)} of {ward.before} would vanish"
            if names:
                yield from (f"    {_describe(patient)}" for patient in ward.gone)
            for item in ward.records:
                yield f"    {item.system} {item.title}: {item.before} now, {item.after} then"
    for item in difference.records:
        if item.lost:
            yield f"  {item.system} {item.title}: {item.before} now, {item.after} then"
    if difference.renamed:
        yield f"  {len(difference.renamed)} patients would have another name or birth date"
    yield f"If it is right: 'downtime quarantine release {entry.number} --reason …'"
    yield f"If it is wrong: 'downtime quarantine reject {entry.number} --reason …'"


@command(quarantine, "release", permission=Permission.QUARANTINE_DECIDE)
@click.argument("number", type=int)
@REASON
def release(session: Session, number: int, reason: str) -> Output:
    """The change is right: it is published by the next build, or put in use on this laptop."""
    released = release_snapshot(session.vault, session.settings, number, session.actor, reason)
    return Output(quarantine_document(released.entry), [released.sentence])


@command(quarantine, "reject", permission=Permission.QUARANTINE_DECIDE)
@click.argument("number", type=int)
@REASON
def reject(session: Session, number: int, reason: str) -> Output:
    """The change is wrong: this snapshot is never used, and the one before stays."""
    entry = reject_snapshot(session.vault, number, session.actor, reason)
    return Output(
        quarantine_document(entry), [f"Snapshot {entry.snapshot} is rejected: it is never used."]
    )
