"""Apply what feeds say to the publisher's state, a batch at a time.

- A change is laid into its record by `fold`: order and repetition do not matter.
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
from downtime.feeds.model import Change, Message, Replacement
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
    """How much was taken in."""

    messages: int
    changes: int


@dataclass
class _StateUpdate:
    """One application of feeds: what is not written yet."""

    db: sqlite_utils.Database
    number: int
    latest: str
    authority: str
    mentions: dict[tuple[Identifier, ...], int]
    cutoffs: dict[tuple[str, str], ExtractCutoff]
    strengths: dict[int, int] = field(default_factory=dict)
    waiting: dict[Name, list[StampedChange]] = field(default_factory=lambda: defaultdict(list))
    newest_mention: dict[int, str] = field(default_factory=dict)
    newest: dict[str, str] = field(default_factory=dict)
    delivered: set[str] = field(default_factory=set)
    merges: list[tuple[str, str, str, int, int, int]] = field(default_factory=list)
    replaced: set[tuple[str, str]] = field(default_factory=set)
    changes: int = 0
    unwritten: int = 0


def apply_messages(
    db: sqlite_utils.Database, items: Iterable[Message], now: datetime, authority: str
) -> AppliedCounts:
    """Take messages in; `authority` is the site's own (`settings.site.mrn_authority`).

    All of them are one transaction: a failure leaves the state as it was.
    """
    with transaction(db):
        publisher_state.create_tables(db)
        run = _begin_update(db, now, authority)
        messages = 0
        for message in items:
            messages += 1
            _apply_message(run, message)
            if run.unwritten >= BATCH:
                _write_pending(run)
        _write_pending(run)
        for kind, source in sorted(run.replaced):
            _remove_unlisted(db, kind, source)
    return AppliedCounts(messages, run.changes)


def _begin_update(db: sqlite_utils.Database, now: datetime, authority: str) -> _StateUpdate:
    return _StateUpdate(
        db,
        publisher_state.start_run(db),
        to_text(now + TOLERANCE),
        authority,
        {mention.identifiers: mention.id for mention in publisher_state.select_mentions(db)},
        publisher_state.select_extracts(db),
    )


def _apply_message(run: _StateUpdate, message: Message) -> None:
    times: dict[str, list[str]] = {}
    for part, item in enumerate(message.content):
        if isinstance(item, Replacement):
            _apply_extract(run, item)
        else:
            _apply_change(run, item, part)
        happened = item.sent if isinstance(item, Replacement) else item.event
        times.setdefault(message.source or item.source, []).append(happened)
    for source, happened_then in (times or {message.source: []}).items():
        _note_newest_time(run, source, message.sent, happened_then)


def _note_newest_time(run: _StateUpdate, source: str, sent: str, times: Iterable[str]) -> None:
    """A system is as new as the last message it made itself; what happened counts without one.

    Orders that the EPR places with a laboratory say nothing of how new the laboratory's data is.
    """
    past = [time for time in times if time <= run.latest]
    seen = sent if sent and sent <= run.latest else max(past, default="")
    run.newest[source] = max(run.newest.get(source, ""), seen)


def _apply_extract(run: _StateUpdate, extract: Replacement) -> None:
    position = extract.position
    digest = hashlib.sha256(b"".join(sorted(map(_digest_change, extract.changes)))).hexdigest()[:12]
    new = ExtractCutoff(extract.sent, position.file, position.number, digest)
    types = set(extract.types) - {"Patient"}
    run.delivered.update(extract.types)
    for kind in sorted(types):
        cutoff = run.cutoffs.get((kind, extract.source), ExtractCutoff())
        if new > cutoff:
            run.cutoffs[kind, extract.source] = new
            run.replaced.add((kind, extract.source))
            # What waits was judged by the extract before.
            _write_pending(run)
            publisher_state.save_extract(run.db, kind, extract.source, new)
    for part, change in enumerate(extract.changes):
        if change.type not in types:
            _apply_change(run, change, part)
        elif run.cutoffs[change.type, extract.source].digest == digest:
            _apply_change(run, change, part, extract, digest)
        else:
            # A list that was overtaken still tells of people.
            _note_mention(run, change.patient, extract.sent)


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
    run: _StateUpdate,
    change: Change,
    part: int,
    extract: Replacement | None = None,
    digest: str = "",
) -> None:
    stamp = _make_stamp(run, change, part)
    if extract:
        stamp = stamp._replace(moment=extract.sent, sent=extract.sent, extract=digest)
    run.changes += 1
    run.unwritten += 1
    run.delivered.add(change.type)
    mention = _note_mention(run, change.patient, stamp.moment)
    if change.operation == "merge":
        merged = _note_mention(run, change.merged, "")
        run.merges.append((stamp.moment, stamp.sent, stamp.file, stamp.number, mention, merged))
    key = str(mention) if change.type == "Patient" else change.key
    deletes = change.operation == "delete"
    saying = StampedChange(stamp, deletes, change.fields, mention, run.strengths.get(mention, -1))
    run.waiting[change.type, change.source, key].append(saying)


def _make_stamp(run: _StateUpdate, change: Change, part: int) -> Stamp:
    sent = change.sent if change.sent <= run.latest else run.latest
    moment = change.event if change.event and change.event <= run.latest else sent
    position = change.position
    timed = 0 if moment else run.number
    return Stamp(moment, sent, timed, position.file, position.number, part)


def _note_mention(run: _StateUpdate, identifiers: tuple[Identifier, ...], moment: str) -> int:
    """The number of this combination of identifiers; 0 when there are none."""
    if not identifiers:
        return 0
    number = run.mentions.get(identifiers) or _hash_identifiers(identifiers)
    run.mentions[identifiers] = number
    if number not in run.strengths:
        run.strengths[number] = identity.grade_strength(identifiers, run.authority)
    if moment >= run.newest_mention.get(number, ""):
        run.newest_mention[number] = moment
    return number


def _hash_identifiers(identifiers: tuple[Identifier, ...]) -> int:
    """56 bits of a hash: the same in whatever order people are met."""
    text = "\0".join(map(str, identifiers)).encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=7).digest())


def _write_pending(run: _StateUpdate) -> None:
    """Lay in what waits, and remember who was mentioned and how new each system is."""
    db = run.db
    states = publisher_state.select_states(db, list(run.waiting))
    for name, sayings in run.waiting.items():
        cutoff = run.cutoffs.get(name[:2], ExtractCutoff())
        states[name] = apply_changes(states.get(name) or RecordState(), sayings, cutoff)
    publisher_state.save_states(db, states)
    texts = {number: identifiers for identifiers, number in run.mentions.items()}
    publisher_state.save_mentions(
        db, [Mention(n, texts[n], moment) for n, moment in run.newest_mention.items()]
    )
    publisher_state.save_merges(db, run.merges)
    publisher_state.save_systems(db, run.newest, run.delivered)
    for waiting in (run.waiting, run.newest_mention, run.merges):
        waiting.clear()
    run.unwritten = 0


def _remove_unlisted(db: sqlite_utils.Database, kind: str, source: str) -> None:
    """Remove the records that a full extract no longer names."""
    rows = publisher_state.iterate_states(db, kind, source)
    gone = [(kind, source, key) for _, key, state in rows if state.is_blank]
    publisher_state.delete_states(db, gone)
