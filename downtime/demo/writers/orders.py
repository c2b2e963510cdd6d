"""Writes requests as they are told: ORM^O01, and OML^O21 with its specimen for microbiology."""

from collections.abc import Iterator

from downtime.demo.request_events import EventKind, RequestEvent
from downtime.demo.requests import Request
from downtime.demo.tables import PANELS, SCANS
from downtime.demo.writers.hl7 import header, moment, parts, segment, text
from downtime.demo.writers.identity import doctor, pid, pv1

_CONTROL = {
    EventKind.ORDERED: "NW",
    EventKind.TAKEN: "SC",
    EventKind.ARRIVED: "SC",
    EventKind.CANCELLED: "CA",
}
_STATUS = {
    EventKind.ORDERED: "",
    EventKind.TAKEN: "",
    EventKind.ARRIVED: "IP",
    EventKind.CANCELLED: "CA",
}
_GENERAL_PRACTITIONER = ("Pritchard", "Huw", "Dr")


def order(event: RequestEvent, control: str) -> list[str]:
    """The segments of one order message; radiology's come from the EPR, the laboratory's own."""
    first = event.requests[0]
    culture = first.section == "MB"
    kind, version = ("OML^O21^OML_O21", "2.5.1") if culture else ("ORM^O01^ORM_O01", "2.4")
    sender, receiver = ("EPR", "RIS") if first.is_scan else ("LIMS", "EPR")
    return [
        header(sender, receiver, kind, control, event.sent, version),
        *subject(first),
        *(part for n, r in enumerate(event.requests, 1) for part in _order(event, r, n, culture)),
    ]


def subject(request: Request) -> list[str]:
    """PID, and PV1 where there is a stay."""
    stay = request.stay
    if stay is None:
        return [pid(request.person)]
    return [pid(request.person, stay.visit), pv1(stay, stay.place)]


def _order(event: RequestEvent, request: Request, number: int, culture: bool) -> Iterator[str]:
    filler = request.filler if event.kind == EventKind.ARRIVED else ""
    yield segment(
        "ORC",
        {
            1: _CONTROL[event.kind],
            2: number_of(request.placer, "EPR"),
            3: number_of(filler, _filler_system(request)),
            4: f"G{request.group}" if request.placer else "",
            5: _STATUS[event.kind],
            9: moment(event.when),
            12: requester(request),
        },
    )
    yield obr(request, number, event.kind, filler)
    if culture:
        yield _specimen(request, event.kind)


def number_of(number: str, system: str) -> str:
    """An entity identifier, or nothing."""
    return parts(number, system) if number else ""


def _filler_system(request: Request) -> str:
    return "RIS" if request.is_scan else "LIMS"


def requester(request: Request) -> str:
    """Who asked: the stay's consultant, else a general practitioner."""
    return doctor(request.stay.consultant if request.stay else _GENERAL_PRACTITIONER)


def obr(
    request: Request, number: int, kind: EventKind, filler: str, more: dict[int, str] | None = None
) -> str:
    """OBR of a request; `kind` decides whether the sample's times are known yet."""
    taken = kind != EventKind.ORDERED and kind != EventKind.CANCELLED
    received = taken and kind != EventKind.TAKEN and not request.is_scan
    fields = {
        1: str(number),
        2: number_of(request.placer, "EPR"),
        3: number_of(filler, _filler_system(request)),
        4: parts(request.code, request.name, "LOCAL"),
        6: moment(request.ordered),
        7: moment(request.collected) if taken else "",
        13: text(request.stay.reason_text) if request.stay else "Tired all the time",
        14: moment(request.received) if received else "",
        15: "" if request.is_scan else "&".join(PANELS[request.code].specimen),
        16: requester(request),
        24: request.section,
        27: f"^^^^^{request.priority}",
    }
    if request.is_scan:
        fields[18] = SCANS[request.code].modality
    return segment("OBR", {**fields, **(more or {})})


def _specimen(request: Request, kind: EventKind) -> str:
    return segment(
        "SPM",
        {
            1: "1",
            4: parts(*PANELS[request.code].specimen),
            17: "" if kind == EventKind.ORDERED else moment(request.collected),
            18: moment(request.received) if kind == EventKind.ARRIVED else "",
        },
    )
