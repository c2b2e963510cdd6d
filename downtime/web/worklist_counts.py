"""Every list of the recovery with its count, in the order in which records work them off."""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from flask import url_for

from downtime.accounts.model import Permission
from downtime.entry import work_queues
from downtime.outage.model import Outage
from downtime.reconcile.harm import store as harm
from downtime.reconcile.harm.model import KINDS, FindingKind
from downtime.reconcile.identity import unidentified
from downtime.reconcile.model import PROPOSED, Decision, ItemFilter, ItemState
from downtime.reconcile.store import items as items
from downtime.returns.model import MessageState
from downtime.returns.store import outbox_messages as messages
from downtime.returns.store import rekey_ticks
from downtime.sync import laptop_reports, paper_lists
from downtime.web import request_context
from downtime.web.access_control import has_permission

_TO_DECIDE = {
    ItemState.CONFLICT: "Conflicts to decide",
    ItemState.NEW: "New items to decide",
    ItemState.NEWER_LIVE: "Items to decide where the system has newer data",
    ItemState.UNMATCHED: "Unmatched items to decide",
    ItemState.NOT_COMPARED: "Items to decide that are filed, not returned",
    ItemState.NOT_RECOVERED: "Items that wait for newer data of their system",
}


class WorklistCount(NamedTuple):
    """One list: how many wait in it, and its page; `is_urgent` when it cannot wait."""

    text: str
    waiting: int
    address: str
    """Empty for who may not open it."""
    is_urgent: bool = False
    is_part_of_previous: bool = False
    """Whether these are among those of the line before."""


def count_worklists(outage: Outage) -> dict[str, list[WorklistCount]]:
    """The steps of a recovery, each with its lists."""
    return {
        "Paper": list(_count_paper(outage)),
        "Entry": list(_count_entries()),
        "Identity": list(_count_people(outage)),
        "Comparison": list(_count_items(outage)),
        "Returns": list(_count_returns(outage)),
        "Sign-off": list(_count_findings(outage)),
    }


def _count_paper(outage: Outage) -> Iterator[WorklistCount]:
    vault = request_context.vault()
    counts = paper_lists.count_to_settle(vault, request_context.settings(), outage)
    for name, counted in counts.items():
        page = url_for("check_in.list_papers", name=name)
        yield _worklist(
            f"Forms {paper_lists.TITLES[name].lower()}", counted.lines, Permission.LEDGER_VIEW, page
        )
        if counted.overdue:
            text = "of these, overdue"
            yield _worklist(
                text, counted.overdue, Permission.LEDGER_VIEW, page, loud=True, within=True
            )
    awaited = len(laptop_reports.find_awaited(vault, outage))
    yield _worklist(
        "Laptops that have not sent their data",
        awaited,
        Permission.SYNC_VIEW,
        url_for("laptops.show"),
    )


def _count_entries() -> Iterator[WorklistCount]:
    counted = work_queues.totals(
        work_queues.count_queues(request_context.vault(), request_context.settings())
    )
    for name, title in work_queues.QUEUE_TITLES.items():
        yield _worklist(
            title, counted[name], Permission.ENTRY_KEY, url_for("queues.show", name=name)
        )


def _count_people(outage: Outage) -> Iterator[WorklistCount]:
    states = [
        patient.state
        for patient in unidentified.list_unidentified(
            request_context.vault(), request_context.settings(), outage
        )
    ]
    for state, text in (
        (unidentified.PersonState.TO_LINK, "Patients to link"),
        (unidentified.PersonState.TO_CONFIRM, "Links for a second person to confirm"),
    ):
        address = url_for("identity.show", state=state)
        yield _worklist(text, states.count(state), Permission.IDENTITY_LIST, address)


def _count_items(outage: Outage) -> Iterator[WorklistCount]:
    db = request_context.vault().db
    counted = items.count_items_by(db, outage.id, "state", ItemFilter(open_only=True))
    for state, text in _TO_DECIDE.items():
        address = url_for("comparison.show", state=state, decided=Decision.OPEN)
        n = counted.get(state, 0)
        yield _worklist(
            text, n, Permission.RECONCILE_LIST, address, loud=state == ItemState.CONFLICT
        )
    proposed = items.count_items(db, outage.id, ItemFilter(decision=PROPOSED))
    address = url_for("comparison.show", decided=PROPOSED)
    text = "Proposed, for a second person to decide"
    yield _worklist(text, proposed, Permission.RECONCILE_LIST, address)


def _count_returns(outage: Outage) -> Iterator[WorklistCount]:
    db, shown = request_context.vault().db, url_for("returns.show")
    decided = items.count_items(db, outage.id, ItemFilter(decision=Decision.RETURN))
    yield _worklist("Items decided and not sent yet", decided, Permission.RETURN_EXPORT, shown)
    states = messages.count_messages(db, outage.id)
    for state, text in (
        (MessageState.REFUSED, "Messages refused"),
        (MessageState.HELD, "Messages waiting behind a refused one"),
    ):
        n = sum(row.messages for row in states if row.state == state)
        yield _worklist(text, n, Permission.RETURN_EXPORT, f"{shown}#{state}", loud=True)
    open_lines = sum(row.lines - row.done for row in rekey_ticks.count_lines(db, outage.id))
    yield _worklist(
        "Worklist lines to key by hand",
        open_lines,
        Permission.REKEY_LIST,
        url_for("rekey_worklists.show"),
    )


def _count_findings(outage: Outage) -> Iterator[WorklistCount]:
    counted: Counter[str] = Counter()
    for row in harm.count_findings(request_context.vault().db, outage.id):
        counted[row["kind"]] += row["open"]
    for kind in (FindingKind.WAITING, FindingKind.MISMATCH):
        page = url_for("harm.show", kind=kind)
        yield _worklist(
            f"Harm review: {KINDS[kind].lower()}", counted[kind], Permission.HARM_LIST, page
        )


def _worklist(
    text: str, n: int, needs: Permission, address: str, *, loud: bool = False, within: bool = False
) -> WorklistCount:
    return WorklistCount(text, n, address if has_permission(needs) else "", loud, within)
