"""Writes the EPR's extract: one FHIR R4 Bundle of allergies, alerts and drug charts, in pieces."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

import orjson

from downtime.clock import to_text
from downtime.demo.administrations import Span
from downtime.demo.care import NONE_KNOWN, list_alerts, list_allergies
from downtime.demo.hospital import Stay
from downtime.demo.tables import Allergy
from downtime.demo.writers.medicines import Resource, charted

_NHS = "https://fhir.nhs.uk/Id/nhs-number"
_MRN = "https://hospital.example/id/DEMO"
_CLINICAL = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"
_VERIFICATION = "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification"
_SNOMED = "http://snomed.info/sct"
_TYPES = "http://terminology.hl7.org/CodeSystem/v2-0203"
_GENDERS = {"M": "male", "F": "female"}


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


def _of_stay(stay: Stay, seed: int, spans: Sequence[Span]) -> Iterator[Resource]:
    yield _patient(stay)
    subject = {"reference": f"Patient/{_id(stay)}"}
    for number, (allergy, reaction) in enumerate(list_allergies(stay, seed), 1):
        yield _allergy(stay, subject, allergy, reaction, number)
    for number, (category, text) in enumerate(list_alerts(stay, seed), 1):
        yield {
            "resourceType": "Flag",
            "id": f"{_id(stay)}-f{number}",
            "status": "active",
            "category": [{"text": category}],
            "code": {"text": text},
            "subject": subject,
            "period": {"start": f"{stay.admitted:%Y-%m-%d}"},
        }
    yield from charted(stay, _id(stay), subject, seed, spans)


def _id(stay: Stay) -> str:
    return f"p{stay.person.mrn[1:]}"


def _patient(stay: Stay) -> Resource:
    person = stay.person
    numbers: list[Resource] = [
        {
            "type": {"coding": [{"system": _TYPES, "code": "MR"}]},
            "system": _MRN,
            "value": person.mrn,
        }
    ]
    if person.nhs:
        numbers.append({"system": _NHS, "value": person.nhs})
    names: list[Resource] = [
        {
            "use": "official",
            "family": person.family_name.upper(),
            "given": person.given_name.split(),
            "prefix": [person.prefix] if person.prefix else [],
        }
    ]
    if any(person.alias):
        family, given_name = person.alias
        names.append({"use": "nickname", "family": family, "given": [given_name]})
    patient = {
        "resourceType": "Patient",
        "id": _id(stay),
        "identifier": numbers,
        "name": [{key: value for key, value in name.items() if value} for name in names],
        "gender": _GENDERS.get(person.gender, "unknown"),
    }
    if person.born:
        patient["birthDate"] = person.born.isoformat()
    return patient


def _allergy(
    stay: Stay, subject: Resource, allergy: Allergy, reaction: str, number: int
) -> Resource:
    code: Resource = {"text": allergy.substance}
    if allergy.code:
        code["coding"] = [{"system": _SNOMED, "code": allergy.code, "display": allergy.substance}]
    resource: Resource = {
        "resourceType": "AllergyIntolerance",
        "id": f"{_id(stay)}-a{number}",
        "clinicalStatus": {"coding": [{"system": _CLINICAL, "code": "active"}]},
        "verificationStatus": {"coding": [{"system": _VERIFICATION, "code": "confirmed"}]},
        "code": code,
        "patient": subject,
        "recordedDate": to_text(stay.admitted),
    }
    if allergy is not NONE_KNOWN:
        resource["category"] = [allergy.category]
        severe = reaction in ("Anaphylaxis", "Angioedema", "Stevens-Johnson syndrome")
        resource["reaction"] = [
            {"manifestation": [{"text": reaction}], "severity": "severe" if severe else "mild"}
        ]
    return resource
