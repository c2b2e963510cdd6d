"""Readiness each shift: every fault that is put in is named, and nothing unproved counts as ready."""

import io
from datetime import timedelta

import pytest

from downtime.errors import ConflictError
from downtime.fleet.device_condition import PrinterState
from downtime.paper import ledger
from downtime.paper.packs.print_pack import print_pack
from downtime.paper.readiness import check_readiness as rounds
from downtime.paper.readiness import checks, machine_checks
from downtime.paper.readiness.checks import Inspection, run_checks
from downtime.paper.readiness.model import CheckKind, Sighted
from downtime.paper.readiness.proof_page import ProofPage
from downtime.paper_settings import PaperSettings, PrintingSettings
from downtime.settings import Settings
from downtime.vault.check_home import CheckedPart
from tests.integration.paper.conftest import read_words

ENOUGH = Sighted(2000, True)
SETTINGS = Settings(printing=PrintingSettings(queue="ward-a1"))


@pytest.fixture
def laptop(vault, snapshot, monkeypatch, tmp_path):
    """A laptop on which everything is right, as far as a test does not change it."""
    opened = type(snapshot)(snapshot.path, snapshot.key) if hasattr(snapshot, "key") else snapshot
    monkeypatch.setattr(checks.local_snapshots, "open_current_snapshot", lambda _: _Kept(opened))
    monkeypatch.setattr(machine_checks, "ask_printer", lambda _: PrinterState.READY)
    monkeypatch.setattr(checks.known_time, "list_ages", lambda *_: [])
    monkeypatch.setattr(checks, "check_home", lambda _: [CheckedPart("vault.db")])
    battery(tmp_path, 90, "Charging")
    return vault


class _Kept:
    """A snapshot that stays open for the next look."""

    def __init__(self, snapshot):
        self._snapshot = snapshot

    def __getattr__(self, name):
        return getattr(self._snapshot, name)

    def close(self):
        pass


def battery(folder, percent, status):
    supply = folder / "power" / "BAT0"
    supply.mkdir(parents=True, exist_ok=True)
    for name, text in (("type", "Battery"), ("capacity", str(percent)), ("status", status)):
        (supply / name).write_text(text)


def faults(laptop, tmp_path, sighted=ENOUGH, settings=SETTINGS):
    inspection = Inspection(laptop, settings, sighted, tmp_path / "power")
    return {check.kind: check.fault for check in run_checks(inspection) if check.fault}


def test_a_sound_laptop_has_no_fault(laptop, tmp_path):
    assert faults(laptop, tmp_path) == {}


def stale(monkeypatch, tmp_path):
    old = type("Age", (), {"level": "stale", "system": "LIMS", "sentence": "LIMS is 9 h old"})
    monkeypatch.setattr(checks.known_time, "list_ages", lambda *_: [old])


def nobody(monkeypatch, tmp_path):
    empty = type(
        "Empty",
        (),
        {
            "list_systems": list,
            "list_inpatients": list,
            "list_wards": list,
            "close": lambda *_: None,
        },
    )
    monkeypatch.setattr(checks.local_snapshots, "open_current_snapshot", lambda _: empty)


def damaged(monkeypatch, tmp_path):
    part = CheckedPart("vault.db", "page 7 is damaged.", "Put the last backup back.")
    monkeypatch.setattr(checks, "check_home", lambda _: [part])


def lost_key(monkeypatch, tmp_path):
    def fail(_):
        raise ConflictError("key.lost", "The key file is lost.", "Put it back from the backup.")

    monkeypatch.setattr(checks, "check_home", fail)


def clock_back(monkeypatch, tmp_path):
    monkeypatch.setattr(checks.known_time, "describe_clock", lambda *_: "The clock went back.")


def torn_certificate(monkeypatch, tmp_path):
    monkeypatch.setattr(checks, "has_certificate", lambda _: True)


def full(monkeypatch, tmp_path):
    condition = type("Condition", (), {"free_mb": 12})
    monkeypatch.setattr(machine_checks, "read_condition", lambda *_: condition)


def untold(monkeypatch, tmp_path):
    monkeypatch.setattr(
        machine_checks, "read_condition", lambda *_: type("Condition", (), {"free_mb": None})
    )


def flat(monkeypatch, tmp_path):
    battery(tmp_path, 20, "Charging")


def dead_socket(monkeypatch, tmp_path):
    battery(tmp_path, 90, "Discharging")


def stopped(monkeypatch, tmp_path):
    monkeypatch.setattr(machine_checks, "ask_printer", lambda _: PrinterState.STOPPED)


def silent(monkeypatch, tmp_path):
    monkeypatch.setattr(machine_checks, "ask_printer", lambda _: PrinterState.UNKNOWN)


def no_library(monkeypatch, tmp_path):
    def fail(*_):
        raise OSError("cannot load library 'libpango-1.0-0'")

    monkeypatch.setattr(machine_checks, "lay_out_form", fail)


def broken(monkeypatch, tmp_path):
    def fail(*_):
        raise RuntimeError("of some kind")

    monkeypatch.setattr(machine_checks, "lay_out_form", fail)


FAULTS = [
        (stale, CheckKind.DATA, "LIMS is 9 h old"),
        (nobody, CheckKind.SNAPSHOT, "Nobody is in it"),
        (damaged, CheckKind.HOME, "page 7 is damaged"),
        (lost_key, CheckKind.HOME, "The key file is lost"),
        (clock_back, CheckKind.CLOCK, "The clock went back"),
        (torn_certificate, CheckKind.CERTIFICATE, "downtime tls certificate"),
        (full, CheckKind.DISK, "Make room on the disk"),
        (untold, CheckKind.DISK, "cannot be told"),
        (flat, CheckKind.POWER, "holds less than 60%"),
        (dead_socket, CheckKind.POWER, "no power comes"),
        (stopped, CheckKind.PRINTER, "'ward-a1' is stopped"),
        (silent, CheckKind.PRINTER, "'ward-a1' does not answer"),
        (no_library, CheckKind.PROGRAMS, "libpango"),
        (broken, CheckKind.PROGRAMS, "could not be looked at"),
    ]  # fmt: skip


@pytest.mark.parametrize(("inject", "kind", "words"), FAULTS)
def test_a_fault_is_named_and_nothing_else_is(laptop, tmp_path, monkeypatch, inject, kind, words):
    inject(monkeypatch, tmp_path)
    found = faults(laptop, tmp_path)
    assert list(found) == [kind]
    assert words in found[kind]


def test_what_only_a_person_sees_is_judged_too(laptop, tmp_path):
    assert "Plug it in" in faults(laptop, tmp_path, Sighted(2000, False))[CheckKind.POWER]
    assert "Fewer than 500" in faults(laptop, tmp_path, Sighted(20, True))[CheckKind.PAPER]


def test_numbers_that_run_out_are_named(laptop, tmp_path):
    settings = Settings(
        printing=SETTINGS.printing, paper=PaperSettings(downtime_number_block=10, block_warning_percent=100)
    )  # fmt: skip
    assert (
        "Only 10 of 10 downtime numbers"
        in faults(laptop, tmp_path, settings=settings)[CheckKind.NUMBERS]
    )


def proof(vault, actor, snapshot, round_):
    out = io.BytesIO()
    request = ProofPage(round=round_.id)
    result = print_pack(vault, SETTINGS, request, actor, "", out, snapshot=snapshot)
    (page,) = ledger.list_pack_forms(vault, result.id)
    return page.serial, read_words(out.getvalue())[0]


def test_a_laptop_is_ready_once_the_code_of_its_printed_page_was_read_back(laptop, actor, snapshot):
    first = rounds.check_readiness(laptop, SETTINGS, ENOUGH, actor)
    assert not first.is_ready, "nothing has come out of the printer yet"
    serial, words = proof(laptop, actor, snapshot, first)
    assert "Readiness of this laptop" in words
    assert "sheets were counted" in words
    second = rounds.check_readiness(laptop, SETTINGS, ENOUGH, actor)
    with pytest.raises(ConflictError, match="an earlier round"):
        rounds.prove_readiness(laptop, serial, actor)
    serial, _ = proof(laptop, actor, snapshot, second)
    assert rounds.prove_readiness(laptop, serial, actor).is_ready


def test_a_page_of_something_else_proves_nothing(laptop, actor, snapshot, pack):
    round_ = rounds.check_readiness(laptop, SETTINGS, ENOUGH, actor)
    printed = pack(forms=[], blanks=0)
    other = ledger.list_pack_forms(laptop, printed.result.id)[0].serial
    with pytest.raises(ConflictError, match="not a proof page"):
        rounds.prove_readiness(laptop, other, actor)
    assert not rounds.find_latest(laptop).proved
    assert round_.id == rounds.find_latest(laptop).id


def test_a_ward_laptop_alarms_when_nobody_found_it_ready_in_a_shift(
    laptop, actor, snapshot, monkeypatch
):
    machine = type("Own", (), {"roles": frozenset({"ward-laptop"})})
    monkeypatch.setattr(rounds, "read_list", lambda _: machine)
    monkeypatch.setattr(rounds, "read_own_machine", lambda _: machine)
    assert "was not found ready yet" in rounds.describe_overdue(laptop, SETTINGS)
    serial, _ = proof(
        laptop, actor, snapshot, rounds.check_readiness(laptop, SETTINGS, ENOUGH, actor)
    )
    assert rounds.describe_overdue(laptop, SETTINGS), "what is not proved does not count"
    rounds.prove_readiness(laptop, serial, actor)
    assert rounds.describe_overdue(laptop, SETTINGS) == ""
    now = laptop.clock()
    monkeypatch.setattr(laptop, "clock", lambda: now + timedelta(hours=13))
    assert "in the last 12 hours" in rounds.describe_overdue(laptop, SETTINGS)
