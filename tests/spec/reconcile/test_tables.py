"""Every row of the rules' tables comes out as it is printed in docs/rules.md."""

import pytest

from downtime.reconcile.compare.comparison import RULES, compare_facts
from downtime.reconcile.record_index import RecordIndex
from downtime.settings import Settings
from tests.spec.reconcile.tables import ANN, BOB, TABLES, Row

ROWS = [(table.title, row) for table in TABLES for row in table.rows]


def found(row: Row):
    before = RecordIndex((*row.before,))
    after = RecordIndex((ANN, BOB, *row.after), delivered_types=row.told)
    *_, item = compare_facts(before, [*row.others, row.fact], after, Settings())
    return item


@pytest.mark.parametrize(("title", "row"), ROWS, ids=lambda value: getattr(value, "paper", value))
def test_a_row(title, row):
    item = found(row)
    assert (item.state, item.explanation, item.needs_second_person) == (
        row.state,
        row.sentence,
        row.second,
    )


def test_every_type_has_a_table_and_every_state_that_needs_a_person_is_shown():
    types = {row.fact.type for _, row in ROWS}
    assert set(RULES) <= types
    assert {row.state for _, row in ROWS} >= {
        "new",
        "already-there",
        "newer-live",
        "conflict",
        "held",
    }
