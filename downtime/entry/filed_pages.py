"""The pages of a form that came one by one: each lies under its printed number, in any order."""

import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import pikepdf
from PIL import Image
from sqlite_utils import Database

from downtime.entry.model import ScanInfo
from downtime.entry.store import scans
from downtime.paper.model import OUT, FormState, IssuedForm, MoveKind
from downtime.paper.store import issued_forms
from downtime.scanning import store as scan_store
from downtime.scanning.kept_picture import PictureType, find_picture_type
from downtime.scanning.place_page import PresentScan
from downtime.scanning.recode_pages import recode_pages
from downtime.scanning.scan_codes import ScannedPage
from downtime.settings import Settings
from downtime.vault.model import Actor

_DOTS_TO_POINTS = 72 / 200
PDF = "application/pdf"


def find_present(db: Database, serial: str) -> PresentScan:
    """What of a form is scanned. One file of which no page says its number stands for all of them."""
    info = scans.fetch(db, serial)
    if info is None:
        return PresentScan()
    if scans.is_paged(db, serial) and not info.doubt:
        return PresentScan(frozenset(scans.fetch_sizes(db, serial)))
    file = [ScannedPage(0, 0, b"", (code,)).page_codes for code in info.codes.split()]
    return PresentScan(
        frozenset(code.page for codes in file for code in codes if code.serial == serial),
        is_whole=True,
    )


def add_page(
    db: Database,
    form: IssuedForm,
    number: int,
    page: ScannedPage,
    actor: Actor,
    at: str,
    *,
    without_code: bool = False,
) -> None:
    """Lay a page with its form inside the caller's transaction; a form that was out has come back."""
    digests = scans.fetch_page_digests(db, form.serial) | {number: page.sha256}
    present = scans.fetch(db, form.serial) or ScanInfo(
        serial=form.serial, media_type=PDF, sha256="", bytes=0, pages=0, attached=at,
        attached_by=actor.id, attached_name=actor.name,
    )  # fmt: skip
    info = replace(
        present,
        sha256=_digest_pages(digests),
        bytes=present.bytes + len(page.picture),
        pages=present.pages + 1,
        codes=" ".join(sorted({*present.codes.split(), *page.codes})),
        without_code=int(present.without_code or without_code),
    )
    scans.add_page(db, info, number, page, at)
    if form.returns and form.state in OUT:
        # A move, not a sight: checking the same paper in by hand is no second paper.
        issued_forms.set_state(
            db, form.serial, FormState.RETURNED, at, actor, "scanned", MoveKind.MOVE
        )


def _digest_pages(digests: Mapping[int, str]) -> str:
    """The same for the same pages, in whatever order they came."""
    text = "".join(f"{number} {digests[number]} " for number in sorted(digests))
    return hashlib.sha256(text.encode()).hexdigest()


def return_pages(db: Database, serial: str) -> None:
    """Put the pages that came in a batch back into the tray, before a form's scan is taken away."""
    for page in scan_store.fetch_filed_pages(db, serial):
        if picture := scans.fetch_picture(db, serial, page.page):
            scan_store.return_to_tray(db, page.id, picture)


def bind_pages(settings: Settings, pictures: Sequence[bytes]) -> bytes:
    """The pages as one PDF, the same bytes for the same pages."""
    document = pikepdf.new()
    for picture in _as_jpeg(settings, pictures):
        width, height = Image.open(io.BytesIO(picture)).size
        box = (0, 0, round(width * _DOTS_TO_POINTS, 2), round(height * _DOTS_TO_POINTS, 2))
        image = document.make_stream(
            picture,
            Type=pikepdf.Name.XObject,
            Subtype=pikepdf.Name.Image,
            Width=width,
            Height=height,
            ColorSpace=pikepdf.Name.DeviceRGB,
            BitsPerComponent=8,
            Filter=pikepdf.Name.DCTDecode,
        )
        page = document.add_blank_page(page_size=(box[2], box[3]))
        page.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(P=image))
        drawing = f"q {box[2]} 0 0 {box[3]} 0 0 cm /P Do Q".encode()
        page.Contents = document.make_stream(drawing)
    out = io.BytesIO()
    document.save(out, deterministic_id=True)
    return out.getvalue()


def _as_jpeg(settings: Settings, pictures: Sequence[bytes]) -> Iterator[bytes]:
    """A PDF takes no WebP: such pages are drawn anew by the child that opens scans."""
    small = [p for p in pictures if find_picture_type(p) is PictureType.WEBP]
    drawn = recode_pages(settings, small, PictureType.JPEG)
    for picture in pictures:
        yield picture if find_picture_type(picture) is PictureType.JPEG else next(drawn)
