"""Destroy the pictures of an outage's pages when their time is over: two people, one after the other.

The second person's word destroys them in the same transaction in which it is kept. What remains of
each page is its form's serial, its number, its digest, and what was read and keyed of it.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import astuple, replace
from typing import NamedTuple

import orjson

from downtime.accounts.people import is_program
from downtime.entry.store import scans
from downtime.errors import ConflictError, NotFoundError
from downtime.paper import ledger
from downtime.returns.model import AuditAction
from downtime.returns.policies import check_reason
from downtime.returns.retention import store
from downtime.returns.retention.model import Destruction, DestructionState, KeptPage
from downtime.returns.retention.policies import (
    check_can_destroy,
    check_is_person,
    check_time_is_over,
    find_signed,
)
from downtime.returns.statement.completeness_statement import Statement, gather_statement
from downtime.scanning import store as scan_store
from downtime.settings import Settings
from downtime.vault.model import Actor
from downtime.vault.vault import Vault


class DuePages(NamedTuple):
    """The pages of an outage whose time is over, and the statement that says so."""

    statement: Statement
    pages: list[KeptPage]

    @property
    def digest(self) -> str:
        """SHA-256 of the list."""
        return hashlib.sha256(orjson.dumps([astuple(page) for page in self.pages])).hexdigest()


def list_due_pages(vault: Vault, settings: Settings, outage: str = "") -> DuePages:
    """The kept pages of an outage whose time is over; ConflictError says why there are none yet.

    Forms that were printed ahead, and never assigned to an outage, are kept.
    """
    statement = gather_statement(vault, settings, outage)
    check_time_is_over(statement, settings.returns.page_keep_days, vault.clock())
    return DuePages(statement, sorted(_list_pages(vault, statement.outage)))


def _list_pages(vault: Vault, outage: str) -> Iterator[KeptPage]:
    for form in ledger.list_forms(vault, outage=outage):
        for number in scans.fetch_kept_pages(vault.db, form.serial):
            picture = scans.fetch_picture(vault.db, form.serial, number) or b""
            yield _describe(form.serial, number, "", picture)
    for page_id in scan_store.fetch_settled_pictures(vault.db, outage):
        yield _describe("", 0, page_id, scan_store.fetch_picture(vault.db, page_id) or b"")


def _describe(serial: str, page: int, box_page: str, picture: bytes) -> KeptPage:
    return KeptPage(serial, page, box_page, hashlib.sha256(picture).hexdigest(), len(picture))


def propose_destruction(
    vault: Vault, settings: Settings, actor: Actor, reason: str, outage: str = ""
) -> Destruction:
    """Sign the list first: nothing is destroyed before a second person signs it too."""
    reason = check_reason(reason)
    check_is_person(is_program=is_program(vault, actor))
    due = list_due_pages(vault, settings, outage)
    if not due.pages:
        raise ConflictError("pages.none", "No page of it is kept here.", "Nothing is to be done.")
    outage_id = due.statement.outage
    with vault.change(actor, AuditAction.PAGES_PROPOSE, target=outage_id, reason=reason) as db:
        store.delete_proposed(db, outage_id)
        destruction = Destruction(
            id=store.next_id(db),
            outage=outage_id,
            state=DestructionState.PROPOSED,
            pages=len(due.pages),
            pages_sha256=due.digest,
            statement_sha256=due.statement.digest,
            signed=find_signed(due.statement),
            proposed_by=actor.id,
            proposed_name=actor.name,
            proposed_at=vault.now(),
            proposed_reason=reason,
        )
        store.save_destruction(db, destruction)
    return destruction


def destroy_pages(
    vault: Vault, settings: Settings, actor: Actor, reason: str, outage: str = ""
) -> Destruction:
    """Sign the list that another person proposed, which destroys its pages; NotFoundError without one."""
    reason = check_reason(reason)
    check_is_person(is_program=is_program(vault, actor))
    due = list_due_pages(vault, settings, outage)
    outage_id = due.statement.outage
    with vault.change(actor, AuditAction.PAGES_DESTROY, target=outage_id, reason=reason) as db:
        proposed = store.find_proposed(db, outage_id)
        if proposed is None:
            raise NotFoundError(
                "pages.unproposed", "Nobody has proposed a list.", "Propose it; another signs it."
            )
        is_as_proposed = (proposed.pages_sha256, proposed.statement_sha256) == (
            due.digest,
            due.statement.digest,
        )
        check_can_destroy(proposed.proposed_by, actor.id, is_as_proposed=is_as_proposed)
        destroyed = replace(
            proposed,
            state=DestructionState.DESTROYED,
            destroyed_by=actor.id,
            destroyed_name=actor.name,
            destroyed_at=vault.now(),
            destroyed_reason=reason,
        )
        store.save_destruction(db, destroyed)
        store.save_pages(db, destroyed.id, due.pages)
        _destroy(vault, due.pages, destroyed.destroyed_at)
    return destroyed


def _destroy(vault: Vault, pages: Sequence[KeptPage], at: str) -> None:
    """Inside the caller's transaction."""
    for serial in sorted({page.serial for page in pages if page.serial}):
        scans.destroy_pictures(vault.db, serial, at)
    for page in pages:
        if page.box_page:
            scan_store.delete_picture(vault.db, page.box_page)
