"""The whole outage, told once: what it claims is checked against the plan and by other programs."""

import json
import re
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest
from hl7apy.consts import VALIDATION_LEVEL
from hl7apy.parser import parse_message

from downtime import config
from downtime.accounts import homes
from downtime.clock import system_clock
from downtime.config import Home
from downtime.demo import story
from downtime.demo.context import FOLDER
from downtime.demo.plan import plan
from downtime.demo.staff import ACCOUNTS
from downtime.entry.model import VerificationBasis
from downtime.entry.store.entries import fetch_entry
from downtime.errors import ConflictError
from downtime.fleet.fleet_status import list_fleet
from downtime.paper.forms.load_form import load_form
from downtime.reconcile.find_items import list_items


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """The home, its summary, and all that was said on the way."""
    home = Home(tmp_path_factory.mktemp("told") / "home")
    lines: list[str] = []
    facts = story.run(home, "small", 1, system_clock, lines.append)
    return home, facts, "\n".join(lines)


@pytest.fixture(scope="module")
def people(told):
    """Family names, NHS and hospital numbers of everybody on the wards at T0."""
    home = told[0]
    rows = (home.path / FOLDER / "feeds/before/pas/ward-list.csv").read_text("utf-8-sig")
    header, *lines = [line.split(",") for line in rows.splitlines()]
    wanted = [header.index(name) for name in ("Surname", "NHS No", "Hospital No")]
    return {line[at].strip('"') for line in lines for at in wanted} - {""}


def test_it_ends_complete_with_every_form_accounted_for(told):
    _, facts, _ = told
    statement = json.loads(Path(facts["statement"]["json"]).read_text())
    assert statement["verdict"] == facts["statement"]["verdict"] == "COMPLETE"
    forms = facts["forms"]
    accounted = forms["keyed"] + forms["filed"] + forms["void"] + forms["lost"]
    assert accounted == facts["statement"]["issued"]


def test_the_publisher_is_heard_of_on_the_page_of_the_fleet(told):
    home = told[0]
    settings = config.load_settings(home.config_file)
    others = [row for row in list_fleet(home, settings, system_clock) if not row.is_own]
    assert [(row.machine.name, row.health.level) for row in others] == [("publisher", "well")]


def test_the_comparison_finds_what_the_plan_foresaw(told):
    _, facts, _ = told
    papers = plan("small", 1, system_clock()).papers
    compared = [paper for paper in papers if load_form(paper.form).policy != "scan"]
    expected = Counter(state for paper in compared for state in paper.expected.values())
    assert {state: facts["comparison"][state] for state in expected} == expected
    assert facts["comparison"]["items"] == expected.total()


def test_nobody_settles_anything_alone(told):
    home, facts, _ = told
    links, decided = facts["links"], facts["comparison"]["decided_by_two"]
    assert (links["confirmed"], links["unknown"]) == (2, 1)
    assert decided > 0
    assert facts["forms"]["keyed_twice"] > facts["forms"]["disputed"] == 1
    settings = config.load_settings(home.config_file)
    opened = homes.open_with_file(home, settings, system_clock, home.path / "laptop.unlock")
    with closing(opened.vault) as vault:
        rows = list_items(vault, facts["outage"]["id"])
        entries = {
            row.item.fact.serial: fetch_entry(vault.db, row.item.fact.serial) for row in rows
        }
        people = [
            (entry.transcriber, entry.verifier)
            for entry in entries.values()
            if entry.basis != VerificationBasis.UNSAMPLED
        ]
    assert all(one and other and one != other for one, other in people)
    by_two = [row for row in rows if row.item.needs_second_person and not row.is_open]
    assert len(by_two) == decided
    assert all(row.decided.proposed_by not in ("", row.decided.decided_by) for row in by_two)


def test_what_no_message_carries_is_ticked_on_a_worklist(told):
    _, facts, _ = told
    statement = json.loads(Path(facts["statement"]["json"]).read_text())
    worklists = statement["facts"]["returned"]["worklists"]
    assert worklists["lines"] == worklists["ticked"] == facts["returns"]["ticked"] > 0


def test_every_returned_message_is_valid_to_another_implementation(told):
    home, facts, _ = told
    files = sorted((home.path / FOLDER / "returns").glob("*/*.hl7"))
    assert len(files) == facts["returns"]["messages"] > 0
    for file in files:
        message = parse_message(
            file.read_bytes().decode(), validation_level=VALIDATION_LEVEL.STRICT
        )
        assert message.validate()


def test_a_second_export_sends_nothing(told):
    assert told[1]["returns"]["again"] == 0


def test_nobody_is_named_on_the_terminal_or_in_the_summary(told, people):
    home, _, said = told
    summary = (home.path / story.SUMMARY).read_text()
    for name in people:
        assert not re.search(rf"\b{re.escape(name)}\b", said + summary), "a patient is named"


def test_nothing_of_a_patient_lies_in_clear_where_a_hospital_keeps_it(told, people):
    home, _, _ = told
    kept = [
        path
        for path in home.path.rglob("*")
        if path.is_file()
        and (FOLDER not in path.parts or "publisher" in path.parts or "bundles" in path.parts)
    ]
    assert len(kept) > 10
    for path in kept:
        content = path.read_bytes()
        for name in people:
            if len(name) > 5:
                assert name.encode() not in content, path.name


def test_it_can_be_told_again_in_the_same_place_and_nowhere_else(told, tmp_path):
    home, _, _ = told
    assert (home.path / FOLDER / ACCOUNTS).exists()
    (tmp_path / "letter.txt").write_text("not a demonstration")
    with pytest.raises(ConflictError, match="not empty"):
        story.run(Home(tmp_path), "small", 1, system_clock, lambda _: None)
    assert (tmp_path / "letter.txt").exists()
