"""Write the re-key worklists of an outage: what to key by hand, told apart from what was sent."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

from downtime.clinical import display
from downtime.errors import InputError
from downtime.outage.model import Outage
from downtime.pdf import templates
from downtime.reconcile.latest_outage import find_latest_outage
from downtime.reconcile.model import Decision
from downtime.reconcile.store import items as items_store
from downtime.returns import outbox
from downtime.returns.model import Channel, Message, MessageState
from downtime.returns.rekey import line_table, rekey_lines
from downtime.returns.rekey.line_text import SEPARATION
from downtime.returns.rekey.rekey_lines import RekeyLine
from downtime.returns.store import outbox_messages
from downtime.settings import Settings
from downtime.vault.files import write_atomic
from downtime.vault.model import Actor
from downtime.vault.vault import Vault

KINDS = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
}
"""Each kind of file and its media type."""


def write_worklists(vault: Vault, settings: Settings, to: Path, actor: Actor) -> Iterator[Path]:
    """`worklist.csv` and `.xlsx` of everything that was returned in any way, `.pdf` of what to key."""
    zone = ZoneInfo(settings.site.time_zone)
    outage = find_latest_outage(vault)
    everything = line_table.build_rows(_list_everything(vault, outage, zone), zone)
    to_key = rekey_lines.list_lines(vault, outage.id)
    contents = [
        ("csv", line_table.to_csv(everything)),
        ("xlsx", _xlsx(everything)),
        *([("pdf", to_pdf(to_key, settings, outage, vault.now()))] if to_key else []),
    ]
    for name, content in contents:
        path = to / f"{Channel.WORKLIST}.{name}"
        write_atomic(path, content)
        yield path
    mark_handed_over(vault, to_key, actor)


def write_worklist(
    vault: Vault, settings: Settings, kind: str, found: Sequence[RekeyLine], actor: Actor
) -> bytes:
    """One list as `csv`, `xlsx` or `pdf`; its lines then count as handed over."""
    if kind not in KINDS:
        raise InputError(
            "rekey.kind", "There is no such kind of file.", f"Choose {', '.join(KINDS)}."
        )
    table = rekey_lines.build_table(found, ZoneInfo(settings.site.time_zone))
    if kind == "csv":
        content = line_table.to_csv(table)
    elif kind == "xlsx":
        content = _xlsx(table)
    else:
        content = to_pdf(found, settings, find_latest_outage(vault), vault.now())
    mark_handed_over(vault, found, actor)
    return content


def _xlsx(table: Sequence[Sequence[str]]) -> bytes:
    from downtime.returns.rekey.workbook import to_xlsx

    return to_xlsx(table)


def to_pdf(found: Sequence[RekeyLine], settings: Settings, outage: Outage, made: str) -> bytes:
    """The lists as A4 pages to tick off, each system and department from a page of its own."""
    zone = ZoneInfo(settings.site.time_zone)
    names = [name for name, _ in line_table.COLUMNS]
    lists: dict[tuple[str, str], list[dict[str, str]]] = {}
    for line, row in zip(found, rekey_lines.build_table(found, zone), strict=True):
        lists.setdefault(line.worklist, []).append(dict(zip(names, row, strict=True)))
    return templates.render_pdf(
        "worklist.html",
        hospital=settings.site.name,
        outage=outage.label,
        drill=outage.drill,
        made=display.format_moment(made, zone),
        lists=list(lists.items()),
    )


def mark_handed_over(vault: Vault, found: Sequence[RekeyLine], actor: Actor) -> None:
    """Lines that still wait, whatever was read before, are now in somebody's hands."""
    given = {line.message.control_id for line in found}
    waiting = outbox_messages.list_messages(
        vault.db, channel=Channel.WORKLIST, state=MessageState.QUEUED
    )
    outbox.mark_handed_over(vault, [one for one in waiting if one.control_id in given], actor)


def _list_everything(
    vault: Vault, outage: Outage, zone: ZoneInfo
) -> Iterator[line_table.PrintedLine]:
    sent = {
        item: message
        for message in outbox_messages.list_messages(vault.db, outage.id)
        if message.state != MessageState.RESOLVED
        for item in message.items
    }
    listed = {line.row.key: line for line in rekey_lines.list_lines(vault, outage.id)}
    compared = items_store.fetch_items(vault.db, outage.id, decision=Decision.RETURNED)
    apart = (line.row for line in listed.values() if line.row.item.fact.type == SEPARATION)
    for row in (*compared, *apart):
        if row.key not in sent:
            continue
        done = rekey_lines.describe_tick(listed[row.key], zone) if row.key in listed else ""
        yield line_table.PrintedLine(
            row.item.fact,
            row.item.person,
            "Done" if done else _instruction(sent[row.key], zone),
            row.decided.decided_by_name,
            row.decided.reason,
            done,
        )


def _instruction(sent: Message, zone: ZoneInfo) -> str:
    if sent.channel != Channel.WORKLIST:
        return f"Do not key: sent as {sent.kind}, message {sent.control_id}. Check that it arrived."
    if sent.state == MessageState.QUEUED:
        return "Key this"
    return (
        f"Key this, unless done: already on the list of {display.format_moment(sent.queued, zone)}"
    )
