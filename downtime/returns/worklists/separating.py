"""Lines that ask people to separate two patients whom a downtime number had joined wrongly."""

from sqlite_utils import Database

from downtime.entry.facts import Fact
from downtime.reconcile.identity.linking import UNLINKED, Merge, merges
from downtime.reconcile.item import Item
from downtime.reconcile.states import CONFLICT, RETURNED
from downtime.reconcile.store import Decided, ItemRow
from downtime.returns import store
from downtime.returns.drafts import merge_key
from downtime.returns.store import Message
from downtime.returns.worklists.words import SEPARATION


def rows(db: Database, outage: str, listed: dict[str, Message]) -> list[ItemRow]:
    """The separations among these messages of worklists (by control ID), as rows of their own."""
    found = []
    for merge in merges(db, outage):
        if merge.state != UNLINKED:
            continue
        keys = {merge_key(merge, one.system): one.system for one in listed.values()}
        for key, carried in store.carried(db, keys).items():
            if any(number in listed for number, _ in carried):
                found.append(_row(merge, key, keys[key], outage))
    return found


def _row(merge: Merge, key: str, system: str, outage: str) -> ItemRow:
    fact = Fact(
        key=key,
        type=SEPARATION,
        system=system,
        form="",
        serial="",
        person=merge.downtime,
        event=merge.decided,
        author=merge.decided_by_name,
        fields={"text": f"Separate {merge.number} again"},
        notes=(
            ("Was joined with", _named(merge)),
            ("To do", "Split the two records, and move what belongs to the downtime number back."),
        ),
    )
    person = merge.survivor._replace(downtime_number=merge.number)
    decided = Decided(
        decision=RETURNED,
        decided=merge.decided,
        decided_by_name=merge.decided_by_name,
        reason="The link was undone.",
    )
    item = Item(fact, CONFLICT, "", person=person)
    return ItemRow(item, outage, "", "", merge.decided, decided)


def _named(merge: Merge) -> str:
    who = merge.survivor
    return " ".join(filter(None, (who.mrn or who.nhs_number, who.family, who.given)))
