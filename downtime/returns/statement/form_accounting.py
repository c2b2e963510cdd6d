"""Every form to zero: issued = returned + void + lost + still out, for each ward and form.

A pack that was printed before anything failed belongs to no outage. Once one of its forms is used,
it is accounted for with the outage in which it was written on: by the time of what it says once it
is keyed, else by when it came back or was declared lost. What was never used waits for the next one.
"""

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from downtime.config import read_data_file
from downtime.entry.model import EntryState
from downtime.entry.store import entries as entry_store
from downtime.outage.model import Outage
from downtime.paper import ledger
from downtime.paper.model import FormState, IssuedForm
from downtime.vault.vault import Vault

FATES = {
    FormState.ISSUED: "out",
    FormState.COLLECTED: "out",
    FormState.RETURNED: "returned",
    FormState.KEYED: "returned",
    FormState.VERIFIED: "returned",
    FormState.FILED: "returned",
    FormState.VOID: "void",
    FormState.LOST: "lost",
}
"""What became of a form, for each state of the ledger; a state without a row cannot be counted."""


COLUMNS: Mapping[str, str] = read_data_file("downtime.returns", "titles.toml")["forms"]
"""The counts of a row in the order shown, and their headings."""


class UnbalancedError(Exception):
    """The sums do not meet: a fault of the program, never printed as a statement."""


class Tally(NamedTuple):
    """How many forms of a kind, on a ward, are in a state, and what was made of their contents."""

    ward: str
    form: str
    state: FormState
    entered: bool = False
    """Whether an entry stands for them."""
    scanned: bool = False
    """Whether a picture of them is kept."""
    number: int = 1


@dataclass(slots=True)
class AccountRow:
    """The forms of one kind on one ward; what follows `out` divides the returned in several ways.

    `entered` + `as_scan` + `unentered` + `waiting` = `returned`. Of the entered, `keyed` are not
    verified yet; `filed` are all papers that lie in their files. `unentered` are kept as paper by
    policy, without a picture.
    """

    ward: str
    form: str
    issued: int = 0
    returned: int = 0
    void: int = 0
    lost: int = 0
    out: int = 0
    waiting: int = 0
    entered: int = 0
    as_scan: int = 0
    unentered: int = 0
    keyed: int = 0
    verified: int = 0
    filed: int = 0

    def add(self, tally: Tally) -> None:
        """Count forms; UnbalancedError for a state of the ledger without a fate."""
        if tally.state not in FATES:
            raise UnbalancedError(f"no fate is defined for the state '{tally.state}'")
        fate = FATES[tally.state]
        names = ["issued", fate]
        if fate == "returned":
            names.append(_content_of(tally))
        if tally.state in (FormState.KEYED, FormState.VERIFIED, FormState.FILED):
            names.append(tally.state)
        for name in names:
            setattr(self, name, getattr(self, name) + tally.number)

    def check(self) -> None:
        """UnbalancedError unless every issued form has exactly one fate, and each returned one."""
        fates = self.returned + self.void + self.lost + self.out
        contents = self.entered + self.as_scan + self.unentered + self.waiting
        if self.issued != fates or self.returned != contents:
            raise UnbalancedError(f"{self.form} on {self.ward} does not balance")


def _content_of(tally: Tally) -> str:
    if tally.state == FormState.RETURNED:
        return "waiting"
    if tally.state in (FormState.KEYED, FormState.VERIFIED) or tally.entered:
        return "entered"
    return "as_scan" if tally.scanned else "unentered"


def account_forms(tallies: Iterable[Tally], issued: int) -> tuple[list[AccountRow], AccountRow]:
    """Rows by ward and form, and their total; `issued` is what the ledger holds altogether.

    UnbalancedError when a row, or the total against `issued`, does not balance.
    """
    rows: dict[tuple[str, str], AccountRow] = {}
    total = AccountRow("", "")
    for tally in tallies:
        row = rows.setdefault((tally.ward, tally.form), AccountRow(tally.ward, tally.form))
        row.add(tally)
        total.add(tally)
    for row in (*rows.values(), total):
        row.check()
    if total.issued != issued:
        raise UnbalancedError(f"{total.issued} forms counted, {issued} issued")
    return [rows[key] for key in sorted(rows)], total


USED = (FormState.RETURNED, FormState.KEYED, FormState.VERIFIED, FormState.FILED, FormState.LOST)
"""States of a form printed ahead that say that it was used, or gone, during an outage."""
_SUBMITTED = tuple(state for state in EntryState if state != EntryState.DRAFT)


def list_used_ahead(vault: Vault, outage: Outage, *states: FormState) -> list[IssuedForm]:
    """Forms printed ahead that were used in this outage, in these states or in any of `USED`."""
    if outage.drill:
        return []
    used = [
        form
        for state in states or USED
        for form in ledger.list_in_states(vault, "", state)
        if not form.drill
    ]
    if not used:
        return []
    events = {e.serial: e.event for e in entry_store.find_in_state(vault.db, *_SUBMITTED)}
    return [form for form in used if was_used(form, events, outage)]


def was_used(form: IssuedForm, events: Mapping[str, str], outage: Outage) -> bool:
    """Whether a form printed ahead was used in this outage; `events` by serial, of what is keyed."""
    when = events.get(form.serial) or form.changed_at
    return outage.opened <= when and (not outage.closed or when <= outage.closed)


def account_outage_forms(
    vault: Vault, outage: Outage, ahead: Sequence[IssuedForm], scanned: Container[str]
) -> tuple[list[AccountRow], AccountRow]:
    """Every form's fate by ward and form, and the total; `ahead` as `list_used_ahead` gives it.

    UnbalancedError when the sums do not meet what the ledger counts.
    """
    forms = [*ledger.list_in_states(vault, outage.id, *FormState), *ahead]
    issued = sum(count.number for count in ledger.count_forms(vault, outage.id)) + len(ahead)
    return account_forms(_count_tallies(vault, forms, scanned), issued)


def _count_tallies(
    vault: Vault, forms: Iterable[IssuedForm], scanned: Container[str]
) -> Iterable[Tally]:
    entered = {entry.serial for entry in entry_store.find_in_state(vault.db, *_SUBMITTED)}
    counts = Counter(
        Tally(f.ward, f.form, f.state, f.serial in entered, f.serial in scanned) for f in forms
    )
    return [tally._replace(number=number) for tally, number in counts.items()]


def count_by_ward(forms: Iterable[IssuedForm]) -> dict[str, Any]:
    """How many forms these are, by ward."""
    counts = Counter(form.ward for form in forms)
    return {"forms": counts.total(), "wards": dict(sorted(counts.items()))}
