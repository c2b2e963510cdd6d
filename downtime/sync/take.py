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

from downtime.entry import carried as entries
from downtime.entry.duplicates import duplicates
from downtime.errors import InputError, NotFoundError, UntrustedError
from downtime.outage import carried as outages
from downtime.paper import carried as ledger
from downtime.paper import store as ledger_store
from downtime.settings import Settings
from downtime.sync import bundle, clashes, doubts, second_papers, store, store_doubts
from downtime.sync.bundle import Header, Row
from downtime.sync.clashes import Found as Clashes
from downtime.sync.doubts import Doubt
from downtime.sync.seal import AUDIT, CHECKPOINT, PERSON
from downtime.sync.store import HandedOver
from downtime.sync.store_doubts import TakenOver
from downtime.vault import device, sealing
from downtime.vault.audit import GENESIS, Actor
from downtime.vault.checkpoint import Checkpoint
from downtime.vault.device import Card
from downtime.vault.sealing import Envelope
from downtime.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class Taken:
    """What a bundle brought. `news` is false for one that is no newer than what was taken before."""

    header: Header
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
    doubt: Doubt | None = None
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


def read(path: Path, settings: Settings) -> bytes:
    """The bytes of a bundle's file; NotFoundError, InputError when it is too large."""
    limit = settings.handover.max_bundle_bytes
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
            "If it is a bundle of this hospital, raise handover.max_bundle_bytes.",
        )
    return data


def take(vault: Vault, settings: Settings, data: bytes, who: Actor, why: str = "") -> Taken:
    """Take one bundle, however often and in whatever order bundles are brought.

    UntrustedError when it was altered or cut short, comes from an unknown laptop or another
    hospital, is for another station, or does not continue what the laptop showed before.
    """
    return _take(vault, settings, data, who, why, over=False)


def take_over(vault: Vault, settings: Settings, data: bytes, who: Actor, why: str) -> Taken:
    """Take a bundle whose audit chain does not hold or continue, in this person's name.

    InputError without a reason; UntrustedError as `take` for anything else that speaks against it.
    What two pasts of one laptop say of one form is kept beside each other; the file is kept whole.
    """
    if not why.strip():
        raise InputError("handover.reason", "A reason is needed.", "Say in a few words why.")
    return _take(vault, settings, data, who, why.strip(), over=True)


def _take(
    vault: Vault, settings: Settings, data: bytes, who: Actor, why: str, *, over: bool
) -> Taken:
    sealed, header, card = check(vault, settings, data)
    rows = bundle.open_rows(sealed, device.load(vault).age_identity)
    chain, point, others = _sorted(rows)
    head = chain[-1][-1] if chain else GENESIS
    target = f"{header.device} {header.sequence} {sealed.sha256} head {head}"
    action = "handover.take-over" if over else "handover.take"
    with vault.change(who, action, target=target, why=why) as db:
        held = store.hashes(db, header.device)
        twice = _clashes(db, others)
        doubt = doubts.against(chain, point, header, card, held, twice.numbers)
        if doubt and not over:
            raise doubt.error
        news = not store.is_taken(db, sealed.sha256) if doubt else header.sequence > len(held)
        taken = Taken(header, card.name, sealed.sha256, news, doubt=doubt, clashes=twice.numbers)
        if news:
            if not (doubt and doubt.branch):
                store.keep_chain(db, header.device, chain)
            taken = _believed(db, taken, others, twice, device.code(vault.home))
        store.keep(
            db,
            HandedOver(
                sha256=sealed.sha256, device=header.device, sequence=header.sequence, head=head,
                created=header.created, taken=vault.now(), taken_by=who.id, taken_name=who.name,
                checkpoint=point.words if point else "",
            ),
        )  # fmt: skip
        if doubt and news:
            clashes.keep(db, twice, doubt.branch or header.device, vault.now())
            store_doubts.keep(
                db,
                TakenOver(
                    sha256=sealed.sha256, device=header.device, branch=doubt.branch,
                    doubt=doubt.sentence, why=why, taken=vault.now(), taken_by=who.id,
                    taken_name=who.name, clashes=taken.clashes, file=sealed.data,
                ),
            )  # fmt: skip
    return taken


def check(vault: Vault, settings: Settings, data: bytes) -> tuple[Envelope, Header, Card]:
    """All that can be checked before anything is opened: signature, sender, hospital, station."""
    sealed = sealing.verify(bundle.KIND, data, sealing.believed(vault.home))
    header, own = bundle.header_of(sealed), device.public(vault.home)
    cards = {sealing.key_id(card.public_key): card for card in device.trusted(vault.home)}
    card = cards.get(header.key)
    if card is None:
        raise UntrustedError(
            "handover.own", "This bundle was made by this machine.", "Take it to the station."
        )
    if card.code != header.device:
        raise UntrustedError(
            "handover.device",
            f"{card.name} ({card.code}) signed this bundle in the name of {header.device}.",
            "Tell security: a laptop never does that by itself.",
        )
    if header.hospital != settings.site.code:
        raise UntrustedError(
            "handover.other-hospital",
            f"This bundle is of {header.hospital}, and this machine serves {settings.site.code}.",
            "Take it to the records station of that hospital.",
        )
    if header.station != own.code:
        raise UntrustedError(
            "handover.other-station",
            f"This bundle is sealed for machine {header.station}, and this one is {own.code}.",
            f"Take it there, or let the laptop seal another one for {own.code}.",
        )
    return sealed, header, card


def _sorted(rows: Iterable[Row]) -> tuple[list[Any], Checkpoint | None, list[Row]]:
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


def _clashes(db: Database, rows: list[Row]) -> Clashes:
    """Serials and downtime numbers that stand for something else here."""
    try:
        return clashes.find(db, rows)
    except (KeyError, sqlcipher3.ProgrammingError):
        raise sealing.incomplete() from None


def _believed(db: Database, taken: Taken, rows: Iterable[Row], twice: Clashes, own: str) -> Taken:
    """As `_merged`; UntrustedError when rows are not as a laptop of this version writes them."""
    try:
        said = second_papers.without(rows, taken.header.device, twice.serials)
        return _merged(db, taken, said, own)
    except (KeyError, TypeError, ValueError, sqlcipher3.DatabaseError) as error:
        if isinstance(error, sqlcipher3.OperationalError):  # the disk, not the bundle
            raise
        raise sealing.incomplete() from None


def _merged(db: Database, taken: Taken, rows: Iterable[Row], own: str) -> Taken:
    late: list[Row] = []
    for table, row in rows:
        if table == PERSON:
            store.keep_person(db, taken.header.device, row["id"], row["name"])
        elif table in (outages.ELSEWHERE, outages.NUMBER):
            outages.merge(db, own, table, row)
        elif table in (*ledger.TABLES, *entries.TABLES):
            late.append((table, row))
        else:
            raise ValueError(f"no table {table}")
    homes = outages.homes(db)
    regroup(db, homes)
    past = (taken.header.device, taken.doubt.branch) if taken.doubt and taken.doubt.branch else None
    forms = ledger.Merging(db, lambda origin: homes.get(origin, origin), past)
    keyed = entries.Merging(db, own, lambda serial: ledger_store.outage_of(db, serial), past)
    for table, row in late:
        (forms.take if table in ledger.TABLES else keyed.take)(table, row)
    forms.finish()
    keyed.finish()
    mine = {one.origin for one in outages.declared(db) if one.device == taken.header.device}
    return replace(
        taken,
        forms=forms.forms,
        moves=forms.moves,
        entries=keyed.entries,
        duplicates=len({pair.serial for pair in duplicates(db)}),
        homeless=tuple(sorted(origin for origin in mine if homes[origin] == origin)),
    )


def regroup(db: Database, homes: dict[str, str]) -> int:
    """Put what laptops did under the outages here, inside the caller's transaction; how many forms."""
    moved = ledger.regroup(db, homes)
    entries.regroup(db, moved.items())
    return len(moved)
