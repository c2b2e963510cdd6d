"""What another hospital sent and a laptop read is at the records station too, with whom it became."""

import itertools

import orjson
import pytest

from downtime.config import Home
from downtime.errors import UntrustedError
from downtime.outage.events.model import EventKind
from downtime.paper.mutual_aid import partners, receive_document, store
from downtime.paper.mutual_aid.model import AidDocument, AidKind, AidPatient
from downtime.paper.mutual_aid.signed_codes import collect_parts, make_codes
from downtime.vault import device, sealing
from downtime.vault.vault import Vault
from tests.conftest import NOW
from tests.integration.sync.fleet import SETTINGS
from tests.integration.sync.test_events import ARRIVAL, record

ANN = AidPatient(family="Away", given="Ann", birth_date="1960-01-02", number="Z77")


@pytest.fixture
def sheet(tmp_path):
    """Another hospital's sheet of a patient: its codes, and the file of its keys."""
    home = Home(tmp_path / "other")
    (home.path / "keys").mkdir(parents=True)
    device.create_device(home, bytes(32), "Z9", "laptop of another hospital")
    vault = Vault(home, bytes(32), lambda: NOW)
    machine = device.load_device(vault)
    vault.close()
    document = AidDocument(
        kind=AidKind.TRANSFER, hospital_code="ELSE", hospital_name="St Elsewhere", device="Z9",
        created="2026-11-02T14:00:00Z", is_drill=False, destination="", contact="Dr Cole", patient=ANN,
        lines=(),
    )  # fmt: skip
    file = partners.PartnerFile("ELSE", "St Elsewhere", {"Z9": machine.card.verify_key})
    return make_codes(document, sealing.key_id(machine.card.public_key), machine.sign), file


@pytest.fixture
def read_in(sheet, monkeypatch):
    """`read_in(laptop)`: the laptop believes the hospital and reads its sheet."""
    monkeypatch.setattr(partners, "check_is_kept_here", lambda _: None)

    def read(laptop):
        codes, file = sheet
        content, words = file.to_bytes(), "telephoned"
        partners.add_partner(laptop.vault, SETTINGS, content, file.fingerprint, laptop.clerk, words)
        return receive_document.receive_document(laptop.vault, collect_parts(codes), laptop.clerk)

    return read


def received_at(machine):
    return [
        (r.id, r.received_name, r.arrival) for r in receive_document.list_transfers(machine.vault)
    ]


def test_a_summary_that_laptops_read_is_at_the_station_once_with_whom_it_became(
    fleet, read_in, tmp_path
):
    station, k7, m3 = fleet
    received = read_in(k7)
    before = k7.export(station)
    arrived = record(k7, EventKind.ARRIVAL, **ARRIVAL)
    receive_document.link_arrival(k7.vault, received.id, arrived.root, k7.clerk)
    read_in(m3)
    bundles = [before, k7.export(station), m3.export(station)]
    station.backup(tmp_path / "before")
    for order in itertools.permutations(bundles):
        station.restore(tmp_path / "before")
        for bundle in (*order, order[0]):
            station.merge(bundle)
        ((known, _, arrival),) = received_at(station)
        assert (known, arrival) == (received.id, arrived.root), "as the laptop says, in any order"
        (of_person,) = receive_document.list_of_arrival(station.vault, arrived.root)
        assert of_person.document.patient == ANN


def test_a_row_that_is_no_document_is_refused_whole(fleet, read_in, monkeypatch):
    station, k7, _ = fleet
    read_in(k7)
    rows = store.fetch_rows
    broken = orjson.dumps({"k": "rumour"}).decode()
    monkeypatch.setattr(
        store, "fetch_rows", lambda db: ({**r, "content": broken} for r in rows(db))
    )
    bundle = k7.export(station)
    with pytest.raises(UntrustedError, match="not what its header says"):
        station.merge(bundle)
    assert received_at(station) == []


def test_the_newest_capacity_in_earnest_is_not_hidden_by_one_of_a_drill(fleet, sheet, read_in):
    _, k7, _ = fleet
    read_in(k7)
    (row,) = store.fetch_rows(k7.vault.db)
    content = orjson.loads(row["content"]) | {"k": "capacity", "p": None}
    with k7.vault.change(k7.clerk, "aid.receive", target="test") as db:
        for number, is_drill in enumerate((False, True)):
            text = orjson.dumps(content | {"d": is_drill}).decode()
            made = f"2026-11-02T14:0{number}:00Z"
            new = {"id": f"{number}" * 64, "kind": "capacity", "made": made, "content": text}
            assert store.insert_row_if_new(db, row | new)
    capacity = receive_document.list_capacity(k7.vault)
    assert [item.document.is_drill for item in capacity] == [False, True]
