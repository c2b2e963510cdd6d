"""A page that comes after its form was entered is looked at before the statement is complete."""

import pytest

from downtime.entry import late_pages, scans, send_back_entry
from downtime.entry.open_form import open_form
from downtime.entry.read_scans import find_ink
from downtime.entry.take_in_batch import list_scan_files, take_in_files
from downtime.errors import ConflictError, InputError
from downtime.paper.serials import format_serial
from downtime.returns.statement.model import OpenKind
from downtime.returns.statement.open_items import find_open_items
from tests.integration.keying_steps import submit_confirmed
from tests.integration.returns.pictures import as_file, coded_page
from tests.integration.sync.fleet import OBSERVED, Clock


@pytest.fixture
def clock():
    """A page that comes later has a later time."""
    return Clock()


@pytest.fixture
def scan(vault, settings, actor, tmp_path):
    def take_in(serial, *pages, is_straight=True):
        folder = tmp_path / "-".join([serial, *map(str, pages)])
        folder.mkdir()
        for page in pages:
            picture = coded_page(serial, page)
            if not is_straight:  # another picture of the same page
                picture.paste(0, (300, 900, 500, 930))
            (folder / f"{page}.png").write_bytes(as_file(picture))
        return take_in_files(vault, settings, list_scan_files([folder]), "Ward A1", actor)

    return take_in


@pytest.fixture
def enter(vault, settings, actor):
    def key(serial):
        unkeyed = find_ink(vault, serial).list_unkeyed(open_form(vault, serial, settings), OBSERVED)
        looked_at = [place.name for place in unkeyed]
        submit_confirmed(vault, settings, serial, OBSERVED, actor, looked_at=looked_at)

    return key


@pytest.fixture
def entered(vault, issue, scan, enter):
    """A form of two pages that was entered from the first one."""
    serial = issue("observations")
    vault.db.execute("UPDATE form_issue SET pages = 2")
    scan(serial, 1)
    enter(serial)
    return serial


@pytest.fixture
def open_pages(vault, settings, outage):
    def sentences():
        found = find_open_items(vault, settings, outage)
        return [item.sentence for item in found if item.kind == OpenKind.PAGE_LATE]

    return sentences


@pytest.mark.usefixtures("identity")
def test_a_late_page_is_open_until_somebody_has_looked(
    vault, issue, actor, checker, scan, enter, open_pages
):
    serial, whole = issue("observations"), issue("observations")
    vault.db.execute("UPDATE form_issue SET pages = 2")
    scan(serial, 1)
    enter(serial)
    enter(whole)
    assert open_pages() == []
    scan(serial, 2)
    scan(whole, 1, 2)  # keyed from the hand, and scanned whole afterwards
    (sentence,) = open_pages()
    assert f"page 2 of {format_serial(serial)} came after it was entered" in sentence
    with pytest.raises(ConflictError, match="did not come late"):
        late_pages.confirm_looked(vault, serial, 1, actor, "nothing new")
    with pytest.raises(InputError):
        late_pages.confirm_looked(vault, serial, 2, actor, " ")
    late_pages.confirm_looked(vault, serial, 2, actor, "nothing new: its back is empty")
    assert open_pages() == []


@pytest.mark.usefixtures("identity")
def test_a_form_that_is_keyed_again_with_its_late_page_has_none(
    vault, entered, checker, scan, enter, open_pages
):
    serial = entered
    scan(serial, 2)
    assert late_pages.find_late(vault, serial) == [2]
    send_back_entry.send_back(vault, serial, checker, "a page came late")
    assert late_pages.find_late(vault, serial) == []
    enter(serial)
    assert open_pages() == []


@pytest.mark.usefixtures("identity")
def test_a_scan_that_was_taken_away_and_came_again_hides_no_page(
    vault, entered, checker, scan, open_pages
):
    serial = entered
    scans.detach_scan(vault, serial, checker, "crooked")
    scan(serial, 2, 1, is_straight=False)
    assert late_pages.find_late(vault, serial) == [1, 2]
    assert len(open_pages()) == 1
