"""The first rows of any table, without a mapping: what a mapping is drafted from."""

from itertools import islice
from pathlib import Path

from downtime.errors import InputError
from downtime.feeds.file_format import FileFormat, detect_format, open_as_bytes
from downtime.feeds.model import UnusableMessageError
from downtime.feeds.tables.csv_rows import TableRow, decode_csv, split_rows
from downtime.feeds.tables.workbook import read_workbook_rows
from downtime.settings import Settings

_MOST_ROWS = 500
_MOST_BYTES = 8 << 20


def read_sample_rows(path: Path, settings: Settings) -> list[TableRow]:
    """At most 500 rows of a CSV file or a workbook's first sheet; InputError."""
    file_format = detect_format(path)
    try:
        with open_as_bytes(path) as stream:
            if file_format is FileFormat.WORKBOOK:
                rows = read_workbook_rows(stream.read(), "", settings.feeds)
                return list(islice(rows, _MOST_ROWS))
            if file_format is FileFormat.TABLE:
                data = stream.read(_MOST_BYTES)
                text = decode_csv(data[: data.rfind(b"\n") + 1] or data, "").text
                return list(islice(split_rows(text, _count_cells), _MOST_ROWS))
    except (UnusableMessageError, OSError) as error:
        reason = error.reason if isinstance(error, UnusableMessageError) else "it cannot be read"
        raise _sample_error(path, reason) from None
    raise _sample_error(path, "it is neither CSV nor a workbook")


def _count_cells(row: list[str]) -> int:
    """What the right delimiter makes most of."""
    return sum(bool(cell.strip()) for cell in row)


def _sample_error(path: Path, reason: str) -> InputError:
    return InputError(
        "feeds.sample",
        f"{path.name} cannot be looked at: {reason}.",
        "Name a table: CSV, XLSX, XLS or ODS.",
    )
