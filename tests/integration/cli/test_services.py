"""`downtime publish`, `pull` and `run` as programs run them, and what a program may not open."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from downtime.accounts import homes
from downtime.cli.services import _pull_service
from downtime.clock import system_clock
from downtime.config import Home, load_settings
from tests.integration.fork_server import Process

CHEAP = "[accounts]\nargon2_memory_kib = 64\nargon2_time_cost = 1\nargon2_parallelism = 1\n"


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    """A machine that publishes to a folder and pulls from it, and a place that is not there."""
    folder = tmp_path_factory.mktemp("services")
    (folder / "share").mkdir()
    places = (
        f"[fleet.places.share]\nkind = 'folder'\npath = '{folder}/share'\n"
        "[ingest.sources.engine]\nkind = 'mllp'\nport = 0\n"
        f"[fleet.places.usb]\nkind = 'folder'\npath = '{folder}/usb'\n"
    )
    home = Home(folder / "home")
    homes.create_home(
        home, system_clock, unlock_file=folder / "unlock", settings_text=CHEAP + places
    )
    return SimpleNamespace(home=home, unlock=folder / "unlock", folder=folder)


@pytest.fixture
def start(machine):
    def run(*command: str, unlocked: bool = True):
        unlock = ("--unlock-file", str(machine.unlock)) if unlocked else ()
        words = [sys.executable, "-c", "from downtime.cli import main; main()",
                 "--home", str(machine.home.path), *unlock, *command]  # fmt: skip
        return Process(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    return run


def finish(process) -> tuple[int, str]:
    out, err = process.communicate(timeout=120)
    return process.returncode, out + err


def test_once_by_hand_then_as_services_in_one_process(machine, start):
    code, answer = finish(start("publish"))
    assert (code, "Snapshot 1 is published" in answer) == (0, True), answer
    code, answer = finish(start("pull", unlocked=False))
    assert (code, "Snapshot 1 waits to be opened" in answer) == (0, True), answer
    assert "usb: It is not there" in answer
    code, answer = finish(start("pull", "--open"))
    assert (code, "Snapshot 1 is in use." in answer) == (0, True), answer

    process = start("run", "--ingest", "--publish", "5s", "--pull", "5s")
    state = Path(machine.home.runs_folder / "pull.json")
    end = time.monotonic() + 90
    while json.loads(state.read_bytes())["sequence"] < 2:
        assert time.monotonic() < end
        assert process.poll() is None
        time.sleep(0.2)
    process.send_signal(signal.SIGTERM)
    code, answer = finish(process)
    assert code == 0, answer
    assert "engine: listening on port" in answer
    assert "open_while_locked is off" in answer
    assert json.loads(state.read_bytes())["waiting"]  # an unlock file alone opens nothing
    assert str(machine.folder) not in answer


@pytest.mark.parametrize(
    ("command", "code", "sentence"),
    [
        (("publish", "--every", "1s"), 2, "no interval"),
        (("run",), 2, "Say what to run"),
        (("pull", "--every", "5m", "--open"), 1, "open_while_locked is off"),
    ],
)
def test_what_cannot_be_run_is_said(start, command, code, sentence):
    exit_code, answer = finish(start(*command))
    assert (exit_code, sentence in answer) == (code, True), answer


def test_an_unlock_file_opens_once_by_hand_what_the_site_allows(machine, start):
    assert finish(start("publish"))[0] == 0
    code, answer = finish(start("pull"))
    assert (code, "waits to be opened" in answer, "open_while_locked is off" in answer) == (
        0,
        True,
        True,
    )
    text = machine.home.config_file.read_text()
    machine.home.config_file.write_text(f"{text}[fleet]\nopen_while_locked = true\n")
    code, answer = finish(start("pull"))
    machine.home.config_file.write_text(text)
    assert (code, "is in use" in answer) == (0, True), answer


def test_a_fault_is_said_once_with_what_to_do(machine, start):
    text = machine.home.config_file.read_text()
    machine.home.config_file.write_text(
        text.replace(f"{machine.folder}/share", f"{machine.folder}/no")
    )
    code, answer = finish(start("pull", unlocked=False))
    machine.home.config_file.write_text(text)
    assert code == 1
    share, usb, whole = answer.splitlines()
    assert share.startswith("share: It is not there, or holds no snapshot yet. Put the stick in")
    assert whole == "No place could be used: what is wrong stands beside each."


def test_a_pull_service_touches_the_vault_only_where_the_site_allows_it(machine):
    class Locked:
        home, unlock_file, clock = machine.home, machine.unlock, staticmethod(system_clock)
        settings = load_settings(machine.home.config_file)

        @property
        def vault(self):
            raise AssertionError("the vault was opened")

        signed_in = actor = vault

    _pull_service(Locked(), 60.0)
