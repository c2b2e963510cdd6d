"""Drafts the mapping of a table from its titles and what stands below them: a proposal for a person.

What it is not sure of stands beside it as a comment. Of what stands in the table only the codes of
short columns (a state, a sex) are shown: never what could be a patient's.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any

from rapidfuzz import fuzz, process

from downtime.clinical.identifiers import clean_nhs_number
from downtime.clinical.record_types import RECORD_TYPES
from downtime.config import read_data_file
from downtime.feeds import times
from downtime.feeds.tables import dates
from downtime.feeds.tables.csv_rows import HEADER_ROWS, TableRow
from downtime.feeds.tables.dates import DateOrder
from downtime.feeds.tables.mapping import WARD_NAME
from downtime.feeds.toml_text import format_table, format_value

_PERSON, _FILES = "person", "files"
_NO_RECORD = frozenset({_PERSON, _FILES})
_LIKE = 88
"""From this likeness (of 100) a title counts as another way to write a known one."""
_NAME_WEIGHT = 2
"""So many titles a word of the file's name is worth."""
_MOST_CODES = 12
_CODE_FIELDS = ("status", "stage", "kind", "patient.gender")
_DATE = re.compile(r"(\d{1,4})[/.\- ](\d{1,2})[/.\- ](\d{1,4})(?:\D.*)?")
_CONSTANTS: Mapping[str, Mapping[str, str]] = {
    "Encounter": {"status": "in-progress", "kind": "inpatient"},
    "Flag": {"status": "active"},
    "MedicationRequest": {"status": "active"},
}
"""What a list of present things means when it has no column for it."""
_THEATRE = ("theatre", "surgeon", "operation", "procedure")


@dataclass(slots=True)
class ColumnDraft:
    """A column: its title, where it goes, and what is not sure about that."""

    title: str
    values: list[str]
    target: str = ""
    remark: str = ""


@dataclass(slots=True)
class MappingDraft:
    """A mapping to be looked at by a person."""

    name: str
    match: str
    record: str
    dates: DateOrder
    columns: list[ColumnDraft]
    constants: Mapping[str, str]
    values: dict[str, list[str]] = field(default_factory=dict)
    """Field to the codes that its column holds."""
    remarks: list[str] = field(default_factory=list)


@cache
def _titles() -> Mapping[str, Mapping[str, str]]:
    """Record (or `person`) to title to target; `files`: word of a file's name to record."""
    tables: Mapping[str, Any] = read_data_file("downtime.feeds.tables", "titles.toml")
    return {
        name: {title: target for target, titles in table.items() for title in titles}
        for name, table in tables.items()
    }


def _simplify(title: str) -> str:
    return " ".join(re.sub(r"[^a-z0-9]+", " ", title.casefold()).split())


def draft_mapping(file_name: str, rows: Sequence[TableRow], today: date) -> MappingDraft | None:
    """The draft; None when no row looks like a header."""
    header = _find_header(rows)
    if header is None:
        return None
    below = rows[rows.index(header) + 1 :]
    columns = [
        ColumnDraft(title.strip(), _column_values(below, place))
        for place, title in enumerate(header.cells)
        if title.strip()
    ]
    record, remarks = _choose_record(columns, set(_simplify(file_name).split()))
    _match_columns(columns, record)
    order, order_doubt = _find_date_order(columns, record)
    stem = file_name.rpartition(".")[0] or file_name
    draft = MappingDraft(
        name=re.sub(r"[^a-z]+", "-", stem.casefold()).strip("-") or "table",
        match=re.sub(r"\d[\d\-_ :.]*", "*", stem) + file_name[len(stem) :],
        record=record,
        dates=order,
        columns=columns,
        constants=_draft_constants(columns, record),
        remarks=[*remarks, *filter(None, [order_doubt])],
    )
    _note_codes(draft)
    _note_gaps(draft, today)
    return draft


def _find_header(rows: Sequence[TableRow]) -> TableRow | None:
    """The row with the most known titles; none when no title is known: it may be a patient's row."""
    tables = (table for name, table in _titles().items() if name != _FILES)
    known = {title for table in tables for title in table}

    def count(row: TableRow) -> int:
        return sum(_simplify(cell) in known for cell in row.cells)

    best = max(rows[:HEADER_ROWS], key=count, default=None)
    return best if best is not None and count(best) else None


def _column_values(rows: Sequence[TableRow], place: int) -> list[str]:
    cells = (row.cells[place].strip() for row in rows if place < len(row.cells))
    return [cell for cell in cells if cell]


def _choose_record(columns: list[ColumnDraft], name_parts: set[str]) -> tuple[str, list[str]]:
    """The record of which most titles speak, and the file's name; a bed with a person is a stay."""
    names = {_simplify(column.title) for column in columns}
    has_person = bool(names & _titles()[_PERSON].keys() - _as_at_titles())
    counts = Counter(
        {
            record: len(names & table.keys())
            for record, table in _titles().items()
            if record not in _NO_RECORD and has_person == (record != "Location")
        }
    )
    for word, record in _titles()[_FILES].items():
        counts[record] += _NAME_WEIGHT * (word in name_parts and record in counts)
    ranked = counts.most_common()
    best, most = ranked[0]
    if most == 0:
        return "Patient", ["no column says more than who people are"]
    rivals = [record for record, number in ranked[1:] if number == most]
    return best, [f"the record may as well be {' or '.join(rivals)}"] if rivals else []


def _as_at_titles() -> set[str]:
    return {title for title, target in _titles()[_PERSON].items() if target == "as_at"}


def _match_columns(columns: list[ColumnDraft], record: str) -> None:
    known = {**_titles()[_PERSON], **_titles().get(record, {})}
    used: set[str] = set()
    for exact in (True, False):
        for column in columns:
            if column.target:
                continue
            target = _match_title(column, known, exact)
            if target and target not in used:
                used.add(target)
                column.target = target
    _split_start(columns, record)
    _match_ward_name(columns, record)
    if record == "Patient":
        for column in columns:
            if column.target not in ("patient.mrn", "patient.nhs"):
                column.target = column.target.removeprefix("patient.")
    _match_nhs_numbers(columns)


def _match_title(column: ColumnDraft, known: Mapping[str, str], exact: bool) -> str:
    title = _simplify(column.title)
    if exact:
        return known.get(title, "")
    match = process.extractOne(
        title, known.keys(), scorer=fuzz.token_sort_ratio, score_cutoff=_LIKE
    )
    if match is None:
        return ""
    column.remark = f"taken for '{match[0]}'"
    return known[match[0]]


def _split_start(columns: list[ColumnDraft], record: str) -> None:
    """Date and time of an appointment in two columns."""
    if record != "Appointment":
        return
    by_target = {column.target: column for column in columns}
    start, time = by_target.get("start"), by_target.get("time")
    if start and time:
        start.target, time.target = "start.date", "start.time"
    elif time:
        time.target = "start"


def _match_ward_name(columns: list[ColumnDraft], record: str) -> None:
    """A ward by its code and by its name in two columns: staff know it by its name."""
    if record != "Encounter":
        return
    targets = {
        column.title: _titles()["Location"].get(_simplify(column.title)) for column in columns
    }
    names = [column for column in columns if targets[column.title] == WARD_NAME]
    codes = [column for column in columns if targets[column.title] == "ward"]
    if names and codes:
        codes[0].target, names[0].target, names[0].remark = "ward", WARD_NAME, ""


def _match_nhs_numbers(columns: list[ColumnDraft]) -> None:
    """A column of which nearly all values pass the check is one, whatever it is called."""
    is_known = any(column.target == "patient.nhs" for column in columns)
    for column in columns:
        valid = sum(bool(clean_nhs_number(value)) for value in column.values)
        is_nhs = len(column.values) >= 3 and valid * 10 >= len(column.values) * 9
        if is_nhs and not is_known and not column.target:
            column.target, is_known = "patient.nhs", True
            column.remark = "its values pass the check of NHS numbers"
        elif column.target == "patient.nhs" and column.values and not is_nhs and valid == 0:
            column.remark = "none of its values passes the check of NHS numbers"


def _time_columns(columns: list[ColumnDraft], record: str) -> Iterator[ColumnDraft]:
    of_record = RECORD_TYPES[record].time_fields
    of_person = RECORD_TYPES["Patient"].time_fields
    for column in columns:
        name = column.target.partition(".")[0]
        if column.target.startswith("patient."):
            name = column.target.removeprefix("patient.")
        if name in of_record or name in of_person or column.target == "as_at":
            yield column


def _find_date_order(columns: list[ColumnDraft], record: str) -> tuple[DateOrder, str]:
    """In which order days, months and years stand, by the values that leave no choice."""
    votes = dict.fromkeys(DateOrder, 0)
    for column in _time_columns(columns, record):
        for value in column.values:
            if match := _DATE.fullmatch(value):
                first, second = match[1], match[2]
                if len(first) == 4:
                    votes[DateOrder.YMD] += 1
                elif int(first) > 12:
                    votes[DateOrder.DMY] += 1
                elif int(second) > 12:
                    votes[DateOrder.MDY] += 1
    if votes[DateOrder.DMY] and votes[DateOrder.MDY]:
        return DateOrder.DMY, "dates: some can only be day first, some only month first"
    if votes[DateOrder.MDY]:
        return DateOrder.MDY, ""
    is_sure = votes[DateOrder.DMY] or votes[DateOrder.YMD]
    return (
        DateOrder.DMY,
        "" if is_sure else "dates: no value shows whether day or month stands first",
    )


def _draft_constants(columns: list[ColumnDraft], record: str) -> Mapping[str, str]:
    targets = {column.target for column in columns}
    if record == "Appointment":
        titles = " ".join(_simplify(column.title) for column in columns)
        return {"kind": "theatre" if any(word in titles for word in _THEATRE) else "clinic"}
    return {n: value for n, value in _CONSTANTS.get(record, {}).items() if n not in targets}


def _note_codes(draft: MappingDraft) -> None:
    for column in draft.columns:
        codes = sorted(set(column.values))
        is_code = column.target in _CODE_FIELDS and column.target != "patient.gender"
        if is_code and 0 < len(codes) <= _MOST_CODES:
            draft.values[column.target] = codes


def _note_gaps(draft: MappingDraft, today: date) -> None:
    targets = {column.target for column in draft.columns}
    if draft.record != "Location" and not targets & {"patient.mrn", "patient.nhs"}:
        draft.remarks.append("no column holds hospital or NHS numbers: no row can be used")
    for column in _time_columns(draft.columns, draft.record):
        if column.target.endswith(".time"):
            continue
        good = sum(_is_time(value, draft.dates, today) for value in column.values)
        if good < len(column.values):
            column.remark = f"{len(column.values) - good} of {len(column.values)} are no dates"
    for column in draft.columns:
        if column.target.endswith("family") and any(
            "," in value or " " in value for value in column.values
        ):
            column.remark = "it seems to hold whole names"


def _is_time(value: str, order: DateOrder, today: date) -> bool:
    return bool(dates.parse_moment(value, order, today) or times.parse_time(value, times.UTC_ZONE))


def write_mapping(draft: MappingDraft) -> str:
    """The draft as text for config.toml."""
    return "\n".join(_list_lines(draft)) + "\n"


def _list_lines(draft: MappingDraft) -> Iterator[str]:
    yield "# A draft: look at every line, then try it with 'downtime feeds check'."
    yield from (f"# Unsure: {remark}." for remark in draft.remarks)
    yield format_table("feeds", "tables", draft.name)
    yield f"match = {format_value(draft.match)}"
    yield f"record = {format_value(draft.record)}"
    yield "full = false  # true when the file is all there is: it then replaces the one before"
    yield f"dates = {format_value(draft.dates)}"
    if draft.constants:
        yield f"constants = {format_value(dict(draft.constants))}"
    for name, codes in draft.values.items():
        yield ""
        yield format_table("feeds", "tables", draft.name, "values", name)
        yield "# What each code means in Downtime's words; what is left out stays as it is."
        yield from (f'# {format_value(code)} = ""' for code in codes)
    yield ""
    yield format_table("feeds", "tables", draft.name, "columns")
    for column in draft.columns:
        line = f"{format_value(column.title)} = {format_value(column.target)}"
        if not column.target:
            yield f"# {line}  # not mapped"
        else:
            yield f"{line}  # unsure: {column.remark}" if column.remark else line
