"""What a form is: its fields and how they are printed, in the words of a FHIR Questionnaire.

Answers to a form are a `dict[str, str]` everywhere (stamping, entry, import): the key is a field's
`linkId`, or `linkId:ROW` (rows from 1) inside a repeating group; a ticked box is `true`, an empty
one is left out or empty; dates and times are ISO and local (`2026-11-02`, `14:30`,
`2026-11-02T14:30`); a choice holds its option's code.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple

TRUE = "true"
"""The answer of a ticked box."""


class FieldType(StrEnum):
    """What an item is, as FHIR calls it; `field_types` says what follows from it."""

    STRING = "string"
    TEXT = "text"
    BOOLEAN = "boolean"
    CHOICE = "choice"
    INTEGER = "integer"
    DECIMAL = "decimal"
    QUANTITY = "quantity"
    DATE = "date"
    TIME = "time"
    DATE_TIME = "dateTime"
    GROUP = "group"
    DISPLAY = "display"


class KeyingPolicy(StrEnum):
    """How much of a form is keyed back: all of it, what is marked so, or nothing (a picture)."""

    FULL = "full"
    PART = "part"
    SCAN = "scan"


class FormSubject(StrEnum):
    """Whom a form is about: one patient, or nobody (logs, registers, lists)."""

    PATIENT = "patient"
    NONE = "none"


class Orientation(StrEnum):
    """How the A4 page lies."""

    PORTRAIT = "portrait"
    LANDSCAPE = "landscape"


class GroupLayout(StrEnum):
    """How a group is printed."""

    LINES = "lines"
    TICKS = "ticks"
    STEPS = "steps"
    TABLE = "table"
    CHART = "chart"
    CARDS = "cards"


class TimeRule(StrEnum):
    """Which times make sense in a field of date or time; what a form does not say follows from `maps`."""

    DURING = "during"
    """When something of the outage happened."""
    EARLIER = "earlier"
    """In the past, however long before the outage."""
    COMING = "coming"
    """What is wanted or booked: not before the outage began."""
    BIRTH = "birth"
    ANY = "any"


@dataclass(frozen=True, slots=True, kw_only=True)
class SoftChecks:
    """What is asked about, and confirmed with a reason, where `min` and `max` of the field refuse."""

    min: float | None = None
    max: float | None = None
    limits: str = ""
    """The row of the table of limits, where neither code nor name of the field leads to it."""
    hours: float | None = None
    """How long after the field named by `after` it may be."""
    gender: str = ""
    """Whom the field is about: filled for somebody else it is asked about."""
    dose: bool = False
    """The text is a dose: number and unit are checked."""
    count: str = ""
    """The count of the ward in the snapshot that it is held against: `patients` or `beds`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgeRange:
    """For whom a form is made, in years of age; another person's is asked about."""

    since: float = 0.0
    under: float | None = None


@dataclass(frozen=True, slots=True)
class Option:
    """One answer of a choice: the code that is kept and the words that are printed."""

    code: str
    display: str
    fixed_fields: tuple[tuple[str, str], ...] = ()
    """Fields of the record, and what they become when this is chosen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldBox:
    """Where a field stands on a background of the hospital's own.

    Millimetres from the page's upper left corner, or the rectangle of a field of the PDF's own form.
    """

    option: str = ""
    """Code of the option whose box this is; empty for the field itself."""
    page: int = 1
    """From 1; 0 for every page, which only the identity block and what names the page may have."""
    x: float = 0.0
    y: float = 0.0
    width: float = 0.0
    height: float = 0.0
    step: float = 0.0
    """From one row of a repeating group down to the next."""
    field: str = ""
    """Name of the PDF's form field; `{row}` in it stands for the row's number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormItem:
    """A field, a group of items, or words for the reader (`display`)."""

    link_id: str
    text: str = ""
    type: FieldType = FieldType.GROUP
    required: bool = False
    repeats: bool = False
    rows: int = 0
    """Rows of a repeating group on paper."""
    options: tuple[Option, ...] = ()
    units: str = ""
    min: float | None = None
    max: float | None = None
    soft: SoftChecks | None = None
    when: TimeRule | None = None
    after: tuple[str, ...] = ()
    """linkIds of fields, of the same row if it has one, that this time may not be before."""
    ucum: str = ""
    """UCUM code of the unit, where the table does not give it for `units`."""
    equals: tuple[str, ...] = ()
    """linkIds whose sum this is (`-` before one that is taken away), or `news2`."""
    covers: tuple[str, ...] = ()
    """linkIds whose sum this is not less than."""
    max_length: int = 0
    code: str = ""
    """A filled field makes one record with this code and `text` as its display."""
    maps: str = ""
    """Field of the record that the answer becomes, `when`, or `Patient.<field>` (see `said`)."""
    record: str = ""
    """On a group: it is a record of its own, or each of its rows; on a field with a code: of it."""
    system: str = ""
    """System to which that record goes, if not the form's."""
    fixed_fields: tuple[tuple[str, str], ...] = ()
    """What that record always says, such as `status` `given`."""
    record_group: str = ""
    """linkId of the group with a record of its own that holds this field."""
    critical: bool = False
    """A slip here can harm: identifiers, results, blood. Keyed with special care."""
    keyed: bool = True
    """False when the answer stays on the paper (a score, initials)."""
    score: bool = False
    """A chart's row with a box for its score, answered as `<linkId>.score`."""
    prefill: str = ""
    """What the snapshot prints into it, such as `encounter.consultant` (see `prefill`)."""
    layout: str = ""
    """How a group is printed, one of `GroupLayout`; empty for lines."""
    columns: int = 0
    """Columns of a `lines` or `ticks` group."""
    span: int = 1
    """Columns that a field takes in its group, or its share of a table's width."""
    lines: int = 1
    """Lines for handwriting of a `text` field, or of each row of a table."""
    row_texts: tuple[str, ...] = ()
    """What a `display` in a repeating group prints into each row."""
    grid_rows: tuple[str, ...] = ()
    grid_columns: tuple[str, ...] = ()
    """A `text` field ruled as a grid, each cell a field: words before its rows, words above its columns."""
    column_text: str = ""
    """Words before a row of cells above a grid's columns, such as their dates, again on every page."""
    boxes: tuple[FieldBox, ...] = ()
    """Where it stands on a background; empty where the paper's own print will do."""
    items: tuple["FormItem", ...] = ()
    group: str = ""
    """linkId of the repeating group that holds this field; empty outside one."""
    repeated: int = 0
    """Rows of that group; 0 outside one."""

    def answer_keys(self) -> list[str]:
        """The keys of this field's answers: one, or one for each row of its group."""
        if not self.repeated:
            return [self.link_id]
        return [f"{self.link_id}:{row}" for row in range(1, self.repeated + 1)]


class SignedRows(NamedTuple):
    """A repeating group in which each printed row is an order: nothing until it is signed."""

    fields: tuple[str, ...]
    """linkIds of what is printed into a row."""
    signature: str
    """linkId of the field that is signed; empty where the form has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormDefinition:
    """One version of one form."""

    name: str
    version: str
    title: str
    status: str
    purpose: str
    policy: KeyingPolicy
    record: str
    """Type of clinical record that an entry becomes."""
    system: str
    """System to which the entry is returned."""
    returns: bool
    """Whether the paper must come back; lists and covers need not."""
    each: str
    """Repeating group of which every filled row is a record; empty when the form is one."""
    fixed_fields: tuple[tuple[str, str], ...] = ()
    """What the form's records always say, such as `event` `transfer`."""
    items: tuple[FormItem, ...]
    digest: str
    """SHA-256 of the file, so that a printed version can be told from a later one."""
    source: str = ""
    """The file's own text, kept beside what was printed with it."""
    subject: FormSubject = FormSubject.PATIENT
    """`NONE` has no identity block."""
    orientation: Orientation = Orientation.PORTRAIT
    ages: AgeRange | None = None
    urgent: int = 0
    """Place among the forms whose unknown person is settled first, 1 before all; 0 for no hurry."""
    background: str = ""
    """A PDF of the hospital's own on which the form is printed, by its file's name."""
    boxes: tuple[tuple[str, FieldBox], ...] = ()
    """Where identity, sign-off, serial and codes stand on that background, by key."""

    @property
    def identity(self) -> tuple[FormItem, ...]:
        """The identity block, for a form about one patient."""
        return IDENTITY if self.subject == FormSubject.PATIENT else ()

    @property
    def sign_off(self) -> tuple[FormItem, ...]:
        """Who did it and when, for a form that comes back."""
        return SIGN_OFF if self.returns else ()

    def fields(self) -> list[FormItem]:
        """Every field to answer, in reading order, the sign-off's last."""
        return list(_fields(self))

    def __hash__(self) -> int:
        return hash(self.digest)

    def keys(self) -> list[str]:
        """Every key that an answer may have, rows of repeating groups written out."""
        return [key for item in self.fields() for key in item.answer_keys()]

    def field(self, key: str) -> FormItem:
        """The field that a key (`linkId` or `linkId:ROW`) belongs to; KeyError when none does."""
        link_id, _, row = key.partition(":")
        for item in self.fields():
            if item.link_id == link_id and key in item.answer_keys():
                return item
        raise KeyError(key)


IDENTITY = (
    FormItem(
        link_id="patient.name", text="Name (SURNAME, Given)", type=FieldType.STRING, critical=True
    ),
    FormItem(link_id="patient.born", text="Born", type=FieldType.DATE, critical=True),
    FormItem(link_id="patient.gender", text="Gender", type=FieldType.STRING),
    FormItem(link_id="patient.nhs", text="NHS No.", type=FieldType.STRING, critical=True),
    FormItem(link_id="patient.mrn", text="Hospital No.", type=FieldType.STRING, critical=True),
    FormItem(link_id="patient.location", text="Ward / bed", type=FieldType.STRING),
    FormItem(link_id="patient.allergies", text="Allergies", type=FieldType.STRING, critical=True),
    FormItem(link_id="patient.downtime-number", text="Downtime No.", type=FieldType.STRING),
)
"""The identity block that the print template puts on every page of a form about a patient."""

SIGN_OFF = (
    FormItem(link_id="author.name", text="Printed name", type=FieldType.STRING, required=True),
    FormItem(link_id="author.role", text="Role", type=FieldType.STRING, required=True),
    FormItem(link_id="author.signature", text="Signature", type=FieldType.STRING, keyed=False),
    FormItem(link_id="event.date", text="Date", type=FieldType.DATE, required=True),
    FormItem(link_id="event.time", text="Time", type=FieldType.TIME, required=True),
)
"""The sign-off at the end of a form that comes back: who did it and when it really happened."""


@lru_cache(maxsize=512)
def _fields(form: FormDefinition) -> tuple[FormItem, ...]:
    return (*_leaves(form.items), *form.sign_off)


def _leaves(items: tuple[FormItem, ...]) -> Iterator[FormItem]:
    for item in items:
        if item.type == FieldType.GROUP:
            repeated = {"group": item.link_id, "repeated": item.rows} if item.repeats else {}
            record_group = {"record_group": item.link_id} if item.record else {}
            for leaf in _leaves(item.items):
                of_row = {} if _COLUMN_CELL in leaf.link_id else repeated
                changes = of_row | record_group | _inherit(item, leaf)
                yield replace(leaf, **changes) if changes else leaf  # type: ignore[arg-type]
        elif item.grid_rows:
            yield from make_grid_cells(item)
        elif item.type != FieldType.DISPLAY:
            yield item
            if item.score:
                yield make_score_item(item)


def _inherit(group: FormItem, leaf: FormItem) -> dict[str, str]:
    """What a field takes from the group that holds it, unless it says so itself."""
    return {
        name: getattr(group, name)
        for name in ("record", "system")
        if getattr(group, name) and not getattr(leaf, name)
    }


_COLUMN_CELL = ".column"
"""In the linkId of a cell above a grid: it belongs to all of a group's rows."""


def count_grid_columns(item: FormItem) -> int:
    """Columns of a grid to write in: those that have words above them, else as many as it says."""
    return len(item.grid_columns) - 1 if item.grid_columns else item.columns


def make_grid_cells(item: FormItem) -> list[FormItem]:
    """The cells of a grid, which stay on the paper: `given.column3` above it, `given.2.3` in its second row."""
    columns = range(1, count_grid_columns(item) + 1)
    above = [
        replace(item, link_id=f"{item.link_id}{_COLUMN_CELL}{column}",
                text=f"{item.column_text}, column {column}", **_PLAIN_CELL)
        for column in columns if item.column_text
    ]  # fmt: skip
    return above + [
        replace(item, link_id=f"{item.link_id}.{row}.{column}",
                text=f"{item.text}: {row_text or f'line {row}'}, column {column}", **_PLAIN_CELL)
        for row, row_text in enumerate(item.grid_rows, 1) for column in columns
    ]  # fmt: skip


_PLAIN_CELL: dict[str, Any] = {
    "type": FieldType.STRING, "grid_rows": (), "grid_columns": (), "column_text": "",
    "columns": 0, "keyed": False, "required": False, "max_length": 2,
}  # fmt: skip


def make_score_item(item: FormItem) -> FormItem:
    """The box beside a chart's value in which its score is written; it is never keyed."""
    return FormItem(
        link_id=f"{item.link_id}.score",
        text="Score",
        type=FieldType.INTEGER,
        min=0,
        max=3,
        keyed=False,
    )
