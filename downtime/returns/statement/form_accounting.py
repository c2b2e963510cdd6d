"""Every form to zero: issued = returned + void + lost + still out, for each ward and form."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from downtime.config import read_data_file
from downtime.paper.model import FormState

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
