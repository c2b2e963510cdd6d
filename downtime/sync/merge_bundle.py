"""Merge what a laptop sent, all or nothing.

A bundle is believed when a trusted card signed it, it is of this hospital and for this station, and
its audit chain holds and runs through every point that the laptop showed before. All of it is merged
in one transaction, together with its audit entry: a program that dies meanwhile leaves nothing of
it. What only its audit chain speaks against can be merged by a person, with a reason. A second past
that a person has accepted is kept beside the first: a bundle that continues it needs nobody again.
"""

from sqlite_utils import Database

from downtime.settings import Settings
from downtime.sync.bundle import OpenedBundle, open_bundle
from downtime.sync.duplicate_numbers import DuplicateRows, find_duplicate_rows, save_duplicates
from downtime.sync.merge_rows import MergeResult, RowMerger
from downtime.sync.model import AuditAction, TrustFailure, TrustFailureKind, UntrustedBundle
from downtime.sync.store import bundles, laptops
from downtime.sync.trust_checks import continues_chain, find_trust_failure
from downtime.vault.model import Actor
from downtime.vault.policies import check_reason
from downtime.vault.sealing import Source
from downtime.vault.store import receipts
from downtime.vault.vault import Vault


def merge_bundle(
    vault: Vault, settings: Settings, source: Source, actor: Actor, reason: str = ""
) -> MergeResult:
    """Merge one bundle, however often and in whatever order bundles are brought.

    UntrustedError as `open_bundle`, and when it does not continue what the laptop showed before.
    """
    return _merge(vault, settings, source, actor, reason, AuditAction.HANDOVER_TAKE)


def merge_untrusted_bundle(
    vault: Vault, settings: Settings, source: Source, actor: Actor, reason: str
) -> MergeResult:
    """Merge a bundle whose audit chain does not hold or continue, in this person's name.

    InputError without a reason; UntrustedError as `open_bundle`. What two pasts of one laptop say of
    one form is kept beside each other; the file is kept whole. One that nothing speaks against is
    merged as any other.
    """
    reason = check_reason(reason, "sync.reason")
    return _merge(vault, settings, source, actor, reason, AuditAction.HANDOVER_TAKE_OVER)


def _merge(
    vault: Vault, settings: Settings, source: Source, actor: Actor, reason: str, action: AuditAction
) -> MergeResult:
    bundle = open_bundle(vault, settings, source)
    laptop, sha256 = bundle.header.device, bundle.sealed.sha256
    with vault.change(actor, action, target=bundle.audit_target, reason=reason) as db:
        duplicates = find_duplicate_rows(db, bundle.rows)
        known_hashes = laptops.fetch_audit_hashes(db, laptop)
        failure = find_trust_failure(bundle, known_hashes, duplicates.numbers)
        branch = failure.branch if failure else ""
        if failure and failure.kind == TrustFailureKind.CHAIN_FORKED:
            accepted_hashes = laptops.fetch_audit_hashes(db, branch)
            if continues_chain(bundle.chain, accepted_hashes) and not duplicates.numbers:
                failure, known_hashes = None, accepted_hashes
        if failure and action == AuditAction.HANDOVER_TAKE:
            raise failure.error
        continues = bundle.header.sequence > len(known_hashes)
        is_new = not bundles.has_bundle(db, sha256) if failure else continues
        result = MergeResult(
            bundle.header, bundle.card.name, sha256, is_new, failure=failure,
            duplicate_numbers=duplicates.numbers, head=bundle.head, branch=branch,
        )  # fmt: skip
        if is_new:
            laptops.save_audit_chain(db, branch or laptop, bundle.chain)
            result = RowMerger(vault, settings, db, actor).merge_rows(
                bundle.rows, duplicates, result
            )
        bundles.save_bundle(db, bundle, actor, vault.now())
        if bundle.high_water:
            receipts.save_marks(db, bundle.high_water, vault.now())
        if is_new and failure:
            _keep_untrusted(db, bundle, failure, duplicates, actor, vault.now(), reason)
    return result


def _keep_untrusted(
    db: Database, bundle: OpenedBundle, failure: TrustFailure, duplicates: DuplicateRows,
    actor: Actor, now: str, reason: str,
) -> None:  # fmt: skip
    save_duplicates(db, duplicates, failure.branch or failure.device, now)
    untrusted = UntrustedBundle(
        sha256=bundle.sealed.sha256, device=failure.device, failure=failure, kept_sentence="",
        reason=reason, merged=now, merged_by=actor.id, merged_name=actor.name,
        duplicate_numbers=duplicates.numbers, file=bundle.sealed.data,
    )  # fmt: skip
    bundles.save_untrusted_bundle(db, untrusted)
