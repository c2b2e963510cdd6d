"""Files and folders as they come: formats found by content, bombs refused, rejects that say why."""

import os
import zipfile
from datetime import date, time
from pathlib import Path

import orjson
import pytest
from openpyxl import Workbook

from downtime.errors import NotFoundError
from downtime.feeds.check_feeds import check_feeds
from downtime.feeds.model import FeedMessage, Reject
from downtime.feeds.read_feeds import read_feeds
from downtime.settings import FeedsSettings, Settings

ADT = (
    b"MSH|^~\\&|PAS|DEMO|DT|DEMO|202611021405||ADT^A08|1|P|2.4\r"
    b"PID|1||H1001^^^DEMO^MR||PATEL^Asha\r"
)
FHIR = orjson.dumps(
    {"resourceType": "Patient", "id": "p", "identifier": [{"system": "x/DEMO", "value": "H1"}]}
)
LIST = {
    "match": "*.xlsx",
    "record": "Appointment",
    "columns": {
        "NHS No": "patient.nhs",
        "Date": "start.date",
        "Time": "start.time",
        "Theatre": "location",
    },
}


@pytest.fixture
def workbook(tmp_path):
    """An XLSX with one theatre case, dates and NHS number as spreadsheets keep them."""
    book = Workbook()
    book.active.append(["NHS No", "Date", "Time", "Theatre"])
    book.active.append([9990000018, date(2026, 11, 2), time(8, 30), 1])
    path = tmp_path / "list.xlsx"
    book.save(path)
    return path


def settings(**feeds):
    return Settings(feeds=FeedsSettings(**{"tables": {"list": LIST}, **feeds}))


def test_formats_are_found_by_content_and_folders_read_in_order(tmp_path):
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "one.dat").write_bytes(ADT)
    (tmp_path / "a.txt").write_bytes(b"\n\n" + FHIR)
    (tmp_path / ".hidden.hl7").write_bytes(ADT)
    (tmp_path / "c.csv").write_bytes(b"\x0b" + ADT + b"\x1c\r")
    messages = list(read_feeds([tmp_path], Settings()))
    assert [(m.kind, Path(m.position.file).name) for m in messages] == [
        ("Patient", "a.txt"),
        ("ADT^A08", "one.dat"),
        ("ADT^A08", "c.csv"),
    ]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_wide_text_is_read(tmp_path, encoding):
    path = tmp_path / "wide.hl7"
    path.write_bytes(("\ufeff" + ADT.decode().replace("Asha", "Áshá")).encode(encoding))
    (message,) = read_feeds([path], Settings())
    assert message.content[0].fields["given"] == "Áshá"


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("empty.hl7", b"", "the file is empty"),
        ("notes.md", b"# Notes", "neither HL7 v2, FHIR in JSON, CSV nor XLSX"),
        ("old.xls", b"\xd0\xcf\x11\xe0rest", "an old Excel file"),
        ("fhir.xml", b"<?xml version='1.0'?><Patient/>", "FHIR is read as JSON only"),
        ("list.csv", b"a,b\n1,2\n", "no table mapping matches list.csv"),
        ("bad.xlsx", b"PK\x03\x04 nothing", "the workbook is damaged"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(tmp_path, name, data, reason):
    (tmp_path / name).write_bytes(data)
    (reject,) = read_feeds([tmp_path / name], settings())
    assert isinstance(reject, Reject)
    assert reason in reject.reason


def test_a_file_that_is_too_large_is_refused_unread(tmp_path):
    (tmp_path / "big.hl7").write_bytes(ADT)
    (reject,) = read_feeds([tmp_path], settings(max_file_bytes=10))
    assert "feeds.max_file_bytes" in reject.reason


def test_a_path_that_is_not_there_is_named(tmp_path):
    with pytest.raises(NotFoundError):
        list(read_feeds([tmp_path / "nowhere"], Settings()))


def test_a_workbook_with_numbers_dates_and_times(workbook):
    (message,) = read_feeds([workbook], settings())
    change = message.content[0]
    assert change.patient[0].value == "9990000018"
    assert change.fields["start"] == "2026-11-02T08:30:00Z"
    assert change.fields["location"] == "1"


def test_a_workbook_whose_cells_lie_far_apart_is_refused_and_nothing_else_stops(tmp_path):
    book = Workbook()
    book.active["A1"] = "NHS No"
    book.active["XFD1048576"] = "end"
    book.save(tmp_path / "bomb.xlsx")
    (tmp_path / "next.hl7").write_bytes(ADT)
    assert (tmp_path / "bomb.xlsx").stat().st_size < 10_000
    first, second = read_feeds([tmp_path], settings())
    assert isinstance(first, Reject)
    assert "memory" in first.reason
    assert isinstance(second, FeedMessage)


def test_a_workbook_that_unpacks_to_too_much_is_refused(tmp_path):
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"\0" * 20_000_000)
    (reject,) = read_feeds([path], settings(max_workbook_bytes=10_000_000))
    assert "unpacks to more than 10000000 bytes" in reject.reason


def test_a_workbook_that_takes_too_long_is_refused(workbook):
    (reject,) = read_feeds([workbook], settings(worker_seconds=0))
    assert "takes longer" in reject.reason


def test_a_sheet_that_is_not_there_is_named(workbook):
    tables = {"list": {**LIST, "sheet": "Theatres"}}
    (reject,) = read_feeds([workbook], settings(tables=tables))
    assert reject.reason == "the workbook has no sheet 'Theatres'"


def test_a_reader_that_stops_early_leaves_no_child(workbook):
    messages = read_feeds([workbook], settings())
    next(messages)
    messages.close()
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_check_counts_and_holds_no_patient_data(tmp_path):
    bad = ADT.replace(b"H1001^^^DEMO^MR", b"")
    (tmp_path / "adt.hl7").write_bytes(ADT + bad + ADT.replace(b"ADT^A08", b"MDM^T02"))
    report = check_feeds([tmp_path], Settings()).as_json()
    assert report["messages"] == 3
    assert report["accepted"] == 2
    assert report["records"] == {"Patient": 1}
    assert report["ignored"] == {"MDM^T02": 1}
    assert report["rejected"] == [
        {
            "source": str(tmp_path / "adt.hl7"),
            "index": 2,
            "segment": "PID",
            "reason": "PID-3 holds no identifier: the patient cannot be told apart",
        }
    ]
    assert "PATEL" not in str(report)
    assert report["seconds"] >= 0
