"""One row of a mapped table to changes: what it says of its record, and of the patient.

Keys: a bed by its place; an encounter by its visit number, else the patient; an appointment by its
number, else patient, start and place; a request by its number and code as in HL7 v2; others by
their number, else patient and all that the row says. In an ordinary table an empty cell is 'not
said'; in a full one it is empty. A cell that cannot be read is left out and said; a number that a
spreadsheet broke is never taken for one.
"""

import hashlib
from dataclasses import dataclass, field, fields
from datetime import date

from downtime.clinical.identifiers import (
    MRN,
    NHS,
    Identifier,
    clean_nhs_number,
    is_placeholder,
)
from downtime.clinical.record_types import TYPES
from downtime.feeds import times
from downtime.feeds.context import FeedContext
from downtime.feeds.hl7.allergies import SUBSTANCE_NOT_NAMED, says_none_known
from downtime.feeds.hl7.codes import GENDERS
from downtime.feeds.model import (
    Change,
    Finding,
    FindingKind,
    Position,
    UnusableMessageError,
    Value,
    bed_key,
)
from downtime.feeds.tables import dates
from downtime.feeds.tables.cells import (
    is_damaged_cell,
    is_damaged_number,
    is_number_field,
)
from downtime.feeds.tables.mapping import (
    WARD_NAME,
    TableMapping,
    is_number,
    is_time,
    normalise_title,
)
from downtime.feeds.tables.record_keys import make_key

_PERSON = "patient."
"""Begins the targets that are fields of Patient."""
_NUMBER_TARGETS = ("patient.mrn", "patient.nhs", "mrn", "nhs_number")
_MRN_TARGETS = ("patient.mrn", "mrn")
_NHS_TARGETS = ("patient.nhs", "nhs_number")
_LISTED = "LIST"
"""Type of the number that stands for a person who has none; it is nobody else's, whatever their
visit number: that may be another patient's."""
_WHO_AND_WHERE = frozenset({"patient.family", "patient.birth_date", "visit_number", "bed"})
_UNREADABLE = "not readable in the feed"
_NEVER_BLANK = frozenset({"dosage", "frequency", "value"})
"""Fields in which nothing would be read as: none was said."""
_PAST = ("birth_date", "deceased", "recorded")
"""Times that are never to come."""


@dataclass(frozen=True, slots=True)
class RowReader:
    """A row by the targets of its columns, and what is needed to read it."""

    position: Position
    cells: dict[str, str]
    mapping: TableMapping
    sent: str
    """When the table was made, unless the row has a time of its own."""
    today: date
    context: FeedContext
    findings: list[Finding] = field(default_factory=list)

    def note(self, kind: FindingKind, target: str, text: str) -> None:
        """Keeps a finding about a column."""
        title = next(iter(self._titles(target)), target)
        self.findings.append(Finding(kind, self.mapping.source, text, title))

    def read(self) -> list[Change]:
        """What the row says; UnusableMessageError names the column, never what stands in it.

        Nothing, when its only numbers were broken by a spreadsheet: that is a finding.
        """
        record = self.mapping.record
        self._drop_damaged_numbers()
        self._drop_damaged_cells()
        self._check_says_who_and_where()
        numbers = self._patient() or self._person_without_number()
        if not numbers and record != "Location":
            if self.has_damaged_number:
                return []
            raise UnusableMessageError(
                " / ".join(self._titles(*_NUMBER_TARGETS)),
                "the row holds no hospital number and no valid NHS number: "
                "the patient cannot be told apart",
            )
        fields, person = self._fields(record, ""), self._fields("Patient", _PERSON)
        sent = self._moment("as_at") or self.sent
        if record == "Patient":
            return [self._person_change(numbers, fields, sent)]
        changes = []
        if fields or record != "AllergyIntolerance":
            key = make_key(record, fields, numbers)
            changes.append(self._change(record, key, numbers, fields, sent))
        changes += self._name_ward(fields, sent)
        if person and numbers:
            changes.append(self._person_change(numbers, person, sent))
        return changes

    def _name_ward(self, stay: dict[str, Value], sent: str) -> list[Change]:
        """How the ward of a stay is called; a ward without a bed is no list of beds."""
        ward, name = str(stay.get("ward", "")), self.cells.get(WARD_NAME, "")
        if self.mapping.record != "Encounter" or not ward or not name:
            return []
        place: dict[str, Value] = {"ward": ward, WARD_NAME: name}
        return [self._change("Location", bed_key(ward, "", ""), (), place, sent)]

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

    @property
    def has_damaged_number(self) -> bool:
        """Whether a number was found that a spreadsheet broke, or that fails its check."""
        return any(finding.kind is FindingKind.NUMBER_DAMAGED for finding in self.findings)

    def _drop_damaged_numbers(self) -> None:
        for target, cell in self.cells.items():
            if is_number_field(target) and is_damaged_number(cell):
                is_nhs = target in _NHS_TARGETS and clean_nhs_number(cell)
                if not is_nhs:
                    self.cells[target] = ""
                    reason = "a number that a spreadsheet changed: it is not used"
                    self.note(FindingKind.NUMBER_DAMAGED, target, reason)
            elif target in _NHS_TARGETS and cell and not clean_nhs_number(cell):
                reason = "an NHS number does not pass its check: it is not used"
                self.note(FindingKind.NUMBER_DAMAGED, target, reason)

    def _drop_damaged_cells(self) -> None:
        for target, cell in self.cells.items():
            if target in _MRN_TARGETS and is_placeholder(cell, self.context.placeholders):
                self.cells[target] = ""
            elif is_damaged_cell(target, cell):
                self.cells[target] = _UNREADABLE if target in _NEVER_BLANK else ""
                reason = "a cell that a spreadsheet changed: it is not used"
                self.note(FindingKind.NUMBER_DAMAGED, target, reason)

    def _check_says_who_and_where(self) -> None:
        """A line below a list may hold a count where the patient's number stands."""
        named = _WHO_AND_WHERE & self.cells.keys()
        is_stay = self.mapping.record == "Encounter" and len(named) > 1
        if is_stay and not any(self.cells[target] for target in named):
            titles = " / ".join(self._titles(*named))
            raise UnusableMessageError(titles, "the row says neither who nor where")

    def _person_without_number(self) -> tuple[Identifier, ...]:
        """Who lies in a bed under a name and without a number is shown, and joins nobody else."""
        who = [self.cells.get(f"patient.{name}", "") for name in ("family", "given", "birth_date")]
        if self.mapping.record != "Encounter" or not any(who) or self.has_damaged_number:
            return ()
        reason = "a patient has no number: they are shown, and cannot be found by one"
        self.note(FindingKind.PATIENT_WITHOUT_NUMBER, "patient.mrn", reason)
        place = [self.cells.get(name, "") for name in ("ward", "bay", "bed")]
        digest = hashlib.sha256("\0".join([*place, *who]).encode()).hexdigest()[:16]
        return (Identifier(_LISTED, self.mapping.source, digest),)

    def _patient(self) -> tuple[Identifier, ...]:
        mrn = self.cells.get("patient.mrn") or self.cells.get("mrn", "")
        nhs = self.cells.get("patient.nhs") or self.cells.get("nhs_number", "")
        digits = clean_nhs_number(nhs)
        mrn = self.context.write_own_number(mrn)
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
            if record == "Encounter" and target == WARD_NAME:
                continue
            if (prefix == "" and target.startswith(_PERSON)) or half == "time":
                continue
            if cell or keeps_empty:
                self._add_field(fields, record, name, target)
        if not prefix:
            fields.update(self.mapping.constants)
            if record == "AllergyIntolerance":
                self._name_allergy(fields)
        return fields

    def _name_allergy(self, fields: dict[str, Value]) -> None:
        """What stands in the row is the allergy, whatever its column: one without a name is not seen.

        A row that holds nothing but the patient has none: lists of everybody have such rows.
        """
        named = (fields.get(name) for name in ("substance", "reaction", "note", "code"))
        substance = str(next(filter(None, named), ""))
        if not substance:
            if not any(fields[name] for name in fields.keys() - self.mapping.constants.keys()):
                fields.clear()
                return
            reason = "it names no substance, and is shown so"
            self.note(FindingKind.UNKNOWN_CODE, "substance", reason)
        fields["substance"] = substance or SUBSTANCE_NOT_NAMED
        if says_none_known(str(fields.get("code", "")), substance):
            fields["none_known"] = 1

    def _add_field(self, fields: dict[str, Value], record: str, name: str, target: str) -> None:
        cell = self.cells[target]
        value = self.mapping.values.get(target, {}).get(normalise_title(cell), cell)
        if is_time(record, name):
            fields[name] = self._moment(target)
            if _has_field(record, f"{name}_text"):
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
            self.note(FindingKind.NOT_READ, target, "the column holds no whole number")
            return 0
        return int(digits)

    def _moment(self, target: str) -> str:
        """A time as stored, put together when its date and time stand in two columns; else empty."""
        text, zone = self.cells.get(target, ""), self.context.zone
        if not text:
            return ""
        is_past = target.removeprefix(_PERSON).partition(".")[0] in _PAST
        value = times.parse_time(text, zone) if "T" in text else ""
        value = value or dates.parse_moment(text, self.mapping.dates, self.today, is_past)
        if not value or (is_past and value[:10] > self.today.isoformat()):
            reason = "the column holds no date that can be read, or one that cannot be"
            self.note(FindingKind.TIME_UNREADABLE, target, reason)
            return ""
        if target.endswith("birth_date") and value[:4] not in text:
            reason = "a year of birth has two digits: its century is a guess"
            self.note(FindingKind.TIME_UNREADABLE, target, reason)
        if target.endswith(".date"):
            value = self._add_clock(value, target.removesuffix(".date") + ".time")
        return value if value.endswith("Z") else times.parse_time(value, zone)

    def _add_clock(self, value: str, target: str) -> str:
        text = self.cells.get(target, "")
        if not text:
            return value
        if clock := dates.parse_clock(text):
            return f"{value[:10]}T{clock}"
        reason = "the column holds no time of day that can be read"
        self.note(FindingKind.TIME_UNREADABLE, target, reason)
        return value

    def _titles(self, *targets: str) -> list[str]:
        columns = self.mapping.columns.items()
        return [self.mapping.titles[column] for column, target in columns if target in targets]


def _has_field(record: str, name: str) -> bool:
    return any(item.name == name for item in fields(TYPES[record]))


def _normalise_code(name: str, sent: str) -> str:
    """A gender in the records' words, a status in small letters as they are, all else as sent."""
    if name == "gender":
        return GENDERS.get(sent[:1].upper(), "")
    return sent.lower() if name in ("status", "stage", "kind") else sent
