"""Writes lists that people keep in spreadsheets: theatre list, ward list, empty beds."""

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time

from downtime.demo.hospital import Bed, Place, Stay
from downtime.demo.moments import ZONE
from downtime.demo.tables import SPECIALTIES, WardRow
from downtime.demo.theatres import Operation

_OLD = (1980, 1, 1, 0, 0, 0)
_CHANGED = re.compile(rb"(<dcterms:modified[^>]*>)[^<]*(</dcterms:modified>)")
Cell = str | int | date | time


def local(moment: datetime) -> datetime:
    """The hospital's own clock, without a zone, as a spreadsheet holds it."""
    return moment.astimezone(ZONE).replace(tzinfo=None)


def theatre_list(cases: Iterable[Operation], extracted: datetime) -> bytes:
    """An XLSX with true dates and times, and NHS numbers as numbers, as spreadsheets make them."""
    from openpyxl import Workbook  # slow to load, and no other command needs it
    from openpyxl.styles import Font

    from downtime.paper.workbook_file import save_workbook

    book = Workbook()
    sheet = book.create_sheet("Theatre list", 0)
    del book["Sheet"]
    rows = [_theatre_row(case) | {"List made": local(extracted)} for case in cases]
    sheet.append(list(rows[0]))
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    for row in rows:
        sheet.append(list(row.values()))
    book.properties.created = local(extracted)
    book.properties.creator = "Theatres"
    return _without_the_clock(save_workbook(book), local(extracted))


def _theatre_row(case: Operation) -> dict[str, Cell]:
    start, person = local(case.start), case.person
    family, given_name, prefix = case.surgeon
    return {
        "Date": start.date(),
        "Time": start.time(),
        "Theatre": case.theatre,
        "Order": case.position,
        "Hospital No": person.mrn,
        "NHS No": int(person.nhs) if person.nhs else "",
        "Surname": person.family_name.upper(),
        "Forename": person.given_name,
        "DOB": person.born or "",
        "Sex": person.gender,
        "Procedure": case.procedure,
        "Surgeon": f"{prefix} {given_name} {family}",
        "Specialty": SPECIALTIES[case.specialty][1],
        "Minutes": case.minutes,
        "Status": case.status,
        "Remarks": case.note,
    }


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
    rows = [_place_cells(stay.place, names) | _stay_cells(stay) for stay in stays]
    return _csv(rows, extracted, "utf-8-sig")


def empty_beds(beds: Iterable[Bed], wards: Iterable[WardRow], extracted: datetime) -> bytes:
    """Beds that nobody lies in, as a CSV in the encoding of an old Windows program."""
    names = {ward.code: ward.name for ward in wards}
    rows = [
        _place_cells(bed.place, names) | {"Status": bed.status, "Remarks": bed.note} for bed in beds
    ]
    return _csv(rows, extracted, "cp1252")


def _place_cells(place: Place, names: dict[str, str]) -> dict[str, str]:
    return {
        "Ward": place.ward,
        "Ward name": names[place.ward],
        "Bay": place.bay,
        "Bed": place.bed,
    }


def _stay_cells(stay: Stay) -> dict[str, str]:
    person = stay.person
    family, given_name, prefix = stay.consultant
    return {
        "Hospital No": person.mrn,
        "NHS No": " ".join((person.nhs[:3], person.nhs[3:6], person.nhs[6:])).strip(),
        "Surname": person.family_name.upper(),
        "Forename": person.given_name,
        "DOB": f"{person.born:%d/%m/%Y}" if person.born else "",
        "Sex": person.gender,
        "Visit": stay.visit,
        "Consultant": f"{prefix} {given_name} {family}",
        "Specialty": SPECIALTIES[stay.specialty][1],
        "Admitted": _format_time(stay.admitted),
        "Reason": stay.reason_text,
    }


def _format_time(moment: datetime) -> str:
    return f"{local(moment):%d/%m/%Y %H:%M}"


def _csv(rows: Sequence[dict[str, str]], extracted: datetime, encoding: str) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, [*rows[0], "Extracted"], lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(row | {"Extracted": _format_time(extracted)} for row in rows)
    return out.getvalue().encode(encoding)
