"""What a laptop shows at a moment, held against what truly was."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from downtime.errors import NotFoundError
from downtime.fleet.known_time import KnownTime, find_known_time, reckon_ages
from downtime.snapshot import local_snapshots
from downtime.snapshot.header import SystemTime
from downtime.vault.vault import Vault
from tests.year.clocks import FORGIVEN
from tests.year.computers import Computer
from tests.year.record import Harm, Published, Record

SYSTEM = "PAS"


@dataclass(slots=True)
class Shown:
    """What lies open on a laptop; its ages are reckoned anew at every minute."""

    number: tuple[str, int, int]
    published: Published
    systems: list[SystemTime]
    known: KnownTime | None


def look(computer: Computer, vault: Vault, record: Record, now: datetime) -> Shown | None:
    """Open what is in use, and compare every bed with what the publisher held; None when it has none."""
    try:
        snapshot = local_snapshots.open_current_snapshot(vault)
    except NotFoundError:
        return None
    with snapshot:
        header = snapshot.header
        number = (header.key, header.epoch, header.sequence)
        held = record.published.get(number)
        if held is None or held.created != header.created:
            record.harm(Harm.UNTRUE, now, f"{computer.code} shows {number[1:]}, which nobody made")
            return None
        rows = [(row.patient, row.encounter) for row in snapshot.list_inpatients()]
        systems = snapshot.list_systems()
    record.counts["snapshots compared bed by bed"] += 1
    wards = header.scope.split("+") if header.scope else ()
    beds = {
        (patient.mrn, stay.ward, stay.bed, stay.consultant.removeprefix("Doctor"))
        for patient, stay in rows
        if stay and (not wards or stay.ward in wards)
    }
    truly = {
        (stay.number, stay.ward, stay.bed, stay.consultant)
        for stay in held.beds
        if not wards or stay.ward in wards
    }
    if beds != truly:
        text = f"{computer.code} shows {number[1:]} with {sorted(beds ^ truly)[:4]} otherwise"
        record.harm(Harm.UNTRUE, now, text)
    return Shown(number, held, systems, find_known_time(vault, computer.settings))


def check_age(computer: Computer, shown: Shown, record: Record, now: datetime) -> None:
    """What the screen says of the age of its data at this moment."""
    record.counts["ages compared"] += 1
    true_age = now - shown.published.newest
    clock, settings = computer.clock, computer.settings
    known = shown.known and shown.known.go_on(clock(), clock.uptime(), settings)
    ages = reckon_ages(known, shown.systems, clock(), settings)
    freshness = next(one for one in ages if one.system == SYSTEM)
    is_doubted = "at least" in freshness.sentence
    age = freshness.age or timedelta()
    what = f"{computer.code}: {freshness.sentence}, truly {true_age}"
    subject = (computer.code, shown.number)
    if age < true_age - FORGIVEN and not is_doubted:
        record.harm(Harm.TOO_YOUNG, now, what, subject)
    all_was_right = not computer.clock.was_wrong and shown.published.by_right_clock
    if all_was_right and (is_doubted or abs(age - true_age) > FORGIVEN):
        record.harm(Harm.DOUBTED, now, what, subject)
