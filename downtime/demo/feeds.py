"""Writes the files that the demonstration hospital's systems would send, message by message.

| file | system | how it is written |
|---|---|---|
| pas/adt.hl7 | PAS | segments end with CR |
| pas/siu.hl7 | PAS | CRLF |
| pas/ward-list.csv, pas/empty-beds.csv | PAS | UTF-8 with a byte order mark; cp1252 |
| lims/orders.hl7 | LIMS | LF |
| lims/results.hl7 | LIMS | MLLP frames |
| lims/results-latin1.hl7 | LIMS | latin-1 |
| radiology/orders.hl7 | EPR to radiology | LF after a byte order mark |
| radiology/results.hl7 | Radiology | a batch: FHS, BHS, BTS, FTS; times with an offset |
| epr/bundle.json | EPR | FHIR R4 Bundle, a full extract |
| theatres/theatre-list.xlsx | Theatres | a workbook, NHS numbers as numbers |

Two messages cannot be used, on purpose (`INTENDED_REJECTS`); one message of the ADT, of the orders
and of the laboratory's results comes twice. Phase `after` begins with all that phase `before` holds.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import chain
from pathlib import Path

from downtime.demo.appointments import (
    TOTAL,
    list_bookings,
    list_course_slots,
    list_late_bookings,
)
from downtime.demo.hospital import Bed, Hospital, Stay, build_hospital
from downtime.demo.moments import whole_minute
from downtime.demo.movements import Movement, list_movements
from downtime.demo.recovered_hospital import recover_hospital, recovery_time
from downtime.demo.request_events import ORDERS, RESULTS, RequestEvent, list_request_events
from downtime.demo.requests import list_requests
from downtime.demo.theatres import list_operations
from downtime.demo.writers import tables
from downtime.demo.writers.fhir import bundle
from downtime.demo.writers.hl7 import CR, CRLF, LF, header, message, mllp, moment
from downtime.demo.writers.messages import adt, order, report, siu
from downtime.errors import InputError

SIZES, PHASES = ("small", "large"), ("before", "after")
INTENDED_REJECTS: tuple[tuple[str, str], ...] = (
    ("lims/results.hl7", "MSH"),
    ("pas/adt.hl7", "PID"),
)
"""File and segment of each message that is spoiled on purpose."""
_SPOILED_AT = 12
_REPEATED_AT = 20
_REPEATED_AFTER = 3
Segments = list[str]


@dataclass(frozen=True, slots=True)
class Summary:
    """What was written: `files` by name with their messages, rows or resources."""

    as_at: datetime
    files: dict[str, int]
    wards: int
    inpatients: int
    requests: int
    appointments: int
    seconds: float


@dataclass(frozen=True, slots=True)
class _Phase:
    """What a phase tells."""

    hospital: Hospital
    as_at: datetime
    stays: tuple[Stay, ...]
    empty: tuple[Bed, ...]
    movements: list[Movement]
    events: list[RequestEvent]


def write_feeds(folder: Path, size: str, seed: int, phase: str, now: datetime) -> Summary:
    """Write all files of a phase into `folder`, over those of the same name.

    `now` is when the outage begins, for both phases: `before` is the hospital then, `after` the
    same hospital two hours after the systems came back (`recovered_hospital.OUTAGE_HOURS` later). The same
    arguments give the same bytes. InputError for an unknown size or phase.
    """
    _check(size, phase)
    started = time.perf_counter()
    world = _describe_phase(build_hospital(size, seed, whole_minute(now.astimezone(UTC))), phase)
    files = {name: write(folder / name, world) for name, write in _FILES.items()}
    return Summary(
        as_at=world.as_at,
        files=files,
        wards=len(world.hospital.wards),
        inpatients=len(world.stays),
        requests=len(list_requests(world.hospital)),
        appointments=len(list_course_slots(size, now)) + TOTAL[size],
        seconds=time.perf_counter() - started,
    )


def _check(size: str, phase: str) -> None:
    for value, known in ((size, SIZES), (phase, PHASES)):
        if value not in known:
            raise InputError(
                "demo.unknown", f"'{value}' is not known here.", f"Say {' or '.join(known)}."
            )


def _describe_phase(hospital: Hospital, phase: str) -> _Phase:
    movements = list_movements(hospital)
    events = list_request_events(list_requests(hospital), hospital.now)
    if phase == "before":
        now, stays, empty = hospital.now, hospital.stays, hospital.empty_beds
        return _Phase(hospital, now, stays, empty, movements, events)
    later = recover_hospital(hospital)
    movements += later.movements
    events += later.events
    return _Phase(hospital, later.now, later.stays, later.empty, movements, events)


def _write(path: Path, pieces: Iterable[bytes]) -> int:
    """Write a file piece by piece; how many pieces there were."""
    path.parent.mkdir(parents=True, exist_ok=True)
    count = 0
    with path.open("wb") as out:
        for piece in pieces:
            count += 1
            out.write(piece)
    return count


def _number_messages(
    prefix: str, spoiled: Segments | None, writers: Iterable[Callable[[str], Segments]]
) -> Iterator[Segments]:
    """Each message with its control ID; one is repeated a little later, one spoiled slips in."""
    repeated: Segments = []
    for number, make in enumerate(writers, 1):
        segments = make(f"{prefix}{number:07}")
        yield segments
        if number == _SPOILED_AT and spoiled:
            yield spoiled
        if number == _REPEATED_AT:
            repeated = segments
        if number == _REPEATED_AT + _REPEATED_AFTER:
            yield repeated


def _write_adt(path: Path, world: _Phase) -> int:
    now = world.hospital.now
    nobody = [
        header("PAS", "ALL", "ADT^A08^ADT_A01", "PASBAD01", now - timedelta(days=3)),
        "PID|1||||^^^^^^L",
    ]
    messages = (partial(adt, movement) for movement in world.movements)
    return _write(path, (message(part, CR) for part in _number_messages("PAS", nobody, messages)))


def _write_siu(path: Path, world: _Phase) -> int:
    hospital = world.hospital
    size, seed, now = hospital.size, hospital.seed, hospital.now
    booked = list_bookings(size, seed, now)
    if world.as_at > now:
        booked += list_late_bookings(size, seed, now, recovery_time(hospital), world.as_at)
    today = now.date()
    return _write(
        path,
        (
            message(siu(booking, f"SIU{number:07}", seed, size, today), CRLF)
            for number, booking in enumerate(booked, 1)
        ),
    )


def _select_events(world: _Phase, kinds: tuple[str, ...], scans: bool) -> Iterator[RequestEvent]:
    for event in world.events:
        first = event.requests[0]
        if event.kind in kinds and first.is_scan is scans and not _is_latin(event):
            yield event


def _is_latin(event: RequestEvent) -> bool:
    return event.requests[0].case == "latin-1" and event.kind in RESULTS


def _number_orders(prefix: str, world: _Phase, *, scans: bool) -> Iterator[Segments]:
    events = _select_events(world, ORDERS, scans)
    return _number_messages(prefix, None, (partial(order, event) for event in events))


def _write_laboratory_orders(path: Path, world: _Phase) -> int:
    return _write(path, (message(part, LF) for part in _number_orders("LO", world, scans=False)))


def _write_radiology_orders(path: Path, world: _Phase) -> int:
    orders = (message(part, LF) for part in _number_orders("EO", world, scans=True))
    return _write(path, chain([b"\xef\xbb\xbf"], orders)) - 1


def _write_laboratory_results(path: Path, world: _Phase) -> int:
    seed = world.hospital.seed
    whole = header("LIMS", "EPR", "ORU^R01^ORU_R01", "", world.hospital.now - timedelta(days=2))
    cut_off = [whole[: whole.index("ORU")]]
    events = _select_events(world, RESULTS, scans=False)
    messages = (partial(report, event, seed=seed) for event in events)
    return _write(path, (mllp(part) for part in _number_messages("LR", cut_off, messages)))


def _write_latin1_results(path: Path, world: _Phase) -> int:
    events = (event for event in world.events if _is_latin(event))
    return _write(
        path,
        (
            message(report(event, f"LL{n:07}", world.hospital.seed, "8859/1"), CR)
            .decode()
            .encode("latin-1")
            for n, event in enumerate(events, 1)
        ),
    )


def _write_radiology_results(path: Path, world: _Phase) -> int:
    """A batch; its header is that of the day's first file, so that it never changes."""
    seed, day = world.hospital.seed, moment(world.hospital.now)
    head = f"FHS|^~\\&|RIS|DEMO|EPR|DEMO|{day}\rBHS|^~\\&|RIS|DEMO|EPR|DEMO|{day}\r".encode()
    events = list(_select_events(world, RESULTS, scans=True))
    parts = (
        message(report(event, f"RR{number:07}", seed), CR) for number, event in enumerate(events, 1)
    )
    tail = f"BTS|{len(events)}\rFTS|1\r".encode()
    return _write(path, chain([head], parts, [tail])) - 2


def _write_epr_bundle(path: Path, world: _Phase) -> int:
    """Drug charts of the last day, without the hours in which the EPR was down."""
    hospital, taken = world.hospital, world.as_at - timedelta(minutes=6)
    spans = [(hospital.now - timedelta(days=1), min(taken, hospital.now))]
    if world.as_at > hospital.now:
        spans.append((recovery_time(hospital), taken))
    return _write(path, bundle(world.stays, hospital.seed, taken, spans)) - 2


def _write_theatre_list(path: Path, world: _Phase) -> int:
    operations = list_operations(world.hospital, world.as_at)
    _write(path, [tables.theatre_list(operations, world.as_at - timedelta(minutes=70))])
    return len(operations)


def _write_ward_list(path: Path, world: _Phase) -> int:
    extracted = world.as_at - timedelta(minutes=4)
    _write(path, [tables.ward_list(world.stays, world.hospital.wards, extracted)])
    return len(world.stays)


def _write_empty_beds(path: Path, world: _Phase) -> int:
    extracted = world.as_at - timedelta(minutes=4)
    _write(path, [tables.empty_beds(world.empty, world.hospital.wards, extracted)])
    return len(world.empty)


_FILES: dict[str, Callable[[Path, _Phase], int]] = {
    "pas/adt.hl7": _write_adt,
    "pas/siu.hl7": _write_siu,
    "pas/ward-list.csv": _write_ward_list,
    "pas/empty-beds.csv": _write_empty_beds,
    "lims/orders.hl7": _write_laboratory_orders,
    "lims/results.hl7": _write_laboratory_results,
    "lims/results-latin1.hl7": _write_latin1_results,
    "radiology/orders.hl7": _write_radiology_orders,
    "radiology/results.hl7": _write_radiology_results,
    "epr/bundle.json": _write_epr_bundle,
    "theatres/theatre-list.xlsx": _write_theatre_list,
}
