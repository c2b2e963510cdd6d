"""Wards get their patients only, and a change alone when they have what it changes."""

import os
from datetime import timedelta

import pytest
import sqlcipher3

from downtime.config import Home
from downtime.errors import ConflictError, NotFoundError, UntrustedError
from downtime.settings import Settings
from downtime.snapshot import local_snapshots
from downtime.snapshot.build_snapshot import build_snapshot, confirm_published
from downtime.snapshot.open_bundle import discard, open_aside, verify_bundle_file
from downtime.snapshot.put_in_use import put_in_use
from downtime.vault import device, schema
from downtime.vault.model import MachineRole
from downtime.vault.vault import Vault
from tests.conftest import NOW
from tests.site import Site

SETTINGS = Settings()


def message(event, number, ward, minute, merged=""):
    """ADT of patient H1, H2 …, who are called Ant1, Ant2 …"""
    time, patient = f"202611021{minute:03}00"[:14], f"H{number}^^^DEMO^MR"
    return (
        f"MSH|^~\\&|PAS|DEMO|||{time}||ADT^{event}|{event}{number}{minute}|P|2.4\r"
        f"EVN|{event}|{time}\r"
        f"PID|1||{patient}||Ant{number}^Zoë||1960010{number}|F\r"
        + (f"MRG|{merged}^^^DEMO^MR\r" if merged else "")
        + f"PV1|1|I|{ward}^A^{number}||||||||||||||||V{number}|||||||||||||||||||||||||20261102100000\r"
    )


@pytest.fixture
def machines(tmp_path, clock):
    """A publisher, a laptop of ward W1, and a laptop of the whole site."""
    vaults, site = [], Site()
    roles = [MachineRole.PUBLISHER, MachineRole.WARD_LAPTOP, MachineRole.WARD_LAPTOP]
    for code, role, wards in zip(("PB", "WD", "ST"), roles, ((), ("W1",), ()), strict=True):
        for part in ("keys", "bundles", "snapshots"):
            (tmp_path / code / part).mkdir(parents=True)
        home, key = Home(tmp_path / code), os.urandom(32)
        device.create_device(home, key, code, code)
        vaults.append(Vault(home, key, clock))
        schema.create_schema(vaults[-1].db, clock)
        site.enrol(vaults[-1], role, wards=wards)
    yield vaults
    for vault in vaults:
        vault.close()


@pytest.fixture
def build(machines, actor, tmp_path):
    """`build(messages…)` → what the publisher builds of them; it counts as published."""

    def from_messages(*messages, is_published=True):
        feed = tmp_path / "adt.hl7"
        feed.write_text("".join(messages), encoding="utf-8")
        built = build_snapshot(machines[0], SETTINGS, [feed], actor, "test")
        if is_published:
            confirm_published(machines[0], built)
        return built

    return from_messages


@pytest.fixture
def take(actor):
    """`take(vault, sealed)` puts a bundle in use there."""

    def load(vault, sealed):
        received = verify_bundle_file(vault.home, SETTINGS, sealed.data)
        return put_in_use(vault, SETTINGS, open_aside(vault, SETTINGS, received), actor, "test")

    return load


def names(vault):
    with local_snapshots.open_current_snapshot(vault) as snapshot:
        return {row.patient.family: row.encounter.ward for row in snapshot.list_inpatients()}


def contents(vault, snapshot_id):
    """Every row of every table, those that are derived too; the header apart."""
    path = local_snapshots.database_path(vault, snapshot_id)
    key = local_snapshots.database_key(vault, snapshot_id)
    connection = sqlcipher3.connect(path)
    connection.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
    tables = connection.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
        " AND name NOT LIKE 'words%' AND name <> 'header'"
    ).fetchall()
    # Where a row stands in another table is no content: a delta and a full bundle write in other orders.
    columns = {"found": "rank, patient"}
    rows = {
        name: sorted(connection.execute(f"SELECT {columns.get(name, '*')} FROM {name}"))
        for (name,) in tables
    }
    connection.close()
    return rows


def test_a_ward_has_its_patients_and_nobody_else(machines, build, take):
    _, ward, site = machines
    built = build(message("A01", 1, "W1", 0), message("A01", 2, "W2", 0))
    take(ward, built.full("W1"))
    take(site, built.full())
    assert names(ward) == {"Ant1": "W1"}
    assert names(site) == {"Ant1": "W1", "Ant2": "W2"}
    with local_snapshots.open_current_snapshot(ward) as snapshot:
        assert snapshot.header.wards == ("W1",)
        assert not snapshot.find_patients("Ant2")
        assert not snapshot.find_patients("H2")
        rows = contents(ward, snapshot.id)
    assert "Ant2" not in str(rows)
    assert "Ant1" in str(rows)
    received = verify_bundle_file(ward.home, SETTINGS, built.full().data)
    with pytest.raises(UntrustedError, match="not sealed for this machine"):
        open_aside(ward, SETTINGS, received)


def test_a_delta_makes_the_snapshot_that_the_full_bundle_makes(machines, build, take):
    _, ward, site = machines
    first = build(
        message("A01", 1, "W1", 0), message("A01", 2, "W1", 0), message("A01", 4, "W2", 0)
    )
    for vault, scope in ((ward, "W1"), (site, "")):
        assert first.delta(scope) is None
        take(vault, first.full(scope))
    second = build(
        message("A02", 1, "W2", 10), message("A01", 3, "W1", 11), message("A40", 2, "W1", 12, "H4")
    )
    for vault, scope in ((ward, "W1"), (site, "")):
        delta, full = second.delta(scope), second.full(scope)
        assert (delta.base, delta.scope, delta.content) == (1, scope, full.content)
        by_delta = contents(vault, take(vault, delta).id)
        by_full = contents(vault, take(vault, full).id)  # the same number: either may come
        assert by_delta == by_full
        with local_snapshots.open_current_snapshot(vault) as snapshot:
            (row,) = snapshot.find_patients("H4 ")  # merged: leads to the survivor
            assert row.patient.family == "Ant2"
    assert names(ward).keys() == {"Ant2", "Ant3"}
    assert names(site).keys() == {"Ant1", "Ant2", "Ant3"}


def test_a_delta_begins_at_what_was_published(machines, build, take):
    site = machines[2]
    take(site, build(message("A01", 1, "W1", 0)).full())
    build(message("A01", 2, "W1", 1), is_published=False)
    third = build(message("A01", 3, "W1", 2))
    assert third.delta().base == 1
    take(site, third.delta())
    assert names(site).keys() == {"Ant1", "Ant2", "Ant3"}
    fourth = build()
    assert (fourth.delta().base, fourth.delta().is_empty, third.delta().is_empty) == (
        3,
        True,
        False,
    )
    take(site, fourth.delta())
    assert names(site).keys() == {"Ant1", "Ant2", "Ant3"}


def test_a_delta_without_its_base_asks_for_the_full_bundle(machines, build, take):
    site = machines[2]
    build(message("A01", 1, "W1", 0))
    second = build(message("A01", 2, "W1", 1))
    with pytest.raises(NotFoundError, match="Load the full bundle") as error:
        take(site, second.delta())
    assert error.value.code == "bundle.base-missing"
    take(site, second.full())
    assert names(site).keys() == {"Ant1", "Ant2"}


def test_a_base_that_is_not_the_publishers_gives_nothing(machines, build, take):
    """A row of it is another one: what the delta makes of it is not put in use."""
    site = machines[2]
    first = take(site, build(message("A01", 1, "W1", 0)).full())
    path = local_snapshots.database_path(site, first.id)
    key = local_snapshots.database_key(site, first.id)
    connection = sqlcipher3.connect(path)
    connection.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
    connection.execute("UPDATE Encounter SET bed = '9'")
    connection.commit()
    connection.close()
    with pytest.raises(ConflictError, match="Load the full bundle") as error:
        take(site, build(message("A02", 1, "W2", 10)).delta())
    assert error.value.code == "bundle.delta-differs"
    assert [path.name for path in site.home.snapshots_folder.iterdir()] == [f"{first.id}.db"]


def test_what_was_opened_aside_is_in_use_only_when_it_was_put_there(machines, build, take):
    site = machines[2]
    take(site, build(message("A01", 1, "W1", 0)).full())
    sealed = build(message("A01", 2, "W1", 1)).full()
    aside = open_aside(site, SETTINGS, verify_bundle_file(site.home, SETTINGS, sealed.data))
    assert len(aside.snapshot.list_inpatients()) == 2
    assert names(site).keys() == {"Ant1"}
    discard(aside)
    assert names(site).keys() == {"Ant1"}
    assert not list(site.home.snapshots_folder.glob(".*"))


def test_time_alone_changes_what_is_carried(machines, build):
    """A discharge grows old; nothing arrives."""
    build(message("A01", 1, "W1", 0), message("A03", 1, "W1", 10))
    assert build().header.counts["Encounter"] == 1
    machines[0].clock = lambda: NOW + timedelta(days=SETTINGS.snapshot.result_days + 1)
    assert build().header.counts["Encounter"] == 0
