"""Apply what feeds say to the publisher's state, a batch at a time.

- A change is applied by `record_state`: order and repetition do not matter.
- A full extract replaces its own data set, one type of one source; an older extract, or an older
  message, never undoes it. People are never removed by an extract: leaving a list is not leaving
  the hospital.
- A time that lies in the future is not believed, or it would shut out all that follows: the time
  of the message counts instead, else now.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import orjson
import sqlite_utils

from downtime.clinical.identifiers import Identifier
from downtime.clock import to_text
from downtime.feeds.model import Change, FeedMessage, Operation, Replacement
from downtime.snapshot import identity
from downtime.snapshot.identity import Mention
from downtime.snapshot.record_state import (
    ExtractCutoff,
    RecordState,
    Stamp,
    StampedChange,
    apply_changes,
)
from downtime.snapshot.store import publisher_state
from downtime.snapshot.store.publisher_state import Name
from downtime.vault.database import transaction

BATCH = 20_000
TOLERANCE = timedelta(minutes=10)
"""How far the clock of a system may be ahead of ours."""


@dataclass(frozen=True, slots=True)
class AppliedCounts:
    """How many messages and changes were applied."""

    messages: int
    changes: int


@dataclass
class _StateUpdate:
    """What one application of feeds has read and not yet written."""

    db: sqlite_utils.Database
    run_number: int
    latest_accepted_time: str
    authority: str
    mentions: dict[tuple[Identifier, ...], int]
    cutoffs: dict[tuple[str, str], ExtractCutoff]
    strengths: dict[int, int] = field(default_factory=dict)
    pending: dict[Name, list[StampedChange]] = field(default_factory=lambda: defaultdict(list))
    newest_mention: dict[int, str] = field(default_factory=dict)
    newest_time_by_source: dict[str, str] = field(default_factory=dict)
    delivered_types: set[str] = field(default_factory=set)
    merges: list[tuple[str, str, str, int, int, int]] = field(default_factory=list)
    replaced: set[tuple[str, str]] = field(default_factory=set)
    changes: int = 0
    unwritten: int = 0


def apply_messages(
    db: sqlite_utils.Database, items: Iterable[FeedMessage], now: datetime, authority: str
) -> AppliedCounts:
    """Apply messages; `authority` is the site's own (`settings.site.mrn_authority`).

    All of them are one transaction: a failure leaves the state as it was.
    """
    with transaction(db):
        publisher_state.create_tables(db)
        update = _begin_update(db, now, authority)
        messages = 0
        for message in items:
            messages += 1
            _apply_message(update, message)
            if update.unwritten >= BATCH:
                _write_pending(update)
        _write_pending(update)
        for type_name, source in sorted(update.replaced):
            _remove_unlisted(db, type_name, source)
    return AppliedCounts(messages, update.changes)


def _begin_update(db: sqlite_utils.Database, now: datetime, authority: str) -> _StateUpdate:
    return _StateUpdate(
        db,
        publisher_state.start_run(db),
        to_text(now + TOLERANCE),
        authority,
        {mention.identifiers: mention.id for mention in publisher_state.select_mentions(db)},
        publisher_state.select_extracts(db),
    )


def _apply_message(update: _StateUpdate, message: FeedMessage) -> None:
    times: dict[str, list[str]] = {}
    for part, item in enumerate(message.content):
        if isinstance(item, Replacement):
            _apply_extract(update, item)
        else:
            _apply_change(update, item, part)
        event_time = item.sent if isinstance(item, Replacement) else item.event
        times.setdefault(message.source or item.source, []).append(event_time)
    for source, event_times in (times or {message.source: []}).items():
        _note_newest_time(update, source, message.sent, event_times)


def _note_newest_time(update: _StateUpdate, source: str, sent: str, times: Iterable[str]) -> None:
    """A system is as new as the last message it sent itself; without one, as its newest event.

    Orders that the EPR places with a laboratory say nothing of how new the laboratory's data is.
    """
    past = [time for time in times if time <= update.latest_accepted_time]
    newest = sent if sent and sent <= update.latest_accepted_time else max(past, default="")
    update.newest_time_by_source[source] = max(update.newest_time_by_source.get(source, ""), newest)


def _apply_extract(update: _StateUpdate, extract: Replacement) -> None:
    position = extract.position
    digest = hashlib.sha256(b"".join(sorted(map(_digest_change, extract.changes)))).hexdigest()[:12]
    new = ExtractCutoff(extract.sent, position.file, position.number, digest)
    types = set(extract.types) - {"Patient"}
    update.delivered_types.update(extract.types)
    for type_name in sorted(types):
        cutoff = update.cutoffs.get((type_name, extract.source), ExtractCutoff())
        if new > cutoff:
            update.cutoffs[type_name, extract.source] = new
            update.replaced.add((type_name, extract.source))
            # Pending changes count by the extract before this one.
            _write_pending(update)
            publisher_state.save_extract(update.db, type_name, extract.source, new)
    for part, change in enumerate(extract.changes):
        if change.type not in types:
            _apply_change(update, change, part)
        elif update.cutoffs[change.type, extract.source].digest == digest:
            _apply_change(update, change, part, extract, digest)
        else:
            # A list that was overtaken still tells of people.
            _note_mention(update, change.patient, extract.sent)


def _digest_change(change: Change) -> bytes:
    content = [
        change.type,
        change.key,
        change.operation,
        dict(change.fields),
        *map(str, change.patient),
    ]
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).digest()


def _apply_change(
    update: _StateUpdate,
    change: Change,
    part: int,
    extract: Replacement | None = None,
    digest: str = "",
) -> None:
    stamp = _make_stamp(update, change, part)
    if extract:
        stamp = stamp._replace(moment=extract.sent, sent=extract.sent, extract=digest)
    update.changes += 1
    update.unwritten += 1
    update.delivered_types.add(change.type)
    mention = _note_mention(update, change.patient, stamp.moment)
    if change.operation == Operation.MERGE:
        merged = _note_mention(update, change.merged, "")
        update.merges.append((stamp.moment, stamp.sent, stamp.file, stamp.number, mention, merged))
    key = str(mention) if change.type == "Patient" else change.key
    deletes = change.operation == Operation.DELETE
    stamped = StampedChange(
        stamp, deletes, change.fields, mention, update.strengths.get(mention, -1)
    )
    update.pending[change.type, change.source, key].append(stamped)


def _make_stamp(update: _StateUpdate, change: Change, part: int) -> Stamp:
    sent = (
        change.sent if change.sent <= update.latest_accepted_time else update.latest_accepted_time
    )
    moment = change.event if change.event and change.event <= update.latest_accepted_time else sent
    position = change.position
    timed = 0 if moment else update.run_number
    return Stamp(moment, sent, timed, position.file, position.number, part)


def _note_mention(update: _StateUpdate, identifiers: tuple[Identifier, ...], moment: str) -> int:
    """The number of this combination of identifiers; 0 when there are none."""
    if not identifiers:
        return 0
    number = update.mentions.get(identifiers) or _hash_identifiers(identifiers)
    update.mentions[identifiers] = number
    if number not in update.strengths:
        update.strengths[number] = identity.grade_strength(identifiers, update.authority)
    if moment >= update.newest_mention.get(number, ""):
        update.newest_mention[number] = moment
    return number


def _hash_identifiers(identifiers: tuple[Identifier, ...]) -> int:
    """56 bits of a hash: the same in whatever order people are met."""
    text = "\0".join(map(str, identifiers)).encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=7).digest())


def _write_pending(update: _StateUpdate) -> None:
    """Write the pending changes, who was mentioned, and how new each system is."""
    db = update.db
    states = publisher_state.select_states(db, list(update.pending))
    for name, changes in update.pending.items():
        cutoff = update.cutoffs.get(name[:2], ExtractCutoff())
        states[name] = apply_changes(states.get(name) or RecordState(), changes, cutoff)
    publisher_state.save_states(db, states)
    texts = {number: identifiers for identifiers, number in update.mentions.items()}
    publisher_state.save_mentions(
        db, [Mention(n, texts[n], moment) for n, moment in update.newest_mention.items()]
    )
    publisher_state.save_merges(db, update.merges)
    publisher_state.save_systems(db, update.newest_time_by_source, update.delivered_types)
    for written in (update.pending, update.newest_mention, update.merges):
        written.clear()
    update.unwritten = 0


def _remove_unlisted(db: sqlite_utils.Database, type_name: str, source: str) -> None:
    """Remove the records that a full extract no longer names."""
    rows = publisher_state.iterate_states(db, type_name, source)
    unlisted = [(type_name, source, key) for _, key, state in rows if state.is_blank]
    publisher_state.delete_states(db, unlisted)
