"""A second scan of a page that is filed: a copy once it is measured to show nothing else, else for a person."""

from downtime.entry.read_scans import Progress, count_unread, read_page, read_scans
from downtime.entry.store import page_readings, scans
from downtime.scanning import store
from downtime.scanning.compare_readings import show_the_same
from downtime.scanning.model import AuditAction, BatchPage, PageOutcome
from downtime.settings import Settings
from downtime.vault.model import Actor
from downtime.vault.vault import Vault


def judge_second_scans(vault: Vault, settings: Settings, batch_id: str, actor: Actor) -> None:
    """Call those of a batch copies that show what the filed page shows; the others stay in the tray."""
    _judge(vault, settings, store.fetch_pages(vault.db, batch_id, PageOutcome.SECOND_SCAN), actor)


def read_sent_scans(
    vault: Vault, settings: Settings, actor: Actor, progress: Progress = lambda done, total: None
) -> int:
    """Read what other machines sent, and judge their second scans; how many pages were read."""
    count = read_scans(vault, settings, actor, progress=progress)
    _judge(vault, settings, _list_sent(vault, actor), actor)
    return count


def count_sent_unread(vault: Vault, actor: Actor) -> int:
    """How many pages that other machines sent are to be read or judged."""
    return count_unread(vault) + len(_list_sent(vault, actor))


def _list_sent(vault: Vault, actor: Actor) -> list[BatchPage]:
    return [
        page
        for page in store.fetch_tray(vault.db)
        if page.outcome == PageOutcome.SECOND_SCAN
        and not page.proposer
        and not page.batch.startswith(f"{actor.device}-")
    ]


def _judge(vault: Vault, settings: Settings, pages: list[BatchPage], actor: Actor) -> None:
    for page in pages:
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
