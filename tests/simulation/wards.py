"""The wards of a simulated month: paper is printed, some of it ahead, written on, spoilt and lost."""

import io
from collections import Counter
from contextlib import closing
from datetime import timedelta

from downtime.clock import to_text
from downtime.demo import request_events
from downtime.demo.appointments import SEEN, STANDING, list_bookings, list_late_bookings
from downtime.demo.hospital import Hospital, build_hospital
from downtime.demo.recovered_hospital import recover_hospital, recovery_time
from downtime.demo.request_events import EventKind
from downtime.demo.requests import list_requests
from downtime.demo.theatres import list_operations
from downtime.outage import outages
from downtime.paper import ledger
from downtime.paper.packs.blank_forms import BlankForms
from downtime.paper.packs.patient_pack import PatientPack
from downtime.paper.packs.print_pack import print_pack
from downtime.snapshot import local_snapshots
from tests.simulation import faults, paper
from tests.simulation.clerks import Written
from tests.simulation.machines import WHY, Machine, publish_to
from tests.simulation.model import AHEAD, CLOCK_ERRORS, STRANGERS, SYSTEMS, Simulation
from tests.simulation.paper import FORMS, NOTED, OBSERVED, REQUESTED
from tests.simulation.truth import Sheet


def begin(s: Simulation) -> None:
    """The hospital's data is on every machine; some paper is printed ahead; the systems fail."""
    everything = (s.fleet.station, *s.fleet.laptops)
    publish_to(
        s.fleet, everything, s.folder, s.seed, "before", s.month.begin, change=faults.add_twin
    )
    first = s.fleet.laptops[0]
    for sheet in _patients(s, first, AHEAD, ahead=True)[: AHEAD // 2]:
        _use(s, first, sheet, {})
    s.clock.now = s.month.begin
    for machine in everything:
        outages.declare_systems_down(
            machine.vault, SYSTEMS, machine.actor, "Ransomware", known=machine.settings.systems.names
        )  # fmt: skip
    s.truth.opened = to_text(s.month.begin + min(CLOCK_ERRORS))
    _note_hospital(s)


def _note_hospital(s: Simulation) -> None:
    """Who was there, came and left, and how many tests waited for a result, as the hospital says."""
    hospital = build_hospital("small", s.seed, s.month.begin)
    s.truth.waiting = _without_result(hospital)
    s.truth.put_off = _put_off(hospital, s.month)
    later = recover_hospital(hospital)
    begin, end = s.month.begin + min(CLOCK_ERRORS), s.month.end + max(CLOCK_ERRORS)
    moves = [m for m in later.movements if begin <= m.when < end]
    now = {stay.visit: stay.place.ward for stay in later.stays}
    s.truth.patients = {
        "t0": dict(Counter(stay.place.ward for stay in hospital.stays)),
        "admitted": dict(Counter(now[m.stay.visit] for m in moves if m.event == "A01" and m.stay)),
        "discharged": dict(
            Counter(m.stay.place.ward for m in moves if m.event == "A03" and m.stay)
        ),
    }


def _without_result(hospital: Hospital) -> int:
    """Tests that were told of before the systems failed, and neither answered nor cancelled."""
    kinds_by_request: dict[int, set[str]] = {}
    for event in request_events.list_request_events(list_requests(hospital), hospital.now):
        for request in event.requests:
            kinds_by_request.setdefault(request.number, set()).add(event.kind)
    return sum(
        not kinds & {EventKind.FINAL, EventKind.CANCELLED} for kinds in kinds_by_request.values()
    )


def _put_off(hospital: Hospital, month: paper.Month) -> int:
    """Visits and operations booked for the outage of which nobody said that they took place."""
    later = recover_hospital(hospital).now
    bookings = list_bookings(hospital.size, hospital.seed, hospital.now)
    last = {one.slot: one.event for one in bookings}
    planned = {slot for slot, event in last.items() if event in STANDING}
    since = list_late_bookings(
        hospital.size, hospital.seed, hospital.now, recovery_time(hospital), later
    )
    open_ = [
        s.start for s in planned - {booking.slot for booking in since if booking.event == SEEN}
    ]
    then, now = list_operations(hospital, hospital.now), list_operations(hospital, later)
    done = {(case.theatre, case.start) for case in now if case.status == "Done"}
    open_ += [c.start for c in then if c.status == "Planned" and (c.theatre, c.start) not in done]
    return sum(month.begin <= start < month.end for start in open_)


def print_and_write(s: Simulation) -> None:
    """Every laptop prints; the wards write, spoil and lose paper."""
    forms_per_laptop = s.forms // s.laptops
    for number, laptop in enumerate(s.fleet.laptops):
        s.clock.now = s.month.begin + timedelta(hours=1 + number)
        sheets = _patients(s, laptop, forms_per_laptop - STRANGERS)
        numbered = _strangers(s, laptop)
        if laptop is s.never:
            for sheet in (*sheets, *(sheet for sheet, _ in numbered)):
                del s.truth.sheets[sheet.serial]
            continue
        for sheet in sheets:
            _use(s, laptop, sheet, {})
        if laptop in s.reporting:
            faults.write_wrong_numbers(s, laptop)
        for sheet, downtime_number in numbered:
            who = _stranger(s, downtime_number)
            s.strangers[downtime_number] = [_write(s, sheet, who)]


def _patients(s: Simulation, laptop: Machine, count: int, *, ahead: bool = False) -> list[Sheet]:
    """Forms for some of a ward's patients, `count` of them together."""
    if count < 1:
        return []
    dice, sheets = s.dice("print", laptop.code, ahead), list[Sheet]()
    with closing(local_snapshots.open_current_snapshot(laptop.vault)) as snapshot:
        ward = dice.choice(sorted({row.code for row in snapshot.list_wards() if row.patients}))
        people = [row.patient for row in snapshot.list_inpatients(ward)]
        chosen = dice.sample(people, max(1, min(len(people), count // (2 * len(FORMS)))))
        for number, patient in enumerate(chosen):
            share = count // len(chosen) + (number < count % len(chosen))
            wanted = [FORMS[n % len(FORMS)] for n in range(share)]
            pack_result = print_pack(laptop.vault, laptop.settings, PatientPack(patient=patient.id, forms=tuple(wanted)), laptop.actor, WHY, io.BytesIO(), snapshot=snapshot)  # fmt: skip
            sheets += _sheets(s, laptop, pack_result.id, patient.id, ahead=ahead)
    return sheets


def _sheets(
    s: Simulation, laptop: Machine, pack_id: str, patient: str = "", *, ahead: bool = False
) -> list[Sheet]:
    """The papers as they come out of the printer."""
    return [
        s.truth.sheet(form.serial, form.ward, form.form, patient, ahead=ahead)
        for form in ledger.list_pack_forms(laptop.vault, pack_id)
        if form.returns
    ]


def _strangers(s: Simulation, laptop: Machine) -> list[tuple[Sheet, str]]:
    pack_result = print_pack(laptop.vault, laptop.settings, BlankForms(forms=(REQUESTED,), copies=STRANGERS, ward="AMU", numbered=True), laptop.actor, WHY, io.BytesIO())  # fmt: skip
    numbers = {
        form.serial: form.subject.downtime_number
        for form in ledger.list_pack_forms(laptop.vault, pack_result.id)
    }
    return [(sheet, numbers[sheet.serial]) for sheet in _sheets(s, laptop, pack_result.id)]


def _stranger(s: Simulation, number: str) -> dict[str, str]:
    dice = s.dice("stranger", number)
    return {
        "patient.name": f"UNKNOWN, {dice.choice(('Male', 'Female'))} {number[-4:]}",
        "patient.born": f"19{dice.randint(30, 99)}-0{dice.randint(1, 9)}-1{dice.randint(0, 9)}",
        "patient.gender": "unknown",
    }


def _use(s: Simulation, laptop: Machine, sheet: Sheet, who: dict[str, str]) -> None:
    """One of a hundred papers is lost, seven are spoilt, the others written on."""
    dice = s.dice("fate", sheet.serial)
    fate = dice.random()
    if sheet.ahead:
        fate = 1.0
    if fate < 0.01:
        sheet.fate = "lost"
    elif fate < 0.08:
        sheet.fate = "void"
    elif sheet.form == NOTED:
        s.notes.append(sheet)
    elif sheet.form == OBSERVED and dice.random() < faults.EMPTY_SHARE:
        s.empties.append((sheet, paper.sign(dice, s.month)))
    else:
        _write(s, sheet, who)


def _write(s: Simulation, sheet: Sheet, who: dict[str, str]) -> Written:
    written = paper.write(s.dice("written", sheet.serial), s.month, sheet, who)
    if repeated := _asked_again(s, sheet):
        written = paper.copied(repeated, sheet, s.dice("again", sheet.serial))
    s.written.append(written)
    return written


def _asked_again(s: Simulation, sheet: Sheet) -> Written | None:
    """Now and then a ward asks for the same once more, on another paper of the same patient."""
    if (
        sheet.form != REQUESTED
        or not sheet.patient
        or s.dice("twice", sheet.serial).random() > 0.04
    ):
        return None
    mine = (w for w in reversed(s.written) if w.sheet.patient == sheet.patient)
    return next((w for w in mine if w.sheet.form == REQUESTED and not w.slip), None)
