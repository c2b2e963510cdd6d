"""Hand decided items over, each once: as HL7 v2 files, or on a worklist for people to key.

One `.hl7` file holds one message and bears its control ID: an interface engine picks up a folder
of files one by one, and the same message can only ever overwrite itself. Files are written before
they are recorded as handed over: after a power cut in between, the next export writes the very
same bytes under the very same names.
"""

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from downtime.errors import InputError
from downtime.reconcile.latest_outage import find_latest_outage
from downtime.returns import outbox, queue_messages
from downtime.returns.channels import EXPORT_FORMATS
from downtime.returns.model import Channel, Message, MessageState
from downtime.returns.queue_messages import QueueResult
from downtime.returns.rekey import worklist_files
from downtime.returns.store import outbox_messages
from downtime.settings import Settings
from downtime.vault.files import write_atomic
from downtime.vault.model import Actor
from downtime.vault.vault import Vault


def export_messages(
    vault: Vault, settings: Settings, format_name: str, folder: Path, actor: Actor
) -> QueueResult:
    """Write everything decided `return` that has not gone out yet to a folder.

    `format_name` is `hl7v2` (a folder for each system, `messages.csv` with the order in which to
    send them) or `worklist` (CSV and XLSX of all that was decided, telling apart what to key from
    what was sent as a message). A drill's decisions never leave: ConflictError.
    """
    channel = EXPORT_FORMATS.get(format_name)
    if channel is None:
        raise InputError(
            "return.format", "There is no such format.", f"Choose {' or '.join(EXPORT_FORMATS)}."
        )
    queued = queue_messages.queue_items(vault, settings, actor, channel=channel)
    folder.mkdir(parents=True, exist_ok=True)
    files = tuple(_FILE_WRITERS[channel](vault, settings, folder, actor))
    return replace(queued, files=files)


def _write_messages(vault: Vault, settings: Settings, folder: Path, actor: Actor) -> Iterator[Path]:
    outage = find_latest_outage(vault).id
    waiting = list(
        outbox_messages.list_messages(
            vault.db, outage, channel=Channel.FILE, state=MessageState.QUEUED
        )
    )
    for message in waiting:
        path = folder / message.file
        path.parent.mkdir(exist_ok=True)
        write_atomic(path, outbox_messages.read_content(vault.db, message.control_id))
        yield path
    if waiting:
        stamp = vault.now().replace("-", "").replace(":", "")
        index = folder / f"messages-{stamp}.csv"
        write_atomic(index, _index_csv(waiting))
        yield index
        outbox.mark_handed_over(vault, waiting, actor)


def _index_csv(messages: list[Message]) -> bytes:
    """The order in which to send the files, without any patient data."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(["order", "system", "message", "control_id", "file", "sha256"])
    writer.writerows(
        (order, m.system, m.kind, m.control_id, m.file, m.sha256)
        for order, m in enumerate(messages, start=1)
    )
    return text.getvalue().encode()


_FILE_WRITERS: Mapping[Channel, Callable[[Vault, Settings, Path, Actor], Iterator[Path]]] = {
    Channel.FILE: _write_messages,
    Channel.WORKLIST: worklist_files.write_worklists,
}
