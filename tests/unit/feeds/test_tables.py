"""CSV by a mapping of the configuration."""

import io
import os
from pathlib import Path

import pytest

from downtime.clinical.identifiers import Identifier
from downtime.errors import InputError
from downtime.feeds.context import feed_context
from downtime.feeds.model import FeedMessage, Reject, Replacement
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
HEADER = "Hospital No,NHS No,Surname,Date,Time,Theatre,Order,Procedure,Status\r\n"
ROW = "H1001,999 000 0018,PATEL,02/11/2026,0830,T1,1,Hernia repair,Booked\r\n"


@pytest.fixture
def read(tmp_path):
    """Reads one CSV file of a name from its text, by the mappings that are given."""

    def run(text, name="theatre-list.csv", encoding="utf-8", **mappings):
        path = tmp_path / name
        path.write_bytes(text.encode(encoding))
        os.utime(path, (1_793_606_400, 1_793_606_400))
        known = mappings or {"theatre-list": THEATRE, "beds": BEDS}
        settings = Settings(feeds=FeedsSettings(tables=known))
        stream = io.BytesIO(path.read_bytes())
        return list(files.read_csv(Path(path), stream, feed_context(settings)))

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


def test_a_row_that_cannot_be_used_stops_nothing_and_its_reject_holds_no_data(read):
    bad = ROW.replace("02/11/2026", "PATEL?")
    changes = read(HEADER + bad + ROW)
    assert [type(item) for item in changes] == [Reject, FeedMessage]
    assert (changes[0].position.number, changes[0].segment) == (2, "Date")
    assert changes[0].reason == "the column holds no date that can be read"


def test_a_row_without_a_number_is_a_reject(read):
    changes = read(HEADER + ROW.replace("H1001,999 000 0018", ",9990000019"))
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
