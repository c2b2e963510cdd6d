"""Write the re-key worklist of an outage: what to key by hand, told apart from what was sent."""

from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

from downtime.clinical import display
from downtime.config import Settings
from downtime.reconcile import store as items_store
from downtime.reconcile.run import latest
from downtime.reconcile.states import RETURNED
from downtime.returns import outbox, store, worklist
from downtime.returns.outbox_states import QUEUED, RESOLVED, WORKLIST
from downtime.returns.store import Message
from downtime.vault.audit import Actor
from downtime.vault.files import write_atomic
from downtime.vault.vault import Vault


def write(vault: Vault, settings: Settings, to: Path, who: Actor) -> Iterator[Path]:
    """`worklist.csv` and `worklist.xlsx` of everything that was returned in any way."""
    zone = ZoneInfo(settings.site.time_zone)
    outage = latest(vault).id
    sent = {
        item: message
        for message in store.messages(vault.db, outage)
        if message.state != RESOLVED
        for item in message.items
    }
    lines = [
        worklist.Line(
            row.item.fact,
            row.item.person,
            _todo(sent[row.key], zone),
            row.decided.decided_by_name,
            row.decided.reason,
        )
        for row in items_store.fetch(vault.db, outage, decision=RETURNED)
        if row.key in sent
    ]
    table = worklist.rows(lines, zone)
    for name, content in (("csv", worklist.to_csv(table)), ("xlsx", worklist.to_xlsx(table))):
        path = to / f"{WORKLIST}.{name}"
        write_atomic(path, content)
        yield path
    listed = store.messages(vault.db, outage, channel=WORKLIST, state=QUEUED)
    outbox.handed_over(vault, list(listed), who)


def _todo(sent: Message, zone: ZoneInfo) -> str:
    if sent.channel != WORKLIST:
        return f"Do not key: sent as {sent.kind}, message {sent.control_id}. Check that it arrived."
    if sent.state == QUEUED:
        return "Key this"
    return f"Key this, unless done: already on the list of {display.moment(sent.queued, zone)}"
