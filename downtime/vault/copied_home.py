"""What people hear of a home that was copied, put back, or has lost its marks, until one of them has read it."""

import sqlcipher3

from downtime.errors import ConflictError, NotFoundError
from downtime.vault.database import transaction
from downtime.vault.find_copies import MarkFinding, compare_marks
from downtime.vault.marks import MarkName
from downtime.vault.model import Actor, AuditAction
from downtime.vault.policies import check_reason
from downtime.vault.raise_marks import follow_marks
from downtime.vault.store import mark_rows
from downtime.vault.store.mark_rows import MarkEvent
from downtime.vault.vault import Vault

NEXT_STEP = (
    "If the first one is still in use, stop using this one and set it up anew; else go on. An"
    " administrator says what happened ('downtime marks read --reason TEXT', or the page Audit),"
    " and this is shown no more."
)


def check_at_opening(vault: Vault) -> None:
    """Compare vault and marks; a disk that cannot be written keeps nobody from reading."""
    if vault.is_read_only or compare_marks(vault, vault.db)[0] == MarkFinding.FITS:
        return
    try:
        with transaction(vault.db) as db:
            follow_marks(vault, db)
    except (OSError, sqlcipher3.OperationalError, ConflictError):
        return  # found again before the next number is given out


def list_sentences(vault: Vault) -> list[str]:
    """What was found and nobody has read yet, oldest first."""
    return [describe_event(event) for event in mark_rows.fetch_unread_events(vault.db)]


def list_notices(vault: Vault) -> list[str]:
    """What whoever has just opened the vault should know of it."""
    sentences = list_sentences(vault)
    return [*filter(None, [vault.notice]), *sentences, *[NEXT_STEP] * bool(sentences)]


def list_messages(vault: Vault) -> list[str]:
    """As `list_notices`, beside a banner that shows what was found."""
    found_anything = bool(mark_rows.fetch_unread_events(vault.db))
    notice = "" if vault.is_read_only else vault.notice  # which has a banner of its own
    return [*filter(None, [notice]), *[NEXT_STEP] * found_anything]


def describe_event(event: MarkEvent) -> str:
    """The sentence for people."""
    device = event.facts["device"]
    serial = event.facts.get(MarkName.SERIAL, "")
    block = f" from new blocks: serials begin with {device}-{serial}" if serial else ""
    match MarkFinding(event.finding):
        case MarkFinding.COPIED:
            return (
                f"This home is a copy of machine {device}'s, or was put back from one. It gives out"
                f" numbers{block}, so that none is given out twice."
            )
        case MarkFinding.LOST:
            return (
                f"The marks of machine {device}, which say how far it had come, are missing or were"
                f" changed. It gives out numbers{block}, so that none is given out twice."
            )
        case _:
            return (
                f"The vault of machine {device} is older than its marks: it was put back from a"
                " backup, and what was done since is missing. Numbers go on above those that were"
                " given out."
            )


def confirm_reading(vault: Vault, actor: Actor, reason: str) -> int:
    """Somebody has read what was found, and says what happened; how many findings they were."""
    reason = check_reason(reason, "marks.reason", "Say in a few words what was copied or put back.")
    with vault.change(actor, AuditAction.MARKS_READ, target=actor.device, reason=reason) as db:
        count = mark_rows.set_events_read(db, vault.now(), actor.id)
        if not count:
            raise NotFoundError(
                "marks.none", "Nothing was found that has to be read.", "Nothing needs doing."
            )
    return count
