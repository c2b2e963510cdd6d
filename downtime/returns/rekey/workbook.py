"""The re-key worklist as a workbook, which people sort and fill in. Pure."""

from collections.abc import Sequence

from downtime.paper import workbook_file
from downtime.returns.rekey.line_table import COLUMNS


def to_xlsx(table: Sequence[Sequence[str]]) -> bytes:
    """A workbook with one sheet a system; every cell is text."""
    systems = dict.fromkeys(row[0] for row in table) or {"Nothing to key": None}
    sheets = {system: [row for row in table if row[0] == system] for system in systems}
    head, widths = zip(*COLUMNS, strict=True)
    return workbook_file.write_workbook(head, widths, sheets)
