"""Bundles that are taken, bundles that are refused, and the last good snapshot that survives."""

import errno
import io
import itertools
import json
import os
import tracemalloc
from dataclasses import replace
from datetime import timedelta

import orjson
import pytest

from downtime.clinical.model import Encounter, Patient
from downtime.clinical.record_types import TYPES
from downtime.clock import to_text
from downtime.config import Home
from downtime.errors import NotFoundError, UntrustedError, UserError
from downtime.fleet.outbox import put_in_folder
from downtime.settings import Settings, SiteSettings, SnapshotSettings
from downtime.snapshot import bundle, load_bundle, local_snapshots
from downtime.snapshot.header import SnapshotHeader
from downtime.snapshot.open_bundle import open_aside, verify_bundle_file
from downtime.snapshot.payload import (
    PackedRows,
    compress,
    format_digest,
    write_line,
    write_payload,
)
from downtime.snapshot.put_in_use import store_sealed
from downtime.snapshot.row_layout import COLUMNS, list_rows, to_row
from downtime.snapshot.store import record_tables
from downtime.vault import audit, device, schema, sealing
from downtime.vault.machines import MachineRole, find_keys
from downtime.vault.vault import Vault
from tests.conftest import NOW
from tests.site import enrol_all

SETTINGS = Settings()
ZOE = Patient(id="p1", mrn="H100", family="O'Sullivan", given="Zoë", identifiers=("MR|DEMO|H100",))
STAY = Encounter(id="e1", patient="p1", ward="W1", bed="1", status="in-progress", kind="inpatient")


class Machine:
    """A home with an open vault and a device identity."""

    def __init__(self, folder, code, clock):
        for part in ("keys", "bundles", "snapshots"):
            (folder / part).mkdir(parents=True)
        self.home, key = Home(folder), os.urandom(32)
        device.create_device(self.home, key, code, f"laptop {code}")
        self.vault = Vault(self.home, key, clock)
        schema.create_schema(self.vault.db, clock)
        self.me = device.load_device(self.vault)
        self.key = bundle.key_id(self.me.card.public_key)


@pytest.fixture
def machines(tmp_path, clock, actor):
    """A publisher and a ward laptop that trust each other, and a stranger."""
    all_machines = [Machine(tmp_path / code, code, clock) for code in ("PB", "WD", "XX")]
    publisher, ward, _ = all_machines
    enrol_all(publisher.vault, ward.vault)
    yield all_machines
    for machine in all_machines:
        machine.vault.close()


@pytest.fixture
def seal(machines, tmp_path):
    """`seal(number)` → the path of a bundle with two records, from the publisher to the ward."""
    publisher, ward, _ = machines

    def make(
        sequence=1, records=(ZOE, STAY), by=publisher, to=(publisher, ward), frames=None, **changed
    ):
        packed = PackedRows.pack(list_rows(records))
        header = SnapshotHeader(
            hospital="DEMO", sequence=sequence, created=to_text(NOW), key=by.key,
            expires=to_text(NOW + timedelta(hours=48)), columns=COLUMNS, unpacked=len(packed.lines),
            counts=dict.fromkeys(TYPES, 0) | packed.counts, content=format_digest(packed.digest),
        )  # fmt: skip
        header = replace(header, **changed)
        recipients = [machine.me.card.recipient for machine in to]
        content = write_payload(header, frames or [compress(packed.lines)])
        sealed = bundle.seal_bundle(header, content, recipients, by.me.sign, io.BytesIO())
        path = tmp_path / f"{os.urandom(4).hex()}.downtime"
        path.write_bytes(sealed.data)
        return path

    return make


@pytest.fixture
def take(machines, actor):
    """`take(path)` loads on the ward laptop."""
    return lambda path, settings=SETTINGS: load_bundle.load_bundle(
        machines[1].vault, settings, path, actor, "test"
    )


def bundles(machines):
    """What the ward laptop shows: sequence and a name found by search."""
    with local_snapshots.open_current_snapshot(machines[1].vault) as snapshot:
        return snapshot.header.sequence, [
            row.patient.given for row in snapshot.find_patients("osullivan")
        ]


def files(machines):
    return {path.name for path in machines[1].home.snapshots_folder.iterdir()}


def test_a_bundle_is_loaded_and_can_be_asked(machines, seal, take):
    info = take(seal(1))
    assert (info.current, info.pinned, info.warnings) == (True, False, ())
    assert bundles(machines) == (1, ["Zoë"])
    assert files(machines) == {f"{info.id}.db"}
    entries = machines[1].vault.db.query("SELECT action, target, why FROM audit ORDER BY seq")
    assert list(entries)[-1] == {"action": "snapshot.load", "target": info.id, "why": "test"}


def test_nothing_of_a_patient_lies_in_clear(machines, seal, take):
    path = seal(1)
    take(path)
    everything = [path, *machines[1].home.path.rglob("*")]
    contents = b"".join(file.read_bytes() for file in everything if file.is_file())
    assert b"Sullivan" not in contents
    assert b"H100" not in contents


def test_newer_bundles_follow_and_the_same_one_may_come_twice(machines, seal, take):
    first, second = seal(1), seal(2, records=())
    take(first)
    take(second)
    take(second)
    assert bundles(machines) == (2, [])
    assert [i.header.sequence for i in local_snapshots.list_snapshots(machines[1].vault)] == [2, 1]


def refused(machines, take, path, code, settings=SETTINGS):
    """Refused with this code, and the ward laptop is as it was; returns what is said."""
    bundles_before, files_before = bundles(machines), files(machines)
    with pytest.raises(UserError) as error:
        take(path, settings)
    assert error.value.code == code
    assert "Sullivan" not in str(error.value)
    assert bundles(machines) == bundles_before
    assert files(machines) == files_before
    return error.value.sentence


def test_an_older_bundle_is_refused(machines, seal, take):
    old = seal(4)
    take(seal(5))
    refused(machines, take, old, "bundle.older")
    refused(machines, take, seal(5, records=()), "bundle.same-number")
    refused(
        machines, take, seal(5, created=to_text(NOW - timedelta(minutes=1))), "bundle.same-number"
    )
    refused(machines, take, seal(6 + SETTINGS.snapshot.max_sequence_jump), "bundle.jump")
    sentence = refused(machines, take, seal(1, epoch=3), "bundle.jump")
    assert sentence == "The number of this bundle jumps from 5 of epoch 1 to 1 of epoch 3."
    take(seal(1, epoch=2))
    refused(machines, take, seal(9), "bundle.older")


def test_a_foreign_bundle_is_refused(machines, seal, take):
    _, ward, stranger = machines
    take(seal(1))
    refused(machines, take, seal(2, by=stranger, to=(ward,)), "machine.unknown")
    refused(machines, take, seal(2, to=machines[:1]), "bundle.not-for-us")
    refused(machines, take, seal(2, hospital="OTHER"), "bundle.other-hospital")
    refused(machines, take, seal(2, schema=99), "bundle.newer-format")
    assert len(list(ward.home.bundles_folder.iterdir())) == 1


def test_counts_that_do_not_agree_are_refused(machines, seal, take):
    take(seal(1))
    wrong = dict.fromkeys(TYPES, 0) | {"Patient": 2, "Encounter": 1}
    refused(machines, take, seal(2, counts=wrong), "bundle.incomplete")


def test_a_signed_manifest_over_another_header_is_refused(machines, seal, take, tmp_path):
    """Two bundles of one publisher, the payload of one under the number of the other."""
    take(seal(1))
    publisher = machines[0]
    ciphertext, manifest = _parts(seal(2).read_bytes())
    text = json.dumps(manifest | {"sequence": 3}).encode()
    path = tmp_path / "mixed.downtime"
    path.write_bytes(ciphertext + sealing.write_end(text, publisher.me.sign(text).encode()))
    refused(machines, take, path, "bundle.tampered")


def test_any_altered_byte_is_refused(machines, seal, take, tmp_path):
    """Every byte of the manifest, the signature and the last line; samples of the ciphertext."""
    take(seal(1))
    data = seal(2).read_bytes()
    publishers = find_keys(machines[1].home, MachineRole.PUBLISHER)
    inside = len(_parts(data)[0])
    places = [n for n in range(len(data)) if n >= inside or n % 7 == 0]
    for place in places:
        for bit in (0x01, 0x80):
            altered = bytearray(data)
            altered[place] ^= bit
            with pytest.raises(UntrustedError):
                bundle.verify_bundle(bytes(altered), publishers)
    path = tmp_path / "altered.downtime"
    path.write_bytes(data[:500] + bytes([data[500] ^ 1]) + data[501:])
    refused(machines, take, path, "bundle.tampered")


def _parts(data):
    """Ciphertext and manifest of a sealed file."""
    start = data.rindex(b'{\n  "format"')
    return data[:start], json.loads(data[start : data.rindex(b"\n}") + 2])


def test_a_file_that_is_exchanged_after_it_was_checked_is_not_believed(
    machines, seal, take, monkeypatch
):
    """A stick is everybody's: what is decrypted, and what is kept, is hashed again."""
    take(seal(1))
    path, other = seal(2), seal(3)
    sealed = verify_bundle_file(machines[1].home, SETTINGS, path)
    path.write_bytes(other.read_bytes())
    with pytest.raises(UntrustedError, match="altered"):
        open_aside(machines[1].vault, SETTINGS, sealed)
    with pytest.raises(UntrustedError, match="altered"):
        store_sealed(machines[1].home, sealed)
    assert len(files(machines)) == len(list(machines[1].home.bundles_folder.iterdir())) == 1


@pytest.mark.parametrize("share", [0, 0.01, 0.3, 0.7, 0.99, 0.9999])
def test_a_bundle_that_was_cut_short_is_refused(machines, seal, take, tmp_path, share):
    take(seal(1))
    data = seal(2).read_bytes()
    path = tmp_path / "short.downtime"
    path.write_bytes(data[: int(len(data) * share)])
    refused(machines, take, path, "bundle.truncated")
    path.write_bytes(data + b"x")
    with pytest.raises(UntrustedError):
        take(path)


def no_space(*_, **__):
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize(
    "step",
    [
        "downtime.snapshot.put_in_use.replace_atomically",
        "downtime.vault.sealing.decrypt_from",
        "downtime.snapshot.open_bundle.record_tables.write_database",
        "downtime.snapshot.store.record_tables._index_patients",
        "downtime.snapshot.open_bundle._check_written",
        "downtime.snapshot.open_bundle.flush_file",
        "downtime.snapshot.put_in_use.flush_folder",
        "downtime.snapshot.put_in_use.snapshot_index.insert_entry",
        "downtime.snapshot.put_in_use.snapshot_index.save_highest_seen",
        "downtime.vault.audit.append_entry",
    ],
)
def test_a_full_disk_at_any_step_leaves_the_last_good_snapshot(
    machines, seal, take, monkeypatch, step
):
    take(seal(1))
    second = seal(2, records=())
    monkeypatch.setattr(step, no_space)
    with pytest.raises(OSError, match="No space"):
        take(second)
    monkeypatch.undo()
    assert bundles(machines) == (1, ["Zoë"])
    assert not [name for name in files(machines) if name.endswith(".tmp")]
    take(second)
    assert bundles(machines) == (2, [])


def test_a_database_that_was_damaged_while_written_is_not_put_in_use(
    machines, seal, take, monkeypatch
):
    take(seal(1))
    honest = record_tables.write_database

    def damaged(path, *options):
        counts = honest(path, *options)
        data = bytearray(path.read_bytes())
        data[-2000] ^= 1
        path.write_bytes(data)
        return counts

    monkeypatch.setattr("downtime.snapshot.open_bundle.record_tables.write_database", damaged)
    refused(machines, take, seal(2), "snapshot.damaged")


def test_an_expired_bundle_is_loaded_with_a_warning(machines, seal, take):
    old = NOW - timedelta(hours=60)
    info = take(seal(1, created=to_text(old), expires=to_text(old + timedelta(hours=48))))
    assert info.warnings == (
        "This snapshot is 2 days 12 h old and past its time; fetch a newer one.",
    )
    assert bundles(machines) == (1, ["Zoë"])


def test_a_bundle_from_the_future_is_loaded_with_a_warning(seal, take):
    later = NOW + timedelta(hours=1)
    info = take(seal(1, created=to_text(later), expires=to_text(later)))
    assert "check the clock" in info.warnings[0]


def test_old_snapshots_go_and_pinned_ones_stay(machines, seal, take, actor):
    few, ward = Settings(snapshot=SnapshotSettings(keep=2)), machines[1].vault
    take(seal(1), few)
    first = local_snapshots.pin_current_snapshot(ward, actor, "outage")
    for number in (2, 3, 4):
        take(seal(number), few)
    infos = local_snapshots.list_snapshots(ward)
    assert [(i.header.sequence, i.current, i.pinned) for i in infos] == [
        (4, True, False),
        (3, False, False),
        (1, False, True),
    ]
    assert len(files(machines)) == 3
    assert len(list(machines[1].home.bundles_folder.iterdir())) == 3
    with local_snapshots.open_snapshot(ward, first) as snapshot:
        assert snapshot.header.sequence == 1


def test_a_locked_laptop_keeps_bundles_sealed(machines, seal):
    _, ward, _ = machines
    sealed = load_bundle.receive_bundle(ward.home, SETTINGS, seal(1))
    assert (ward.home.bundles_folder / sealed.name).read_bytes() == sealed.data
    with pytest.raises(NotFoundError, match="No snapshot is open"):
        local_snapshots.open_current_snapshot(ward.vault)
    with pytest.raises(UntrustedError, match="list of machines"):
        load_bundle.receive_bundle(machines[2].home, SETTINGS, seal(1))


def test_a_folder_leads_to_its_newest_bundle(machines, seal, take, tmp_path):
    folder = tmp_path / "share"
    publishers = find_keys(machines[1].home, MachineRole.PUBLISHER)
    for number in (1, 2):
        sealed = bundle.verify_bundle(seal(number).read_bytes(), publishers)
        put_in_folder(machines[0].home, folder, SETTINGS, [sealed])
    assert take(folder).header.sequence == 2
    with pytest.raises(NotFoundError, match="does not say"):
        take(tmp_path / "WD")


def test_a_bundle_that_is_too_large_is_not_read(seal, take):
    small = Settings(snapshot=SnapshotSettings(max_bundle_bytes=100))
    with pytest.raises(Exception, match="larger than 100 bytes"):
        take(seal(1), small)


def test_a_bundle_that_unpacks_to_more_than_a_setting_is_refused_before_it_is_unpacked(
    machines, seal, take, monkeypatch
):
    """Three gigabytes of nothing, in a bundle of some hundred kilobytes."""
    take(seal(1))
    monkeypatch.setattr("downtime.vault.sealing.decrypt_from", None)
    refused(machines, take, seal(2, unpacked=3 << 30), "bundle.too-large-unpacked")


@pytest.mark.parametrize("unpacked", [1 << 20, 0])
def test_a_bundle_that_unpacks_to_more_than_it_says_costs_no_more_memory_than_a_line(
    machines, seal, take, unpacked
):
    take(seal(1))
    frames = itertools.repeat(compress(b'["Patient"]\n' * 50_000), 200)
    bomb = seal(2, frames=frames, unpacked=unpacked)
    assert bomb.stat().st_size < 1 << 17
    limits = Settings(snapshot=SnapshotSettings(max_unpacked_bytes=2 << 20))
    tracemalloc.start()
    refused(machines, take, bomb, "bundle.incomplete", limits)
    assert tracemalloc.get_traced_memory()[1] < 64 << 20
    tracemalloc.stop()


def test_rows_of_a_program_with_other_columns_are_read(machines, seal, take):
    """A newer publisher's row has a column more, an older one's a column less."""
    names = ("id", "new", *(n for n in COLUMNS["Patient"] if n not in ("id", "prefix")))
    values = dict(zip(COLUMNS["Patient"], to_row(ZOE), strict=True)) | {"new": "x"}
    line = write_line("Patient", [orjson.dumps([values[name] for name in names])])
    line += write_line("NewType", [b"[1]"])
    columns = COLUMNS | {"Patient": names}
    take(seal(1, (ZOE,), frames=[compress(line)], unpacked=len(line), columns=columns))
    assert bundles(machines) == (1, ["Zoë"])


def test_another_site_code_is_another_hospital(seal, take):
    with pytest.raises(UntrustedError, match="serves ELSE"):
        take(seal(1), Settings(site=SiteSettings(code="ELSE")))


def test_the_clock_is_held_against_what_was_loaded(machines, seal, take):
    assert local_snapshots.get_latest_time(machines[1].vault) is None
    later = NOW + timedelta(minutes=5)
    take(seal(1, created=to_text(later), expires=to_text(later)))
    assert local_snapshots.get_latest_time(machines[1].vault) == later


def test_a_publishers_clock_that_was_years_ahead_is_forgotten_with_the_next_snapshot(
    machines, seal, take
):
    ahead = to_text(NOW + timedelta(days=3650))
    take(seal(1, created=ahead, expires=ahead))
    take(seal(2))
    assert local_snapshots.get_latest_time(machines[1].vault) < NOW + timedelta(days=1)


def test_the_audit_chain_holds(machines, seal, take):
    take(seal(1))
    assert audit.verify_chain(machines[1].vault.db).first_bad is None
