"""Which laptops have handed over, and which are still awaited: none may be forgotten."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlite_utils import Database

from downtime.entry import merge_entries as entries
from downtime.errors import InputError, NotFoundError
from downtime.outage import laptop_outages as outages
from downtime.outage.model import Outage
from downtime.paper.store import moves
from downtime.sync import store, store_doubts
from downtime.sync.model import AuditAction
from downtime.sync.store import ExcusedLaptop, MergedBundle
from downtime.sync.store_doubts import UntrustedBundle
from downtime.vault import device
from downtime.vault.model import Actor
from downtime.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class LaptopReport:
    """What is known of one laptop. `taken` is when its last bundle was taken (UTC), or empty."""

    device: str
    name: str
    """What its card calls it; empty for one that is known from its paper only."""
    taken: str
    sequence: int
    """The number of its last bundle: the length of its audit chain then; 0 without one."""
    complete: bool
    """Whether nothing more of it is awaited."""
    why: str
    """Why not, or why it is not awaited at all; empty when its last bundle holds everything."""
    unknown: tuple[str, ...] = ()
    """Serials and numbers of it that were seen on paper, and that no bundle of it holds."""


def report_laptops(vault: Vault, outage: Outage | None) -> list[LaptopReport]:
    """Every laptop of the fleet by its code: trusted cards, and codes seen on paper here.

    A laptop is complete when its last bundle was sealed after every system of the outage was back,
    it held no system down then, and it holds all of its paper that was seen here.
    """
    db, own = vault.db, device.read_own_code(vault.home)
    cards = {card.code: card.name for card in device.read_trusted_cards(vault.home)}
    unknown = _find_unreported(db)
    bundles, excused = store.fetch_latest_bundles(db), store.fetch_excused(db)
    codes = sorted(({*cards, *unknown, *bundles, *excused}) - {own})
    return [
        _report_laptop(
            db, code, cards.get(code, ""), bundles.get(code), excused.get(code),
            tuple(sorted(unknown.get(code, ()))), outage,
        )
        for code in codes
    ]  # fmt: skip


def find_untrusted_bundles(vault: Vault, outage: Outage) -> list[UntrustedBundle]:
    """What was taken over since an outage began although a laptop's past cannot be proved."""
    return [
        one for one in store_doubts.fetch_untrusted_bundles(vault.db) if one.taken >= outage.opened
    ]


def find_awaited(vault: Vault, outage: Outage | None) -> list[LaptopReport]:
    """Those of which something is still awaited."""
    return [report for report in report_laptops(vault, outage) if not report.complete]


def excuse_laptop(vault: Vault, code: str, actor: Actor, reason: str) -> None:
    """Await nothing of a laptop: it prints no paper, or is lost for good. `why` is required."""
    if not reason.strip():
        raise InputError("sync.reason", "A reason is needed.", "Say in a few words why.")
    if code not in {report.device for report in report_laptops(vault, None)}:
        raise NotFoundError("sync.unknown", f"No laptop {code} is known.", "Check the code.")
    with vault.change(actor, AuditAction.HANDOVER_EXCUSE, target=code, reason=reason) as db:
        store.save_excused(
            db,
            ExcusedLaptop(
                device=code, why=reason.strip(), at=vault.now(), by=actor.id, by_name=actor.name
            ),
        )


def await_laptop(vault: Vault, code: str, actor: Actor, reason: str = "") -> None:
    """Await bundles of a laptop again."""
    with vault.change(actor, AuditAction.HANDOVER_EXPECT, target=code, reason=reason) as db:
        store.delete_excused(db, code)


def _find_unreported(db: Database) -> dict[str, set[str]]:
    """Serials and numbers seen on paper that are in no ledger here, by the laptop they name."""
    found: dict[str, set[str]] = {}
    for move in moves.fetch_moves_without_form(db):
        found.setdefault(move.serial[:2], set()).add(move.serial)
    for number in entries.find_keyed_downtime_numbers(db) - outages.list_known_numbers(db):
        found.setdefault(number[1:3], set()).add(number)
    return found


def _report_laptop(
    db: Database,
    code: str,
    name: str,
    bundle: MergedBundle | None,
    excused: ExcusedLaptop | None,
    unknown: tuple[str, ...],
    outage: Outage | None,
) -> LaptopReport:
    taken, sequence = (bundle.taken, bundle.sequence) if bundle else ("", 0)
    reason = next(_reasons_incomplete(db, code, bundle, unknown, outage), "")
    if excused and not unknown:
        return LaptopReport(code, name, taken, sequence, True, f"Not awaited: {excused.why}")
    return LaptopReport(code, name, taken, sequence, not reason, reason, unknown)


def _reasons_incomplete(
    db: Database,
    code: str,
    bundle: MergedBundle | None,
    unknown: tuple[str, ...],
    outage: Outage | None,
) -> Iterator[str]:
    if unknown:
        yield f"{len(unknown)} of its papers were seen here that it has not reported."
    if bundle is None:
        yield "It has not handed over anything."
        return
    if outage is None:
        return
    theirs = [one for one in outages.list_declarations(db, outage.id) if one.device == code]
    if any(one.outage_on_laptop.down for one in theirs):
        yield "Systems were still down on it when it last handed over."
    if outage.down:
        yield "Systems are still down: paper may still be written."
    elif bundle.created < max((system.ended for system in outage.systems), default=""):
        yield "It last handed over before all systems were back."
