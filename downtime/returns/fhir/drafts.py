"""FHIR bundles to be: what is new of a form in one, changes of live records, the rest left to people."""

from collections.abc import Callable, Sequence

from downtime.clinical.records import Record
from downtime.entry import scans
from downtime.entry import store as entry_store
from downtime.entry.facts import DOCUMENT
from downtime.errors import InputError
from downtime.paper import ledger
from downtime.paper.printed import printed
from downtime.reconcile.identity.linking import Merge
from downtime.reconcile.store import ItemRow
from downtime.returns.drafts import Draft, Way, drafted, merge_draft
from downtime.returns.fhir import bundles
from downtime.returns.fhir.about import Form
from downtime.returns.fhir.live import records
from downtime.returns.fhir.resources import carries
from downtime.returns.fhir.target import FhirTarget, fhir_target
from downtime.returns.fhir.updates import change, is_change, is_new_booking

KIND = "FHIR transaction"
MERGE = "FHIR Patient.link"


def items(way: Way, rows: Sequence[ItemRow]) -> list[Draft]:
    """What is new: one bundle a form, or several where the receiver takes no more at once.

    Each change of a live record is a bundle of its own; what FHIR cannot tell stays with people.
    """
    names = _names(way)
    live = records(way.vault, rows)
    forms: dict[str, list[ItemRow]] = {}
    made = []
    for row in rows:
        fact = row.item.fact
        if fact.type == DOCUMENT and not scans.about(way.vault, fact.serial):
            continue
        if _is_new(row, live.get(row.key)):
            forms.setdefault(fact.serial, []).append(row)
        else:
            made.append(drafted(KIND, (row,), _changer(way, names, row, live.get(row.key))))
    return [
        drafted(KIND, part, _writer(way, names, part))
        for form in forms.values()
        for part in bundles.parts(form, names)
    ] + made


def _is_new(row: ItemRow, live: Record | None) -> bool:
    """Whether it is told by resources of its own, beside whatever is there."""
    fact = row.item.fact
    if is_change(fact, row.item.matched) and not is_new_booking(fact, live):
        return False
    return carries(fact) or fact.type == DOCUMENT


def merges(way: Way, told: Sequence[Merge]) -> list[Draft]:
    """A bundle for each downtime number that was linked to a patient, and for each link undone."""
    names = _names(way)

    def written(merge: Merge) -> Callable[[str], bytes]:
        return lambda number: bundles.merge_bundle(merge, number, way.settings, names)

    return [merge_draft(MERGE, merge, way.target.system, written(merge)) for merge in told]


def _names(way: Way) -> FhirTarget:
    return fhir_target(way.settings, way.target.system, way.target.fhir)


def _writer(way: Way, names: FhirTarget, rows: tuple[ItemRow, ...]) -> Callable[[str], bytes]:
    def write(number: str) -> bytes:
        return bundles.bundle(
            rows, _form(way, rows[0].item.fact.serial), number, way.settings, names
        )

    return write


def _form(way: Way, serial: str) -> Form:
    entry = entry_store.fetch(way.vault.db, serial)
    if entry is None:
        raise ValueError("an item without an entry is never drafted")
    definition = printed(way.vault, ledger.issued(way.vault, serial))
    scan = scans.get(way.vault, serial) if way.target.documents else None
    if scan is None:
        return Form(entry, definition)
    return Form(entry, definition, scan.content, scan.about.media_type)


def _changer(
    way: Way, names: FhirTarget, row: ItemRow, live: Record | None
) -> Callable[[str], bytes]:
    told = change(row.item.fact, live, bundles.context_of(way.settings, names))

    def write(number: str) -> bytes:
        if told is None:
            raise InputError(
                "fhir.unsaid",
                "FHIR cannot tell this without replacing more of a live record than paper says.",
                "Put it on the worklist, and key it there.",
            )
        form = _form(way, row.item.fact.serial)
        return bundles.change_bundle(row, told, form, number, way.settings, names)

    return write
