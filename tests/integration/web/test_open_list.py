"""Why is it still open: each thing once, the parts add up to the whole, each link settles its thing."""

import csv
import html
import io
import re
from collections import Counter

import openpyxl
import pytest

from downtime.outage.outage_at_hand import find_outage_at_hand
from downtime.paper import assignments
from downtime.paper.model import AssignmentKind
from downtime.returns.statement import open_items, open_things
from downtime.returns.statement.model import OpenKind
from downtime.returns.statement.open_groups import group_open_items
from downtime.web.open_pages import PAGES

from .test_worklist_counts import (  # noqa: F401 - a recovery with something in every list
    compared,
    decided,
    entered,
    laptop,
    refused,
)

TITLE = re.compile(r"still open\? ([\d,]+) things?")
CHIP = re.compile(r"<li>(?:<strong>|<a [^>]*>)([^<:]+(?:: [^<:]+)*): ([\d,]+)<")
ROW = re.compile(r'<th scope="row">(?:<a class="mono" href="([^"]+)">|<span class="mono">)([^<]+)<')
THING = re.compile(r'name="thing" value="([^"]+)"')


@pytest.fixture
def recovery(outage, entered, laptop, decided, refused):  # noqa: F811
    return outage


@pytest.fixture
def supervisor(hospital, recovery):
    return hospital.browser("records-supervisor")


def things_of(vault, settings):
    return open_things.list_open_things(vault, settings, find_outage_at_hand(vault))


def test_each_open_thing_is_listed_once_and_as_many_as_the_statement_names(
    vault, settings, recovery
):
    things = things_of(vault, settings)
    assert max(Counter((thing.kind, thing.name) for thing in things).values()) == 1
    facts = [
        item.as_json()
        for item in open_items.find_open_items(vault, settings, find_outage_at_hand(vault))
    ]
    stated = {group.title: group.n for group in group_open_items(facts, vault.now())}
    counted = open_things.count_by_kind(things)
    assert {open_things.WORDINGS[kind].title: n for kind, n in counted.items()} == stated
    assert len(stated) >= 12


def test_the_number_above_is_that_of_all_parts_together(supervisor):
    page = supervisor.get("/open").text
    total = int(TITLE.search(page)[1])
    chips = {html.unescape(text): int(n) for text, n in CHIP.findall(page)}
    assert chips.pop("All") == total == sum(chips.values())
    assert 'href="/open"' in supervisor.get("/worklists").text


def test_every_thing_leads_to_a_page_that_is_there_and_names_it(supervisor):
    page = supervisor.get("/open").text
    links = [(html.unescape(to), text) for to, text in ROW.findall(page)]
    assert len(links) > 20
    assert all(to for to, _ in links), "a supervisor may open them all"
    for to, text in links:
        answer = supervisor.get(to, follow_redirects=True)
        assert answer.status_code == 200, to
        if re.fullmatch(r"K7-\d{6}-.", text):
            assert text in answer.text


def test_each_kind_has_a_page():
    assert set(PAGES) >= set(OpenKind)


def test_it_is_narrowed_by_kind_ward_owner_and_words_that_stand_in_no_address(
    supervisor, vault, settings, actor
):
    things = things_of(vault, settings)
    chosen = next(thing for thing in things if thing.kind == "form-out")
    assignments.assign_owner(
        vault, AssignmentKind.FORM, chosen.name.replace("-", ""), "Ward A1",
        "2026-01-01T08:00:00Z", actor,
    )  # fmt: skip
    assert THING.findall(supervisor.get("/open?kind=form-out").text) == [
        thing.reference for thing in things if thing.kind == "form-out"
    ]
    for address in ("/open?owner_is=Ward+A1", "/open?owner_is=%3Foverdue"):
        page = supervisor.get(address).text
        assert THING.findall(page) == [chosen.reference]
        assert "Overdue" in page
    assert chosen.reference not in supervisor.get("/open?owner_is=%3Fnobody").text
    answer = supervisor.post("/lists/open/search", {"text": chosen.name[-8:], "back": "/open"})
    assert chosen.name[-8:] not in answer.location
    page = supervisor.get(answer.location).text
    assert chosen.reference in THING.findall(page)
    assert len(THING.findall(page)) < len(things)
    assert supervisor.post("/lists/open/search", {"text": "x", "back": "//e"}).status_code == 400


def test_anything_can_be_given_to_somebody_and_what_is_settled_cannot(supervisor, vault, settings):
    things = {thing.kind: thing for thing in reversed(things_of(vault, settings))}
    wanted = [things[kind].reference for kind in things]
    assert len(wanted) >= 12
    sent = {"thing": wanted, "owner": "Night team", "due": "2026-11-03T09:00", "note": "see to it"}
    assert supervisor.post("/open/assign", sent).status_code == 303
    owned = {t.reference for t in things_of(vault, settings) if t.assignment}
    assert owned >= set(wanted)
    assert supervisor.get("/open?owner_is=Night+team").text.count("Night team") >= len(wanted)
    for unknown in ("form-out:K7-999999-X", ""):
        answer = supervisor.post("/open/assign", {**sent, "thing": unknown})
        assert answer.status_code == 400
    nobody = supervisor.post("/open/assign", {**sent, "owner": " "})
    assert nobody.status_code == 400


def test_the_files_hold_all_of_it_and_no_cell_is_run(supervisor, vault, settings, actor):
    things = things_of(vault, settings)
    chosen = next(thing for thing in things if thing.kind == "form-out")
    assignments.assign_owner(
        vault, AssignmentKind.FORM, chosen.name.replace("-", ""), "=cmd()", vault.now(), actor
    )
    table = list(
        csv.reader(io.StringIO(supervisor.get("/open.csv").get_data().decode("utf-8-sig")))
    )
    assert len(table) == len(things) + 1
    assert [row[5] for row in table if "cmd" in row[5]] == ["'=cmd()"]
    book = openpyxl.load_workbook(io.BytesIO(supervisor.get("/open.xlsx").get_data()))
    cells = [[cell.value or "" for cell in row] for row in book.active.iter_rows()]
    assert cells == table
    assert len(supervisor.get("/open.csv?kind=form-out").text.splitlines()) == 1 + sum(
        thing.kind == "form-out" for thing in things
    )
    assert supervisor.get("/open.exe").status_code == 404


def test_what_speaks_against_the_records_is_on_the_list_once_the_statement_found_it(
    supervisor, vault, recovery, settings
):
    wrong = next(thing for thing in things_of(vault, settings) if thing.kind == "form-out")
    vault.db.conn.execute(
        "UPDATE form_issue SET state = 'verified' WHERE serial = ?", [wrong.name.replace("-", "")]
    )
    assert "not yet" in supervisor.get("/open").text
    assert supervisor.post("/open/derive").status_code == 303
    page = supervisor.get("/open").text
    assert "not yet" not in page
    assert f"paper-differs:{wrong.name}" in THING.findall(
        supervisor.get("/open?kind=paper-differs").text
    )
    stated = re.search(r"Still open: ([\d,]+)<", supervisor.get("/statement").text)[1]
    assert stated == TITLE.search(supervisor.get("/open").text)[1]


def test_five_thousand_open_things_are_pages_of_fifty_read_with_few_questions(
    hospital, vault, settings, outage, issue, actor
):
    """Every row is reached, no page grows with the hospital, and neither does what is asked of it."""
    first = issue("observations")
    few = count_statements(vault, lambda: things_of(vault, settings))
    columns = ", ".join(c for c in vault.db.table("form_issue").columns_dict)
    numbered = columns.replace("serial", "printf('K7%06dX', n)", 1).replace("position", "n + 10", 1)
    vault.db.conn.execute(
        "WITH RECURSIVE many(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM many WHERE n < 4999)"
        f" INSERT INTO form_issue ({columns}) SELECT {numbered} FROM form_issue, many"
        " WHERE serial = ?",
        [first],
    )
    assert count_statements(vault, lambda: things_of(vault, settings)) == few
    clerk, seen = hospital.browser("records-clerk"), set()
    for number in (1, 2, 50, 100):
        page = clerk.get(f"/open?kind=form-out&page={number}").text
        rows = THING.findall(page) or ROW.findall(page)
        assert len(rows) == 50
        assert page.count("<tr") <= 60
        seen |= set(rows)
    assert len(seen) == 200
    assert "4,951–5,000 of 5,000" in " ".join(page.split())
    for path in ("/forms", "/forms/lists/missing", "/forms/pile?ward=A1"):
        assert clerk.get(path).text.count("<tr") <= 210


def count_statements(vault, act) -> int:
    """How many statements of SQL something takes."""
    asked = []
    vault.db.conn.set_trace_callback(asked.append)
    try:
        act()
    finally:
        vault.db.conn.set_trace_callback(None)
    return len(asked)
