"""A statement that does not balance cannot be made."""

import pytest

from downtime.paper.model import LIFECYCLE
from downtime.returns.statement.form_accounting import (
    COLUMNS,
    FATES,
    AccountRow,
    Tally,
    UnbalancedError,
    account_forms,
)


def test_every_state_of_the_ledger_has_a_fate():
    assert set(FATES) == set(LIFECYCLE.moves)


def test_every_count_has_a_heading():
    assert {"ward", "form", *COLUMNS} == set(AccountRow.__dataclass_fields__)


def test_sums_meet_for_each_row_and_in_total():
    tallies = [
        Tally("A1", "f", "issued", number=3),
        Tally("A1", "f", "verified", True, number=4),
        Tally("A1", "f", "void", number=2),
        Tally("B2", "f", "lost"),
        Tally("B2", "f", "filed", True, number=5),
    ]
    rows, total = account_forms(tallies, 15)
    assert [(r.ward, r.issued, r.returned, r.void, r.lost, r.out) for r in rows] == [
        ("A1", 9, 4, 2, 0, 3),
        ("B2", 6, 5, 0, 1, 0),
    ]
    assert total.issued == total.returned + total.void + total.lost + total.out == 15


def test_what_came_back_is_entered_filed_as_scan_kept_on_paper_or_waits():
    tallies = [
        Tally("A1", "f", "returned", number=1),
        Tally("A1", "f", "keyed", True, number=2),
        Tally("A1", "f", "filed", True, scanned=True, number=3),
        Tally("A1", "f", "filed", scanned=True, number=4),
        Tally("A1", "f", "filed", number=5),
    ]
    (row,), _ = account_forms(tallies, 15)
    assert (row.waiting, row.entered, row.as_scan, row.unentered) == (1, 5, 4, 5)
    assert (row.keyed, row.verified, row.filed) == (2, 0, 12)


@pytest.mark.parametrize(
    ("tallies", "issued"),
    [([Tally("A1", "f", "issued", number=3)], 4), ([Tally("A1", "f", "burnt")], 1)],
)
def test_what_does_not_balance_is_a_fault_not_a_statement(tallies, issued):
    with pytest.raises(UnbalancedError):
        account_forms(tallies, issued)
