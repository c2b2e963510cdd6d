"""A signature and a closing have one door each: no other module makes what they rest on."""

import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "downtime"


@pytest.mark.parametrize(
    ("pattern", "door"),
    [
        (r"(?<!class )\bPasswordProof\(", "accounts/confirm_person.py"),
        (r"(?<!def )\bset_closed\(", "returns/statement/close_books.py"),
        (r"(?<!def )\bset_reopened\(", "returns/statement/close_books.py"),
        (r"(?<!def )\binsert_signature\(", "returns/statement/sign_statement.py"),
        (r"(?<!def )\bsave_second\(", "returns/statement/explain_problem.py"),
        (r"OutageState\.CLOSED, at\)", "outage/outages.py"),
    ],
)
def test_only_its_door_makes_it(pattern, door):
    users = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if re.search(pattern, path.read_text())
    }
    assert users == {door}
