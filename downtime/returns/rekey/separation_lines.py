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


def list_separations(db: Database, outage: str, messages: dict[str, Message]) -> list[StoredItem]:
    """The separations among these messages of worklists (by control ID), as rows of their own."""
    systems = sorted({message.system for message in messages.values()})
    rows = []
    for merge in list_merges(db, outage):
        if merge.state != MergeState.UNLINKED:
            continue
        system_by_key = {make_merge_key(merge, system): system for system in systems}
        for key, carriers in outbox_messages.find_carriers(db, system_by_key).items():
            if any(carrier.control_id in messages for carrier in carriers):
                rows.append(_separation_row(merge, key, system_by_key[key], outage))
    return rows


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
