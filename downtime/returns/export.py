"""Send decided items out, each once: as HL7 v2 files, or on a worklist for people to key.

One `.hl7` file holds one message and bears its control ID: an interface engine picks up a folder
of files one by one, a refusal then concerns exactly one item, and the same message can only ever
overwrite itself. Files are written before they are recorded: after a power cut in between, the
next export writes the very same bytes under the very same names.
"""

import csv
import hashlib
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from zoneinfo import ZoneInfo

from downtime.clinical import display
from downtime.config import Settings
from downtime.entry import store as entry_store
from downtime.entry.model import VERIFIED
from downtime.errors import ConflictError, InputError
from downtime.outage.model import Outage
from downtime.reconcile import store as items_store
from downtime.reconcile.run import latest
from downtime.reconcile.states import DECISIONS, RETURN, RETURNED
from downtime.reconcile.store import ItemRow
from downtime.returns import store, worklist
from downtime.returns.messages import Returned, control_id, kind, write
from downtime.returns.store import HL7V2, WORKLIST, Sent
from downtime.vault.audit import Actor
from downtime.vault.files import write_atomic
from downtime.vault.vault import Vault

FORMATS = (HL7V2, WORKLIST)
_ORDER = ("Encounter", "ServiceRequest", "Observation")
"""Admissions before requests before results: a receiver must know the patient first."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export did: files written, items that went out now, and those that had already.

    `outdated` names items whose entry is not verified, or changed after the comparison: they wait.
    """

    files: tuple[Path, ...]
    messages: int
    already: int
    outdated: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """In words, for a terminal."""
        words = f"{self.messages} item{'' if self.messages == 1 else 's'} returned"
        if self.already:
            words += f", {self.already} already returned"
        if self.outdated:
            words += f", {len(self.outdated)} waiting to be verified or compared again"
        return words + "."


@dataclass(frozen=True, slots=True)
class _Ready:
    """An item about to go out, with its message."""

    row: ItemRow
    control_id: str
    content: bytes
    file: str


def export(vault: Vault, settings: Settings, format_name: str, to: Path, who: Actor) -> Exported:
    """Write everything decided `return` that has not gone out yet to the folder `to`.

    `format_name` is `hl7v2` (a folder for each system, `messages.csv` with the order in which to
    send them) or `worklist` (CSV and XLSX of all that was decided, telling apart what to key from
    what was sent as a message). A drill's decisions never leave: ConflictError.
    """
    if format_name not in FORMATS:
        raise InputError(
            "return.format", "There is no such format.", f"Choose {' or '.join(FORMATS)}."
        )
    outage = latest(vault)
    if outage.drill:
        raise ConflictError(
            "return.drill",
            f"{outage.label} is a drill: nothing of it goes to a live system.",
            "Look at the decisions on the screen instead.",
        )
    decided = [
        r
        for r in items_store.fetch(vault.db, outage.id)
        if r.decided.decision in (RETURN, RETURNED)
    ]
    outdated = _outdated(vault, [row for row in decided if row.decided.decision == RETURN])
    current = [row for row in decided if row.key not in outdated]
    before = store.sent(vault.db, outage.id)
    ready = [_ready(row, settings) for row in sorted(current, key=_rank)]
    fresh = [one for one in ready if one.control_id not in before]
    to.mkdir(parents=True, exist_ok=True)
    made = [_sent(one, outage, format_name, settings, vault.now(), who) for one in fresh]
    if format_name == HL7V2:
        files = tuple(_write_messages(to, fresh, settings, vault.now()))
    else:
        todo = {sent.control_id: sent for sent in made} | before
        files = tuple(_write_worklist(to, ready, todo, settings, vault.now()))
    _record(vault, outage, made, fresh, who)
    return Exported(files, len(fresh), len(ready) - len(fresh), tuple(sorted(outdated)))


def _outdated(vault: Vault, rows: list[ItemRow]) -> set[str]:
    """Keys whose entry is not verified, or no longer what was compared and decided."""
    outdated = set()
    for row in rows:
        entry = entry_store.fetch(vault.db, row.item.fact.serial)
        if entry is None or entry.state != VERIFIED or entry.changed > row.compared:
            outdated.add(row.key)
    return outdated


def _rank(row: ItemRow) -> tuple[int, str, str]:
    return (_ORDER.index(row.item.fact.type), row.item.fact.event, row.key)


def _ready(row: ItemRow, settings: Settings) -> _Ready:
    number = control_id(row.key, row.digest)
    returned = Returned(row.item.fact, row.item.person, row.decided.decided, number)
    folder = "".join(c if c.isalnum() else "-" for c in row.item.fact.system)
    return _Ready(row, number, write(returned, settings).encode(), f"{folder}/{number}.hl7")


def _sent(
    one: _Ready, outage: Outage, channel: str, settings: Settings, now: str, who: Actor
) -> Sent:
    fact = one.row.item.fact
    return Sent(
        control_id=one.control_id,
        item=one.row.key,
        outage=outage.id,
        channel=channel,
        kind=kind(fact, settings),
        system=fact.system,
        sha256=hashlib.sha256(one.content).hexdigest(),
        file=one.file if channel == HL7V2 else f"{WORKLIST}.csv",
        exported=now,
        exported_by=who.id,
    )


def _record(
    vault: Vault, outage: Outage, made: list[Sent], fresh: Iterable[_Ready], who: Actor
) -> None:
    with vault.change(who, "return.export", target=f"{outage.id}: {len(made)} items") as db:
        known = store.sent(db, outage.id)  # another export may have come first
        store.keep_sent(db, [one for one in made if one.control_id not in known])
        for one in fresh:
            if one.row.decided.decision == RETURN:
                DECISIONS.check(RETURN, RETURNED)
                done = replace(one.row.decided, decision=RETURNED)
                items_store.set_decision(db, one.row.key, done)


def _write_messages(to: Path, fresh: list[_Ready], settings: Settings, now: str) -> Iterator[Path]:
    for one in fresh:
        path = to / one.file
        path.parent.mkdir(exist_ok=True)
        write_atomic(path, one.content)
        yield path
    if fresh:
        stamp = now.replace("-", "").replace(":", "")
        index = to / f"messages-{stamp}.csv"
        write_atomic(index, _index(fresh, settings))
        yield index


def _index(fresh: list[_Ready], settings: Settings) -> bytes:
    """The order in which to send the files, without any patient data."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(["order", "system", "message", "control_id", "file", "sha256"])
    for order, one in enumerate(fresh, start=1):
        fact = one.row.item.fact
        digest = hashlib.sha256(one.content).hexdigest()
        writer.writerow(
            [order, fact.system, kind(fact, settings), one.control_id, one.file, digest]
        )
    return text.getvalue().encode()


def _write_worklist(
    to: Path, ready: list[_Ready], sent: dict[str, Sent], settings: Settings, now: str
) -> Iterator[Path]:
    zone = ZoneInfo(settings.site.time_zone)
    lines = [
        worklist.Line(
            one.row.item.fact,
            one.row.item.person,
            _todo(sent[one.control_id], now, zone),
            one.row.decided.decided_by_name,
            one.row.decided.reason,
        )
        for one in ready
    ]
    table = worklist.rows(lines, zone)
    for name, content in (("csv", worklist.to_csv(table)), ("xlsx", worklist.to_xlsx(table))):
        path = to / f"{WORKLIST}.{name}"
        write_atomic(path, content)
        yield path


def _todo(sent: Sent, now: str, zone: ZoneInfo) -> str:
    if sent.channel == HL7V2:
        return f"Do not key: sent as {sent.kind}, message {sent.control_id}. Check that it arrived."
    if sent.exported == now:
        return "Key this"
    return f"Key this, unless done: already on the list of {display.moment(sent.exported, zone)}"
