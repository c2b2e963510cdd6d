"""What is believed: each machine in its roles only, no revoked one, and no list but the newest.

Each of these controls is tried by itself: taken out of the program, its test fails.
"""

import json
import random
from copy import deepcopy
from dataclasses import replace
from datetime import timedelta

import pytest
from tuf.api.metadata import Metadata, Root, Targets

from downtime.clock import to_text
from downtime.errors import NotFoundError, UntrustedError
from downtime.fleet import machine_list, site_root
from downtime.fleet.machine_list import receive_list
from downtime.fleet.receive_snapshot import receive_snapshot
from downtime.settings import Settings
from downtime.snapshot.load_bundle import load_bundle
from downtime.snapshot.local_snapshots import list_snapshots
from downtime.sync import bundle as sync_bundle
from downtime.sync.export_bundle import export_bundle
from downtime.vault import device, machines, signed_list
from downtime.vault.model import Actor, MachineRole
from downtime.vault.slots import to_canonical_json
from tests.conftest import NOW
from tests.integration.fleet.carrying import RECORDS, Machine
from tests.site import Site

ACTOR = Actor("u-1", "Amina Ward", "WD")
PUBLISHER, LAPTOP, STATION = MachineRole


@pytest.fixture
def fleet(tmp_path):
    """`site, publisher, laptop, station`, each in its own role."""
    made = [Machine(tmp_path / code, code) for code in ("PB", "WD", "RS")]
    site = Site()
    for machine, role in zip(made, MachineRole, strict=True):
        site.enrol(machine.vault, role, wards=("AMU",) if role == LAPTOP else ())
    yield site, *made
    for machine in made:
        machine.vault.close()


def refused(code, action, *arguments):
    with pytest.raises(UntrustedError) as error:
        action(*arguments)
    assert error.value.code == code, error.value
    return error.value.sentence


def take(machine, path):
    return load_bundle(machine.vault, Settings(), path, ACTOR, "test")


def carry(tmp_path, sealed):
    path = tmp_path / sealed.name
    path.write_bytes(sealed.data)
    return path


def test_a_snapshot_is_believed_of_a_publisher_only(fleet, tmp_path):
    _, publisher, laptop, station = fleet
    assert take(laptop, carry(tmp_path, publisher.seal(1, laptop))).header.sequence == 1
    sentence = refused("machine.role", take, station, carry(tmp_path, laptop.seal(2, station)))
    assert sentence == "machine WD (WD) signed this, and it is no publisher."
    refused("machine.role", take, laptop, carry(tmp_path, station.seal(2, laptop)))
    refused("machine.role", take, laptop, carry(tmp_path, laptop.seal(2, laptop)))


def test_the_bundle_of_a_ward_does_not_let_all_other_wards_vanish(fleet, tmp_path):
    _, publisher, laptop, station = fleet
    whole = carry(tmp_path, publisher.seal(1, station))
    ward = carry(tmp_path, publisher.seal(2, laptop, station, scope="AMU", records=RECORDS[:1]))
    receive_snapshot(station.vault, Settings(), whole, ACTOR)
    sentence = refused(
        "bundle.other-scope", receive_snapshot, station.vault, Settings(), ward, ACTOR
    )
    assert sentence == "This bundle is of ward AMU, and this machine is for the whole site."
    assert [info.header.scope for info in list_snapshots(station.vault)] == [""]
    assert receive_snapshot(laptop.vault, Settings(), ward, ACTOR).info


def test_a_date_in_the_future_does_not_let_a_hospital_vanish(fleet, tmp_path):
    _, publisher, _, station = fleet
    people = [
        replace(RECORDS[kind], id=f"{n}", **({"patient": f"{n}", "bed": f"{n}"} if kind else {}))
        for n in range(60)
        for kind in (0, -1)
    ]
    gone = [replace(r, status="finished") if hasattr(r, "patient") else r for r in people]
    in_years = to_text(NOW + timedelta(days=3650))
    results = [
        receive_snapshot(
            station.vault,
            Settings(),
            carry(tmp_path, publisher.seal(number, station, records=records, created=created)),
            ACTOR,
        )
        for number, records, created in (
            (1, people, to_text(NOW)),
            (2, gone, in_years),
            (3, people, in_years),
            (4, gone, to_text(NOW + timedelta(days=4000))),
        )
    ]
    assert [bool(received.info) for received in results] == [True, False, True, False]


def test_a_ledger_is_believed_of_a_ward_laptop_only(fleet):
    _, publisher, laptop, station = fleet
    for sender, code in ((laptop, ""), (publisher, "machine.role")):
        data = export_bundle(sender.vault, Settings(), "RS", ACTOR).data
        if code:
            refused(code, sync_bundle.open_bundle, station.vault, Settings(), data)
        else:
            assert sync_bundle.open_bundle(station.vault, Settings(), data).card.code == "WD"


def test_what_a_laptop_wrote_is_sealed_to_a_records_station_only(fleet):
    _, publisher, laptop, _ = fleet
    with pytest.raises(NotFoundError, match="No records station PB"):
        export_bundle(laptop.vault, Settings(), "PB", ACTOR)


def test_nothing_of_a_revoked_machine_is_believed_and_nothing_is_sealed_to_it(fleet, tmp_path):
    site, publisher, laptop, station = fleet
    earlier, ledger = (
        publisher.seal(1, laptop),
        export_bundle(laptop.vault, Settings(), "RS", ACTOR),
    )
    theirs = laptop.me.card.recipient
    assert theirs in machines.list_recipients(publisher.home, "AMU")
    site.revoke("WD", "stolen from a car").revoke("PB", "taken over")
    sentence = refused("machine.revoked", take, station, carry(tmp_path, earlier))
    assert sentence == "machine PB (PB) made this, and was revoked: taken over"
    refused("machine.revoked", sync_bundle.open_bundle, station.vault, Settings(), ledger.data)
    assert theirs not in machines.list_recipients(station.home, "AMU")
    assert machines.list_scopes(station.home) == []


def test_a_newer_list_that_lies_with_a_bundle_counts_before_it(fleet, tmp_path):
    site, publisher, laptop, _ = fleet
    folder = tmp_path / "stick" / "wards" / "AMU"
    folder.mkdir(parents=True)
    path = carry(folder, publisher.seal(1, laptop))
    site.machines = tuple(
        replace(machine, revoked=to_text(NOW), reason="stolen") if machine.code == "PB" else machine
        for machine in site.machines
    )
    (tmp_path / "stick" / "machines").mkdir()
    listed = tmp_path / "stick" / "machines" / "machines.json"
    listed.write_bytes(site.sign().signed.data)
    refused("machine.revoked", receive_snapshot, laptop.vault, Settings(), path, ACTOR)
    assert list_snapshots(laptop.vault) == []


def test_a_revoked_machine_says_so_and_has_no_role(fleet):
    site, _, laptop, station = fleet
    site.revoke("WD", "stolen")
    receive_list(laptop.home, machine_list.read_list_bytes(station.home))
    assert machines.read_own_machine(laptop.home).roles == frozenset()
    (warning,) = machine_list.list_warnings(laptop.home, Settings(), NOW)
    assert warning == "This machine was revoked: stolen. No other machine believes it any more."


def test_a_ward_s_bundles_are_sealed_to_its_laptops_stations_and_the_recovery_key(fleet, tmp_path):
    site, publisher, laptop, station = fleet
    other = Machine(tmp_path / "W2", "W2")
    site.enrol(other.vault, LAPTOP, wards=("B1", "AMU"))
    readers = {m.me.card.recipient: m.me.card.code for m in (publisher, laptop, station, other)}
    readers[str(site.keys[0].recovery.to_public())] = "recovery"

    def sealed_to(scope):
        return {readers[r] for r in machines.list_recipients(publisher.home, scope)}

    assert machines.list_scopes(publisher.home) == ["AMU", "AMU+B1"]
    assert sealed_to("AMU") == {"PB", "WD", "W2", "RS", "recovery"}
    assert sealed_to("AMU+B1") == {"PB", "W2", "RS", "recovery"}
    assert sealed_to("") == {"PB", "RS", "recovery"}
    other.vault.close()


def test_an_old_list_played_again_does_not_bring_a_revoked_machine_back(fleet):
    site, publisher, _, station = fleet
    before = machine_list.read_list_bytes(station.home)
    site.revoke("PB")
    refused("machines.older", receive_list, station.home, before)
    assert not machines.find_by_role(station.home, PUBLISHER)


def test_two_contents_of_one_number_are_refused(fleet):
    site, *_, station = fleet
    number = site.version
    site.machines = tuple(m for m in site.machines if m.code != "WD")
    site.version -= 1
    refused("machines.conflict", receive_list, station.home, site.sign().signed.data)
    assert machines.read_list(station.home).version == number
    assert not receive_list(station.home, machine_list.read_list_bytes(station.home)).is_new


def parts(data):
    document = json.loads(data)
    return document["roots"], document["list"]


def joined(roots, listed):
    return to_canonical_json({"format": signed_list.FORMAT, "roots": roots, "list": listed})


def rotated(site, signers, threshold=None):
    """The site's first root and the next one, which knows stick 1 no more."""
    root = deepcopy(site.roots[0].signed)
    root.version += 1
    site_root.remove_key(root, 1)
    if threshold:
        root.roles["root"].threshold = threshold
    metadata = Metadata(root)
    for number in signers:
        metadata.sign(site.keys[number - 1].root_signer, append=True)
    return (site.roots[0], metadata)


def test_a_root_signed_by_fewer_keys_than_the_threshold_is_refused(fleet):
    site, *_, station = fleet
    for signers in ((2,), (1, 2)):  # two keys of the old root, and two of the new one are needed
        site.roots = rotated(site, signers)
        with pytest.raises(UntrustedError) as error:
            receive_list(station.home, site.sign(key=1).signed.data)
        assert error.value.code == "machines.signatures"
    site.roots = rotated(site, (2, 3))
    assert receive_list(station.home, site.sign(key=1).signed.data).is_new


def test_one_key_alone_cannot_lower_the_threshold(fleet):
    site, *_, station = fleet
    site.roots = rotated(site, (2,), threshold=1)
    refused("machines.signatures", lambda: receive_list(station.home, site.sign(key=1).signed.data))


def test_a_key_does_not_count_twice_under_another_name(fleet):
    """Two names for one key would make a threshold of two out of one keeper."""
    site, *_ = fleet
    ((root,), listed) = parts(site.sign().signed.data)
    keyid = root["signed"]["roles"]["root"]["keyids"][0]
    root["signed"]["keys"]["0" * 64] = root["signed"]["keys"][keyid]
    root["signed"]["roles"]["root"]["keyids"] = [keyid, "0" * 64]
    metadata = Metadata[Root].from_dict(json.loads(json.dumps(root)))
    metadata.signatures.clear()
    signature = metadata.sign(site.keys[0].root_signer)
    again = {"keyid": "0" * 64, "sig": signature.signature}
    root = metadata.to_dict()
    root["signatures"].append(again)
    refused("machines.tampered", machines.parse_list, joined([root], listed))


def test_parts_of_two_versions_make_no_third(fleet):
    site, *_, station = fleet
    earlier_roots, earlier = parts(site.sign().signed.data)
    site.roots = rotated(site, (1, 2, 3))
    later_roots, later = parts(site.sign(key=1).signed.data)
    refused("machines.mixed", receive_list, station.home, joined(later_roots, earlier_by(site)))
    for roots, listed in ((earlier_roots, later), (later_roots, earlier), (later_roots[1:], later)):
        with pytest.raises(UntrustedError):
            receive_list(station.home, joined(roots, listed))
    swapped = json.loads(json.dumps(later))
    swapped["signed"]["machines"] = earlier["signed"]["machines"][:1]
    refused("machines.signatures", receive_list, station.home, joined(later_roots, swapped))


def earlier_by(site):
    """A list that names the first root, signed with a key that the second knows too."""
    roots, site.roots = site.roots, site.roots[:1]
    listed = parts(site.sign(key=1).signed.data)[1]
    site.roots = roots
    return listed


def test_a_revoked_stick_signs_no_list(fleet):
    site, *_, station = fleet
    site.roots = rotated(site, (1, 2, 3))
    with pytest.raises(UntrustedError, match="Stick 1 is not one of this site's root"):
        site.sign(key=0)
    targets = Targets(99, expires=NOW + timedelta(days=1))
    targets.unrecognized_fields = {"issued": "", "machines": [], "root_version": 2}
    metadata = Metadata(targets)
    metadata.sign(site.keys[0].list_signer)
    forged = signed_list.write_list(site.roots, metadata)
    refused("machines.signatures", receive_list, station.home, forged)


def test_another_site_s_list_is_refused(fleet):
    *_, station = fleet
    stranger = Site()
    stranger.machines = fleet[0].machines
    stranger.version = 50
    refused("machines.other-root", receive_list, station.home, stranger.sign().signed.data)


def test_expiry_warns_and_blocks_nothing(fleet, tmp_path):
    site, publisher, laptop, _ = fleet
    settings = Settings()
    assert machine_list.list_warnings(laptop.home, settings, NOW) == []
    (soon,) = machine_list.list_warnings(laptop.home, settings, NOW + timedelta(days=390))
    assert soon == "The list of machines should be signed anew within 10 days."
    late = NOW + timedelta(days=4000)
    (warning,) = machine_list.list_warnings(laptop.home, settings, late)
    assert "should have been signed anew" in warning
    laptop.now = late
    assert take(laptop, carry(tmp_path, publisher.seal(1, laptop))).header.sequence == 1


def test_no_altered_list_is_believed(fleet):
    """Flips of single bits, truncations and swapped stretches, of a list under a chain of two roots."""
    site, *_, station = fleet
    site.roots = rotated(site, (1, 2, 3))
    data = site.sign(key=1).signed.data
    dice = random.Random(5)
    for _ in range(400):
        altered = bytearray(data)
        match dice.randrange(4):
            case 0:
                del altered[dice.randrange(len(data)) :]
            case 1:
                a, b = sorted(dice.sample(range(len(data)), 2))
                altered[a : a + 20], altered[b : b + 20] = altered[b : b + 20], altered[a : a + 20]
            case _:
                altered[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
        if altered != data:
            with pytest.raises(UntrustedError):
                receive_list(station.home, bytes(altered))
    assert receive_list(station.home, data).is_new


def test_a_list_changed_on_the_disk_is_not_believed(fleet, tmp_path):
    site, publisher, laptop, _ = fleet
    path = machines.list_path(laptop.home)
    good = path.read_bytes()
    stranger = Site()
    stranger.machines = tuple(replace(m, roles=frozenset(MachineRole)) for m in site.machines)
    for content in (stranger.sign().signed.data, good.replace(b"AMU", b"BMU"), b""):
        path.write_bytes(content)
        refused("machines.damaged", machines.list_machines, laptop.home)
        refused("machines.damaged", take, laptop, carry(tmp_path, publisher.seal(1, laptop)))
    path.unlink()
    refused("machines.damaged", machines.list_machines, laptop.home)
    path.write_bytes(good)
    assert len(machines.list_machines(laptop.home)) == 3


def test_the_root_adopted_here_cannot_be_exchanged_on_the_disk(fleet):
    _, _, laptop, _ = fleet
    stranger, folder = Site(), machines.list_path(laptop.home).parent
    signed = stranger.sign()
    machines.list_path(laptop.home).write_bytes(signed.signed.data)
    pin = json.loads((folder / "site-root.json").read_bytes())
    pin["sha256"] = signed.signed.first_pin.sha256
    (folder / "site-root.json").write_text(json.dumps(pin))
    refused("machines.damaged", machines.list_machines, laptop.home)


def test_a_machine_of_no_site_believes_itself_alone(tmp_path, fleet):
    _, publisher, *_ = fleet
    alone = Machine(tmp_path / "XX", "XX")
    assert take(alone, carry(tmp_path, alone.seal(1))).header.sequence == 1
    refused("machine.unknown", take, alone, carry(tmp_path, publisher.seal(2, alone)))
    with pytest.raises(NotFoundError, match="belongs to no site"):
        receive_list(alone.home, machine_list.read_list_bytes(publisher.home))
    assert device.read_own_code(alone.home) == "XX"
    alone.vault.close()
