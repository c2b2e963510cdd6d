"""The scan of a form beside its fields: its codes say whose it is; kept in the vault only.

A code of another form is refused, whatever anybody says; without any a person says that the paper is
this form's, and the scan is marked so. What another machine sent without either is in doubt: it stands
beside no field and goes nowhere until somebody has looked.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson
from sqlite_utils import Database

from downtime.entry import scan_policies
from downtime.entry.filed_pages import PDF, bind_pages, return_pages
from downtime.entry.model import AuditAction, ScanDoubt, ScanInfo
from downtime.entry.read_scans import read_scans
from downtime.entry.store import page_readings, scans
from downtime.errors import ConflictError, InputError, NotFoundError
from downtime.paper import ledger, serials
from downtime.paper.layout.page_fields import split_option_key
from downtime.paper.model import IssuedForm
from downtime.paper.store import layouts
from downtime.pdf.field_rectangle import FieldRectangle
from downtime.processes import sandbox
from downtime.scanning.page_reading import PicturePlace
from downtime.scanning.scan_codes import ScannedPage, list_unread_pages, order_pages, parse_page
from downtime.settings import Settings
from downtime.vault.model import Actor
from downtime.vault.policies import check_reason
from downtime.vault.vault import Vault

_PROPORTION_TOLERANCE = 0.05
"""How far the proportions of a picture may be from those of the printed page."""


@dataclass(frozen=True, slots=True)
class Scan:
    """A scan with the file as it came."""

    info: ScanInfo
    content: bytes


@dataclass(frozen=True, slots=True)
class FieldPosition:
    """Where a field stands on a page's picture: parts of its width and height, from the top left."""

    page: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class ScannedFile:
    """A file that may be the scan of a form, with what was read on its pages."""

    content: bytes
    sha256: str
    media_type: str
    pages: tuple[ScannedPage, ...]

    @property
    def codes(self) -> tuple[str, ...]:
        """The page codes on all its pages."""
        return tuple(sorted({code for page in self.pages for code in page.codes}))


def attach_scan(
    vault: Vault,
    settings: Settings,
    serial: str,
    content: bytes,
    actor: Actor,
    *,
    without_code: bool = False,
) -> ScanInfo:
    """Keep a PDF, PNG or JPEG as the scan of a form; the same file again changes nothing.

    Its ticks and ink are read. InputError says why it cannot be one; ConflictError when its code is another form's, when the same
    file is another form's scan, when the form has another one already, and when no code can be read:
    unless somebody compared the printed serial (`without_code`).
    """
    issued = ledger.get_form(vault, serial)
    present = scans.fetch(vault.db, issued.serial)
    digest = hashlib.sha256(content).hexdigest()
    if present and not present.doubt and present.sha256 == digest:
        return present
    file = read_scan(settings, content)
    info = attach_read_scan(vault, issued, file, actor, without_code=without_code)
    read_scans(vault, settings, actor, issued.serial)
    return info


def read_scan(settings: Settings, content: bytes) -> ScannedFile:
    """Open a file in the sandbox, its pages as they were printed; InputError when it is no scan."""
    answer = _open_in_sandbox(content, settings)
    pages = [parse_page(page) for page in answer["pages"]]
    digest = hashlib.sha256(content).hexdigest()
    return ScannedFile(content, digest, answer["media_type"], tuple(order_pages(pages)))


def attach_read_scan(
    vault: Vault, issued: IssuedForm, file: ScannedFile, actor: Actor, *, without_code: bool = False
) -> ScanInfo:
    """Keep what was read as the scan of a form; ConflictError as `attach_scan`."""
    unread = list_unread_pages(file.pages)
    scan_policies.check_scan_is_of(issued.serial, file.codes)
    scan_policies.check_code_was_read(
        issued.serial, unread, len(file.pages), without_code=without_code
    )
    info = ScanInfo(
        serial=issued.serial,
        media_type=file.media_type,
        sha256=file.sha256,
        bytes=len(file.content),
        pages=len(file.pages),
        attached=vault.now(),
        attached_by=actor.id,
        attached_name=actor.name,
        codes=" ".join(file.codes),
        without_code=int(bool(unread)),
    )
    reason = f"{file.sha256}, no code read" if unread else file.sha256
    with vault.change(actor, AuditAction.ENTRY_SCAN, target=issued.serial, reason=reason) as db:
        scan_policies.check_file_is_new(issued.serial, scans.fetch_of_file(db, file.sha256))
        if present := scans.fetch(db, issued.serial):
            raise _other_scan(issued, present)
        scans.save(db, info, file.content)
        scans.save_pages(db, issued.serial, file.pages, info.attached)
    return info


def confirm_scan(vault: Vault, serial: str, actor: Actor, reason: str) -> ScanInfo:
    """Say of a scan without a code that its paper is this form's; ConflictError for any other doubt."""
    number = serials.parse_serial(serial)
    reason = check_reason(reason, "scan.reason", "Say what on the paper names this form.")
    with vault.change(actor, AuditAction.ENTRY_SCAN_CONFIRM, target=number, reason=reason) as db:
        info = scans.fetch(db, number)
        if info is None:
            raise _no_page(number)
        scan_policies.check_can_confirm_scan(info)
        scans.confirm(db, number)
        compare_files(db, [info.sha256])
    return get_scan(vault, number)


def compare_files(db: Database, digests: Iterable[str]) -> None:
    """Doubt scans that are one file under two serials, inside the caller's transaction.

    One whose own code was read stands; all others of that file wait until a person has taken away those
    that are not the form's.
    """
    for digest in digests:
        of_file = [
            info
            for info in scans.fetch_of_file(db, digest)
            if info.doubt in (ScanDoubt.NONE, ScanDoubt.SAME_FILE)
        ]
        for info in of_file:
            is_shared = len(of_file) > 1 and not info.is_read
            scans.save_doubt(db, info.serial, ScanDoubt.SAME_FILE if is_shared else ScanDoubt.NONE)


def detach_scan(vault: Vault, serial: str, actor: Actor, reason: str) -> None:
    """Remove a scan that belongs to another form; `reason` is required. NotFoundError.

    Pages that came in a batch lie in the tray again.
    """
    number = serials.parse_serial(serial)
    reason = check_reason(reason, "scan.reason", "Say in a few words what is wrong.")
    with vault.change(actor, AuditAction.ENTRY_SCAN_AWAY, target=number, reason=reason) as db:
        info = scans.fetch(db, number)
        if info is None:
            raise _no_page(number)
        return_pages(db, number)
        scans.take_away(db, number, vault.now())
        compare_files(db, [info.sha256])


def get_scan_file(vault: Vault, settings: Settings, serial: str) -> Scan | None:
    """The scan of a form with its file, or its pages as one PDF; None when nothing was attached."""
    info = find_scan(vault, serial)
    if info is None:
        return None
    if content := scans.fetch_content(vault.db, info.serial):
        return Scan(info, content)
    pictures = scans.fetch_pictures(vault.db, info.serial)
    if not pictures:
        return None
    return Scan(replace(info, media_type=PDF), bind_pages(settings, pictures))


def list_pages(vault: Vault, serial: str) -> list[int]:
    """The numbers of the pages of which there is a picture."""
    return scans.fetch_kept_pages(vault.db, serials.parse_serial(serial))


def has_destroyed_pages(vault: Vault, serial: str) -> bool:
    """Whether two people had its pictures destroyed when their time was over."""
    number = serials.parse_serial(serial)
    return len(scans.fetch_kept_pages(vault.db, number)) < len(scans.fetch_sizes(vault.db, number))


def list_missing_pages(vault: Vault, form: IssuedForm) -> list[int]:
    """The pages that were not scanned of a form whose pages came one by one."""
    if not scans.is_paged(vault.db, form.serial):
        return []
    return sorted(set(range(1, form.pages + 1)) - set(scans.fetch_sizes(vault.db, form.serial)))


def find_scan(vault: Vault, serial: str) -> ScanInfo | None:
    """What is known of a form's scan; None when nothing was attached, or it is in doubt whose it is."""
    info = scans.fetch(vault.db, serials.parse_serial(serial))
    return None if info is None or info.doubt else info


def find_doubtful_scan(vault: Vault, serial: str) -> ScanInfo | None:
    """The scan of a form of which nobody has said yet whose it is."""
    info = scans.fetch(vault.db, serials.parse_serial(serial))
    return info if info and info.doubt else None


def get_scan(vault: Vault, serial: str) -> ScanInfo:
    """What is known of a form's scan, one in doubt too; NotFoundError."""
    number = serials.parse_serial(serial)
    info = scans.fetch(vault.db, number)
    if info is None:
        raise _no_page(number)
    return info


def get_page_picture(vault: Vault, serial: str, page: int) -> bytes:
    """A page as JPEG or WebP; NotFoundError."""
    number = serials.parse_serial(serial)
    picture = scans.fetch_picture(vault.db, number, page)
    if picture is None:
        raise _no_page(number)
    return picture


def find_field_positions(vault: Vault, serial: str) -> dict[str, FieldPosition]:
    """Where each field stands on the pictures, by key; empty when the scan is turned or cut.

    On a page that was read it is where the paper has it; on another one where it was printed, so one that
    was fed askew is off by as much.
    """
    issued = ledger.get_form(vault, serial)
    layout = layouts.find_layout(vault.db, issued.layout)
    sizes = scans.fetch_sizes(vault.db, issued.serial)
    is_paged = scans.is_paged(vault.db, issued.serial)
    if layout is None or (len(sizes) < len(layout.pages) and not is_paged):
        return {}
    readings = page_readings.fetch(vault.db, issued.serial)
    positions: dict[str, FieldPosition] = {}
    for number, rectangles in enumerate(layout.pages, 1):
        if number not in sizes:
            continue
        reading = readings.get(number)
        if reading and reading.fields:
            places = {field.key: field.place for field in reading.fields}
        else:
            places = _find_printed(rectangles, layout.size, sizes[number])
        for key, place in _join_options(places).items():
            positions.setdefault(
                key, FieldPosition(number, place.x, place.y, place.width, place.height)
            )
    return positions


def _find_printed(
    rectangles: Sequence[FieldRectangle], paper: tuple[float, float], picture: tuple[int, int]
) -> dict[str, PicturePlace]:
    """The fields of a page as printed; none where the picture is turned or cut."""
    (width, height), (across, down) = paper, picture
    if abs((across / down) / (width / height) - 1) > _PROPORTION_TOLERANCE:
        return {}
    return {
        box.key: PicturePlace(
            box.x / width, (height - box.y - box.height) / height,
            box.width / width, box.height / height,
        )
        for box in rectangles
    }  # fmt: skip


def _join_options(places: Mapping[str, PicturePlace]) -> dict[str, PicturePlace]:
    """The fields by answer: a choice is where all of its boxes are."""
    joined: dict[str, PicturePlace] = {}
    for key, place in places.items():
        answer, _ = split_option_key(key)
        joined[answer] = joined[answer].join(place) if answer in joined else place
    return joined


def _open_in_sandbox(content: bytes, settings: Settings) -> dict[str, Any]:
    """What `scan_sandbox` says of a file: its kind and pages; InputError when it is unusable."""
    entry = settings.entry
    if not content:
        raise _unusable_scan("it is empty")
    if len(content) > entry.scan_max_bytes:
        raise _unusable_scan("it is too large (entry.scan_max_bytes)")
    limits = entry.scan_memory_bytes, entry.scan_seconds
    try:
        lines = sandbox.read_lines("downtime.scanning.scan_sandbox", [], *limits, content=content)
        answer: dict[str, Any] = orjson.loads(b"".join(lines))
    except sandbox.SandboxError as error:
        too_long, damaged = "it takes too long to open", "it is damaged, or asks for too much"
        raise _unusable_scan(too_long if error.timed_out else damaged) from None
    if "error" in answer:
        raise _unusable_scan(answer["error"])
    return answer


def _unusable_scan(fault: str) -> InputError:
    return InputError(
        "scan.unfit",
        f"This file cannot be the scan of a form: {fault}.",
        "Scan the paper again as PDF, PNG or JPEG.",
    )


def _other_scan(issued: IssuedForm, present: ScanInfo) -> ConflictError:
    number = serials.format_serial(issued.serial)
    if present.doubt:
        return ConflictError(
            "scan.doubt",
            f"A scan that another machine sent for form {number} is in doubt.",
            "Look at it in the list of forms 'With a scan in doubt': say whose it is, or take it away.",
        )
    return ConflictError(
        "scan.other",
        f"Form {number} has a scan already, and this is another file.",
        "Look at the serial on both; take the wrong one away with a reason.",
    )


def _no_page(serial: str) -> NotFoundError:
    number = serials.format_serial(serial)
    return NotFoundError("scan.none", f"Form {number} has no such page scanned.", "Scan it first.")
