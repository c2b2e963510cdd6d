"""What must be said once is: forms in their files, lifecycles, permissions and settings in tables."""

import ast
import re
from collections import Counter

import pytest

from downtime.paper.forms import load_form
from downtime.vault.lifecycle import Lifecycle
from tests.contract import house

FORMS = sorted((house.ROOT / "forms").glob("*.yaml"))
HYPHENATED = [path.stem for path in FORMS if "-" in path.stem]


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_a_form_is_free_of_mistakes_and_named_as_its_file(path):
    assert load_form.check_file(path) == []
    assert load_form.load_form(path.stem).name == path.stem


def test_no_code_knows_a_form_by_name():
    """Adding, removing or renaming a form is a change of files and settings, never of code."""
    allowed = {"downtime.settings"}
    violations = [
        f"{module.path.relative_to(house.ROOT)}:{line} {text!r}"
        for module in house.modules()
        if module.name not in allowed and module.room != "demo"
        for line, text in house.texts(module)
        if text in HYPHENATED
    ]
    assert not violations, "\n".join(violations)


def test_no_screen_knows_a_form_by_name():
    pages = (house.ROOT / "templates").rglob("*.*")
    violations = [
        f"{page.relative_to(house.ROOT)} names {name}"
        for page in pages
        for name in HYPHENATED
        if name in page.read_text(encoding="utf-8")
    ]
    assert not violations, "\n".join(violations)


def test_screens_and_commands_ask_the_permission_table_not_the_role():
    """`person.role == …` on a screen would be a second permission table."""
    violations = [
        f"{module.path.relative_to(house.ROOT)}:{node.lineno}"
        for module in house.modules()
        if module.room in ("web", "cli")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Compare)
        for side in ast.walk(node)
        if isinstance(side, ast.Attribute) and side.attr in ("role", "roles")
    ]
    assert not violations, "\n".join(violations)


def test_each_lifecycle_is_one_table():
    tables = [value for _, value in house.generator().all_lifecycles()]
    assert max(Counter(table.name for table in tables).values()) == 1
    places = [
        f"{module.name}:{node.lineno}"
        for module in house.modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Lifecycle"
    ]
    assert len(places) == len(tables), places


@pytest.mark.parametrize("lifecycle", [v for _, v in house.generator().all_lifecycles()], ids=str)
def test_every_state_of_a_lifecycle_can_be_reached(lifecycle: Lifecycle):
    reached, states = set(), list(lifecycle.moves)
    ahead = states[:1]
    while ahead:
        state = ahead.pop()
        if state not in reached:
            reached.add(state)
            ahead += lifecycle.moves[state]
    assert reached == set(states)


def test_pages_ask_nothing_from_elsewhere():
    """No address of another machine in a page, a style or a script: it would fail when it matters."""
    folders = (house.ROOT / "templates", house.PACKAGE / "web" / "static")
    address = re.compile(r"""(?:src|href|action|url)\s*[=(]\s*["']?https?://""")
    violations = [
        str(path.relative_to(house.ROOT))
        for folder in folders
        for path in folder.rglob("*")
        if path.suffix in (".html", ".css", ".js", ".svg", ".jinja", ".j2")
        and address.search(path.read_text(encoding="utf-8"))
    ]
    assert violations == []
