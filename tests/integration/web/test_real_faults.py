"""Faults that are really there on a laptop: each is named by a round of readiness, within a minute."""

import os
import time

import pytest

from downtime.fleet import known_time
from downtime.paper.readiness.checks import Inspection, run_checks
from downtime.paper.readiness.model import CheckKind, Sighted
from downtime.paper_settings import PrintingSettings
from downtime.settings import Settings, SystemsSettings
from tests.integration.paper.test_readiness import FAULTS, battery

SETTINGS = Settings(
    printing=PrintingSettings(queue="ward-a1"),
    systems=SystemsSettings(names=("PAS", "EPR", "LIMS")),
)


def faults(vault, folder):
    inspection = Inspection(vault, SETTINGS, Sighted(2000, True), folder / "power")
    return {check.kind: check.fault for check in run_checks(inspection) if check.fault}


@pytest.fixture
def laptop(hospital, vault, monkeypatch, tmp_path):
    """A laptop with the tiny hospital, a printer and power."""
    battery(tmp_path, 90, "Charging")
    lpstat(monkeypatch, tmp_path, "printer ward-a1 is idle.  enabled since today")
    return hospital, vault


def lpstat(monkeypatch, folder, answer):
    """A program of that name which says so."""
    programs = folder / "programs"
    programs.mkdir(exist_ok=True)
    (programs / "lpstat").write_text(f"#!/bin/sh\necho '{answer}'\n")
    (programs / "lpstat").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")


def stopped_queue(hospital, vault, monkeypatch, tmp_path):
    lpstat(monkeypatch, tmp_path, "printer ward-a1 disabled since today - paper jam")


def no_printing_system(hospital, vault, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))


def senseless_queue(hospital, vault, monkeypatch, tmp_path):
    lpstat(monkeypatch, tmp_path, "lpstat: Bad file descriptor")


def flat_battery(hospital, vault, monkeypatch, tmp_path):
    battery(tmp_path, 15, "Discharging")


def no_key(hospital, vault, monkeypatch, tmp_path):
    for path in vault.home.keys_folder.iterdir():
        path.unlink()


def bent_page(hospital, vault, monkeypatch, tmp_path):
    """One byte of the vault on the disk is another one."""
    vault.db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    content = bytearray(vault.home.vault_file.read_bytes())
    content[-2000] ^= 1
    vault.home.vault_file.write_bytes(content)


def rewritten_audit(hospital, vault, monkeypatch, tmp_path):
    vault.db.conn.execute("DROP TRIGGER IF EXISTS audit_no_update")
    vault.db.conn.execute("UPDATE audit SET why = 'other' WHERE seq = 1")


def lost_marks(hospital, vault, monkeypatch, tmp_path):
    vault.home.marks_file.unlink(missing_ok=True)


def old_data(hospital, vault, monkeypatch, tmp_path):
    hospital.clock.go_on(days=2)


def clock_behind(hospital, vault, monkeypatch, tmp_path):
    known_time.find_known_time(vault, SETTINGS)
    hospital.clock.go_on(days=-1)


def broken_form(hospital, vault, monkeypatch, tmp_path):
    vault.home.forms_folder.mkdir(exist_ok=True)
    (vault.home.forms_folder / "own-chart.yaml").write_text("title: [unfinished")


def no_snapshot(hospital, vault, monkeypatch, tmp_path):
    for path in vault.home.snapshots_folder.iterdir():
        path.unlink()


REAL = [
    (stopped_queue, CheckKind.PRINTER, "is stopped"),
    (no_printing_system, CheckKind.PRINTER, "does not answer"),
    (senseless_queue, CheckKind.PRINTER, "does not answer"),
    (flat_battery, CheckKind.POWER, "holds less than 60%"),
    (no_key, CheckKind.HOME, ""),
    (bent_page, CheckKind.HOME, ""),
    (rewritten_audit, CheckKind.HOME, ""),
    (lost_marks, CheckKind.HOME, ""),
    (old_data, CheckKind.DATA, "PAS"),
    (clock_behind, CheckKind.CLOCK, ""),
    (broken_form, CheckKind.PROGRAMS, "own-chart.yaml line"),
    (no_snapshot, CheckKind.SNAPSHOT, ""),
]


@pytest.mark.parametrize(("inject", "kind", "words"), REAL)
def test_a_fault_that_is_really_there_is_named_in_a_minute(
    laptop, tmp_path, monkeypatch, inject, kind, words
):
    hospital, vault = laptop
    assert faults(vault, tmp_path) == {}, "else it would not be this fault that is named"
    inject(hospital, vault, monkeypatch, tmp_path)
    began = time.monotonic()
    found = faults(vault, tmp_path)
    assert time.monotonic() - began < 60
    assert words in found[kind]


def test_twenty_five_faults_are_put_in():
    injected = {fault[0] for fault in (*FAULTS, *REAL)}
    assert len(injected) >= 25
