"""Read the ledger again after a profile or mapping was mended, and let that be the state.

The new state is made beside the present one, of the base (what has left the ledger) and of all that
the ledger holds, read as today's profiles say. It is what the right mapping would have given from
the beginning. A preview makes it too, says what would change, and throws it away.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import sqlite_utils

from downtime.clinical.model import Patient, Record
from downtime.clock import from_text
from downtime.errors import ConflictError
from downtime.feeds.model import Outcome
from downtime.ingest.ledger import Ledger
from downtime.ingest.mark_quarantine import mark_quarantined
from downtime.ingest.model import RecordedMessage
from downtime.ingest.read_ledger import find_missing, get_latest_time, read_after
from downtime.ingest.update_readings import ReadingUpdate
from downtime.settings import Settings
from downtime.snapshot.apply_messages import apply_messages
from downtime.snapshot.garbage_collection import collect_garbage_seldom
from downtime.snapshot.hold_imports import HeldImports
from downtime.snapshot.model import AuditAction
from downtime.snapshot.select_records import select_records
from downtime.snapshot.settle_records import settle_records
from downtime.snapshot.state_files import (
    hold_build,
    open_scratch,
    open_state,
    put_in_place,
    restore_lost_state,
)
from downtime.snapshot.store import held_imports, publisher_state
from downtime.snapshot.update_state import Intake, list_usable
from downtime.vault.model import Actor
from downtime.vault.policies import check_reason
from downtime.vault.vault import Vault

MOST_NAMED = 1_000
"""Patients whom a report names."""


@dataclass(slots=True)
class TypeChanges:
    """How many records of one type a replay would change."""

    added: int = 0
    changed: int = 0
    removed: int = 0


@dataclass(slots=True)
class ReplayReport:
    """What a replay changes, or would change."""

    intake: Intake = field(default_factory=Intake)
    records: dict[str, TypeChanges] = field(default_factory=dict)
    """By type; only those with a change."""
    patients: list[Patient] = field(default_factory=list)
    """Whom these records are about: patient data."""
    outcomes: Counter[tuple[Outcome, Outcome]] = field(default_factory=Counter)
    """Messages that are read otherwise: the outcome before and after."""

    def as_json(self, *, names_patients: bool) -> dict[str, Any]:
        """One document; patients are named, the first thousand, only to those who may see them."""
        named = self.patients[:MOST_NAMED] if names_patients else []
        return {
            "messages": self.intake.messages,
            "outcomes": [
                {"before": before, "after": after, "count": count}
                for (before, after), count in sorted(self.outcomes.items())
            ],
            "records": {name: asdict(changes) for name, changes in sorted(self.records.items())},
            "patients": len(self.patients),
            "of": [_name_patient(patient) for patient in named],
        }


def preview_replay(vault: Vault, settings: Settings) -> ReplayReport:
    """What a replay would change; nothing is kept. ConflictError while a build is running."""
    with _replayed(vault, settings) as (report, _, scratch):
        scratch.unlink()
    return report


def replay_ledger(vault: Vault, settings: Settings, actor: Actor, reason: str) -> ReplayReport:
    """Replay, and let the result be the state; the next snapshot is built of it.

    InputError without a reason. ConflictError while a build is running.
    """
    reason = check_reason(reason)
    with _replayed(vault, settings) as (report, update, scratch):
        with vault.change(actor, AuditAction.INGEST_REPLAY, target="ledger", reason=reason):
            put_in_place(vault, scratch, vault.home.state_file)
        update.write()
        mark_quarantined(update.ledger, report.intake.quarantined)
    return report


@contextmanager
def _replayed(
    vault: Vault, settings: Settings
) -> Iterator[tuple[ReplayReport, ReadingUpdate, Path]]:
    """The report, and the new state in its file, closed, while no other build can begin."""
    scratch = vault.home.path / ".replay.db"
    with hold_build(vault.home), collect_garbage_seldom(), Ledger(vault, settings) as ledger:
        report = ReplayReport()
        try:
            restore_lost_state(vault)
            with (
                open_state(vault, vault.home.state_file) as current,
                open_scratch(vault, scratch, current) as db,
            ):
                update = ReadingUpdate(ledger, publisher_state.get_applied_arrival(db))
                _check_is_whole(ledger, update.after, publisher_state.get_applied_arrival(current))
                _apply_all(db, settings, vault, update, report.intake)
                _compare(current, db, settings, vault, report)
            report.outcomes = update.count_outcomes(report.intake.quarantined)
            yield report, update, scratch
        finally:
            for part in ("", "-wal", "-shm"):
                scratch.with_name(scratch.name + part).unlink(missing_ok=True)


def _check_is_whole(ledger: Ledger, after: int, applied: int) -> None:
    """ConflictError when the state has what the ledger has no more: a replay would lose it."""
    if missing := find_missing(ledger, after, applied):
        raise ConflictError(
            "ingest.missing",
            f"The ledger has lost messages {missing[0]} to {missing[-1]}, which the state holds: a"
            " replay would forget what they said.",
            "Put the file of that day back into the home's ingest folder from a backup. Snapshots can"
            " be built all the same.",
        )


def _apply_all(
    db: sqlite_utils.Database,
    settings: Settings,
    vault: Vault,
    update: ReadingUpdate,
    intake: Intake,
) -> None:
    def read_again() -> Iterator[RecordedMessage]:
        for recorded in read_after(update.ledger, update.after):
            update.note(recorded)
            yield recorded

    imports = HeldImports(held_imports.select_held(db), {})
    messages = list_usable(read_again(), intake, imports)
    now = from_text(get_latest_time(update.ledger))
    result = apply_messages(db, messages, settings, now, intake.released)
    intake.finish(db, result.quarantined)


def _compare(
    before: sqlite_utils.Database,
    after: sqlite_utils.Database,
    settings: Settings,
    vault: Vault,
    report: ReplayReport,
) -> None:
    """Count what differs, and collect whom it is about."""
    old = {
        (type(record).__name__, record.id): (_digest(record), _person(record))
        for record in _select(before, settings, vault)
    }
    people: dict[str, Patient] = {}
    touched: set[str] = set()
    for record in _select(after, settings, vault):
        if isinstance(record, Patient):
            people[record.id] = record
        name = type(record).__name__
        digest, _ = old.pop((name, record.id), (b"", ""))
        if digest != _digest(record):
            touched.add(_person(record))
            changes = report.records.setdefault(name, TypeChanges())
            changes.changed += bool(digest)
            changes.added += not digest
    for (name, _), (_, person) in old.items():
        report.records.setdefault(name, TypeChanges()).removed += 1
        touched.add(person)
    if missing := touched - people.keys() - {""}:
        gone = (r for r in _select(before, settings, vault) if isinstance(r, Patient))
        people |= {patient.id: patient for patient in gone if patient.id in missing}
    report.patients = sorted(
        (people[person] for person in touched & people.keys()), key=_name_patient
    )


def _name_patient(patient: Patient) -> str:
    return patient.mrn or patient.nhs_number or _list_values(patient) or patient.id


def _list_values(patient: Patient) -> str:
    return " ".join(identifier.rsplit("|", 1)[-1] for identifier in patient.identifiers)


def _select(db: sqlite_utils.Database, settings: Settings, vault: Vault) -> Iterator[Record]:
    return select_records(settle_records(db, settings), settings, vault.clock())


def _digest(record: Record) -> bytes:
    values = [getattr(record, item.name) for item in fields(record)]
    return hashlib.blake2b(repr(values).encode(), digest_size=12).digest()


def _person(record: Record) -> str:
    """The id of the patient that a record is about; empty for a bed."""
    return record.id if isinstance(record, Patient) else getattr(record, "patient", "")
