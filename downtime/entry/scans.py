"""The scan of a form beside its fields: attached, checked by its content, kept in the vault only."""

import base64
import hashlib
from dataclasses import asdict, dataclass
from typing import Any

import orjson

from downtime.entry import store_scans
from downtime.errors import ConflictError, InputError, NotFoundError
from downtime.paper import ledger, serials
from downtime.paper import store as paper_store
from downtime.paper.issue import Issued
from downtime.processes import sandbox
from downtime.settings import Settings
from downtime.vault.audit import Actor
from downtime.vault.vault import Vault

_ALIKE = 0.05
"""How far the proportions of a picture may be from those of the printed page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What is known of a scan without opening it; `attached` is UTC as stored."""

    serial: str
    media_type: str
    sha256: str
    bytes: int
    pages: int
    attached: str
    attached_by: str
    attached_name: str


@dataclass(frozen=True, slots=True)
class Scan:
    """A scan with the file as it came."""

    about: About
    content: bytes


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a field stands on a page's picture: parts of its width and height, from the top left."""

    page: int
    x: float
    y: float
    width: float
    height: float


def attach(vault: Vault, settings: Settings, serial: str, content: bytes, who: Actor) -> About:
    """Keep a PDF, PNG or JPEG as the scan of a form; the same file again changes nothing.

    InputError says why it cannot be one; ConflictError when the form has another one already: each
    serial has one paper, so one of the two belongs to another form.
    """
    issued = ledger.issued(vault, serial)
    digest = hashlib.sha256(content).hexdigest()
    if present := about(vault, issued.serial):
        if present.sha256 == digest:
            return present
        raise _other(issued)
    opened = _opened(content, settings)
    pictures = [
        (page["width"], page["height"], base64.b64decode(page["jpeg"])) for page in opened["pages"]
    ]
    made = About(
        serial=issued.serial,
        media_type=opened["media_type"],
        sha256=digest,
        bytes=len(content),
        pages=len(pictures),
        attached=vault.now(),
        attached_by=who.id,
        attached_name=who.name,
    )
    with vault.change(who, "entry.scan", target=issued.serial, why=digest) as db:
        if store_scans.about(db, issued.serial):
            raise _other(issued)
        store_scans.save(db, asdict(made), content)
        store_scans.save_pages(db, issued.serial, pictures)
    return made


def detach(vault: Vault, serial: str, who: Actor, why: str) -> None:
    """Take a scan away that belongs to another form; `why` is required. NotFoundError."""
    number = serials.parse(serial)
    if not why.strip():
        raise InputError("scan.reason", "A reason is needed.", "Say in a few words what is wrong.")
    with vault.change(who, "entry.scan-away", target=number, why=why.strip()) as db:
        if store_scans.about(db, number) is None:
            raise _none(number)
        store_scans.drop(db, number)


def get(vault: Vault, serial: str) -> Scan | None:
    """The scan of a form with its file; None when nothing was attached."""
    known = about(vault, serial)
    return Scan(known, store_scans.content(vault.db, known.serial)) if known else None


def about(vault: Vault, serial: str) -> About | None:
    """What is known of a form's scan; None when nothing was attached."""
    row = store_scans.about(vault.db, serials.parse(serial))
    return About(**row) if row else None


def picture(vault: Vault, serial: str, page: int) -> bytes:
    """A page as JPEG; NotFoundError."""
    found = store_scans.picture(vault.db, serials.parse(serial), page)
    if found is None:
        raise _none(serials.parse(serial))
    return found


def places(vault: Vault, serial: str) -> dict[str, Spot]:
    """Where each field stands on the pictures, by key; empty when the scan is turned or cut.

    It is read from where the field was printed, so a page fed askew is off by as much.
    """
    issued = ledger.issued(vault, serial)
    layout = paper_store.layout(vault.db, issued.layout)
    sizes = store_scans.sizes(vault.db, issued.serial)
    if layout is None or len(sizes) < len(layout.pages):
        return {}
    wide, high = layout.size
    if any(abs((w / h) / (wide / high) - 1) > _ALIKE for w, h in sizes):
        return {}
    found: dict[str, Spot] = {}
    for number, page in enumerate(layout.pages, 1):
        for place in page:
            top = high - place.y - place.height
            spot = Spot(number, place.x / wide, top / high, place.width / wide, place.height / high)
            found.setdefault(place.key.partition("=")[0], spot)
    return found


def _opened(content: bytes, settings: Settings) -> Any:
    entry = settings.entry
    if not content:
        raise _unfit("it is empty")
    if len(content) > entry.scan_max_bytes:
        raise _unfit("it is too large (entry.scan_max_bytes)")
    limits = entry.scan_memory_bytes, entry.scan_seconds
    try:
        said = b"".join(sandbox.lines("downtime.entry.scan_child", [], *limits, given=content))
        answer = orjson.loads(said)
    except sandbox.ChildFailedError as error:
        why = "it takes too long to open" if error.late else "it is damaged, or asks for too much"
        raise _unfit(why) from None
    if "error" in answer:
        raise _unfit(answer["error"])
    return answer


def _unfit(why: str) -> InputError:
    return InputError(
        "scan.unfit",
        f"This file cannot be the scan of a form: {why}.",
        "Scan the paper again as PDF, PNG or JPEG.",
    )


def _other(issued: Issued) -> ConflictError:
    return ConflictError(
        "scan.other",
        f"Form {serials.shown(issued.serial)} has a scan already, and this is another file.",
        "Look at the serial on both; take the wrong one away with a reason.",
    )


def _none(serial: str) -> NotFoundError:
    return NotFoundError(
        "scan.none", f"Form {serials.shown(serial)} has no such page scanned.", "Scan it first."
    )
