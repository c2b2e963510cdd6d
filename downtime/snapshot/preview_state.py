"""The state that some feeds would give, without a vault: what an engineer looks at before a build."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, fields
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from downtime.clinical.model import Encounter, Patient, Record
from downtime.clinical.record_types import TYPES
from downtime.feeds.model import FeedMessage, Finding, FindingKind, Origin, Position, Reject
from downtime.ingest.model import RecordedMessage
from downtime.ingest.read_paths import read_paths
from downtime.settings import Settings
from downtime.snapshot.apply_messages import apply_messages
from downtime.snapshot.data_quality import FindingTally, check_stays
from downtime.snapshot.settle_records import settle_records
from downtime.snapshot.store import publisher_state

NOWHERE = Position("", 0)


class LocatedFinding(NamedTuple):
    """A finding with the message that gave it; of the state as a whole, nowhere."""

    finding: Finding
    position: Position = NOWHERE
    origin: Origin = Origin()


@dataclass(slots=True)
class StatePreview:
    """The records that there would be, by type, and what is wrong with what was sent."""

    records: dict[str, list[Record]] = field(default_factory=lambda: {name: [] for name in TYPES})
    findings: list[LocatedFinding] = field(default_factory=list)
    rejected: list[Reject] = field(default_factory=list)
    used: int = 0
    """Messages of which something was taken."""

    def note_reject(self, reject: Reject) -> None:
        """A message that cannot be used is a finding too."""
        self.rejected.append(reject)
        finding = Finding(FindingKind.REJECTED, "", reject.reason, reject.segment)
        self.findings.append(LocatedFinding(finding, reject.position, reject.origin))

    def as_json(self) -> dict[str, Any]:
        """One JSON document; people are named by their own numbers instead of by random ids."""
        people = self.name_people()
        return {
            "records": {
                name: [describe_record(record, people) for record in records]
                for name, records in self.records.items()
            },
            "findings": [_describe_finding(item) for item in self.findings],
            "rejected": [_describe_reject(reject) for reject in self.rejected],
        }

    def name_people(self) -> dict[str, str]:
        """Id of each person to their hospital number, else NHS number, else first identifier."""
        patients = (record for record in self.records["Patient"] if isinstance(record, Patient))
        return {patient.id: _name_patient(patient) for patient in patients}


def preview_state(paths: Iterable[Path], settings: Settings, now: datetime) -> StatePreview:
    """Read feeds into a state in memory, and settle it; nothing is kept. NotFoundError.

    Messages count as arrived now, in the order in which they stand; a repetition counts once.
    """
    preview, tally = StatePreview(), FindingTally()
    db = publisher_state.open_in_memory()
    with closing(db.conn):
        messages = _note_messages(read_paths(paths, settings, lambda: now), preview)
        applied = apply_messages(db, messages, settings, now)
        for record in settle_records(db, settings, tally):
            preview.records[type(record).__name__].append(record)
    preview.used -= len(applied.quarantined)
    stays = (stay for stay in preview.records["Encounter"] if isinstance(stay, Encounter))
    check_stays(stays, settings, now, tally)
    preview.findings += [
        LocatedFinding(item.finding, Position(item.file, 1)) for item in applied.quarantined
    ]
    preview.findings += map(LocatedFinding, tally.list_findings())
    return preview


def _note_messages(
    recorded: Iterable[RecordedMessage], preview: StatePreview
) -> Iterator[FeedMessage]:
    for item in (message.item for message in recorded if not message.repeated):
        if isinstance(item, Reject):
            preview.note_reject(item)
            continue
        unused = [Finding(FindingKind.NOT_READ, item.source, item.unused)] if item.unused else []
        preview.findings += [
            LocatedFinding(finding, item.position, item.origin)
            for finding in [*unused, *item.findings]
            if finding.kind is not FindingKind.LIST_IMPLAUSIBLE  # of that quarantine tells
        ]
        preview.used += not item.unused
        yield item


def describe_record(record: Record, people: Mapping[str, str]) -> dict[str, Any]:
    """The fields of a record; whom it is about by their own number."""
    names_person = ("patient", "replaced_by", *(("id",) if isinstance(record, Patient) else ()))
    values = {item.name: getattr(record, item.name) for item in fields(record)}
    return values | {
        name: people.get(values[name], values[name]) for name in names_person if name in values
    }


def _name_patient(patient: Patient) -> str:
    first = patient.identifiers[0].split("|", 2)[-1] if patient.identifiers else patient.id
    return patient.mrn or patient.nhs_number or first


def _describe_finding(item: LocatedFinding) -> dict[str, Any]:
    return {
        "kind": item.finding.kind,
        "source": item.finding.source,
        "text": item.finding.text,
        "segment": item.finding.segment,
        "file": item.position.file,
        "number": item.position.number,
        "control_id": item.origin.control_id,
    }


def _describe_reject(reject: Reject) -> dict[str, Any]:
    return {
        "file": reject.position.file,
        "number": reject.position.number,
        "control_id": reject.origin.control_id,
        "segment": reject.segment,
        "reason": reject.reason,
    }
