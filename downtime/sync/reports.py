"""Which laptops have handed over, and which are still awaited: none may be forgotten."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlite_utils import Database

from downtime.entry import carried as entries
from downtime.errors import InputError, NotFoundError
from downtime.outage import carried as outages
from downtime.outage.model import Outage
from downtime.paper import store_moves
from downtime.sync import store, store_doubts
from downtime.sync.store import Excused, HandedOver
from downtime.sync.store_doubts import TakenOver
from downtime.vault import device
from downtime.vault.audit import Actor
from downtime.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class Report:
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


def reports(vault: Vault, outage: Outage | None) -> list[Report]:
    """Every laptop of the fleet by its code: trusted cards, and codes seen on paper here.

    A laptop is complete when its last bundle was sealed after every system of the outage was back,
    it held no system down then, and it holds all of its paper that was seen here.
    """
    db, own = vault.db, device.code(vault.home)
    cards = {card.code: card.name for card in device.trusted(vault.home)}
    unknown = _unknown(db)
    bundles, excused = store.every_latest(db), store.excused(db)
    codes = sorted(({*cards, *unknown, *bundles, *excused}) - {own})
    return [
        _report(
            db, code, cards.get(code, ""), bundles.get(code), excused.get(code),
            tuple(sorted(unknown.get(code, ()))), outage,
        )
        for code in codes
    ]  # fmt: skip


def doubted(vault: Vault, outage: Outage) -> list[TakenOver]:
    """What was taken over since an outage began although a laptop's past cannot be proved."""
    return [one for one in store_doubts.every(vault.db) if one.taken >= outage.opened]


def missing(vault: Vault, outage: Outage | None) -> list[Report]:
    """Those of which something is still awaited."""
    return [report for report in reports(vault, outage) if not report.complete]


def excuse(vault: Vault, code: str, who: Actor, why: str) -> None:
    """Await nothing of a laptop: it prints no paper, or is lost for good. `why` is required."""
    if not why.strip():
        raise InputError("handover.reason", "A reason is needed.", "Say in a few words why.")
    if code not in {report.device for report in reports(vault, None)}:
        raise NotFoundError("handover.unknown", f"No laptop {code} is known.", "Check the code.")
    with vault.change(who, "handover.excuse", target=code, why=why) as db:
        store.excuse(
            db, Excused(device=code, why=why.strip(), at=vault.now(), by=who.id, by_name=who.name)
        )


def expect(vault: Vault, code: str, who: Actor, why: str = "") -> None:
    """Await bundles of a laptop again."""
    with vault.change(who, "handover.expect", target=code, why=why) as db:
        store.expect(db, code)


def _unknown(db: Database) -> dict[str, set[str]]:
    """Serials and numbers seen on paper that are in no ledger here, by the laptop they name."""
    found: dict[str, set[str]] = {}
    for move in store_moves.without_form(db):
        found.setdefault(move.serial[:2], set()).add(move.serial)
    for number in entries.numbers_seen(db) - outages.numbers(db):
        found.setdefault(number[1:3], set()).add(number)
    return found


def _report(
    db: Database,
    code: str,
    name: str,
    bundle: HandedOver | None,
    excused: Excused | None,
    unknown: tuple[str, ...],
    outage: Outage | None,
) -> Report:
    taken, sequence = (bundle.taken, bundle.sequence) if bundle else ("", 0)
    why = next(_lacking(db, code, bundle, unknown, outage), "")
    if excused and not unknown:
        return Report(code, name, taken, sequence, True, f"Not awaited: {excused.why}")
    return Report(code, name, taken, sequence, not why, why, unknown)


def _lacking(
    db: Database,
    code: str,
    bundle: HandedOver | None,
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
    theirs = [one for one in outages.of(db, outage.id) if one.device == code]
    if any(one.outage_there.down for one in theirs):
        yield "Systems were still down on it when it last handed over."
    if outage.down:
        yield "Systems are still down: paper may still be written."
    elif bundle.created < max((system.ended for system in outage.systems), default=""):
        yield "It last handed over before all systems were back."
