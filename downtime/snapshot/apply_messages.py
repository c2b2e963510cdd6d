"""Apply what feeds say to the publisher's state, a batch at a time.

- A change is applied by `record_state`: order and repetition do not matter.
- A full extract replaces its own data set, one type of one source; an older extract, or an older
  message, never undoes it. One that lacks most of what is known is not applied (`plausible_lists`).
  People are never removed by an extract: leaving a list is not leaving the hospital.
"""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

import orjson
import sqlite_utils

from downtime.feeds.model import Change, FeedMessage, Finding, FindingKind, Operation, Replacement
from downtime.feeds.named_resources import NAMED_RESOURCE
from downtime.settings import Settings
from downtime.snapshot.corrections import correct, list_corrected_reports
from downtime.snapshot.identity import IdentityChange
from downtime.snapshot.mentions import MentionBook
from downtime.snapshot.named_people import Numbers, PersonNamer
from downtime.snapshot.plausible_lists import PresentRecord, check_list, stands
from downtime.snapshot.plausible_people import check_people, list_people
from downtime.snapshot.record_state import (
    NO_CUTOFF,
    ExtractCutoff,
    Layer,
    RecordState,
    Stamp,
    apply_changes,
    begin_state,
)
from downtime.snapshot.sender_sequences import Place, SenderSequences
from downtime.snapshot.stamps import StampMaker
from downtime.snapshot.store import (
    link_tables,
    publisher_state,
    quarantined_lists,
    sequence_numbers,
)
from downtime.snapshot.store.known_people import select_known_people
from downtime.snapshot.store.publisher_state import DataSet, Name
from downtime.snapshot.traces import add_traces
from downtime.vault.database import transaction

BATCH = 5_000
"""Changes that are written together: more take longer each, since memory grows with them."""
_ORDER, _BED = "ServiceRequest", "Location"
"""One whose sender is not known was not sent by the system that is to answer it."""
_IDENTITY_OPERATIONS = frozenset({Operation.MERGE, Operation.UNMERGE, Operation.MOVE})


class QuarantinedList(NamedTuple):
    """A full list that was not applied, and why."""

    arrival: int
    file: str
    finding: Finding


@dataclass(frozen=True, slots=True)
class AppliedMessages:
    """How many messages and changes were applied, and the lists that were not."""

    messages: int
    changes: int
    quarantined: tuple[QuarantinedList, ...] = ()


def apply_messages(
    db: sqlite_utils.Database,
    messages: Iterable[FeedMessage],
    settings: Settings,
    now: datetime,
    released: Collection[int] = frozenset(),
) -> AppliedMessages:
    """Apply messages in one transaction: a failure leaves the state as it was.

    A message counts as arrived under `position.arrival`; one without it gets the next number.
    `released` are arrival numbers of lists that a person has taken out of quarantine.
    """
    with transaction(db):
        publisher_state.prepare_tables(db)
        update = _StateUpdate(db, settings, now, released)
        for message in messages:
            update.apply_message(message)
        return update.finish()


class _StateUpdate:
    """Collects what messages say, and writes it to the state in batches."""

    def __init__(
        self,
        db: sqlite_utils.Database,
        settings: Settings,
        now: datetime,
        released: Collection[int],
    ) -> None:
        self._db, self._released = db, released
        self._settings = settings.feeds
        newest = publisher_state.get_newest_sent(db)
        self._stamps = StampMaker(now, ZoneInfo(settings.feeds.time_zone), newest)
        self._mentions = MentionBook()
        self._namer = PersonNamer(settings.feeds.placeholder_numbers)
        self._systems = _SystemNotes(self._stamps.latest)
        self._cutoffs = publisher_state.select_extracts(db)
        self._replaced: set[DataSet] = set()
        self._pending: dict[Name, list[Layer]] = defaultdict(list)
        self._identity_changes: list[IdentityChange] = []
        self._quarantined: list[QuarantinedList] = []
        self._last_arrival = publisher_state.get_applied_arrival(db)
        self._waiting = quarantined_lists.select_waiting(db)
        self._sequences = SenderSequences(sequence_numbers.select_sequences(db))
        self._messages = self._changes = self._unwritten = 0

    def apply_message(self, message: FeedMessage) -> None:
        """Take one message."""
        self._messages += 1
        arrival = message.position.arrival or self._last_arrival + 1
        self._last_arrival = max(self._last_arrival, arrival)
        if finding := self._find_fault(message, arrival):
            file = message.position.file
            self._quarantined.append(QuarantinedList(arrival, file, finding))
            self._waiting.add(finding.source or message.source)
            return
        self._apply_content(message, arrival)
        self._systems.note_message(message)
        if self._unwritten >= BATCH:
            self._write()

    def _apply_content(self, message: FeedMessage, arrival: int) -> None:
        content = message.content
        name = message.origin.control_id or str(arrival)
        corrected = list_corrected_reports(content)
        first, offset = self._find_place(message, arrival)
        for part, item in enumerate(content, start=offset):
            if isinstance(item, Replacement):
                self._apply_extract(item, arrival)
            else:
                stamp = self._stamps.make_stamp(item, first, part)
                person = self._namer.name_person(item, content, name)
                self._apply_change(correct(item, corrected), stamp, person)

    def _find_place(self, message: FeedMessage, arrival: int) -> Place:
        """Where a message stands among those of its time, by its sender's sequence numbers."""
        first = message.content[0] if message.content else None
        if not isinstance(first, Change) or not first.sequence:
            return Place(arrival)
        sender = message.origin.sender
        return self._sequences.find_place(sender, message.sent, first.sequence, arrival)

    def finish(self) -> AppliedMessages:
        """Write what is left, and remove what full extracts no longer name."""
        self._write()
        for data_set in sorted(self._replaced):
            link_tables.mark_data_set(self._db, *data_set)
            states = publisher_state.iterate_states(self._db, *data_set)
            unlisted = [name for name, state in states if state.is_blank]
            publisher_state.delete_states(self._db, unlisted)
        publisher_state.save_systems(self._db, self._systems.newest, self._systems.deliveries)
        publisher_state.save_applied_arrival(self._db, self._last_arrival)
        publisher_state.save_newest_sent(self._db, self._stamps.newest)
        sequence_numbers.save_sequences(self._db, self._sequences.sent)
        reasons = {item.arrival: item.finding.text for item in self._quarantined}
        quarantined_lists.save_quarantined(self._db, reasons)
        quarantined_lists.save_waiting(self._db, self._waiting)
        return AppliedMessages(self._messages, self._changes, tuple(self._quarantined))

    def _apply_change(self, change: Change, stamp: Stamp, person: Numbers) -> None:
        self._changes += 1
        self._unwritten += 1
        mention = self._mentions.note(person, stamp.moment)
        type_name, source, key, operation = change.type, change.source, change.key, change.operation
        if operation in _IDENTITY_OPERATIONS:
            merged = self._namer.choose_numbers(change.merged)
            other = self._mentions.note(merged, "", has_records=False)
            self._identity_changes.append(
                IdentityChange(stamp, operation, source, key, mention, other)
            )
            if operation is Operation.MOVE:
                return
            operation, key = Operation.SET, ""
        layer = Layer(stamp, add_traces(type_name, change.fields), operation)
        self._pending[type_name, source, key, mention].append(layer)

    def _find_fault(self, message: FeedMessage, arrival: int) -> Finding | None:
        """What is wrong with a full list that would replace what is known."""
        if arrival in self._released:
            return None
        for finding in message.findings:
            if finding.kind is FindingKind.LIST_IMPLAUSIBLE:
                return finding
        lists = [item for item in message.content if isinstance(item, Replacement)]
        if not lists:
            return None
        if wrong_people := self._find_wrong_people(message):
            return wrong_people
        faults = (
            check_list(
                extract,
                data_set[0],
                self._list_present(data_set, extract.sent),
                self._settings.list_loss_percent,
                self._settings.list_ward_patients,
            )
            for extract in lists
            for data_set in _list_data_sets(extract)
            if self._would_replace(extract, data_set)
        )
        return next((fault for fault in faults if fault), None)

    def _find_wrong_people(self, message: FeedMessage) -> Finding | None:
        """Whether a list's numbers are of other people than those who stand beside them."""
        people = list_people(message)
        self._write()
        known = select_known_people(self._db, people)
        percent = self._settings.list_mismatch_percent
        return check_people(message.source, people.values(), known, percent)

    def _would_replace(self, extract: Replacement, data_set: DataSet) -> bool:
        """Whether a full list is a newer one than the list that holds, and not the same again."""
        cutoff = self._cutoffs.get(data_set, NO_CUTOFF)
        if extract.sent != cutoff.sent:
            return extract.sent > cutoff.sent
        return _digest_changes(extract.changes) != cutoff.digest

    def _list_present(self, data_set: DataSet, sent: str) -> list[PresentRecord]:
        """What a list as at this time would remove, were it empty."""
        self._write()
        states = publisher_state.iterate_states(self._db, *data_set)
        wards = {
            name: str(state.fields.get("ward", "")) for name, state in states if stands(state, sent)
        }
        mentions = publisher_state.select_identifiers(self._db, {name[3] for name in wards})
        return [
            PresentRecord(name[2], mentions.get(name[3], ()), ward) for name, ward in wards.items()
        ]

    def _apply_extract(self, extract: Replacement, arrival: int) -> None:
        digest = _digest_changes(extract.changes)
        new = ExtractCutoff(extract.sent, arrival, digest)
        self._systems.note_extract(extract)
        self._waiting.discard(extract.source)
        for data_set in _list_data_sets(extract):
            if new > self._cutoffs.get(data_set, NO_CUTOFF):
                self._write()  # what is pending counts by the extract before this one
                self._cutoffs[data_set] = new
                self._replaced.add(data_set)
                publisher_state.save_extract(self._db, data_set, new)
        for part, change in enumerate(extract.changes):
            name = f"{arrival}#{change.position.number}"
            person = self._namer.name_person(change, extract.changes, name)
            if change.type == "Patient":
                self._apply_change(change, self._stamps.make_stamp(change, arrival, part), person)
            elif self._cutoffs[change.type, change.source].digest == digest:
                stamp = self._stamps.make_extract_stamp(extract, digest, arrival, part)
                self._apply_change(change, stamp, person)
            else:  # a list that was overtaken still tells of people
                self._mentions.note(person, extract.sent)

    def _write(self) -> None:
        """Write the pending changes and who was mentioned."""
        db, names = self._db, sorted(self._pending)
        publisher_state.save_states(db, self._apply_pending(names))
        link_tables.mark_changed(db, (name[3] for name in names))
        publisher_state.save_mentions(db, list(self._mentions.take_unsaved()))
        publisher_state.save_identity_changes(db, self._identity_changes)
        self._pending.clear()
        self._identity_changes.clear()
        self._unwritten = 0

    def _apply_pending(self, names: list[Name]) -> Iterator[tuple[Name, RecordState]]:
        """The records with what is pending of them; not those of which nothing is known then."""
        known = publisher_state.select_states(self._db, names)
        for name in names:
            layers, state = self._pending[name], known.get(name)
            cutoff = self._cutoffs.get(name[:2], NO_CUTOFF)
            if state:
                yield name, apply_changes(state, layers, cutoff)
            elif not (begun := begin_state(layers, cutoff)).is_blank:
                yield name, begun


class _SystemNotes:
    """How new each system's data is, and what each has delivered."""

    def __init__(self, latest: str) -> None:
        self.newest: dict[str, str] = {}
        self.deliveries: set[tuple[str, str]] = set()
        self._latest = latest

    def note_extract(self, extract: Replacement) -> None:
        """An empty list is a delivery too."""
        self.deliveries.update((extract.source, type_name) for type_name in extract.types)

    def note_message(self, message: FeedMessage) -> None:
        """A system is as new as the last message it sent itself; without one, as its newest event.

        Orders that the EPR places with a laboratory say nothing of how new the laboratory's data is.
        """
        source, sent = message.source, message.sent
        if not message.content:
            self._note_newest(source, sent, "")
        delivered = set()
        for item in message.content:
            if isinstance(item, Replacement):
                self._note_newest(source or item.source, sent, item.sent)
            elif item.type == _BED and not item.fields.get("bed"):
                self._note_newest(
                    source or item.source, sent, item.event
                )  # a ward is no list of beds
            else:
                delivered.add((source or item.source, item.type, item.event))
        for system, type_name, event in delivered:
            if type_name != NAMED_RESOURCE and (source or type_name != _ORDER):
                self.deliveries.add((system, type_name))
                self._note_newest(system, sent, event)

    def _note_newest(self, system: str, sent: str, event: str) -> None:
        newest = sent if "" < sent <= self._latest else event
        if newest > self.newest.setdefault(system, "") and newest <= self._latest:
            self.newest[system] = newest


def _list_data_sets(extract: Replacement) -> list[DataSet]:
    return [(name, extract.source) for name in sorted(set(extract.types) - {"Patient"})]


def _digest_changes(changes: Iterable[Change]) -> str:
    """The same for the same rows in any order."""
    return hashlib.sha256(b"".join(sorted(map(_digest_change, changes)))).hexdigest()[:12]


def _digest_change(change: Change) -> bytes:
    content = [
        change.type,
        change.key,
        change.operation,
        dict(change.fields),
        *map(str, change.patient),
    ]
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).digest()
