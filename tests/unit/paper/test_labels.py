"""Sheets of labels, and the code of a wristband."""

from itertools import pairwise

import pytest
import zxingcpp

from downtime.errors import NotFoundError
from downtime.paper.labels import gs1_codes
from downtime.paper.labels.model import A4, LABEL_SHEETS, find_label_sheet

AVERY = {"L7160": 21, "L7161": 18, "L7162": 16, "L7163": 14, "L7164": 12, "L7165": 8,
         "L7651": 65, "L4730": 270}  # fmt: skip
"""Labels on a sheet, as the maker says on the box."""


def test_every_sheet_has_as_many_labels_as_its_box_says():
    assert {name: sheet.label_count for name, sheet in LABEL_SHEETS.items()} == AVERY


@pytest.mark.parametrize("name", LABEL_SHEETS)
def test_labels_lie_on_the_page_and_beside_each_other(name):
    sheet = LABEL_SHEETS[name]
    corners = [sheet.corner(number) for number in range(1, sheet.label_count + 1)]
    assert corners[0] == (sheet.first_x, sheet.first_y)
    assert max(x for x, _ in corners) + sheet.width <= A4[0]
    assert max(y for _, y in corners) + sheet.height <= A4[1]
    for (x, y), (next_x, next_y) in pairwise(corners):
        assert next_x - x >= sheet.width or next_y - y >= sheet.height - 0.01
    left_edge = sheet.first_x
    right = A4[0] - (max(x for x, _ in corners) + sheet.width)
    assert abs(left_edge - right) < 3, "the margins on both sides are nearly the same"


def test_the_labels_lie_in_the_middle_of_the_sheet():
    for sheet in LABEL_SHEETS.values():
        right, bottom = sheet.corner(sheet.label_count)
        spare = A4[0] - right - sheet.width, A4[1] - bottom - sheet.height
        assert spare == pytest.approx((sheet.first_x, sheet.first_y), abs=2.0)


def test_a_sheet_is_known_with_and_without_its_letter():
    assert find_label_sheet("7160") is find_label_sheet(" l7160 ") is LABEL_SHEETS["L7160"]
    with pytest.raises(NotFoundError, match="L7160, L7161"):
        find_label_sheet("L9999")


def read_back(content):
    barcode = zxingcpp.create_barcode(
        content, zxingcpp.BarcodeFormat.DataMatrix, gs1=True, force_square=True
    )
    (code,) = zxingcpp.read_barcodes(barcode.to_image(scale=4, add_quiet_zones=True))
    return code


def test_a_code_holds_the_identifiers_of_dcb1077_and_is_read_back():
    content = gs1_codes.gs1_content("5012345", "9990000018", "RXX", "RX00001")
    assert content == "(8018)501234599900000182(91)RXX/RX00001"
    code = read_back(content)
    assert code.symbology_identifier == "]d2", "GS1 DataMatrix"
    typed = code.bytes.decode()
    assert gs1_codes.parse_scanned_code(typed, "RXX") == ("9990000018", "RX00001")
    assert gs1_codes.parse_scanned_code("]d2" + typed.replace("\x1d", ""), "rxx") == (
        "9990000018",
        "RX00001",
    )


def test_without_a_prefix_or_an_nhs_number_only_the_hospitals_number_is_encoded():
    assert gs1_codes.gs1_content("", "9990000018", "RXX", "RX00001") == "(91)RXX/RX00001"
    assert gs1_codes.gs1_content("5012345", "", "RXX", "RX00001") == "(91)RXX/RX00001"
    assert gs1_codes.parse_scanned_code("91RXX/RX00001", "RXX") == ("RX00001",)


@pytest.mark.parametrize("mrn", ["", "RX 1", "RX(1)", "Ü1", "1" * 90])
def test_a_number_that_the_code_cannot_hold_is_left_out(mrn):
    assert gs1_codes.gs1_content("", "9990000018", "RXX", mrn) == ""


@pytest.mark.parametrize(
    "typed",
    ["", "smith", "9990000018", "9100123", "8018501234599900000183", "K7-000042-X",
     "8018501234511111111110"],
)  # fmt: skip
def test_what_is_no_such_code_is_not_taken_for_one(typed):
    assert gs1_codes.parse_scanned_code(typed, "RXX") == ()
