"""Writes messages as systems tell them: ADT and SIU of the PAS, orders, and results (ORU^R01).

Orders are ORM^O01, and OML^O21 with its specimen for microbiology.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from downtime.demo.appointments import SLOT_MINUTES, Booking, find_attendee, visit_reason
from downtime.demo.laboratory_values import Result, draw_blood_group
from downtime.demo.movements import Movement
from downtime.demo.randomness import random_for
from downtime.demo.request_events import EventKind, RequestEvent, result_values
from downtime.demo.requests import Request
from downtime.demo.tables import ORGANISMS, PANELS, SCANS
from downtime.demo.writers.hl7 import Written, header, moment, segments

_STRUCTURES = {
    "A02": "ADT_A02",
    "A03": "ADT_A03",
    "A11": "ADT_A09",
    "A12": "ADT_A09",
    "A28": "ADT_A05",
    "A40": "ADT_A39",
}
"""Message structures (HL7 v2.4 table 0354) that are not ADT_A01."""
_BOOKINGS = {
    "S12": "Booked",
    "S13": "Booked",
    "S14": "Complete",
    "S15": "Cancelled",
    "S26": "Noshow",
}
_ORDERS = {
    EventKind.ORDERED: ("NW", ""),
    EventKind.TAKEN: ("SC", ""),
    EventKind.ARRIVED: ("SC", "IP"),
    EventKind.CANCELLED: ("CA", "CA"),
}
"""Order control and order status."""
_RESULTS = {EventKind.PARTIAL: "P", EventKind.FINAL: "F", EventKind.CORRECTED: "C"}
_GENERAL_PRACTITIONER = ("Pritchard", "Huw", "Dr")


def adt(movement: Movement, control: str) -> list[str]:
    """The segments of one ADT message."""
    stay, person, event = movement.stay, movement.person, movement.event
    undone = movement.cancelled_event_time
    values = {
        "event": event,
        "recorded": movement.when if undone else movement.sent,
        "happened": undone or movement.when,
        "person": person,
        "visit": stay.visit if stay else "",
        "stay": stay,
        "place": movement.place,
        "prior": movement.prior,
        "ended": stay.ended if stay and event == "A03" else None,
    }
    structure = _STRUCTURES.get(event, "ADT_A01")
    written = [
        header("PAS", "ALL", f"ADT^{event}^{structure}", control, movement.sent),
        *segments("EVN", "PID", *(["PD1"] if person.practice[1] else []), **values),
    ]
    if movement.merged:
        written += segments("MRG", person=movement.merged)
    if stay and movement.place:
        written += segments("PV1", "PV2", **values)
    elif not movement.merged:
        written.append("PV1|1|N")
    return written


def siu(booking: Booking, control: str, seed: int, size: str, today: date) -> list[str]:
    """The segments of one SIU message; `today` is the day by which ages are reckoned."""
    slot = booking.slot
    values = {
        "booking": f"A{slot.number:07}",
        "event": booking.event,
        "slot": slot,
        "reason": visit_reason(slot, seed),
        "start": slot.start,
        "end": slot.start + timedelta(minutes=SLOT_MINUTES),
        "minutes": SLOT_MINUTES,
        "status": _BOOKINGS[booking.event],
        "person": find_attendee(slot, seed, size, today),
        "visit": "",
    }
    return [
        header("PAS", "ALL", f"SIU^{booking.event}^SIU_S12", control, booking.sent),
        *segments("SCH", "PID", "PV1-clinic", "RGS", "AIS", "AIL", "AIP", **values),
    ]


def order(event: RequestEvent, control: str) -> list[str]:
    """The segments of one order message; radiology's come from the EPR, the laboratory's own."""
    first = event.requests[0]
    culture = first.section == "MB"
    kind, version = ("OML^O21^OML_O21", "2.5.1") if culture else ("ORM^O01^ORM_O01", "2.4")
    sender, receiver = ("EPR", "RIS") if first.is_scan else ("LIMS", "EPR")
    return [
        header(sender, receiver, kind, control, event.sent, version),
        *_subject(first),
        *(part for n, r in enumerate(event.requests, 1) for part in _order(event, r, n, culture)),
    ]


def report(
    event: RequestEvent, control: str, seed: int, charset: str = "UNICODE UTF-8"
) -> list[str]:
    """The segments of one result message."""
    request, status = event.requests[0], _RESULTS[event.kind]
    when = Written(moment(event.when, request.is_scan))
    values = {
        **_request_values(request, event.kind),
        "number": 1,
        "filler": request.filler,
        "group": "",
        "when": when,
        "reported": when,
    }
    head = ("ORU^R01^ORU_R01", control, event.sent, "2.4", charset, request.is_scan)
    return [
        header(values["performer"], "EPR", *head),
        *_subject(request),
        *segments("ORC", control="RE", **values | {"status": "IP" if status == "P" else "CM"}),
        *segments("OBR", **values | {"status": status}),
        *_observations(event, status, seed),
    ]


def _subject(request: Request) -> list[str]:
    """PID, and PV1 where there is a stay."""
    stay = request.stay
    if stay is None:
        return segments("PID", person=request.person, visit="")
    values = {"stay": stay, "place": stay.place, "prior": None, "ended": None}
    return segments("PID", "PV1", person=request.person, visit=stay.visit, **values)


def _request_values(request: Request, kind: EventKind) -> dict[str, Any]:
    """What ORC, OBR and SPM say of a request; `kind` decides which of the sample's times are known."""
    taken = kind not in (EventKind.ORDERED, EventKind.CANCELLED)
    received = taken and kind != EventKind.TAKEN and not request.is_scan
    return {
        "request": request,
        "performer": "RIS" if request.is_scan else "LIMS",
        "requester": request.stay.consultant if request.stay else _GENERAL_PRACTITIONER,
        "collected": request.collected if taken else None,
        "received": request.received if received else None,
        "modality": SCANS[request.code].modality if request.is_scan else "",
        "specimen": None if request.is_scan else PANELS[request.code].specimen,
    }


def _order(event: RequestEvent, request: Request, number: int, culture: bool) -> Iterator[str]:
    control, status = _ORDERS[event.kind]
    values = {
        **_request_values(request, event.kind),
        "number": number,
        "filler": request.filler if event.kind == EventKind.ARRIVED else "",
        "group": f"G{request.group}" if request.placer else "",
        "when": event.when,
    }
    yield from segments("ORC", control=control, status=status, **values)
    yield from segments("OBR", status="", reported=None, **values)
    if culture:
        collected = None if event.kind == EventKind.ORDERED else request.collected
        yield from segments("SPM", **values | {"collected": collected})


def _observations(event: RequestEvent, status: str, seed: int) -> Iterator[str]:
    request = event.requests[0]
    if request.is_scan:
        return _scan(request, status, seed)
    if request.section == "MB":
        return _culture(request, status, seed)
    if request.code == "GS":
        return _blood_group(request, status, seed)
    return _numbers(event, status, seed)


def _observation(
    number: int, code: str, name: str, value: str | datetime, status: str, **more: Any
) -> str:
    """OBX: a text unless `more` says another kind, and what else there is to say of it."""
    defaults = {"kind": "ST", "group": "", "units": "", "range": "", "flag": "", "taken": None}
    values = {"number": number, "code": code, "name": name, "value": value, "status": status}
    (written,) = segments("OBX", **defaults | values | more)
    return written


def _numbers(event: RequestEvent, status: str, seed: int) -> Iterator[str]:
    request = event.requests[0]
    results = result_values(request, seed, event.kind)
    for number, result in enumerate(results, 1):
        yield _number(number, result, status, request.collected)
    phoned = " & ".join(result.name for result in results if result.flag in ("HH", "LL"))
    if event.kind == EventKind.CORRECTED:
        note = "CORRECTED REPORT: potassium previously issued as 6.9 mmol/L on a haemolysed sample."
        yield from segments("NTE", comment=note)
    elif phoned:
        at = moment(event.when)[8:12]
        note = f"{phoned}: critical result telephoned to the ward {at[:2]}:{at[2:]}, read back."
        yield from segments("NTE", comment=note)


def _number(number: int, result: Result, status: str, taken: datetime | None) -> str:
    above = result.value.startswith(">")
    return _observation(
        number,
        result.code,
        result.name,
        Written(f">^{result.value[1:]}" if above else result.value),
        status,
        kind="SN" if above else "NM",
        units=result.units,
        range=result.range,
        flag=result.flag,
        taken=taken,
    )


def _blood_group(request: Request, status: str, seed: int) -> Iterator[str]:
    abo, rhesus = draw_blood_group(seed, request.person.mrn)
    expires = (request.collected or request.ordered) + timedelta(hours=72)
    yield _observation(1, "ABO", "ABO group", abo, status)
    yield _observation(2, "RHD", "RhD type", f"RhD {rhesus}", status)
    yield _observation(3, "ABSC", "Antibody screen", "Negative", status)
    yield _observation(4, "SVU", "Sample valid until", expires, status, kind="TS")


def _culture(request: Request, status: str, seed: int) -> Iterator[str]:
    dice = random_for(seed, "culture", request.group, request.code)
    grown = dice.random() < 0.25
    if status == "P" or not grown:
        finding = "No growth to date." if status == "P" else "No growth."
        yield _observation(1, "CULT", "Culture", finding, status)
        return
    organism, sensitivities = dice.choice(ORGANISMS[request.code])
    yield _observation(1, "CULT", "Culture", organism, status, group="1")
    for number, line in enumerate(sensitivities, 2):
        drug, _, letter = line.rpartition(" ")
        meaning = {"S": "Sensitive", "R": "Resistant"}[letter]
        yield _observation(number, f"SENS-{drug[:4].upper()}", drug, meaning, status, group="1")


def _scan(request: Request, status: str, seed: int) -> Iterator[str]:
    dice = random_for(seed, "scan", request.number)
    scan = SCANS[request.code]
    sentences = scan.normal if dice.random() < 0.5 else scan.findings
    clinical = request.stay.reason_text if request.stay else ""
    body = "\n".join((f"Clinical: {clinical}", f"{scan.name}:", *sentences[:1]))
    yield _observation(1, "RPT", "Report", body, status, kind="FT")
    for number, sentence in enumerate(sentences[1:], 2):
        yield _observation(number, "CONC", "Conclusion", sentence, status, kind="TX")
