"""Take what a laptop handed over: check it, open it, and put it with what is held, all or nothing.

A bundle is believed when a trusted card signed it, it is of this hospital and for this station, and
its audit chain holds and runs through every point that the laptop showed before. Nothing of it is
opened before its signature is checked. All of it is put together in one transaction, together with
its audit entry: a program that dies meanwhile leaves nothing of it. What only its audit chain speaks
against can be taken over by a person, with a reason (`doubts`).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import sqlcipher3
from sqlite_utils import Database

from downtime.entry import merge_entries as entries
from downtime.entry.duplicate_entries import find_duplicate_entries
from downtime.errors import InputError, UntrustedError
from downtime.outage import laptop_outages as outages
from downtime.paper import merge_ledger as ledger
from downtime.paper.store import issued_forms as ledger_store
from downtime.settings import Settings
from downtime.sync import bundle, second_papers, store, store_doubts, trust_checks
from downtime.sync import duplicate_numbers as clashes
from downtime.sync.bundle import BundleHeader, Row
from downtime.sync.duplicate_numbers import DuplicateRows as Clashes
from downtime.sync.export_bundle import AUDIT, CHECKPOINT, PERSON
from downtime.sync.model import AuditAction
from downtime.sync.store import MergedBundle
from downtime.sync.store_doubts import UntrustedBundle
from downtime.sync.trust_checks import TrustFailure
from downtime.transport.folder import read_file
from downtime.vault import device, sealing
from downtime.vault.audit import GENESIS
from downtime.vault.device import Card
from downtime.vault.model import Actor, Checkpoint
from downtime.vault.sealing import SealedFile
from downtime.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class MergeResult:
    """What a bundle brought. `news` is false for one that is no newer than what was taken before."""

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
    homeless: tuple[str, ...] = ()
    """Outages of the laptop that belong to none here: `K7:2026-11-02-1`."""
    doubt: TrustFailure | None = None
    """What spoke against it, when a person took it over all the same."""
    clashes: tuple[str, ...] = ()
    """Serials and downtime numbers that stand for two things now."""

    @property
    def sentence(self) -> str:
        """What came of it, for a person."""
        if not self.news:
            return f"{self.name} ({self.header.device}): nothing newer than what was taken before."
        said = (
            f"{self.name} ({self.header.device}): {self.forms} new forms, {self.moves} new moves,"
            f" {self.entries} new or changed entries."
        )
        if self.homeless:
            said += f" {len(self.homeless)} of its outages belong to none here yet: join them."
        if self.doubt:
            said += f" TAKEN OVER all the same: {self.doubt.sentence} The statement says so."
        if self.clashes:
            said += f" Two things carry one number: {', '.join(self.clashes)}."
        return said


def read_bundle(path: Path, settings: Settings) -> bytes:
    """The bytes of a bundle's file; NotFoundError, InputError when it is too large."""
    return read_file(path, settings.sync.max_bundle_bytes, "sync.max_bundle_bytes")


def merge_bundle(
    vault: Vault, settings: Settings, data: bytes, actor: Actor, reason: str = ""
) -> MergeResult:
    """Take one bundle, however often and in whatever order bundles are brought.

    UntrustedError when it was altered or cut short, comes from an unknown laptop or another
    hospital, is for another station, or does not continue what the laptop showed before.
    """
    return _merge_checked(vault, settings, data, actor, reason, over=False)


def merge_untrusted_bundle(
    vault: Vault, settings: Settings, data: bytes, actor: Actor, reason: str
) -> MergeResult:
    """Take a bundle whose audit chain does not hold or continue, in this person's name.

    InputError without a reason; UntrustedError as `take` for anything else that speaks against it.
    What two pasts of one laptop say of one form is kept beside each other; the file is kept whole.
    """
    if not reason.strip():
        raise InputError("sync.reason", "A reason is needed.", "Say in a few words why.")
    return _merge_checked(vault, settings, data, actor, reason.strip(), over=True)


def _merge_checked(
    vault: Vault, settings: Settings, data: bytes, actor: Actor, reason: str, *, over: bool
) -> MergeResult:
    sealed, header, card = check_bundle(vault, settings, data)
    rows = bundle.open_rows(sealed, device.load_device(vault).age_identity)
    chain, point, others = _split_rows(rows)
    head = chain[-1][-1] if chain else GENESIS
    target = f"{header.device} {header.sequence} {sealed.sha256} head {head}"
    action = AuditAction.HANDOVER_TAKE_OVER if over else AuditAction.HANDOVER_TAKE
    with vault.change(actor, action, target=target, reason=reason) as db:
        held = store.fetch_audit_hashes(db, header.device)
        twice = _find_duplicate_rows(db, others)
        doubt = trust_checks.find_trust_failure(chain, point, header, card, held, twice.numbers)
        if doubt and not over:
            raise doubt.error
        news = not store.has_bundle(db, sealed.sha256) if doubt else header.sequence > len(held)
        taken = MergeResult(
            header, card.name, sealed.sha256, news, doubt=doubt, clashes=twice.numbers
        )
        if news:
            if not (doubt and doubt.branch):
                store.save_audit_chain(db, header.device, chain)
            taken = _merge_trusted_rows(db, taken, others, twice, device.read_own_code(vault.home))
        store.save_bundle(
            db,
            MergedBundle(
                sha256=sealed.sha256, device=header.device, sequence=header.sequence, head=head,
                created=header.created, taken=vault.now(), taken_by=actor.id, taken_name=actor.name,
                checkpoint=point.short_text if point else "",
            ),
        )  # fmt: skip
        if doubt and news:
            clashes.save_duplicates(db, twice, doubt.branch or header.device, vault.now())
            store_doubts.save_untrusted_bundle(
                db,
                UntrustedBundle(
                    sha256=sealed.sha256, device=header.device, branch=doubt.branch,
                    doubt=doubt.sentence, why=reason, taken=vault.now(), taken_by=actor.id,
                    taken_name=actor.name, clashes=taken.clashes, file=sealed.data,
                ),
            )  # fmt: skip
    return taken


def check_bundle(
    vault: Vault, settings: Settings, data: bytes
) -> tuple[SealedFile, BundleHeader, Card]:
    """All that can be checked before anything is opened: signature, sender, hospital, station."""
    sealed = sealing.verify_seal(bundle.KIND, data, sealing.list_trusted_keys(vault.home))
    header, own = bundle.read_header(sealed), device.read_own_card(vault.home)
    cards = {
        sealing.key_id(card.public_key): card for card in device.read_trusted_cards(vault.home)
    }
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
    return sealed, header, card


def _split_rows(rows: Iterable[Row]) -> tuple[list[Any], Checkpoint | None, list[Row]]:
    chain: list[Any] = []
    point: Checkpoint | None = None
    others: list[Row] = []
    for table, row in rows:
        if table == AUDIT:
            chain.append(row["entry"])
        elif table == CHECKPOINT:
            point = Checkpoint(**row)
        else:
            others.append((table, row))
    return chain, point, others


def _find_duplicate_rows(db: Database, rows: list[Row]) -> Clashes:
    """Serials and downtime numbers that stand for something else here."""
    try:
        return clashes.find_duplicate_rows(db, rows)
    except (KeyError, sqlcipher3.ProgrammingError):
        raise sealing.incomplete_error() from None


def _merge_trusted_rows(
    db: Database, taken: MergeResult, rows: Iterable[Row], twice: Clashes, own: str
) -> MergeResult:
    """As `_merged`; UntrustedError when rows are not as a laptop of this version writes them."""
    try:
        said = second_papers.without_second_papers(rows, taken.header.device, twice.serials)
        return _merge_rows(db, taken, said, own)
    except (KeyError, TypeError, ValueError, sqlcipher3.DatabaseError) as error:
        if isinstance(error, sqlcipher3.OperationalError):  # the disk, not the bundle
            raise
        raise sealing.incomplete_error() from None


def _merge_rows(db: Database, taken: MergeResult, rows: Iterable[Row], own: str) -> MergeResult:
    late: list[Row] = []
    for table, row in rows:
        if table == PERSON:
            store.save_person(db, taken.header.device, row["id"], row["name"])
        elif table in (outages.LAPTOP_OUTAGE_ROWS, outages.NUMBER_ROWS):
            outages.merge_row(db, own, table, row)
        elif table in (*ledger.LedgerTable, *entries.TABLES):
            late.append((table, row))
        else:
            raise ValueError(f"no table {table}")
    homes = outages.map_to_local_outages(db)
    move_forms_to_outages(db, homes)
    past = (taken.header.device, taken.doubt.branch) if taken.doubt and taken.doubt.branch else None
    forms = ledger.LedgerMerge(db, lambda origin: homes.get(origin, origin), past)
    keyed = entries.EntryMerger(db, own, lambda serial: ledger_store.fetch_outage(db, serial), past)
    for table, row in late:
        (forms.merge_row if table in list(ledger.LedgerTable) else keyed.merge_row)(table, row)
    forms.update_states()
    keyed.finish()
    mine = {
        one.origin for one in outages.list_laptop_outages(db) if one.device == taken.header.device
    }
    return replace(
        taken,
        forms=forms.new_forms,
        moves=forms.new_moves,
        entries=keyed.new_entries,
        duplicates=len({pair.serial for pair in find_duplicate_entries(db)}),
        homeless=tuple(sorted(origin for origin in mine if homes[origin] == origin)),
    )


def move_forms_to_outages(db: Database, homes: dict[str, str]) -> int:
    """Put what laptops did under the outages here, inside the caller's transaction; how many forms."""
    moved = ledger.regroup_forms(db, homes)
    entries.move_to_outages(db, moved.items())
    return len(moved)
