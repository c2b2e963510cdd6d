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
from downtime.feeds.hl7.codes import GENDERS
from downtime.feeds.model import Change, Position, UnusableMessageError, Value, bed_key
from downtime.feeds.tables import dates
from downtime.feeds.tables.mapping import TableMapping, is_number, is_time, normalise_title

_PERSON = "patient."
"""Begins the targets that are fields of Patient."""
_NUMBER_TARGETS = ("patient.mrn", "patient.nhs", "mrn", "nhs_number")
_WITHOUT_SOURCE_TEXT = ("recorded", "deceased")


@dataclass(frozen=True, slots=True)
class RowReader:
    """A row by the targets of its columns, and what is needed to read it."""

    position: Position
    cells: dict[str, str]
    mapping: TableMapping
    sent: str
    """When the table was made, unless the row has a time of its own."""
    context: FeedContext

    def read(self) -> list[Change]:
        """What the row says; UnusableMessageError names the column, never what stands in it."""
        record, numbers = self.mapping.record, self._patient()
        if not numbers and record != "Location":
            raise UnusableMessageError(
                " / ".join(self._titles(*_NUMBER_TARGETS)),
                "the row holds no hospital number and no valid NHS number: "
                "the patient cannot be told apart",
            )
        fields, person = self._fields(record, ""), self._fields("Patient", _PERSON)
        sent = self._moment("as_at") or self.sent
        if record == "Patient":
            return [self._person_change(numbers, fields, sent)]
        changes = [self._change(record, _key(record, fields, numbers), numbers, fields, sent)]
        if person and numbers:
            changes.append(self._person_change(numbers, person, sent))
        return changes

    def _person_change(
        self, numbers: tuple[Identifier, ...], fields: dict[str, Value], sent: str
    ) -> Change:
        fields = {k: v for k, v in fields.items() if k not in _NUMBER_TARGETS}
        fields |= self.context.identity_fields(numbers)
        return self._change("Patient", "", numbers, fields, sent)

    def _change(
        self,
        record: str,
        key: str,
        numbers: tuple[Identifier, ...],
        fields: dict[str, Value],
        sent: str,
    ) -> Change:
        return Change(
            type=record,
            source=self.mapping.source,
            key=key,
            patient=numbers,
            fields=fields,
            sent=sent,
            position=self.position,
        )

    def _patient(self) -> tuple[Identifier, ...]:
        mrn = self.cells.get("patient.mrn") or self.cells.get("mrn", "")
        nhs = self.cells.get("patient.nhs") or self.cells.get("nhs_number", "")
        digits = clean_nhs_number(nhs)
        numbers = [Identifier(MRN, self.context.authority, mrn)] if mrn else []
        return (*numbers, Identifier(NHS, "NHS", digits)) if digits else tuple(numbers)

    def _fields(self, record: str, prefix: str) -> dict[str, Value]:
        """The fields of one record that the row's columns name with this prefix."""
        fields: dict[str, Value] = {}
        keeps_empty = self.mapping.full and not prefix
        for target, cell in self.cells.items():
            name, _, half = target.removeprefix(prefix).partition(".")
            if not target.startswith(prefix) or target in ("as_at", "patient.mrn", "patient.nhs"):
                continue
            if (prefix == "" and target.startswith(_PERSON)) or half == "time":
                continue
            if cell or keeps_empty:
                self._add_field(fields, record, name, target)
        if not prefix:
            fields.update(self.mapping.constants)
        return fields

    def _add_field(self, fields: dict[str, Value], record: str, name: str, target: str) -> None:
        cell = self.cells[target]
        value = self.mapping.values.get(target, {}).get(normalise_title(cell), cell)
        if is_time(record, name):
            fields[name] = self._moment(target)
            if name not in _WITHOUT_SOURCE_TEXT:
                clock = self.cells.get(f"{name}.time", "")
                fields[f"{name}_text"] = f"{cell} {clock}".strip()
        elif is_number(record, name):
            fields[name] = self._whole_number(value, target)
        else:
            fields[name] = _normalise_code(name, value)

    def _whole_number(self, text: str, target: str) -> int:
        digits = text.removesuffix(".0")
        if not digits:
            return 0
        if not digits.isascii() or not digits.isdigit() or len(digits) > 9:
            raise self._wrong_cell(target, "the column holds no whole number")
        return int(digits)

    def _moment(self, target: str) -> str:
        """A time as stored, put together when its date and time stand in two columns."""
        text, zone = self.cells.get(target, ""), self.context.zone
        if not text:
            return ""
        value = times.parse_time(text, zone) if "T" in text else ""
        value = value or dates.parse_moment(text, self.mapping.dates)
        if not value:
            raise self._wrong_cell(target, "the column holds no date that can be read")
        time_target = target.removesuffix(".date") + ".time"
        time_text = self.cells.get(time_target, "")
        if target.endswith(".date") and time_text:
            clock = dates.parse_clock(time_text)
            if not clock:
                reason = "the column holds no time of day that can be read"
                raise self._wrong_cell(time_target, reason)
            value = f"{value[:10]}T{clock}"
        return value if value.endswith("Z") else times.parse_time(value, zone)

    def _wrong_cell(self, target: str, reason: str) -> UnusableMessageError:
        return UnusableMessageError(next(iter(self._titles(target)), target), reason)

    def _titles(self, *targets: str) -> list[str]:
        columns = self.mapping.columns.items()
        return [self.mapping.titles[column] for column, target in columns if target in targets]


def _normalise_code(name: str, sent: str) -> str:
    """A gender in the records' words, a status in small letters as they are, all else as sent."""
    if name == "gender":
        return GENDERS.get(sent[:1].upper(), "")
    return sent.lower() if name in ("status", "stage", "kind") else sent


def _key(record: str, fields: dict[str, Value], numbers: tuple[Identifier, ...]) -> str:
    def field(name: str) -> str:
        return str(fields.get(name, ""))

    person = str(numbers[0]) if numbers else ""
    match record:
        case "Location":
            return bed_key(field("ward"), field("bay"), field("bed"))
        case "Encounter":
            return field("visit_number") or person
        case "Appointment":
            return field("number") or "|".join((person, field("start"), field("location")))
        case "AllergyIntolerance":
            return f"{person}|{(field('code') or field('substance')).upper()}"
        case "ServiceRequest" if number := field("placer") or field("filler"):
            return f"{number}|{(field('code') or field('display')).upper()}"
    if number := field("filler"):
        return f"{number}|{field('code').upper()}"
    text = "\0".join(f"{name}={value}" for name, value in sorted(fields.items()))
    return f"{person}|{hashlib.sha256(text.encode()).hexdigest()[:16]}"
