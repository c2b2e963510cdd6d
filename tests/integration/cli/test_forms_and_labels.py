"""Forms of one's own and sheets of labels, by commands."""

import io
import json

import pikepdf
import pytest

from tests.integration.cli.conftest import PASSWORD, Clock, Terminal
from tests.integration.paper.test_background import A4, FORM, turned


@pytest.fixture
def terminal(tmp_path, settings_file, clock) -> Terminal:
    """A new home with a program that may print, and nothing loaded."""
    made = Terminal(tmp_path, Clock(clock()), "--home", "home", "--unlock-file", "key")
    made.learn(made.ok("init", "--device", "K7"))
    (tmp_path / "home" / "config.toml").write_text(settings_file.read_text())
    return made


def test_a_form_is_begun_checked_looked_at_and_exchanged(terminal):
    made = terminal.ok("forms", "new", "falls-check")
    assert terminal.run("forms", "check", made["file"]).code == 0
    seen = terminal.ok("forms", "preview", "falls-check", "--out", "seen.pdf")
    assert len(pikepdf.open(terminal.folder / "seen.pdf").pages) == seen["pages"] == 1
    terminal.ok("forms", "export", "falls-check", "--out", "out.json")
    resource = json.loads((terminal.folder / "out.json").read_text())
    assert (resource["resourceType"], resource["id"]) == ("Questionnaire", "falls-check")
    answer = terminal.run("forms", "import", "out.json")
    assert (answer.code, "already" in answer.err) == (1, True)
    taken = terminal.ok("forms", "import", "out.json", "--replace")
    assert taken["changed"] == []
    assert "falls-check" in [form["name"] for form in terminal.ok("forms", "list")]


def test_a_mistake_is_said_with_file_and_line(terminal):
    path = terminal.folder / "home" / "forms" / "falls-check.yaml"
    terminal.ok("forms", "new", "falls-check")
    path.write_text(path.read_text().replace("policy: full", "policy: mostly"))
    answer = terminal.run("forms", "check", str(path))
    assert answer.code == 1
    assert "falls-check.yaml, line 11: 'policy' is one of full, part, scan." in answer.out
    assert "falls-check" not in [form["name"] for form in terminal.ok("forms", "list")]


def test_a_pdf_is_taken_over_and_the_address_of_its_screen_is_said(terminal):
    (terminal.folder / "Our-Form.pdf").write_bytes(turned(A4, 0))
    people = Terminal(terminal.folder, terminal.clock)
    people.secrets = terminal.secrets
    people.choose_password("home", "admin", PASSWORD)

    def run(*words: str):
        return people.run("forms", *words, "--home", "home", stdin=people.signed_in("admin"))

    def place(name: str):
        return run("place", name, "--json")

    assert (
        "somebody whose role is administrator" in terminal.run("forms", "place", "Our-Form.pdf").err
    )
    made = place("Our-Form.pdf").json
    assert made["address"] == "http://127.0.0.1:8400/forms/place/our-form"
    assert (terminal.folder / "home" / "forms" / "our-form.pdf").exists()
    (terminal.folder / "bad.pdf").write_bytes(b"no")
    answer = place("bad.pdf")
    assert (answer.code, "cannot be the background" in answer.err) == (1, True)
    path = terminal.folder / "home/forms/our-form.yaml"
    path.write_text(FORM.replace("own", "our-form").replace("Own", "Our"))
    assert run("propose", "our-form").code == 0
    seen = terminal.run("forms", "preview", "our-form", "--out", "seen.pdf").out
    digits = seen.split("SHA-256 of PDF and places: ")[1].strip()
    asked = ("approve", "our-form", "--review", "2026-12-31", "--reason", "Chart group", "--digest")
    assert "since you looked at it" in run(*asked, digits[:-1]).err
    assert "another person has to approve it" in run(*asked, digits).err


def test_labels_for_boxes_are_in_the_ledger_and_the_outlines_are_not(terminal):
    made = terminal.ok("labels", "stock", "observations", "--sheet", "l7163", "--out", "box.pdf")
    assert made["pages"] == 1
    (pack,) = terminal.ok("packs", "list")
    assert (pack["pack"], pack["kind"], pack["state"]) == (made["pack"], "labels", "printed")
    terminal.ok("labels", "test", "--sheet", "L7163", "--out", "test.pdf")
    assert len(terminal.ok("packs", "list")) == 1
    assert len(pikepdf.open(io.BytesIO((terminal.folder / "test.pdf").read_bytes())).pages) == 1


def test_labels_need_a_snapshot_and_a_sheet_that_is_known(terminal):
    answer = terminal.run("labels", "ward", "A1", "--out", "x.pdf")
    assert answer.code == 1
    assert not (terminal.folder / "x.pdf").exists()
    assert terminal.run("labels", "stock", "--sheet", "L1", "--out", "x.pdf").code == 2
