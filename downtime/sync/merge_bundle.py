"""Merge what a laptop sent: check it, open it, and put it with what is here, all or nothing.

A bundle is believed when a trusted card signed it, it is of this hospital and for this station, and
its audit chain holds and runs through every point that the laptop showed before. Nothing of it is
opened before its signature is checked. All of it is merged in one transaction, together with its
audit entry: a program that dies meanwhile leaves nothing of it. What only its audit chain speaks
against can be merged by a person, with a reason (`trust_checks`).
"""

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import sqlcipher3
from sqlite_utils import Database

from downtime.entry import merge_entries
from downtime.entry.duplicate_entries import find_duplicate_entries
from downtime.entry.merge_entries import EntryMerger
from downtime.entry.open_form import open_form
from downtime.entry.policies import check_reason
from downtime.errors import InputError, NotFoundError, UntrustedError, UserError
from downtime.outage import laptop_outages
from downtime.paper import merge_ledger
from downtime.paper.merge_ledger import LedgerMerge, LedgerTable
from downtime.paper.store import issued_forms
from downtime.settings import Settings
from downtime.sync import bundle, duplicate_numbers, store, trust_checks
from downtime.sync.bundle import BundleHeader, Row
from downtime.sync.duplicate_numbers import DuplicateRows
from downtime.sync.export_bundle import AUDIT, CHECKPOINT, PERSON
from downtime.sync.model import AuditAction, MergedBundle, TrustFailure, UntrustedBundle
from downtime.vault import device, sealing
from downtime.vault.audit import GENESIS
from downtime.vault.device import Card
from downtime.vault.model import Actor, Checkpoint
from downtime.vault.sealing import SealedFile
from downtime.vault.vault import Vault


class CheckedBundle(NamedTuple):
    """A bundle whose signature, sender, hospital and station are right; nothing of it is opened."""

    sealed: SealedFile
    header: BundleHeader
    card: Card


class BundleContent(NamedTuple):
    """What a bundle holds: the laptop's audit chain with its last signed point, and all other rows."""

    chain: list[Any]
    point: Checkpoint | None
    rows: list[Row]

    @property
    def head(self) -> str:
        """The hash of the last audit entry."""
        return str(self.chain[-1][-1]) if self.chain else GENESIS


@dataclass(frozen=True, slots=True)
class MergeResult:
    """What a bundle brought. `news` is false for one that is no newer than what was merged before."""

    header: BundleHeader
    name: str
    """What people call the laptop."""
    sha256: str
    news: bool
    forms: int = 0
    moves: int = 0
    entries: int = 0
    duplicates: int = 0
    """Forms that are keyed twice now, of all laptops together."""
    unjoined_outages: tuple[str, ...] = ()
    """Outages of the laptop that belong to none here: `K7:2026-11-02-1`."""
    failure: TrustFailure | None = None
    """What spoke against it, when a person merged it all the same."""
    duplicate_numbers: tuple[str, ...] = ()
    """Serials and downtime numbers that stand for two things now."""

    @property
    def sentence(self) -> str:
        """The result, for a person."""
        laptop = f"{self.name} ({self.header.device})"
        if not self.news:
            return f"{laptop}: nothing newer than what was merged before."
        sentences = [
            f"{laptop}: {self.forms} new forms, {self.moves} new moves,"
            f" {self.entries} new or changed entries."
        ]
        if count := len(self.unjoined_outages):
            sentences.append(f"{count} of its outages belong to none here yet: join them.")
        if self.failure:
            sentences.append(
                f"ACCEPTED all the same: {self.failure.sentence} The statement says so."
            )
        if self.duplicate_numbers:
            sentences.append(f"Two things carry one number: {', '.join(self.duplicate_numbers)}.")
        return " ".join(sentences)


def read_bundle(path: Path, settings: Settings) -> bytes:
    """The bytes of a bundle's file; NotFoundError, InputError when it is too large."""
    limit = settings.sync.max_bundle_bytes
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError:
        raise NotFoundError(
            "bundle.missing", f"There is no bundle {path.name}.", "Check the name or the stick."
        ) from None
    if len(data) > limit:
        raise InputError(
            "bundle.too-large",
            f"{path.name} is larger than {limit} bytes, the most that a bundle may have.",
            "If it is a bundle of this hospital, raise sync.max_bundle_bytes.",
        )
    return data


def merge_bundle(
    vault: Vault, settings: Settings, data: bytes, actor: Actor, reason: str = ""
) -> MergeResult:
    """Merge one bundle, however often and in whatever order bundles are brought.

    UntrustedError when it was altered or cut short, comes from an unknown laptop or another
    hospital, is for another station, or does not continue what the laptop showed before.
    """
    checked = check_bundle(vault, settings, data)
    content = _open_content(vault, checked.sealed)
    with _change(vault, AuditAction.HANDOVER_TAKE, checked, content, actor, reason) as db:
        duplicates = _find_duplicate_rows(db, content.rows)
        if failure := _find_failure(db, checked, content, duplicates):
            raise failure.error
        result = _start_result(db, checked, duplicates)
        if result.news:
            store.save_audit_chain(db, checked.header.device, content.chain)
            merger = _BundleMerger(vault, settings, db, actor, result)
            result = merger.merge_trusted(content.rows, duplicates)
        _save_bundle(db, checked, content, actor, vault.now())
    return result


def merge_untrusted_bundle(
    vault: Vault, settings: Settings, data: bytes, actor: Actor, reason: str
) -> MergeResult:
    """Merge a bundle whose audit chain does not hold or continue, in this person's name.

    InputError without a reason; UntrustedError as `merge_bundle` for anything else that speaks
    against it. What two pasts of one laptop say of one form is kept beside each other; the file is
    kept whole.
    """
    reason = check_reason(reason, "sync.reason")
    checked = check_bundle(vault, settings, data)
    content = _open_content(vault, checked.sealed)
    with _change(vault, AuditAction.HANDOVER_TAKE_OVER, checked, content, actor, reason) as db:
        duplicates = _find_duplicate_rows(db, content.rows)
        failure = _find_failure(db, checked, content, duplicates)
        result = _start_result(db, checked, duplicates, failure)
        if result.news:
            if not (failure and failure.branch):
                store.save_audit_chain(db, checked.header.device, content.chain)
            merger = _BundleMerger(vault, settings, db, actor, result)
            result = merger.merge_trusted(content.rows, duplicates)
        _save_bundle(db, checked, content, actor, vault.now())
        if failure and result.news:
            _save_failure(db, checked, result, failure, duplicates, actor, vault.now(), reason)
    return result


def check_bundle(vault: Vault, settings: Settings, data: bytes) -> CheckedBundle:
    """All that can be checked before anything is opened: signature, sender, hospital, station."""
    sealed = sealing.verify_seal(bundle.KIND, data, sealing.list_trusted_keys(vault.home))
    header, own = bundle.read_header(sealed), device.read_own_card(vault.home)
    cards = {sealing.key_id(c.public_key): c for c in device.read_trusted_cards(vault.home)}
    card = cards.get(header.key)
    if card is None:
        raise UntrustedError(
            "sync.own", "This bundle was made by this machine.", "Take it to the station."
        )
    if card.code != header.device:
        raise UntrustedError(
            "sync.device",
            f"{card.name} ({card.code}) signed this bundle in the name of {header.device}.",
            "Tell security: a laptop never does that by itself.",
        )
    if header.hospital != settings.site.code:
        raise UntrustedError(
            "sync.other-hospital",
            f"This bundle is of {header.hospital}, and this machine serves {settings.site.code}.",
            "Take it to the records station of that hospital.",
        )
    if header.station != own.code:
        raise UntrustedError(
            "sync.other-station",
            f"This bundle is sealed for machine {header.station}, and this one is {own.code}.",
            f"Take it there, or let the laptop seal another one for {own.code}.",
        )
    return CheckedBundle(sealed, header, card)


def _open_content(vault: Vault, sealed: SealedFile) -> BundleContent:
    content = BundleContent([], None, [])
    for table, row in bundle.open_rows(sealed, device.load_device(vault).age_identity):
        if table == AUDIT:
            content.chain.append(row["entry"])
        elif table == CHECKPOINT:
            content = content._replace(point=Checkpoint(**row))
        else:
            content.rows.append((table, row))
    return content


def _change(
    vault: Vault,
    action: AuditAction,
    checked: CheckedBundle,
    content: BundleContent,
    actor: Actor,
    reason: str,
) -> AbstractContextManager[Database]:
    header = checked.header
    target = f"{header.device} {header.sequence} {checked.sealed.sha256} head {content.head}"
    return vault.change(actor, action, target=target, reason=reason)


def _find_duplicate_rows(db: Database, rows: list[Row]) -> DuplicateRows:
    """Serials and downtime numbers that stand for something else here."""
    try:
        return duplicate_numbers.find_duplicate_rows(db, rows)
    except (KeyError, sqlcipher3.ProgrammingError):
        raise sealing.incomplete_error() from None


def _find_failure(
    db: Database, checked: CheckedBundle, content: BundleContent, duplicates: DuplicateRows
) -> TrustFailure | None:
    known_hashes = store.fetch_audit_hashes(db, checked.header.device)
    return trust_checks.find_trust_failure(
        content.chain,
        content.point,
        checked.header,
        checked.card,
        known_hashes,
        duplicates.numbers,
    )


def _start_result(
    db: Database,
    checked: CheckedBundle,
    duplicates: DuplicateRows,
    failure: TrustFailure | None = None,
) -> MergeResult:
    header, sha256 = checked.header, checked.sealed.sha256
    if failure:
        news = not store.has_bundle(db, sha256)
    else:
        news = header.sequence > len(store.fetch_audit_hashes(db, header.device))
    return MergeResult(
        header,
        checked.card.name,
        sha256,
        news,
        failure=failure,
        duplicate_numbers=duplicates.numbers,
    )


def _save_bundle(
    db: Database, checked: CheckedBundle, content: BundleContent, actor: Actor, now: str
) -> None:
    bundle_row = MergedBundle(
        sha256=checked.sealed.sha256,
        device=checked.header.device,
        sequence=checked.header.sequence,
        head=content.head,
        created=checked.header.created,
        merged=now,
        merged_by=actor.id,
        merged_name=actor.name,
        checkpoint=content.point.short_text if content.point else "",
    )
    store.save_bundle(db, bundle_row)


def _save_failure(
    db: Database,
    checked: CheckedBundle,
    result: MergeResult,
    failure: TrustFailure,
    duplicates: DuplicateRows,
    actor: Actor,
    now: str,
    reason: str,
) -> None:
    laptop = checked.header.device
    duplicate_numbers.save_duplicates(db, duplicates, failure.branch or laptop, now)
    untrusted = UntrustedBundle(
        sha256=checked.sealed.sha256,
        device=laptop,
        failure=failure,
        kept_sentence="",
        reason=reason,
        merged=now,
        merged_by=actor.id,
        merged_name=actor.name,
        duplicate_numbers=result.duplicate_numbers,
        file=checked.sealed.data,
    )
    store.save_untrusted_bundle(db, untrusted)


@dataclass
class _BundleMerger:
    """Puts the rows of one bundle into the tables here, inside the transaction of its merge."""

    vault: Vault
    settings: Settings
    db: Database
    actor: Actor
    result: MergeResult

    def merge_trusted(self, rows: Iterable[Row], duplicates: DuplicateRows) -> MergeResult:
        """Merge rows; UntrustedError when they are not as a laptop of this version writes them."""
        laptop = self.result.header.device
        try:
            rows = duplicate_numbers.without_second_papers(rows, laptop, duplicates.serials)
            return self._merge(rows)
        except (KeyError, TypeError, ValueError, sqlcipher3.DatabaseError) as error:
            if isinstance(error, sqlcipher3.OperationalError):  # the disk, not the bundle
                raise
            raise sealing.incomplete_error() from None

    def _merge(self, rows: Iterable[Row]) -> MergeResult:
        deferred = self._merge_outages(rows)
        local_outages = laptop_outages.map_to_local_outages(self.db)
        move_forms_to_outages(self.db, local_outages)
        forms, entries = self._merge_forms(deferred, local_outages)
        laptop = self.result.header.device
        origins = {
            outage.origin
            for outage in laptop_outages.list_laptop_outages(self.db)
            if outage.device == laptop
        }
        return replace(
            self.result,
            forms=forms.new_forms,
            moves=forms.new_moves,
            entries=entries.new_entries,
            duplicates=len({pair.serial for pair in find_duplicate_entries(self.db)}),
            unjoined_outages=tuple(sorted(o for o in origins if local_outages[o] == o)),
        )

    def _merge_outages(self, rows: Iterable[Row]) -> list[Row]:
        """Merge people, outages and numbers; the rows of forms and entries, which come after."""
        own_code = device.read_own_code(self.vault.home)
        deferred: list[Row] = []
        for table, row in rows:
            if table == PERSON:
                store.save_person(self.db, self.result.header.device, row["id"], row["name"])
            elif table in (laptop_outages.LAPTOP_OUTAGE_ROWS, laptop_outages.NUMBER_ROWS):
                laptop_outages.merge_row(self.db, own_code, table, row)
            elif table in (*LedgerTable, *merge_entries.TABLES):
                deferred.append((table, row))
            else:
                raise ValueError(f"no table {table}")
        return deferred

    def _merge_forms(
        self, rows: Iterable[Row], local_outages: Mapping[str, str]
    ) -> tuple[LedgerMerge, EntryMerger]:
        failure, laptop = self.result.failure, self.result.header.device
        diverged_history = (laptop, failure.branch) if failure and failure.branch else None
        forms = LedgerMerge(
            self.db, lambda origin: local_outages.get(origin, origin), diverged_history
        )
        entries = EntryMerger(
            db=self.db,
            device=device.read_own_code(self.vault.home),
            actor=self.actor,
            now=self.vault.now(),
            outage_of=lambda serial: issued_forms.fetch_outage(self.db, serial),
            has_critical_fields=self._has_critical_fields,
            diverged_history=diverged_history,
        )
        for table, row in rows:
            if table in tuple(LedgerTable):
                forms.merge_row(table, row)
            else:
                entries.merge_row(table, row)
        forms.update_states()
        entries.finish()
        return forms, entries

    def _has_critical_fields(self, serial: str) -> bool:
        """Whether two people key fields of a form here; of one that cannot be opened they do."""
        try:
            return bool(open_form(self.vault, serial, self.settings).critical_keys)
        except UserError:
            return True


def move_forms_to_outages(db: Database, local_outages: Mapping[str, str]) -> int:
    """Put what laptops did under the outages here, inside the caller's transaction; how many forms."""
    moved = merge_ledger.regroup_forms(db, local_outages)
    merge_entries.move_to_outages(db, moved)
    return len(moved)
