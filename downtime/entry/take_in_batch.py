"""Take in a box of paper: each page of each file gets one outcome, by itself, in its own transaction.

Whatever stops it, the same call goes on where it was: a page is known by its file's digest and its
place there, so nothing is filed twice. A bad page or file costs only itself.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlite_utils import Database

from downtime.entry.filed_pages import add_page, find_present
from downtime.entry.judge_second_scans import judge_second_scans
from downtime.entry.read_scans import read_scans
from downtime.errors import ConflictError, InputError, NotFoundError
from downtime.outage.outage_at_hand import get_outage_at_hand
from downtime.paper.store import issued_forms
from downtime.scanning import store
from downtime.scanning.model import (
    HOMELESS,
    AuditAction,
    BatchPage,
    BatchSource,
    PageOutcome,
    Placement,
    ScanBatch,
)
from downtime.scanning.place_page import find_page_code, place_coded, place_uncoded
from downtime.scanning.read_files import FileToRead, ReadPage, digest_file, read_pages
from downtime.settings import Settings
from downtime.vault.model import Actor
from downtime.vault.vault import Vault

LONGEST_NAME = 80
FILES_EACH = 24
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class BatchReport:
    """What became of the pages of a batch."""

    batch: ScanBatch
    counts: dict[PageOutcome, int]

    @property
    def pages(self) -> int:
        """All pages that were read."""
        return sum(self.counts.values())

    @property
    def homeless(self) -> int:
        """How many of them lie in the tray."""
        return sum(self.counts[outcome] for outcome in HOMELESS)


def list_scan_files(paths: Iterable[Path]) -> list[Path]:
    """The files of folders, by name, and files that were named; InputError when there is none."""
    files = [file for path in paths for file in _list_path(path)]
    if not files:
        raise InputError("scan.folder", "There is no file to read.", "Name the scanner's folder.")
    return files


def _list_path(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    return sorted(f for f in path.rglob("*") if f.is_file() and not f.name.startswith("."))


def take_in_files(
    vault: Vault,
    settings: Settings,
    files: list[Path],
    name: str,
    actor: Actor,
    progress: Progress = lambda done, total: None,
) -> BatchReport:
    """Read files into a batch of that name, or go on with one that was not read to its end.

    Then the ticks and the ink of every page that was filed are read.
    """
    wanted = _check_name(name)
    batch = _find_open(vault, wanted, BatchSource.FOLDER, actor) or start_batch(
        vault, wanted, BatchSource.FOLDER, actor
    )
    for begin in range(0, len(files), FILES_EACH):
        named = [_name_file(path) for path in files[begin : begin + FILES_EACH]]
        new = [file for file in named if _note_file(vault, batch, file, actor)]
        _take_in(vault, settings, batch, new, actor)
        progress(min(begin + FILES_EACH, len(files)), len(files))
    read_scans(vault, settings, actor, progress=progress)
    judge_second_scans(vault, settings, batch.id, actor)
    return _end_batch(vault, batch, actor)


def _name_file(path: Path) -> FileToRead:
    try:
        return FileToRead(digest_file(path), path.name, path)
    except OSError:  # it becomes a damaged page: the child cannot open it either
        return FileToRead(hashlib.sha256(str(path).encode()).hexdigest(), path.name, path)


def _find_open(vault: Vault, name: str, source: BatchSource, actor: Actor) -> ScanBatch | None:
    return store.fetch_open_batch(vault.db, _check_name(name), source, actor.id)


def start_batch(vault: Vault, name: str, source: BatchSource, actor: Actor) -> ScanBatch:
    """A new batch, of the outage at hand; NotFoundError where there never was one."""
    outage, now = get_outage_at_hand(vault), vault.now()
    name = _check_name(name)
    number = store.next_batch_number(vault.db)
    batch = ScanBatch(
        id=f"{actor.device}-B{number:03}", name=name, source=source, outage=outage.id, started=now,
        owner=actor.id, owner_name=actor.name,
    )  # fmt: skip
    with vault.change(actor, AuditAction.SCAN_BATCH, target=batch.id) as db:
        store.save_batch(db, batch)
    return batch


def _check_name(name: str) -> str:
    text = " ".join(name.split())
    if not text:
        raise InputError("scan.name", "The batch has no name.", "Say what the box is called.")
    return text[:LONGEST_NAME]


def get_batch(vault: Vault, batch_id: str) -> ScanBatch:
    """A batch; NotFoundError."""
    batch = store.fetch_batch(vault.db, batch_id)
    if batch is None:
        raise NotFoundError(
            "scan.no-batch", "There is no such batch of scans.", "Choose one from the list."
        )
    return batch


def report_batch(vault: Vault, batch_id: str) -> BatchReport:
    """A batch with its counts; NotFoundError."""
    return BatchReport(get_batch(vault, batch_id), store.count_outcomes(vault.db, batch_id))


def keep_upload(
    vault: Vault, settings: Settings, batch: ScanBatch, name: str, content: bytes, actor: Actor
) -> None:
    """Keep a file that a browser sent, encrypted, until it is read. InputError when it is too large."""
    if len(content) > settings.entry.scan_max_bytes:
        raise InputError(
            "scan.unfit",
            "A file is too large (entry.scan_max_bytes).",
            "Scan in smaller files, or use 'downtime scan FOLDER' on this machine.",
        )
    file = FileToRead(hashlib.sha256(content).hexdigest(), name[:LONGEST_NAME], content=content)
    _note_file(vault, batch, file, actor)


def take_in_upload(
    vault: Vault,
    settings: Settings,
    batch_id: str,
    actor: Actor,
    progress: Progress = lambda done, total: None,
) -> BatchReport:
    """Read what a browser sent for a batch, file by file."""
    batch = get_batch(vault, batch_id)
    _take_in_waiting(vault, settings, batch, actor, progress)
    read_scans(vault, settings, actor, progress=progress)
    judge_second_scans(vault, settings, batch.id, actor)
    return _end_batch(vault, batch, actor)


def take_in_scanner(
    vault: Vault, settings: Settings, pages: Iterable[bytes], name: str, actor: Actor
) -> BatchReport:
    """Read pages as a scanner gives them into a batch of that name, or go on with one that was stopped.

    A page is kept, encrypted, before it is read: whatever stops this, what the scanner has given is
    not lost. ConflictError when there is no page and nothing to go on with.
    """
    batch = _find_open(vault, name, BatchSource.SCANNER, actor)
    if batch:
        _take_in_waiting(vault, settings, batch, actor)
    for content in pages:
        batch = batch or start_batch(vault, name, BatchSource.SCANNER, actor)
        number = store.next_page_number(vault.db, batch.id)
        # Two white backs may be the same to the last bit, and are two pages.
        digest = hashlib.sha256(f"{batch.id} {number} ".encode() + content).hexdigest()
        _note_file(vault, batch, FileToRead(digest, f"Sheet side {number}", content=content), actor)
        _take_in_waiting(vault, settings, batch, actor)
    if batch is None:
        raise ConflictError(
            "scan.feeder-empty", "The feeder is empty.", "Lay the paper on it and start again."
        )
    read_scans(vault, settings, actor)
    judge_second_scans(vault, settings, batch.id, actor)
    return _end_batch(vault, batch, actor)


def take_in_photograph(
    vault: Vault, settings: Settings, name: str, line: ReadPage, actor: Actor
) -> BatchPage:
    """Keep a photographed page that was read already, in the batch of that name; what became of it."""
    batch = store.fetch_last_batch(vault.db, _check_name(name), BatchSource.TELEPHONE, actor.id)
    batch = batch or start_batch(vault, name, BatchSource.TELEPHONE, actor)
    _note_file(vault, batch, line.file, actor)
    _take_in_page(vault, batch, line, actor)
    with vault.change(
        actor, AuditAction.SCAN_FILE_READ, target=batch.id, reason=line.file.sha256
    ) as db:
        store.set_file_read(db, line.file.sha256)
    _end_batch(vault, batch, actor)
    page = store.fetch_page(vault.db, _page_id(line))
    if page is None:
        raise NotFoundError("scan.no-page", "There is no such page.", "Choose one from the tray.")
    return page


def _page_id(line: ReadPage) -> str:
    return f"{line.file.sha256[:16]}-{line.place}"


def _take_in_waiting(
    vault: Vault,
    settings: Settings,
    batch: ScanBatch,
    actor: Actor,
    progress: Progress = lambda done, total: None,
) -> None:
    waiting = store.fetch_waiting_files(vault.db, batch.id)
    for done, (sha256, name) in enumerate(waiting, 1):
        content = store.fetch_file_content(vault.db, sha256)
        first = store.count_file_pages(vault.db, sha256) + 1
        _take_in(vault, settings, batch, [FileToRead(sha256, name, None, content, first)], actor)
        progress(done, len(waiting))


def _note_file(vault: Vault, batch: ScanBatch, file: FileToRead, actor: Actor) -> bool:
    """Whether a file is to be read: it is new, or this batch was stopped while it was read."""
    known = store.fetch_file(vault.db, file.sha256)
    if known == (batch.id, False):
        return True
    if known and known[0] == batch.id:
        return False
    with vault.change(actor, AuditAction.SCAN_UPLOAD, target=batch.id, reason=file.sha256) as db:
        if known:
            store.add_repeated(db, batch.id)
        else:
            store.save_file(db, batch.id, file.sha256, file.name, file.content or None)
            store.set_ended(db, batch.id, "")
    return not known


def _take_in(
    vault: Vault, settings: Settings, batch: ScanBatch, files: list[FileToRead], actor: Actor
) -> None:
    started = [_go_on(vault, file) for file in files]
    for line in read_pages(settings, started):
        if line.is_last:
            with vault.change(
                actor, AuditAction.SCAN_FILE_READ, target=batch.id, reason=line.file.sha256
            ) as db:
                store.set_file_read(db, line.file.sha256)
        else:
            _take_in_page(vault, batch, line, actor)


def _go_on(vault: Vault, file: FileToRead) -> FileToRead:
    first = store.count_file_pages(vault.db, file.sha256) + 1
    return FileToRead(file.sha256, file.name, file.path, file.content, first)


def _take_in_page(vault: Vault, batch: ScanBatch, line: ReadPage, actor: Actor) -> None:
    page_id = _page_id(line)
    code = find_page_code(line.page.codes) if line.page else None
    target = code.serial if code else batch.id
    with vault.change(actor, AuditAction.SCAN_PAGE, target=target, reason=page_id) as db:
        if not store.has_page(db, line.file.sha256, line.place):
            _keep_page(db, batch, page_id, line, actor, vault.now())


def _keep_page(
    db: Database, batch: ScanBatch, page_id: str, line: ReadPage, actor: Actor, at: str
) -> None:
    page, place = line.page, _place(db, batch, line)
    if page and place.outcome == PageOutcome.FILED:
        form = issued_forms.find_form(db, place.serial)
        if form:
            add_page(db, form, place.page, page, actor, at)
    picture = page.picture if page else b""
    row = BatchPage(
        id=page_id,
        batch=batch.id,
        number=store.next_page_number(db, batch.id),
        sha256=line.file.sha256,
        place=line.place,
        file=line.file.name,
        outcome=place.outcome,
        codes=" ".join(page.codes) if page else "",
        serial=place.serial,
        page=place.page,
        outage=place.outage or batch.outage,
        read=at,
        picture_sha256=hashlib.sha256(picture).hexdigest() if picture else "",
        two_tone=int(bool(page and page.is_two_tone)),
    )
    store.save_page(db, row, b"" if place.outcome == PageOutcome.FILED else picture)


def _place(db: Database, batch: ScanBatch, line: ReadPage) -> Placement:
    """Where a page belongs by what is on it and in the ledger, inside the caller's transaction."""
    page = line.page
    if page is None:
        return Placement(PageOutcome.LOCKED if line.is_locked else PageOutcome.DAMAGED)
    code = find_page_code(page.codes)
    if code is None:
        return place_uncoded(is_blank=page.is_blank)
    form = issued_forms.find_form(db, code.serial)
    return place_coded(code, form, find_present(db, code.serial), batch.outage)


def _end_batch(vault: Vault, batch: ScanBatch, actor: Actor) -> BatchReport:
    with vault.change(actor, AuditAction.SCAN_BATCH_END, target=batch.id) as db:
        store.set_ended(db, batch.id, vault.now())
    return report_batch(vault, batch.id)


def list_missing_pages(vault: Vault, batch_id: str) -> Iterator[tuple[str, str, list[int]]]:
    """Forms of which this batch has some pages and no batch the others: serial, title, page numbers."""
    for serial in store.fetch_filed_serials(vault.db, batch_id):
        form = issued_forms.find_form(vault.db, serial)
        present = find_present(vault.db, serial).pages
        if form and (missing := sorted(set(range(1, form.pages + 1)) - present)):
            yield serial, form.title, missing
