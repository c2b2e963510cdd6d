"""Which forms an outage used and what became of them, as the ledger says.

A pack that was printed before anything failed belongs to no outage. Once one of its forms is used,
it is accounted for with the outage in which it was written on: by the time of what it says once it
is keyed, else by when it came back or was declared lost. What was never used waits for the next one.
"""

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any

from downtime.entry.model import EntryState
from downtime.entry.store import entries as entry_store
from downtime.entry.store.entries import EntryTimes
from downtime.outage.laptop_outages import find_paper_window
from downtime.outage.model import Outage
from downtime.paper import ledger
from downtime.paper.model import FormState, IssuedForm
from downtime.paper.store import issued_forms
from downtime.paper.store.issued_forms import FormLine
from downtime.returns.statement.form_accounting import AccountRow, Tally, account_forms
from downtime.vault.vault import Vault

USED = (FormState.RETURNED, FormState.KEYED, FormState.VERIFIED, FormState.FILED, FormState.LOST)
"""States of a form printed ahead that say that it was used, or gone, during an outage."""


_SUBMITTED = tuple(state for state in EntryState if state != EntryState.DRAFT)


def list_used_ahead(vault: Vault, outage: Outage, *states: FormState) -> list[IssuedForm]:
    """Forms printed ahead that were used in this outage, in these states or in any of `USED`."""
    used = [
        form
        for state in states or USED
        for form in ledger.list_in_states(vault, "", state)
        if not form.drill
    ]
    if not used:
        return []
    times = entry_store.fetch_times(vault.db)
    start, end = find_paper_window(vault.db, outage)
    return [form for form in used if start <= _find_use(form, times) < end]


def _find_use(form: IssuedForm, times: Mapping[str, EntryTimes]) -> str:
    """When a form was used: by what it says once it is keyed, else by when it was moved last."""
    entry = times.get(form.serial)
    return (entry.event if entry else "") or form.changed_at


def account_outage_forms(
    vault: Vault, outage: Outage, ahead: Sequence[IssuedForm], scanned: Container[str]
) -> tuple[list[AccountRow], AccountRow]:
    """Every form's fate by ward and form, and the total; `ahead` as `list_used_ahead` gives it.

    UnbalancedError when the sums do not meet what the ledger counts.
    """
    forms: list[IssuedForm | FormLine] = [
        *issued_forms.fetch_lines(vault.db, outage.id, FormState),
        *ahead,
    ]
    issued = sum(count.number for count in ledger.count_forms(vault, outage.id)) + len(ahead)
    return account_forms(_count_tallies(vault, forms, scanned), issued)


def _count_tallies(
    vault: Vault, forms: Iterable[IssuedForm | FormLine], scanned: Container[str]
) -> Iterable[Tally]:
    states = entry_store.fetch_states(vault.db)
    entered = {serial for serial, state in states.items() if state in _SUBMITTED}
    counts = Counter(
        Tally(f.ward, f.form, f.state, f.serial in entered, f.serial in scanned) for f in forms
    )
    return [tally._replace(number=number) for tally, number in counts.items()]


def count_by_ward(forms: Iterable[IssuedForm]) -> dict[str, Any]:
    """How many forms these are, by ward."""
    counts = Counter(form.ward for form in forms)
    return {"forms": counts.total(), "wards": dict(sorted(counts.items()))}
