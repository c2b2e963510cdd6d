"""Release a list from quarantine: a person has looked at it, and says that it is right."""

from downtime.errors import NotFoundError
from downtime.ingest import policies
from downtime.ingest.find_messages import get_entry
from downtime.ingest.ledger import Ledger
from downtime.ingest.model import AuditAction
from downtime.ingest.read_ledger import get_raw
from downtime.ingest.record_messages import record_again
from downtime.ingest.store import messages
from downtime.vault.model import Actor
from downtime.vault.policies import check_reason
from downtime.vault.vault import Vault


def release_list(vault: Vault, ledger: Ledger, arrival: int, actor: Actor, reason: str) -> int:
    """Its new arrival number, under which the next build applies it whatever it lacks.

    It comes anew so that it is applied in its turn, once, and in every replay. ConflictError when
    it is not in quarantine, NotFoundError, InputError without a reason.
    """
    reason = check_reason(reason)
    policies.check_can_release(get_entry(ledger, arrival))
    stored = get_raw(ledger, arrival)
    if stored is None:
        raise NotFoundError(
            "ingest.gone", f"Message {arrival} is not kept any more.", "Send the list again."
        )
    with vault.change(actor, AuditAction.INGEST_RELEASE, target=str(arrival), reason=reason):
        released_as = record_again(ledger, stored.raw, arrival)
    path = ledger.find_day(arrival)
    if path is not None:
        with ledger.reading(path) as day, day.transaction() as db:
            messages.save_released_as(db, arrival, released_as)
    return released_as
