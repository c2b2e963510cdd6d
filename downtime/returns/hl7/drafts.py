"""HL7 v2 messages to be: which items go into which, and how each is written."""

from collections.abc import Callable, Sequence

from downtime.entry import scans
from downtime.entry.facts import DOCUMENT
from downtime.reconcile.identity.linking import Merge
from downtime.reconcile.store import ItemRow
from downtime.returns.drafts import Draft, Way, drafted, merge_draft
from downtime.returns.hl7 import messages


def items(way: Way, rows: Sequence[ItemRow]) -> list[Draft]:
    """One message an item, all values of one form in one, and a form's scan as a document."""
    return [_draft(way, group) for group in _by_form(rows) if _has_content(way, group)]


def merges(way: Way, told: Sequence[Merge]) -> list[Draft]:
    """ADT^A40 or A47, as the target wants, for each downtime number that was linked."""

    def written(merge: Merge) -> Callable[[str], bytes]:
        return lambda number: messages.write_merge(
            merge.survivor, merge.downtime, merge.decided, number, way.settings, way.target
        )

    name = f"ADT^{way.target.merge}"
    return [merge_draft(name, merge, way.target.system, written(merge)) for merge in told]


def _draft(way: Way, group: tuple[ItemRow, ...]) -> Draft:
    fact = group[0].item.fact
    if fact.type == DOCUMENT:
        return drafted("MDM^T02", group, _document(way, group[0]))
    return drafted(messages.kind(fact, way.settings, way.target), group, _message(way, group))


def _has_content(way: Way, group: tuple[ItemRow, ...]) -> bool:
    fact = group[0].item.fact
    return fact.type != DOCUMENT or scans.about(way.vault, fact.serial) is not None


def _by_form(rows: Sequence[ItemRow]) -> list[tuple[ItemRow, ...]]:
    groups: dict[tuple[str, ...], list[ItemRow]] = {}
    for row in sorted(rows, key=lambda row: row.key):
        fact = row.item.fact
        together = fact.type in ("Observation", DOCUMENT)
        single = fact.type if together else row.key
        groups.setdefault((fact.serial, row.item.patient, single), []).append(row)
    return [tuple(group) for group in groups.values()]


def _message(way: Way, group: tuple[ItemRow, ...]) -> Callable[[str], bytes]:
    facts = tuple(row.item.fact for row in group)
    decided = max(row.decided.decided for row in group)

    def write(number: str) -> bytes:
        said = messages.Returned(facts, group[0].item.person, decided, number)
        return messages.write(said, way.settings, way.target)

    return write


def _document(way: Way, row: ItemRow) -> Callable[[str], bytes]:
    fact, who = row.item.fact, row.item.person

    def write(number: str) -> bytes:
        scan = scans.get(way.vault, fact.serial)
        if scan is None:
            raise ValueError("a document without a scan is never drafted")
        file = (scan.about.media_type, scan.content)
        return messages.write_document(fact, who, file, number, way.settings, way.target)

    return write
