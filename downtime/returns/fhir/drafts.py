"""FHIR bundles to be: all returned items of a form in one, what R4 cannot tell left to people."""

from collections.abc import Callable, Sequence

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
from downtime.returns.fhir.resources import carries
from downtime.returns.fhir.target import FhirTarget, fhir_target

KIND = "FHIR transaction"
MERGE = "FHIR Patient.link"


def items(way: Way, rows: Sequence[ItemRow]) -> list[Draft]:
    """One bundle a form, or several where the receiver takes no more at once."""
    names = _names(way)
    forms: dict[str, list[ItemRow]] = {}
    left = []
    for row in rows:
        if row.item.fact.type == DOCUMENT and not scans.about(way.vault, row.item.fact.serial):
            continue
        if carries(row.item.fact) or row.item.fact.type == DOCUMENT:
            forms.setdefault(row.item.fact.serial, []).append(row)
        else:
            left.append(drafted(KIND, (row,), _refuse))
    made = [
        drafted(KIND, part, _writer(way, names, part))
        for form in forms.values()
        for part in bundles.parts(form, names)
    ]
    return [*made, *left]


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


def _refuse(number: str) -> bytes:
    raise InputError(
        "fhir.unsaid",
        "FHIR cannot tell this without replacing a live record as a whole.",
        "Put it on the worklist, and key it there.",
    )
