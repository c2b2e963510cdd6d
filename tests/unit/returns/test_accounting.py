"""A statement that does not balance cannot be made."""

import pytest

from downtime.paper.issue import LIFECYCLE, Count
from downtime.returns.accounting import FATES, UnbalancedError, account


def test_every_state_of_the_ledger_has_a_fate():
    assert set(FATES) == set(LIFECYCLE.moves)


def test_sums_meet_for_each_row_and_in_total():
    counts = [
        Count("A1", "f", "issued", 3),
        Count("A1", "f", "verified", 4),
        Count("A1", "f", "void", 2),
        Count("B2", "f", "lost", 1),
        Count("B2", "f", "filed", 5),
    ]
    rows, total = account(counts, 15)
    assert [(r.ward, r.issued, r.returned, r.void, r.lost, r.out) for r in rows] == [
        ("A1", 9, 4, 2, 0, 3),
        ("B2", 6, 5, 0, 1, 0),
    ]
    assert total.issued == total.returned + total.void + total.lost + total.out == 15


@pytest.mark.parametrize(
    ("counts", "issued"),
    [([Count("A1", "f", "issued", 3)], 4), ([Count("A1", "f", "burnt", 1)], 1)],
)
def test_what_does_not_balance_is_a_fault_not_a_statement(counts, issued):
    with pytest.raises(UnbalancedError):
        account(counts, issued)
