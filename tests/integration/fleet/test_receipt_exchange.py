"""Heartbeats are answered at the place: a laptop that was put back learns it at its next pull."""

import json
from dataclasses import replace

import orjson
import pytest

from downtime.fleet import receipt_exchange
from downtime.fleet.heartbeat import describe_own, sign_heartbeat
from downtime.fleet.heartbeat_exchange import collect_heartbeats
from downtime.fleet.machine_state import note_machine_state
from downtime.fleet.model import AuditAction
from downtime.fleet.receipt_exchange import ReceiptExchange, leave_receipts, put_to_use
from downtime.fleet.unlock_notices import list_notices
from downtime.settings import Settings
from downtime.transport.open_carrier import open_carrier
from downtime.transport.pace import Pace
from downtime.vault import checkpoint, copied_home, device, find_copies, raise_marks
from downtime.vault.database import transaction
from downtime.vault.marks import MarkName
from downtime.vault.model import Actor, MachineRole
from downtime.vault.vault import Vault
from tests.conftest import NOW
from tests.integration.fleet.carrying import Machine
from tests.integration.transport.test_carriers import make_address
from tests.site import Site

NURSE = Actor("u-2", "Blessing Eze", "WD")
SETTINGS = Settings()


@pytest.fixture
def three(tmp_path):
    """`publisher, laptop, other`: both laptops are ward laptops."""
    made = [Machine(tmp_path / code, code) for code in ("PB", "WD", "W2")]
    site = Site()
    for machine, role in zip(made, ("publisher", "ward-laptop", "ward-laptop"), strict=True):
        site.enrol(machine.vault, MachineRole(role))
        note_machine_state(machine.vault, SETTINGS, ())
    yield made
    for machine in made:
        machine.vault.close()


def take(machine, count=1):
    """Something that is audited, then serials."""
    with machine.vault.change(NURSE, AuditAction.SNAPSHOT_REOPEN, reason="flood"):
        pass
    with transaction(machine.vault.db) as db:
        return raise_marks.take_numbers(machine.vault, db, MarkName.SERIAL, count, 0, 999_999)


def beat(machine, place, number):
    heartbeat = replace(describe_own(machine.home, lambda: NOW), number=number)
    place.replace_file(f"heartbeats/{heartbeat.code}.json", sign_heartbeat(machine.home, heartbeat))


def answer(publisher, place):
    collect_heartbeats(publisher.home, SETTINGS, place, NOW)
    leave_receipts(publisher.vault, SETTINGS, place)


def pull(machine, place, is_locked=True):
    opened = (None, None) if is_locked else (machine.vault, NURSE)
    ReceiptExchange(machine.home, SETTINGS, *opened)(place)


def notices(machine):
    return list(list_notices(machine.vault, SETTINGS, NURSE, outage_open=False))


def countersigned(machine):
    return machine.vault.db.execute("SELECT count(*) FROM countersignature").fetchone()[0]


def test_a_cloned_disk_learns_without_a_sync_how_far_it_had_come(three, place, monkeypatch):
    publisher, laptop, _ = three
    take(laptop, 5)
    laptop.vault.db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    before = laptop.home.vault_file.read_bytes(), laptop.home.marks_file.read_bytes()
    take(laptop, 20)
    beat(laptop, place, 1)
    answer(publisher, place)
    laptop.vault.close()
    put_back(laptop, *before, monkeypatch)
    beat(laptop, place, 2)
    answer(publisher, place)
    pull(laptop, place)
    assert copied_home.list_sentences(laptop.vault) == [], "it is locked"
    notices(laptop)
    assert "older than its marks" in copied_home.list_sentences(laptop.vault)[0]
    assert take(laptop) == [("", 26, 1)]
    beat(laptop, place, 3)
    answer(publisher, place)
    pull(laptop, place)
    notices(laptop)
    assert len(copied_home.list_sentences(laptop.vault)) == 1, "it is said once"


def put_back(machine, vault, marks, monkeypatch):
    """As a snapshot of the whole disk does: number and times of the file are those of before."""
    machine.home.vault_file.write_bytes(vault)
    machine.home.marks_file.write_bytes(marks)
    machine.vault = Vault(machine.home, machine.data_key, lambda: machine.now)
    kept = machine.vault.db.execute("SELECT changed FROM mark_state").fetchone()[0]
    read, since = find_copies.read_change_time, find_copies.read_change_time(machine.home)
    monkeypatch.setattr(
        find_copies,
        "read_change_time",
        lambda home: kept if read(home) == since else read(home),
    )
    monkeypatch.setattr(find_copies, "is_own_file", lambda *_: True)


def test_the_chain_of_a_laptop_is_countersigned_and_cannot_be_cut_behind_that(three, place):
    publisher, laptop, _ = three
    take(laptop)
    beat(laptop, place, 1)
    answer(publisher, place)
    pull(laptop, place, is_locked=False)
    assert countersigned(laptop) == 1
    assert notices(laptop) == []
    assert checkpoint.verify_checkpoints(laptop.vault).is_sound


def test_a_receipt_that_speaks_of_another_past_is_said_once(three, place):
    publisher, laptop, _ = three
    take(laptop)
    beat(laptop, place, 1)
    answer(publisher, place)
    path = place.folder / "receipts/WD.json"
    signer = device.load_device(publisher.vault)
    receipt = receipt_exchange.parse_receipt(json.loads(path.read_bytes()))
    later = replace(receipt, count=9_999)
    later = replace(later, signature=signer.sign(later.signed_bytes))
    path.write_bytes(orjson.dumps(later.to_json()))
    pull(laptop, place)
    (sentence,) = notices(laptop)
    assert "Machine PB signed entry 9999 of this audit" in sentence
    pull(laptop, place)
    assert notices(laptop) == []


def sign_as(machine, receipt, **changed):
    made = replace(receipt, machine=device.read_own_code(machine.home), **changed)
    made = replace(made, signature=device.load_device(machine.vault).sign(made.signed_bytes))
    return orjson.dumps(made.to_json())


@pytest.mark.parametrize(
    "wrong", ["a laptop's", "altered", "another's", "large", "no JSON", "deep"]
)
def test_what_no_collecting_machine_signed_for_this_one_is_not_kept(three, place, wrong):
    publisher, laptop, other = three
    take(laptop)
    beat(laptop, place, 1)
    answer(publisher, place)
    path = place.folder / "receipts/WD.json"
    content = path.read_bytes()
    receipt = receipt_exchange.parse_receipt(json.loads(content))
    wrongs = {
        "a laptop's": sign_as(other, receipt),
        "altered": orjson.dumps(receipt.to_json() | {"count": receipt.count + 1}),
        "another's": sign_as(publisher, receipt, device="W2"),
        "large": content + b" " * receipt_exchange.MAX_BYTES,
        "no JSON": content[:-3],
        "deep": b"[" * 100_000,
    }
    path.write_bytes(wrongs[wrong])
    pull(laptop, place, is_locked=False)
    assert not (laptop.home.runs_folder / "receipt.json").exists()
    assert countersigned(laptop) == 0
    path.write_bytes(content)
    pull(laptop, place, is_locked=False)
    assert countersigned(laptop) == 1


def test_a_laptop_s_receipt_that_was_laid_on_the_disk_is_not_used(three, place):
    publisher, laptop, other = three
    take(laptop)
    beat(laptop, place, 1)
    answer(publisher, place)
    pull(laptop, place)
    path = laptop.home.runs_folder / "receipt.json"
    document = json.loads(path.read_bytes())
    receipt = receipt_exchange.parse_receipt(document["receipt"])
    document["receipt"] = json.loads(sign_as(other, receipt))
    path.write_text(json.dumps(document))
    put_to_use(laptop.vault, NURSE)
    assert countersigned(laptop) == 0


def test_an_older_receipt_that_was_put_back_at_the_place_changes_nothing(three, place):
    publisher, laptop, _ = three
    path, kept = place.folder / "receipts/WD.json", laptop.home.runs_folder / "receipt.json"
    take(laptop)
    beat(laptop, place, 1)
    answer(publisher, place)
    older = path.read_bytes()
    take(laptop, 30)
    beat(laptop, place, 2)
    answer(publisher, place)
    assert path.read_bytes() != older
    pull(laptop, place)
    newer = kept.read_bytes()
    path.write_bytes(older)
    pull(laptop, place)
    assert kept.read_bytes() == newer


def test_receipts_are_written_only_when_a_laptop_shows_other_marks(three, place):
    publisher, laptop, other = three
    for machine in (laptop, other):
        take(machine)
        beat(machine, place, 1)
    answer(publisher, place)
    written = {path.name for path in (place.folder / "receipts").iterdir()}
    for machine in (laptop, other):
        beat(machine, place, 2)
    writes = place.traffic.writes
    leave_receipts(publisher.vault, SETTINGS, place)
    assert place.traffic.writes == writes
    assert written == {"WD.json", "W2.json", "by-PB.json"}
    leave_receipts(laptop.vault, SETTINGS, place)
    assert not (place.folder / "receipts" / "by-WD.json").exists()


def test_marks_that_a_laptop_did_not_sign_itself_are_not_answered(three, place):
    """Its heartbeat's key lies in clear on a stolen disk, and may not speak for its marks."""
    publisher, laptop, other = three
    take(laptop)
    take(other)
    strange = describe_own(other.home, lambda: NOW).high_water_marks
    heartbeat = replace(describe_own(laptop.home, lambda: NOW), number=1)
    for marks in (strange, dict(heartbeat.high_water_marks) | {"generation": 99}, {"format": 1}):
        heartbeat = replace(heartbeat, number=heartbeat.number + 1, high_water_marks=marks)
        place.replace_file("heartbeats/WD.json", sign_heartbeat(laptop.home, heartbeat))
        answer(publisher, place)
        assert not (place.folder / "receipts/WD.json").exists()


@pytest.mark.parametrize("kind", ["sftp", "smb", "s3"])
def test_receipts_go_through_servers_too(kind, three, tmp_path, request):
    publisher, laptop, _ = three
    take(laptop)
    with open_carrier(make_address(kind, tmp_path, request), Pace()) as carrier:
        beat(laptop, carrier, 1)
        answer(publisher, carrier)
        pull(laptop, carrier)
        assert list(carrier.list_names("receipts"))
    document = json.loads((laptop.home.runs_folder / "receipt.json").read_bytes())
    assert document["receipt"]["device"] == "WD"
