"""Scanned pages in the tray as open items: each may be what somebody wrote of a patient, and no form is
short of it."""

from collections import defaultdict
from collections.abc import Iterator

from downtime.outage.model import Outage
from downtime.returns.statement.model import OpenItem, OpenKind
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
