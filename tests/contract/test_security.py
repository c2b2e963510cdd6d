"""The page on security names every room that sees patients, and no other room comes to see them."""

import ast
import re

from tests.contract import house

PATIENT_DATA = {
    "downtime.clinical.model",
    "downtime.clinical.display",
    "downtime.feeds.model",
    "downtime.snapshot.store.opened_snapshot",
    "downtime.entry",
    "downtime.paper",
}


def named_rooms() -> set[str]:
    page = (house.ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    section = page.partition("## Rooms that see it")[2].partition("\n## ")[0]
    return set(re.findall(r"^\| `(\w+)` \|", section, re.M))


def test_the_page_names_every_room_that_sees_patients():
    seeing = {
        module.room
        for module in house.modules()
        for imported in house.imports(module)
        if imported.is_of(PATIENT_DATA)
    }
    assert seeing - {"clinical"} == named_rooms() - {"clinical"}


def test_no_page_puts_what_a_person_types_into_an_address():
    """Searches are posted: a text sent by GET would leave a name in histories and in logs."""
    form = re.compile(r"<form\b([^>]*)>(.*?)</form>", re.I | re.S)
    typed = re.compile(r"""<textarea|type="(text|search|password)"|\b(input|textarea)\(""")
    violations = [
        f"{page.name}: <form{attributes}>"
        for page in (house.ROOT / "templates" / "web").rglob("*.html")
        for attributes, body in form.findall(page.read_text(encoding="utf-8"))
        if 'method="post"' not in attributes.lower() and typed.search(body)
    ]
    assert violations == []


def test_no_module_prints_or_writes_log_lines_with_values():
    """A log line is a fixed sentence; what varies in it (a name, a value) would be patient data."""
    levels = {"debug", "info", "warning", "error", "exception", "critical", "log"}
    violations = [
        f"{module.path.relative_to(house.ROOT)}:{node.lineno}"
        for module in house.modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in levels
        and getattr(node.func.value, "id", "") in ("log", "logger", "logging")
        and any(isinstance(argument, ast.JoinedStr) for argument in node.args)
    ]
    assert violations == []
