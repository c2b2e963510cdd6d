"""Every form to zero: issued = returned + void + lost + still out, for each ward and form. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from downtime.paper.issue import (
    COLLECTED,
    FILED,
    ISSUED,
    KEYED,
    LOST,
    RETURNED,
    VERIFIED,
    VOID,
    Count,
)

FATES = {
    ISSUED: "out",
    COLLECTED: "out",
    RETURNED: "returned",
    KEYED: "returned",
    VERIFIED: "returned",
    FILED: "returned",
    VOID: "void",
    LOST: "lost",
}
"""What became of a form, for each state of the ledger; a state without a row cannot be counted."""


class UnbalancedError(Exception):
    """The sums do not meet: a fault of the program, never printed as a statement."""


@dataclass(slots=True)
class Row:
    """The forms of one kind on one ward. Keyed, verified and filed are among the returned."""

    ward: str
    form: str
    issued: int = 0
    returned: int = 0
    void: int = 0
    lost: int = 0
    out: int = 0
    keyed: int = 0
    verified: int = 0
    filed: int = 0

    def add(self, state: str, n: int) -> None:
        """Count `n` forms in a state of the ledger; UnbalancedError for one without a fate."""
        if state not in FATES:
            raise UnbalancedError(f"no fate is defined for the state '{state}'")
        self.issued += n
        setattr(self, FATES[state], getattr(self, FATES[state]) + n)
        if state in (KEYED, VERIFIED, FILED):
            setattr(self, state, getattr(self, state) + n)

    def check(self) -> None:
        """UnbalancedError unless every issued form has exactly one fate."""
        if self.issued != self.returned + self.void + self.lost + self.out:
            raise UnbalancedError(f"{self.form} on {self.ward} does not balance")


def account(counts: Iterable[Count], issued: int) -> tuple[list[Row], Row]:
    """Rows by ward and form, and their total; `issued` is what the ledger holds altogether.

    UnbalancedError when a row, or the total against `issued`, does not balance.
    """
    rows: dict[tuple[str, str], Row] = {}
    total = Row("", "")
    for count in counts:
        row = rows.setdefault((count.ward, count.form), Row(count.ward, count.form))
        for one in (row, total):
            one.add(count.state, count.n)
    for row in (*rows.values(), total):
        row.check()
    if total.issued != issued:
        raise UnbalancedError(f"{total.issued} forms counted, {issued} issued")
    return [rows[key] for key in sorted(rows)], total
