"""Every list of the recovery with its count, in the order in which records work them off."""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from flask import url_for

from downtime.entry import queues
from downtime.outage.model import Outage
from downtime.reconcile import store as items
from downtime.reconcile.harm import store as harm
from downtime.reconcile.harm.findings import KINDS, MISMATCH, WAITING
from downtime.reconcile.identity import unlinked
from downtime.reconcile.states import (
    CONFLICT,
    HELD,
    NEW,
    NEWER_LIVE,
    OPEN,
    PROPOSED,
    RETURN,
    UNMATCHED,
)
from downtime.reconcile.store import Filter
from downtime.returns import states as sending
from downtime.returns import store as messages
from downtime.returns.worklists import rekey
from downtime.sync import lists, reports
from downtime.web import current
from downtime.web.guard import may

_TO_DECIDE = {
    CONFLICT: "Conflicts to be decided",
    NEW: "New items to be decided",
    NEWER_LIVE: "Newer live items to be decided",
    UNMATCHED: "Unmatched items to be decided",
    HELD: "Held items to be decided",
}


class Line(NamedTuple):
    """One list: how many wait in it, and its page; `loud` when it cannot wait."""

    text: str
    n: int
    address: str
    """Empty for who may not open it."""
    loud: bool = False
    within: bool = False
    """Whether these are among those of the line before."""


def steps(outage: Outage) -> dict[str, list[Line]]:
    """The steps of a recovery, each with its lists."""
    return {
        "Paper": list(_paper(outage)),
        "Entry": list(_entry()),
        "Who is who": list(_people(outage)),
        "Comparison": list(_comparison(outage)),
        "Returns": list(_returns(outage)),
        "Sign-off": list(_harm(outage)),
    }


def _paper(outage: Outage) -> Iterator[Line]:
    vault, now = current.vault(), current.vault().now()
    for name in lists.TO_SETTLE:
        found = lists.listing(vault, current.settings(), name, outage.id)
        page = url_for("booking.listing", name=name)
        yield _line(f"Paper {lists.TITLES[name].lower()}", len(found), "ledger.view", page)
        if late := sum(line.is_overdue(now) for line in found):
            words = "of them overdue at their owners"
            yield _line(words, late, "ledger.view", page, loud=True, within=True)
    awaited = len(reports.missing(vault, outage))
    yield _line("Laptops still awaited", awaited, "handover.view", url_for("handover.show"))


def _entry() -> Iterator[Line]:
    counted = queues.totals(queues.lines(current.vault(), current.settings()))
    for name, title in queues.QUEUES.items():
        yield _line(title, counted[name], "entry.key", url_for("queues.show", name=name))


def _people(outage: Outage) -> Iterator[Line]:
    states = [one.state for one in unlinked.unknowns(current.vault(), current.settings(), outage)]
    for state, text in (
        (unlinked.TO_LINK, "People on paper to be linked"),
        (unlinked.TO_CONFIRM, "Links for a second person"),
    ):
        address = url_for("identity.show", state=state)
        yield _line(text, states.count(state), "identity.list", address)


def _comparison(outage: Outage) -> Iterator[Line]:
    db = current.vault().db
    counted = items.grouped(db, outage.id, "state", Filter(open_only=True))
    for state, text in _TO_DECIDE.items():
        address = url_for("comparison.show", state=state, decided=OPEN)
        n = counted.get(state, 0)
        yield _line(text, n, "reconcile.list", address, loud=state == CONFLICT)
    proposed = items.number(db, outage.id, Filter(decision=PROPOSED))
    address = url_for("comparison.show", decided=PROPOSED)
    yield _line(
        "of all these, for a second person", proposed, "reconcile.list", address, within=True
    )


def _returns(outage: Outage) -> Iterator[Line]:
    db, shown = current.vault().db, url_for("returning.show")
    decided = items.number(db, outage.id, Filter(decision=RETURN))
    yield _line("Items decided and not gone out yet", decided, "return.export", shown)
    states = messages.sent_counts(db, outage.id)
    for state, text in (
        (sending.REFUSED, "Messages refused"),
        (sending.HELD, "Messages held behind a refused one"),
    ):
        n = sum(row["messages"] for row in states if row["state"] == state)
        yield _line(text, n, "return.export", f"{shown}#{state}", loud=True)
    left = sum(row["lines"] - row["done"] for row in rekey.counts(db, outage.id))
    yield _line("Worklist lines to be keyed by hand", left, "rekey.list", url_for("worklists.show"))


def _harm(outage: Outage) -> Iterator[Line]:
    counted: Counter[str] = Counter()
    for row in harm.counts(current.vault().db, outage.id):
        counted[row["kind"]] += row["open"]
    for kind in (WAITING, MISMATCH):
        page = url_for("harm.show", kind=kind)
        yield _line(f"Harm review: {KINDS[kind].lower()}", counted[kind], "harm.list", page)


def _line(
    text: str, n: int, needs: str, address: str, *, loud: bool = False, within: bool = False
) -> Line:
    return Line(text, n, address if may(needs) else "", loud, within)
