"""Pages in the tray, and pages that never came although others of their form did, as open items: each may be
what somebody wrote of a patient.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

from downtime.entry.late_pages import list_late
from downtime.entry.unscanned_pages import list_unscanned
from downtime.outage.model import Outage
from downtime.paper import ledger
from downtime.paper.model import FormState
from downtime.paper.serials import format_serial
from downtime.paper.store import page_counts
from downtime.returns.statement import outage_forms
from downtime.returns.statement.model import OpenItem, OpenKind, OwnedItems
from downtime.scanning import store
from downtime.scanning.model import OUTCOME_REASONS, PageOutcome
from downtime.vault.vault import Vault


def find_pages(vault: Vault, outage: Outage) -> Iterator[OpenItem]:
    """The pages without a home of an outage, by box and by why; their names are the pages' own."""
    groups: dict[tuple[str, PageOutcome], list[str]] = defaultdict(list)
    for page in store.fetch_tray(vault.db, outage.id):
        groups[page.batch, page.outcome].append(page.id)
    for (batch_id, outcome), ids in sorted(groups.items()):
        batch = store.fetch_batch(vault.db, batch_id)
        yield OpenItem(
            OpenKind.PAGE_UNFILED,
            tuple(ids),
            subject=batch.name if batch else batch_id,
            explanation=OUTCOME_REASONS[outcome],
        )


_STATES = tuple(state for state in FormState if state not in (FormState.VOID, FormState.LOST))


def find_unscanned(
    vault: Vault, outage: Outage, owners_of: Callable[[Iterable[str]], tuple[OwnedItems, ...]]
) -> Iterator[OpenItem]:
    """Forms of which only some pages were scanned, and nobody has said what became of the others."""
    for serial, missing in list_unscanned(vault, _count_pages(vault, outage)):
        form, number = ledger.find_form(vault.db, serial), format_serial(serial)
        is_one = len(missing) == 1
        numbers = f"page{'' if is_one else 's'} {', '.join(map(str, missing))}"
        yield OpenItem(
            OpenKind.PAGE_UNSCANNED,
            (number,),
            owners_of([serial]),
            subject=form.title,
            ward=form.ward,
            explanation=f"{numbers} of {number} {'has' if is_one else 'have'} not been scanned",
        )


def find_late(
    vault: Vault, outage: Outage, owners_of: Callable[[Iterable[str]], tuple[OwnedItems, ...]]
) -> Iterator[OpenItem]:
    """Forms of which a page was scanned after they were entered, and nobody has looked at it since."""
    for serial, unseen in list_late(vault, _count_pages(vault, outage)):
        form, number = ledger.find_form(vault.db, serial), format_serial(serial)
        numbers = f"page{'' if len(unseen) == 1 else 's'} {', '.join(map(str, unseen))}"
        yield OpenItem(
            OpenKind.PAGE_LATE,
            (number,),
            owners_of([serial]),
            subject=form.title,
            ward=form.ward,
            explanation=f"{numbers} of {number} came after it was entered, and nobody has looked",
        )


def _count_pages(vault: Vault, outage: Outage) -> dict[str, int]:
    pages = page_counts.fetch_page_counts(vault.db, outage.id, _STATES)
    return pages | {form.serial: form.pages for form in outage_forms.list_used_ahead(vault, outage)}
