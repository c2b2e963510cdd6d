"""A list in which numbers and people no longer fit each other is put in quarantine whole."""

from datetime import UTC, datetime

import pytest

from downtime.settings import FeedsSettings, Settings
from downtime.snapshot.preview_state import preview_state

NOW = datetime(2026, 11, 2, 14, 30, tzinfo=UTC)
PEOPLE = [
    ("1000003", "REED", "03/02/1961"),
    ("1000001", "OKORO", "04/03/1972"),
    ("1000004", "PATEL", "05/04/1983"),
    ("1000002", "LEWIS", "06/05/1994"),
]
LIST = {
    "match": "ward*.csv",
    "record": "Encounter",
    "full": True,
    "columns": {
        "MRN": "patient.mrn", "Surname": "patient.family", "DOB": "patient.birth_date",
        "Ward": "ward", "Bed": "bed", "Visit": "visit_number",
    },
}  # fmt: skip
SETTINGS = Settings(feeds=FeedsSettings(tables={"wards": LIST}))


@pytest.fixture
def read(tmp_path):
    """`read(people)` → surname of each number, and kinds of findings, after a list as it was."""

    def read_lists(people):
        for time, listed in (("1000", PEOPLE), ("1100", people)):
            rows = [
                f"{mrn},{name},{born},A1,{bed},V{bed}"
                for bed, (mrn, name, born) in enumerate(listed, start=1)
            ]
            text = "\n".join(["MRN,Surname,DOB,Ward,Bed,Visit", *rows, ""])
            (tmp_path / f"ward-20261102-{time}.csv").write_text(text)
        preview = preview_state([tmp_path], SETTINGS, NOW)
        patients = preview.as_json()["records"]["Patient"]
        kinds = [str(item.finding.kind) for item in preview.findings]
        return {p["mrn"]: p["family"] for p in patients}, kinds

    return read_lists


def test_a_column_of_numbers_that_was_sorted_alone_puts_the_list_in_quarantine(read):
    numbers = sorted(mrn for mrn, *_ in PEOPLE)
    sorted_alone = [(mrn, *person[1:]) for mrn, person in zip(numbers, PEOPLE, strict=True)]
    names, kinds = read(sorted_alone)
    assert names == {mrn: name for mrn, name, _ in PEOPLE}
    assert "list-implausible" in kinds


@pytest.mark.parametrize(
    "changed",
    [
        ("1000003", "REED-JONES", "03/02/1961"),
        ("1000003", "REED", "03/02/1960"),
        ("1000009", "NG", "07/06/1995"),
    ],
)
def test_a_list_in_which_one_person_is_corrected_or_new_is_believed(read, changed):
    _, kinds = read([changed, *PEOPLE[1:]])
    assert "list-implausible" not in kinds


def test_why_a_list_is_in_quarantine_is_said_once(tmp_path):
    rows = [f"{mrn},{name},{born},A1,{mrn},V" for mrn, name, born in PEOPLE]
    damaged = "\n".join(["MRN,Surname,DOB,Ward,Bed,Visit", *rows, "1,2,3,4,5,6,7", ""])
    (tmp_path / "ward-20261102-1000.csv").write_text(damaged)
    findings = preview_state([tmp_path], SETTINGS, NOW).findings
    assert [str(i.finding.kind) for i in findings].count("list-implausible") == 1
