"""Writes lists that people keep in spreadsheets: theatre list, ward list, empty beds."""

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from downtime.demo.hospital import Bed, Stay
from downtime.demo.tables import SPECIALTIES, WardRow
from downtime.demo.theatres import Operation

_ZONE = ZoneInfo("Europe/London")
_OLD = (1980, 1, 1, 0, 0, 0)
_CHANGED = re.compile(rb"(<dcterms:modified[^>]*>)[^<]*(</dcterms:modified>)")
Cell = str | int | date | time

THEATRE_COLUMNS = (
    "Date",
    "Time",
    "Theatre",
    "Order",
    "Hospital No",
    "NHS No",
    "Surname",
    "Forename",
    "DOB",
    "Sex",
    "Procedure",
    "Surgeon",
    "Specialty",
    "Minutes",
    "Status",
    "Remarks",
    "List made",
)
WARD_COLUMNS = (
    "Ward",
    "Ward name",
    "Bay",
    "Bed",
    "Hospital No",
    "NHS No",
    "Surname",
    "Forename",
    "DOB",
    "Sex",
    "Visit",
    "Consultant",
    "Specialty",
    "Admitted",
    "Reason",
    "Extracted",
)
EMPTY_COLUMNS = ("Ward", "Ward name", "Bay", "Bed", "Status", "Remarks", "Extracted")


def local(moment: datetime) -> datetime:
    """The hospital's own clock, without a zone, as a spreadsheet holds it."""
    return moment.astimezone(_ZONE).replace(tzinfo=None)


def theatre_list(cases: Iterable[Operation], extracted: datetime) -> bytes:
    """An XLSX with true dates and times, and NHS numbers as numbers, as spreadsheets make them."""
    from openpyxl import Workbook  # slow to load, and no other command needs it
    from openpyxl.styles import Font

    book = Workbook()
    sheet = book.create_sheet("Theatre list", 0)
    del book["Sheet"]
    sheet.append(list(THEATRE_COLUMNS))
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    for case in cases:
        sheet.append([*_theatre_row(case), local(extracted)])
    book.properties.created = local(extracted)
    book.properties.creator = "Theatres"
    raw = io.BytesIO()
    book.save(raw)
    return _without_the_clock(raw.getvalue(), local(extracted))


def _theatre_row(case: Operation) -> list[Cell]:
    start, person = local(case.start), case.person
    family, given_name, prefix = case.surgeon
    return [
        start.date(),
        start.time(),
        case.theatre,
        case.position,
        person.mrn,
        int(person.nhs) if person.nhs else "",
        person.family_name.upper(),
        person.given_name,
        person.born or "",
        person.gender,
        case.procedure,
        f"{prefix} {given_name} {family}",
        SPECIALTIES[case.specialty][1],
        case.minutes,
        case.status,
        case.note,
    ]


def _without_the_clock(book: bytes, extracted: datetime) -> bytes:
    """The workbook with `made` as its only time, so that the same list is the same file."""
    stamp = rb"\g<1>" + f"{extracted:%Y-%m-%dT%H:%M:%SZ}".encode() + rb"\g<2>"
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            data = _CHANGED.sub(stamp, data) if name == "docProps/core.xml" else data
            new.writestr(zipfile.ZipInfo(name, _OLD), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def ward_list(stays: Iterable[Stay], wards: Iterable[WardRow], extracted: datetime) -> bytes:
    """Who lies where, as a CSV for a spreadsheet: UTF-8 with a byte order mark."""
    names = {ward.code: ward.name for ward in wards}
    rows = [[*_ward_row(stay, names), _written(extracted)] for stay in stays]
    return _csv(WARD_COLUMNS, rows, "utf-8-sig")


def _ward_row(stay: Stay, names: dict[str, str]) -> list[str]:
    person, place = stay.person, stay.place
    family, given_name, prefix = stay.consultant
    return [
        place.ward,
        names[place.ward],
        place.bay,
        place.bed,
        person.mrn,
        " ".join((person.nhs[:3], person.nhs[3:6], person.nhs[6:])).strip(),
        person.family_name.upper(),
        person.given_name,
        f"{person.born:%d/%m/%Y}" if person.born else "",
        person.gender,
        stay.visit,
        f"{prefix} {given_name} {family}",
        SPECIALTIES[stay.specialty][1],
        _written(stay.admitted),
        stay.reason_text,
    ]


def _written(moment: datetime) -> str:
    return f"{local(moment):%d/%m/%Y %H:%M}"


def empty_beds(beds: Iterable[Bed], wards: Iterable[WardRow], extracted: datetime) -> bytes:
    """Beds that nobody lies in, as a CSV in the encoding of an old Windows program."""
    names = {ward.code: ward.name for ward in wards}
    rows = [
        [
            bed.place.ward,
            names[bed.place.ward],
            bed.place.bay,
            bed.place.bed,
            bed.status,
            bed.note,
            _written(extracted),
        ]
        for bed in beds
    ]
    return _csv(EMPTY_COLUMNS, rows, "cp1252")


def _csv(columns: Sequence[str], rows: Iterable[Sequence[str]], encoding: str) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return out.getvalue().encode(encoding)
