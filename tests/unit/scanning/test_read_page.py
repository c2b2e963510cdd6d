"""A returned page: what is ticked, where something is written, and what a person has to look at."""

import cv2
import numpy as np
import orjson
import pytest

from downtime.scanning.page_reading import GateReason, Mark, parse_reading
from tests.unit.scanning.returned_page import PENCIL, ReturnedPage, add_noise, print_page

TICKED = ("priority=urgent", "test.fbc", "test.coag", "test.bnp")
WRITTEN = ("collected", "reason", "author.signature", "event.time")


@pytest.fixture
def filled(sheet):
    for key in TICKED:
        sheet.tick(key)
    for key in WRITTEN:
        sheet.write(key)
    return sheet


def _keys(reading, mark):
    return {key for key, seen in reading.find_marks().items() if seen is mark}


SCANS = {
    "as it lies": {},
    "skewed": {"angle": 2.5},
    "upside down": {"angle": 181},
    "printed smaller, 300 dpi": {"scale": 0.94, "dpi": 300, "angle": -1},
    "kept at 150 dpi": {"dpi": 150},
}


@pytest.mark.parametrize("scan", SCANS.values(), ids=SCANS.keys())
def test_what_was_ticked_and_written_is_seen_and_nothing_else(filled, scan):
    reading = filled.read(filled.scanned(**scan))
    assert reading.gate is None
    assert _keys(reading, Mark.MARKED) == {*TICKED, *WRITTEN}
    assert _keys(reading, Mark.DOUBTFUL) == set()
    assert reading.outside == ()


def test_a_page_seen_in_a_mirror_is_read_and_said_to_be_mirrored(filled):
    reading = filled.read(np.ascontiguousarray(filled.scanned()[:, ::-1]))
    assert reading.is_mirrored
    assert _keys(reading, Mark.MARKED) == {*TICKED, *WRITTEN}


def test_one_code_is_enough(filled):
    x, y, width, height = filled.place("page.code-b")
    for n in range(12):
        filled.stroke(
            (x, y + n * height / 11), (x + width, y + height - n * height / 11), width=1.5
        )
    reading = filled.read(filled.scanned(angle=1))
    assert reading.gate is None
    assert _keys(reading, Mark.MARKED) == {*TICKED, *WRITTEN}


def test_a_photograph_taken_aslant_in_uneven_light_is_read(filled):
    picture = filled.scanned(dpi=300)
    rows, columns = picture.shape
    corners = np.array([[0, 0], [columns, 0], [columns, rows], [0, rows]], np.float32)
    seen = np.array([[60, 90], [columns - 130, 20], [columns - 20, rows - 60], [15, rows - 140]])
    matrix = cv2.getPerspectiveTransform(corners, seen.astype(np.float32))
    image = cv2.warpPerspective(picture, matrix, (columns, rows), borderValue=(90,))
    shaded = image * np.linspace(0.65, 1, columns)
    reading = filled.read(shaded.astype(np.uint8))
    assert reading.gate is None
    assert _keys(reading, Mark.MARKED) == {*TICKED, *WRITTEN}


def test_pale_pencil_is_ink(sheet):
    sheet.write("reason", tone=PENCIL, width=0.35)
    sheet.tick("test.ue", tone=PENCIL, width=0.35)
    reading = sheet.read()
    assert _keys(reading, Mark.MARKED) == {"reason", "test.ue"}


def test_a_crossed_out_tick_goes_to_a_person(sheet):
    sheet.tick("test.fbc")
    sheet.scribble("test.fbc")
    assert sheet.read().find_marks()["test.fbc"] is Mark.DOUBTFUL


@pytest.mark.parametrize("ticked", [True, False], ids=["ticked", "not ticked"])
def test_an_option_whose_words_are_struck_out_goes_to_a_person(sheet, ticked):
    x, y, width, height = sheet.place("test.fbc")
    if ticked:
        sheet.tick("test.fbc")
    sheet.stroke((x + width + 2, y + height / 2), (x + width + 18, y + height / 2 - 0.5))
    sheet.stroke((x + width + 2, y + 1), (x + width + 18, y + height - 1))
    assert sheet.read().find_marks()["test.fbc"] is Mark.DOUBTFUL


def test_a_mark_too_small_for_a_tick_goes_to_a_person(sheet):
    x, y, width, height = sheet.place("test.crp")
    sheet.stroke((x + width / 2, y + height / 2), (x + width / 2 + 0.7, y + height / 2))
    assert sheet.read().find_marks()["test.crp"] is Mark.DOUBTFUL


def test_a_tick_beside_its_box_goes_to_a_person(sheet):
    x, y, _, height = sheet.place("test.crp")
    sheet.stroke((x - 1.2, y + 0.5), (x - 0.9, y + height), (x - 0.5, y))
    assert sheet.read().find_marks()["test.crp"] is Mark.DOUBTFUL


def test_a_full_stop_of_a_field_goes_to_a_person(sheet):
    x, y, width, height = sheet.place("contact")
    sheet.stroke((x + width / 2, y + height / 2), (x + width / 2, y + height / 2), width=0.5)
    assert sheet.read().find_marks()["contact"] is not Mark.EMPTY


def test_what_is_written_outside_every_field_is_shown(sheet):
    sheet.stroke((60, 250), (70, 246), (80, 251), (95, 247))
    (outside,) = sheet.read().outside
    left, right = outside.x * 25.4 / 72, (outside.x + outside.width) * 25.4 / 72
    assert left < 61
    assert right > 94
    assert _cut(sheet.scanned(), outside.place).min() < 90


def test_punched_holes_and_the_scanners_dirt_are_not_writing(filled):
    for tone, height in ((40, 108), (150, 188)):
        cv2.circle(filled.picture, (142, round(height * 11.81)), 35, (tone,), -1, cv2.LINE_AA)
    picture = filled.scanned(angle=1)
    for x in (150, 700, 1200):  # one of them through boxes, one through fields
        picture[:, x] = (picture[:, x] * 0.6).astype(np.uint8)
    reading = filled.read(picture)
    assert reading.outside == ()
    assert _keys(reading, Mark.MARKED) == {*TICKED, *WRITTEN}
    assert _keys(reading, Mark.DOUBTFUL) == set()


def _cut(picture, place):
    rows, columns = picture.shape
    x, y = round(place.x * columns), round(place.y * rows)
    return picture[y : y + round(place.height * rows), x : x + round(place.width * columns)]


@pytest.mark.parametrize("angle", [0, 2], ids=["as it lies", "skewed"])
def test_a_field_is_found_on_the_picture_however_the_paper_was_fed(sheet, angle):
    sheet.write("reason")
    picture = sheet.scanned(angle=angle, noise=0)
    places = {field.key: field.place for field in sheet.read(picture).fields}
    assert _cut(picture, places["reason"])[24:-24, 20:-20].min() < 100
    empty = _cut(picture, places["contact"])
    assert empty[2 * len(empty) // 5 : 3 * len(empty) // 5, 20:-20].min() > 200
    field = sheet.field("reason")
    assert places["reason"].width * picture.shape[1] == pytest.approx(
        field.width * 200 / 72 + 24, abs=6
    )


def test_a_reading_is_the_same_after_it_was_kept(filled):
    filled.stroke((60, 250), (70, 246), (80, 251), (95, 247))
    reading = filled.read()
    assert parse_reading(orjson.loads(orjson.dumps(reading.as_json()))) == reading


def test_the_word_across_a_drills_page_is_not_writing(printed_form):
    layout = printed_form.layout
    drill = ReturnedPage(layout, print_page(layout, drill=True))
    drill.tick("test.fbc")
    reading = drill.read(drill=True)
    assert _keys(reading, Mark.MARKED) == {"test.fbc"}
    assert reading.outside == ()


def _coarse(picture):
    return cv2.resize(picture, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA)


def _faded(picture):
    return (255 - (255 - picture.astype(float)) * 0.15).astype(np.uint8)


BAD = {
    GateReason.COARSE: _coarse,
    GateReason.NOISY: lambda picture: add_noise(picture, 25),
    GateReason.FADED: _faded,
    GateReason.NO_CODE: lambda picture: np.full_like(picture, 250),
}


@pytest.mark.parametrize(("reason", "spoil"), BAD.items(), ids=BAD.keys())
def test_of_a_bad_page_no_field_is_called_empty_or_marked(filled, reason, spoil):
    """A pencil's stroke that a fax lost would otherwise be a dose that nobody gave."""
    reading = filled.read(spoil(filled.scanned()))
    assert reading.gate is reason
    assert set(reading.find_marks().values()) <= {Mark.DOUBTFUL}
    assert reading.outside == ()


def test_of_a_page_scanned_in_black_and_white_nothing_is_measured(filled):
    reading = filled.read(is_two_tone=True)
    assert reading.gate is GateReason.TWO_TONE
    assert set(reading.find_marks().values()) == {Mark.DOUBTFUL}


def test_a_page_of_another_number_is_not_read(sheet):
    printed = np.full((2339, 1654), 255, np.uint8)
    from downtime.scanning.read_page import read_issued_page

    layout = sheet.layout
    twice = type(layout)(**{**_fields(layout), "pages": (*layout.pages, *layout.pages)})
    assert read_issued_page(sheet.scanned(), twice, 2, printed).gate is GateReason.NO_CODE


def _fields(layout):
    return {name: getattr(layout, name) for name in layout.__dataclass_fields__}


def test_print_of_another_form_under_the_code_is_not_read(sheet):
    """A code that was stuck on another form must not lend it that form's fields."""
    from tests.unit.scanning.returned_page import layout_of

    other = print_page(layout_of("vte-assessment"))
    for key in ("page.code-a", "page.code-b"):
        x, y, width, height = (round(side * 300 / 25.4) for side in sheet.place(key))
        other[y - 20 : y + height + 20, x - 20 : x + width + 20] = sheet.picture[
            y - 20 : y + height + 20, x - 20 : x + width + 20
        ]
    reading = ReturnedPage(sheet.layout, other).read()
    assert reading.gate is GateReason.NOT_ALIGNED
    assert set(reading.find_marks().values()) <= {Mark.DOUBTFUL}


def test_a_line_through_the_forms_own_words_is_shown(sheet):
    """A struck-out instruction, or an option crossed out, changes what the page says."""
    x, y, _, _ = sheet.place("test.fbc")
    sheet.stroke((x, y - 6), (x + 25, y - 5.5))  # through the heading 'Tests wanted (tick)'
    outside = sheet.read().outside
    assert min(ink.x for ink in outside) * 25.4 / 72 < x + 4
    assert max(ink.x + ink.width for ink in outside) * 25.4 / 72 > x + 21
