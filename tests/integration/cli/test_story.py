"""A whole outage of the small hospital, told with commands alone."""

import csv
import subprocess
import sys
from pathlib import Path

import pytest
from hl7apy.consts import VALIDATION_LEVEL
from hl7apy.parser import parse_message

from tests.integration.cli.conftest import EXPECTED, is_one_sentence


def test_every_step_does_what_it_is_for(story):
    assert {name: answer.code for name, answer in story.said.items() if answer.code} == EXPECTED


def test_every_step_answers_one_document_and_nothing_else(story):
    for name, answer in story.said.items():
        if EXPECTED.get(name) != 1:
            assert answer.json is not None, name
            assert answer.err == "", name


@pytest.mark.parametrize(
    "name", ["snapshots", "outages", "forms", "ledger", "items", "numbers", "decide", "verify"]
)
def test_lists_are_arrays(story, name):
    assert isinstance(story.said[name].json, list)
    assert story.said[name].json


def test_feeds_are_checked_and_what_is_refused_has_a_place_and_a_reason(story):
    checked = story.said["check"].json
    assert set(checked) >= {"messages", "outcomes", "problems", "records", "seconds"}
    assert checked["messages"] == sum(checked["outcomes"].values()) > 2000
    assert checked["records"]["Patient"] > 300
    rejected = [row for row in checked["problems"] if row["outcome"] == "rejected"]
    for row in rejected:
        assert Path(story.folder / row["file"]).is_file()
        assert row["number"] >= 1
        assert row["reason"]
    assert len(rejected) == 2  # the two that the demonstration spoils on purpose


def test_several_paths_after_from_are_all_read(story):
    built = story.said["build"].json
    assert {"Patient", "Appointment", "ServiceRequest", "AllergyIntolerance"} <= set(
        built["records"]
    )
    assert story.said["load"].json["records"] == built["records"]


def test_a_folder_of_bundles_loads_its_newest(story):
    assert story.said["load-after"].json["id"] == story.said["build-after"].json["id"]
    assert [row["current"] for row in story.terminal.ok("snapshot", "list")] == [True, False]


def test_stale_data_of_a_system_that_is_up_is_an_exit_code_of_its_own(story):
    assert story.said["status"].json["stale"] == []
    later = story.said["status-later"].json
    assert later["down"] == ["PAS", "LIMS", "Radiology"]
    assert later["stale"] == ["EPR"]
    assert {row["name"]: row["level"] for row in later["systems"]}["LIMS"] == "stale"


def test_status_says_how_the_machine_does(story):
    machine = story.said["status"].json["machine"]
    assert (machine["code"], machine["level"], machine["reasons"]) == ("K7", "well", [])
    assert machine["snapshot"]["sequence"] == 1
    assert machine["printer"] == "none"
    assert machine["disk_free_mb"] > 0
    assert set(machine) >= {"version", "last_pull", "battery", "quarantine", "marks", "sources"}
    later = story.said["status-later"].json["machine"]
    assert later["level"] == "stale"
    assert any("EPR" in reason for reason in later["reasons"])
    assert not any("LIMS" in reason for reason in later["reasons"])


def test_the_snapshot_of_the_beginning_is_kept(story):
    assert story.said["outages"].json[0]["snapshot"] == story.said["load"].json["id"]


def test_packs_are_in_the_ledger_and_their_codes_name_them(story):
    pack, others = story.said["pack"].json, story.said["pack-others"].json
    assert (story.folder / "amu.pdf").read_bytes().startswith(b"%PDF")
    assert (story.folder / "amu.pdf").stat().st_mode & 0o077 == 0
    assert others["pages"] > pack["pages"] > pack["forms"] > 20
    listed = {row["serial"] for row in story.said["ledger"].json}
    assert len(listed & set(story.scanned)) >= 3
    assert all({"01A", "01B"} <= corners for corners in story.scanned.values())


def test_the_ledger_is_listed_by_ward_form_and_state_without_patients(story):
    rows = story.said["ledger"].json
    assert {(row["ward"], row["form"], row["state"]) for row in rows} == {
        ("AMU", "blood-sciences-request", "issued")
    }
    assert set(rows[0]) == {
        "serial", "form", "version", "pages", "ward", "pack", "outage", "drill", "issued", "state",
    }  # fmt: skip


def test_what_was_keyed_goes_in_once(story):
    assert story.said["import"].json["imported"] == 3
    again = story.said["import-again"].json
    assert (again["imported"], again["unchanged"]) == (0, 3)
    assert {row["state"] for row in story.said["verify"].json} == {"verified"}


def test_one_keying_is_not_enough_to_verify(story):
    """Two people key the critical fields first, on the command line as on the screen."""
    assert "critical fields" in story.said["one-keying"].err


def test_what_is_verified_is_filed(story):
    assert story.said["file"].json == [{"serial": story.keyed[0], "state": "filed"}]


def test_a_password_that_somebody_else_chose_opens_nothing(story):
    assert story.said["too-early"].out == ""
    assert "'downtime person password'" in story.said["too-early"].err


def test_decisions_bear_their_reason(story):
    decided = story.said["decide"].json
    assert [row["key"] for row in decided] == story.items
    assert {(row["decision"], row["reason"]) for row in decided} == {("return", "on paper only")}


def test_returned_messages_satisfy_an_independent_library(story):
    sent = story.said["hl7v2"].json
    assert sent["messages"] == len(story.items) > 0
    messages = [Path(story.folder / name) for name in sent["files"] if name.endswith(".hl7")]
    assert len(messages) == sent["messages"]
    for file in messages:
        message = parse_message(
            file.read_bytes().decode(), validation_level=VALIDATION_LEVEL.STRICT
        )
        assert message.validate()


def test_a_second_export_sends_nothing(story):
    again = story.said["hl7v2-again"].json
    assert (again["messages"], again["already"], again["files"]) == (0, len(story.items), [])
    for name in ("worklist", "worklist-again"):
        assert story.said[name].json["messages"] == 0
    with (story.folder / "returns/worklist.csv").open(encoding="utf-8-sig") as file:
        assert len(list(csv.DictReader(file))) == len(story.items)


def test_the_statement_accounts_for_every_form(story):
    stated = story.said["statement"].json
    assert stated["verdict"] == "COMPLETE", stated["open"]
    total = stated["forms_total"]
    assert total["issued"] == total["returned"] + total["void"] + total["lost"] + total["out"]
    assert (total["returned"], total["out"]) == (3, 0)
    assert (story.folder / "statement.pdf").read_bytes().startswith(b"%PDF")
    assert story.said["sign"].json["signatures"][0]["holds"] is True


def test_a_stranger_believes_the_file(story):
    script = Path(__file__).parents[3] / "scripts/verify_statement.py"
    file = story.folder / "statement.json"
    done = subprocess.run(
        [sys.executable, script, file], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("COMPLETE at 2026-11-0")


def test_the_books_are_closed_and_the_chain_holds(story):
    assert story.said["close"].json["state"] == "closed"
    assert story.said["audit"].json["first_bad"] is None
    assert story.said["audit"].json["entries"] > 50


def test_an_unknown_ward_or_form_is_answered_with_those_there_are(story):
    answer = story.terminal.run("pack", "ZZZ", "--out", "z.pdf")
    assert (answer.code, answer.out) == (1, "")
    assert "no ward 'ZZZ'" in answer.err
    assert "AMU" in answer.err
    answer = story.terminal.run("pack", "AMU", "--form", "zzz", "--out", "z.pdf")
    assert is_one_sentence(answer), answer
    assert "blood-sciences-request" in answer.err
    assert not (story.folder / "z.pdf").exists()


def test_one_wrong_serial_among_several_is_named(story):
    good = story.keyed[1]
    chief = story.as_("chief")
    answer = story.people.run(
        *("ledger", "returned", "K7-000001-X", good, "--home", "home"), stdin=chief
    )
    assert answer.code == 1
    assert answer.err.startswith("K7-000001-X: That is not a serial number")
