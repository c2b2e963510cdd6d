"""CSV by a mapping of the configuration."""

import io
from datetime import UTC, datetime

import pytest

from downtime.clinical.identifiers import Identifier
from downtime.errors import InputError
from downtime.feeds.context import feed_context
from downtime.feeds.model import FindingKind, Reject, Replacement
from downtime.feeds.tables import files
from downtime.settings import FeedsSettings, Settings

THEATRE = {
    "match": "theatre*",
    "record": "Appointment",
    "source": "Theatres",
    "full": True,
    "constants": {"kind": "theatre"},
    "columns": {
        "Hospital No": "patient.mrn",
        "NHS No": "patient.nhs",
        "Surname": "patient.family",
        "Date": "start.date",
        "Time": "start.time",
        "Theatre": "location",
        "Order": "position",
        "Procedure": "description",
        "Status": "status",
    },
}
BEDS = {
    "match": ["beds.csv"],
    "record": "Location",
    "values": {"status": {"Vacant": "available"}},
    "columns": {"Ward": "ward", "Bed": "bed", "State": "status"},
}
WARD = {
    "match": "ward*",
    "record": "Encounter",
    "full": True,
    "constants": {"status": "in-progress", "kind": "inpatient"},
    "columns": {
        "Ward": "ward",
        "Bed": "bed",
        "MRN": "patient.mrn",
        "Surname": "patient.family",
        "DOB": "patient.birth_date",
        "Visit": "visit_number",
    },
}
WARD_HEADER = "Ward,Bed,MRN,Surname,DOB,Visit\n"
NOW = datetime(2026, 11, 2, 14, 30, tzinfo=UTC)
HEADER = "Hospital No,NHS No,Surname,Date,Time,Theatre,Order,Procedure,Status\r\n"
ROW = "H1001,999 000 0018,PATEL,02/11/2026,0830,T1,1,Hernia repair,Booked\r\n"


@pytest.fixture
def read():
    """Reads one CSV file of a name from its text, by the mappings that are given."""

    def run(text, name="theatre-list.csv", encoding="utf-8", profiles=None, **mappings):
        known = mappings or {"theatre-list": THEATRE, "beds": BEDS}
        settings = Settings(feeds=FeedsSettings(tables=known, profiles=profiles or {}))
        stream = io.BytesIO(text.encode(encoding))
        context = feed_context(settings)
        return list(files.read_csv(stream, name, "2026-11-02T08:00:00Z", context, lambda: NOW))

    return run


def test_a_full_list_replaces_the_data_set_of_its_source(read):
    (message,) = read(HEADER + ROW)
    replacement, person = message.content
    assert isinstance(replacement, Replacement)
    assert (replacement.types, replacement.source) == (("Appointment",), "Theatres")
    assert replacement.sent == "2026-11-02T08:00:00Z"
    case = replacement.changes[0]
    assert case.patient == (
        Identifier("MR", "DEMO", "H1001"),
        Identifier("NH", "NHS", "9990000018"),
    )
    assert case.fields == {
        "start": "2026-11-02T08:30:00Z",
        "start_text": "02/11/2026 0830",
        "location": "T1",
        "position": 1,
        "description": "Hernia repair",
        "status": "booked",
        "kind": "theatre",
    }
    assert person.fields["family"] == "PATEL"


@pytest.mark.parametrize("full", [True, False])
def test_a_ward_list_says_how_its_ward_is_called(read, full):
    mapping = {**WARD, "full": full, "columns": {**WARD["columns"], "Name": "ward_name"}}
    text = WARD_HEADER.replace("\n", ",Name\n") + "W9,1,H1,QUILL,1960-02-01,V1,Ash ward\n"
    (message,) = read(text, name="ward.csv", ward=mapping)
    (ward,) = [c for c in message.content if getattr(c, "type", "") == "Location"]
    assert (ward.key, ward.fields) == ("W9||", {"ward": "W9", "ward_name": "Ash ward"})
    stay = message.content[0].changes[0] if full else message.content[0]
    assert stay.fields["ward"] == "W9"
    assert "ward_name" not in stay.fields


def test_the_time_in_the_file_name_is_that_of_the_list(read):
    (message,) = read(HEADER + ROW, name="theatre_20261101_0600.csv")
    assert message.sent == "2026-11-01T06:00:00Z"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_any_usual_delimiter(read, delimiter):
    (message,) = read((HEADER + ROW).replace(",", delimiter))
    assert len(message.content[0].changes) == 1


@pytest.mark.parametrize(
    ("encoding", "end"),
    [("utf-8-sig", "\r\n"), ("cp1252", "\r\n"), ("utf-8", "\n"), ("utf-8", "\r")],
)
def test_encodings_and_line_ends(read, encoding, end):
    text = (HEADER + ROW.replace("PATEL", "MÜLLER")).replace("\r\n", end)
    (message,) = read(text, encoding=encoding)
    assert message.content[1].fields["family"] == "MÜLLER"


def test_titles_above_the_header_and_empty_rows(read):
    (message,) = read(f"Theatre list\r\nprinted today\r\n\r\n{HEADER.upper()}{ROW}\r\n,,,\r\n")
    assert len(message.content[0].changes) == 1


def test_a_quoted_cell_may_hold_lines(read):
    (message,) = read(HEADER + ROW.replace("Hernia repair", '"Hernia,\nboth sides"'))
    assert message.content[0].changes[0].fields["description"] == "Hernia,\nboth sides"


def test_a_cell_that_cannot_be_read_is_said_and_the_row_is_used(read):
    (message,) = read(HEADER + ROW.replace("02/11/2026", "PATEL?") + ROW)
    fields = message.content[0].changes[0].fields
    assert (fields["start"], fields["description"]) == ("", "Hernia repair")
    (finding,) = message.findings
    assert (finding.kind, finding.segment) == ("time-unreadable", "Date")
    assert "PATEL" not in finding.text


def test_a_reject_names_its_row_and_holds_no_data(read):
    reject, _ = read(HEADER + ROW.replace("H1001,999 000 0018", ",") + ROW * 20)
    assert (reject.position.number, reject.origin.line) == (2, 2)
    assert reject.origin.sender == "theatre-list"
    assert "Hospital No=, NHS No=, Surname=…" in reject.quote
    assert "PATEL" not in str(reject)


def test_a_row_without_a_number_is_a_reject(read):
    changes = read(HEADER + ROW.replace("H1001,999 000 0018", ","))
    assert changes[0].segment == "Hospital No / NHS No"
    assert "cannot be told apart" in changes[0].reason


def test_a_list_of_which_nothing_can_be_used_replaces_nothing(read):
    changes = read(HEADER + ROW.replace("H1001,999 000 0018", ","))
    assert [type(item) for item in changes] == [Reject]


def test_an_empty_list_replaces_with_nothing(read):
    (message,) = read(HEADER)
    assert message.content[0].changes == ()


def test_a_missing_column_is_named(read):
    (changes,) = read((HEADER + ROW).replace("Theatre,", "Room,"))
    assert (
        changes.reason == "column 'Theatre' of the table mapping 'theatre-list' is not in the file"
    )


def test_a_file_without_a_mapping_is_a_reject(read):
    (changes,) = read("a,b\r\n1,2\r\n", name="other.csv")
    assert changes.reason.startswith("no table mapping matches other.csv")


def test_rows_of_an_ordinary_table_are_messages(read):
    changes = read("Ward,Bed,State\r\nW1,4,vacant\r\nW1,5,\r\n", name="BEDS.csv")
    first, second = (message.content[0] for message in changes)
    assert (first.key, first.fields["status"]) == ("W1||4", "available")
    assert "status" not in second.fields
    assert changes[0].source == "PAS"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"record": "Bed"}, "no type of record"),
        ({"columns": {"Ward": "wardd"}}, "'wardd' is no field of Location"),
        ({"colums": {}}, "'colums' is not known"),
        ({"dates": "american"}, "dates is one of"),
    ],
)
def test_a_mapping_that_cannot_be_used_is_named(read, change, words):
    with pytest.raises(InputError, match=words) as caught:
        read("Ward,Bed,State\r\n", name="beds.csv", beds={**BEDS, **change})
    assert "'beds'" in caught.value.sentence


@pytest.mark.parametrize("full", [True, False])
@pytest.mark.parametrize(
    "rows",
    [
        'W1,1,A1,"SMITH,01/02/1960,V1\nW1,2,A2,JONES,01/02/1960,V2\n',
        'W1,1,A1,"SMITH,01/02/1960,V1\nW1,2,A2,"JONES",01/02/1960,V2\n',
        'W1,1,A1,"SMITH,01/02/1960,V1\nW1,2,A2,JONES",01/02/1960,V2\nW1,3,A3,KING,,V3\n',
        'W1,1,A1,SMITH,01/02/1960,"V1\n',
        'W1,1,A1,"O"BRIEN",01/02/1960,V1\n',
    ],
)
def test_a_list_with_an_open_quote_is_refused_whole(read, rows, full):
    items = read(WARD_HEADER + rows, name="ward.csv", ward={**WARD, "full": full})
    assert [type(item) for item in items] == [Reject]
    assert "refused whole" in items[0].reason


def test_a_row_that_was_cut_at_a_comma_is_a_reject(read):
    rows = "W1,1,A1,SMITH, JOHN,01/02/1960,V1\nW1,2,A2,JONES,01/02/1960,V2\n"
    first, second = read(WARD_HEADER + rows, name="ward.csv", ward={**WARD, "full": False})
    assert "more cells" in first.reason
    assert second.content[1].fields["family"] == "JONES"


def test_a_list_that_was_cut_off_or_of_which_many_rows_are_wrong_is_implausible(read):
    row = "W1,{0},A{0},SMITH,01/02/1960,V{0}\n"
    rows = [row.format(number) for number in range(1, 10)]
    cut = read(WARD_HEADER + "".join(rows) + "W1,10,A1", name="ward.csv", ward=WARD)[-1]
    wrong = read(WARD_HEADER + "".join(rows) + "W1,10,,,,V10\n" * 2, name="ward.csv", ward=WARD)[-1]
    whole = read(WARD_HEADER + "".join(rows), name="ward.csv", ward=WARD)[-1]
    kinds = [[finding.kind for finding in message.findings] for message in (cut, wrong, whole)]
    assert kinds == [["list-implausible"], ["list-implausible"], []]


def test_a_line_below_the_list_is_no_part_of_it(read):
    rows = [f"W1,{number},A{number},SMITH,,V{number}\n" for number in range(1, 50)]
    message = read(f"{WARD_HEADER}{''.join(rows)}49 patients\n", name="ward.csv", ward=WARD)[-1]
    assert message.findings == ()
    assert len(message.content[0].changes) == 49


@pytest.mark.parametrize("bad", ["W1,99,A99,SMITH, JOHN,,V99", "W1,99,1.2E+05,SMITH,,V99"])
def test_one_damaged_row_holds_a_long_list_back(read, bad):
    rows = [f"W1,{number},A{number},SMITH,,V{number}\n" for number in range(1, 50)]
    message = read(f"{WARD_HEADER}{''.join(rows)}{bad}\n", name="ward.csv", ward=WARD)[-1]
    assert "list-implausible" in [finding.kind for finding in message.findings]


@pytest.mark.parametrize(
    ("text", "born"),
    [
        ("01/02/29", "1929-02-01"),
        ("02/11/26", "2026-11-02"),
        ("03/11/26", "1926-11-03"),
        ("1-Feb-99", "1999-02-01"),
        ("29/02/28", "1928-02-29"),
        ("29/02/00", "2000-02-29"),
        ("01/02/1929", "1929-02-01"),
        ("01/02/2029", ""),
        ("31/02/60", ""),
    ],
)
def test_nobody_is_born_in_the_future(read, text, born):
    row = f"W1,1,A1,SMITH,{text},V1\n"
    message = read(WARD_HEADER + row, name="ward.csv", ward=WARD)[-1]
    assert message.content[1].fields["birth_date"] == born
    is_plain = text.endswith(born[:4]) and bool(born)
    assert [finding.kind for finding in message.findings] == ["time-unreadable"] * (not is_plain)


def test_a_two_digit_year_of_an_appointment_is_the_nearest(read):
    (message,) = read(HEADER + ROW.replace("02/11/2026", "04/01/27"))
    assert message.content[0].changes[0].fields["start"] == "2027-01-04T08:30:00Z"


@pytest.mark.parametrize(
    "number", ["1.23E+05", '"=""00123"""', "'00123", "123.0", "#REF!", "2026-03-01", "######"]
)
def test_a_number_that_a_spreadsheet_broke_is_no_identity(read, number):
    row = f"W1,1,{number},SMITH,01/02/1960,V1\n"
    for is_full in (True, False):
        (unused,) = read(WARD_HEADER + row, name="ward.csv", ward={**WARD, "full": is_full})
        assert (unused.outcome, unused.content) == ("not-used", ())
        assert [finding.kind for finding in unused.findings] == ["number-damaged"]
    named = {**WARD, "full": False, "columns": {**WARD["columns"], "NHS": "patient.nhs"}}
    text = f"NHS,{WARD_HEADER}9990000018,{row}"
    (message,) = read(text, name="ward.csv", ward=named)
    assert [number.value for number in message.content[0].patient] == ["9990000018"]
    assert [(f.kind, f.segment) for f in message.findings] == [("number-damaged", "MRN")]


def test_a_visit_number_that_was_broken_is_no_key(read):
    row = "W1,1,A1,SMITH,01/02/1960,1.23E+05\n"
    (message,) = read(WARD_HEADER + row, name="ward.csv", ward=WARD)
    assert message.content[0].changes[0].key == "MR|DEMO|A1"


def test_an_nhs_number_that_fails_its_check_is_said(read):
    (message,) = read(HEADER + ROW.replace("999 000 0018", "999 000 0019"))
    assert [(f.kind, f.segment) for f in message.findings] == [("number-damaged", "NHS No")]


def test_the_profile_of_a_file_names_its_characters_and_zone(read):
    profiles = {"theatre": {"files": ["theatre*"], "character_set": "cp1250",
                            "time_zone": "Europe/Warsaw"}}  # fmt: skip
    text = HEADER + ROW.replace("PATEL", "ŁUKASZ")
    (message,) = read(text, encoding="cp1250", profiles=profiles)
    assert message.content[1].fields["family"] == "ŁUKASZ"
    assert message.content[0].changes[0].fields["start"] == "2026-11-02T07:30:00Z"


def test_characters_that_are_none_of_the_named_set_are_said(read):
    profiles = {"theatre": {"files": ["theatre*"], "character_set": "utf-8"}}
    text = HEADER + ROW.replace("PATEL", "MÜLLER")
    (message,) = read(text, encoding="cp1252", profiles=profiles)
    assert [finding.kind for finding in message.findings] == ["character-set"]


def test_every_missing_column_is_named(read):
    (reject,) = read("Ward,Bed\nW1,1\n", name="ward.csv", ward=WARD)
    assert "'MRN', 'Surname', 'DOB', 'Visit'" in reject.reason


def _ward(read, *lines):
    items = read(WARD_HEADER + "".join(f"{line}\n" for line in lines), name="ward.csv", ward=WARD)
    message = items[-1]
    stays = message.content[0].changes
    return message, {stay.fields.get("bed"): stay for stay in stays}


def test_empty_beds_totals_and_repeated_titles_are_no_patients_and_no_damage(read):
    message, stays = _ward(
        read,
        "W1,1,A1,SMITH,01/02/1960,V1",
        "W1,2,,EMPTY,,",
        "W1,3,Vacant,,,",
        WARD_HEADER.strip(),
        "W1,4,A4,JONES,01/02/1961,V4",
        "Total patients,,2,,,",
    )
    assert sorted(stays) == ["1", "4"]
    assert message.findings == ()


@pytest.mark.parametrize("word", ["UNKNOWN", "N/A", "TBC", "-", "000000", ""])
def test_patients_without_a_number_are_shown_and_are_not_one_person(read, word):
    message, stays = _ward(read, f"W1,7,{word},BROWN,01/02/1960,", f"W1,8,{word},GREEN,01/02/1970,")
    assert sorted(stays) == ["7", "8"]
    assert stays["7"].patient != stays["8"].patient
    assert {finding.kind for finding in message.findings} == {FindingKind.PATIENT_WITHOUT_NUMBER}


def test_one_number_in_several_rows_of_a_list_keeps_each_row(read):
    message, stays = _ward(read, "W1,1,A1,SMITH,01/02/1960,V1", "W1,9,A1,SMITH,01/02/1960,V1")
    assert sorted(stays) == ["1", "9"]
    assert FindingKind.NUMBER_REUSED in {finding.kind for finding in message.findings}


@pytest.mark.parametrize("bed", ["01-Feb", "#REF!", "=A1", "2026-02-01"])
def test_a_bed_that_a_spreadsheet_changed_is_not_believed(read, bed):
    message, stays = _ward(read, f"W1,{bed},A1,SMITH,01/02/1960,V1")
    assert list(stays) == [""]
    assert [finding.kind for finding in message.findings] == [FindingKind.NUMBER_DAMAGED]


@pytest.mark.parametrize("dose", ["05-Oct", "1.00E+03", "=1/2", "2026-10-05"])
def test_a_dose_that_a_spreadsheet_changed_is_not_believed(read, dose):
    drugs = {
        "match": "drugs*",
        "record": "MedicationRequest",
        "columns": {"MRN": "patient.mrn", "Drug": "medicine", "Dose": "dosage"},
    }
    (message,) = read(f"MRN,Drug,Dose\nA1,Codeine,{dose}\n", name="drugs.csv", drugs=drugs)
    (change,) = [c for c in message.content if c.type == "MedicationRequest"]
    assert change.fields["dosage"] == "not readable in the feed"
    assert [finding.kind for finding in message.findings] == [FindingKind.NUMBER_DAMAGED]


def test_every_allergy_of_a_table_is_kept_and_has_a_name(read):
    allergies = {
        "match": "allergies*",
        "record": "AllergyIntolerance",
        "full": True,
        "columns": {
            "MRN": "patient.mrn",
            "Code": "code",
            "Substance": "substance",
            "Reaction": "reaction",
        },
    }
    rows = "A1,OTH,Latex,\nA1,OTH,Penicillin,\nA1,P,Peanut,Rash\nA1,P,Peanut,Anaphylaxis\n"
    text = f"MRN,Code,Substance,Reaction\n{rows}A1,,,Swelling after codeine\nA2,,NKA,\nA3,EGG,,\nA4,,,\n"
    (message,) = read(text, name="allergies.csv", allergies=allergies)
    told = [change.fields for change in message.content[0].changes]
    assert len({change.key for change in message.content[0].changes}) == 7
    assert told[-1]["substance"] == "EGG"
    assert all(fields["substance"] for fields in told)
    assert [fields["substance"] for fields in told if fields.get("none_known")] == ["NKA"]


def test_a_row_without_number_takes_nobody_elses_stay(read):
    _, stays = _ward(read, "W1,9,A9,NINE,01/02/1960,V9", "W1,43,,BLOCK,03/04/1950,V9")
    assert sorted(stays) == ["43", "9"]
    assert stays["43"].patient[0].type not in {"VN", "MSG"}
    assert stays["43"].patient != stays["9"].patient


def test_a_count_below_a_list_is_no_patient(read):
    (reject, message) = read(
        WARD_HEADER + "W1,1,A1,SMITH,01/02/1960,V1\nW1 patients: 20,,20,,,\n",
        name="ward.csv",
        ward=WARD,
    )
    assert isinstance(reject, Reject)
    assert len(message.content[0].changes) == 1
