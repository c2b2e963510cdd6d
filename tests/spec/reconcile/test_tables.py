"""Every row of the rules' tables comes out as it is printed in docs/rules.md."""

import re
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from downtime.reconcile.compare.comparison import compare_facts
from downtime.reconcile.record_index import RecordIndex
from downtime.reconcile.rules.registry import RULES
from downtime.reconcile.wording import explain
from downtime.settings import Settings
from tests.spec.reconcile.all_tables import TABLES
from tests.spec.reconcile.tables import ANN, BOB, Row

ZONE = ZoneInfo(Settings().site.time_zone)

ROWS = [(table.title, row) for table in TABLES for row in table.rows]


def found(row: Row):
    before = RecordIndex((*row.before,))
    after = RecordIndex((ANN, BOB, *row.after), delivered_types=row.told)
    *_, item = compare_facts(before, [*row.others, row.fact], after, Settings())
    return item


def has_spec(record_type):
    """Whether a type has a specification of its own, such as test_flag.py, instead of a table."""
    words = re.findall("[A-Z][a-z]+", record_type)
    return Path(__file__).with_name(f"test_{'_'.join(words).lower()}.py").exists()


@pytest.mark.parametrize(("title", "row"), ROWS, ids=lambda value: getattr(value, "paper", value))
def test_a_row(title, row):
    item = found(row)
    assert (item.state, explain(item, ZONE), item.needs_second_person) == (
        row.state,
        row.sentence,
        row.second,
    )


def test_every_type_has_a_table_and_every_state_that_needs_a_person_is_shown():
    types = {row.fact.type for _, row in ROWS}
    assert {name for name in RULES if not has_spec(name)} <= types
    assert {row.state for _, row in ROWS} >= {
        "new",
        "already-there",
        "newer-live",
        "conflict",
        "held",
    }
