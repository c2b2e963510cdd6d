"""Write the re-key worklists of an outage: what to key by hand, and beside it what was sent."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from zoneinfo import ZoneInfo

from downtime.clinical import display
from downtime.errors import parse_choice
from downtime.outage.model import Outage
from downtime.pdf import templates
from downtime.reconcile.latest_outage import find_latest_outage
from downtime.reconcile.model import Decision
from downtime.reconcile.store import items as items_store
from downtime.returns import outbox
from downtime.returns.model import Channel, Message, MessageState
from downtime.returns.rekey import line_table, rekey_lines
from downtime.returns.rekey.line_text import SEPARATION
from downtime.returns.rekey.model import LineState, RekeyLine
from downtime.returns.store import outbox_messages
from downtime.settings import Settings
from downtime.vault.files import write_atomic
from downtime.vault.model import Actor
from downtime.vault.vault import Vault


class WorklistFileKind(StrEnum):
    """The kinds of file that a worklist can be."""

    CSV = "csv"
    XLSX = "xlsx"
    PDF = "pdf"


MEDIA_TYPES = {
    WorklistFileKind.CSV: "text/csv",
    WorklistFileKind.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    WorklistFileKind.PDF: "application/pdf",
}


def write_worklists(vault: Vault, settings: Settings, folder: Path, actor: Actor) -> Iterator[Path]:
    """`worklist.csv` and `.xlsx` of everything that was returned in any way, `.pdf` of what to key."""
    zone = ZoneInfo(settings.site.time_zone)
    outage = find_latest_outage(vault)
    lines = rekey_lines.list_lines(vault, outage.id)
    everything = line_table.build_table(_list_everything(vault, outage, lines), zone)
    contents = {
        WorklistFileKind.CSV: line_table.to_csv(everything),
        WorklistFileKind.XLSX: _to_xlsx(everything),
    }
    if lines:
        contents[WorklistFileKind.PDF] = to_pdf(lines, settings, outage, vault.now())
    for kind, content in contents.items():
        path = folder / f"{Channel.WORKLIST}.{kind}"
        write_atomic(path, content)
        yield path
    mark_handed_over(vault, lines, actor)


def parse_kind(name: str) -> WorklistFileKind:
    """A kind of file by the name that a screen sends; InputError."""
    return parse_choice(WorklistFileKind, name, "rekey.kind", "There is no such kind of file.")


def write_worklist(
    vault: Vault,
    settings: Settings,
    kind: WorklistFileKind,
    lines: Sequence[RekeyLine],
    actor: Actor,
) -> bytes:
    """One list as a file; its lines then count as handed over."""
    if kind == WorklistFileKind.PDF:
        content = to_pdf(lines, settings, find_latest_outage(vault), vault.now())
    else:
        table = line_table.build_table(lines, ZoneInfo(settings.site.time_zone))
        content = line_table.to_csv(table) if kind == WorklistFileKind.CSV else _to_xlsx(table)
    mark_handed_over(vault, lines, actor)
    return content


def _to_xlsx(table: Sequence[Sequence[str]]) -> bytes:
    from downtime.returns.rekey.workbook import to_xlsx  # loads openpyxl: slow, seldom needed

    return to_xlsx(table)


def to_pdf(lines: Sequence[RekeyLine], settings: Settings, outage: Outage, made_at: str) -> bytes:
    """The lines as A4 pages to tick off, each system and department from a page of its own."""
    zone = ZoneInfo(settings.site.time_zone)
    names = [name for name, _ in line_table.COLUMNS]
    lists: dict[tuple[str, str], list[dict[str, str]]] = {}
    for line, row in zip(lines, line_table.build_table(lines, zone), strict=True):
        lists.setdefault(line.worklist, []).append(dict(zip(names, row, strict=True)))
    return templates.render_pdf(
        "worklist.html",
        hospital=settings.site.name,
        outage=outage.label,
        drill=outage.drill,
        made=display.format_moment(made_at, zone),
        lists=list(lists.items()),
    )


def mark_handed_over(vault: Vault, lines: Sequence[RekeyLine], actor: Actor) -> None:
    """Lines that still wait, whatever was read before, are now in somebody's hands."""
    control_ids = {line.message.control_id for line in lines}
    waiting = outbox_messages.list_messages(
        vault.db, channel=Channel.WORKLIST, state=MessageState.QUEUED
    )
    outbox.mark_handed_over(vault, [m for m in waiting if m.control_id in control_ids], actor)


def _list_everything(
    vault: Vault, outage: Outage, lines: Sequence[RekeyLine]
) -> Iterator[RekeyLine]:
    message_by_key = {
        key: message
        for message in outbox_messages.list_messages(vault.db, outage.id)
        if message.state != MessageState.RESOLVED
        for key in message.items
    }
    tick_by_key = {line.row.key: line.tick for line in lines}
    compared = items_store.fetch_items(vault.db, outage.id, decision=Decision.RETURNED)
    separations = (line.row for line in lines if line.fact.type == SEPARATION)
    for row in (*compared, *separations):
        if message := message_by_key.get(row.key):
            tick = tick_by_key.get(row.key)
            state = LineState.DONE if tick else _line_state(message)
            yield RekeyLine(row, message, tick, state)


def _line_state(message: Message) -> LineState:
    if message.channel != Channel.WORKLIST:
        return LineState.SENT
    return LineState.TO_KEY if message.state == MessageState.QUEUED else LineState.LISTED
