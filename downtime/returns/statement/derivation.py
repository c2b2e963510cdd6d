"""Derive anew what a statement counts: paper, entries, facts, items, decisions, messages and ticks agree.

Each of these follows from the one before. A step that is missing, or says something else than the one
that it follows from, is open by name: a row that was taken away makes an outage no more complete.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set

from downtime.entry.events_on_paper import event_stamps
from downtime.entry.keyed_answers import make_fact_reader
from downtime.entry.model import EntryState
from downtime.entry.store import entries as entry_store
from downtime.outage.laptop_outages import find_paper_window
from downtime.outage.model import Outage
from downtime.paper.form_state import derive_state, order_moves
from downtime.paper.model import FormState, Move
from downtime.paper.serials import format_serial
from downtime.paper.store import issued_forms
from downtime.paper.store import moves as move_store
from downtime.reconcile.model import Decision
from downtime.reconcile.reasons import ReasonCode
from downtime.reconcile.store import compared_forms, comparison_runs
from downtime.reconcile.store import items as items_store
from downtime.reconcile.store.items import ItemDigest, fact_digest
from downtime.returns.model import LINK_PREFIX, Channel, MessageState
from downtime.returns.statement import outage_forms
from downtime.returns.statement.model import OpenItem, OpenKind
from downtime.returns.store import outbox_messages, rekey_ticks
from downtime.returns.store.outbox_messages import CarriedItem, MessageDigest
from downtime.settings import Settings
from downtime.vault.vault import Vault

AT_ONCE = 500
"""Forms whose facts are in memory together."""
_NO_ENTRY = (None, EntryState.DRAFT)
_ENTRY_STATES = {
    FormState.KEYED: tuple(set(EntryState) - {EntryState.DRAFT, EntryState.VERIFIED}),
    FormState.VERIFIED: (EntryState.VERIFIED,),
    FormState.ISSUED: _NO_ENTRY,
    FormState.COLLECTED: _NO_ENTRY,
    FormState.RETURNED: _NO_ENTRY,
    FormState.VOID: _NO_ENTRY,
    FormState.LOST: _NO_ENTRY,
}
"""States of the entry that fit a state of the paper; what is filed depends on what it was before."""


def find_differences(
    vault: Vault, settings: Settings, outage: Outage, progress: Callable[[int, int], None]
) -> list[OpenItem]:
    """Every step of an outage's records that does not follow from the one before.

    `progress` is told how many forms have been read, of how many.
    """
    db = vault.db
    items = list(items_store.fetch_digests(db, outage.id))
    messages = list(outbox_messages.fetch_digests(db, outage.id))
    carried = list(outbox_messages.fetch_carried_items(db, outage.id))
    steps = (
        (OpenKind.PAPER_DIFFERS, _find_paper(vault, outage)),
        (OpenKind.FACTS_DIFFER, _find_facts(vault, settings, outage, items, progress)),
        (OpenKind.RETURN_MISSING, _find_unsent_returns(items, carried)),
        (OpenKind.MESSAGE_DIFFERS, _find_messages(messages, carried, {row.key for row in items})),
        (OpenKind.TICK_DIFFERS, _find_ticks(messages, set(rekey_ticks.list_ticks(db, outage.id)))),
    )
    named = ((kind, tuple(sorted(set(names)))) for kind, names in steps)
    return [OpenItem(kind, names) for kind, names in named if names]


def _find_paper(vault: Vault, outage: Outage) -> Iterator[str]:
    """Paper whose state is not that of its moves, or that does not fit what was keyed of it."""
    forms = issued_forms.fetch_states(vault.db, outage.id)
    ahead = outage_forms.list_used_ahead(vault, outage)
    forms |= {form.serial: FormState(form.state) for form in ahead}
    entries = entry_store.fetch_states(vault.db)
    moves = _group_moves(move_store.fetch_all_moves(vault.db))
    for serial, state in forms.items():
        of_form = moves.get(serial, ())
        is_derived = derive_state(of_form).state == state
        if not is_derived or not _fits_entry(state, of_form, entries.get(serial)):
            yield format_serial(serial)


def _group_moves(moves: Iterable[Move]) -> Mapping[str, Sequence[Move]]:
    grouped: dict[str, list[Move]] = defaultdict(list)
    for move in moves:
        grouped[move.serial].append(move)
    return grouped


def _fits_entry(state: FormState, moves: Sequence[Move], entry: EntryState | None) -> bool:
    if state != FormState.FILED:
        return entry in _ENTRY_STATES[state]
    counted = [move for move in order_moves(moves) if move.state]
    was_verified = FormState.VERIFIED in {move.state for move in counted[-2:]}
    return (
        entry == EntryState.VERIFIED if was_verified else entry in (*_NO_ENTRY, EntryState.VERIFIED)
    )


def _find_facts(
    vault: Vault,
    settings: Settings,
    outage: Outage,
    items: Iterable[ItemDigest],
    progress: Callable[[int, int], None],
) -> Iterator[str]:
    """Forms and events of which the items are not what is keyed or recorded of them now."""
    if comparison_runs.fetch_last_run(vault.db, outage.id) is None:
        return
    window = find_paper_window(vault.db, outage)
    stamps = entry_store.stamps_of_outage(vault.db, outage.id, window)
    stamps |= event_stamps(vault, settings, outage)
    compared = compared_forms.fetch_stamps(vault.db, outage.id)
    stored = _group_items(items)
    yield from (serial for serial in stamps if compared.get(serial) != stamps[serial])
    yield from (serial for serial in stored.keys() - stamps.keys() if _is_stray(stored[serial]))
    current = [serial for serial in stamps if compared.get(serial) == stamps[serial]]
    for serial, digests in _read_digests(vault, settings, current, progress):
        of_form = stored.get(serial, ())
        present = {item.key: item.digest for item in of_form if not _is_withdrawn(item)}
        is_whole = all(item.digest == item.fact_sha256 for item in of_form)
        if present != digests or not is_whole:
            yield serial


def _group_items(items: Iterable[ItemDigest]) -> Mapping[str, Sequence[ItemDigest]]:
    grouped: dict[str, list[ItemDigest]] = defaultdict(list)
    for item in items:
        grouped[item.serial].append(item)
    return grouped


def _is_withdrawn(item: ItemDigest) -> bool:
    """Whether it was returned, and its form says it no longer."""
    return f'"{ReasonCode.WITHDRAWN_SINCE_RETURN}"' in item.reasons


def _is_stray(items: Sequence[ItemDigest]) -> bool:
    return not all(map(_is_withdrawn, items))


def _read_digests(
    vault: Vault, settings: Settings, serials: Sequence[str], progress: Callable[[int, int], None]
) -> Iterator[tuple[str, dict[str, str]]]:
    """What each form or event says now: key of each fact to its digest."""
    read = make_fact_reader(vault, settings)
    for first in range(0, len(serials), AT_ONCE):
        progress(first, len(serials))
        batch = serials[first : first + AT_ONCE]
        facts = dict(read(batch))
        for serial in batch:
            yield serial, {fact.key: fact_digest(fact) for fact in facts.get(serial, ())}


def _find_unsent_returns(
    items: Iterable[ItemDigest], carried: Iterable[CarriedItem]
) -> Iterator[str]:
    """Items that count as returned, and no message carries what they say."""
    digests: dict[str, set[str]] = defaultdict(set)
    for item in carried:
        digests[item.item].add(item.digest)
    for row in items:
        if row.decision == Decision.RETURNED and not digests[row.key] & {row.digest, ""}:
            yield row.key


def _find_messages(
    messages: Iterable[MessageDigest], carried: Iterable[CarriedItem], known: Set[str]
) -> Iterator[str]:
    """Messages whose bytes are not those that were queued, or that carry nothing that is known."""
    keys: dict[str, list[str]] = defaultdict(list)
    for item in carried:
        keys[item.control_id].append(item.item)
    for message in messages:
        is_whole = message.content_sha256 in ("", message.sha256)
        items = keys[message.control_id]
        is_known = all(key.startswith(LINK_PREFIX) or key in known for key in items)
        is_settled = message.state == MessageState.RESOLVED
        if not is_whole or not items or not (is_known or is_settled):
            yield message.control_id


def _find_ticks(messages: Iterable[MessageDigest], ticked: Set[str]) -> Iterator[str]:
    """Lines of worklists that count as done without a tick, or are ticked and do not count."""
    for message in messages:
        if message.channel == Channel.WORKLIST:
            is_done = message.state == MessageState.ACKNOWLEDGED
            if is_done != (message.control_id in ticked):
                yield message.control_id
