"""What the codes on a scanned paper say: whose it is, and which of its pages shows none. Pure."""

import base64
import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from downtime.paper.serials import PageCode, is_page_code, parse_page_code


@dataclass(frozen=True, slots=True)
class ScannedPage:
    """One page of a scan: its picture as JPEG, the codes that were read on it."""

    width: int
    height: int
    picture: bytes
    codes: tuple[str, ...] = ()
    is_blank: bool = False
    """The empty back of a sheet."""
    is_two_tone: bool = False
    """Scanned in black and white only: nothing is measured on it."""
    first_sha256: str = ""
    """The digest of its picture as it was taken in, where that was made small since."""

    @property
    def sha256(self) -> str:
        """SHA-256 of its picture as it was taken in."""
        return self.first_sha256 or hashlib.sha256(self.picture).hexdigest()

    @property
    def page_codes(self) -> tuple[PageCode, ...]:
        """What its codes say; a text that is no page code counts as none."""
        return tuple(map(parse_page_code, filter(is_page_code, self.codes)))


def parse_page(document: Mapping[str, Any]) -> ScannedPage:
    """A page as `examine_page` says it."""
    return ScannedPage(
        document["width"], document["height"], base64.b64decode(document["jpeg"]),
        tuple(document["codes"]), document["blank"], document["two_tone"],
    )  # fmt: skip


def list_serials(codes: Collection[str]) -> list[str]:
    """The forms that page codes name."""
    return sorted({parse_page_code(code).serial for code in codes if is_page_code(code)})


def list_unread_pages(pages: Sequence[ScannedPage]) -> list[int]:
    """Which pages show no code, from 1; an empty back needs none where another page has one."""
    unread = [n for n, page in enumerate(pages, 1) if not page.page_codes]
    if len(unread) == len(pages):
        return unread
    return [n for n in unread if not pages[n - 1].is_blank]


def order_pages(pages: Sequence[ScannedPage]) -> list[ScannedPage]:
    """The pages as they were printed, and empty backs behind them.

    They stay as they came while one has no number of its own, or two have the same.
    """
    numbers = [{code.page for code in page.page_codes} for page in pages if not page.is_blank]
    if any(len(of_page) != 1 for of_page in numbers) or len(numbers) != len(set().union(*numbers)):
        return list(pages)
    fronts = [page for page in pages if not page.is_blank]
    fronts.sort(key=lambda page: page.page_codes[0].page)
    return [*fronts, *(page for page in pages if page.is_blank)]
