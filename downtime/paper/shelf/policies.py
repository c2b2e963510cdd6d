"""What may go on the shelf, and where it is kept: rules for the screen, the command and what is carried."""

import re
from datetime import date

from downtime.config import Home
from downtime.errors import ConflictError, InputError, NotFoundError, parse_choice
from downtime.paper.shelf.model import TABLE, DocumentKind, ShelfDocument
from downtime.vault.machines import read_own_machine
from downtime.vault.model import MachineRole

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{1,59}")
MOST_TITLE, MOST_OWNER = 100, 80


def check_is_kept_here(home: Home) -> None:
    """ConflictError unless this machine carries its shelf to the others: a publisher does."""
    if MachineRole.PUBLISHER not in read_own_machine(home).roles:
        raise ConflictError(
            "shelf.elsewhere",
            "The shelf is kept on a publisher: what is put there reaches every machine.",
            "Add or withdraw it on the publisher.",
        )


def check_name(typed: str, title: str) -> str:
    """The name of a document, by its title where none is given; InputError."""
    name = typed.strip() or re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:60]
    if _NAME.fullmatch(name):
        return name
    raise InputError(
        "shelf.name",
        "A document's name is of 2 to 60 small letters, digits and '-'.",
        "For example: insulin-protocol.",
    )


def check_text(text: str, most: int, what: str) -> str:
    """One line of printable characters; InputError."""
    line = " ".join(text.split())
    if 2 <= len(line) <= most and line.isprintable():
        return line
    raise InputError(
        "shelf.text", f"{what} has 2 to {most} printable characters.", "Correct it and try again."
    )


def check_kind(word: str, media_type: str) -> DocumentKind:
    """The kind of a document; InputError when there is none, or it is not one of such a file."""
    kind = parse_choice(DocumentKind, word, "shelf.kind", "There is no such kind of document.")
    if media_type == TABLE and kind is not DocumentKind.TELEPHONE_BOOK:
        raise InputError(
            "shelf.kind", "Only a telephone book is a table.", "Save the document as a PDF."
        )
    return kind


def check_days(review: str, expires: str, today: date) -> None:
    """InputError for a day that is none, a review or an end that has passed, or an end before the review."""
    days = [_parse_day(review, "the review")]
    if expires:
        days.append(_parse_day(expires, "the end"))
    if min(days) < today:
        raise InputError(
            "shelf.past", "This day has passed already.", "Say until when this version holds."
        )


def _parse_day(text: str, what: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError(
            "shelf.day", f"The day of {what} is missing, or no date.", "Write it as 31-Jan-2027."
        ) from None


def check_stands(document: ShelfDocument | None) -> ShelfDocument:
    """NotFoundError when there is no such document, or it was withdrawn."""
    if document is None or document.latest.is_withdrawn:
        raise NotFoundError(
            "shelf.unknown", "There is no such document on the shelf.", "See the list of the shelf."
        )
    return document
