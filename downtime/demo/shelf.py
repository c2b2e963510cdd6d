"""The reference shelf of the demonstration hospital: documents of its own, carried from the publisher to the laptop."""

import csv
import io
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pikepdf

from downtime.accounts.sign_in import SignedIn
from downtime.demo.context import Story
from downtime.demo.machines import PLACE
from downtime.demo.staff import WHY
from downtime.demo.tables import read_table
from downtime.paper.shelf.find_documents import list_documents
from downtime.paper.shelf.keep_document import DocumentDraft, add_document
from downtime.paper.shelf.shelf_exchange import ShelfExchange
from downtime.transport.folder_address import FolderAddress, FolderKind
from downtime.transport.open_carrier import open_carrier
from downtime.transport.pace import Pace

_A4 = (595, 842)
_MARGIN, _TOP, _LEADING = 56, 780, 17
_WIDTH = 84
"""Characters of a line."""
_HEADING = "# "
_NOT_FOR_CARE = "Invented for a demonstration. Not for care."


def fill_shelf(story: Story, publisher: SignedIn) -> None:
    """The site team puts documents on the publisher's shelf, and the laptop has them."""
    with story.step("shelf", "Protocols, a plan and the telephone book reach the laptop."):
        today = story.clock.now.astimezone(ZoneInfo(story.settings.site.time_zone)).date()
        for row in read_table("shelf")["documents"]:
            draft, content = _make_draft(row, today), _make_content(row)
            add_document(publisher.vault, story.settings, draft, content, publisher.actor, WHY)
        address = FolderAddress(kind=FolderKind.LOCAL, path=str(story.folder / PLACE))
        with open_carrier(address, Pace()) as carrier:
            for vault, actor in (
                (publisher.vault, publisher.actor),
                (story.laptop, story.staff.actors["site"]),
            ):
                ShelfExchange(vault.home, story.settings, vault, actor)(carrier)
        story.report(f"{len(list_documents(story.laptop))} documents are on its shelf.")


def _make_draft(row: Mapping[str, Any], today: date) -> DocumentDraft:
    expires = row.get("expires_days")
    return DocumentDraft(
        title=row["title"],
        kind=row["kind"],
        owner=row["owner"],
        review=_add_days(today, row["review_days"]),
        expires=_add_days(today, expires) if expires else "",
        is_public=row.get("is_public", False),
        in_binder=row.get("in_binder", False),
    )


def _add_days(today: date, days: int) -> str:
    return (today + timedelta(days=days)).isoformat()


def _make_content(row: Mapping[str, Any]) -> bytes:
    if "rows" in row:
        out = io.StringIO(newline="")
        csv.writer(out).writerows(row["rows"])
        return out.getvalue().encode()
    return make_pdf(row["pages"])


def make_pdf(pages: Sequence[Sequence[str]]) -> bytes:
    """A PDF with these lines on each page, as an office would save it."""
    with pikepdf.new() as document:
        fonts = pikepdf.Dictionary(
            F1=_make_font(document, "Helvetica"), F2=_make_font(document, "Helvetica-Bold")
        )
        for lines in pages:
            page = document.add_blank_page(page_size=_A4)
            page.obj.Resources = pikepdf.Dictionary(Font=fonts)
            page.obj.Contents = document.make_stream(b"\n".join(_draw(lines)))
        out = io.BytesIO()
        document.save(out)
    return out.getvalue()


def _make_font(document: pikepdf.Pdf, name: str) -> pikepdf.Object:
    return document.make_indirect(
        pikepdf.Dictionary(
            Type=pikepdf.Name.Font,
            Subtype=pikepdf.Name.Type1,
            BaseFont=pikepdf.Name(f"/{name}"),
            Encoding=pikepdf.Name.WinAnsiEncoding,
        )
    )


def _draw(lines: Sequence[str]) -> Iterator[bytes]:
    """The lines from the top of a page on, and at its foot what they are."""
    y = _TOP
    for line in lines:
        is_heading = line.startswith(_HEADING)
        font, size = (b"F2", 14) if is_heading else (b"F1", 11)
        y -= 10 if is_heading else 0
        for text in textwrap.wrap(line.removeprefix(_HEADING), _WIDTH):
            yield _draw_text(font, size, y, text)
            y -= _LEADING
        y -= 4
    yield _draw_text(b"F1", 9, 60, _NOT_FOR_CARE)


def _draw_text(font: bytes, size: int, y: int, text: str) -> bytes:
    literal = text.encode("cp1252")
    for sign in (b"\\", b"(", b")"):
        literal = literal.replace(sign, b"\\" + sign)
    return b"BT /%s %d Tf %d %d Td (%s) Tj ET" % (font, size, _MARGIN, y, literal)
