"""A table as CSV for people: it opens in a spreadsheet, and none of its cells is run there."""

import csv
import io
import re
from collections.abc import Iterable, Sequence

_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]|[\t\r\n]")
"""A leading space or line break is passed over by spreadsheets; some read the full-width signs too."""
_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?")


def to_csv(head: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """CSV with a BOM, so that spreadsheets read UTF-8, and no cell that could be a formula."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(head)
    writer.writerows([escape_formula(cell) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def escape_formula(cell: str) -> str:
    """A cell that a spreadsheet will not run as a formula; plain numbers keep their sign.

    Source: OWASP, CSV injection: a cell that starts with = + - @, tab, CR or LF gets an apostrophe.
    """
    if _FORMULA.match(cell) and not _NUMBER.fullmatch(cell):
        return "'" + cell
    return cell
