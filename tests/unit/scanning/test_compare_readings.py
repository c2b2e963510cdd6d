"""Two scans of one page are the same writing, or somebody has to look at both."""

from dataclasses import replace

import pytest

from downtime.pdf.field_rectangle import FieldKind
from downtime.scanning.compare_readings import show_the_same
from downtime.scanning.page_reading import (
    FieldReading,
    GateReason,
    Mark,
    OutsideInk,
    PageReading,
    PicturePlace,
)

PLACE = PicturePlace(0.1, 0.1, 0.2, 0.05)


def page(note=40.0, temperature=1.6, urgent=0.3, routine=0.0, outside=(), gate=None):
    """A page with two written fields and a choice; `outside` are lengths in points."""
    inks = [("note", FieldKind.TEXT, note), ("temperature", FieldKind.TEXT, temperature)]
    inks += [
        ("priority=urgent", FieldKind.TICK, urgent),
        ("priority=routine", FieldKind.TICK, routine),
    ]
    return PageReading(
        1,
        tuple(FieldReading(key, kind, Mark.MARKED, ink, PLACE) for key, kind, ink in inks),
        tuple(OutsideInk(50, 50, length, 4, PLACE) for length in outside),
        gate,
    )


@pytest.mark.parametrize(
    "second",
    [page(), page(note=41.5), page(temperature=2.5), page(urgent=0.38), page(outside=(3,))],
)
def test_what_a_scanner_sees_otherwise_is_the_same_writing(second):
    assert show_the_same(page(), second)


@pytest.mark.parametrize(
    "second",
    [
        page(note=46.0),  # one word more in a note that was long already
        page(note=34.0),  # and one less: the first may be the later scan
        page(temperature=3.2),  # a digit written over another
        page(urgent=0.0, routine=0.3),  # the other tick
        page(outside=(60,)),
        page(gate=GateReason.TWO_TONE),
        replace(page(), fields=()),
    ],
)
def test_what_only_one_scan_shows_is_for_a_person(second):
    assert not show_the_same(page(), second)
    assert not show_the_same(second, page())
