"""Writes what the EPR holds of medicines as FHIR R4 resources: prescriptions, and doses given."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from downtime.clock import to_text
from downtime.demo.care import medicines
from downtime.demo.chance import chance
from downtime.demo.doses import Dose, Span, doses
from downtime.demo.hospital import Stay
from downtime.demo.tables import Medicine

Resource = dict[str, Any]


def charted(
    stay: Stay, key: str, subject: Resource, seed: int, spans: Sequence[Span]
) -> Iterator[Resource]:
    """The prescriptions of an inpatient, and the doses of their chart within these spans."""
    for number, medicine in enumerate(medicines(stay, seed), 1):
        yield _medicine(stay, key, subject, medicine, number, seed)
    for dose in doses(stay, seed, spans):
        yield _dose(key, subject, dose)


def _medicine(
    stay: Stay, key: str, subject: Resource, medicine: Medicine, number: int, seed: int
) -> Resource:
    dice = chance(seed, "prescribed", stay.visit, number)
    family, given, prefix = stay.consultant
    return {
        "resourceType": "MedicationRequest",
        "id": f"{key}-m{number}",
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": {"text": medicine.name},
        "subject": subject,
        "authoredOn": to_text(stay.admitted + timedelta(minutes=dice.randint(20, 200))),
        "requester": {"display": f"{prefix} {given} {family}"},
        "dosageInstruction": [_dosage(medicine)],
    }


def _dosage(medicine: Medicine) -> Resource:
    found: Resource = {
        "text": medicine.dose,
        "timing": {"code": {"text": medicine.frequency}},
        "asNeededBoolean": medicine.category == "as-required",
        "route": {"text": medicine.route},
    }
    if medicine.category == "once-only":
        found["timing"]["repeat"] = {"count": 1}
    if medicine.category == "infusion":
        found["doseAndRate"] = [{"rateQuantity": {"value": 125, "unit": "ml/hour"}}]
    return found


def _dose(key: str, subject: Resource, dose: Dose) -> Resource:
    """Its id is made of medicine and time, so that a later extract names the same dose the same."""
    code = chance(0, "dose", dose.medicine.name).randrange(16**6)
    found: Resource = {
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
        found["statusReason"] = [{"text": dose.reason}]
    return found
