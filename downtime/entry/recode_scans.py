"""Make the pictures of kept pages small, once each, when nothing else is to be done.

A page is read before; one that could not be measured, or is in doubt, stays as it was taken in. The
audit names the digest of the picture before and after.
"""

import hashlib
from collections.abc import Callable, Iterator
from typing import NamedTuple

from downtime.entry.model import AuditAction
from downtime.entry.store import scans
from downtime.scanning import store as scan_store
from downtime.scanning.kept_picture import PictureType
from downtime.scanning.recode_pages import PAGES_EACH, recode_pages
from downtime.settings import Settings
from downtime.vault.model import Actor
from downtime.vault.vault import Vault

Progress = Callable[[int, int], None]


class RecodeReport(NamedTuple):
    """How many pages were made small, and the bytes of their pictures before and after."""

    pages: int = 0
    bytes_before: int = 0
    bytes_after: int = 0


class _KeptPicture(NamedTuple):
    """A page with a form, or the empty back of one (`page` 0, its own id in place of the serial)."""

    serial: str
    page: int
    picture: bytes


def recode_scans(
    vault: Vault,
    settings: Settings,
    actor: Actor,
    progress: Progress = lambda done, total: None,
) -> RecodeReport:
    """Make all pages small that wait for it; stopped, it goes on where it was."""
    report = RecodeReport()
    waiting = [*scans.fetch_first_pictures(vault.db), *_list_backs(vault)]
    for start in range(0, len(waiting), PAGES_EACH):
        places = waiting[start : start + PAGES_EACH]
        group = [page for page in (_find_picture(vault, *place) for place in places) if page]
        pictures = [page.picture for page in group]
        for page, small in zip(
            group, recode_pages(settings, pictures, PictureType.WEBP), strict=True
        ):
            _keep_small(vault, settings, page, small, actor)
            after = min(len(small) or len(page.picture), len(page.picture))
            report = RecodeReport(
                report.pages + 1,
                report.bytes_before + len(page.picture),
                report.bytes_after + after,
            )
        progress(min(start + PAGES_EACH, len(waiting)), len(waiting))
    return report


def count_first_pictures(vault: Vault) -> int:
    """How many pages wait to be made small."""
    return len(scans.fetch_first_pictures(vault.db)) + len(scan_store.fetch_first_backs(vault.db))


def _list_backs(vault: Vault) -> Iterator[tuple[str, int]]:
    return ((page_id, 0) for page_id in scan_store.fetch_first_backs(vault.db))


def _find_picture(vault: Vault, serial: str, page: int) -> _KeptPicture | None:
    picture = _fetch_picture(vault, serial, page)
    return _KeptPicture(serial, page, picture) if picture else None


def _fetch_picture(vault: Vault, serial: str, page: int) -> bytes | None:
    if page:
        return scans.fetch_picture(vault.db, serial, page)
    return scan_store.fetch_picture(vault.db, serial)


def _keep_small(
    vault: Vault, settings: Settings, original: _KeptPicture, small: bytes, actor: Actor
) -> None:
    """Unless the page was taken away meanwhile. One that cannot be made smaller stays as it is."""
    is_smaller = 0 < len(small) < len(original.picture)
    picture = small if is_smaller else original.picture
    reason = f"page {original.page}, {_digest(original.picture)}, {_digest(picture)}"
    action = AuditAction.ENTRY_SCAN_RECODE
    with vault.change(actor, action, target=original.serial, reason=reason) as db:
        if _fetch_picture(vault, original.serial, original.page) != original.picture:
            return
        if not original.page:
            scan_store.save_small_back(db, original.serial, picture, vault.now())
            return
        if settings.entry.keep_original_scans and is_smaller:
            scans.save_original(db, original.serial, original.page, original.picture)
        scans.save_small(db, original.serial, original.page, picture, vault.now())
        if not settings.entry.keep_original_scans:
            scans.drop_file_of_small_pages(db, original.serial)


def _digest(picture: bytes) -> str:
    return hashlib.sha256(picture).hexdigest()
