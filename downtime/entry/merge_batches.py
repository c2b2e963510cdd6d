"""The tray of another machine: boxes that it scanned, and pages that lie with no form there, come along.

A page that found no home there is judged anew by its code: the form may be known here. What a person said of it on
either machine stands. A page with a form is not sent so, for it goes with its form.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, fields, replace
from typing import Any

from sqlite_utils import Database

from downtime.entry.filed_pages import add_page, find_present
from downtime.entry.store import scans
from downtime.paper.store import issued_forms
from downtime.scanning import store
from downtime.scanning.model import BatchPage, BatchSource, PageOutcome, ScanBatch
from downtime.scanning.place_page import find_page_code, place_coded
from downtime.scanning.read_files import read_size
from downtime.scanning.scan_codes import ScannedPage
from downtime.vault.model import Actor

BATCH, BATCH_PAGE = "scan_batch", "scan_page"
TABLES = (BATCH, BATCH_PAGE)


def export_batches(db: Database, device: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Boxes and their pages as rows for a bundle; outages are named with the machine: `K7:2026-11-02-1`."""
    for batch in store.fetch_batches(db):
        yield BATCH, asdict(batch) | {"outage": _name_outage(batch.outage, device)}
        for outcome in PageOutcome:
            for page in store.fetch_pages(db, batch.id, outcome):
                if outcome == PageOutcome.FILED and not page.settled:
                    continue  # it goes with its form
                picture = store.fetch_picture(db, page.id) or b""
                outage = _name_outage(page.outage, device)
                yield BATCH_PAGE, asdict(page) | {"outage": outage, "picture": picture}


def _name_outage(outage: str, device: str) -> str:
    return outage if not outage or ":" in outage else f"{device}:{outage}"


def merge_batch_row(
    db: Database,
    table: str,
    row: Mapping[str, Any],
    local_outage: Callable[[str], str],
    actor: Actor,
    now: str,
) -> None:
    """Add a box or a page of a bundle, inside the caller's transaction, or settle what was settled there."""
    outage = local_outage(row["outage"]) if row["outage"] else ""
    if table == BATCH:
        if store.fetch_batch(db, row["id"]) is None:
            source = BatchSource(row["source"])
            store.save_batch(db, ScanBatch(**{**row, "outage": outage, "source": source}))
        return
    picture = bytes(row["picture"])
    names = [f.name for f in fields(BatchPage)]
    values = {name: row[name] for name in names} | {"outage": outage}
    page = BatchPage(**values | {"outcome": PageOutcome(row["outcome"])})
    present = store.fetch_page(db, page.id)
    if present is None and page.outcome != PageOutcome.FILED:
        number = store.next_page_number(db, page.batch)
        _add_page(db, replace(page, number=number), picture, actor, now)
    elif present is not None and present.is_homeless and not page.is_homeless:
        _settle_page(db, page)


def _add_page(db: Database, page: BatchPage, picture: bytes, actor: Actor, now: str) -> None:
    code = find_page_code(page.codes.split())
    if not page.is_homeless or code is None:
        store.save_page(db, page, picture)
        return
    form = issued_forms.find_form(db, code.serial)
    place = place_coded(code, form, find_present(db, code.serial), page.outage)
    page = replace(
        page, outcome=place.outcome, serial=place.serial, page=place.page,
        outage=place.outage or page.outage,
    )  # fmt: skip
    if form is None or not picture or place.outcome != PageOutcome.FILED:
        store.save_page(db, page, picture)
        return
    width, height = read_size(picture)
    codes = tuple(page.codes.split())
    scanned = ScannedPage(width, height, picture, codes, is_two_tone=bool(page.two_tone))
    add_page(db, form, place.page, scanned, actor, now)
    store.save_page(db, page)


def _settle_page(db: Database, page: BatchPage) -> None:
    """What was said of a page on the other machine; filed only where it came with its form."""
    if page.outcome == PageOutcome.FILED:
        if page.picture_sha256 in scans.fetch_page_digests(db, page.serial).values():
            store.set_filed(db, page.id, page.serial, page.page, page.settled, page.settled_name)
            store.delete_picture(db, page.id)
    elif page.outcome == PageOutcome.ASIDE:
        store.set_proposed(db, page.id, page.proposer, page.proposer_name, page.reason)
        store.set_aside(db, page.id, page.settled, page.settled_name)
    else:
        store.set_copy(db, page.id)
