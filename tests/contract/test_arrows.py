"""A room imports only from floors below its own; SQL and patient-free rooms stay where they are."""

import ast
import re
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter

import pytest

from tests.contract import house
from tests.contract.house import FLOORS, Import, Module

SQL = re.compile(r"\s*(SELECT|INSERT (OR \w+ )?INTO|UPDATE \w+ SET|DELETE FROM|CREATE|PRAGMA)\b")
"""How a statement begins; upper case, as everywhere in this project."""


def faults(module: Module) -> list[str]:
    """Its imports that run up the house, or across a floor."""
    return [
        str(imported)
        for imported in house.imports(module)
        if imported.room and not allowed(imported)
    ]


def allowed(imported: Import) -> bool:
    """Within one room anything; to another only downwards. The ground floor is one room."""
    if (
        imported.room == imported.module.room
        or {imported.room, imported.module.room} <= house.GROUND
    ):
        return True
    return FLOORS[imported.room] < FLOORS[imported.module.room]


def test_every_module_stands_in_a_known_room():
    rooms = {module.room for module in house.modules()} - {""}
    assert rooms <= set(FLOORS), f"no floor is given for {sorted(rooms - set(FLOORS))}"
    assert not (house.PACKAGE.parent / "src").exists()


def test_imports_run_only_down():
    violations = [fault for module in house.modules() if module.room for fault in faults(module)]
    assert not violations, "\n".join(violations)


def test_no_files_import_each_other_in_a_circle():
    """Not inside a function either: each file can be read after those that it rests on."""
    modules = {module.name: module for module in house.modules()}
    rests_on = {
        name: {
            imported.target if imported.target in modules else imported.target.rpartition(".")[0]
            for imported in house.imports(module)
        }
        for name, module in modules.items()
    }
    try:
        TopologicalSorter(rests_on).prepare()
    except CycleError as error:
        pytest.fail(" → ".join(error.args[1]))


def test_the_package_itself_imports_no_room():
    (package,) = (module for module in house.modules() if not module.room)
    assert [str(i) for i in house.imports(package)] == []


def test_only_the_server_entry_imports_the_screens():
    """`wsgi.py` is the one file at the top; it imports the app factory and nothing else of ours."""
    path = house.ROOT / "wsgi.py"
    entry = Module("wsgi", "wsgi", path, ast.parse(path.read_text(encoding="utf-8")))
    assert {imported.room for imported in house.imports(entry) if imported.room} <= {
        "web",
        "config",
    }
    assert [p.name for p in house.ROOT.glob("*.py")] == ["wsgi.py"]


@pytest.mark.parametrize("room", house.MUST_NOT_KNOW)
def test_a_room_does_not_know_what_it_must_not(room):
    inside = [module for module in house.modules() if module.room == room]
    assert inside
    assert_none_of(inside, house.MUST_NOT_KNOW[room])


def test_the_comparison_is_pure():
    (compare,) = (m for m in house.modules() if m.name == "downtime.reconcile.compare.comparison")
    assert_none_of([compare], house.FILES | house.DATABASES | {"downtime.vault"})


def assert_none_of(modules: list[Module], forbidden: set[str]) -> None:
    violations = [str(i) for module in modules for i in house.imports(module) if i.is_of(forbidden)]
    assert not violations, "\n".join(violations)


@pytest.mark.parametrize("room", ["web", "cli"])
def test_screens_and_commands_hold_no_sql(room):
    violations = [
        f"{module.path.relative_to(house.ROOT)}:{line} {text[:50]!r}"
        for module in house.modules()
        if module.room == room
        for line, text in [*house.texts(module), *connections(module)]
        if SQL.match(text)
    ]
    assert not violations, "\n".join(violations)


def connections(module: Module) -> Iterator[tuple[int, str]]:
    """Where a module asks a connection itself (`vault.db.query(…)`), as if it were a statement.

    Handing the connection on to a room's function is no SQL.
    """
    for node in ast.walk(module.tree):
        match node:
            case ast.Attribute(value=asked) | ast.Subscript(value=asked):
                if getattr(asked, "attr", getattr(asked, "id", "")) in ("db", "conn"):
                    yield node.lineno, "SELECT through a connection"


def test_a_room_touches_only_its_own_tables():
    """A table belongs to the room whose migration creates it; others go through its functions."""
    owners = {
        table: path.parent.parent.name
        for path in house.PACKAGE.glob("*/migrations/*.sql")
        for table in re.findall(r"CREATE TABLE (\w+)", path.read_text(encoding="utf-8"))
    }
    violations = [
        f"{module.path.relative_to(house.ROOT)}:{line} uses {table!r} of {owner!r}"
        for module in house.modules()
        for line, table in tables_used(module)
        if (owner := owners.get(table, module.room)) != module.room
        and table not in created_in_code(module.room)
    ]
    assert {"audit", "outage"} <= set(owners)
    assert not violations, "\n".join(violations)


def tables_used(module: Module) -> Iterator[tuple[int, str]]:
    """Tables named in SQL, or as `db["table"]` or `db.table("table")`."""
    for line, text in house.texts(module):
        for table in re.findall(r"\b(?:FROM|JOIN|INTO|UPDATE) (\w+)\b", text):
            yield line, table
    for node in ast.walk(module.tree):
        match node:
            case (
                ast.Subscript(
                    value=ast.Name(id="db") | ast.Attribute(attr="db"),
                    slice=ast.Constant(value=str(table)),
                )
                | ast.Call(
                    func=ast.Attribute(attr="table"), args=[ast.Constant(value=str(table)), *_]
                )
            ):
                yield node.lineno, table


def created_in_code(room: str) -> set[str]:
    """Tables of databases that a room makes without migrations (an opened snapshot, a state)."""
    return {
        table
        for module in house.modules()
        if module.room == room
        for _, text in house.texts(module)
        for table in re.findall(r"CREATE TABLE (?:IF NOT EXISTS )?(\w+)", text)
    }


@pytest.mark.parametrize(
    ("source", "room", "expected"),
    [
        ("from downtime.web import create_app", "paper", True),
        ("def f():\n    from downtime import cli", "web", True),
        ("import downtime.snapshot.store.opened_snapshot", "feeds", True),
        ("from ..web import views", "paper", True),
        ("from importlib import import_module\nimport_module('downtime.web')", "cli", True),
        ("from downtime.vault import audit", "paper", False),
        ("from . import store", "paper", False),
    ],
)
def test_the_check_itself_sees_every_kind_of_import(source, room, expected):
    path = house.PACKAGE / room / "example.py"
    module = Module(f"downtime.{room}.example", room, path, ast.parse(source))
    assert bool(faults(module)) is expected
