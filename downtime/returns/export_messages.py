"""Hand decided items over, each once: as HL7 v2 files, or on a worklist for people to key.

One `.hl7` file holds one message and bears its control ID: an interface engine picks up a folder
of files one by one, and the same message can only ever overwrite itself. Files are written before
they are recorded as handed over: after a power cut in between, the next export writes the very
same bytes under the very same names.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from downtime.errors import InputError
from downtime.reconcile.latest_outage import find_latest_outage
from downtime.returns import outbox, queue_messages
from downtime.returns.model import Channel, Message, MessageState
from downtime.returns.queue_messages import QueueResult
from downtime.returns.rekey import worklist_files as worklist_export
from downtime.returns.store import outbox_messages
from downtime.settings import Settings
from downtime.vault.audit import Actor
from downtime.vault.files import write_atomic
from downtime.vault.vault import Vault

HL7V2 = "hl7v2"
FORMATS = (HL7V2, Channel.WORKLIST)


@dataclass(frozen=True, slots=True)
class ExportResult:
    """What an export did: files written, items that went out now, and those that had already.

    `outdated` names items whose entry is not verified, or changed after the comparison, and
    `problems` (item, sentence) those that cannot be written: they wait.
    """

    files: tuple[Path, ...]
    messages: int
    already: int
    outdated: tuple[str, ...]
    problems: tuple[tuple[str, str], ...] = ()

    @property
    def sentence(self) -> str:
        """In words, for a terminal."""
        words = f"{self.messages} item{'' if self.messages == 1 else 's'} returned"
        if self.already:
            words += f", {self.already} already returned"
        if self.outdated:
            words += f", {len(self.outdated)} waiting to be verified or compared again"
        if self.problems:
            words += f", {len(self.problems)} that cannot be written"
        return words + "."


def export_messages(
    vault: Vault, settings: Settings, format_name: str, to: Path, actor: Actor
) -> ExportResult:
    """Write everything decided `return` that has not gone out yet to the folder `to`.

    `format_name` is `hl7v2` (a folder for each system, `messages.csv` with the order in which to
    send them) or `worklist` (CSV and XLSX of all that was decided, telling apart what to key from
    what was sent as a message). A drill's decisions never leave: ConflictError.
    """
    if format_name not in FORMATS:
        raise InputError(
            "return.format", "There is no such format.", f"Choose {' or '.join(FORMATS)}."
        )
    if format_name == HL7V2:
        queued = queue_messages.queue_items(vault, settings, actor, channel=Channel.FILE)
        to.mkdir(parents=True, exist_ok=True)
        return _export_result(queued, tuple(_write_messages(vault, to, actor)))
    queued = queue_messages.queue_items(vault, settings, actor, channel=Channel.WORKLIST)
    to.mkdir(parents=True, exist_ok=True)
    return _export_result(
        queued, tuple(worklist_export.write_worklists(vault, settings, to, actor))
    )


def _export_result(queued: QueueResult, files: tuple[Path, ...]) -> ExportResult:
    return ExportResult(files, queued.items, queued.already, queued.outdated, queued.problems)


def _write_messages(vault: Vault, to: Path, actor: Actor) -> Iterator[Path]:
    waiting = list(
        outbox_messages.list_messages(
            vault.db, find_latest_outage(vault).id, channel=Channel.FILE, state=MessageState.QUEUED
        )
    )
    for message in waiting:
        path = to / message.file
        path.parent.mkdir(exist_ok=True)
        write_atomic(path, outbox_messages.read_content(vault.db, message.control_id))
        yield path
    if waiting:
        stamp = vault.now().replace("-", "").replace(":", "")
        index = to / f"messages-{stamp}.csv"
        write_atomic(index, _index(waiting))
        yield index
        outbox.mark_handed_over(vault, waiting, actor)


def _index(waiting: list[Message]) -> bytes:
    """The order in which to send the files, without any patient data."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(["order", "system", "message", "control_id", "file", "sha256"])
    for order, one in enumerate(waiting, start=1):
        writer.writerow([order, one.system, one.kind, one.control_id, one.file, one.sha256])
    return text.getvalue().encode()
