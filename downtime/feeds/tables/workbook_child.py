"""The child that opens one workbook and writes its rows as lines of JSON; run by `workbook`.

Its standard input is the workbook. Arguments: sheet (may be empty), bytes of memory, seconds.
"""

import sys
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from io import BytesIO
from typing import Any

import orjson
from python_calamine import (
    CalamineError,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from downtime.feeds.tables.csv_rows import HEADER_ROWS
from downtime.processes.sandbox import limit_resources


def cell(value: Any) -> str:
    """A cell as text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat()
    if isinstance(value, timedelta):
        minutes = int(value.total_seconds() // 60)
        return f"{minutes // 60:02}:{minutes % 60:02}"
    if isinstance(value, time):
        return f"{value:%H:%M}"
    if isinstance(value, date):
        return value.isoformat()
    return str(value).strip()


def visible_sheets(workbook: CalamineWorkbook) -> list[str]:
    """The sheets that people see; what is hidden may be last year's."""
    seen = [s for s in workbook.sheets_metadata if s.visible is SheetVisibleEnum.Visible]
    return [s.name for s in seen if s.typ is SheetTypeEnum.WorkSheet] or workbook.sheet_names[:1]


def join_sheets(workbook: CalamineWorkbook, names: list[str]) -> Iterator[list[str]]:
    """The rows of the first sheet, then those of every other that has one of its top rows again.

    That row is its titles: a list may have a sheet for each ward, and a sheet of notes.
    """
    tops: list[list[str]] = []
    for place, name in enumerate(names):
        page = workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)
        is_wanted = place == 0
        for number, values in enumerate(page):
            row = [cell(value) for value in values]
            if place == 0:
                tops += [row] * (number < HEADER_ROWS and sum(map(bool, row)) > 1)
            elif number < HEADER_ROWS and row in tops:
                is_wanted = True
            if is_wanted:
                yield row


def main(sheet: str, memory: str, seconds: str) -> int:
    """Writes the rows, or one object that says why there are none."""
    limit_resources(memory, seconds)
    out = sys.stdout.buffer
    try:
        workbook = CalamineWorkbook.from_filelike(BytesIO(sys.stdin.buffer.read()))
        if sheet and sheet not in workbook.sheet_names:
            out.write(orjson.dumps({"error": f"the workbook has no sheet '{sheet}'"}) + b"\n")
            return 0
        for row in join_sheets(workbook, [sheet] if sheet else visible_sheets(workbook)):
            out.write(orjson.dumps(row) + b"\n")
    except PasswordError:
        out.write(orjson.dumps({"error": "the workbook is locked with a password"}) + b"\n")
    except (CalamineError, OSError, IndexError):
        out.write(orjson.dumps({"error": "the workbook is damaged, or no workbook"}) + b"\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))
