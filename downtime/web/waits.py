"""Every list of the recovery with its count, in the order in which records work them off."""

from collections.abc import Iterator
from typing import NamedTuple

from flask import url_for

from downtime.entry import queues
from downtime.handover import lists, reports
from downtime.outage.model import Outage
from downtime.reconcile import store as items
from downtime.reconcile.harm import store as harm
from downtime.reconcile.identity import unlinked
from downtime.reconcile.states import CONFLICT, OPEN, RETURN
from downtime.reconcile.store import Filter
from downtime.returns import store as messages
from downtime.returns.states import HELD, REFUSED
from downtime.returns.worklists import rekey
from downtime.web import current
from downtime.web.guard import may


class Line(NamedTuple):
    """One list: how many wait in it, and its page; `loud` when it cannot wait."""

    text: str
    n: int
    address: str
    """Empty for who may not open it."""
    loud: bool = False


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
    late = 0
    for name in lists.TO_SETTLE:
        found = lists.listing(vault, name, outage.id)
        late += sum(line.is_overdue(now) for line in found)
        yield _line(
            f"Paper {lists.TITLES[name].lower()}",
            len(found),
            "ledger.view",
            url_for("booking.listing", name=name),
        )
    listed = url_for("booking.listing", name=lists.MISSING)
    yield _line("Overdue at their owners", late, "ledger.view", listed, loud=True)
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
    conflicts = items.number(db, outage.id, Filter(state=CONFLICT, open_only=True))
    every = items.number(db, outage.id, Filter(open_only=True))
    address = url_for("comparison.show", state=CONFLICT, decided=OPEN)
    yield _line("Conflicts to be decided", conflicts, "reconcile.list", address, loud=True)
    yield _line(
        "Other items to be decided", every - conflicts, "reconcile.list", url_for("comparison.show")
    )


def _returns(outage: Outage) -> Iterator[Line]:
    db, shown = current.vault().db, url_for("returning.show")
    decided = items.number(db, outage.id, Filter(decision=RETURN))
    yield _line("Items decided and not gone out yet", decided, "return.export", shown)
    states = messages.sent_counts(db, outage.id)
    for state, text in (
        (REFUSED, "Messages refused"),
        (HELD, "Messages held behind a refused one"),
    ):
        n = sum(row["messages"] for row in states if row["state"] == state)
        yield _line(text, n, "return.export", f"{shown}#refused", loud=True)
    left = sum(row["lines"] - row["done"] for row in rekey.counts(db, outage.id))
    yield _line("Worklist lines to be keyed by hand", left, "rekey.list", url_for("worklists.show"))


def _harm(outage: Outage) -> Iterator[Line]:
    left = sum(row["open"] for row in harm.counts(current.vault().db, outage.id))
    yield _line("Findings of the harm review", left, "harm.list", url_for("harm.show"))


def _line(text: str, n: int, needs: str, address: str, *, loud: bool = False) -> Line:
    return Line(text, n, address if may(needs) else "", loud)
