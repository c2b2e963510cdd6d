"""Merge the scans that a machine sent: each is judged by its codes anew, and no page of one is lost.

A form's pages may have been scanned on several machines: all of them come together. Another scan of a page
that lies here already, or one that does not go with the scan here, waits in the tray for a person, in whatever
order bundles come. A scan in doubt stands beside no field until somebody has looked.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from sqlite_utils import Database

from downtime.entry.filed_pages import add_page, find_present
from downtime.entry.model import ScanDoubt, ScanInfo
from downtime.entry.scan_policies import judge_merged_scan
from downtime.entry.scans import compare_files
from downtime.entry.store import entries_elsewhere, scans
from downtime.paper.store import issued_forms
from downtime.scanning import store as scan_store
from downtime.scanning.model import BatchPage, BatchSource, PageOutcome, Placement, ScanBatch
from downtime.scanning.place_page import find_page_code, place_coded
from downtime.scanning.scan_codes import ScannedPage
from downtime.vault.model import Actor

SCAN, SCAN_PAGE = "form_scan", "form_scan_page"
_INFO = [f.name for f in fields(ScanInfo)]
_SCAN_DEFAULTS = {"codes": "", "without_code": 0}
_PAGE_DEFAULTS = {
    "two_tone": 1, "recoded": "", "destroyed": "", "sha256": "", "codes": "", "filed": "",
}  # fmt: skip
"""What a row of an older program does not say."""


@dataclass(frozen=True, slots=True)
class _SentScan:
    """A scan of the bundle: what it says of itself, judged here, and whether it is new or the same as here."""

    info: ScanInfo
    is_paged: bool
    is_new: bool
    is_same: bool


@dataclass
class ScanMerger:
    """Merges the scans of one bundle inside the caller's transaction."""

    db: Database
    sender: str
    """The machine whose bundle it is."""
    actor: Actor
    now: str
    outage_of: Callable[[str], str]
    """The outage here of a form's serial."""
    was_keyed_without: Callable[[str], bool] = lambda serial: False
    """Whether an entry of a form stands here that is not this bundle's: its pages come late."""
    _scans: dict[str, _SentScan] = field(default_factory=dict)
    _digests: set[str] = field(default_factory=set)
    _filed: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    """Of each form: the SHA-256 of a page's picture, and when it came to the form, as the bundle says."""

    def merge_scan(self, row: Mapping[str, Any]) -> None:
        """Put in the scan of a form that has none here; of another one the pages follow singly."""
        full = {**_SCAN_DEFAULTS, "paged": int(not row["content"]), **row}
        scan_doubt = judge_merged_scan(
            ScanInfo(**{name: full[name] for name in _INFO if name != "doubt"})
        )
        full["doubt"] = scan_doubt
        info = ScanInfo(**{name: full[name] for name in _INFO})
        present = scans.fetch(self.db, info.serial)
        is_same = present is not None and present.sha256 == info.sha256
        self._scans[info.serial] = _SentScan(info, bool(full["paged"]), present is None, is_same)
        if present is None:
            columns = entries_elsewhere.fetch_columns(self.db, SCAN)
            entries_elsewhere.insert_missing(self.db, SCAN, columns, full)
            self._digests.add(info.sha256)

    def merge_page(self, row: Mapping[str, Any]) -> None:
        """Lay a page with its form, or into the tray; one that is here already changes nothing."""
        scan = self._scans[row["serial"]]
        full = {**_PAGE_DEFAULTS, **row}
        picture = bytes(full["picture"])
        full["sha256"] = full["sha256"] or hashlib.sha256(picture).hexdigest()
        full["filed"] = full["filed"] or scan.info.attached
        self._filed[scan.info.serial][full["sha256"]] = full["filed"]
        if self.was_keyed_without(scan.info.serial):
            full["filed"] = self.now
        if scan.is_new:
            columns = entries_elsewhere.fetch_columns(self.db, SCAN_PAGE)
            entries_elsewhere.insert_missing(self.db, SCAN_PAGE, columns, full)
        elif picture and not scan.is_same and not self._is_here(full):
            self._add_page(scan, full, picture)

    def _is_here(self, row: Mapping[str, Any]) -> bool:
        """Whether this very picture lies with the form, or once came into the tray."""
        return row["sha256"] in scans.fetch_page_digests(
            self.db, row["serial"]
        ).values() or scan_store.has_page(self.db, _name_page(row), 1)

    def _add_page(self, scan: _SentScan, row: Mapping[str, Any], picture: bytes) -> None:
        serial = scan.info.serial
        form = issued_forms.find_form(self.db, serial)
        codes = tuple(row["codes"].split()) or _find_codes(scan, row["page"])
        place = self._place(scan, row["page"], codes)
        page = ScannedPage(
            row["width"], row["height"], picture, codes, is_two_tone=bool(row["two_tone"]),
            first_sha256=row["sha256"],
        )  # fmt: skip
        if form and place.outcome == PageOutcome.FILED and not scan.info.doubt:
            add_page(
                self.db, form, place.page, page, self.actor, row["filed"], without_code=not codes
            )
            if row["recoded"]:
                scans.note_small(self.db, serial, place.page, row["recoded"])
        else:
            self._lay_in_tray(page, place, row)

    def _place(self, scan: _SentScan, number: int, codes: tuple[str, ...]) -> Placement:
        """Where a page belongs by its own code, or where a person said so on the machine that sent it."""
        serial, outage = scan.info.serial, self.outage_of(scan.info.serial)
        code = find_page_code(codes)
        present = find_present(self.db, serial)
        if code and code.serial == serial:
            form = issued_forms.find_form(self.db, serial)
            return place_coded(code, form, present, form.outage if form else outage)
        if codes or scan.info.doubt or not scan.is_paged:
            outcome = PageOutcome.UNREADABLE if codes or scan.info.doubt else PageOutcome.OTHER_SCAN
            return Placement(outcome, "" if codes else serial, 0, outage)
        if number in present.pages:
            return Placement(PageOutcome.SECOND_SCAN, serial, number, outage)
        is_free = not present.is_whole
        outcome = PageOutcome.FILED if is_free else PageOutcome.OTHER_SCAN
        return Placement(outcome, serial, number, outage)

    def _lay_in_tray(self, page: ScannedPage, place: Placement, row: Mapping[str, Any]) -> None:
        if scan_store.has_homeless_picture(self.db, page.sha256):
            return
        batch = self._find_batch()
        is_filed = place.outcome == PageOutcome.FILED  # of a scan in doubt: a person looks first
        name = _name_page(row)
        line = BatchPage(
            id=f"{name[:16]}-1",
            batch=batch.id,
            number=scan_store.next_page_number(self.db, batch.id),
            sha256=name,
            place=1,
            file=f"Scan on {self.sender}",
            outcome=PageOutcome.UNREADABLE if is_filed else place.outcome,
            codes=" ".join(page.codes),
            serial=place.serial,
            page=place.page,
            outage=self.outage_of(row["serial"]) or place.outage,
            read=self.now,
            picture_sha256=page.sha256,
            two_tone=int(page.is_two_tone),
        )
        scan_store.save_page(self.db, line, page.picture)

    def _find_batch(self) -> ScanBatch:
        batch_id = f"{self.sender}-SENT"
        batch = scan_store.fetch_batch(self.db, batch_id)
        if batch is None:
            batch = ScanBatch(
                id=batch_id, name=f"Pages that {self.sender} sent", source=BatchSource.MACHINE,
                outage="", started=self.now, owner=self.actor.id, owner_name=self.actor.name,
                ended=self.now,
            )  # fmt: skip
            scan_store.save_batch(self.db, batch)
        return batch

    def note_unseen(self, serial: str, entered: str) -> None:
        """Of a form whose entry this bundle brought: pages that its sender had not are late, whichever came first.

        Whoever sent no page of it had keyed from the paper.
        """
        sent = self._filed.get(serial)
        if not sent:
            return
        digests = scans.fetch_page_digests(self.db, serial)
        for page, filed in scans.fetch_filed(self.db, serial).items():
            seen_there = sent.get(digests[page], self.now)
            if filed <= entered < seen_there:
                scans.set_filed(self.db, serial, page, seen_there)

    def finish(self) -> None:
        """Doubt what is one file under two serials, whichever bundle came first."""
        compare_files(self.db, sorted(self._digests))


def _name_page(row: Mapping[str, Any]) -> str:
    """A picture of one form's page, told from the same picture of another's: two blank pages may be alike."""
    text = f"{row['serial']} {row['page']} {row['sha256']}"
    return hashlib.sha256(text.encode()).hexdigest()


def _find_codes(scan: _SentScan, number: int) -> tuple[str, ...]:
    """The codes of a page that an older program sent: they stand with its scan only."""
    codes = tuple(scan.info.codes.split())
    if scan.info.pages == 1:
        return codes
    of_page = (code for code in codes if (named := find_page_code([code])) and named.page == number)
    return tuple(of_page) if scan.is_paged and scan.info.doubt == ScanDoubt.NONE else ()
