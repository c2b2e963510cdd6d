"""A photographed page is filed at once, or asked for again while the paper is still in hand."""

import cv2
import pytest

from downtime.entry import scans
from downtime.entry.take_photograph import take_photograph
from downtime.errors import InputError
from downtime.scanning import store
from downtime.vault import device
from tests.integration.scanning.printed_paper import print_paper

NAME = "Telephone of Ann"


@pytest.fixture
def paper(vault, settings, outage, actor):
    device.create_device(vault.home, vault.data_key, "K7", "records station")
    serial, page = print_paper(vault, settings, actor)
    page.tick("test.fbc")
    return serial, page


@pytest.fixture
def shoot(vault, settings, actor):
    """`shoot(page, blur=…)`: its photograph, slightly turned, taken in."""

    def take(page, blur=0.0, **options):
        picture = page.scanned(angle=2)
        if blur:
            picture = cv2.GaussianBlur(picture, (0, 0), blur)
        content = cv2.imencode(".jpg", picture)[1].tobytes()
        return take_photograph(vault, settings, content, NAME, actor, **options)

    return take


def test_a_sharp_photograph_is_filed_read_and_known_when_it_comes_again(vault, paper, shoot):
    serial, page = paper
    taken = shoot(page)
    assert (taken.is_filed, taken.page.serial, taken.page.page) == (True, serial, 1)
    assert scans.find_scan(vault, serial).is_read
    assert shoot(page).page.id == taken.page.id
    (batch,) = store.fetch_batches(vault.db)
    assert (batch.name, store.count_outcomes(vault.db, batch.id)["filed"]) == (NAME, 1)


def test_a_blurred_photograph_is_taken_again_although_its_code_is_read(vault, paper, shoot):
    serial, page = paper
    taken = shoot(page, blur=3)
    assert (taken.page, taken.fault) == (None, "it is too blurred to be read")
    assert scans.find_scan(vault, serial) is None
    assert store.fetch_batches(vault.db) == []
    assert shoot(page, blur=3, keep=True).is_filed


def test_a_photograph_without_a_code_is_taken_again_or_kept_for_the_tray(vault, paper, shoot):
    _, page = paper
    for corner in "ab":
        page.blot(f"page.code-{corner}")
    assert shoot(page).fault == "no code of a form can be read on it"
    taken = shoot(page, keep=True)
    assert not taken.is_filed
    assert store.fetch_tray(vault.db) == [taken.page]


def test_what_is_no_picture_of_a_page_is_refused(vault, settings, outage, actor):
    with pytest.raises(InputError, match="no photograph of one page"):
        take_photograph(vault, settings, b"hello", NAME, actor)
