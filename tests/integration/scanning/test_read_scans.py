"""What the scan of a form shows: ticks are answers, an empty field is not typed, no ink is passed over."""

import cv2
import pytest

from downtime.entry import keying, scans
from downtime.entry.facts import AbsentReason
from downtime.entry.open_form import open_form
from downtime.entry.policies import UnseenInkError
from downtime.entry.read_scans import find_ink, read_scans
from downtime.entry.store import page_readings
from downtime.entry.take_in_batch import list_scan_files, take_in_files
from downtime.scanning import store
from downtime.scanning.model import PageOutcome
from downtime.scanning.page_reading import GateReason, Mark
from downtime.vault import device
from tests.integration.scanning.printed_paper import as_png, print_paper

SIGNED = {"author.name": "Sam Okoro", "author.role": "Staff nurse",
          "event.date": "2026-11-02", "event.time": "14:10"}  # fmt: skip


@pytest.fixture
def paper(vault, settings, outage, actor):
    device.create_device(vault.home, vault.data_key, "K7", "records station")
    return lambda: print_paper(vault, settings, actor)


@pytest.fixture
def scan_in(vault, settings, actor, tmp_path):
    def scan(page, *worsen, **how):
        file = tmp_path / "scan.png"
        file.write_bytes(as_png(page, *worsen, **how))
        return take_in_files(vault, settings, list_scan_files([file]), "A box", actor)

    return scan


def test_ticks_of_a_scanned_form_are_its_answers_and_an_empty_field_is_not_typed(
    vault, settings, paper, scan_in
):
    serial, page = paper()
    page.tick("test.fbc")
    page.tick("priority=urgent")
    page.write("reason")
    assert scan_in(page, angle=1).homeless == 0
    form, ink = open_form(vault, serial, settings), find_ink(vault, serial)
    suggested = ink.suggest_answers(form)
    assert suggested["test.fbc"] == "true"
    assert suggested["priority"] == "urgent"
    assert "test.coag" not in suggested
    assert "reason" not in suggested  # handwriting is never guessed
    marks = ink.find_marks()
    assert marks["reason"] is Mark.MARKED
    assert marks["contact"] is Mark.EMPTY
    not_written = {key for key, text in suggested.items() if text == "?not-written"}
    assert all(marks[key] is Mark.EMPTY for key in not_written)


NOT_WRITTEN = {
    "collected": AbsentReason.NOT_WRITTEN,
    "requester": AbsentReason.NOT_WRITTEN,
    "reason": AbsentReason.NOT_WRITTEN,
    "patient.name": "Unknown, Male",
}


def test_fields_stand_on_the_picture_where_the_feeder_put_them(vault, paper, scan_in):
    serial, page = paper()
    scan_in(page, angle=2)
    positions = scans.find_field_positions(vault, serial)
    straight = page.field("reason")
    assert positions["reason"].page == 1
    moved = positions["reason"].y - (page.layout.size[1] - straight.y - straight.height) / 842
    assert abs(moved) > 0.005


def test_ink_that_no_answer_stands_for_is_looked_at_before_a_form_is_entered(
    vault, settings, actor, paper, scan_in
):
    serial, page = paper()
    page.tick("test.fbc")
    page.write("reason")
    page.stroke((60, 250), (70, 246), (80, 251), (95, 247))
    scan_in(page)
    form = open_form(vault, serial, settings)
    ink = find_ink(vault, serial)
    unkeyed = {place.name for place in ink.list_unkeyed(form, {"test.fbc": "true"})}
    assert unkeyed == {"page-1-1", "reason"}
    unkeyed = {p.name for p in ink.list_unkeyed(form, {"test.fbc": "true", "reason": "Fever"})}
    assert unkeyed == {"page-1-1"}


def test_a_page_that_cannot_be_measured_is_for_a_person_as_a_whole(vault, settings, paper, scan_in):
    serial, page = paper()
    page.tick("test.fbc")
    scan_in(page, lambda picture: cv2.threshold(picture, 140, 255, cv2.THRESH_BINARY)[1])
    ink = find_ink(vault, serial)
    assert ink.readings[1].gate is GateReason.TWO_TONE
    form = open_form(vault, serial, settings)
    assert ink.suggest_answers(form) == {}
    assert [(p.name, p.page) for p in ink.list_unkeyed(form, {})] == [("page-1", 1)]


def test_a_page_that_was_not_measured_is_looked_at_before_its_form_is_entered(
    vault, settings, actor, paper, scan_in
):
    """A bad scan is no easier to enter unseen than a good one."""
    serial, page = paper()
    page.tick("test.fbc")
    scan_in(page, lambda picture: cv2.threshold(picture, 140, 255, cv2.THRESH_BINARY)[1])
    answers = NOT_WRITTEN | {"test.fbc": "true", "priority": "urgent"} | SIGNED
    with pytest.raises(UnseenInkError, match="was not measured on page 1"):
        keying.submit_entry(vault, settings, serial, answers, actor)
    assert keying.submit_entry(vault, settings, serial, answers, actor, looked_at=("page-1",))


def test_a_page_that_came_a_moment_ago_is_read_before_its_form_is_entered(
    vault, settings, actor, paper, scan_in
):
    serial, page = paper()
    page.tick("test.fbc")
    page.stroke((60, 250), (70, 246), (80, 251), (95, 247))
    scan_in(page)
    vault.db.execute("DELETE FROM form_page_reading")
    answers = NOT_WRITTEN | {"test.fbc": "true", "priority": "urgent"} | SIGNED
    with pytest.raises(UnseenInkError, match="shows ink in one place"):
        keying.submit_entry(vault, settings, serial, answers, actor)


def test_a_page_of_an_older_program_is_not_measured(vault, settings, actor, paper, scan_in):
    """Its file may have been black and white: a stroke that it lost would be an empty field."""
    serial, page = paper()
    scan_in(page)
    row = vault.db.execute("SELECT width, height, picture FROM form_scan_page").fetchone()
    vault.db.execute("DELETE FROM form_page_reading")
    vault.db.execute("DELETE FROM form_scan_page")
    query = (
        "INSERT INTO form_scan_page (serial, page, width, height, picture) VALUES (?, 1, ?, ?, ?)"
    )
    vault.db.execute(query, [serial, *row])
    read_scans(vault, settings, actor)
    assert find_ink(vault, serial).readings[1].gate is GateReason.TWO_TONE


def test_what_was_read_goes_with_the_scan_and_comes_again_with_it(
    vault, settings, actor, paper, scan_in
):
    serial, page = paper()
    page.tick("test.fbc")
    scan_in(page)
    assert page_readings.fetch_unread(vault.db) == []
    scans.detach_scan(vault, serial, actor, "another paper")
    assert find_ink(vault, serial).readings == {}
    scans.attach_scan(vault, settings, serial, as_png(page), actor)
    assert find_ink(vault, serial).find_marks()["test.fbc"] is Mark.MARKED
    assert read_scans(vault, settings, actor) == 0


def test_a_form_with_unseen_ink_is_not_entered_and_is_once_somebody_has_looked(
    vault, settings, actor, paper, scan_in
):
    serial, page = paper()
    page.tick("test.fbc")
    page.tick("priority=urgent")
    page.stroke((60, 250), (70, 246), (80, 251), (95, 247))
    scan_in(page)
    form = open_form(vault, serial, settings)
    who = {"patient.name": "Unknown, Male"}
    answers = find_ink(vault, serial).suggest_answers(form) | SIGNED | who
    with pytest.raises(UnseenInkError, match="shows ink in one place that is not keyed"):
        keying.submit_entry(vault, settings, serial, answers, actor)
    assert keying.submit_entry(vault, settings, serial, answers, actor, looked_at=("page-1-1",))
    query = "SELECT why FROM audit WHERE action = 'entry.submit'"
    assert [reason for (reason,) in vault.db.execute(query)] == ["keyed ink:page-1-1"]


def test_a_second_scan_is_a_copy_only_while_it_shows_no_other_writing(vault, paper, scan_in):
    serial, page = paper()
    page.tick("test.fbc")
    page.write("reason")
    assert scan_in(page, angle=1).counts[PageOutcome.FILED] == 1
    again = scan_in(page, angle=-1)
    assert (again.counts[PageOutcome.COPY], again.homeless) == (1, 0)
    page.write("contact")
    later = scan_in(page)
    assert (later.counts[PageOutcome.SECOND_SCAN], later.homeless) == (1, 1)
    tray = store.fetch_tray(vault.db)
    assert [(p.serial, p.page) for p in tray] == [(serial, 1)]
    assert store.fetch_picture(vault.db, tray[0].id)


def test_a_second_scan_that_cannot_be_measured_is_for_a_person(paper, scan_in):
    _, page = paper()
    scan_in(page)
    coarse = scan_in(page, lambda picture: cv2.threshold(picture, 140, 255, cv2.THRESH_BINARY)[1])
    assert (coarse.counts[PageOutcome.COPY], coarse.homeless) == (0, 1)
