"""Write the re-key worklists of an outage: what to key by hand, told apart from what was sent."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

from downtime.clinical import display
from downtime.errors import InputError
from downtime.outage.model import Outage
from downtime.pdf import templates
from downtime.reconcile import store as items_store
from downtime.reconcile.run import latest
from downtime.reconcile.states import RETURNED
from downtime.returns import outbox, store
from downtime.returns.states import QUEUED, RESOLVED, WORKLIST
from downtime.returns.store import Message
from downtime.returns.worklists import rekey, worklist
from downtime.returns.worklists.rekey import RekeyLine
from downtime.returns.worklists.words import SEPARATION
from downtime.settings import Settings
from downtime.vault.audit import Actor
from downtime.vault.files import write_atomic
from downtime.vault.vault import Vault

KINDS = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
}
"""Each kind of file and its media type."""


def write(vault: Vault, settings: Settings, to: Path, who: Actor) -> Iterator[Path]:
    """`worklist.csv` and `.xlsx` of everything that was returned in any way, `.pdf` of what to key."""
    zone = ZoneInfo(settings.site.time_zone)
    outage = latest(vault)
    everything = worklist.rows(_everything(vault, outage, zone), zone)
    to_key = rekey.lines(vault, outage.id)
    contents = [
        ("csv", worklist.to_csv(everything)),
        ("xlsx", _xlsx(everything)),
        *([("pdf", to_pdf(to_key, settings, outage, vault.now()))] if to_key else []),
    ]
    for name, content in contents:
        path = to / f"{WORKLIST}.{name}"
        write_atomic(path, content)
        yield path
    hand_over(vault, to_key, who)


def one(
    vault: Vault, settings: Settings, kind: str, found: Sequence[RekeyLine], who: Actor
) -> bytes:
    """One list as `csv`, `xlsx` or `pdf`; its lines then count as handed over."""
    if kind not in KINDS:
        raise InputError(
            "rekey.kind", "There is no such kind of file.", f"Choose {', '.join(KINDS)}."
        )
    table = rekey.table(found, ZoneInfo(settings.site.time_zone))
    if kind == "csv":
        content = worklist.to_csv(table)
    elif kind == "xlsx":
        content = _xlsx(table)
    else:
        content = to_pdf(found, settings, latest(vault), vault.now())
    hand_over(vault, found, who)
    return content


def _xlsx(table: Sequence[Sequence[str]]) -> bytes:
    from downtime.returns.worklists.workbook import to_xlsx  # loads openpyxl: slow, seldom needed

    return to_xlsx(table)


def to_pdf(found: Sequence[RekeyLine], settings: Settings, outage: Outage, made: str) -> bytes:
    """The lists as A4 pages to tick off, each system and department from a page of its own."""
    zone = ZoneInfo(settings.site.time_zone)
    names = [name for name, _ in worklist.COLUMNS]
    lists: dict[tuple[str, str], list[dict[str, str]]] = {}
    for line, row in zip(found, rekey.table(found, zone), strict=True):
        lists.setdefault(line.listed, []).append(dict(zip(names, row, strict=True)))
    return templates.render(
        "worklist.html",
        hospital=settings.site.name,
        outage=outage.label,
        drill=outage.drill,
        made=display.moment(made, zone),
        lists=list(lists.items()),
    )


def hand_over(vault: Vault, found: Sequence[RekeyLine], who: Actor) -> None:
    """Lines that still wait, whatever was read before, are now in somebody's hands."""
    given = {line.message.control_id for line in found}
    waiting = store.messages(vault.db, channel=WORKLIST, state=QUEUED)
    outbox.handed_over(vault, [one for one in waiting if one.control_id in given], who)


def _everything(vault: Vault, outage: Outage, zone: ZoneInfo) -> Iterator[worklist.Line]:
    sent = {
        item: message
        for message in store.messages(vault.db, outage.id)
        if message.state != RESOLVED
        for item in message.items
    }
    listed = {line.row.key: line for line in rekey.lines(vault, outage.id)}
    compared = items_store.fetch(vault.db, outage.id, decision=RETURNED)
    apart = (line.row for line in listed.values() if line.row.item.fact.type == SEPARATION)
    for row in (*compared, *apart):
        if row.key not in sent:
            continue
        done = rekey.done(listed[row.key], zone) if row.key in listed else ""
        yield worklist.Line(
            row.item.fact,
            row.item.person,
            "Done" if done else _todo(sent[row.key], zone),
            row.decided.decided_by_name,
            row.decided.reason,
            done,
        )


def _todo(sent: Message, zone: ZoneInfo) -> str:
    if sent.channel != WORKLIST:
        return f"Do not key: sent as {sent.kind}, message {sent.control_id}. Check that it arrived."
    if sent.state == QUEUED:
        return "Key this"
    return f"Key this, unless done: already on the list of {display.moment(sent.queued, zone)}"
