"""Packs by commands: where they go, where their forms are, and what a stopped one leaves."""

import stat

import pikepdf
import pytest

from downtime.cli import progress
from tests.integration.cli.conftest import PASSWORD, Clock, Terminal

FORM = "observations"


@pytest.fixture
def terminal(tmp_path, settings_file, clock) -> Terminal:
    """A new home with a program that may print, and a folder that takes pages."""
    made = Terminal(tmp_path, Clock(clock()), "--home", "home", "--unlock-file", "key")
    made.learn(made.ok("init", "--device", "K7"))
    folder = tmp_path / "spool"
    folder.mkdir()
    printing = f'\n[printing]\nfolder = "{folder}"\n'
    (tmp_path / "home" / "config.toml").write_text(settings_file.read_text() + printing)
    return made


@pytest.fixture
def stopping(monkeypatch):
    """Somebody presses Ctrl+C when the second form is printed."""

    def stop(done, total):
        if done == 2:
            raise KeyboardInterrupt

    class Bar:
        def __init__(self, **_):
            self.update = lambda task, completed, total: stop(completed, total)

        def __enter__(self):
            return self

        def __exit__(self, *_):
            return None

        def add_task(self, what, total):
            return 1

    monkeypatch.setattr(progress, "Progress", Bar)


def runner(terminal) -> Terminal:
    """A terminal of somebody who carries forms."""
    people = Terminal(terminal.folder, terminal.clock)
    people.secrets = terminal.secrets
    people.choose_password("home", "admin", PASSWORD)
    add = ("person", "add", "runner", "Ann Runner", "--role", "ward", "--reason", "new")
    people.learn(people.ok(*add, "--home", "home", stdin=people.signed_in("admin")))
    people.choose_password("home", "runner", PASSWORD)
    return people


def states(terminal):
    return [row["state"] for row in terminal.ok("ledger", "list")]


def test_a_folder_takes_the_pages_and_nobody_else_may_read_them(terminal):
    made = terminal.ok("blank", FORM, "--copies", "2", "--spool")
    (file,) = (terminal.folder / "spool").iterdir()
    assert file.name == f"{made['pack']}_{made['file_name']}"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(pikepdf.open(file).pages) == made["pages"] == 2
    assert [pack["state"] for pack in terminal.ok("packs", "list")] == ["printed"]


def test_a_folder_that_is_gone_prints_nothing(terminal):
    (terminal.folder / "spool").rmdir()
    answer = terminal.run("blank", FORM, "--spool")
    assert (answer.code, "Set printing.folder" in answer.err) == (1, True)
    assert states(terminal) == []


def test_a_queue_is_named_for_one_printing(terminal, lp):
    terminal.ok("blank", FORM, "--printer", "ward-a1", "--two-sided")
    words = (lp / "words").read_text()
    assert "-d ward-a1" in words
    assert "sides=two-sided-long-edge" in words
    assert len(pikepdf.open(lp / "pages").pages) == 1


def test_forms_that_a_runner_has_are_still_out_and_come_back_once(terminal):
    terminal.ok("blank", FORM, "--copies", "2", "--out", "blank.pdf")
    serials = [row["serial"] for row in terminal.ok("ledger", "list")]
    people = runner(terminal)

    def move(to, *numbers):
        words = ("ledger", to, *numbers, "--home", "home", "--json")
        return people.run(*words, stdin=people.signed_in("runner"))

    assert [row["state"] for row in move("collected", *serials).json] == ["collected"] * 2
    assert move("collected", serials[0]).code == 1
    assert move("returned", serials[0]).code == 0
    assert states(terminal) == ["returned", "collected"]


def test_a_pack_that_is_stopped_is_void_and_is_asked_for_again(terminal, stopping, monkeypatch):
    answer = terminal.run("blank", FORM, "--copies", "3", "--out", "blank.pdf")
    assert (answer.code, answer.err.strip()) == (1, "Stopped.")
    assert not (terminal.folder / "blank.pdf").exists()
    assert states(terminal) == ["void"] * 3
    monkeypatch.undo()
    (failed,) = terminal.ok("packs", "list", "--failed")
    terminal.ok("packs", "repeat", failed["pack"], "--out", "blank.pdf")
    assert states(terminal) == ["void"] * 3 + ["issued"] * 3
    assert terminal.ok("packs", "list", "--failed") == []


def test_labels_for_boxes_know_a_form_of_ones_own(terminal):
    terminal.ok("forms", "new", "falls-check")
    assert terminal.ok("labels", "stock", "falls-check", "--out", "box.pdf")["pages"] == 1
