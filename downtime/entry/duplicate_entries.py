"""Forms that were keyed on two machines: both are kept until a person says which one counts."""

from dataclasses import dataclass, replace

from sqlite_utils import Database

from downtime.entry.claims import check_not_claimed
from downtime.entry.empty_forms import has_critical_answers, is_empty
from downtime.entry.judge_answers import find_unconfirmed
from downtime.entry.keyed_form import KeyedForm
from downtime.entry.merge_entries import (
    EntryElsewhere,
    align_ledger,
    read_elsewhere,
    reopen_entry,
    replace_entry,
)
from downtime.entry.model import (
    AuditAction,
    Entry,
    EntryChoice,
    EntryState,
    SecondKeying,
    Task,
)
from downtime.entry.open_form import open_form
from downtime.entry.policies import check_reason
from downtime.entry.send_back_entry import archive_second_keying
from downtime.entry.store import entries, entries_elsewhere, second_keyings
from downtime.errors import ForbiddenError, NotFoundError
from downtime.paper import serials
from downtime.settings import Settings
from downtime.vault.model import Actor
from downtime.vault.vault import Vault

_ACTIONS = {
    EntryChoice.LOCAL: AuditAction.ENTRY_KEEP_HERE,
    EntryChoice.ELSEWHERE: AuditAction.ENTRY_KEEP_THERE,
}


@dataclass(frozen=True, slots=True)
class DuplicateEntry:
    """An entry on this machine, and another of the same form on a laptop."""

    local: Entry
    elsewhere: EntryElsewhere

    @property
    def serial(self) -> str:
        """The form's serial."""
        return self.local.serial


def find_duplicate_entries(db: Database) -> list[DuplicateEntry]:
    """Every form with an entry elsewhere that is neither the one here nor what it came from."""
    pairs = []
    for row in entries_elsewhere.find_unsettled(db):
        item = read_elsewhere(row)
        local = entries.fetch_entry(db, item.serial)
        if local and not _is_known(db, local, item.entry):
            pairs.append(DuplicateEntry(local, item))
    return pairs


def _is_known(db: Database, local: Entry, other: Entry) -> bool:
    """Whether what was keyed there is what is here, or what was here before it was corrected."""
    keyed = (other.transcriber, dict(other.answers))
    if keyed == (local.transcriber, dict(local.answers)):
        return True
    past = entries.fetch_past(db, local.serial)
    return any(keyed == (version.transcriber, version.answers) for version in past)


def get_duplicate_entry(vault: Vault, serial: str, device: str) -> DuplicateEntry:
    """The two entries of a form; NotFoundError when there is no second one, or it is settled."""
    return _get_pair(vault.db, serials.parse_serial(serial), device)


def settle_duplicate_entry(
    vault: Vault,
    settings: Settings,
    serial: str,
    device: str,
    choice: EntryChoice,
    actor: Actor,
    reason: str,
) -> Entry:
    """Say which of two entries counts: that of this machine, or that of the laptop `device`.

    The other one is kept with what the form said before. One that is adopted is keyed a second time
    and verified anew. InputError without a reason; ForbiddenError for whoever keyed one of them;
    ConflictError while somebody else has the form on the screen; NotFoundError.
    """
    reason = check_reason(reason)
    form = open_form(vault, serial, settings)
    number = form.issued.serial
    target = f"{number}: {device}"
    with vault.change(actor, _ACTIONS[choice], target=target, reason=reason) as db:
        now = vault.now()
        pair = _get_pair(db, number, device)
        _check_keyed_neither(pair, second_keyings.fetch(db, number), actor)
        check_not_claimed(db, number, actor, now)
        entries_elsewhere.save_settled(db, number, device, pair.elsewhere.digest)
        if choice == EntryChoice.LOCAL:
            entry, put_aside = pair.local, pair.elsewhere.entry
        else:
            entry, put_aside = _adopt(vault, form, pair, now), pair.local
            entry = _hold_implausible(vault, settings, replace(form, entry=entry), entry)
        entries.save_past(db, put_aside, now, actor.id, reason)
        if choice == EntryChoice.ELSEWHERE:
            archive_second_keying(db, pair.local, now, actor, reason)
            adopted = replace(pair.elsewhere, entry=entry, second=None)
            replace_entry(db, adopted, entry.outage)
        align_ledger(db, entry, actor, now, reason)
        return entry


def _hold_implausible(vault: Vault, settings: Settings, form: KeyedForm, entry: Entry) -> Entry:
    """The entry, which waits to be confirmed first when a value of it is implausible."""
    if entry.state == EntryState.DRAFT or not find_unconfirmed(vault, settings, form, entry):
        return entry
    return replace(entry, waits=Task.CONFIRM)


def _check_keyed_neither(pair: DuplicateEntry, second: SecondKeying | None, actor: Actor) -> None:
    """ForbiddenError for whoever keyed one of the two, first or second."""
    people = {pair.local.transcriber, pair.elsewhere.entry.transcriber}
    people |= {keying.person for keying in (second, pair.elsewhere.second) if keying}
    if actor.id in people:
        raise ForbiddenError(
            "entry.own", "You keyed one of the two.", "Ask a colleague to settle it."
        )


def _get_pair(db: Database, serial: str, device: str) -> DuplicateEntry:
    for pair in find_duplicate_entries(db):
        if (pair.serial, pair.elsewhere.device) == (serial, device):
            return pair
    raise NotFoundError(
        "entry.no-duplicate", "This form has no second entry.", "See the list of duplicates."
    )


def _adopt(vault: Vault, form: KeyedForm, pair: DuplicateEntry, now: str) -> Entry:
    """The laptop's entry as the one here: a draft as such, any other to be verified anew."""
    answers = pair.elsewhere.entry.answers
    adopted = reopen_entry(
        pair.elsewhere.entry,
        is_critical=has_critical_answers(vault, form, answers),
        is_empty=pair.elsewhere.entry.state != EntryState.DRAFT and is_empty(vault, form, answers),
    )
    if pair.elsewhere.entry.state == EntryState.DRAFT:
        adopted = replace(adopted, state=EntryState.DRAFT, waits=Task.NONE)
    return replace(
        adopted,
        outage=pair.local.outage,
        changed=now,
        corrections=pair.local.corrections + 1,
    )
