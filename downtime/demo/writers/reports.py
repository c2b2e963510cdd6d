"""Writes results as they are told: ORU^R01 of the laboratory and of radiology."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from downtime.demo.laboratory_values import Result, draw_blood_group, make_result, make_results
from downtime.demo.randomness import random_for
from downtime.demo.request_events import EventKind, RequestEvent
from downtime.demo.requests import Request
from downtime.demo.tables import ORGANISMS, SCANS
from downtime.demo.writers.hl7 import header, moment, parts, segment, text
from downtime.demo.writers.orders import number_of, obr, requester, subject

_STATUS = {EventKind.PARTIAL: "P", EventKind.FINAL: "F", EventKind.CORRECTED: "C"}
_PHONED = ("HH", "LL")


def report(
    event: RequestEvent, control: str, seed: int, charset: str = "UNICODE UTF-8"
) -> list[str]:
    """The segments of one result message."""
    request, status = event.requests[0], _STATUS[event.kind]
    sender = "RIS" if request.is_scan else "LIMS"
    offset = request.is_scan
    return [
        header(sender, "EPR", "ORU^R01^ORU_R01", control, event.sent, "2.4", charset, offset),
        *subject(request),
        segment(
            "ORC",
            {
                1: "RE",
                2: number_of(request.placer, "EPR"),
                3: number_of(request.filler, sender),
                5: "IP" if status == "P" else "CM",
                9: moment(event.when, offset),
                12: requester(request),
            },
        ),
        obr(request, 1, event.kind, request.filler, {22: moment(event.when, offset), 25: status}),
        *_body(event, status, seed),
    ]


def _body(event: RequestEvent, status: str, seed: int) -> Iterator[str]:
    request = event.requests[0]
    if request.is_scan:
        return _scan(request, status, seed)
    if request.section == "MB":
        return _culture(request, status, seed)
    if request.code == "GS":
        return _group(request, status, seed)
    return _numbers(event, status, seed)


def values(request: Request, seed: int, kind: EventKind = EventKind.FINAL) -> list[Result]:
    """The values of a request's result; an amended one first had a haemolysed potassium."""
    taken = request.collected or request.ordered
    person = request.subject(taken)
    results = make_results(seed, person, request.code, request.group, taken.date())
    if request.case == "amended-result":
        potassium = 6.9 if kind == EventKind.FINAL else 4.6
        results = [make_result("K", potassium, person) if r.code == "K" else r for r in results]
    return results


def _numbers(event: RequestEvent, status: str, seed: int) -> Iterator[str]:
    request = event.requests[0]
    results = values(request, seed, event.kind)
    for number, result in enumerate(results, 1):
        yield _value(number, result, status, request.collected)
    phoned = [result for result in results if result.flag in _PHONED]
    if event.kind == EventKind.CORRECTED:
        yield _note(
            "CORRECTED REPORT: potassium previously issued as 6.9 mmol/L on a haemolysed sample."
        )
    elif phoned:
        names = " & ".join(result.name for result in phoned)
        at = moment(event.when)[8:12]
        yield _note(
            f"{names}: critical result telephoned to the ward {at[:2]}:{at[2:]}, read back."
        )


def _value(number: int, result: Result, status: str, taken: datetime | None) -> str:
    above = result.value.startswith(">")
    return segment(
        "OBX",
        {
            1: str(number),
            2: "SN" if above else "NM",
            3: parts(result.code, result.name, "LOCAL"),
            5: f">^{result.value[1:]}" if above else result.value,
            6: text(result.units),
            7: text(result.range),
            8: result.flag,
            11: status,
            14: moment(taken),
        },
    )


def _text_observation(
    number: int, code: str, name: str, value: str, status: str, sub: str = "", kind: str = "ST"
) -> str:
    return segment(
        "OBX",
        {
            1: str(number),
            2: kind,
            3: parts(code, name, "LOCAL"),
            4: sub,
            5: text(value),
            11: status,
        },
    )


def _note(comment: str) -> str:
    return segment("NTE", {1: "1", 2: "L", 3: text(comment)})


def _group(request: Request, status: str, seed: int) -> Iterator[str]:
    abo, rhesus = draw_blood_group(seed, request.person.mrn)
    expires = (request.collected or request.ordered) + timedelta(hours=72)
    yield _text_observation(1, "ABO", "ABO group", abo, status)
    yield _text_observation(2, "RHD", "RhD type", f"RhD {rhesus}", status)
    yield _text_observation(3, "ABSC", "Antibody screen", "Negative", status)
    yield segment(
        "OBX",
        {
            1: "4",
            2: "TS",
            3: parts("SVU", "Sample valid until", "LOCAL"),
            5: moment(expires),
            11: status,
        },
    )


def _culture(request: Request, status: str, seed: int) -> Iterator[str]:
    dice = random_for(seed, "culture", request.group, request.code)
    grown = dice.random() < 0.25
    if status == "P" or not grown:
        finding = "No growth to date." if status == "P" else "No growth."
        yield _text_observation(1, "CULT", "Culture", finding, status)
        return
    organism, sensitivities = dice.choice(ORGANISMS[request.code])
    yield _text_observation(1, "CULT", "Culture", organism, status, "1")
    for number, line in enumerate(sensitivities, 2):
        drug, _, letter = line.rpartition(" ")
        meaning = {"S": "Sensitive", "R": "Resistant"}[letter]
        yield _text_observation(number, f"SENS-{drug[:4].upper()}", drug, meaning, status, "1")


def _scan(request: Request, status: str, seed: int) -> Iterator[str]:
    dice = random_for(seed, "scan", request.number)
    scan = SCANS[request.code]
    sentences = scan.normal if dice.random() < 0.5 else scan.findings
    clinical = request.stay.reason_text if request.stay else ""
    body = "\n".join((f"Clinical: {clinical}", f"{scan.name}:", *sentences[:1]))
    yield _text_observation(1, "RPT", "Report", body, status, kind="FT")
    for number, sentence in enumerate(sentences[1:], 2):
        yield _text_observation(number, "CONC", "Conclusion", sentence, status, kind="TX")
