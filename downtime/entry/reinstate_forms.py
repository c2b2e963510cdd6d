"""A form that one machine took out of use while a draft or scan of it lay on another: it came back all the same.

Whoever says 'void' or 'lost' sees only what their own machine holds. So when bundles bring the two together, the form
is in use again, and a second person who sees the work may take it out of use.
"""

from collections.abc import Container

from sqlite_utils import Database

from downtime.entry.model import EntryState
from downtime.entry.store import entries, entries_elsewhere, scans
from downtime.paper import ledger
from downtime.paper.form_state import derive_state
from downtime.paper.model import FormState, MoveKind
from downtime.paper.move_form import RETIRED
from downtime.paper.store import issued_forms
from downtime.paper.store import moves as move_store
from downtime.vault.model import Actor

REASON = "a draft or scan of it lay on another machine"


def find_carrying(db: Database) -> frozenset[str]:
    """The forms of which a draft or a scan lies here."""
    drafts = {entry.serial for entry in entries.find_in_state(db, EntryState.DRAFT)}
    return frozenset(drafts | scans.fetch_serials(db))


def reinstate_unseen(
    db: Database, carrying_before: Container[str], sender: str, actor: Actor, now: str
) -> list[str]:
    """After a merge, inside its transaction: let forms be back that were taken out of use unseen.

    `carrying_before` carried work here before the bundle of `sender` was merged.
    """
    unseen = []
    for serial in sorted(find_carrying(db)):
        if ledger.find_form(db, serial).state not in RETIRED:
            continue
        last = derive_state(move_store.fetch_moves_of(db, serial)).last
        knowing = {row.device for row in entries_elsewhere.fetch(db, serial)}
        knowing.add(actor.device if serial in carrying_before else sender)
        if last is not None and last.device not in knowing:
            unseen.append(serial)
    for serial in unseen:
        issued_forms.set_state(
            db, serial, FormState.RETURNED, now, actor, REASON, MoveKind.REINSTATED
        )
    return unseen
