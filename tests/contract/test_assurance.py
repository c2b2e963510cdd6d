"""What buyers are told has its evidence here: files and tests that are named exist, and gaps are said."""

import re

import pytest

from tests.contract import house

FOLDER = house.ROOT / "docs/assurance"
PAGES = sorted(FOLDER.glob("*.md"))
STATES = {"met", "part", "not done", "yours"}
PATH = re.compile(
    r"`((?:docs|downtime|forms|scripts|templates|tests)/[\w./-]+)(?:::(test_\w+))?`|"
    r"\]\(((?:\.\./)?[\w./-]+\.md)\)"
)
ROOT_FILES = re.compile(r"`(README\.md|CHANGELOG\.md)`")


def rows(page) -> list[list[str]]:
    """The rows of tables that have a state, cell by cell."""
    lines = re.findall(r"^\| ?(.*?) ?\|$", page.read_text("utf-8"), re.M)
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)] for line in lines]
    return [
        row for row in cells if any(STATES & set(re.findall(r"\*\*([^*]+)\*\*", c)) for c in row)
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_and_test_that_is_named_exists(page):
    missing = []
    for path, test, link in PATH.findall(page.read_text("utf-8")):
        file = (page.parent / link).resolve() if link else house.ROOT / path
        if not file.exists():
            missing.append(path or link)
        elif test and not re.search(rf"^def {test}\(", file.read_text("utf-8"), re.M):
            missing.append(f"{path}::{test}")
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_is_said_to_be_met_names_its_evidence(page):
    bare = [
        row[0]
        for row in rows(page)
        if "**met**" in row
        and not PATH.search(" ".join(row))
        and not ROOT_FILES.search(" ".join(row))
    ]
    assert bare == []


def test_the_pages_say_what_is_not_done_and_what_is_the_organisations_own():
    states = {
        page.name: {
            cell.strip("*") for row in rows(page) for cell in row if cell.strip("*") in STATES
        }
        for page in PAGES
        if rows(page)
    }
    assert len(states) >= 8
    assert set().union(*states.values()) == STATES
    for name in ("dtac.md", "device-status.md", "supported-versions.md"):
        assert {"not done", "yours"} <= states[name]
    assert [name for name, found in states.items() if "yours" not in found] == []


def test_the_first_page_leads_to_every_other():
    text = (FOLDER / "README.md").read_text("utf-8")
    assert [page.name for page in PAGES[1:] if f"({page.name})" not in text] == []
