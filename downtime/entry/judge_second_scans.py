"""A second scan of a page that is filed: a copy once it is measured to show nothing else, else for a person."""

from downtime.entry.read_scans import read_page
from downtime.entry.store import page_readings, scans
from downtime.scanning import store
from downtime.scanning.compare_readings import show_the_same
from downtime.scanning.model import AuditAction, BatchPage, PageOutcome
from downtime.settings import Settings
from downtime.vault.model import Actor
from downtime.vault.vault import Vault


def judge_second_scans(vault: Vault, settings: Settings, batch_id: str, actor: Actor) -> None:
    """Call those of a batch copies that show what the filed page shows; the others stay in the tray."""
    for page in store.fetch_pages(vault.db, batch_id, PageOutcome.SECOND_SCAN):
        if _is_copy(vault, settings, page):
            with vault.change(
                actor, AuditAction.SCAN_COPY, target=page.serial, reason=page.id
            ) as db:
                store.set_copy(db, page.id)


def _is_copy(vault: Vault, settings: Settings, page: BatchPage) -> bool:
    filed = page_readings.fetch(vault.db, page.serial).get(page.page)
    picture = store.fetch_picture(vault.db, page.id)
    if picture is not None and picture == scans.fetch_picture(vault.db, page.serial, page.page):
        return True  # the very same dots
    if filed is None or picture is None:
        return False
    second = read_page(vault, settings, page.serial, page.page, picture, bool(page.two_tone))
    return second is not None and show_the_same(filed, second)
