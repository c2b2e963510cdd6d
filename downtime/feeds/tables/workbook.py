"""Opens a workbook (XLSX, XLS, ODS) in a child process with limits of memory and time.

What it unpacks is counted first: two cells in opposite corners are enough to ask for hundreds of
gigabytes.
"""

import zipfile
from collections.abc import Generator
from contextlib import closing
from io import BytesIO

import orjson

from downtime.feeds.model import UnusableMessageError
from downtime.feeds.tables.csv_rows import TableRow
from downtime.processes import sandbox
from downtime.settings import FeedsSettings

_BLOCK = 1 << 20
_ZIP = b"PK"


def read_workbook_rows(
    data: bytes, sheet: str, settings: FeedsSettings
) -> Generator[TableRow, None, None]:
    """The rows of a sheet (the first when it is not named), cells as text; UnusableMessageError.

    Whole numbers lose the `.0` that spreadsheets give them; dates come in ISO order.
    """
    if data.startswith(_ZIP):
        _check_size(data, settings.max_workbook_bytes)
    limits = settings.worker_memory_bytes, settings.worker_seconds
    module = "downtime.feeds.tables.workbook_child"
    lines = sandbox.read_lines(module, [sheet], *limits, content=data)
    try:
        with closing(lines):
            for number, line in enumerate(lines, start=1):
                row = orjson.loads(line) if line.endswith(b"\n") else None
                if isinstance(row, dict):
                    raise UnusableMessageError("", str(row["error"]))
                if isinstance(row, list):
                    yield TableRow(number, number, row)
    except sandbox.SandboxError as error:
        raise UnusableMessageError("", _word_failure(error.timed_out, settings)) from None


def _word_failure(timed_out: bool, settings: FeedsSettings) -> str:
    if timed_out:
        return f"the workbook takes longer than {settings.worker_seconds} s to open"
    return (
        f"the workbook needs more than {settings.worker_memory_bytes} bytes of memory "
        "(its cells may lie very far apart), or is damaged"
    )


def _check_size(data: bytes, limit: int) -> None:
    total = 0
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            for member in archive.infolist():
                with archive.open(member) as stream:
                    while block := stream.read(_BLOCK):
                        total += len(block)
                        if total > limit:
                            raise UnusableMessageError(
                                "",
                                f"the workbook unpacks to more than {limit} bytes "
                                "(feeds.max_workbook_bytes)",
                            )
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError, OSError):
        raise UnusableMessageError(
            "", "the workbook is damaged, locked with a password, or no workbook"
        ) from None
