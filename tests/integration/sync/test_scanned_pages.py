"""A form whose pages were scanned on several machines is whole at the station, in whatever order they send."""

import shutil
from contextlib import closing
from datetime import timedelta
from itertools import permutations

import pytest

from downtime.config import Home
from downtime.entry import late_pages, scans, settle_tray, unscanned_pages
from downtime.entry.open_form import open_form
from downtime.entry.read_scans import find_ink
from downtime.entry.store import scans as scan_pages
from downtime.entry.take_in_batch import list_scan_files, take_in_files
from downtime.paper.store import issued_forms
from downtime.scanning import store
from downtime.scanning.model import PageOutcome
from downtime.vault.vault import Vault
from tests.integration.keying_steps import submit_confirmed
from tests.integration.returns.pictures import as_file, as_pdf, coded_page, inked_page
from tests.integration.sync.fleet import OBSERVED, SETTINGS, Machine


@pytest.fixture
def laptops(fleet):
    """`station, k7, m3`, and a form of two pages that K7 printed and M3 knows."""
    station, k7, m3 = fleet
    serial = k7.issue()
    with k7.vault.change(k7.clerk, "test") as db:
        db.execute("UPDATE form_issue SET pages = 2")
    m3.merge(k7.export(m3))
    return station, k7, m3, serial


def scan(machine, tmp_path, *pages, name="A box"):
    files = []
    for number, page in enumerate(pages):
        files.append(tmp_path / f"{machine.code}-{name}-{number}.png")
        files[-1].write_bytes(as_file(page))
    return take_in_files(machine.vault, SETTINGS, list_scan_files(files), name, machine.clerk)


def marked(serial, page=1, left=300):
    """A page on which somebody wrote."""
    picture = coded_page(serial, page)
    picture.paste(0, (left, 900, left + 200, 930))
    return picture


class Copies:
    """The station as it was before it merged anything."""

    def __init__(self, station: Machine, folder):
        self.station, self.folder, self.count = station, folder, 0

    def merge(self, bundles):
        """A copy that merged these in this order."""
        self.count += 1
        self.station.vault.db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        fresh = Machine.__new__(Machine)
        fresh.__dict__ |= self.station.__dict__
        home = self.folder / f"home-{self.count}"
        shutil.copytree(self.station.home.path, home)
        fresh.home = Home(home)
        fresh.vault = Vault(fresh.home, self.station.data_key, self.station.clock)
        for sealed in bundles:
            fresh.merge(sealed)
        return fresh


def pictures(machine, serial):
    """Every picture that is kept, of the form or in the tray."""
    filed = scan_pages.fetch_pictures(machine.vault.db, serial)
    tray = store.fetch_tray(machine.vault.db)
    return sorted([*filed, *(store.fetch_picture(machine.vault.db, page.id) for page in tray)])


def test_pages_of_one_form_from_two_machines_come_together(laptops, tmp_path):
    station, k7, m3, serial = laptops
    scan(k7, tmp_path, coded_page(serial, 1))
    scan(m3, tmp_path, coded_page(serial, 2))
    bundles = [machine.export(station) for machine in (k7, m3)]
    copies, seen = Copies(station, tmp_path), []
    for order in permutations([*bundles, bundles[0]]):
        with closing(copies.merge(order).vault) as vault:
            info = scans.find_scan(vault, serial)
            assert scans.list_pages(vault, serial) == [1, 2]
            assert store.fetch_tray(vault.db) == []
            seen.append((info.sha256, info.pages, info.bytes, info.codes))
    assert len(set(seen)) == 1, "the scan is the same in whatever order its pages came"
    assert seen[0][1] == 2


def test_another_scan_of_a_page_waits_in_the_tray_whichever_came_first(laptops, tmp_path):
    station, k7, m3, serial = laptops
    scan(k7, tmp_path, coded_page(serial, 1))
    scan(m3, tmp_path, marked(serial, 1), coded_page(serial, 2))
    bundles = [machine.export(station) for machine in (k7, m3)]
    copies, kept = Copies(station, tmp_path), []
    for order in permutations([*bundles, *bundles]):
        merged = copies.merge(order)
        with closing(merged.vault) as vault:
            assert scans.list_pages(vault, serial) == [1, 2]
            (page,) = store.fetch_tray(vault.db)
            assert (page.outcome, page.serial, page.page) == (PageOutcome.SECOND_SCAN, serial, 1)
            kept.append(pictures(merged, serial))
    assert all(found == kept[0] for found in kept)
    assert len(kept[0]) == 3
    assert len(set(kept[0])) == 3


@pytest.mark.parametrize("first", [0, 1])
def test_a_file_of_many_pages_and_pages_one_by_one_lose_nothing(laptops, tmp_path, first):
    station, k7, m3, serial = laptops
    file = as_pdf(coded_page(serial, 1), coded_page(serial, 2))
    scans.attach_scan(k7.vault, SETTINGS, serial, file, k7.clerk)
    scan(m3, tmp_path, marked(serial, 2))
    sent = [machine.export(station) for machine in (k7, m3)]
    station.merge(sent[first])
    station.merge(sent[1 - first])
    assert scans.list_pages(station.vault, serial) == [1, 2]
    assert len(pictures(station, serial)) == 3
    (page,) = store.fetch_tray(station.vault.db)
    assert (page.outcome, page.page) == (PageOutcome.SECOND_SCAN, 2)


@pytest.mark.parametrize("first", [0, 1])
def test_a_page_that_whoever_keyed_had_not_is_late_whichever_bundle_came_first(
    laptops, tmp_path, first
):
    station, k7, m3, serial = laptops
    scan(k7, tmp_path, coded_page(serial, 2))
    scan(m3, tmp_path, coded_page(serial, 1))
    m3.clock.now = k7.clock.now + timedelta(hours=1)
    place = find_ink(m3.vault, serial).list_unkeyed(open_form(m3.vault, serial, SETTINGS), OBSERVED)
    looked_at = [ink.name for ink in place]
    submit_confirmed(m3.vault, SETTINGS, serial, OBSERVED, m3.clerk, looked_at=looked_at)
    station.clock.now = m3.clock.now + timedelta(hours=1)
    sent = [machine.export(station) for machine in (k7, m3)]
    for bundle in (sent[first], sent[1 - first], sent[first]):
        station.merge(bundle)
    assert late_pages.find_late(station.vault, serial) == [2]
    late_pages.confirm_looked(station.vault, serial, 2, station.clerk, "nothing new")
    station.merge(sent[1])
    assert late_pages.find_late(station.vault, serial) == []


def test_a_page_that_came_later_on_the_same_laptop_follows(laptops, tmp_path):
    station, k7, _, serial = laptops
    scan(k7, tmp_path, coded_page(serial, 1))
    station.merge(k7.export(station))
    assert scans.list_pages(station.vault, serial) == [1]
    scan(k7, tmp_path, coded_page(serial, 2), name="Another box")
    station.merge(k7.export(station))
    assert scans.list_pages(station.vault, serial) == [1, 2]


def test_what_was_said_of_a_page_that_will_not_be_scanned_comes_along(laptops, tmp_path):
    station, k7, m3, serial = laptops
    for machine, words in ((k7, "it came back unused"), (m3, "it is lost")):
        scan(machine, tmp_path, coded_page(serial, 1))
        unscanned_pages.explain_unscanned(machine.vault, serial, 2, machine.clerk, words)
    bundles = [machine.export(station) for machine in (k7, m3)]
    copies, said = Copies(station, tmp_path), []
    for order in permutations(bundles):
        with closing(copies.merge(order).vault) as vault:
            (page,) = unscanned_pages.list_said(vault, serial)
            said.append(page)
            assert list(unscanned_pages.list_unscanned(vault, {serial: 2})) == []
    assert said[0] == said[1], "the later word stands"


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("unscanned_page", {"reason": " "}),
        ("unscanned_page", {"page": 3}),
        ("unscanned_page", {"serial": "K7000099X"}),
        ("unscanned_page", {"person": ""}),
        ("late_page", {"at": "2031-01-01T00:00:00Z"}),
    ],
)
def test_what_is_said_of_a_page_counts_by_the_same_rule_from_another_machine(
    laptops, table, change
):
    """As a laptop sends it whose rows were changed, or whose program was: the rest of its bundle is merged."""
    station, k7, _, serial = laptops
    answer = {"serial": serial, "page": 2, "reason": "it is lost", "at": k7.vault.now(),
              "person": "u-K7-1", "name": "Clerk K7"}  # fmt: skip
    answers = [answer | {"page": 1}, answer | change]
    with k7.vault.change(k7.clerk, "test") as db:
        db.table(table).insert_all(answers)
    k7.key(serial)
    result = station.merge(k7.export(station))
    assert [row["page"] for row in station.vault.db.query(f"SELECT page FROM {table}")] == [1]
    assert "1 of its words on missing or late pages" in result.sentence
    assert result.entries == 1


def test_the_tray_of_a_laptop_comes_along_and_finds_homes_that_are_known_here(laptops, tmp_path):
    station, k7, m3, _ = laptops
    elsewhere = k7.issue()  # M3 has never heard of it
    report = scan(m3, tmp_path, coded_page(elsewhere), inked_page())
    assert report.homeless == 2
    station.merge(k7.export(station))
    station.merge(m3.export(station))
    station.merge(m3.export(station))
    assert scans.list_pages(station.vault, elsewhere) == [1]
    (page,) = store.fetch_tray(station.vault.db)
    assert page.outcome == PageOutcome.UNREADABLE
    assert page.outage == issued_forms.fetch_outage(station.vault.db, elsewhere)
    assert store.fetch_picture(station.vault.db, page.id)


def test_what_a_laptop_says_later_of_a_page_in_its_tray_is_followed(laptops, tmp_path):
    station, k7, _, serial = laptops
    scan(k7, tmp_path, inked_page(), inked_page((1240, 1760)))
    station.merge(k7.export(station))
    first, second = store.fetch_tray(k7.vault.db)
    settle_tray.file_by_hand(k7.vault, SETTINGS, first.id, serial, 1, k7.clerk)
    settle_tray.put_aside(k7.vault, second.id, k7.clerk, "a shopping list")
    settle_tray.confirm_aside(k7.vault, second.id, k7.checker)
    station.merge(k7.export(station))
    assert store.fetch_tray(station.vault.db) == []
    assert scans.list_pages(station.vault, serial) == [1]
    assert store.fetch_page(station.vault.db, second.id).reason == "a shopping list"
