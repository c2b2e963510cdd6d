"""What is looked at: each check says in words what it found, and what to do when that is not right.

What cannot be known counts as a fault: a laptop is never called ready because nobody could tell.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from downtime.errors import UserError
from downtime.fleet import known_time
from downtime.fleet.device_condition import POWER_FOLDER, read_battery
from downtime.fleet.tls.server_certificate import has_certificate, read_certificate
from downtime.outage import outages
from downtime.paper import ledger
from downtime.paper.readiness.machine_checks import (
    CheckResult,
    check_disk,
    check_printer,
    check_printing,
)
from downtime.paper.readiness.model import Check, CheckKind, Sighted
from downtime.settings import Settings
from downtime.snapshot import local_snapshots
from downtime.snapshot.freshness import FreshnessLevel
from downtime.vault.check_home import check_home
from downtime.vault.vault import Vault

_TOO_OLD = (FreshnessLevel.STALE, FreshnessLevel.UNAVAILABLE)


@dataclass(frozen=True, slots=True)
class Inspection:
    """What the checks look at."""

    vault: Vault
    settings: Settings
    sighted: Sighted
    power_folder: Path = POWER_FOLDER


def run_checks(inspection: Inspection) -> Iterator[Check]:
    """All checks in their order; one that breaks is a fault of its own, and the others go on."""
    for kind, check in _CHECKS.items():
        try:
            finding, fault = check(inspection)
        except UserError as error:
            finding, fault = "", f"{error.sentence} {error.next_step}"
        except Exception as error:
            finding, fault = (
                "",
                f"It could not be looked at ({type(error).__name__}). Call support.",
            )
        yield Check(kind, finding, fault)


def _check_data(inspection: Inspection) -> CheckResult:
    down = outages.list_down_systems(inspection.vault)
    with closing(local_snapshots.open_current_snapshot(inspection.vault)) as snapshot:
        ages = known_time.list_ages(inspection.vault, snapshot.list_systems(), inspection.settings)
    old = [age.sentence for age in ages if age.level in _TOO_OLD and age.system not in down]
    finding = "; ".join(age.sentence for age in ages)
    step = "Connect the laptop and wait for a newer snapshot; else use another laptop."
    return finding, f"{'; '.join(old)}. {step}" if old else ""


def _check_snapshot(inspection: Inspection) -> CheckResult:
    with closing(local_snapshots.open_current_snapshot(inspection.vault)) as snapshot:
        people, wards = len(snapshot.list_inpatients()), len(snapshot.list_wards())
    fault = "" if people else "Nobody is in it. Ask the site team for a newer one."
    return f"{people} inpatients on {wards} wards can be read", fault


def _check_home(inspection: Inspection) -> CheckResult:
    parts = check_home(inspection.vault)
    faults = " ".join(part.sentence for part in parts if not part.is_sound)
    return f"{len(parts)} parts were looked at", faults


def _check_certificate(inspection: Inspection) -> CheckResult:
    vault, settings = inspection.vault, inspection.settings
    if not has_certificate(vault.home):
        return "None: only this laptop's own browser opens the pages", ""
    certificate = read_certificate(vault.home)
    if certificate is None:
        step = "Make a new one with 'downtime tls certificate'."
        return "", f"The certificate of this machine's pages cannot be read. {step}"
    days = certificate.count_days_left(vault.clock())
    fault = certificate.describe_end(vault.clock(), settings.tls.warning_days)
    return f"For {', '.join(certificate.names)}, {days} days left", fault


def _check_clock(inspection: Inspection) -> CheckResult:
    vault, settings = inspection.vault, inspection.settings
    known = known_time.find_known_time(vault, settings)
    return "As the newest data says", known_time.describe_clock(known, vault.clock(), settings)


def _check_disk(inspection: Inspection) -> CheckResult:
    return check_disk(inspection.vault.home, inspection.settings)


def _check_power(inspection: Inspection) -> CheckResult:
    battery = read_battery(inspection.power_folder)
    least = inspection.settings.readiness.battery_percent
    plugged = "the mains plug is in" if inspection.sighted.is_plugged_in else "the plug is out"
    fault = "" if inspection.sighted.is_plugged_in else "Plug it in, and leave it plugged in."
    if battery is None:
        return f"No battery shows itself; {plugged}", fault
    if not battery.is_charging and inspection.sighted.is_plugged_in:
        fault = "It is plugged in and no power comes. Try another socket."
    if battery.percent < least:
        fault = f"{fault} The battery holds less than {least}%: let it charge.".strip()
    return f"Battery {battery.percent}%; {plugged}", fault


def _check_printer(inspection: Inspection) -> CheckResult:
    return check_printer(inspection.settings)


def _check_programs(inspection: Inspection) -> CheckResult:
    return check_printing(inspection.vault.home, inspection.settings)


def _check_numbers(inspection: Inspection) -> CheckResult:
    supplies = ledger.list_supplies(inspection.vault, inspection.settings)
    low = " ".join(supply.sentence for supply in supplies if supply.is_low)
    return " ".join(supply.sentence for supply in supplies), low


def _check_paper(inspection: Inspection) -> CheckResult:
    sheets, least = inspection.sighted.sheets, inspection.settings.readiness.sheets
    fault = f"Fewer than {least:,}. Fetch more before the shift goes on." if sheets < least else ""
    return f"{sheets:,} sheets were counted", fault


_CHECKS: Mapping[CheckKind, Callable[[Inspection], CheckResult]] = {
    CheckKind.DATA: _check_data,
    CheckKind.SNAPSHOT: _check_snapshot,
    CheckKind.HOME: _check_home,
    CheckKind.CERTIFICATE: _check_certificate,
    CheckKind.CLOCK: _check_clock,
    CheckKind.DISK: _check_disk,
    CheckKind.POWER: _check_power,
    CheckKind.PRINTER: _check_printer,
    CheckKind.PROGRAMS: _check_programs,
    CheckKind.NUMBERS: _check_numbers,
    CheckKind.PAPER: _check_paper,
}
