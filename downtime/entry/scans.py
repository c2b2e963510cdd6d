"""The scan of a form beside its fields: attached, checked by its content, kept in the vault only."""

import base64
import hashlib
from dataclasses import dataclass
from typing import Any

import orjson

from downtime.entry.model import AuditAction, ScanInfo
from downtime.entry.store import scans
from downtime.errors import ConflictError, InputError, NotFoundError
from downtime.paper import ledger, serials
from downtime.paper.model import IssuedForm
from downtime.paper.store import layouts
from downtime.processes import sandbox
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


def attach_scan(
    vault: Vault, settings: Settings, serial: str, content: bytes, actor: Actor
) -> ScanInfo:
    """Keep a PDF, PNG or JPEG as the scan of a form; the same file again changes nothing.

    InputError says why it cannot be one; ConflictError when the form has another one already: each
    serial has one paper, so one of the two belongs to another form.
    """
    issued = ledger.get_form(vault, serial)
    digest = hashlib.sha256(content).hexdigest()
    if present := find_scan(vault, issued.serial):
        if present.sha256 == digest:
            return present
        raise _other_scan(issued)
    answer = _open_in_sandbox(content, settings)
    pictures = [
        (page["width"], page["height"], base64.b64decode(page["jpeg"])) for page in answer["pages"]
    ]
    info = ScanInfo(
        serial=issued.serial,
        media_type=answer["media_type"],
        sha256=digest,
        bytes=len(content),
        pages=len(pictures),
        attached=vault.now(),
        attached_by=actor.id,
        attached_name=actor.name,
    )
    with vault.change(actor, AuditAction.ENTRY_SCAN, target=issued.serial, reason=digest) as db:
        if scans.fetch(db, issued.serial):
            raise _other_scan(issued)
        scans.save(db, info, content)
        scans.save_pages(db, issued.serial, pictures)
    return info


def detach_scan(vault: Vault, serial: str, actor: Actor, reason: str) -> None:
    """Remove a scan that belongs to another form; `reason` is required. NotFoundError."""
    number = serials.parse_serial(serial)
    reason = check_reason(reason, "scan.reason", "Say in a few words what is wrong.")
    with vault.change(actor, AuditAction.ENTRY_SCAN_AWAY, target=number, reason=reason) as db:
        if scans.fetch(db, number) is None:
            raise _no_page(number)
        scans.delete(db, number)


def get_scan_file(vault: Vault, serial: str) -> Scan | None:
    """The scan of a form with its file; None when nothing was attached."""
    info = find_scan(vault, serial)
    return Scan(info, scans.fetch_content(vault.db, info.serial)) if info else None


def find_scan(vault: Vault, serial: str) -> ScanInfo | None:
    """What is known of a form's scan; None when nothing was attached."""
    return scans.fetch(vault.db, serials.parse_serial(serial))


def get_page_picture(vault: Vault, serial: str, page: int) -> bytes:
    """A page as JPEG; NotFoundError."""
    number = serials.parse_serial(serial)
    picture = scans.fetch_picture(vault.db, number, page)
    if picture is None:
        raise _no_page(number)
    return picture


def find_field_positions(vault: Vault, serial: str) -> dict[str, FieldPosition]:
    """Where each field stands on the pictures, by key; empty when the scan is turned or cut.

    It is read from where the field was printed, so a page fed askew is off by as much.
    """
    issued = ledger.get_form(vault, serial)
    layout = layouts.find_layout(vault.db, issued.layout)
    sizes = scans.fetch_sizes(vault.db, issued.serial)
    if layout is None or len(sizes) < len(layout.pages):
        return {}
    width, height = layout.size
    if any(abs((w / h) / (width / height) - 1) > _PROPORTION_TOLERANCE for w, h in sizes):
        return {}
    positions: dict[str, FieldPosition] = {}
    for number, page in enumerate(layout.pages, 1):
        for box in page:
            top = height - box.y - box.height
            position = FieldPosition(
                number, box.x / width, top / height, box.width / width, box.height / height
            )
            positions.setdefault(box.key.partition("=")[0], position)
    return positions


def _open_in_sandbox(content: bytes, settings: Settings) -> dict[str, Any]:
    """What `scan_sandbox` says of a file: its kind and pages; InputError when it is unusable."""
    entry = settings.entry
    if not content:
        raise _unusable_scan("it is empty")
    if len(content) > entry.scan_max_bytes:
        raise _unusable_scan("it is too large (entry.scan_max_bytes)")
    limits = entry.scan_memory_bytes, entry.scan_seconds
    try:
        lines = sandbox.read_lines("downtime.entry.scan_sandbox", [], *limits, content=content)
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


def _other_scan(issued: IssuedForm) -> ConflictError:
    number = serials.format_serial(issued.serial)
    return ConflictError(
        "scan.other",
        f"Form {number} has a scan already, and this is another file.",
        "Look at the serial on both; take the wrong one away with a reason.",
    )


def _no_page(serial: str) -> NotFoundError:
    number = serials.format_serial(serial)
    return NotFoundError("scan.none", f"Form {number} has no such page scanned.", "Scan it first.")
