"""The forms of an outage for the statement: its ledger, and paper printed ahead that was used in it.

A pack that was printed before anything failed belongs to no outage. Once one of its forms is used,
it is accounted for with the outage in which it was written on: by the time of what it says once it
is keyed, else by when it came back or was declared lost. What was never used waits for the next one.
"""

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any

from downtime.entry import store as entry_store
from downtime.entry.model import DRAFT, LIFECYCLE
from downtime.outage.model import Outage
from downtime.paper import ledger
from downtime.paper.issue import FILED, KEYED, LOST, RETURNED, VERIFIED, Issued
from downtime.paper.issue import LIFECYCLE as FORMS
from downtime.returns.statement.accounting import Row, Tally, account
from downtime.vault.vault import Vault

USED = (RETURNED, KEYED, VERIFIED, FILED, LOST)
"""States of a form printed ahead that say that it was used, or gone, during an outage."""
_STANDING = tuple(state for state in LIFECYCLE.moves if state != DRAFT)


def used_ahead(vault: Vault, outage: Outage, *states: str) -> list[Issued]:
    """Forms printed ahead that were used in this outage, in these states or in any of `USED`."""
    if outage.drill:
        return []
    found = [f for state in states or USED for f in ledger.in_state(vault, "", state)]
    if not any(not form.drill for form in found):
        return []
    events = {e.serial: e.event for e in entry_store.in_state(vault.db, *_STANDING)}
    return [f for f in found if not f.drill and was_used(f, events, outage)]


def was_used(form: Issued, events: Mapping[str, str], outage: Outage) -> bool:
    """Whether a form printed ahead was used in this outage; `events` by serial, of what is keyed."""
    when = events.get(form.serial) or form.changed_at
    return outage.opened <= when and (not outage.closed or when <= outage.closed)


def rows(
    vault: Vault, outage: Outage, ahead: Sequence[Issued], scanned: Container[str]
) -> tuple[list[Row], Row]:
    """Every form's fate by ward and form, and the total; `ahead` as `used_ahead` gives it.

    UnbalancedError when the sums do not meet what the ledger counts.
    """
    forms = [*ledger.in_state(vault, outage.id, *FORMS.moves), *ahead]
    issued = sum(count.n for count in ledger.counts(vault, outage.id)) + len(ahead)
    return account(_tallies(vault, forms, scanned), issued)


def _tallies(vault: Vault, forms: Iterable[Issued], scanned: Container[str]) -> Iterable[Tally]:
    entered = {entry.serial for entry in entry_store.in_state(vault.db, *_STANDING)}
    counts = Counter(
        Tally(f.ward, f.form, f.state, f.serial in entered, f.serial in scanned) for f in forms
    )
    return [tally._replace(n=n) for tally, n in counts.items()]


def by_ward(forms: Iterable[Issued]) -> dict[str, Any]:
    """How many forms these are, by ward."""
    counts = Counter(form.ward for form in forms)
    return {"forms": counts.total(), "wards": dict(sorted(counts.items()))}
