"""The board held against what a ward counted by hand."""

import pytest

from downtime.clinical.model import Encounter, Patient
from downtime.errors import InputError
from downtime.snapshot.compare_census import (
    DifferenceKind,
    compare_census,
    read_census,
    word_difference,
)
from downtime.snapshot.model import PatientRow


def lying(number, family, given, ward="A1", bay="2", bed="4", **more):
    patient = Patient(id=f"p{number}", mrn=f"RX{number}", family=family, given=given, **more)
    return PatientRow(patient, Encounter(id=f"e{number}", ward=ward, bay=bay, bed=bed))


BOARD = [
    lying(1, "Marsh", "Ivy", nhs_number="9990000018"),
    lying(2, "O'Shea", "Rhys", bed="5"),
    lying(3, "Quill", "Tess", bed="6", identifiers=("VN|PAS|V77",)),
    lying(4, "Holt", "Ann", ward="B2"),
    lying(5, "Lamb", "Zoë", ward="", bay="", bed=""),
]


def compared(*lines):
    text = "\n".join(("Ward,Bed,Hospital No.,Patient name", *lines))
    return compare_census(read_census(text.encode()), BOARD)


COUNTED = (
    "A1,2-4,999 000 0018,Marsh Ivy",
    "a1,5,,Rhys O'SHEA",
    "A1,2 6,V77,QUILL",
)  # fmt: skip


def kinds(result):
    return [item.kind for item in result.differences]


def test_a_census_that_agrees_has_no_difference_however_it_is_written():
    result = compared(*COUNTED, "A1,2-7,,")
    assert result.differences == ()
    assert result.agreed == 3


@pytest.mark.parametrize(
    ("changed", "kind", "sentence"),
    [
        ("A1,9,RX9,Stone Max", "not-on-board",
         "A1 bed 9: RX9 Stone Max was counted and is not on the board"),
        ("A1,2-9,RX4,Holt Ann", "other-ward",
         "A1 bed 2-9: RX4 Holt Ann is on the board in B2 bed 2 4"),
        ("A1,9,RX5,Lamb Zoe", "other-ward",
         "A1 bed 9: RX5 Lamb Zoe is in hospital, ward not known"),
        ("A1,2-4,RX1,Marsh Ivy", "counted-twice", "A1 bed 2-4: RX1 Marsh Ivy was counted twice"),
    ],
)  # fmt: skip
def test_one_more_in_the_census(changed, kind, sentence):
    result = compared(*COUNTED, changed)
    assert kinds(result) == [kind]
    assert word_difference(result.differences[0]) == sentence


def test_who_is_on_the_board_of_a_counted_ward_and_was_not_counted():
    result = compared(*COUNTED[1:])
    assert kinds(result) == [DifferenceKind.NOT_IN_CENSUS]
    assert word_difference(result.differences[0]) == (
        "A1 bed 2 4: RX1 MARSH, Ivy is on the board and was not counted"
    )


def test_another_bed_and_another_name_under_one_number():
    result = compared("A1,5,RX1,Stone Max", *COUNTED[1:])
    assert kinds(result) == [DifferenceKind.OTHER_BED, DifferenceKind.OTHER_NAME]
    assert "the board has MARSH, Ivy under this number" in word_difference(result.differences[1])


def test_a_ward_counted_as_empty_is_compared():
    assert kinds(compared(*COUNTED, "B2,4,,")) == [DifferenceKind.NOT_IN_CENSUS]


@pytest.mark.parametrize(
    "text", ["", "Ward;Bed\nA1;4\n", "who,where\nMarsh,A1\n", 'ward,number\nA1,"RX1\nA1,RX2\n']
)
def test_a_census_that_cannot_be_read_is_refused(text):
    with pytest.raises(InputError):
        read_census(text.encode())


def test_two_of_one_name_are_told_apart_by_their_beds():
    board = [lying(1, "Marsh", "Ivy", bed="1"), lying(2, "Marsh", "Ivy", bed="2")]
    census = read_census(b"ward,bed,name\nA1,2,Ivy Marsh\nA1,1,Ivy Marsh\n")
    assert compare_census(census, board).differences == ()


def test_columns_are_found_by_their_titles_in_any_order():
    rows = read_census(b"NHS Number;BED;Ward\n999 000 0018;4;A1\n")
    assert [(row.ward, row.bed, row.number, row.line) for row in rows] == [
        ("A1", "4", "999 000 0018", 2)
    ]
