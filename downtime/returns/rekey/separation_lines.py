"""Lines that ask people to separate two patients whom a downtime number had joined wrongly."""

from sqlite_utils import Database

from downtime.entry.facts import Fact
from downtime.reconcile.identity.links import list_merges
from downtime.reconcile.identity.model import Merge, MergeState
from downtime.reconcile.model import Decision, DecisionRecord, Item, ItemState, StoredItem
from downtime.returns.message_drafts import make_merge_key
from downtime.returns.model import Message
from downtime.returns.rekey.line_text import SEPARATION
from downtime.returns.store import outbox_messages


def list_separations(db: Database, outage: str, listed: dict[str, Message]) -> list[StoredItem]:
    """The separations among these messages of worklists (by control ID), as rows of their own."""
    found = []
    for merge in list_merges(db, outage):
        if merge.state != MergeState.UNLINKED:
            continue
        keys = {make_merge_key(merge, one.system): one.system for one in listed.values()}
        for key, carried in outbox_messages.find_carriers(db, keys).items():
            if any(number in listed for number, _ in carried):
                found.append(_separation_row(merge, key, keys[key], outage))
    return found


def _separation_row(merge: Merge, key: str, system: str, outage: str) -> StoredItem:
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
            ("Was joined with", _survivor_text(merge)),
            ("To do", "Split the two records, and move what belongs to the downtime number back."),
        ),
    )
    person = merge.survivor._replace(downtime_number=merge.number)
    decided = DecisionRecord(
        decision=Decision.RETURNED,
        decided=merge.decided,
        decided_by_name=merge.decided_by_name,
        reason="The link was undone.",
    )
    item = Item(fact, ItemState.CONFLICT, (), person=person)
    return StoredItem(item, outage, "", "", merge.decided, decided)


def _survivor_text(merge: Merge) -> str:
    survivor = merge.survivor
    number = survivor.mrn or survivor.nhs_number
    return " ".join(filter(None, (number, survivor.family, survivor.given)))
