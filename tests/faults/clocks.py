"""A laptop whose clock is wrong: nothing old looks fresh, nothing is locked, and it mends itself."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from downtime.snapshot import local_snapshots
from downtime.snapshot.freshness import FreshnessLevel, describe_clock_fault, list_freshness
from tests.faults.breaks import Child
from tests.faults.deeds import DEEDS
from tests.faults.examine import Finding, Harm, examine
from tests.faults.hospital import Hospital
from tests.faults.tally import Row

SHIFTS = {
    "a day ahead": timedelta(days=1),
    "a day behind": timedelta(days=-1),
    "a year ahead": timedelta(days=365),
    "a year behind": timedelta(days=-365),
}
AGES = (timedelta(minutes=2), timedelta(hours=3), timedelta(hours=30), timedelta(days=5))
"""How old the newest snapshot truly is when somebody looks."""


def shift_clocks(folder: Path, rounds: int = 1, _seed: int = 0) -> list[Row]:
    """Every shift of the laptop's clock, at every true age of its data; a row for each shift."""
    folder.mkdir()
    return [
        shift_clock(folder / f"{number}", name, shift, AGES * rounds)
        for number, (name, shift) in enumerate(SHIFTS.items())
    ]


def shift_clock(
    folder: Path, name: str, shift: timedelta, ages: tuple[timedelta, ...] = AGES
) -> Row:
    """One shift, at every true age."""
    row, hospital = Row(f"clock {name}"), Hospital(folder)
    for age in ages:
        hospital.go_on()
        findings = _do_all(hospital, "build and publish", "pull", "open")
        sent = hospital.clock.now
        hospital.clock.now = true_now = sent + age
        hospital.clock.now += shift
        findings += _look(hospital, true_now)
        findings += _do_all(hospital, "backup")  # work goes on, whatever the clock says
        hospital.clock.now = true_now
        hospital.go_on()
        newer = _do_all(hospital, "build and publish")
        hospital.clock.now += shift
        newer += _do_all(hospital, "pull", "open")
        newer += _look(hospital, hospital.clock.now - shift)
        hospital.clock.now -= shift
        newer += _correct_clock(hospital)
        row.note([*findings, *newer, *examine(hospital)], hit=True)
    return row


def _correct_clock(hospital: Hospital) -> Iterator[Finding]:
    """With the clock right again and one more snapshot, all is as if nothing had been."""
    hospital.go_on()
    yield from _do_all(hospital, "build and publish", "pull", "open")
    yield from _look(hospital, hospital.clock.now, is_right=True)


def _look(hospital: Hospital, true_now: datetime, *, is_right: bool = False) -> Iterator[Finding]:
    """What the laptop's screen says of the age of its data, which may be too old, never too young."""
    now, settings = hospital.clock.now, hospital.settings
    with hospital.open("WD") as vault:
        seen = local_snapshots.get_latest_time(vault)
        with local_snapshots.open_current_snapshot(vault) as snapshot:
            systems = snapshot.list_systems()
    truly = {f.system: f.level for f in list_freshness(systems, true_now, settings)}
    banner = describe_clock_fault(now, seen, settings)
    levels = list(FreshnessLevel)
    for shown in list_freshness(systems, now, settings, seen):
        if is_right and shown.level is not truly[shown.system]:
            text = f"{shown.system} is {truly[shown.system]}, shown {shown.level}"
            yield Finding(Harm.STUCK, text)
        is_younger = levels.index(shown.level) < levels.index(truly[shown.system])
        if is_younger:
            text = f"{shown.system} is {truly[shown.system]}, shown {shown.level} ({banner or 'no banner'})"
            yield Finding(Harm.BELIEVED, text)


def _do_all(hospital: Hospital, *names: str) -> list[Finding]:
    findings = []
    for name in names:
        done, lines, trouble = Child(hospital, DEEDS[name]).end()
        hospital.acknowledge(lines)
        if not done:
            findings.append(Finding(Harm.STUCK, f"{name}: {trouble[-600:]}"))
    return findings
