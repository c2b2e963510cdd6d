"""Pages are made small once they were read, and what was seen on them stays as it was."""

import hashlib
import io

import cv2
import numpy as np
import pikepdf
import pytest
from PIL import Image

from downtime.entry import scans
from downtime.entry.model import AuditAction
from downtime.entry.read_scans import find_ink, read_scans
from downtime.entry.recode_scans import count_first_pictures, recode_scans
from downtime.entry.store import scans as store
from downtime.entry.take_in_batch import list_scan_files, take_in_files
from downtime.scanning import store as scan_store
from downtime.scanning.recode_page import recode_page
from downtime.settings import EntrySettings, Settings
from downtime.vault import device
from tests.integration.returns.pictures import as_file, blank_page
from tests.integration.scanning.printed_paper import as_png, print_paper


@pytest.fixture
def paper(vault, settings, outage, actor):
    device.create_device(vault.home, vault.data_key, "K7", "records station")
    return print_paper(vault, settings, actor)


@pytest.fixture
def scan_in(vault, settings, actor, tmp_path):
    def scan(*files):
        paths = [tmp_path / f"{number}.png" for number in range(len(files))]
        for path, content in zip(paths, files, strict=True):
            path.write_bytes(content)
        return take_in_files(vault, settings, list_scan_files(paths), "A box", actor)

    return scan


def test_a_page_that_was_read_and_an_empty_back_are_made_small_once(
    vault, settings, actor, paper, scan_in
):
    serial, page = paper
    page.tick("test.fbc")
    page.write("reason")
    scan_in(as_png(page, angle=1), as_file(blank_page()))
    before, seen = store.fetch_picture(vault.db, serial, 1), find_ink(vault, serial)
    assert count_first_pictures(vault) == 2
    report = recode_scans(vault, settings, actor)
    small = scans.get_page_picture(vault, serial, 1)
    assert report.pages == 2
    assert len(small) < 0.5 * len(before)
    assert Image.open(io.BytesIO(small)).format == "WEBP"
    assert Image.open(io.BytesIO(small)).size == Image.open(io.BytesIO(before)).size
    assert find_ink(vault, serial) == seen
    assert recode_scans(vault, settings, actor).pages == 0
    assert read_scans(vault, settings, actor) == 0, "what is small is not read again"
    digests = [hashlib.sha256(picture).hexdigest() for picture in (before, small)]
    query = "SELECT why FROM audit WHERE action = ? AND target = ?"
    (reason,) = vault.db.execute(query, [AuditAction.ENTRY_SCAN_RECODE, serial]).fetchone()
    assert reason == f"page 1, {digests[0]}, {digests[1]}"
    assert store.fetch_original(vault.db, serial, 1) is None
    with pikepdf.open(io.BytesIO(scans.get_scan_file(vault, settings, serial).content)) as bound:
        assert len(bound.pages) == 1


def test_a_page_that_a_person_has_to_read_stays_as_it_was_taken_in(
    vault, settings, actor, paper, scan_in
):
    serial, page = paper
    scan_in(as_png(page, lambda picture: cv2.threshold(picture, 140, 255, cv2.THRESH_BINARY)[1]))
    assert find_ink(vault, serial).readings[1].gate
    assert recode_scans(vault, settings, actor).pages == 0


@pytest.mark.parametrize("keeps", [False, True])
def test_the_file_that_was_attached_stays_where_the_site_keeps_originals(
    vault, settings, actor, paper, keeps
):
    serial, page = paper
    content = as_png(page)
    scans.attach_scan(vault, settings, serial, content, actor)
    read = scans.get_page_picture(vault, serial, 1)
    recode_scans(vault, Settings(entry=EntrySettings(keep_original_scans=keeps)), actor)
    scan = scans.get_scan_file(vault, settings, serial)
    assert (scan.content == content) is keeps
    assert scan.info.media_type == ("image/png" if keeps else "application/pdf")
    assert store.fetch_original(vault.db, serial, 1) == (read if keeps else None)
    assert scans.find_field_positions(vault, serial)["reason"].page == 1
    assert scans.attach_scan(vault, settings, serial, content, actor).sha256 == scan.info.sha256


def test_a_page_whose_picture_cannot_be_made_small_stays_and_is_not_tried_for_ever(
    vault, settings, actor, paper, scan_in, monkeypatch
):
    serial, page = paper
    scan_in(as_png(page), as_file(blank_page()))
    before = scans.get_page_picture(vault, serial, 1)
    monkeypatch.setattr("downtime.processes.sandbox.sys.executable", "/bin/false")
    recode_scans(vault, settings, actor)
    monkeypatch.undo()
    assert scans.get_page_picture(vault, serial, 1) == before
    assert count_first_pictures(vault) == 0
    assert not scan_store.fetch_first_backs(vault.db)


def test_a_mark_ten_tones_paler_than_paper_is_seen_in_a_small_picture():
    """The palest pencil that counts as ink is 28 tones darker than its paper."""
    noise = np.random.default_rng(3).normal(238, 3, (600, 600))
    page = noise.clip(0, 255).astype(np.uint8)
    stroke = np.zeros(page.shape, np.uint8)
    cv2.line(stroke, (100, 300), (420, 340), 255, 3, cv2.LINE_AA)
    page = np.where(stroke > 128, page - 10, page)
    small = recode_page(cv2.imencode(".jpg", page, [cv2.IMWRITE_JPEG_QUALITY, 45])[1].tobytes())
    seen = cv2.imdecode(np.frombuffer(small, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert np.median(seen) - np.median(seen[stroke > 128]) >= 6


def test_a_red_line_stays_red():
    page = np.full((600, 600, 3), 245, np.uint8)
    cv2.line(page, (50, 300), (550, 300), (40, 30, 220), 6)
    small = recode_page(cv2.imencode(".jpg", page)[1].tobytes())
    blue, _, red = cv2.imdecode(np.frombuffer(small, np.uint8), cv2.IMREAD_COLOR)[300, 300]
    assert int(red) - int(blue) > 100
