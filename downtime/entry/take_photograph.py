"""A page photographed with a telephone: filed at once, or asked for again while the paper is still in hand.

What is too soft to be read, shows no code, or cannot be measured is not kept unless its person says so.
"""

import hashlib
from typing import NamedTuple

from downtime.entry.judge_second_scans import judge_second_scans
from downtime.entry.read_scans import read_scans
from downtime.entry.take_in_batch import take_in_photograph
from downtime.errors import InputError
from downtime.paper.store import issued_forms, layouts
from downtime.scanning import store
from downtime.scanning.model import BatchPage, PageOutcome
from downtime.scanning.page_reading import GATE_REASONS
from downtime.scanning.place_page import find_page_code
from downtime.scanning.read_files import FileToRead, ReadPage, read_pages
from downtime.scanning.read_issued_pages import KeptPage, read_issued_pages
from downtime.scanning.scan_codes import ScannedPage
from downtime.scanning.sharpness import is_blurred
from downtime.settings import Settings
from downtime.vault.model import Actor
from downtime.vault.vault import Vault

_BLURRED = "it is too blurred to be read"
_NO_CODE = "no code of a form can be read on it"


class Photograph(NamedTuple):
    """What became of a photograph: a page of a batch, or why it is to be taken again."""

    page: BatchPage | None
    fault: str = ""
    """The reason, in the middle of a sentence; nothing was kept then."""

    @property
    def is_filed(self) -> bool:
        """Whether the page lies with its form now."""
        return self.page is not None and self.page.outcome == PageOutcome.FILED


def take_photograph(
    vault: Vault, settings: Settings, content: bytes, name: str, actor: Actor, *, keep: bool = False
) -> Photograph:
    """Keep a photograph in the batch of that name; `keep` takes one that is hard to read too.

    InputError for what is no picture of one page.
    """
    if len(content) > settings.entry.scan_max_bytes:
        raise InputError(
            "scan.unfit", "The photograph is too large (entry.scan_max_bytes).", "Take it smaller."
        )
    file = FileToRead(hashlib.sha256(content).hexdigest(), "Photograph", content=content)
    pages = [line for line in read_pages(settings, [file]) if not line.is_last]
    if len(pages) != 1 or pages[0].page is None:
        raise InputError(
            "scan.unfit", "This is no photograph of one page.", "Take a picture of one page."
        )
    fault = "" if keep else _find_fault(vault, settings, pages[0].page)
    if fault:
        return Photograph(None, fault)
    return _keep(vault, settings, name, pages[0], actor)


def _keep(vault: Vault, settings: Settings, name: str, line: ReadPage, actor: Actor) -> Photograph:
    page = take_in_photograph(vault, settings, name, line, actor)
    if page.outcome == PageOutcome.FILED:
        read_scans(vault, settings, actor, page.serial)
    if page.outcome == PageOutcome.SECOND_SCAN:
        judge_second_scans(vault, settings, page.batch, actor)
    return Photograph(store.fetch_page(vault.db, page.id))


def _find_fault(vault: Vault, settings: Settings, page: ScannedPage) -> str:
    """Why it is to be taken again; what it is of is for the batch to say."""
    if is_blurred(page.picture):
        return _BLURRED
    code = find_page_code(page.codes)
    if code is None:
        return _NO_CODE
    form = issued_forms.find_form(vault.db, code.serial)
    layout = layouts.find_layout(vault.db, form.layout) if form else None
    if form is None or layout is None:
        return ""
    photographed = KeptPage(
        form.serial, code.page, form.layout, form.drill, page.picture, page.is_two_tone
    )
    (reading,) = read_issued_pages(settings, {form.layout: layout}, [photographed])
    return GATE_REASONS[reading.gate] if reading.gate else ""
