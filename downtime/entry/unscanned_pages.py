"""Forms of which some pages are scanned and others are not: each of these is scanned, or somebody says what
became of it.
"""

from collections.abc import Iterator, Mapping

from downtime.entry import scan_policies
from downtime.entry.model import AuditAction, PageAnswer, PageQuestion
from downtime.entry.page_answers import save_answer
from downtime.entry.scans import list_missing_pages
from downtime.entry.store import page_answers, scans
from downtime.paper import ledger
from downtime.vault.model import Actor
from downtime.vault.policies import check_reason
from downtime.vault.vault import Vault


def list_unscanned(vault: Vault, pages: Mapping[str, int]) -> Iterator[tuple[str, list[int]]]:
    """Of forms with so many pages each, those of which only some came, and the pages of which nobody has said
    what became of them.
    """
    explained = page_answers.fetch_unscanned_numbers(vault.db)
    for serial, present in scans.fetch_page_numbers(vault.db):
        of_form = set(range(1, pages.get(serial, 0) + 1))
        missing = sorted(page for page in of_form - present if (serial, page) not in explained)
        if missing and present:
            yield serial, missing


def list_said(vault: Vault, serial: str) -> list[PageAnswer]:
    """What was said of pages of a form that will not be scanned."""
    return page_answers.fetch_unscanned(vault.db, serial)


def explain_unscanned(
    vault: Vault, serial: str, page: int, actor: Actor, reason: str
) -> PageAnswer:
    """Say what became of a page that will not be scanned: it came back unused, or it is lost.

    ConflictError for a page that is scanned, or of a form of which none is.
    """
    form = ledger.get_form(vault, serial)
    reason = check_reason(
        reason, "scan.reason", "Say what became of the page: it came back unused, or it is lost."
    )
    what = f"page {page}: {reason}"
    with vault.change(
        actor, AuditAction.ENTRY_PAGE_UNSCANNED, target=form.serial, reason=what
    ) as db:
        scan_policies.check_is_unscanned(form, page, list_missing_pages(vault, form))
        return save_answer(db, PageQuestion.UNSCANNED, form, page, actor, reason, vault.now())
