"""The return channels: one row for each, with all that the rest of the program asks of it.

A channel is added by a member of `Channel`, a row here and a package that writes its messages.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from downtime.clock import Clock
from downtime.entry.facts import Fact
from downtime.reconcile.identity.model import Merge
from downtime.reconcile.model import StoredItem
from downtime.returns.connection import Connection, LateAnswer, OpenConnection
from downtime.returns.fhir import draft_bundles, resources
from downtime.returns.fhir.target import check_credentials, read_fhir_target
from downtime.returns.hl7 import connection as hl7_connection
from downtime.returns.hl7 import draft_messages
from downtime.returns.message_drafts import (
    ItemDrafter,
    MergeDrafter,
    MessageContext,
    MessageDraft,
    make_draft,
    make_merge_draft,
)
from downtime.returns.model import Channel
from downtime.returns.profiles import Target
from downtime.settings import Settings
from downtime.transport.credentials import build_client_tls

LINE = "line"
"""What a line of a worklist is called among the kinds of messages."""


@dataclass(frozen=True, slots=True)
class ChannelDefinition:
    """What a channel is called, how its messages are written, and how they leave."""

    title: str
    draft_items: ItemDrafter
    draft_merges: MergeDrafter
    record_types: frozenset[str] | None = None
    """What it has writers for; any other type goes on the re-key worklist. None: every type."""
    carries_documents: bool = True
    """Whether the scans of filed forms go out over it."""
    separates_by_hand: bool = False
    """Whether no message can take a link back: people separate the patients, from a worklist."""
    export_format: str = ""
    """What `returns export` calls it; empty for one that is sent."""
    file_suffix: str = ""
    """How a message's own file ends; empty where a message has none."""
    open_connection: OpenConnection | None = None
    """For a channel over the network."""
    check: Callable[[Settings, Target], None] = lambda settings, target: None
    """InputError when a table, certificate or token of its own cannot be used."""

    can_say: Callable[[Fact], bool] = lambda fact: True
    """Whether its messages have words for what a fact of such a type says."""

    def can_write(self, fact: Fact) -> bool:
        """Whether there is a writer for it; what no message can say is keyed by people."""
        is_known = self.record_types is None or fact.type in self.record_types
        return is_known and self.can_say(fact)


def draft_separations(context: MessageContext, undone: Sequence[Merge]) -> list[MessageDraft]:
    """A line of the worklist for each link that people take back in a system by hand."""
    return [
        make_merge_draft(LINE, merge, context.target.system, _write_nothing) for merge in undone
    ]


def _draft_lines(context: MessageContext, rows: Sequence[StoredItem]) -> list[MessageDraft]:
    """A worklist has one line an item, and no bytes of its own."""
    return [make_draft(LINE, (row,), _write_nothing) for row in rows]


def _draft_no_merges(context: MessageContext, merges: Sequence[Merge]) -> list[MessageDraft]:
    return []


def _write_nothing(control_id: str) -> bytes:
    return b""


def _open_fhir(
    settings: Settings, target: Target, clock: Clock, on_late_answer: LateAnswer
) -> AbstractContextManager[Connection]:
    from downtime.returns.fhir.rest_client import open_connection  # httpx: slow, seldom needed

    return open_connection(read_fhir_target(settings, target.system, target.fhir), clock)


def _check_mllp(settings: Settings, target: Target) -> None:
    if target.tls:
        name = f"returns.targets.{target.system}"
        build_client_tls(name, target.ca_file, target.certificate_file)


def _check_fhir(settings: Settings, target: Target) -> None:
    check_credentials(read_fhir_target(settings, target.system, target.fhir), target.system)


CHANNELS: Mapping[Channel, ChannelDefinition] = {
    Channel.FILE: ChannelDefinition(
        title="HL7 v2 file",
        draft_items=draft_messages.draft_items,
        draft_merges=draft_messages.draft_merges,
        record_types=draft_messages.RECORD_TYPES,
        can_say=draft_messages.can_say,
        separates_by_hand=True,
        export_format="hl7v2",
        file_suffix=".hl7",
    ),
    Channel.MLLP: ChannelDefinition(
        title="HL7 v2 over the network",
        draft_items=draft_messages.draft_items,
        draft_merges=draft_messages.draft_merges,
        record_types=draft_messages.RECORD_TYPES,
        can_say=draft_messages.can_say,
        separates_by_hand=True,
        open_connection=hl7_connection.open_connection,
        check=_check_mllp,
    ),
    Channel.FHIR: ChannelDefinition(
        title="FHIR over the network",
        draft_items=draft_bundles.draft_items,
        draft_merges=draft_bundles.draft_merges,
        record_types=draft_bundles.RECORD_TYPES,
        can_say=resources.can_say,
        open_connection=_open_fhir,
        check=_check_fhir,
    ),
    Channel.WORKLIST: ChannelDefinition(
        title="Re-key worklist",
        draft_items=_draft_lines,
        draft_merges=_draft_no_merges,
        carries_documents=False,
        export_format="worklist",
    ),
}


EXPORT_FORMATS: Mapping[str, Channel] = {
    row.export_format: channel for channel, row in CHANNELS.items() if row.export_format
}
