"""SQL stands in a room's `store.py` or `store/` and nowhere else, fragments included."""

import ast
import re

import pytest

from tests.contract import house
from tests.contract.house import Module

FRAGMENT = re.compile(
    r"\b(?:SELECT (?:\w|\*|\()|INSERT (?:OR \w+ )?INTO|UPDATE \w+ SET|DELETE FROM|CREATE (?:TABLE|INDEX)"
    r"|PRAGMA \w|WHERE [\w(]|ORDER BY|GROUP BY|(?:LEFT |INNER )?JOIN \w+ (?:ON|USING)|ON CONFLICT"
    r"|VALUES \(|UNION ALL|LIMIT \?|EXISTS \(|IN \(\?|IS (?:NOT )?NULL"
    r"|(?:AND|OR) [\w.]+ ?(?:=|<>|<|>|<=|>=|IN|LIKE|IS|GLOB)\b ?|\b\w+ (?:=|<>|<|>|<=|>=) \?)"
)
"""Statements and pieces of them; upper case, as everywhere in this project."""
DATABASE_MODULES = {
    f"downtime.vault.{name}" for name in ("database", "schema", "backup", "key_rotation")
}
"""Where databases are opened and migrated: no room's tables are named there."""


def is_store(module: Module) -> bool:
    """Whether SQL may stand there."""
    parts = module.name.split(".")
    return "store" in parts or "migrations" in parts or module.name in DATABASE_MODULES


def fragments(module: Module) -> list[str]:
    return [
        f"{module.path.relative_to(house.ROOT)}:{line} {text.strip()[:60]!r}"
        for line, text in house.texts(module)
        if FRAGMENT.search(text)
    ]


def test_sql_stands_in_stores_only():
    violations = [place for m in house.modules() if not is_store(m) for place in fragments(m)]
    assert not violations, "\n".join(violations)


def test_no_module_is_called_after_a_store():
    """A store that grows is split by table inside `store/`, never into `store_…` beside it."""
    violations = [m.name for m in house.modules() if m.name.rpartition(".")[2].startswith("store_")]
    assert violations == []


@pytest.mark.parametrize(
    "text",
    [
        "SELECT a FROM b",
        " WHERE outage = ?",
        "ORDER BY position",
        "AND state IN",
        "serial = ?",
        "decided IS NULL",
        " LIMIT ?",
        "INSERT OR REPLACE INTO x",
    ],
)
def test_the_check_itself_sees_fragments(text):
    module = Module("downtime.web.x", "web", house.PACKAGE / "x.py", ast.parse(f"x = {text!r}"))
    assert fragments(module)


@pytest.mark.parametrize("text", ["Select a ward", "Where is it?", "nothing is null", "a = b"])
def test_the_check_itself_passes_sentences(text):
    module = Module("downtime.web.x", "web", house.PACKAGE / "x.py", ast.parse(f"x = {text!r}"))
    assert fragments(module) == []
