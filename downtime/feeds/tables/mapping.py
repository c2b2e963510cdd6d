"""The mappings of tables in configuration: which file, which record, which column says what.

One mapping is one table of `config.toml`:

    [feeds.tables.theatre-list]
    match = "theatre*.xlsx"          # file name or list of names, * and ? allowed, case-blind
    record = "Appointment"
    source = "Theatres"              # default: the system that holds such records
    full = true                      # the file is all there is: it replaces the one before
    sheet = "List"                   # XLSX only; default: the first sheet
    dates = "dmy"                    # order in dates such as 02/11/2026: dmy (default), mdy, ymd
    constants = { kind = "theatre" }
    values = { status = { "Vacant" = "available" } }
    columns = { "Hospital No" = "patient.mrn", "Date" = "start.date", "Time" = "start.time" }

A column goes to a field of the record; of a stay to `ward_name`, how its ward is called; to `<time field>.date` and `.time` when they stand apart; to
`patient.mrn`, `patient.nhs` or another field of Patient; or to `as_at`, the time of the extract.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from fnmatch import fnmatchcase
from functools import cache
from typing import Any, get_type_hints

from downtime.clinical.model import Patient
from downtime.clinical.record_types import RECORD_TYPES, TYPES
from downtime.errors import InputError
from downtime.feeds.tables.dates import DateOrder

WARD_NAME = "ward_name"
"""What a list of stays may say of the ward itself, beside its code."""
_NOT_MAPPED = frozenset({"id", "source", "updated", "patient", "identifiers"})
_KEYS = frozenset(
    {"match", "record", "source", "full", "sheet", "dates", "constants", "values", "columns"}
)


@dataclass(frozen=True, slots=True)
class TableMapping:
    """One mapping, checked."""

    name: str
    match: tuple[str, ...]
    record: str
    source: str
    full: bool
    sheet: str
    dates: DateOrder
    constants: Mapping[str, str | int]
    values: Mapping[str, Mapping[str, str]]
    columns: Mapping[str, str]
    """Column, as `normalise_title` gives it, to target."""
    titles: Mapping[str, str]
    """Column, as `normalise_title` gives it, to how the configuration writes it."""

    def matches(self, file_name: str) -> bool:
        """Whether a file of this name is read by this mapping."""
        return any(fnmatchcase(file_name.casefold(), m.casefold()) for m in self.match)


def normalise_title(title: str) -> str:
    """A column's title without regard to case, spaces and line breaks."""
    return " ".join(title.split()).casefold()


def is_time(record: str, name: str) -> bool:
    """Whether a field of the record holds a time."""
    return name in RECORD_TYPES[record].time_fields


@cache
def is_number(record: str, name: str) -> bool:
    """Whether a field of the record holds a whole number."""
    return get_type_hints(TYPES[record]).get(name) is int


def table_mappings(tables: Mapping[str, Any], holders: Mapping[str, str]) -> list[TableMapping]:
    """The mappings in `feeds.tables`, in order; InputError names what is wrong with one."""
    return [_read_mapping(name, table, holders) for name, table in tables.items()]


def _read_mapping(name: str, table: Any, holders: Mapping[str, str]) -> TableMapping:
    if not isinstance(table, Mapping) or not table.keys() >= {"match", "record", "columns"}:
        raise _mapping_error(name, "it needs match, record and columns")
    if unknown := sorted(set(table) - _KEYS):
        raise _mapping_error(name, f"'{unknown[0]}' is not known")
    record = str(table["record"])
    if record not in TYPES:
        raise _mapping_error(name, f"'{record}' is no type of record ({', '.join(TYPES)})")
    match = table["match"]
    columns = {str(column): str(target) for column, target in table["columns"].items()}
    _check_targets(name, record, [*columns.values(), *table.get("constants", {})])
    dates = table.get("dates", DateOrder.DMY)
    if dates not in set(DateOrder):
        raise _mapping_error(name, f"dates is one of {', '.join(DateOrder)}")
    return TableMapping(
        name=name,
        match=(match,) if isinstance(match, str) else tuple(match),
        record=record,
        source=str(table.get("source") or holders.get(record, record)),
        full=bool(table.get("full", False)),
        sheet=str(table.get("sheet", "")),
        dates=DateOrder(dates),
        constants=dict(table.get("constants", {})),
        values={
            field: {normalise_title(sent): str(value) for sent, value in translation.items()}
            for field, translation in table.get("values", {}).items()
        },
        columns={normalise_title(column): target for column, target in columns.items()},
        titles={normalise_title(column): column for column in columns},
    )


def _check_targets(name: str, record: str, targets: Iterable[str]) -> None:
    names = {field.name for field in fields(TYPES[record])} - _NOT_MAPPED
    person = {f"patient.{field.name}" for field in fields(Patient)}
    person -= {f"patient.{field}" for field in _NOT_MAPPED}
    times = RECORD_TYPES[record].time_fields
    halves = {f"{field}.{half}" for field in times for half in ("date", "time")}
    names |= {WARD_NAME} if record == "Encounter" else set()
    known = names | person | halves | {"patient.mrn", "patient.nhs", "as_at"}
    for target in targets:
        if target not in known:
            raise _mapping_error(name, f"'{target}' is no field of {record}")


def _mapping_error(name: str, reason: str) -> InputError:
    return InputError(
        "config.table",
        f"The table mapping '{name}' in config.toml cannot be used: {reason}.",
        "docs/settings.md shows what a mapping holds.",
    )
