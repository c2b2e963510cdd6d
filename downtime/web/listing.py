"""Long lists on a screen: a page of them, what somebody searches them for, and all of them as a file.

What is searched for may name a patient: it is posted, kept in memory for the session, and never stands
in an address.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from flask import request, url_for

from downtime.errors import NotFoundError
from downtime.paper import csv_file, workbook_file
from downtime.web import request_context
from downtime.web.responses import ViewResponse, file_response

PAGE_ROWS = 50
_SEARCHED = "searched"
_LONGEST = 100
Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Listing(Generic[Row]):
    """One page of a list, and how long the whole is."""

    rows: Sequence[Row]
    total: int
    number: int
    """Of the page, from 1."""
    pages: int
    first: int
    """Place of its first row in the whole, from 1; 0 for an empty list."""

    @property
    def last(self) -> int:
        """Place of its last row."""
        return self.first + len(self.rows) - 1 if self.rows else 0

    def address(self, number: int) -> str:
        """The address of another page of the same list."""
        return address_with(page=number)


def cut_page(rows: Sequence[Row], size: int = PAGE_ROWS) -> Listing[Row]:
    """The page that this request asks for; one that is not there is the last one."""
    total = len(rows)
    pages, number = _find_page(total, size)
    begin = (number - 1) * size
    return Listing(rows[begin : begin + size], total, number, pages, begin + 1 if total else 0)


def make_page(rows: Sequence[Row], total: int, size: int = PAGE_ROWS) -> Listing[Row]:
    """A page that was read by itself out of so many."""
    pages, number = _find_page(total, size)
    return Listing(rows, total, number, pages, (number - 1) * size + 1 if total else 0)


def find_offset(total: int, size: int = PAGE_ROWS) -> int:
    """How many rows stand before the page that this request asks for."""
    return (_find_page(total, size)[1] - 1) * size


def _find_page(total: int, size: int) -> tuple[int, int]:
    pages = max(1, -(-total // size))
    return pages, min(max(1, request.args.get("page", 1, int)), pages)


def address_with(**changed: Any) -> str:
    """The address of this page with other arguments; what is None is left out."""
    arguments: dict[str, Any] = {**(request.view_args or {}), **request.args.to_dict(), **changed}
    wanted = {name: value for name, value in arguments.items() if value not in (None, "")}
    return url_for(request.endpoint or "", **wanted)


def searched_text(name: str) -> str:
    """What this list is searched for; empty when it is not."""
    return request_context.session_texts(f"search-{name}") if request.args.get(_SEARCHED) else ""


def remember_search(name: str, text: str) -> str:
    """Keep what a list is searched for; the argument that its address then carries."""
    request_context.remember_text(f"search-{name}", text.strip()[:_LONGEST])
    return _SEARCHED


def has_words(wanted: str, *texts: str) -> bool:
    """Whether each word that was searched for stands in one of the texts; serials in any way."""
    folded = [text.casefold() for text in texts]
    plain = [text.replace("-", "") for text in folded]
    return all(
        any(word in text for text in folded)
        or any(word.replace("-", "") in text for text in plain if word.strip("-"))
        for word in wanted.casefold().split()
    )


FILE_KINDS: Mapping[str, str] = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
"""What a list can be saved as."""


def table_response(
    kind: str, name: str, head: Sequence[str], rows: Iterable[Sequence[str]]
) -> ViewResponse:
    """A whole list as a file, no cell of which a spreadsheet runs; NotFoundError for another kind."""
    if kind not in FILE_KINDS:
        raise NotFoundError("list.kind", "There is no such kind of file.", "Choose CSV or XLSX.")
    write = csv_file.to_csv if kind == "csv" else workbook_file.to_xlsx
    return file_response(write(head, rows), FILE_KINDS[kind], f"{name}.{kind}")
