"""How each way out makes its messages: two tables."""

from collections.abc import Mapping, Sequence

from downtime.reconcile.identity.linking import Merge
from downtime.reconcile.store import ItemRow
from downtime.returns.drafts import Draft, MergeWriter, Way, Writer, drafted, merge_draft
from downtime.returns.fhir import drafts
from downtime.returns.hl7 import drafts as hl7_drafts
from downtime.returns.states import FHIR, FILE, MLLP, WORKLIST


def _lines(way: Way, rows: Sequence[ItemRow]) -> list[Draft]:
    """A worklist has one line an item, and no bytes of its own."""
    return [drafted("line", (row,), lambda number: b"") for row in rows]


def separations(way: Way, undone: Sequence[Merge]) -> list[Draft]:
    """A line of the worklist for each link that people take back in a system by hand."""
    system = way.target.system
    return [merge_draft("line", merge, system, lambda number: b"") for merge in undone]


def _nothing(way: Way, told: Sequence[Merge]) -> list[Draft]:
    return []


WRITERS: Mapping[str, Writer] = {
    FILE: hl7_drafts.items,
    MLLP: hl7_drafts.items,
    FHIR: drafts.items,
    WORKLIST: _lines,
}
MERGES: Mapping[str, MergeWriter] = {
    FILE: hl7_drafts.merges,
    MLLP: hl7_drafts.merges,
    FHIR: drafts.merges,
    WORKLIST: _nothing,
}
