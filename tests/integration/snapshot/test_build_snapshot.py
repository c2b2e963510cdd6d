"""From feed files to what a ward laptop shows."""

import json

import pytest

from downtime.fleet_settings import FleetSettings
from downtime.settings import Settings
from downtime.snapshot import load_bundle, local_snapshots
from downtime.transport.local_carrier import LocalCarrier

ADMISSION = (
    "MSH|^~\\&|PAS|DEMO|||20261102100000||ADT^A01|1|P|2.4\r"
    "EVN|A01|20261102100000\r"
    "PID|1||H100^^^DEMO^MR~9990000018^^^NHS^NH||O'Sullivan^Zoë||19600102|F\r"
    "PV1|1|I|W1^A^4||||||||||||||||V1|||||||||||||||||||||||||20261102100000\r"
)
DISCHARGE = (
    "MSH|^~\\&|PAS|DEMO|||20261102120000||ADT^A03|2|P|2.4\r"
    "EVN|A03|20261102120000\r"
    "PID|1||H100^^^DEMO^MR||O'Sullivan^Zoë||19600102|F\r"
    "PV1|1|I|W1^A^4||||||||||||||||V1|||||||||||||||||||||||||20261102100000|20261102120000\r"
)
BROKEN = "MSH|^~\\&|PAS|DEMO|||20261102120000||ADT^A01|3|P|2.4\rEVN|A01|20261102120000\r"


def test_feeds_become_a_snapshot_that_a_ward_can_ask(me, actor, build):
    built = build(ADMISSION, BROKEN)
    assert (built.messages, built.accepted, len(built.rejected)) == (2, 1, 1)
    assert built.header.counts["Encounter"] == 1
    assert built.header.wards == ("W1",)
    info = load_bundle.load_bundle(me, Settings(), built.bundle.parent, actor)
    assert info.id == built.header.id
    with local_snapshots.open_current_snapshot(me) as snapshot:
        (row,) = snapshot.find_patients("999 000 0018")
        assert (row.patient.family, row.encounter.ward, row.encounter.bed) == (
            "O'Sullivan", "W1", "4",
        )  # fmt: skip
        assert dict(snapshot.list_systems())["PAS"] == "2026-11-02T10:00:00Z"
        assert dict(snapshot.list_systems())["LIMS"] == ""
        assert snapshot.has_type("Encounter")
        assert snapshot.summarise_allergies(row.patient.id).heading == "Allergies unavailable"


def test_the_next_build_goes_on_from_the_state(me, actor, build):
    first = build(ADMISSION)
    second = build(DISCHARGE)
    assert second.header.sequence == first.header.sequence + 1
    load_bundle.load_bundle(me, Settings(), second.bundle, actor)
    with local_snapshots.open_current_snapshot(me) as snapshot:
        assert snapshot.list_inpatients() == []
        (row,) = snapshot.find_patients("sullivan")
        assert row.encounter is None
        assert snapshot.find_encounter(row.patient.id).status == "finished"
        # Feeds that come in the wrong order change nothing.
        third = build(ADMISSION)
    assert third.header.counts == second.header.counts
    load_bundle.load_bundle(me, Settings(), third.bundle, actor)
    with local_snapshots.open_current_snapshot(me) as snapshot:
        assert snapshot.list_inpatients() == []


def test_the_pointer_leads_to_the_newest_and_old_bundles_go(build):
    few = Settings(fleet=FleetSettings(keep_newest=2, keep_hours=0, keep_days=0))
    built = [build(ADMISSION, settings=few) for _ in range(5)]
    share = built[-1].bundle.parent
    assert json.loads((share / "latest.json").read_bytes())["bundle"] == built[-1].bundle.name
    names = {path.name for path in share.glob("*.downtime")}
    assert {item.bundle.name for item in built[-2:]} <= names
    assert not {item.bundle.name for item in built[:2]} & names


def test_a_vault_put_back_from_a_backup_gives_no_number_twice(me, build, tmp_path):
    build(ADMISSION)
    second = build(ADMISSION)
    me.db.conn.execute("DELETE FROM snapshot_published")
    assert build(ADMISSION).header.sequence == second.header.sequence + 1


def test_a_build_that_fails_leaves_what_was_published(build, monkeypatch):
    first = build(ADMISSION)
    share = first.bundle.parent
    pointer, bundle = (share / "latest.json").read_bytes(), first.bundle.read_bytes()
    replace_file = LocalCarrier.replace_file

    def fails_at_the_pointer(carrier, name, content):
        if name == "latest.json":
            raise OSError(28, "No space left on device")
        replace_file(carrier, name, content)

    monkeypatch.setattr(LocalCarrier, "replace_file", fails_at_the_pointer)
    with pytest.raises(OSError, match="No space"):
        build(DISCHARGE)
    assert (share / "latest.json").read_bytes() == pointer
    assert first.bundle.read_bytes() == bundle


def test_nothing_of_a_patient_lies_in_clear(me, build, tmp_path):
    build(ADMISSION)
    files = [*me.home.path.rglob("*"), *(tmp_path / "share").iterdir()]
    assert b"Sullivan" not in b"".join(file.read_bytes() for file in files if file.is_file())


def test_who_built_and_why_is_in_the_audit(me, build, actor):
    built = build(ADMISSION)
    rows = list(me.db.query("SELECT action, actor, target, why FROM audit ORDER BY seq"))
    assert [row["action"] for row in rows] == ["snapshot.build", "snapshot.publish"]
    assert {(row["actor"], row["why"]) for row in rows} == {(actor.id, "test")}
    assert rows[1]["target"] == built.header.id
