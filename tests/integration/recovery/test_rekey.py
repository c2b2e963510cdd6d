"""Worklists: what nobody else carries, in keying order, ticked once, and counted as returned."""

import csv
import io
import os
import sys
from dataclasses import replace
from zoneinfo import ZoneInfo

import openpyxl
import pytest

from downtime.entry.facts import Fact, PaperPerson
from downtime.errors import ConflictError, ForbiddenError, InputError
from downtime.paper.model import Subject
from downtime.returns import queue_messages
from downtime.returns.model import MessageState
from downtime.returns.rekey import line_table, line_text, rekey_lines, tick_line, worklist_files
from downtime.returns.store import rekey_ticks
from downtime.settings import ReturnsSettings
from downtime.vault.model import Actor

from .conftest import BLOODS, BOB, HOSPITAL, PHONED

BEN = Actor("u-2", "Ben Records", "laptop-1")


@pytest.fixture
def outage_id(outage, four, compare, return_all):
    """An outage whose items are all decided `return` where that is allowed."""
    four(PHONED | {"test:1": "=HYPERLINK(1)"})
    compare()
    return_all()
    return outage.id


@pytest.fixture
def lines(vault, settings, outage_id, actor):
    rekey_lines.fill_worklists(vault, settings, actor)
    return rekey_lines.list_lines(vault, outage_id)


def test_a_list_is_in_the_order_in_which_records_teams_key(lines):
    seen = [(line.worklist[0], line_text.name_type(line.row.item.fact)) for line in lines]
    lims = [kind for system, kind in seen if system == "LIMS"]
    assert lims == ["Request", "Request", "Result"]
    assert ("PAS", "Admission") in seen
    assert seen == sorted(seen, key=lambda one: one[0])


def test_what_a_system_s_own_way_carries_is_not_listed(vault, settings, outage_id, actor):
    there = replace(settings, returns=ReturnsSettings(targets={"LIMS": {"channel": "file"}}))
    rekey_lines.fill_worklists(vault, there, actor)
    systems = {line.worklist[0] for line in rekey_lines.list_lines(vault, outage_id)}
    assert "LIMS" not in systems
    assert "PAS" in systems


def test_a_tick_counts_as_returned_and_says_who_when_and_the_live_number(
    vault, outage_id, lines, actor
):
    first = lines[0].message.control_id
    tick_line.tick_line(vault, first, "  LAB  4711 ", BEN)
    line = rekey_lines.list_lines(vault, outage_id)[0]
    assert line.message.state == MessageState.ACKNOWLEDGED
    assert line.message.answer == "LAB 4711"
    assert (line.tick.number, line.tick.ticked_by_name) == ("LAB 4711", "Ben Records")
    counted = {count.system: count for count in rekey_ticks.count_lines(vault.db, outage_id)}
    assert counted[line.worklist[0]].done == 1
    assert sum(count.lines for count in counted.values()) == len(lines)


def test_two_people_who_keyed_the_same_line_are_told(vault, lines, actor):
    first = lines[0].message.control_id
    tick_line.tick_line(vault, first, "1", BEN)
    with pytest.raises(ConflictError, match="ticked already by Ben Records"):
        tick_line.tick_line(vault, first, "2", actor)


def test_a_tick_is_taken_back_with_a_reason_and_what_it_said_is_kept(
    vault, outage_id, lines, actor
):
    first = lines[0].message.control_id
    tick_line.tick_line(vault, first, "4711", BEN)
    with pytest.raises(InputError):
        tick_line.untick_line(vault, first, actor, "  ")
    tick_line.untick_line(vault, first, actor, "other patient")
    line = rekey_lines.list_lines(vault, outage_id)[0]
    assert line.tick is None
    assert line.message.state == MessageState.SENT
    (kept,) = rekey_ticks.list_closed_ticks(vault.db, first)
    assert (kept["number"], kept["reason"], kept["unticked_by"]) == (
        "4711",
        "other patient",
        actor.id,
    )
    tick_line.tick_line(vault, first, "4712", actor)
    assert rekey_lines.list_lines(vault, outage_id)[0].tick.number == "4712"


@pytest.mark.parametrize("number", ["9" * 61, "a\x00b"])
def test_a_number_that_no_system_gives_is_refused(vault, lines, number):
    with pytest.raises(InputError):
        tick_line.tick_line(vault, lines[0].message.control_id, number, BEN)


def test_what_went_out_as_a_message_is_never_ticked(vault, settings, outage_id, actor):
    queue_messages.queue_items(vault, settings, actor, system="LIMS")
    sent = next(iter(vault.db.query("SELECT control_id FROM outbox")))["control_id"]
    with pytest.raises(ConflictError, match="went out as a message"):
        tick_line.tick_line(vault, sent, "1", BEN)


def test_a_second_filling_lists_nothing_twice(vault, settings, outage_id, lines, actor):
    rekey_lines.fill_worklists(vault, settings, actor)
    assert len(rekey_lines.list_lines(vault, outage_id)) == len(lines)


@pytest.mark.parametrize(
    ("text", "found"),
    [("hill h100", True), ("999000", True), ("novak", False), ("request", True), ("zzz", False)],
)
def test_a_search_looks_at_names_numbers_and_what_it_is(lines, text, found):
    requests = [line for line in lines if line.row.item.fact.type == "ServiceRequest"]
    assert all(line.matches_search(text) is found for line in requests)


def test_files_hold_the_ticks_and_no_formula(vault, settings, outage_id, lines, actor):
    tick_line.tick_line(vault, lines[0].message.control_id, "=1+1", BEN)
    found = rekey_lines.list_lines(vault, outage_id)
    content = worklist_files.write_worklist(vault, settings, "csv", found, actor)
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    assert len(rows) == len(found)
    assert rows[0]["Done (initials, time)"] == "Ben Records, 02-Nov-2026 14:30, No. =1+1"
    assert not [cell for row in rows for cell in row.values() if cell.startswith(("=", "+", "@"))]
    book = openpyxl.load_workbook(
        io.BytesIO(worklist_files.write_worklist(vault, settings, "xlsx", found, actor))
    )
    assert set(book.sheetnames) == {line.worklist[0] for line in found}
    states = {line.message.state for line in rekey_lines.list_lines(vault, outage_id)}
    assert states == {MessageState.SENT, MessageState.ACKNOWLEDGED}


def test_the_pages_name_each_list_and_each_patient(vault, settings, lines, actor):
    content = worklist_files.write_worklist(vault, settings, "pdf", lines, actor)
    assert content.startswith(b"%PDF")


class Watch:
    """Notes every file that Python opens to write into, while it is on; such a hook stays for good."""

    def __init__(self) -> None:
        self.is_on, self.written = False, []
        sys.addaudithook(self._note)

    def _note(self, event: str, arguments: tuple) -> None:
        flags = arguments[2] if self.is_on and event == "open" else 0
        if isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR):
            self.written.append(str(arguments[0]))


def test_no_list_of_patients_is_put_aside_on_the_disk(vault, settings, lines, actor):
    watch = Watch()
    watch.is_on = True
    for kind in (worklist_files.WorklistFileKind.CSV, worklist_files.WorklistFileKind.XLSX):
        worklist_files.write_worklist(vault, settings, kind, lines, actor)
    watch.is_on = False
    assert [path for path in watch.written if not path.startswith(str(vault.home.path))] == []


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_of_a_spreadsheet_can_be_run(start):
    text = line_table.to_csv([[f"{start}cmd"] * len(line_table.COLUMNS)]).decode("utf-8-sig")
    cells = next(iter(list(csv.reader(io.StringIO(text, newline="")))[1:]))
    assert set(cells) == {f"'{start}cmd"}


@pytest.mark.parametrize("kind", line_text.TYPE_TITLES)
def test_every_type_has_its_words_and_loses_none(kind):
    fields = {
        "medicine": "Morphine",
        "dosage": "2.5 mg",
        "unheard_of": "kept",
        "given": "2026-11-02T18:00:00Z",
    }
    fact = Fact(
        key="K7000042X-form", type=kind, system="EPR", form="f", serial="K7000042X",
        person=PaperPerson(family="Hill"), fields=fields, notes=(("Said", "more"),),
    )  # fmt: skip
    told = line_text.describe_item(fact) + line_text.describe_details(
        fact, ZoneInfo("Europe/London")
    )
    for words in ("Morphine", "Dosage: 2.5 mg", "Unheard of: kept", "Said: more", "18:00"):
        assert words in told
    assert line_text.name_type(fact)


def test_moves_are_told_apart():
    moves = [
        line_text.name_type(
            Fact(key="k", type="Encounter", system="PAS", form="f", serial="s", fields=fields)
        )
        for fields in ({}, {"event": "transfer"}, {"event": "discharge"})
    ]
    assert moves == ["Admission", "Transfer", "Discharge"]


# ---- one number for two patients ----------------------------------------------------------------


@pytest.fixture
def outage_id_of_two(outage, four, compare, return_all, keyed):
    """The same, with a request of a second patient."""
    keyed(
        "blood-sciences-request",
        BLOODS,
        Subject(patient="p-bob", mrn="H200", family="Stone", given="Bob"),
    )
    four(PHONED)
    compare((*HOSPITAL, BOB))
    return_all()
    return outage.id


@pytest.fixture
def two(vault, settings, outage_id_of_two, actor):
    """Control IDs of a line of Bob's and of Ann's on the LIMS's list."""
    rekey_lines.fill_worklists(vault, settings, actor)
    found = {
        line.row.item.patient: line.message.control_id
        for line in rekey_lines.list_lines(vault, outage_id_of_two)
        if line.message.system == "LIMS"
    }
    return found["p-bob"], found["p-ann"]


def line_of(vault, outage, control_id):
    lines = rekey_lines.list_lines(vault, outage)
    return next(line for line in lines if line.message.control_id == control_id)


@pytest.mark.parametrize("typed", ["LAB 4711", "lab-4711", " LAB4711 ", "LAB\u20134711"])
def test_one_number_for_two_patients_waits_for_a_second_person(
    vault, outage_id_of_two, two, actor, typed
):
    bobs, anns = two
    assert tick_line.tick_line(vault, bobs, "LAB 4711", BEN) == "done"
    assert tick_line.tick_line(vault, anns, typed, BEN) == "awaits-second"
    line = line_of(vault, outage_id_of_two, anns)
    assert (line.tick, line.awaited.claimed_by_name) == (None, "Ben Records")
    shown = rekey_lines.find_same_numbers(rekey_lines.list_lines(vault, outage_id_of_two))
    assert [other.row.item.person.family for other in shown[anns]] == ["Stone"]
    with pytest.raises(ForbiddenError, match="somebody else types it"):
        tick_line.tick_line(vault, anns, typed, BEN)
    assert tick_line.tick_line(vault, anns, typed, actor) == "done"
    line = line_of(vault, outage_id_of_two, anns)
    assert line.tick.ticked_by_name == actor.name
    assert (line.claim.claimed_by, line.claim.confirmed_by) == (BEN.id, actor.id)
    actions = [
        row["action"]
        for row in vault.db.query("SELECT action FROM audit WHERE action LIKE 'rekey.%'")
    ]
    assert actions == ["rekey.tick", "rekey.claim", "rekey.tick"]


def test_the_right_number_ends_the_wait(vault, outage_id_of_two, two):
    bobs, anns = two
    tick_line.tick_line(vault, bobs, "4711", BEN)
    tick_line.tick_line(vault, anns, "4711", BEN)
    assert tick_line.tick_line(vault, anns, "4712", BEN) == "done"
    assert line_of(vault, outage_id_of_two, anns).claim is None


def test_once_the_other_tick_is_taken_back_the_number_is_free(vault, two):
    bobs, anns = two
    tick_line.tick_line(vault, bobs, "4711", BEN)
    tick_line.tick_line(vault, anns, "4711", BEN)
    tick_line.untick_line(vault, bobs, BEN, "was Ann's")
    assert tick_line.tick_line(vault, anns, "4711", BEN) == "done"


def test_one_patient_s_lines_may_share_a_number_and_lines_without_one_do(
    vault, outage_id_of_two, two
):
    mine = [
        line.message.control_id
        for line in rekey_lines.list_lines(vault, outage_id_of_two)
        if line.message.system == "LIMS" and line.row.item.patient == "p-ann"
    ]
    assert len(mine) > 1
    assert {tick_line.tick_line(vault, control_id, "4711", BEN) for control_id in mine} == {"done"}
    assert tick_line.tick_line(vault, two[0], "", BEN) == "done"
