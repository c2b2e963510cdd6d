"""A blank form as a printer gives it, to write on and to scan."""

import io

import cv2
import pypdfium2

from downtime.paper import ledger
from downtime.paper.packs.blank_forms import BlankForms
from downtime.paper.packs.print_pack import print_pack
from downtime.paper.store import layouts
from tests.unit.scanning.returned_page import DPI, FORM, ReturnedPage


def print_paper(vault, settings, actor, form=FORM) -> tuple[str, ReturnedPage]:
    """Its serial, and its first page."""
    out = io.BytesIO()
    before = {issued.serial for issued in ledger.list_forms(vault)}
    order = BlankForms(forms=(form,), copies=1, ward="A1")
    print_pack(vault, settings, order, actor, "for a test", out)
    (issued,) = (f for f in ledger.list_forms(vault) if f.serial not in before)
    layout = layouts.find_layout(vault.db, issued.layout)
    with pypdfium2.PdfDocument(out.getvalue()) as document:
        picture = document[0].render(scale=DPI / 72, grayscale=True).to_numpy().copy()
    return issued.serial, ReturnedPage(layout, picture)


def as_png(page: ReturnedPage, worsen=lambda picture: picture, **how) -> bytes:
    """The page as a scanner's file, made worse by `worsen`."""
    return cv2.imencode(".png", worsen(page.scanned(**how)))[1].tobytes()
