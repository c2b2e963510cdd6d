"""Which laptops have sent what they hold, and which are still awaited: none may be forgotten."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlite_utils import Database

from downtime.entry.merge_entries import find_keyed_downtime_numbers
from downtime.outage import laptop_outages
from downtime.outage.model import Outage
from downtime.paper.store import moves
from downtime.sync.model import (
    AwaitedReason,
    ExcusedLaptop,
    MergedBundle,
    ReportState,
    UntrustedBundle,
)
from downtime.sync.store import bundles, laptops
from downtime.vault import device, machines
from downtime.vault.model import MachineRole
from downtime.vault.vault import Vault

_SENTENCES = {
    AwaitedReason.NEVER_SENT: "It has not sent anything.",
    AwaitedReason.DOWN_ON_LAPTOP: "Systems were still down on it when it last sent its data.",
    AwaitedReason.STILL_DOWN: "Systems are still down: paper may still be written.",
    AwaitedReason.SENT_BEFORE_RECOVERY: "It last sent its data before all systems were back.",
}


@dataclass(frozen=True, slots=True)
class LaptopReport:
    """What is known of one laptop."""

    device: str
    name: str
    """What its card calls it; empty for one that is known from its paper only."""
    bundle: MergedBundle | None
    """Its last bundle."""
    unreported: tuple[str, ...]
    """Serials and numbers of it that were seen on paper, and that no bundle of it holds."""
    excused: ExcusedLaptop | None
    """Why nothing is awaited of it."""
    awaited: AwaitedReason | None
    """Why something is, if nobody has excused it."""

    @property
    def merged(self) -> str:
        """When its last bundle was merged (UTC), or empty."""
        return self.bundle.merged if self.bundle else ""

    @property
    def sequence(self) -> int:
        """The number of its last bundle: the length of its audit chain then; 0 without one."""
        return self.bundle.sequence if self.bundle else 0

    @property
    def state(self) -> ReportState:
        """Paper of it that was seen here is awaited whatever anybody says."""
        if self.excused and not self.unreported:
            return ReportState.EXCUSED
        return ReportState.AWAITED if self.awaited else ReportState.COMPLETE

    @property
    def is_complete(self) -> bool:
        """Whether nothing more of it is awaited."""
        return self.state != ReportState.AWAITED

    @property
    def explanation(self) -> str:
        """Why it is awaited, or not at all; empty when its last bundle holds everything."""
        if self.state == ReportState.EXCUSED and self.excused:
            return f"Not awaited: {self.excused.reason}"
        if self.awaited == AwaitedReason.UNREPORTED_PAPER:
            return f"{len(self.unreported)} of its papers were seen here that it has not reported."
        return _SENTENCES[self.awaited] if self.awaited else ""


def report_laptops(vault: Vault, outage: Outage | None) -> list[LaptopReport]:
    """Every ward laptop of the site by its code, and those known from paper seen here.

    A laptop is complete when its last bundle was sealed after every system of the outage was back,
    it held no system down then, and it holds all of its paper that was seen here.
    """
    db, own_code = vault.db, device.read_own_code(vault.home)
    laptops_listed = machines.find_by_role(vault.home, MachineRole.WARD_LAPTOP)
    names = {machine.code: machine.name for machine in laptops_listed}
    unreported = _find_unreported(db)
    latest, excused = bundles.fetch_latest_bundles(db), laptops.fetch_excused(db)
    codes = sorted(({*names, *unreported, *latest, *excused}) - {own_code})
    reports = []
    for code in codes:
        bundle, papers = latest.get(code), tuple(sorted(unreported.get(code, ())))
        awaited = next(_find_reasons(db, code, bundle, papers, outage), None)
        reports.append(
            LaptopReport(code, names.get(code, ""), bundle, papers, excused.get(code), awaited)
        )
    return reports


def list_untrusted_bundles(vault: Vault) -> list[UntrustedBundle]:
    """All that were ever merged although a laptop's past cannot be proved, oldest first."""
    return bundles.fetch_untrusted_bundles(vault.db)


def read_untrusted_file(vault: Vault, sha256: str) -> bytes:
    """The sealed file of such a bundle, as it came."""
    return bundles.fetch_untrusted_file(vault.db, sha256)


def find_untrusted_bundles(vault: Vault, outage: Outage) -> list[UntrustedBundle]:
    """Those that were merged since an outage began."""
    untrusted = bundles.fetch_untrusted_bundles(vault.db)
    return [bundle for bundle in untrusted if bundle.merged >= outage.opened]


def find_awaited(vault: Vault, outage: Outage | None) -> list[LaptopReport]:
    """Those of which something is still awaited."""
    return [report for report in report_laptops(vault, outage) if not report.is_complete]


def _find_unreported(db: Database) -> dict[str, set[str]]:
    """Serials and numbers seen on paper that are in no ledger here, by the laptop they name."""
    unreported: dict[str, set[str]] = {}
    for move in moves.fetch_moves_without_form(db):
        unreported.setdefault(move.serial[:2], set()).add(move.serial)
    for number in find_keyed_downtime_numbers(db) - laptop_outages.list_known_numbers(db):
        unreported.setdefault(number[1:3], set()).add(number)
    return unreported


def _find_reasons(
    db: Database,
    code: str,
    bundle: MergedBundle | None,
    unreported: tuple[str, ...],
    outage: Outage | None,
) -> Iterator[AwaitedReason]:
    if unreported:
        yield AwaitedReason.UNREPORTED_PAPER
    if bundle is None:
        yield AwaitedReason.NEVER_SENT
        return
    if outage is None:
        return
    declared = laptop_outages.list_declarations(db, outage.id)
    if any(item.outage_on_laptop.down for item in declared if item.device == code):
        yield AwaitedReason.DOWN_ON_LAPTOP
    if outage.down:
        yield AwaitedReason.STILL_DOWN
    elif bundle.created < max((system.ended for system in outage.systems), default=""):
        yield AwaitedReason.SENT_BEFORE_RECOVERY
