"""Read what is on the scanned pages of forms: ticks, ink in fields, ink outside them; never handwriting."""

from collections.abc import Callable, Sequence

import orjson

from downtime.entry.model import AuditAction
from downtime.entry.page_ink import FormInk
from downtime.entry.store import page_readings, scans
from downtime.paper import ledger, serials
from downtime.paper.forms.medicine_charts import list_signed_rows
from downtime.paper.layout.issued_page import IssuedContent
from downtime.paper.model import IssuedForm
from downtime.paper.store import form_contents, layouts
from downtime.scanning.page_reading import GateReason, PageReading
from downtime.scanning.read_issued_pages import PAGES_EACH, KeptPage, read_issued_pages
from downtime.settings import Settings
from downtime.vault.model import Actor
from downtime.vault.vault import Vault

Progress = Callable[[int, int], None]


def read_scans(
    vault: Vault,
    settings: Settings,
    actor: Actor,
    serial: str = "",
    progress: Progress = lambda done, total: None,
) -> int:
    """Read every page that is not read yet, of one form or of all; how many there were.

    A page that cannot be measured keeps why, and a person looks at all of it.
    """
    unread = page_readings.fetch_unread(vault.db, serials.parse_serial(serial) if serial else "")
    for start in range(0, len(unread), PAGES_EACH):
        _read_group(vault, settings, actor, unread[start : start + PAGES_EACH])
        progress(min(start + PAGES_EACH, len(unread)), len(unread))
    return len(unread)


def count_unread(vault: Vault) -> int:
    """How many pages are to be read, such as those that a laptop sent."""
    return len(page_readings.fetch_unread(vault.db))


def _read_group(
    vault: Vault, settings: Settings, actor: Actor, places: Sequence[tuple[str, int]]
) -> None:
    pages = [page for page in (_find_page(vault, *place) for place in places) if page]
    digests = {page.layout for page in pages}
    prints = {d: layout for d in digests if (layout := layouts.find_layout(vault.db, d))}
    measured = [page for page in pages if page.layout in prints]
    readings = read_issued_pages(settings, prints, measured)
    for page, reading in zip(measured, readings, strict=True):
        _keep_reading(vault, page, reading, actor)
    for page in pages:
        if page.layout not in prints:
            reading = PageReading(page.number, gate=GateReason.NO_LAYOUT)
            _keep_reading(vault, page, reading, actor)


def _find_page(vault: Vault, serial: str, number: int) -> KeptPage | None:
    form = ledger.get_form(vault, serial)
    picture = scans.fetch_picture(vault.db, serial, number)
    two_tone = scans.is_two_tone(vault.db, serial, number)
    if picture is None:
        return None
    content = _find_content(vault, form)
    return KeptPage(serial, number, form.layout, form.drill, picture, two_tone, content)


def _find_content(vault: Vault, form: IssuedForm) -> IssuedContent | None:
    """What was printed on a form; None where that was not kept."""
    body = form_contents.fetch_content(vault.db, form.serial)
    values = orjson.loads(body) if body else {}
    if not values:
        return None
    signed = list_signed_rows(ledger.get_printed_definition(vault, form))
    return IssuedContent(values, tuple(signed), form.pages)


def read_page(
    vault: Vault, settings: Settings, serial: str, number: int, picture: bytes, is_two_tone: bool
) -> PageReading | None:
    """What another picture of a form's page shows; None where what it was printed on is not known here."""
    form = ledger.get_form(vault, serial)
    layout = layouts.find_layout(vault.db, form.layout)
    if layout is None:
        return None
    content = _find_content(vault, form)
    page = KeptPage(serial, number, form.layout, form.drill, picture, is_two_tone, content)
    return next(read_issued_pages(settings, {form.layout: layout}, [page]))


def _keep_reading(vault: Vault, page: KeptPage, reading: PageReading, actor: Actor) -> None:
    """Unless the page was taken away meanwhile."""
    reason = f"page {page.number}"
    with vault.change(actor, AuditAction.ENTRY_SCAN_READ, target=page.serial, reason=reason) as db:
        if scans.fetch_picture(db, page.serial, page.number) == page.picture:
            page_readings.save(db, page.serial, reading, vault.now())


def find_ink(vault: Vault, serial: str) -> FormInk:
    """What was seen on the pages of a form, beside what was printed on it."""
    number = serials.parse_serial(serial)
    readings = page_readings.fetch(vault.db, number)
    content = form_contents.fetch_content(vault.db, number) if readings else ""
    return FormInk(readings, orjson.loads(content) if content else {})
