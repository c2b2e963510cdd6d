"""What must hold before a page without a home is filed by hand, or put aside."""

from downtime.errors import ConflictError, InputError
from downtime.paper import serials
from downtime.paper.model import IssuedForm
from downtime.scanning.model import BatchPage
from downtime.scanning.place_page import RETIRED, PresentScan
from downtime.vault.model import Actor


def check_is_homeless(page: BatchPage) -> None:
    """ConflictError when somebody has said already where the page belongs."""
    if not page.is_homeless:
        raise ConflictError(
            "scan.settled", "This page is not in the tray any more.", "Go on with the next one."
        )


def check_has_picture(page: BatchPage) -> None:
    """ConflictError for a page that could not be opened: there is nothing to lay with a form."""
    if not page.picture_sha256:
        raise ConflictError(
            "scan.no-picture",
            "This page could not be opened, so it has no picture.",
            "Scan the paper again, then put this one aside.",
        )


def check_page_fits(form: IssuedForm, page: int, present: PresentScan) -> None:
    """InputError for a page that the form does not have; ConflictError where it cannot be laid there."""
    number = serials.format_serial(form.serial)
    if not 1 <= page <= form.pages:
        raise InputError(
            "scan.page",
            f"Form {number} has no page {page}: it has {form.pages}.",
            "Type the page number printed beside the serial.",
        )
    if form.state in RETIRED:
        raise ConflictError(
            "scan.retired",
            f"Form {number} is {form.state}.",
            "If its paper is here, check it in or take that back first; else put the page aside.",
        )
    if page in present.pages or present.is_whole:
        raise ConflictError(
            "scan.page-present",
            f"Page {page} of form {number} is scanned already, or its scan came as one file.",
            "Look at that scan. Take a wrong one away, or put this page aside as a copy.",
        )


def check_can_confirm_aside(page: BatchPage, actor: Actor) -> None:
    """ConflictError unless another person has said first that the page is to be put aside."""
    check_is_homeless(page)
    if not page.proposer:
        raise ConflictError(
            "scan.not-proposed", "Nobody has said why this page is put aside.", "Say why first."
        )
    if page.proposer == actor.id:
        raise ConflictError(
            "scan.second-person",
            "You said so yourself: a page is put aside by two people.",
            "Let a colleague look at it and confirm.",
        )
