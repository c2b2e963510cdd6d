"""The present state as records: persons identified, orders linked, references resolved."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import sqlite_utils

from downtime.clinical.identifiers import Identifier
from downtime.clinical.model import (
    Appointment,
    DiagnosticReport,
    Encounter,
    Location,
    MedicationRequest,
    Observation,
    Patient,
    Record,
    ServiceRequest,
)
from downtime.clinical.record_types import RECORD_TYPES, RecordType, find_owner
from downtime.feeds.model import FindingKind
from downtime.feeds.named_resources import ADDRESSES, NamedResources, is_reference_text
from downtime.settings import Settings
from downtime.snapshot.common_knowledge import CommonKnowledge, read_common_knowledge
from downtime.snapshot.data_quality import FindingTally
from downtime.snapshot.identity_flags import flag_doubtful_people
from downtime.snapshot.link_numbers import link_number
from downtime.snapshot.record_state import RecordState
from downtime.snapshot.references import ReferenceIndex, Target
from downtime.snapshot.row_layout import columns
from downtime.snapshot.settle_appointments import link_appointments
from downtime.snapshot.settle_orders import link_medicines, link_requests, spread_nameless
from downtime.snapshot.settle_people import People, settle_people
from downtime.snapshot.settle_reports import ReportSettler
from downtime.snapshot.settle_stays import (
    CONTRADICTIONS,
    drop_named_places,
    find_continuations,
    is_only_named,
    settle_stay,
)
from downtime.snapshot.settled_state import (
    SettledState,
    group_by_number,
    group_by_person,
    lay_over,
    return_after_unmerge,
)
from downtime.snapshot.store import publisher_state
from downtime.snapshot.unnumbered_stays import drop_overtaken_end, join_unnumbered

NAMELESS_MEDICINE = "medicine not named by the feed"
"""What stands in the place of a medicine that no message names: a dose alone is dangerous."""
RESULT_NOT_SENT = "result not sent"
"""What stands in the place of a value that a report lists, and that no message holds."""


def settle_records(
    db: sqlite_utils.Database, settings: Settings, findings: FindingTally | None = None
) -> Iterator[Record]:
    """Every record that exists now, patients first; what is wrong with them goes to `findings`."""
    common = read_common_knowledge(db)
    yield from begin_settlement(db, settings, common, findings).list_records()


def begin_settlement(
    db: sqlite_utils.Database,
    settings: Settings,
    common: CommonKnowledge,
    findings: FindingTally | None = None,
    *,
    has_places: bool = True,
) -> "Settlement":
    """Identify who is in a state, or in a part of one (`store.state_part`), before it is settled.

    `has_places` says whether the beds of the whole site are in this part.
    """
    return Settlement(
        db,
        settle_people(db, settings, common),
        publisher_state.get_salt(db),
        FindingTally() if findings is None else findings,
        find_owner(settings.systems.records, Encounter.__name__),
        settings.snapshot.specimen_days,
        common.resources,
        has_places,
    )


@dataclass
class Settlement:
    """What the records of all types share while they are settled."""

    db: sqlite_utils.Database
    people: People
    salt: bytes
    findings: FindingTally
    stay_keeper: str
    """The system that holds stays."""
    specimen_days: int
    resources: NamedResources
    has_places: bool
    moved: dict[tuple[str, str, str, Identifier], Identifier] = field(default_factory=dict)
    """Type, source, key and former person of what went with a moved stay, to the present person."""
    used_moves: set[tuple[str, Identifier]] = field(default_factory=set)
    """Those that found a stay."""

    def __post_init__(self) -> None:
        self.owners = {
            mention: (anchor, self.people.find_id(anchor))
            for mention, anchor in self.people.identity.anchors.items()
        }
        types = {name for row in RECORD_TYPES.values() for name in row.reference_fields.values()}
        self.references = ReferenceIndex(types)
        self.reports = ReportSettler(self.findings, self.specimen_days)

    def list_records(self) -> Iterator[Record]:
        """Every record, patients first."""
        yield from map(self.name_practitioner, self.people.patients)
        yield from flag_doubtful_people(self.people)
        self.note_identity_findings()
        for row in RECORD_TYPES.values():
            if row.record is not Patient:
                yield from self.make_records(row)

    def note_identity_findings(self) -> None:
        """Merges that found nobody, and numbers that were sent for two people."""
        for mention, finding in self.people.identified.findings:
            self.findings.add(*finding, person=f"#{mention}")
        for change in self.people.identity.unmatched:
            text = f"A {change.operation} names a person of whom nothing was sent, or who was not merged."
            kind, person = FindingKind.MERGE_UNMATCHED, f"#{change.person}"
            self.findings.add(kind, change.source, text, person=person)

    def name_practitioner(self, patient: Patient) -> Patient:
        """The patient with their general practitioner's name, when that came in another document."""
        if not is_reference_text(patient.general_practitioner):
            return patient
        fields: dict[str, Any] = {"general_practitioner": patient.general_practitioner}
        if self.resources.fill_references(fields, patient.source):
            text = "A patient's general practitioner is someone who was not sent."
            kind = FindingKind.REFERENCE_UNRESOLVED
            self.findings.add(kind, patient.source, text, "Patient", person=patient.id)
        return replace(patient, **fields)

    def make_records(self, row: RecordType) -> Iterator[Record]:
        """The records of one type."""
        settled: Iterable[SettledState] = self._settle_states(row)
        if row.record is ServiceRequest:
            settled = link_requests(spread_nameless(settled), self.findings)
        elif row.record is MedicationRequest:
            settled = link_medicines(settled, self.findings)
        elif row.record is Encounter:
            settled = drop_named_places(self._settle_stays(settled), self.stay_keeper)
        elif row.record is DiagnosticReport:
            settled = self.reports.settle_reports(settled)
        elif row.record is Observation:
            settled = self.reports.settle_values(settled)
        elif row.record is Appointment:
            settled = link_appointments(settled)
        elif row.record is Location:
            settled = list(settled)
            if self.has_places:
                known = {(item.source, item.key) for item in settled}
                yield from self._make_named_locations(known)
        make = _RecordMaker(self, row)
        for item in settled:
            yield make.make_record(item)

    def _settle_stays(self, settled: Iterable[SettledState]) -> Iterator[SettledState]:
        """Stays with those laid over each other that go on under another number."""
        name = Encounter.__name__
        for stays in group_by_person(settled):
            for item in [item for item in stays.values() if is_only_named(item.state)]:
                del stays[item.key]
                text = "A stay takes another number, and nothing was sent of it before."
                kind = FindingKind.MERGE_UNMATCHED
                self.findings.add(kind, item.source, text, name, person=item.person)
            states = {key: item.state for key, item in stays.items()}
            lay_over(stays, find_continuations(states))
            self._join_unnumbered(stays)
            for item in stays.values():
                drop_overtaken_end(item.state)
                if contradiction := settle_stay(item.state):
                    text = CONTRADICTIONS[contradiction]
                    self.findings.add(contradiction, item.source, text, name, person=item.person)
                yield item
        self.note_unmatched_moves()

    def _join_unnumbered(self, stays: dict[str, SettledState]) -> None:
        """Messages without a number of a stay go to the one in which the patient was then."""
        first = next(iter(stays.values()), None)
        if first is None or not first.person:
            return
        if join_unnumbered({key: item.state for key, item in stays.items()}):
            text = "A message names no stay, and its patient has several: it is a stay of its own."
            kind = FindingKind.PATIENT_IN_TWO_BEDS
            self.findings.add(kind, first.source, text, "Encounter", person=first.person)
        for key in [key for key, item in stays.items() if not item.state.exists]:
            del stays[key]

    def note_unmatched_moves(self) -> None:
        """Moves of a stay or account under which nothing is known."""
        moves = self.people.identity.moves
        ends = {(stay, moves[stay, person]) for stay, person in self.used_moves}
        for stay, person in moves.keys() - self.used_moves:
            if (stay, moves[stay, person]) in ends:
                continue  # it moved on
            text = "A stay or account moves to another person, and nothing was sent of it before."
            kind, number = FindingKind.MERGE_UNMATCHED, link_number(person)
            self.findings.add(kind, self.stay_keeper, text, "Encounter", person=f"={number}")

    def _make_named_locations(self, known: set[tuple[str, str]]) -> Iterator[Record]:
        """Beds and wards whose parts came in different documents, and are not `known` as a whole."""
        for place in self.resources.list_locations():
            if (place.source, place.key) in known:
                continue
            target = SettledState(place.source, place.key, None, "", RecordState())
            yield Location(
                id=self.make_id("Location", target), source=place.source, **_texts(place.fields)
            )

    def _settle_states(self, row: RecordType) -> Iterator[SettledState]:
        """The states of each number, those of one person laid over each other."""
        owners, nobody = self.owners, (None, "")
        has_exceptions = bool(self.people.identity.moves or self.people.identity.undone)
        for items in group_by_number(publisher_state.iterate_states(self.db, row.name)):
            (_, source, key, mention), state = items[0]
            if len(items) > 1 or has_exceptions:
                yield from self._settle_number(row, source, key, items)
            elif state.layers:
                anchor, person = owners.get(mention, nobody)
                yield SettledState(source, key, anchor, person, state)

    def _settle_number(
        self,
        row: RecordType,
        source: str,
        key: str,
        items: list[tuple[publisher_state.Name, RecordState]],
    ) -> Iterator[SettledState]:
        """The record of each person who has one number of a source."""
        by_anchor: dict[Identifier | None, RecordState] = {}
        for (_, _, _, mention), state in items:
            anchor = self.people.identity.anchors.get(mention)
            by_anchor.setdefault(anchor, RecordState()).overlay(state)
        by_anchor = return_after_unmerge(by_anchor, self.people.identity)
        owners = {
            anchor: self._find_owner(row, source, key, anchor, by_anchor) for anchor in by_anchor
        }
        by_person: dict[str, SettledState] = {}
        for anchor in sorted(by_anchor, key=str):
            person = self.people.find_id(owners[anchor])
            settled = by_person.get(person) or SettledState(
                source, key, anchor, person, RecordState()
            )
            settled.state.overlay(by_anchor[anchor])
            by_person[person] = settled
        yield from self._join_nobody(row, by_person)

    def _find_owner(
        self,
        row: RecordType,
        source: str,
        key: str,
        anchor: Identifier | None,
        by_anchor: dict[Identifier | None, RecordState],
    ) -> Identifier | None:
        """Whose a record is after moves of the stay to which it belongs."""
        moves = self.people.identity.moves
        if anchor is None or not moves:
            return anchor
        fields = by_anchor[anchor].fields
        stays = [key, *fields.get(ADDRESSES, ())] if row.name == "Encounter" else []
        for name, target in row.reference_fields.items():
            value = str(fields.get(name, ""))
            if target == "Encounter":
                stays.append(value)
            elif owner := self.moved.get((target, source, value, anchor)):
                self.moved[row.name, source, key, anchor] = owner
                return owner
        for stay in stays:
            if owner := moves.get((stay, anchor)):
                self.used_moves.add((stay, anchor))
                self.moved[row.name, source, key, anchor] = owner
                return owner
        return anchor

    def _join_nobody(
        self, row: RecordType, by_person: dict[str, SettledState]
    ) -> Iterator[SettledState]:
        """What names nobody joins the one person who has the number, and only then deletes theirs."""
        nobody = by_person.pop("", None)
        if nobody and not by_person:
            by_person[""] = nobody
        elif nobody:
            if len(by_person) == 1:
                next(iter(by_person.values())).state.overlay(nobody.state)
            elif nobody.state.exists:
                by_person[""] = nobody
            elif any(settled.state.exists for settled in by_person.values()):
                text = f"{row.singular}: a deletion names nobody, and several patients have its number."
                person = max(by_person)
                self.findings.add(
                    FindingKind.NUMBER_REUSED, nobody.source, text, row.name, person=person
                )
        present = [settled for settled in by_person.values() if settled.state.exists]
        if len({settled.person for settled in present} - {""}) > 1:
            self.findings.add(
                FindingKind.NUMBER_REUSED,
                present[0].source,
                f"{row.singular}: one number was sent for {len(present)} patients;"
                " each keeps their own record.",
                row.name,
                person=max(settled.person for settled in present),
            )
        yield from present

    def make_id(self, type_name: str, settled: SettledState) -> str:
        """Random-looking and always the same; never the same for two persons."""
        anchor = settled.anchor or ""
        text = f"{type_name}\0{settled.source}\0{settled.key}\0{anchor}".encode()
        return hashlib.blake2b(text, key=self.salt, digest_size=8).hexdigest()


class _RecordMaker:
    """Makes the records of one type of what was settled."""

    def __init__(self, settlement: Settlement, row: RecordType) -> None:
        self._settlement, self._row = settlement, row
        self._has_patient, self._make = row.has_patient, row.record
        self._references = dict(row.reference_fields)
        self._names = frozenset(columns(row.record)) - {"id", "source", "updated", "patient"}
        self._has_texts = publisher_state.has_reference_texts(settlement.db, row.name)
        self._is_target = row.name in {
            target for other in RECORD_TYPES.values() for target in other.reference_fields.values()
        }

    def make_record(self, settled: SettledState) -> Record:
        """The record, its references resolved."""
        settlement, names = self._settlement, self._names
        sent = settled.state.fields
        record_id = settlement.make_id(self._row.name, settled)
        if self._is_target:
            keys = {settled.key, *settled.other_keys, *sent.get(ADDRESSES, ())}
            target = Target(settled.source, settled.person, record_id)
            settlement.references.add(self._row.name, keys, target)
        fields = {name: value for name, value in sent.items() if name in names}
        self._resolve_references(fields, settled)
        if self._has_patient:
            fields["patient"] = settled.person
            if not settled.person:
                self._note(FindingKind.RECORD_WITHOUT_PATIENT, settled, "names no patient")
            elif settled.person in settlement.people.unsent:
                reason = (
                    "refers to a patient who was not sent, or of whom it is not clear who they are"
                )
                self._note(FindingKind.REFERENCE_UNRESOLVED, settled, reason)
        return self._make(
            id=record_id, source=settled.source, updated=settled.state.updated, **fields
        )

    def _resolve_references(self, fields: dict[str, Any], settled: SettledState) -> None:
        settlement = self._settlement
        for name, target_type in self._references.items():
            if key := fields.get(name):
                fields[name] = settlement.references.find(
                    target_type, key, settled.source, settled.person
                )
                if not fields[name]:
                    self._note_unresolved(name, settled)
        if self._has_texts:
            for name in settlement.resources.fill_references(fields, settled.source):
                if name != "medicine":
                    self._note_unresolved(name, settled)
        if "medicine" in self._names and not fields.get("medicine"):
            fields["medicine"] = NAMELESS_MEDICINE
            self._note(FindingKind.MEDICINE_UNNAMED, settled, "names no medicine")
        is_named = fields.get("display") or fields.get("code") or fields.get("value")
        if self._row.record is Observation and not is_named:
            fields["display"] = RESULT_NOT_SENT
            reason = "is listed by a report and was not sent"
            self._note(FindingKind.REFERENCE_UNRESOLVED, settled, reason)

    def _note_unresolved(self, name: str, settled: SettledState) -> None:
        reason = f"refers by its '{name}' to something that was not sent"
        self._note(FindingKind.REFERENCE_UNRESOLVED, settled, reason)

    def _note(self, kind: FindingKind, settled: SettledState, reason: str) -> None:
        text = f"{self._row.singular}: {reason}."
        self._settlement.findings.add(
            kind, settled.source, text, self._row.name, person=settled.person
        )


def _texts(fields: dict[str, Any]) -> dict[str, Any]:
    known = set(columns(Location)) - {"id", "source", "updated"}
    return {name: value for name, value in fields.items() if name in known}
