"""What is found on a hospital's own page: where people write, and where there is room."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from downtime.paper.forms.page_survey import DOTS, Word, find_boxes, find_free_place
from downtime.paper.forms.rectangle import Rectangle


class Paper:
    """An empty A5 page to rule on, in millimetres."""

    def __init__(self):
        self.picture = Image.new("L", (148 * DOTS, 210 * DOTS), 255)
        self.draw = ImageDraw.Draw(self.picture)
        self.words = []

    def box(self, x, y, width, height, fill=None):
        corners = [v * DOTS for v in (x, y, x + width, y + height)]
        self.draw.rectangle(corners, outline=60, width=2, fill=fill)

    def line(self, x, y, width, dotted=False):
        for start in range(0, int(width * 2), 2 if dotted else 1):
            left = (x + start / 2) * DOTS
            self.draw.line([left, y * DOTS, left + DOTS / 2, y * DOTS], fill=0, width=2)

    def write(self, text, x, y):
        for word in text.split():
            width = 2.0 * len(word)
            self.words.append(Word(word, Rectangle(x, y, width, 3)))
            for stroke in range(len(word)):
                left, top, bottom = (v * DOTS for v in (x + 2 * stroke, y + 0.5, y + 2.8))
                self.draw.line([left, top, left, bottom], fill=0, width=3)
            x += width + 1.5

    def find(self):
        return find_boxes(np.asarray(self.picture), self.words, 1)

    def ink(self):
        return np.where(np.asarray(self.picture) < 200, 255, 0).astype(np.uint8)


@pytest.fixture
def paper():
    return Paper()


def test_a_cell_is_named_by_its_own_words_and_written_in_below_them(paper):
    paper.box(20, 20, 80, 15)
    paper.write("Named nurse", 22, 21)
    (found,) = paper.find()
    assert (found.label, found.is_tick) == ("Named nurse", False)
    assert found.place.y >= 24
    assert found.place.bottom == pytest.approx(35, abs=0.7)


def test_a_small_square_is_a_tick_named_by_the_words_after_it(paper):
    paper.box(20, 50, 4.5, 4.5)
    paper.write("Pressure ulcer", 26, 51)
    paper.box(70, 50, 4.5, 4.5)
    paper.write("Trauma", 76, 51)
    assert [(box.label, box.is_tick) for box in paper.find()] == [
        ("Pressure ulcer", True),
        ("Trauma", True),
    ]
    assert paper.find()[0].place.covers(Rectangle(20, 50, 4.5, 4.5)) > 0.9


def test_boxes_for_single_letters_are_one_field(paper):
    paper.write("NHS number", 10, 31)
    for number in range(10):
        paper.box(40 + 6 * number, 30, 6, 7)
    (found,) = paper.find()
    assert (found.label, found.is_tick) == ("NHS number", False)
    assert found.place.width == pytest.approx(60, abs=1.5)


@pytest.mark.parametrize("dotted", [False, True])
def test_over_a_writing_line_is_room_to_write(paper, dotted):
    paper.write("Ward", 20, 77)
    paper.line(29, 80, 60, dotted=dotted)
    (found,) = paper.find()
    assert found.label == "Ward"
    assert found.place.x == pytest.approx(29, abs=1)
    assert (found.place.height, found.place.bottom) == pytest.approx((7, 80), abs=1)


def test_the_cells_of_a_table_are_named_by_the_head_of_their_column(paper):
    for column, name in enumerate(("Date", "Signature")):
        for row in range(3):
            paper.box(20 + 50 * column, 100 + 10 * row, 50, 10)
        paper.write(name, 22 + 50 * column, 101)
    found = paper.find()
    assert [box.label for box in found] == ["Date", "Signature"] * 2
    assert min(box.place.y for box in found) > 109


def test_the_frame_of_a_page_is_no_place_to_write_in(paper):
    paper.box(1, 1, 145, 207)
    assert paper.find() == []


def test_words_headings_and_frames_are_no_places_to_write_in(paper):
    paper.box(10, 10, 120, 60)
    paper.box(20, 20, 4.5, 4.5)
    paper.box(10, 80, 60, 5)
    paper.write("Give this sheet to porters", 11, 81)
    paper.box(10, 100, 60, 8, fill=0)
    assert [box.is_tick for box in paper.find()] == [True]


def test_a_code_is_put_where_nothing_is_printed_as_near_as_it_can_be(paper):
    paper.box(100, 0, 40, 40, fill=0)
    place = find_free_place(paper.ink(), Rectangle(110, 5, 20, 20))
    assert place.width == 20
    assert place.right <= 99.2
    assert place.right == pytest.approx(99, abs=0.5)
    taken = find_free_place(paper.ink(), Rectangle(110, 5, 20, 20), [place])
    assert place.covers(taken) == 0


def test_a_page_full_of_print_has_no_room(paper):
    paper.box(0, 0, 147, 209, fill=0)
    assert find_free_place(paper.ink(), Rectangle(10, 10, 60, 30)) is None
