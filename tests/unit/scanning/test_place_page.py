"""Where a page belongs: by its own code and what was issued, never by guess."""

import pytest

from downtime.paper.model import FormState
from downtime.paper.serials import PageCode, make_page_code, make_serial
from downtime.scanning.model import PageOutcome
from downtime.scanning.place_page import (
    PresentScan,
    find_page_code,
    place_coded,
    place_uncoded,
)
from tests.unit.scanning.issued import OUTAGE, SERIAL, issued

OTHER = make_serial("K7", 43)
TOP, BOTTOM = make_page_code(SERIAL, 2, "A"), make_page_code(SERIAL, 2, "B")


def misread(code: str, place: int) -> str:
    """The code with one character read as another."""
    return code[:place] + ("3" if code[place] != "3" else "4") + code[place + 1 :]


@pytest.mark.parametrize(
    ("codes", "page"),
    [
        ((TOP, BOTTOM), (SERIAL, 2)),
        ((TOP,), (SERIAL, 2)),
        ((BOTTOM,), (SERIAL, 2)),
        ((TOP, "https://example.org"), (SERIAL, 2)),
        ((), None),
        ((SERIAL,), None),
        ((TOP, make_page_code(SERIAL, 3, "B")), None),
        ((TOP, make_page_code(OTHER, 2, "B")), None),
    ],
    ids=[
        "both corners", "top alone", "bottom alone", "beside a foreign code", "no code",
        "a serial without a page", "two pages of one form", "two forms on one another",
    ],
)  # fmt: skip
def test_codes_name_one_page_or_none(codes, page):
    assert find_page_code(codes) == (page and PageCode(*page, ""))


@pytest.mark.parametrize("place", range(len(TOP)))
def test_a_code_with_one_character_read_wrong_names_no_page(place):
    assert find_page_code([misread(TOP, place)]) is None


@pytest.mark.parametrize(("is_blank", "outcome"), [(True, "blank"), (False, "unreadable")])
def test_a_page_without_a_code_is_an_empty_back_or_waits_for_a_person(is_blank, outcome):
    placement = place_uncoded(is_blank=is_blank)
    assert (placement.outcome, placement.serial, placement.page) == (outcome, "", 0)


@pytest.mark.parametrize(
    ("page", "form", "present", "outcome"),
    [
        (2, issued(), PresentScan(), PageOutcome.FILED),
        (2, issued(), PresentScan(frozenset({1, 3})), PageOutcome.FILED),
        (2, issued(outage=""), PresentScan(), PageOutcome.FILED),
        (2, issued(FormState.FILED), PresentScan(), PageOutcome.FILED),
        (2, issued(), PresentScan(frozenset({2})), PageOutcome.SECOND_SCAN),
        (2, issued(), PresentScan(frozenset({1, 2}), is_whole=True), PageOutcome.SECOND_SCAN),
        (2, issued(), PresentScan(frozenset({1}), is_whole=True), PageOutcome.OTHER_SCAN),
        (2, issued(FormState.VOID), PresentScan(), PageOutcome.RETIRED),
        (2, issued(FormState.LOST), PresentScan(), PageOutcome.RETIRED),
        (2, issued(FormState.LOST), PresentScan(frozenset({2})), PageOutcome.RETIRED),
        (2, issued(outage="o-0"), PresentScan(), PageOutcome.OTHER_OUTAGE),
        (2, issued(FormState.VOID, "o-0"), PresentScan(), PageOutcome.OTHER_OUTAGE),
        (2, None, PresentScan(), PageOutcome.NOT_ISSUED),
        (4, issued(), PresentScan(), PageOutcome.NOT_ISSUED),
        (0, issued(), PresentScan(), PageOutcome.NOT_ISSUED),
    ],
)
def test_a_page_with_a_code_has_one_outcome(page, form, present, outcome):
    placement = place_coded(PageCode(SERIAL, page, ""), form, present, OUTAGE)
    assert (placement.outcome, placement.serial, placement.page) == (outcome, SERIAL, page)


@pytest.mark.parametrize(
    ("form", "outage"), [(issued(), OUTAGE), (issued(outage="o-0"), "o-0"), (None, OUTAGE)]
)
def test_a_page_belongs_to_the_outage_of_its_form(form, outage):
    assert place_coded(PageCode(SERIAL, 1, ""), form, PresentScan(), OUTAGE).outage == outage
    ahead = place_coded(PageCode(SERIAL, 1, ""), issued(outage=""), PresentScan(), OUTAGE)
    assert ahead.outage == OUTAGE
