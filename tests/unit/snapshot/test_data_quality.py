"""What the state as a whole tells of its feeds."""

import pytest

from downtime.clinical.identifiers import Identifier
from downtime.clinical.model import Encounter
from downtime.feeds.model import Change, FindingKind, Position, Replacement
from downtime.settings import Settings
from downtime.snapshot.data_quality import FindingTally, check_stays
from downtime.snapshot.plausible_lists import PresentRecord, check_list
from tests.conftest import NOW

RECENT = "2026-11-01T10:00:00Z"


def stay(patient, ward="W1", bed="1", **fields):
    defaults = {"id": patient, "source": "PAS", "status": "in-progress", "started": RECENT}
    return Encounter(patient=patient, ward=ward, bed=bed, **defaults | fields)


def count(*stays):
    tally = FindingTally()
    check_stays(stays, Settings(), NOW, tally)
    return tally.count_by_source().get("PAS", {})


@pytest.mark.parametrize(
    ("stays", "counted"),
    [
        ([stay("p"), stay("q", bed="2")], {}),
        ([stay("p"), stay("q", bed=" 1")], {FindingKind.BED_WITH_TWO: 1}),
        ([stay("p"), stay("q", status="finished")], {}),
        ([stay("p"), stay("p", id="second")], {}),
        ([stay("p", ward="")], {FindingKind.WARD_UNKNOWN: 1}),
        ([stay("p", ward="", bed="", kind="outpatient")], {}),
        ([stay("p", started="2025-06-01T10:00:00Z")], {FindingKind.STAY_WITHOUT_END: 1}),
        ([stay("p", started="2025-06-01T10:00:00Z", status="finished")], {}),
    ],
)
def test_stays(stays, counted):
    assert count(*stays) == counted


def test_what_says_the_same_is_one_line_with_its_number():
    tally = FindingTally()
    for _ in range(3):
        tally.add(FindingKind.WARD_UNKNOWN, "PAS", "No ward.", person="")
    assert [finding.text for finding in tally.list_findings()] == ["No ward. (3 times)"]
    assert tally.count_by_source() == {"PAS": {FindingKind.WARD_UNKNOWN: 3}}


def number(value):
    return (Identifier("MR", "DEMO", value),)


def is_believed(type_name, before, after, percent=50):
    """Whether a list of keys is believed after records with these keys; people are named alike."""
    present = [PresentRecord(key, number(key.lower())) for key in before]
    rows = tuple(
        Change(type=type_name, source="PAS", key=k, patient=number(k.lower())) for k in after
    )
    extract = Replacement(
        types=(type_name,), source="PAS", sent=RECENT, changes=rows, position=Position("x", 1)
    )
    return check_list(extract, type_name, present, percent, ward_patients=3) is None


@pytest.mark.parametrize(
    ("type_name", "before", "after", "believed"),
    [
        ("Encounter", "", "", True),
        ("Encounter", "ABCD", "AB", True),
        ("Encounter", "ABCD", "A", False),
        ("Encounter", "A", "", False),
        ("Encounter", "ABCD", "WXYZ", False),
        ("Encounter", "ABCD", "abcd", True),  # other visit numbers, the same people
        ("Appointment", "ABCD", "WXYZ", True),  # another day
        ("Appointment", "ABCD", "W", False),
    ],
)  # fmt: skip
def test_lists(type_name, before, after, believed):
    assert is_believed(type_name, before, after) == believed


def test_how_much_a_list_may_lack_is_the_hospitals_choice():
    assert is_believed("Encounter", "ABCD", "A", percent=75)
    assert not is_believed("Encounter", "ABCD", "AB", percent=25)


def test_a_list_of_one_ward_only_does_not_empty_the_others():
    present = [PresentRecord(f"W1-{n}", number(f"a{n}"), "W1") for n in range(3)]
    present += [PresentRecord(f"W2-{n}", number(f"b{n}"), "W2") for n in range(9)]

    def check(people, ward_patients=3):
        rows = tuple(
            Change(type="Encounter", source="PAS", key=p, patient=number(p)) for p in people
        )
        extract = Replacement(
            types=("Encounter",),
            source="PAS",
            sent=RECENT,
            changes=rows,
            position=Position("x", 1),
        )
        return check_list(extract, "Encounter", present, 50, ward_patients)

    everybody = [record.identifiers[0].value for record in present]
    assert check(everybody) is None
    assert check([p for p in everybody if p != "a0"]) is None
    finding = check([p for p in everybody if p[0] == "b"])
    assert finding is not None
    assert "ward W1" in finding.text
    assert check([p for p in everybody if p[0] == "b"], ward_patients=4) is None
