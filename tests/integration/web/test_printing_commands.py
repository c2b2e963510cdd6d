"""Printing from the command line, on the home of the screens: file, queue, again, changes, lists."""

import json

import pytest

from downtime import cli
from downtime.cli import session
from tests.integration.web.conftest import Hospital


@pytest.fixture
def command(with_queue: Hospital, monkeypatch, capfdbinary):
    """`command(*words)` → exit code, document, what was said on standard error."""
    monkeypatch.setattr(session, "system_clock", with_queue.clock)

    def run(*words):
        home = ["--home", str(with_queue.home.path), "--unlock-file", str(with_queue.file)]
        capfdbinary.readouterr()
        code = cli.run([*home, "--json", *map(str, words)])
        out, err = capfdbinary.readouterr()
        return code, json.loads(out) if out else None, err.decode()

    return run


def test_a_pack_goes_to_the_queue_of_the_settings(command, lp):
    code, made, _ = command("pack", "A1")
    assert (code, made["out"]) == (0, "")
    assert (lp / "pages").read_bytes().startswith(b"%PDF")
    _, (listed,), _ = command("packs", "list")
    assert (listed["pack"], listed["state"], listed["checksum"]) == (
        made["pack"], "printed", made["checksum"],
    )  # fmt: skip


def test_what_failed_is_listed_and_repeated_into_a_file(command, lp, tmp_path):
    (lp / "broken").touch()
    code, _, said = command("pack", "A1", "--printer", "other", "--form", "observations")
    assert code == 1
    assert "'other' did not take the pages: lp: out of paper" in said
    _, (failed,), _ = command("packs", "list", "--failed")
    code, made, _ = command("packs", "repeat", failed["pack"], "--out", tmp_path / "again.pdf")
    assert code == 0
    assert (tmp_path / "again.pdf").read_bytes().startswith(b"%PDF")
    assert command("packs", "list", "--failed")[1] == []
    assert command("packs", "repeat", failed["pack"])[0] == 1


def test_changes_follow_a_pack(command, lp):
    assert command("pack", "A1", "--changes")[0] == 1
    whole = command("pack", "A1")[1]
    changes = command("pack", "A1", "--changes")[1]
    assert 0 < changes["pages"] < whole["pages"]
    assert changes["forms"] == 0


def test_one_patient_by_number_and_one_form_again(command, lp):
    code, made, _ = command("pack", "--patient", "1000001", "--form", "observations")
    assert (code, made["forms"]) == (0, 1)
    assert command("pack", "--patient", "7777777")[0] == 1
    _, (form,), _ = command("ledger", "list")
    assert command("reprint", form["serial"], "--reason", "Coffee")[0] == 0
    states = {row["serial"]: row["state"] for row in command("ledger", "list")[1]}
    assert states.pop(form["serial"]) == "void"
    assert list(states.values()) == ["issued"]


def test_blank_forms_are_issued_to_a_ward(command, lp):
    code, made, _ = command("blank", "admission", "--copies", "2", "--numbered", "--ward", "A1")
    assert (code, made["blank_forms"]) == (0, 2)
    rows = command("ledger", "list", "--ward", "A1")[1]
    assert [row["form"] for row in rows] == ["admission", "admission"]


@pytest.mark.parametrize(
    "words",
    [
        ("pack",),
        ("pack", "A1", "--all"),
        ("pack", "A1", "B2", "--changes"),
        ("pack", "--clinic", "Fracture"),
        ("pack", "A1", "--printer", "x", "--spool"),
    ],
)
def test_words_that_do_not_go_together_are_a_usage_error(command, words):
    assert command(*words)[0] == 2


def test_the_status_says_what_is_left_of_the_blocks(command):
    left = {row["what"]: row for row in command("status")[1]["left"]}
    assert set(left) == {"downtime numbers", "form serials"}
    assert left["form serials"]["left"] == 999_999
