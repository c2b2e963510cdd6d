"""Settle pages without a home: a person types the serial on the paper, or two people put it aside."""

from typing import NamedTuple

from downtime.entry import scan_policies
from downtime.entry.filed_pages import add_page, find_present
from downtime.entry.read_scans import read_scans
from downtime.errors import NotFoundError
from downtime.paper import ledger, serials
from downtime.paper.model import IssuedForm
from downtime.scanning import policies, store
from downtime.scanning.model import AuditAction, BatchPage
from downtime.scanning.place_page import find_page_code
from downtime.scanning.read_files import read_size
from downtime.scanning.scan_codes import ScannedPage
from downtime.settings import Settings
from downtime.vault.model import Actor
from downtime.vault.policies import check_reason
from downtime.vault.vault import Vault


class TypedPage(NamedTuple):
    """The form that a person typed for a page, to be looked at before the page is filed."""

    form: IssuedForm
    page: int


def get_page(vault: Vault, page_id: str) -> BatchPage:
    """A page of a batch; NotFoundError."""
    page = store.fetch_page(vault.db, page_id)
    if page is None:
        raise NotFoundError("scan.no-page", "There is no such page.", "Choose one from the tray.")
    return page


def get_picture(vault: Vault, page_id: str) -> bytes:
    """The JPEG of a page that lies with no form; NotFoundError."""
    picture = store.fetch_picture(vault.db, page_id)
    if picture is None:
        raise NotFoundError(
            "scan.no-picture", "There is no picture of this page.", "Look at its form instead."
        )
    return picture


def check_typed(vault: Vault, page_id: str, serial: str, number: int) -> TypedPage:
    """The form of a typed serial, with its check character; an error where the page cannot lie there.

    A code that was read on the page decides: another serial, or another page, is refused.
    """
    page, form = get_page(vault, page_id), ledger.get_form(vault, serial)
    policies.check_is_homeless(page)
    policies.check_has_picture(page)
    codes = page.codes.split()
    scan_policies.check_scan_is_of(form.serial, codes)
    code = find_page_code(codes)
    number = code.page if code else number
    policies.check_page_fits(form, number, find_present(vault.db, form.serial))
    return TypedPage(form, number)


def file_by_hand(
    vault: Vault, settings: Settings, page_id: str, serial: str, number: int, actor: Actor
) -> TypedPage:
    """Lay a page with the form that a person has seen named on it, and compared."""
    page = get_page(vault, page_id)
    reason = f"{page_id}, page {number}"
    target = serials.parse_serial(serial)
    with vault.change(actor, AuditAction.SCAN_FILE_BY_HAND, target=target, reason=reason) as db:
        typed = check_typed(vault, page_id, serial, number)
        picture = get_picture(vault, page_id)
        codes = tuple(page.codes.split())
        width, height = read_size(picture)
        scanned = ScannedPage(width, height, picture, codes, is_two_tone=bool(page.two_tone))
        add_page(
            db, typed.form, typed.page, scanned, actor, vault.now(),
            without_code=find_page_code(codes) is None,
        )  # fmt: skip
        store.set_filed(db, page_id, typed.form.serial, typed.page, vault.now(), actor.name)
        store.delete_picture(db, page_id)
    read_scans(vault, settings, actor, typed.form.serial)
    return typed


def put_aside(vault: Vault, page_id: str, actor: Actor, reason: str) -> None:
    """Say why a page belongs to no form: it stays in the tray until a second person says so too."""
    reason = check_reason(reason, "scan.reason", "Say what the page is.")
    with vault.change(actor, AuditAction.SCAN_ASIDE, target=page_id, reason=reason) as db:
        policies.check_is_homeless(get_page(vault, page_id))
        store.set_proposed(db, page_id, actor.id, actor.name, reason)


def confirm_aside(vault: Vault, page_id: str, actor: Actor) -> None:
    """The second person's word: the page is out of the tray, and its picture is kept."""
    with vault.change(actor, AuditAction.SCAN_ASIDE_CONFIRM, target=page_id) as db:
        policies.check_can_confirm_aside(get_page(vault, page_id), actor)
        store.set_aside(db, page_id, vault.now(), actor.name)
