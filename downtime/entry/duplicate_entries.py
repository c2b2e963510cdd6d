"""Forms that were keyed on two machines: both are kept until a person says which one counts."""

from dataclasses import dataclass, replace

from sqlite_utils import Database

from downtime.entry import merge_entries
from downtime.entry.merge_entries import EntryElsewhere
from downtime.entry.model import AuditAction, Entry, EntryState, Task
from downtime.entry.store import entries, entries_elsewhere
from downtime.errors import ForbiddenError, InputError, NotFoundError
from downtime.paper import ledger, move_form, serials
from downtime.paper.model import FormState
from downtime.vault.model import Actor
from downtime.vault.vault import Vault

HERE, THERE = "here", "there"


@dataclass(frozen=True, slots=True)
class DuplicateEntry:
    """An entry here, and another of the same form on a laptop."""

    here: Entry
    there: EntryElsewhere

    @property
    def serial(self) -> str:
        return self.here.serial


def find_duplicate_entries(db: Database) -> list[DuplicateEntry]:
    """Every form with an entry elsewhere that is neither the one here nor what it came from."""
    found = [merge_entries.read_elsewhere(*row) for row in entries_elsewhere.find_unsettled(db)]
    pairs = ((entries.fetch(db, said.serial), said) for said in found)
    return [
        DuplicateEntry(here, said) for here, said in pairs if here and not _is_known(db, here, said)
    ]


def _is_known(db: Database, here: Entry, said: EntryElsewhere) -> bool:
    """Whether what was keyed there is what is here, or what was here before it was corrected."""
    there = said.entry
    if (there.transcriber, dict(there.answers)) == (here.transcriber, dict(here.answers)):
        return True
    return any(
        (there.transcriber, dict(there.answers)) == (past["transcriber"], past["answers"])
        for past in entries.fetch_past(db, here.serial)
    )


def get_duplicate_entry(vault: Vault, serial: str, device: str) -> DuplicateEntry:
    """The two entries of a form; NotFoundError when there is no second one, or it is settled."""
    return _get_pair(vault.db, serials.parse_serial(serial), device)


def settle_duplicate_entry(
    vault: Vault, serial: str, device: str, keep: str, actor: Actor, reason: str
) -> Entry:
    """Say which of two entries counts: `here`, or `there` on the laptop `device`.

    The other one is kept with what the form said before. What is taken over is verified anew.
    InputError without a reason; ForbiddenError for whoever keyed one of them; NotFoundError.
    """
    if keep not in (HERE, THERE) or not reason.strip():
        raise InputError("entry.reason", "A reason is needed.", "Say in a few words why.")
    number = serials.parse_serial(serial)
    target = f"{number}: {device}"
    with vault.change(
        actor, AuditAction(f"entry.keep-{keep}"), target=target, reason=reason.strip()
    ) as db:
        pair = _get_pair(db, number, device)
        if actor.id in (pair.here.transcriber, pair.there.entry.transcriber):
            raise ForbiddenError(
                "entry.own", "You keyed one of the two.", "Ask a colleague to settle it."
            )
        entries_elsewhere.save_settled(db, number, device, pair.there.entry_digest)
        loser = pair.there.entry if keep == HERE else pair.here
        entries.save_past(db, loser, vault.now(), actor.id, reason.strip())
        entry = pair.here if keep == HERE else _replace_entry(db, pair, vault.now())
        _align_ledger(vault, db, entry, actor, reason.strip())
        return entry


def _get_pair(db: Database, serial: str, device: str) -> DuplicateEntry:
    for pair in find_duplicate_entries(db):
        if (pair.serial, pair.there.device) == (serial, device):
            return pair
    raise NotFoundError(
        "entry.no-duplicate", "This form has no second entry.", "See the list of duplicates."
    )


def _replace_entry(db: Database, pair: DuplicateEntry, now: str) -> Entry:
    there = pair.there.entry
    draft = there.state == EntryState.DRAFT
    entry = replace(
        there,
        state=EntryState.DRAFT if draft else EntryState.ENTERED,
        outage=pair.here.outage,
        waits="" if draft else Task.COMPARE,
        sampled=1,
        basis="",
        verifier="",
        verifier_name="",
        verified="",
        changed=now,
        corrections=pair.here.corrections + 1,
    )
    merge_entries.replace_entry(db, replace(pair.there, entry=entry, second=None), entry.outage)
    return entry


def _align_ledger(vault: Vault, db: Database, entry: Entry, actor: Actor, reason: str) -> None:
    """Let the ledger say of the form what its entry says."""
    wanted = {
        EntryState.DRAFT: FormState.RETURNED,
        EntryState.ENTERED: FormState.KEYED,
        EntryState.VERIFIED: FormState.VERIFIED,
    }[entry.state]
    now, steps = vault.now(), (FormState.RETURNED, FormState.KEYED, FormState.VERIFIED)
    state = ledger.get_form(vault, entry.serial).state
    if state == wanted or state not in steps:
        return
    for step in steps[: steps.index(wanted) + 1]:
        if step != ledger.get_form(vault, entry.serial).state:
            move_form.move_form(db, entry.serial, step, now, actor, reason)
