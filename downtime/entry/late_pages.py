"""Pages that were scanned after their form was entered: whoever keyed it has not seen them, so somebody looks.

A form whose paper was keyed from the hand and scanned whole afterwards has none: its pages were all seen.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from downtime.entry import scan_policies
from downtime.entry.model import AuditAction, PageAnswer, PageQuestion
from downtime.entry.page_answers import save_answer
from downtime.entry.store import page_answers as store
from downtime.paper import ledger
from downtime.vault.model import Actor
from downtime.vault.policies import check_reason
from downtime.vault.vault import Vault


def list_late(
    vault: Vault, pages: Mapping[str, int], serial: str = ""
) -> Iterator[tuple[str, list[int]]]:
    """Of forms with so many pages each, the pages that came late and at which nobody has looked since."""
    later: dict[str, dict[int, bool]] = defaultdict(dict)
    for number, page, is_seen in store.fetch_later(vault.db, serial):
        later[number][page] = is_seen
    for number, seen in later.items():
        unseen = [page for page, is_seen in seen.items() if not is_seen]
        if unseen and number in pages and _was_keyed_from_scan(vault, number, pages[number], seen):
            yield number, unseen


def _was_keyed_from_scan(vault: Vault, serial: str, pages: int, later: Mapping[int, bool]) -> bool:
    """Whether a form was entered from pages that were scanned before, and not from the paper whole."""
    return len(later) < pages or store.was_taken_away(vault.db, serial)


def find_late(vault: Vault, serial: str) -> list[int]:
    """The pages of one form that came late and at which nobody has looked since."""
    form = ledger.get_form(vault, serial)
    unseen = list_late(vault, {form.serial: form.pages}, form.serial)
    return next((numbers for _, numbers in unseen), [])


def confirm_looked(vault: Vault, serial: str, page: int, actor: Actor, reason: str) -> PageAnswer:
    """Say of a late page that what was entered stands; ConflictError for any other page.

    Where it does not stand the entry is sent back to be keyed again, and then no page of it is late.
    """
    form = ledger.get_form(vault, serial)
    reason = check_reason(reason, "scan.reason", "Say in a few words what is on the page.")
    what = f"page {page}: {reason}"
    action = AuditAction.ENTRY_LATE_PAGE
    with vault.change(actor, action, target=form.serial, reason=what) as db:
        scan_policies.check_is_late(form, page, find_late(vault, form.serial))
        return save_answer(db, PageQuestion.CAME_LATE, form, page, actor, reason, vault.now())
