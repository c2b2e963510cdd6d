"""One row of a mapped table to changes: what it says of its record, and of the patient.

Keys: a bed by its place; an encounter by its visit number, else the patient; an appointment by its
number, else patient, start and place; a request by its number and code as in HL7 v2; others by
their number, else patient and all that the row says. In an ordinary table an empty cell is 'not
said'; in a full one it is empty.
"""

import hashlib
from dataclasses import dataclass

from downtime.clinical.identifiers import MRN, NHS, Identifier, clean_nhs_number
from downtime.feeds import times
from downtime.feeds.context import FeedContext
from downtime.feeds.hl7.patient import GENDERS
from downtime.feeds.model import Change, Position, UnusableMessageError, Value, bed_key
from downtime.feeds.tables import dates
from downtime.feeds.tables.mapping import TableMapping, is_number, is_time, normalise_title


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row by the targets of its columns."""

    position: Position
    cells: dict[str, str]


def row_changes(
    row: TableRow, mapping: TableMapping, sent: str, context: FeedContext
) -> list[Change]:
    """What a row says; Unusable names the column that is wrong, never what stands in it."""
    numbers = _patient(row, context)
    if not numbers and mapping.record != "Location" and _says_patient(row, mapping):
        raise UnusableMessageError(
            _titles(mapping, "patient."),
            "the row holds no hospital number and no valid NHS number: "
            "the patient cannot be told apart",
        )
    fields = _fields(row, mapping, mapping.record, "", context)
    as_at = _moment(row, mapping, "as_at", context) or sent
    said = [
        Change(
            type=mapping.record,
            source=mapping.source,
            key="" if mapping.record == "Patient" else _key(mapping.record, fields, numbers),
            patient=numbers,
            fields=_numbered(fields, numbers, context) if mapping.record == "Patient" else fields,
            sent=as_at,
            position=row.position,
        )
    ]
    details = _fields(row, mapping, "Patient", "patient.", context)
    if details and numbers and mapping.record != "Patient":
        said.append(
            Change(
                type="Patient",
                source=mapping.source,
                key="",
                patient=numbers,
                fields=_numbered(details, numbers, context),
                sent=as_at,
                position=row.position,
            )
        )
    return said


def _says_patient(row: TableRow, mapping: TableMapping) -> bool:
    return mapping.record not in ("Location",) or any(t.startswith("patient.") for t in row.cells)


def _patient(row: TableRow, context: FeedContext) -> tuple[Identifier, ...]:
    mrn = row.cells.get("patient.mrn") or row.cells.get("mrn", "")
    nhs = row.cells.get("patient.nhs") or row.cells.get("nhs_number", "")
    digits = clean_nhs_number(nhs)
    found = [Identifier(MRN, context.authority, mrn)] if mrn else []
    return (*found, Identifier(NHS, "NHS", digits)) if digits else tuple(found)


def _numbered(
    fields: dict[str, Value], numbers: tuple[Identifier, ...], context: FeedContext
) -> dict[str, Value]:
    named: dict[str, Value] = {"identifiers": tuple(str(number) for number in numbers)}
    for number in numbers:
        named["nhs_number" if number.type == NHS else "mrn"] = number.value
    return {**{k: v for k, v in fields.items() if k not in ("mrn", "nhs_number")}, **named}


def _fields(
    row: TableRow, mapping: TableMapping, record: str, prefix: str, context: FeedContext
) -> dict[str, Value]:
    """The fields of one record that the row's columns name with this prefix."""
    fields: dict[str, Value] = {}
    for target, cell in row.cells.items():
        name = target.removeprefix(prefix)
        if not target.startswith(prefix) or target in ("as_at", "patient.mrn", "patient.nhs"):
            continue
        name, _, half = name.partition(".")
        if (prefix == "" and target.startswith("patient.")) or half == "time":
            continue
        if not cell and not (mapping.full and not prefix):
            continue
        _set(fields, record, name, target, row, mapping, context)
    if not prefix:
        fields.update(mapping.constants)
    return fields


def _set(
    fields: dict[str, Value],
    record: str,
    name: str,
    target: str,
    row: TableRow,
    mapping: TableMapping,
    context: FeedContext,
) -> None:
    cell = row.cells[target]
    meant = mapping.values.get(target, {}).get(normalise_title(cell), cell)
    if is_time(record, name):
        fields[name] = _moment(row, mapping, target, context)
        if name not in ("recorded", "deceased"):
            fields[f"{name}_text"] = f"{cell} {row.cells.get(f'{name}.time', '')}".strip()
    elif is_number(record, name):
        fields[name] = _whole(meant, target, mapping)
    else:
        fields[name] = _word(name, meant)


def _word(name: str, sent: str) -> str:
    """A gender in the records' words, a status in small letters as they are, all else as sent."""
    if name == "gender":
        return GENDERS.get(sent[:1].upper(), "")
    return sent.lower() if name in ("status", "stage", "kind") else sent


def _whole(text: str, target: str, mapping: TableMapping) -> int:
    digits = text.removesuffix(".0")
    if not digits:
        return 0
    if not digits.isascii() or not digits.isdigit() or len(digits) > 9:
        raise UnusableMessageError(_title(mapping, target), "the column holds no whole number")
    return int(digits)


def _moment(row: TableRow, mapping: TableMapping, target: str, context: FeedContext) -> str:
    """A time in the stored form, put together when its date and time stand in two columns."""
    text = row.cells.get(target, "")
    if not text:
        return ""
    value = times.parse_time(text, context.zone) if "T" in text else ""
    value = value or dates.parse_moment(text, mapping.dates)
    if not value:
        raise UnusableMessageError(
            _title(mapping, target), "the column holds no date that can be read"
        )
    half = row.cells.get(target.removesuffix(".date") + ".time", "")
    if target.endswith(".date") and half:
        clock = dates.parse_clock(half)
        if not clock:
            title = _title(mapping, target.removesuffix(".date") + ".time")
            raise UnusableMessageError(title, "the column holds no time of day that can be read")
        value = f"{value[:10]}T{clock}"
    return value if value.endswith("Z") else times.parse_time(value, context.zone)


def _key(record: str, fields: dict[str, Value], numbers: tuple[Identifier, ...]) -> str:
    def said(name: str) -> str:
        return str(fields.get(name, ""))

    person = str(numbers[0]) if numbers else ""
    if record == "Location":
        return bed_key(said("ward"), said("bay"), said("bed"))
    if record == "Encounter":
        return said("visit_number") or person
    if record == "Appointment":
        return said("number") or "|".join((person, said("start"), said("location")))
    if record == "ServiceRequest" and (number := said("placer") or said("filler")):
        return f"{number}|{(said('code') or said('display')).upper()}"
    if record == "AllergyIntolerance":
        return f"{person}|{(said('code') or said('substance')).upper()}"
    if number := said("filler"):
        return f"{number}|{said('code').upper()}"
    text = "\0".join(f"{name}={value}" for name, value in sorted(fields.items()))
    return f"{person}|{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def _title(mapping: TableMapping, target: str) -> str:
    return next((mapping.titles[c] for c, t in mapping.columns.items() if t == target), target)


def _titles(mapping: TableMapping, prefix: str) -> str:
    wanted = (prefix + "mrn", prefix + "nhs", "mrn", "nhs_number")
    return " / ".join(mapping.titles[c] for c, t in mapping.columns.items() if t in wanted)
