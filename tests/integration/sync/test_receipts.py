"""What a laptop shows is signed by the station: its past cannot be written anew behind that, nor forgotten."""

import json
from dataclasses import replace

import pytest

from downtime.errors import UntrustedError
from downtime.sync import exchange_receipts
from downtime.vault import checkpoint, copied_home, find_copies, raise_marks
from downtime.vault.database import transaction
from downtime.vault.marks import MarkName, NumberBlock, read_marks
from downtime.vault.receipts import parse_receipt, take_receipt
from downtime.vault.store import receipts
from downtime.vault.vault import Vault


def take(machine, count=1):
    with transaction(machine.vault.db) as db:
        return raise_marks.take_numbers(machine.vault, db, MarkName.SERIAL, count, 0, 999_999)


def exchange(laptop, station, folder):
    """One bundle there, one receipt left for the way back."""
    exported = laptop.export(station)
    result = station.merge(exported)
    assert exchange_receipts.leave_receipt(station.vault, folder, result.header, result.head)
    return exported


def take_back(laptop, folder):
    return exchange_receipts.take_receipts(laptop.vault, folder, laptop.clerk)


def test_the_station_signs_what_it_saw(fleet, tmp_path):
    station, k7, m3 = fleet
    exchange(k7, station, tmp_path)
    assert take_back(m3, tmp_path) == [], "it is not for this one"
    assert take_back(k7, tmp_path) == []
    before = k7.vault.db.execute("SELECT count(*) FROM audit").fetchone()[0]
    assert take_back(k7, tmp_path) == []
    assert k7.vault.db.execute("SELECT count(*) FROM audit").fetchone()[0] == before
    assert checkpoint.verify_checkpoints(k7.vault).is_sound


def test_a_chain_that_is_written_anew_differs_from_what_was_countersigned(fleet, tmp_path):
    """Somebody with every key of the laptop takes the chain's end away, and signs it again."""
    station, k7, _ = fleet
    exchange(k7, station, tmp_path)
    take_back(k7, tmp_path)
    k7.vault.db.conn.execute("DROP TRIGGER audit_no_delete")
    k7.vault.db.conn.execute("DELETE FROM audit WHERE seq > 1")
    k7.vault.db.conn.execute("DELETE FROM checkpoint")
    checkpoint.make_checkpoint(k7.vault)
    problems = checkpoint.verify_checkpoints(k7.vault).problems
    assert any("Machine RS signed entry" in problem for problem in problems)


def test_a_receipt_is_of_a_machine_of_the_site(fleet, tmp_path):
    station, k7, _ = fleet
    exchange(k7, station, tmp_path)
    (path,) = tmp_path.glob("*.receipt")
    receipt = parse_receipt(json.loads(path.read_bytes()))
    for wrong in (
        replace(receipt, count=receipt.count - 1),
        replace(receipt, machine="K7"),
        replace(receipt, machine="ZZ"),
    ):
        with pytest.raises(UntrustedError, match="not signed by a machine of the site"):
            take_receipt(k7.vault, wrong.to_json(), k7.clerk)


def test_a_cloned_disk_learns_how_far_it_had_come(fleet, tmp_path, monkeypatch):
    """A hypervisor puts vault and marks back, file numbers and times included: nothing shows it."""
    station, k7, _ = fleet
    take(k7, 5)
    k7.vault.db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    vault_before, marks_before = k7.home.vault_file.read_bytes(), k7.home.marks_file.read_bytes()
    take(k7, 20)
    exchange(k7, station, tmp_path)
    k7.vault.close()
    put_back(k7, vault_before, marks_before, monkeypatch)
    (warning,) = take_back(k7, tmp_path)
    assert "Machine RS signed entry" in warning
    assert "older than its marks" in copied_home.list_sentences(k7.vault)[0]
    assert take(k7) == [("", 26, 1)]
    assert len(take_back(k7, tmp_path)) == 1
    assert len(copied_home.list_sentences(k7.vault)) == 1, "it is said once"


def test_a_copy_is_not_held_up_by_the_marks_of_the_first(fleet, tmp_path):
    station, k7, _ = fleet
    take(k7, 5)
    exchange(k7, station, tmp_path)
    k7.home.marks_file.write_bytes(k7.home.marks_file.read_bytes())  # a copy, as it were
    ((block, first, _),) = take(k7)
    assert (bool(block), first) == (True, 1)
    take_back(k7, tmp_path)
    assert take(k7) == [(block, 2, 1)]


def test_the_station_keeps_the_last_marks_of_every_laptop(fleet, tmp_path):
    station, k7, _ = fleet
    take(k7, 3)
    exchange(k7, station, tmp_path)
    (seen,) = receipts.list_marks(station.vault.db, "K7")
    assert seen == read_marks(k7.home)


def test_of_a_laptop_that_makes_up_blocks_the_last_ones_are_kept(fleet):
    station, k7, _ = fleet
    take(k7)
    first = read_marks(k7.home)
    with transaction(station.vault.db) as db:
        for number in range(40):
            numbers = {MarkName.SERIAL: NumberBlock(f"B{number:05}", 1)}
            made_up = replace(first, numbers=numbers, generation=number)
            receipts.save_marks(db, made_up, f"2026-11-02T15:{number:02}:00Z")
        receipts.save_marks(db, replace(first, generation=0), "2026-11-01T00:00:00Z")
    blocks = [
        marks.numbers[MarkName.SERIAL].block
        for marks in receipts.list_marks(station.vault.db, "K7")
    ]
    assert len(blocks) == receipts.MOST_BLOCKS
    assert {"", "B00039", "B00025"} <= set(blocks), (
        "what was heard last, however low, and the newest"
    )


def put_back(machine, vault, marks, monkeypatch):
    """As a snapshot of the whole disk does: number and times of the file are those of before."""
    machine.home.vault_file.write_bytes(vault)
    machine.home.marks_file.write_bytes(marks)
    machine.vault = Vault(machine.home, machine.data_key, machine.clock)
    kept = machine.vault.db.execute("SELECT changed FROM mark_state").fetchone()[0]
    read, since = find_copies.read_change_time, find_copies.read_change_time(machine.home)
    monkeypatch.setattr(
        find_copies,
        "read_change_time",
        lambda home: kept if read(home) == since else read(home),
    )
    monkeypatch.setattr(find_copies, "is_own_file", lambda *_: True)
