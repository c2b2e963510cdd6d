"""Writes what the EPR holds of medicines as FHIR R4 resources: prescriptions, and doses given."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from downtime.clock import to_text
from downtime.demo.administrations import Dose, Span, list_doses
from downtime.demo.care import list_medicines
from downtime.demo.hospital import Stay
from downtime.demo.randomness import random_for
from downtime.demo.tables import Medicine

Resource = dict[str, Any]


def charted(
    stay: Stay, key: str, subject: Resource, seed: int, spans: Sequence[Span]
) -> Iterator[Resource]:
    """The prescriptions of an inpatient, and the doses of their chart within these spans."""
    for number, medicine in enumerate(list_medicines(stay, seed), 1):
        yield _medicine(stay, key, subject, medicine, number, seed)
    for dose in list_doses(stay, seed, spans):
        yield _dose(key, subject, dose)


def _medicine(
    stay: Stay, key: str, subject: Resource, medicine: Medicine, number: int, seed: int
) -> Resource:
    dice = random_for(seed, "prescribed", stay.visit, number)
    family, given_name, prefix = stay.consultant
    return {
        "resourceType": "MedicationRequest",
        "id": f"{key}-m{number}",
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": {"text": medicine.name},
        "subject": subject,
        "authoredOn": to_text(stay.admitted + timedelta(minutes=dice.randint(20, 200))),
        "requester": {"display": f"{prefix} {given_name} {family}"},
        "dosageInstruction": [_dosage(medicine)],
    }


def _dosage(medicine: Medicine) -> Resource:
    dosage: Resource = {
        "text": medicine.dose,
        "timing": {"code": {"text": medicine.frequency}},
        "asNeededBoolean": medicine.category == "as-required",
        "route": {"text": medicine.route},
    }
    if medicine.category == "once-only":
        dosage["timing"]["repeat"] = {"count": 1}
    if medicine.category == "infusion":
        dosage["doseAndRate"] = [{"rateQuantity": {"value": 125, "unit": "ml/hour"}}]
    return dosage


def _dose(key: str, subject: Resource, dose: Dose) -> Resource:
    """Its id is made of medicine and time, so that a later extract names the same dose the same."""
    code = random_for(0, "dose", dose.medicine.name).randrange(16**6)
    resource: Resource = {
        "resourceType": "MedicationAdministration",
        "id": f"{key}-d{code:06x}-{dose.when.timestamp():.0f}",
        "status": "not-done" if dose.reason else "completed",
        "medicationCodeableConcept": {"text": dose.medicine.name},
        "subject": subject,
        "effectiveDateTime": to_text(dose.when),
        "performer": [{"actor": {"display": dose.by}}],
        "dosage": {"text": dose.medicine.dose, "route": {"text": dose.medicine.route}},
    }
    if dose.reason:
        resource["statusReason"] = [{"text": dose.reason}]
    return resource
