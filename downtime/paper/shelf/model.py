"""A document of the reference shelf in its versions, and how far it may be used. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple

PDF, TABLE = "application/pdf", "text/csv"
"""What a document of the shelf can be: pages, or the lines of a telephone book."""


class AuditAction(StrEnum):
    """What an entry of the audit says was done; the chain keeps the words."""

    SHELF_ADD = "shelf.add"
    SHELF_MERGE = "shelf.merge"
    SHELF_WITHDRAW = "shelf.withdraw"


class DocumentKind(StrEnum):
    """What a document is for; the page lists them in this order."""

    PROTOCOL = "protocol"
    ORDER_SET = "order-set"
    PLAN = "plan"
    TELEPHONE_BOOK = "telephone-book"
    OTHER = "other"

    @property
    def display_name(self) -> str:
        """As it is shown: `Order set`."""
        return self.value.replace("-", " ").capitalize()


class DocumentState(StrEnum):
    """Whether what a document says still holds."""

    CURRENT = "current"
    REVIEW_DUE = "review due"
    EXPIRED = "EXPIRED"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShelfVersion:
    """One version of a document. Days are ISO dates in the site's calendar, `added` is UTC."""

    id: str
    """Random: two publishers may add a version each while neither hears of the other."""
    document: str
    """The name under which all versions stand, and which stands in addresses."""
    position: int
    """Higher than that of every version which its machine knew: who corrects one comes after it."""
    title: str
    kind: DocumentKind
    owner: str
    """Who answers for what it says: a person with a role, or a committee."""
    review: str
    """By when its owner looks at it again."""
    expires: str
    """The last day on which it may be used; empty for none."""
    is_public: bool
    """Whether it can be read before anybody signs in."""
    in_binder: bool
    """Whether it is printed with the binder."""
    media_type: str
    sha256: str
    """Of the file that is kept."""
    size: int
    pages: int
    """Pages of a PDF, lines of a table."""
    added: str
    added_by: str
    added_name: str
    device: str
    reason: str
    is_withdrawn: bool

    @property
    def is_table(self) -> bool:
        """Whether it is a telephone book's lines."""
        return self.media_type == TABLE

    def find_state(self, today: date) -> DocumentState:
        """Whether it holds on a day."""
        day = today.isoformat()
        if self.expires and self.expires < day:
            return DocumentState.EXPIRED
        return DocumentState.REVIEW_DUE if self.review < day else DocumentState.CURRENT


@dataclass(frozen=True, slots=True, kw_only=True)
class ShelfDocument:
    """All versions of one document, oldest first; the newest counts."""

    versions: tuple[ShelfVersion, ...]

    @property
    def latest(self) -> ShelfVersion:
        """The version that counts."""
        return self.versions[-1]

    @property
    def number(self) -> int:
        """How many versions there were, withdrawals apart."""
        return sum(not version.is_withdrawn for version in self.versions)


class SearchHit(NamedTuple):
    """A page, or a line of a table, on which all the words stand."""

    document: ShelfDocument
    page: int
    """From 1; 0 for its title."""
    excerpt: str


class ReadFile(NamedTuple):
    """What a file holds once it was looked at: the copy that is kept, and the words of its pages."""

    media_type: str
    content: bytes
    texts: Sequence[str]
