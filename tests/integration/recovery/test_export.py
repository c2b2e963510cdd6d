"""What was decided to be returned goes out once, as messages or on a worklist, and nothing else does."""

import csv
import hashlib
import io
from zoneinfo import ZoneInfo

import hl7
import openpyxl
import pytest

from downtime.entry import send_back_entry
from downtime.errors import ConflictError, InputError
from downtime.outage import outages
from downtime.paper.model import Subject
from downtime.reconcile import decide_item, find_items
from downtime.reconcile.compare import run_comparison
from downtime.reconcile.latest_outage import find_latest_outage
from downtime.reconcile.wording import explain
from downtime.returns.export_messages import export_messages
from tests.closing import close_outage
from tests.integration.keying_steps import see_through, submit_checked

from .conftest import ADMITTED, BLOODS, PHONED

LONDON = ZoneInfo("Europe/London")


@pytest.fixture
def decided(vault, outage, keyed, compare, checker):
    """Four items decided `return`, one left; gives the rows by what they are."""
    keyed("blood-sciences-request", BLOODS)
    keyed("phoned-result", PHONED | {"test:1": "=HYPERLINK(1)", "units:1": "-x"})
    keyed("admission", ADMITTED, Subject(downtime_number="DK700001X"))
    compare()
    rows = {row.item.fact.title: row for row in find_items.list_items(vault, outage.id)}
    for title, row in rows.items():
        decision = "leave" if title == "Full blood count" else "return"
        if decision not in row.allowed:
            continue
        decide_item.decide_item(vault, row.key, decision, checker, "=because")
    return rows


def messages(folder):
    return {path: hl7.parse(path.read_bytes().decode()) for path in folder.rglob("*.hl7")}


def test_only_what_was_decided_goes_out_one_file_a_message(
    vault, settings, decided, actor, tmp_path
):
    out = export_messages(vault, settings, "hl7v2", tmp_path / "out", actor)
    sent = messages(tmp_path / "out")
    assert (out.items, out.already, out.outdated) == (3, 0, ())
    kinds = sorted((path.parent.name, str(m["MSH.F9.R1.C1"])) for path, m in sent.items())
    assert kinds == [("LIMS", "OML"), ("LIMS", "ORU"), ("PAS", "ADT")]
    assert all(path.stem == str(m["MSH.F10"]) for path, m in sent.items())
    assert set(sent) < set(out.files)
    assert not any("FBC" in path.read_text() for path in sent)


def test_the_index_gives_the_order_and_no_patient(vault, settings, decided, actor, tmp_path):
    export_messages(vault, settings, "hl7v2", tmp_path, actor)
    (index,) = tmp_path.glob("messages-*.csv")
    rows = list(csv.DictReader(index.open()))
    assert [row["message"] for row in rows] == ["ADT^A01", "OML^O21", "ORU^R01"]
    for row in rows:
        assert hashlib.sha256((tmp_path / row["file"]).read_bytes()).hexdigest() == row["sha256"]
    assert not any(word in index.read_text() for word in ("Hill", "H100", "Novak"))


def test_a_second_export_returns_nothing_twice(vault, settings, outage, decided, actor, tmp_path):
    first = export_messages(vault, settings, "hl7v2", tmp_path / "a", actor)
    again = export_messages(vault, settings, "hl7v2", tmp_path / "b", actor)
    assert first.items == 3
    assert (again.items, again.already, again.files) == (0, 3, ())
    assert again.sentence == "0 items returned, 3 already returned."
    unmatched = find_items.list_items(vault, outage.id, state="unmatched")
    decided_on = {r.item.fact.title: r.decided.decision for r in unmatched}
    assert decided_on == {"Admission": "returned", "No known allergies": "open"}


def test_a_power_cut_before_the_record_leads_to_the_very_same_files(
    vault, settings, decided, actor, tmp_path, monkeypatch
):
    with monkeypatch.context() as patch:
        patch.setattr("downtime.returns.outbox.mark_handed_over", _power_cut)
        with pytest.raises(KeyboardInterrupt):
            export_messages(vault, settings, "hl7v2", tmp_path, actor)
    before = {path.name: path.read_bytes() for path in tmp_path.rglob("*.hl7")}
    export_messages(vault, settings, "hl7v2", tmp_path, actor)
    assert {path.name: path.read_bytes() for path in tmp_path.rglob("*.hl7")} == before


def _power_cut(*_):
    raise KeyboardInterrupt


def test_a_worklist_after_the_messages_says_what_not_to_key(
    vault, settings, decided, actor, tmp_path
):
    export_messages(vault, settings, "hl7v2", tmp_path, actor)
    listed = export_messages(vault, settings, "worklist", tmp_path, actor)
    assert (listed.items, listed.already) == (0, 3)
    rows = list(csv.DictReader(io.StringIO((tmp_path / "worklist.csv").read_text("utf-8-sig"))))
    assert all(row["What to do"].startswith("Do not key: sent as") for row in rows)


def test_a_worklist_is_grouped_and_no_cell_is_a_formula(vault, settings, decided, actor, tmp_path):
    out = export_messages(vault, settings, "worklist", tmp_path, actor)
    assert [path.name for path in out.files] == [
        "worklist.csv",
        "worklist.xlsx",
        "worklist.pdf",
    ]
    rows = list(csv.DictReader(io.StringIO((tmp_path / "worklist.csv").read_text("utf-8-sig"))))
    assert [row["System"] for row in rows] == ["LIMS", "LIMS", "PAS"]
    assert {row["What to do"] for row in rows} == {"Key this"}
    phoned = next(row for row in rows if row["Type"] == "Result")
    assert phoned["What"] == "'=HYPERLINK(1)"
    assert phoned["Reason"] == "'=because"
    assert phoned["Department"] == "Blood sciences"
    assert (phoned["Surname"], phoned["NHS No."], phoned["Born"]) == (
        "Hill",
        "999\u00a0000\u00a00018",
        "02-Jan-1960",
    )
    assert "Caller's full name: Jo Lab" in phoned["Details"]
    book = openpyxl.load_workbook(tmp_path / "worklist.xlsx")
    assert book.sheetnames == ["LIMS", "PAS"]
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value]
    assert {cell.data_type for cell in cells} == {"s"}
    assert not [cell.value for cell in cells if cell.value.startswith(("=", "+", "@"))]
    again = export_messages(vault, settings, "hl7v2", tmp_path / "later", actor)
    assert (again.items, again.already) == (0, 3)


def test_an_entry_that_changed_since_waits_for_a_new_comparison(
    vault, settings, decided, actor, checker, tmp_path
):
    key = decided["Urea and electrolytes"].key
    send_back_entry.send_back(vault, key[:9], checker, "wrong patient")
    out = export_messages(vault, settings, "hl7v2", tmp_path, actor)
    assert out.outdated == (key,)
    assert out.items == 2
    assert out.sentence == "2 items returned, 1 waiting to be verified or compared again."


def test_nothing_goes_out_before_a_second_person_has_verified_it(
    vault, settings, issue, compare, return_all, actor, tmp_path
):
    serial = issue("blood-sciences-request")
    submit_checked(vault, settings, serial, BLOODS, actor)
    compare()
    return_all()
    out = export_messages(vault, settings, "hl7v2", tmp_path, actor)
    assert out.items == 0
    assert out.outdated


def test_a_correction_after_the_return_is_a_conflict_and_gets_a_message_of_its_own(
    vault, settings, decided, actor, checker, tmp_path
):
    key = decided["Urea and electrolytes"].key
    export_messages(vault, settings, "hl7v2", tmp_path / "a", actor)
    send_back_entry.send_back(vault, key[:9], checker, "other requester")
    submit_checked(vault, settings, key[:9], BLOODS | {"requester": "Dr Bo"}, actor)
    see_through(vault, settings, key[:9], checker)
    run_comparison.run_comparison(vault, settings, actor, "corrected")
    row = find_items.get_item(vault, key)
    assert row.item.state == "conflict"
    assert explain(row.item, LONDON).startswith("Returned before the entry was corrected.")
    decide_item.decide_item(vault, key, "return", checker, "send the correction")
    out = export_messages(vault, settings, "hl7v2", tmp_path / "b", actor)
    assert out.items == 1


def test_what_went_out_and_is_no_longer_said_is_opened_and_never_sent_again(
    vault, settings, decided, actor, checker, tmp_path
):
    key = decided["Urea and electrolytes"].key
    export_messages(vault, settings, "hl7v2", tmp_path, actor)
    send_back_entry.send_back(vault, key[:9], checker, "wrong test")
    run_comparison.run_comparison(vault, settings, actor, "again")
    row = find_items.get_item(vault, key)
    assert (row.item.state, row.is_open) == ("newer-live", True)
    with pytest.raises(ConflictError):
        decide_item.decide_item(vault, key, "return", checker, "again")


def test_a_drill_never_leaves_the_house(vault, settings, outage, actor, tmp_path):
    outages.mark_restored(vault, ["LIMS"], actor, "over")
    close_outage(vault, outage.id, actor, "over")
    outages.declare_systems_down(vault, ["LIMS"], actor, "drill", known=("LIMS",), drill=True)
    drill = find_latest_outage(vault)
    assert drill.drill
    with pytest.raises(ConflictError, match="is a drill"):
        export_messages(vault, settings, "hl7v2", tmp_path, actor)
    assert list(tmp_path.rglob("*.hl7")) == []


def test_an_unknown_format_is_refused(vault, settings, outage, actor, tmp_path):
    with pytest.raises(InputError, match="no such format"):
        export_messages(vault, settings, "fax", tmp_path, actor)
