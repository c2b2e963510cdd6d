"""Writes the EPR's extract: one FHIR R4 Bundle of allergies, alerts and drug charts, in pieces.

What a resource looks like is in `data/fhir.yaml`.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any

import orjson

from downtime.clock import to_text
from downtime.demo.administrations import Span, list_doses
from downtime.demo.care import NONE_KNOWN, list_alerts, list_allergies, list_medicines
from downtime.demo.hospital import Stay
from downtime.demo.randomness import random_for
from downtime.demo.tables import Allergy, Medicine, read_table

Resource = dict[str, Any]
_GENDERS = {"M": "male", "F": "female"}
_SEVERE = ("Anaphylaxis", "Angioedema", "Stevens-Johnson syndrome")
_WHOLE = re.compile(r"\{([\w.]+)\}")


def bundle(
    stays: Iterable[Stay], seed: int, taken: datetime, spans: Sequence[Span]
) -> Iterator[bytes]:
    """The bytes of the Bundle piece by piece; `taken` is when the EPR made the extract.

    Doses are those of the drug rounds within `spans`, when the EPR was there.

    Its `meta.tag` says that it is all there is: what it does not hold is no longer so.
    """
    head = {
        "resourceType": "Bundle",
        "id": f"extract-{taken:%Y%m%d%H%M}",
        "meta": {"source": "EPR", "tag": [{"code": "full-extract"}]},
        "type": "collection",
        "timestamp": to_text(taken),
    }
    yield orjson.dumps(head)[:-1] + b',"entry":['
    between = b"\n"
    for stay in stays:
        for resource in _of_stay(stay, seed, spans):
            url = f"https://epr.example/{resource['resourceType']}/{resource['id']}"
            yield between + orjson.dumps({"fullUrl": url, "resource": resource})
            between = b",\n"
    yield b"\n]}\n"


def _resource(kind: str, **values: Any) -> Resource:
    """A resource of `data/fhir.yaml` with these values."""
    filled: Resource = _fill(read_table("fhir")[kind], values)
    return {"resourceType": kind, **filled}


def _fill(shape: Any, values: Resource) -> Any:
    """A shape with its braces filled in, without what is empty then; False is not empty."""
    if isinstance(shape, dict):
        filled = {key: _fill(part, values) for key, part in shape.items()}
        return {key: part for key, part in filled.items() if not _is_empty(part)}
    if isinstance(shape, tuple):
        return [part for part in (_fill(part, values) for part in shape) if not _is_empty(part)]
    if whole := _WHOLE.fullmatch(shape):
        name, _, attribute = whole[1].partition(".")
        return attrgetter(attribute)(values[name]) if attribute else values[name]
    return shape.format_map(values)


def _is_empty(value: Any) -> bool:
    return value is None or (value is not False and not value)


def _of_stay(stay: Stay, seed: int, spans: Sequence[Span]) -> Iterator[Resource]:
    key = f"p{stay.person.mrn[1:]}"
    yield _patient(stay, key)
    for number, (allergy, reaction) in enumerate(list_allergies(stay, seed), 1):
        yield _allergy(stay, key, allergy, reaction, number)
    for number, (category, text) in enumerate(list_alerts(stay, seed), 1):
        values = {"category": category, "text": text, "day": f"{stay.admitted:%Y-%m-%d}"}
        yield _resource("Flag", key=key, number=number, **values)
    for number, medicine in enumerate(list_medicines(stay, seed), 1):
        yield _prescription(stay, key, medicine, number, seed)
    for dose in list_doses(stay, seed, spans):
        yield _resource(
            "MedicationAdministration",
            key=key,
            # Made of medicine and time, so that a later extract names the same dose the same.
            code=_own_code(dose.medicine),
            second=f"{dose.when.timestamp():.0f}",
            status="not-done" if dose.reason else "completed",
            medicine=dose.medicine,
            coding=_codings(dose.medicine),
            when=to_text(dose.when),
            dose=dose,
        )


def _patient(stay: Stay, key: str) -> Resource:
    person = stay.person
    family, given_name = person.alias
    alias = {"use": "nickname", "family": family, "given": [given_name]}
    nhs_number = {"system": "https://fhir.nhs.uk/Id/nhs-number", "value": person.nhs}
    return _resource(
        "Patient",
        key=key,
        person=person,
        nhs_number=nhs_number if person.nhs else None,
        family_name=person.family_name.upper(),
        given_names=person.given_name.split(),
        alias=alias if any(person.alias) else None,
        gender=_GENDERS.get(person.gender, "unknown"),
        born=person.born and person.born.isoformat(),
    )


def _allergy(stay: Stay, key: str, allergy: Allergy, reaction: str, number: int) -> Resource:
    known = allergy is not NONE_KNOWN
    coding = {
        "system": "http://snomed.info/sct",
        "code": allergy.code,
        "display": allergy.substance,
    }
    severity = "severe" if reaction in _SEVERE else "mild"
    return _resource(
        "AllergyIntolerance",
        key=key,
        number=number,
        allergy=allergy,
        coding=[coding] if allergy.code else None,
        admitted=to_text(stay.admitted),
        category=allergy.category if known else None,
        reaction=[{"manifestation": [{"text": reaction}], "severity": severity}] if known else None,
    )


def _prescription(stay: Stay, key: str, medicine: Medicine, number: int, seed: int) -> Resource:
    dice = random_for(seed, "prescribed", stay.visit, number)
    family, given_name, prefix = stay.consultant
    rate = [{"rateQuantity": {"value": 125, "unit": "ml/hour"}}]
    return _resource(
        "MedicationRequest",
        key=key,
        number=number,
        medicine=medicine,
        coding=_codings(medicine),
        prescribed=to_text(stay.admitted + timedelta(minutes=dice.randint(20, 200))),
        prescriber=f"{prefix} {given_name} {family}",
        repeat={"count": 1} if medicine.category == "once-only" else None,
        as_needed=medicine.category == "as-required",
        rate=rate if medicine.category == "infusion" else None,
    )


def _own_code(medicine: Medicine) -> str:
    """The code that the EPR's own list of medicines has for one."""
    return f"{random_for(0, 'dose', medicine.name).randrange(16**6):06x}"


def _codings(medicine: Medicine) -> list[dict[str, str]]:
    local = {"system": "https://epr.example/id/medicine", "code": _own_code(medicine)}
    snomed = {"system": "http://snomed.info/sct", "code": medicine.code}
    return [snomed, local] if medicine.code else [local]
