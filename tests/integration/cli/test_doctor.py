"""`downtime doctor`: every fault that is put in is named with what to do, and nothing else is."""

import os
import resource
import sys
from collections import namedtuple
from datetime import UTC, datetime

import pytest

from downtime import cli
from downtime.fleet.device_condition import PrinterState
from downtime.paper.readiness import examine_machine, machine_checks, system_libraries
from downtime.paper.readiness.system_libraries import SystemLibrary
from tests.integration.cli.conftest import Clock, Terminal

NOW = datetime(2100, 1, 1, 12, tzinfo=UTC)
"""Later than any installation of these tests."""


@pytest.fixture
def machine(tmp_path, monkeypatch, settings_file) -> Terminal:
    """A machine on which everything is right, as far as a test does not change it."""
    terminal = Terminal(tmp_path, Clock(NOW), "--home", "home", "--unlock-file", "key")
    terminal.ok("init", "--settings", settings_file, "--device", "K7")
    unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    monkeypatch.setattr(resource, "getrlimit", lambda _: unlimited)
    return terminal


def look(machine):
    """The exit code, and what is not right by its kind."""
    answer = machine.run("doctor", "--json")
    checks = answer.json["checks"]
    assert all(check["sentence"].endswith(".") for check in checks)
    return answer.code, {c["kind"]: c["sentence"] for c in checks if c["severity"] != "right"}


def test_a_sound_machine_is_called_so(machine):
    assert look(machine) == (0, {})
    lines = machine.run("doctor").out.splitlines()
    assert lines[-1] == "This machine can work."
    assert len(lines) == 1 + len(examine_machine.MachineCheckKind)


def old_python(folder, patch):
    version = namedtuple("version", "major minor micro")(3, 10, 4)
    patch.setattr(examine_machine.sys, "version_info", version)


def no_font(folder, patch):
    (folder / "fonts").mkdir()
    for name in examine_machine.FONTS[1:]:
        (folder / "fonts" / name).write_text("font")
    (folder / "fonts" / examine_machine.FONTS[1]).write_text("")  # a copy that was cut short
    patch.setattr(examine_machine, "FONT_FOLDER", folder / "fonts")


def broken_part(folder, patch):
    patch.setitem(sys.modules, "zxingcpp", None)


def nothing_drawn(folder, patch):
    def fail(*_):
        raise OSError("the font cannot be read")

    patch.setattr(machine_checks, "lay_out_form", fail)


def clock_of_1970(folder, patch):
    early = datetime(1970, 1, 1, 0, 3, tzinfo=UTC)
    patch.setattr(examine_machine, "describe_clock", lambda *_: "")
    patch.setattr(Clock, "__call__", lambda _: early)


def clock_back(folder, patch):
    patch.setattr(examine_machine, "describe_clock", lambda *_: "The clock went back.")


def no_time_zones(folder, patch):
    def fail(name):
        raise examine_machine.ZoneInfoNotFoundError(name)

    patch.setattr(examine_machine, "ZoneInfo", fail)


def mistyped_settings(folder, patch):
    (folder / "home" / "config.toml").write_text("[site]\nnom = 'Hospital'\n")


def lost_keys(folder, patch):
    for path in folder.joinpath("home").rglob("slots*"):
        path.unlink()


def open_home(folder, patch):
    (folder / "home").chmod(0o755)
    (folder / "home" / "vault.db").chmod(0o644)


def foreign_file(folder, patch):
    if os.getuid():
        pytest.skip("only root gives a file away")
    os.chown(folder / "home" / "vault.db", 4711, -1)


def full_disk(folder, patch):
    condition = type("Condition", (), {"free_mb": 12})
    patch.setattr(machine_checks, "read_condition", lambda *_: condition)


def silent_printer(folder, patch):
    patch.setattr(machine_checks, "ask_printer", lambda _: PrinterState.UNKNOWN)


def swap(folder, patch):
    patch.setattr(resource, "getrlimit", lambda _: (65536, 65536))
    (folder / "swaps").write_text("Filename Type Size\n/dev/sda2 partition 4\n")
    patch.setattr(examine_machine, "SWAP_FILE", folder / "swaps")


FAULTS = [
    (old_python, "python", 2, "Install Python 3.11"),
    (no_font, "fonts", 2, "Have the program installed anew"),
    (broken_part, "parts", 2, "zxingcpp"),
    (nothing_drawn, "printing", 2, "the font cannot be read"),
    (clock_of_1970, "clock", 2, "Set the clock"),
    (clock_back, "clock", 2, "The clock went back"),
    (no_time_zones, "time-zone", 2, "tzdata"),
    (mistyped_settings, "home", 2, "'site.nom'"),
    (open_home, "permissions", 2, "chmod"),
    (foreign_file, "permissions", 2, "chown"),
    (full_disk, "disk", 2, "Make room on the disk"),
    (silent_printer, "printer", 2, "does not answer"),
    (swap, "memory", 1, "Encrypt the swap"),
]


@pytest.mark.parametrize(("inject", "kind", "code", "words"), FAULTS)
def test_a_fault_is_named_and_nothing_else_is(
    machine, tmp_path, monkeypatch, inject, kind, code, words
):
    inject(tmp_path, monkeypatch)
    ended, unsound = look(machine)
    assert (ended, list(unsound)) == (code, [kind])
    assert words in unsound[kind]


def test_a_missing_library_is_named_with_its_package_and_no_page_is_tried(machine, monkeypatch):
    pango = SystemLibrary("libpango-not-here.so.0", "libpango-1.0-0", "drawing pages")
    monkeypatch.setattr(system_libraries.list_missing_libraries, "__defaults__", ((pango,),))
    code, unsound = look(machine)
    assert (code, list(unsound)) == (2, ["libraries", "printing"])
    assert "apt-get update && apt-get install libpango-1.0-0" in unsound["libraries"]


def test_a_home_that_lost_its_keys_is_no_new_one(machine, tmp_path):
    lost_keys(tmp_path, None)
    code, unsound = look(machine)
    assert code == 2
    assert "make no new home in it" in unsound["home"]


def test_before_there_is_a_home_the_next_step_is_to_make_one(tmp_path, monkeypatch):
    terminal = Terminal(tmp_path, Clock(NOW), "--home", "nowhere")
    monkeypatch.setattr(resource, "getrlimit", lambda _: (resource.RLIM_INFINITY,) * 2)
    code, unsound = look(terminal)
    assert (code, list(unsound)) == (1, ["home"])
    assert "downtime init" in unsound["home"]
    assert not (tmp_path / "nowhere").exists()


def test_what_breaks_hides_nothing_else(machine, monkeypatch):
    monkeypatch.setattr(machine_checks, "read_condition", lambda *_: 1 / 0)
    code, unsound = look(machine)
    assert code == 2
    assert unsound == {
        "disk": "It could not be looked at (ZeroDivisionError). Have the program installed anew."
    }


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ImportError("libstdc++", name="zxingcpp"), "cannot be loaded: zxingcpp"),
        (ImportError("gone", name="downtime.vault"), "fault of its own"),
        (OSError("cannot load library 'libpango-1.0-0'"), "apt-get install libpango-1.0-0"),
    ],
)
def test_a_command_that_cannot_start_says_what_is_missing(
    terminal, monkeypatch, capsys, error, words
):
    def fail(*_, **__):
        raise error

    pango = SystemLibrary("libpango-not-here.so.0", "libpango-1.0-0", "drawing pages")
    monkeypatch.setattr(system_libraries.list_missing_libraries, "__defaults__", ((pango,),))
    monkeypatch.setattr(cli.downtime, "main", fail)
    assert cli.run(["pack", "AMU"]) == 1
    assert words in capsys.readouterr().err


def test_serving_says_at_its_start_that_nothing_can_be_printed(machine, monkeypatch):
    from downtime.cli import serve

    pango = SystemLibrary("libpango-not-here.so.0", "libpango-1.0-0", "drawing pages")
    monkeypatch.setattr(system_libraries.list_missing_libraries, "__defaults__", ((pango,),))
    point = type("Point", (), {"load": lambda _: lambda *_, **__: None})()
    monkeypatch.setattr(serve, "entry_points", lambda **_: [point])
    answer = machine.run("serve")
    assert answer.code == 0
    assert "Until then nothing can be printed" in answer.err
