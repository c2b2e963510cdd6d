"""Merge what a laptop sent, all or nothing.

A bundle is believed when a trusted card signed it, it is of this hospital and for this station, and
its audit chain holds and runs through every point that the laptop showed before. All of it is merged
in one transaction, together with its audit entry: a program that dies meanwhile leaves nothing of
it. What only its audit chain speaks against can be merged by a person, with a reason.
"""

from downtime.settings import Settings
from downtime.sync import store
from downtime.sync.duplicate_numbers import find_duplicate_rows, save_duplicates
from downtime.sync.merge_rows import MergeResult, RowMerger
from downtime.sync.model import AuditAction, UntrustedBundle
from downtime.sync.open_bundle import open_bundle
from downtime.sync.trust_checks import find_trust_failure
from downtime.vault.model import Actor
from downtime.vault.policies import check_reason
from downtime.vault.vault import Vault


def merge_bundle(
    vault: Vault, settings: Settings, data: bytes, actor: Actor, reason: str = ""
) -> MergeResult:
    """Merge one bundle, however often and in whatever order bundles are brought.

    UntrustedError as `open_bundle`, and when it does not continue what the laptop showed before.
    """
    bundle = open_bundle(vault, settings, data)
    laptop, target = bundle.header.device, bundle.audit_target
    with vault.change(actor, AuditAction.HANDOVER_TAKE, target=target, reason=reason) as db:
        duplicates = find_duplicate_rows(db, bundle.rows)
        known_hashes = store.fetch_audit_hashes(db, laptop)
        if failure := find_trust_failure(bundle, known_hashes, duplicates.numbers):
            raise failure.error
        has_new_entries = bundle.header.sequence > len(known_hashes)
        result = MergeResult(bundle.header, bundle.card.name, bundle.sealed.sha256, has_new_entries)
        if has_new_entries:
            store.save_audit_chain(db, laptop, bundle.chain)
            merger = RowMerger(vault, settings, db, actor)
            result = merger.merge_rows(bundle.rows, duplicates, result)
        store.save_bundle(db, bundle, actor, vault.now())
    return result


def merge_untrusted_bundle(
    vault: Vault, settings: Settings, data: bytes, actor: Actor, reason: str
) -> MergeResult:
    """Merge a bundle whose audit chain does not hold or continue, in this person's name.

    InputError without a reason; UntrustedError as `open_bundle`. What two pasts of one laptop say of
    one form is kept beside each other; the file is kept whole. One that nothing speaks against is
    merged as any other.
    """
    reason = check_reason(reason, "sync.reason")
    bundle = open_bundle(vault, settings, data)
    laptop, target = bundle.header.device, bundle.audit_target
    with vault.change(actor, AuditAction.HANDOVER_TAKE_OVER, target=target, reason=reason) as db:
        duplicates, now = find_duplicate_rows(db, bundle.rows), vault.now()
        known_hashes, sha256 = store.fetch_audit_hashes(db, laptop), bundle.sealed.sha256
        failure = find_trust_failure(bundle, known_hashes, duplicates.numbers)
        continues = bundle.header.sequence > len(known_hashes)
        has_new_entries = not store.has_bundle(db, sha256) if failure else continues
        result = MergeResult(
            bundle.header,
            bundle.card.name,
            sha256,
            has_new_entries,
            failure=failure,
            duplicate_numbers=duplicates.numbers,
        )
        if has_new_entries:
            if not (failure and failure.branch):
                store.save_audit_chain(db, laptop, bundle.chain)
            merger = RowMerger(vault, settings, db, actor)
            result = merger.merge_rows(bundle.rows, duplicates, result)
        store.save_bundle(db, bundle, actor, now)
        if failure and has_new_entries:
            save_duplicates(db, duplicates, failure.branch or laptop, now)
            untrusted = UntrustedBundle(
                sha256=sha256,
                device=laptop,
                failure=failure,
                kept_sentence="",
                reason=reason,
                merged=now,
                merged_by=actor.id,
                merged_name=actor.name,
                duplicate_numbers=duplicates.numbers,
                file=bundle.sealed.data,
            )
            store.save_untrusted_bundle(db, untrusted)
    return result
