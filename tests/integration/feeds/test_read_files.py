"""Files and folders as they come: formats found by content, bombs refused, rejects that say why."""

import base64
import os
import subprocess
import zipfile
import zlib
from datetime import date, time
from pathlib import Path

import orjson
import pytest
from openpyxl import Workbook, load_workbook

from downtime.errors import NotFoundError
from downtime.feeds.check_feeds import check_feeds
from downtime.feeds.model import FeedMessage, Outcome, Reject
from downtime.feeds.read_feeds import read_feeds
from downtime.settings import FeedsSettings, Settings

ADT = (
    b"MSH|^~\\&|PAS|DEMO|DT|DEMO|202611021405||ADT^A08|1|P|2.4\r"
    b"PID|1||H1001^^^DEMO^MR||PATEL^Asha\r"
)
FHIR = orjson.dumps(
    {"resourceType": "Patient", "id": "p", "identifier": [{"system": "x/DEMO", "value": "H1"}]}
)
XLS = zlib.decompress(
    base64.b64decode(
        "eNrtWE1oE0EU/mazaX5I0yS2QiuEULDaWijiRYR2a4k2BxOrFvxB0NQuGFoTibnoQas1R6HgyeqlUAUVql78QQ968y"
        "BULFgQhLQePQkKHtqsb14mkkaFBrRg2S/Mm/czPy/z3szs7tvZYGHqUcsCqtADB4qWB3UVOkHFUxYCILtlSbZcu6lY"
        "Nv4reNwUyDonnte/cckYyngvQMND/RVRYJHKcZxFIpM2I2uIPvYhKaQP3UQFbpHGj2b2KsT0FNMNTB9wyxdMe1lzjW"
        "k3tS2IY5g1Eh07VRYf0VrZ5occ9wn3+cCa7WjCa5nFlyZEqa0Tu7Op5Oh6MYR1H6ZBke4302ZWyg24DS8QjXbF411H"
        "CWHdizvUHrHYrni8gEbKiWl8syLA1/Lmfxmx9WurFyD995V61x/0bgrp7/Qeimu1/rqmA2OwTvIey8OH/bq06NiXOp"
        "dbQjt0lvhkSMQORRIZEqLJnEnVYOqMSbk0eNpM5rKmV14PfJwEVhwn9bzNfESH0cB8kDdbgBxduvvlXXxowDjBmjG+"
        "QkoXzWbpGCxclj2os58tGqDc6WB+G9MrPOom5luYNlICU9020KSYvePc5ipb22ieHYw5Y0sFv5X4/OcDT8P5T0Y78T"
        "P9CxcaZ+aNKbTS4g1Tf/kbR6foFJM3JJ4Z5VqoQ+kj0+ZfDii3FlC+W+o2bcCy3HmEINOSJFdH/JQ0tVYlyUGSQ40l"
        "qsZy0AoJNdbE6ORNre+i5mV/Q1ic05RdI2/u35N4b5TsckwZpR4thMe8vL0VV74XNmzYsGHDhg0bNtYVhHqodqjHaq"
        "d6aHep7zrLVIr2Z5J1i4PI0C9Hb4V7kKY6i/M15c9GOEV5LLHKPuXvhRKHafYsRjDEfozUnL/00iUq/8+qOwb+3haq"
        "df5iLX7+4/l/ANMW5Oo="
    )
)
"""The workbook of the fixture below as Excel 97 kept it: few programs still write that."""
_ODS = "urn:oasis:names:tc:opendocument:xmlns:"
_ODS_HEAD = "".join(
    f'<table:table-cell office:value-type="string"><text:p>{title}</text:p></table:table-cell>'
    for title in ("NHS No", "Date", "Time", "Theatre")
)
_ODS_ROW = (
    '<table:table-cell office:value-type="float" office:value="9990000018"/>'
    '<table:table-cell office:value-type="date" office:date-value="2026-11-02"/>'
    '<table:table-cell office:value-type="time" office:time-value="PT08H30M00S"/>'
    '<table:table-cell office:value-type="float" office:value="1"/>'
)
LIST = {
    "match": ["*.xlsx", "*.xls", "*.ods"],
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


def write_ods(path, rows, prologue=""):
    """An OpenDocument spreadsheet of one sheet, from the XML of its rows."""
    spaces = "".join(f' xmlns:{n}="{_ODS}{n}:1.0"' for n in ("office", "table", "text"))
    body = (
        f'<?xml version="1.0"?>{prologue}<office:document-content{spaces}><office:body>'
        f'<office:spreadsheet><table:table table:name="List">{rows}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    manifest = (
        f'<manifest:manifest xmlns:manifest="{_ODS}manifest:1.0">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/>'
        "</manifest:manifest>"
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", kind)
        archive.writestr("META-INF/manifest.xml", manifest)
        archive.writestr("content.xml", body)


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
        ("blank.ndjson", b" \n" * 40_000, "the file is empty"),
        ("notes.md", b"# Notes", "neither HL7 v2, FHIR in JSON, CSV nor a workbook"),
        ("list.csv.gz", b"\x1f\x8b\x08rest", "a compressed file"),
        ("fhir.xml", b"<?xml version='1.0'?><Patient/>", "FHIR is read as JSON only"),
        ("list.csv", b"a,b\n1,2\n", "no table mapping matches list.csv"),
        ("bad.xlsx", b"PK\x03\x04 nothing", "the workbook is damaged"),
        ("bad.xls.xlsx", b"\xd0\xcf\x11\xe0rest", "the workbook is damaged"),
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


@pytest.mark.parametrize("suffix", ["xls", "ods"])
def test_older_and_open_workbooks_are_read_as_xlsx_is(tmp_path, suffix):
    path = tmp_path / f"list.{suffix}"
    path.write_bytes(XLS)
    if suffix == "ods":
        rows = (f"<table:table-row>{row}</table:table-row>" for row in (_ODS_HEAD, _ODS_ROW))
        write_ods(path, "".join(rows))
    (message,) = read_feeds([path], settings())
    change = message.content[0]
    assert change.patient[0].value == "9990000018"
    assert (change.fields["start"], change.fields["location"]) == ("2026-11-02T08:30:00Z", "1")


def test_a_sheet_of_repeated_cells_is_refused_and_nothing_else_stops(tmp_path):
    repeated = 'office:value-type="string" table:number-columns-repeated="16384"'
    cell = f"<table:table-cell {repeated}><text:p>x</text:p></table:table-cell>"
    repeated = f'<table:table-row table:number-rows-repeated="1048576">{cell}</table:table-row>'
    write_ods(tmp_path / "bomb.ods", f"<table:table-row>{_ODS_HEAD}</table:table-row>{repeated}")
    (tmp_path / "next.hl7").write_bytes(ADT)
    first, second = read_feeds([tmp_path], settings(worker_memory_bytes=256 << 20))
    assert first.reason.startswith("the workbook")
    assert isinstance(second, FeedMessage)


def test_entities_are_never_expanded(tmp_path):
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    prologue = f'<!DOCTYPE x [<!ENTITY e0 "PATEL">{entities}]>'
    cell = '<table:table-cell office:value-type="string"><text:p>&e9;</text:p></table:table-cell>'
    row = f"<table:table-row>{cell}</table:table-row>"
    write_ods(tmp_path / "bomb.ods", row, prologue)
    (reject,) = read_feeds([tmp_path], settings(worker_memory_bytes=256 << 20))
    assert reject.reason.startswith(("column 'NHS No'", "columns 'NHS No'", "the workbook"))


def test_one_line_that_is_too_long_does_not_stop_the_lines_after_it(tmp_path):
    long = b'{"resourceType": "Patient", "x": "' + b"y" * 50_000 + b'"}'
    (tmp_path / "a.ndjson").write_bytes(b"\n".join([long, FHIR, b"", b"{broken", FHIR]))
    items = list(read_feeds([tmp_path], settings(max_message_bytes=10_000)))
    assert [type(item) for item in items] == [Reject, FeedMessage, Reject, FeedMessage]
    assert [item.origin.line for item in items] == [1, 2, 4, 5]
    assert "feeds.max_message_bytes" in items[0].reason


def test_json_a_hundred_thousand_levels_deep_is_refused(tmp_path):
    (tmp_path / "a.json").write_bytes(b'{"a":' * 100_000)
    (tmp_path / "b.json").write_bytes(FHIR)
    first, second = read_feeds([tmp_path], settings())
    assert "feeds.max_json_depth" in first.reason
    assert isinstance(second, FeedMessage)


def test_a_cell_of_a_whole_file_is_refused(tmp_path):
    mapping = {"match": "*.csv", "record": "Location", "columns": {"Ward": "ward"}}
    (tmp_path / "a.csv").write_bytes(b"Ward\n" + b"x" * 1_000_000)
    (reject,) = read_feeds([tmp_path], settings(tables={"beds": mapping}))
    assert "far too long" in reject.reason


def test_messages_are_numbered_over_all_files(tmp_path):
    (tmp_path / "a.hl7").write_bytes(ADT * 2)
    (tmp_path / "b.json").write_bytes(FHIR)
    positions = [item.position for item in read_feeds([tmp_path], Settings())]
    assert [(p.number, p.arrival) for p in positions] == [(1, 1), (2, 2), (1, 3)]


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


def test_a_hidden_sheet_is_not_read_for_the_one_that_people_see(workbook):
    book = load_workbook(workbook)
    hidden = book.create_sheet("Last year", 0)
    hidden.append(["NHS No", "Date", "Time", "Theatre"])
    hidden.append([9990000026, date(2025, 11, 2), time(9), 7])
    hidden.sheet_state = "hidden"
    book.active = 1
    book.save(workbook)
    (message,) = read_feeds([workbook], settings())
    assert {change.fields.get("location") for change in message.content} >= {"1"}
    assert all(change.patient[0].value == "9990000018" for change in message.content)


def test_a_list_with_a_sheet_for_each_theatre_is_read_whole(workbook):
    book = load_workbook(workbook)
    other = book.create_sheet("Theatre 2")
    other.append(["Theatre 2 only", None, None, None])
    other.append(["NHS No", "Date", "Time", "Theatre"])
    other.append([9990000026, date(2026, 11, 2), time(9), 2])
    book.create_sheet("Notes").append(["Ask the coordinator."])
    book.save(workbook)
    messages = list(read_feeds([workbook], settings()))
    assert not any(isinstance(message, Reject) for message in messages)
    changes = [change for message in messages for change in message.content]
    assert {change.fields.get("location") for change in changes} >= {"1", "2"}


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
    before = own_children()
    messages = read_feeds([workbook], settings())
    next(messages)
    messages.close()
    assert own_children() <= before


def own_children() -> set[str]:
    """The processes below this one; a browser of other tests may be among them."""
    listed = subprocess.run(
        ["pgrep", "-P", str(os.getpid())], capture_output=True, text=True, check=False
    )
    return set(listed.stdout.split())


def test_check_counts_and_holds_no_patient_data(tmp_path):
    bad = ADT.replace(b"H1001^^^DEMO^MR", b"")
    (tmp_path / "adt.hl7").write_bytes(ADT + bad + ADT.replace(b"ADT^A08", b"MDM^T02"))
    report = check_feeds([tmp_path], Settings())
    assert report.messages == 3
    assert report.count(Outcome.USED) == report.count(Outcome.REJECTED) == 1
    assert report.records == {"Patient": 1}
    assert report.outcomes["MDM^T02", Outcome.NOT_USED] == 1
    rejected = next(p for p in report.problems if p.reason.outcome is Outcome.REJECTED)
    assert rejected.position[:2] == (str(tmp_path / "adt.hl7"), 2)
    assert rejected.reason[2:] == (
        "PID", "PID-3 holds no identifier: the patient cannot be told apart",
    )  # fmt: skip
    assert "PATEL" not in str(report)
    assert report.seconds > 0


def test_a_table_that_is_too_long_is_refused(tmp_path):
    mapping = {"match": "*.csv", "record": "Location", "columns": {"Ward": "ward"}}
    (tmp_path / "a.csv").write_bytes(b"Ward\n" + b"W1\n" * 1000)
    (reject,) = read_feeds([tmp_path], settings(tables={"beds": mapping}, max_message_bytes=1000))
    assert "feeds.max_message_bytes" in reject.reason


def test_a_message_that_never_ends_is_read_once_and_the_next_is_found(tmp_path):
    endless = ADT.rstrip(b"\r") + b"y" * 6_000_000 + b"\r\n"
    (tmp_path / "a.hl7").write_bytes(endless + ADT)
    items = list(read_feeds([tmp_path], settings(max_message_bytes=1_000_000)))
    assert [type(item) for item in items] == [Reject, FeedMessage]
    assert items[1].origin.line == 3
