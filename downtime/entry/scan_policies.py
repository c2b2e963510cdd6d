"""What must hold before a file is the scan of a form: its code decides, and one paper is one form's."""

from collections.abc import Collection, Iterable, Sequence

from downtime.clock import from_text
from downtime.entry.model import PageAnswer, PageQuestion, ScanDoubt, ScanInfo
from downtime.errors import ConflictError
from downtime.paper import serials
from downtime.paper.model import IssuedForm
from downtime.scanning.scan_codes import list_serials
from downtime.snapshot.freshness import CLOCK_TOLERANCE
from downtime.vault.policies import check_reason

NO_CODE = "scan.no-code"
"""The refusal that a person may answer by comparing the printed serial."""


def check_scan_is_of(serial: str, codes: Collection[str]) -> None:
    """ConflictError when a code that was read on a paper names another form: its code decides."""
    others = [other for other in list_serials(codes) if other != serial]
    if others:
        raise ConflictError(
            "scan.other-serial",
            f"The code on this paper names form {serials.format_serials(others)},"
            f" so it is not the scan of form {serials.format_serial(serial)}.",
            "Attach it to the form that its code names, and scan the right paper for this one.",
        )


def check_code_was_read(
    serial: str, unread: Sequence[int], pages: int, *, without_code: bool
) -> None:
    """ConflictError when a page shows no code, unless somebody says that the paper is this form's."""
    if unread and not without_code:
        which = f"page {', '.join(map(str, unread))} of this file" if pages > 1 else "this paper"
        raise ConflictError(
            NO_CODE,
            f"No code can be read on {which}.",
            f"Compare the serial printed beside it: if it is {serials.format_serial(serial)}, attach"
            " it again and say so (command: --without-code). Or scan it anew.",
        )


def check_file_is_new(serial: str, of_file: Iterable[ScanInfo]) -> None:
    """ConflictError when the very same file is the scan of another form: one paper is one form's."""
    if others := [info.serial for info in of_file if info.serial != serial]:
        raise ConflictError(
            "scan.same-file",
            f"This very file is the scan of form {serials.format_serials(others)} already,"
            f" so it is not that of form {serials.format_serial(serial)}.",
            "Look at the serial on the paper; take the wrong one away with a reason.",
        )


def check_can_confirm_scan(info: ScanInfo) -> None:
    """ConflictError unless only the code is missing: a code, or a file, of another form decides."""
    check_scan_is_of(info.serial, info.codes.split())
    if info.doubt != ScanDoubt.NO_CODE:
        raise ConflictError(
            "scan.not-in-doubt",
            f"Nothing about the scan of form {serials.format_serial(info.serial)} is left to say.",
            "If it is the wrong paper, take it away with a reason.",
        )


def check_is_unscanned(form: IssuedForm, page: int, missing: Collection[int]) -> None:
    """ConflictError for a page that is scanned, or of a form that is not scanned in part."""
    if page not in missing:
        raise ConflictError(
            "scan.not-missing",
            f"Page {page} of form {serials.format_serial(form.serial)} is not awaited.",
            "It is scanned already, or no page of this form is. Look at the form.",
        )


def check_is_late(form: IssuedForm, page: int, unseen: Collection[int]) -> None:
    """ConflictError for a page that was there when its form was entered, or at which somebody has looked."""
    if page not in unseen:
        raise ConflictError(
            "scan.not-late",
            f"Page {page} of form {serials.format_serial(form.serial)} did not come late.",
            "It was there when the form was entered, or somebody has looked at it. Look at the form.",
        )


def check_page_answer(
    question: PageQuestion, answer: PageAnswer, form: IssuedForm | None, now: str
) -> None:
    """What is said of a page, here or on another machine, is of a page that exists, in words, by somebody; and who
    looked at a late page did so before now: a look of tomorrow would count for what is scanned until then.
    ConflictError, InputError.
    """
    check_reason(answer.reason, "scan.reason", "Say in a few words what became of the page.")
    is_to_come = question == PageQuestion.CAME_LATE and (
        from_text(answer.at) - from_text(now) > CLOCK_TOLERANCE
    )
    if form is None or not 1 <= answer.page <= form.pages or not answer.person or is_to_come:
        raise ConflictError(
            "scan.no-such-page",
            f"Nobody can have said that of page {answer.page} of form"
            f" {serials.format_serial(answer.serial)}.",
            "Look at the form: the page stays open until somebody says what became of it.",
        )


def judge_merged_scan(info: ScanInfo) -> ScanDoubt:
    """Why a scan that another machine sent is in doubt, by what it read on it."""
    if any(other != info.serial for other in list_serials(info.codes.split())):
        return ScanDoubt.OTHER_SERIAL
    return ScanDoubt.NONE if info.is_read or info.without_code else ScanDoubt.NO_CODE
