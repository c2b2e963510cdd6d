"""FHIR bundles to be: what is new of a form in one, changes of live records each in its own."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from zoneinfo import ZoneInfo

from downtime.clinical.model import Appointment, Encounter, Patient, Record
from downtime.clinical.record_types import DOCUMENT
from downtime.entry import scans
from downtime.entry.event_facts import list_event_answers, make_event_entry
from downtime.entry.store import entries as entry_store
from downtime.errors import InputError, NotFoundError
from downtime.outage.events.model import is_event_id
from downtime.paper import ledger
from downtime.paper.ledger import get_printed_definition
from downtime.reconcile.identity.model import Merge
from downtime.reconcile.model import StoredItem
from downtime.returns.fhir import bundles, conditional_patches, resources
from downtime.returns.fhir.form_resources import SourceForm
from downtime.returns.fhir.target import BundleContext, read_fhir_target
from downtime.returns.form_documents import find_document_address, has_document
from downtime.returns.matched_stays import find_stays
from downtime.returns.message_drafts import (
    MessageContext,
    MessageDraft,
    make_draft,
    make_merge_draft,
)
from downtime.snapshot import local_snapshots
from downtime.vault.vault import Vault

KIND = "FHIR transaction"
MERGE_KIND = "FHIR Patient.link"
RECORD_TYPES = frozenset(resources.BUILDERS) | frozenset(conditional_patches.BUILDERS) | {DOCUMENT}


def draft_items(context: MessageContext, items: Sequence[StoredItem]) -> list[MessageDraft]:
    """What is new: one bundle a form, or several where the receiver takes no more at once.

    Each change of a live record is a bundle of its own; what FHIR cannot say stays with people.
    """
    stays = find_stays(context.vault, items)
    bundle_context = replace(_bundle_context(context), stays=stays)
    live_records = find_compared_records(context.vault, items)
    new_by_form: dict[str, list[StoredItem]] = {}
    patches = []
    for stored in items:
        fact, live = stored.item.fact, live_records.get(stored.key)
        if fact.type == DOCUMENT and not has_document(context.vault, fact.serial):
            continue
        if _has_own_resource(stored, live):
            new_by_form.setdefault(fact.serial, []).append(stored)
        else:
            patches.append(_draft_patch(context, bundle_context, stored, live))
    return [
        _draft_bundle(context, bundle_context, part)
        for form in new_by_form.values()
        for part in bundles.split_items(form, bundle_context.target)
    ] + patches


def draft_merges(context: MessageContext, merges: Sequence[Merge]) -> list[MessageDraft]:
    """A bundle for each downtime number that was linked to a patient, and for each link undone."""
    bundle_context, system = _bundle_context(context), context.target.system

    def draft(merge: Merge) -> MessageDraft:
        write = partial(bundles.write_merge_bundle, merge, context=bundle_context)
        return make_merge_draft(MERGE_KIND, merge, system, write)

    return [draft(merge) for merge in merges]


def _bundle_context(context: MessageContext) -> BundleContext:
    target = read_fhir_target(context.settings, context.target.system, context.target.fhir)
    return bundles.make_context(context.settings, target)


def _has_own_resource(stored: StoredItem, live: Record | None) -> bool:
    """Whether resources of its own say it, beside whatever is there."""
    fact = stored.item.fact
    changes_live = conditional_patches.changes_live_record(fact, stored.item.matched_ids)
    if changes_live and not conditional_patches.is_new_appointment(fact, live):
        return False
    return resources.has_resource(fact) or fact.type == DOCUMENT


def _draft_bundle(
    context: MessageContext, bundle_context: BundleContext, items: tuple[StoredItem, ...]
) -> MessageDraft:
    def write(control_id: str) -> bytes:
        form = _source_form(context, items[0].item.fact.serial)
        return bundles.write_form_bundle(items, form, control_id, bundle_context)

    return make_draft(KIND, items, write)


def _draft_patch(
    context: MessageContext, bundle_context: BundleContext, stored: StoredItem, live: Record | None
) -> MessageDraft:
    patch = conditional_patches.build_patch(stored.item.fact, live, bundle_context)

    def write(control_id: str) -> bytes:
        if patch is None:
            raise InputError(
                "fhir.unsaid",
                "FHIR cannot say this without replacing more of a live record than paper says.",
                "Put it on the worklist, and key it there.",
            )
        form = _source_form(context, stored.item.fact.serial)
        return bundles.write_patch_bundle(stored, patch, form, control_id, bundle_context)

    return make_draft(KIND, (stored,), write)


def _source_form(context: MessageContext, serial: str) -> SourceForm:
    if is_event_id(serial):
        zone = ZoneInfo(context.settings.site.time_zone)
        answers = tuple(list_event_answers(context.vault, serial, zone))
        return SourceForm(make_event_entry(context.vault, serial), None, event_answers=answers)
    entry = entry_store.fetch_entry(context.vault.db, serial)
    if entry is None:
        raise ValueError("an item without an entry is never drafted")
    definition = get_printed_definition(context.vault, ledger.get_form(context.vault, serial))
    scan = (
        scans.get_scan_file(context.vault, context.settings, serial)
        if context.target.documents
        else None
    )
    if scan is None:
        return SourceForm(entry, definition)
    return SourceForm(
        entry,
        definition,
        scan.content,
        scan.info.media_type,
        positions=scans.find_field_positions(context.vault, serial),
        document_address=find_document_address(context.target, serial),
    )


_PATCHED: Mapping[str, type[Record]] = {
    record_type.__name__: record_type for record_type in (Encounter, Appointment, Patient)
}
"""The types of records that a returned item may change."""


def find_compared_records(vault: Vault, rows: Sequence[StoredItem]) -> dict[str, Record]:
    """Item key to the record it was found to mean; nothing where the snapshot is no longer held."""
    rows_by_snapshot: dict[str, list[StoredItem]] = {}
    for row in rows:
        if row.item.matched_ids and row.item.fact.type in _PATCHED:
            rows_by_snapshot.setdefault(row.snapshot, []).append(row)
    return {
        key: record
        for snapshot_id, compared in rows_by_snapshot.items()
        for key, record in _load_records(vault, snapshot_id, compared)
    }


def _load_records(
    vault: Vault, snapshot_id: str, rows: Sequence[StoredItem]
) -> Iterator[tuple[str, Record]]:
    try:
        snapshot = local_snapshots.open_snapshot(vault, snapshot_id)
    except NotFoundError:
        return
    records: dict[str, Record] = {}
    with closing(snapshot):
        for name, record_type in _PATCHED.items():
            ids = {row.item.matched_ids[0] for row in rows if row.item.fact.type == name}
            records |= {r.id: r for r in snapshot.find_records(record_type, "id", ids)}
    for row in rows:
        if record := records.get(row.item.matched_ids[0]):
            yield row.key, record
