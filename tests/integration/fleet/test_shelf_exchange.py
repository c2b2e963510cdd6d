"""The shelf travels with the fleet: from publishers to every machine, signed, in any order, locked or not."""

from dataclasses import replace
from datetime import timedelta

import orjson
import pytest

from downtime.errors import UntrustedError
from downtime.paper.shelf import find_documents, keep_document, shelf_exchange
from downtime.paper.shelf.shelf_bundle import merge_shelf
from downtime.paper.shelf.shelf_exchange import POINTER, ShelfExchange, merge_waiting
from downtime.settings import Settings
from downtime.vault.model import Actor, MachineRole
from tests.integration.fleet.carrying import Machine
from tests.integration.paper.test_shelf import BOOK, INSULIN, NUMBERS, pdf
from tests.site import Site

SETTINGS = Settings()
ADMIN = Actor("u-1", "Ada Site", "PB")


@pytest.fixture
def machines(tmp_path):
    """Two publishers and two laptops; the second laptop reads one ward only."""
    made = [Machine(tmp_path / code, code) for code in ("PB", "P2", "WD", "W2")]
    site = Site()
    for machine, role in zip(made, ("publisher",) * 2 + ("ward-laptop",) * 2, strict=True):
        wards = ("A1",) if machine.me.card.code == "W2" else ()
        site.enrol(machine.vault, MachineRole(role), wards=wards)
    yield made
    for machine in made:
        machine.vault.close()


def add(machine, content=BOOK, draft=NUMBERS, **changes):
    return keep_document.add_document(
        machine.vault, SETTINGS, replace(draft, **changes), content, ADMIN, "approved"
    )


def visit(machine, place, *, locked=False):
    vault = None if locked else machine.vault
    ShelfExchange(machine.home, SETTINGS, vault, None if locked else ADMIN)(place)


def titles(machine):
    return [item.latest.title for item in find_documents.list_documents(machine.vault)]


def test_every_machine_has_it_also_one_that_was_locked_and_one_of_a_single_ward(machines, place):
    first, _, laptop, of_ward = machines
    add(first)
    add(first, pdf("Ketones"), INSULIN)
    visit(first, place)
    visit(of_ward, place)
    assert titles(of_ward) == ["Insulin protocol", "Telephone book"]
    visit(laptop, place, locked=True)
    assert titles(laptop) == []
    assert merge_waiting(laptop.vault, SETTINGS, ADMIN) == 2
    assert titles(laptop) == ["Insulin protocol", "Telephone book"]
    assert find_documents.search_shelf(laptop.vault, "ketones")
    (item,) = [i for i in find_documents.list_documents(laptop.vault) if i.latest.is_table]
    assert find_documents.read_file(laptop.vault, item.latest) == BOOK.replace(b"\r", b"")
    assert list(laptop.home.shelf_folder.glob("*.shelf")) == []


def test_it_is_fetched_once_and_carried_once(machines, place, monkeypatch):
    first, _, laptop, _ = machines
    add(first)
    for machine in (first, laptop):
        visit(machine, place)
    before = place.read_small(POINTER, 10_000).content
    calls = []
    monkeypatch.setattr(shelf_exchange, "fetch_file", lambda *a: calls.append(a))
    for machine in (first, laptop):
        visit(machine, place)
    assert calls == []
    assert place.read_small(POINTER, 10_000).content == before
    assert len(list((place.folder / "shelf").glob("*.shelf"))) == 1


def test_two_publishers_lose_nothing_of_each_other(machines, place):
    first, second, laptop, _ = machines
    add(first)
    visit(first, place)
    add(second, pdf("Ketones"), INSULIN)
    visit(second, place)
    visit(first, place)
    visit(laptop, place)
    for machine in (first, second, laptop):
        assert titles(machine) == ["Insulin protocol", "Telephone book"]
    assert len(list((place.folder / "shelf").glob("*.shelf"))) == 1


def test_an_older_shelf_that_is_put_back_takes_nothing_away(machines, place):
    first, _, laptop, _ = machines
    add(first)
    visit(first, place)
    folder = place.folder / "shelf"
    (old,) = folder.glob("*.shelf")
    kept = old.read_bytes(), (folder / "latest.json").read_bytes()
    first.now += timedelta(hours=1)
    keep_document.withdraw_document(first.vault, "telephone-book", ADMIN, "wrong numbers")
    visit(first, place)
    visit(laptop, place)
    old.write_bytes(kept[0])
    (folder / "latest.json").write_bytes(kept[1])
    visit(laptop, place)
    assert titles(laptop) == []


@pytest.mark.parametrize("damage", ["flip", "cut", "laptop"])
def test_what_no_publisher_signed_is_not_believed(machines, place, damage):
    first, _, laptop, other = machines
    add(first)
    if damage == "laptop":
        pointer = None
        visit(first, place)
        place.remove_file(POINTER)
        visit(other, place)
        add_unchecked(other)
        shelf_exchange.leave_shelf(other.vault, SETTINGS, place, pointer)
    else:
        visit(first, place)
        spoil(place.folder / "shelf", damage)
    visit(laptop, place)
    assert titles(laptop) == []
    assert list(laptop.home.shelf_folder.glob("*.shelf")) == []


def add_unchecked(machine):
    """What a stolen laptop could do with its own key."""
    check, keep_document.policies.check_is_kept_here = (
        keep_document.policies.check_is_kept_here, lambda _: None,
    )  # fmt: skip
    try:
        add(machine, pdf("Give ten times as much"), INSULIN)
    finally:
        keep_document.policies.check_is_kept_here = check


def spoil(folder, damage):
    """Change the file, and let the pointer name what lies there now."""
    import hashlib

    (path,) = folder.glob("*.shelf")
    data = bytearray(path.read_bytes())
    if damage == "flip":
        data[len(data) // 3] ^= 1
    else:
        data = data[: len(data) // 2]
    path.write_bytes(data)
    document = orjson.loads((folder / "latest.json").read_bytes())
    document["file"] |= {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
    (folder / "latest.json").write_bytes(orjson.dumps(document))


def test_a_shelf_of_another_hospital_is_refused(machines, tmp_path):
    first, _, laptop, _ = machines
    add(first)
    path = tmp_path / "x.shelf"
    other = replace(SETTINGS, site=replace(SETTINGS.site, code="ELSE"))
    with path.open("w+b") as out:
        shelf_exchange.seal_shelf(first.vault, other, out)
    with pytest.raises(UntrustedError):
        merge_shelf(laptop.vault, SETTINGS, path, ADMIN)
