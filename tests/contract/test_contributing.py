"""CONTRIBUTING's list of where things are added is true: each example stands in those files only."""

import re
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.contract import house

DOCUMENT = house.ROOT / "CONTRIBUTING.md"
ROW = re.compile(r"^\| (an? [\w ]+) \| `([^`]+)` \| (.+) \|$", re.M)
FILE = re.compile(r"`((?:downtime|templates|forms)/[\w./-]+)`")
DEMONSTRATION = house.PACKAGE / "demo"
"""It writes what hospital systems send, as they do: it is no part of the program."""


class Addition(NamedTuple):
    """One row of the list."""

    subject: str
    example: str
    files: frozenset[Path]


def additions() -> list[Addition]:
    text = DOCUMENT.read_text(encoding="utf-8")
    return [
        Addition(subject, example, frozenset(house.ROOT / name for name in FILE.findall(files)))
        for subject, example, files in ROW.findall(text)
    ]


def mentions(example: str) -> set[Path]:
    """Files of the program in which the example stands as a whole word."""
    pattern = re.compile(rf"(?<![\w.-]){re.escape(example)}(?![\w-])")
    folders = (house.PACKAGE, house.ROOT / "templates", house.ROOT / "forms")
    return {
        path
        for folder in folders
        for path in folder.rglob("*")
        if path.suffix in (".py", ".html", ".yaml", ".toml", ".jinja", ".js")
        and DEMONSTRATION not in path.parents
        and pattern.search(path.read_text(encoding="utf-8"))
    }


def test_nine_kinds_of_addition_are_described():
    assert len(additions()) == 9
    assert len({addition.subject for addition in additions()}) == 9


@pytest.mark.parametrize("addition", additions(), ids=lambda addition: addition.subject)
def test_an_addition_touches_the_files_that_are_named(addition):
    assert [path for path in addition.files if not path.exists()] == []
    places = mentions(addition.example)
    assert places, "the example is not in the program any more"
    inside = {path for path in places if addition.files & {path, *path.parents}}
    assert places - inside == set()


def test_scripts_named_in_the_document_are_there():
    text = DOCUMENT.read_text(encoding="utf-8")
    named = set(re.findall(r"\bscripts/([a-z-]+)\b", text))
    assert named
    assert [name for name in named if not (house.ROOT / "scripts" / name).exists()] == []
