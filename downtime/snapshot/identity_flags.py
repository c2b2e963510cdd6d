"""A loud flag where it is doubtful who a patient is."""

import hashlib
from collections.abc import Iterator

from downtime.clinical.identifiers import NHS, Identifier
from downtime.clinical.model import ClinicalStatus, Flag, Patient
from downtime.snapshot.settle_people import People

OWN_SOURCE = "Downtime"
"""Source of the flags that this program raises itself."""


def flag_doubtful_people(people: People) -> Iterator[Flag]:
    """One flag for each person whose NHS number somebody else has too, or whose own number was sent
    for somebody with another name, birth date and sex.
    """
    patients = {patient.id: patient for patient in people.patients}
    for value, anchors in people.identity.shared.items():
        alone = Identifier(NHS, "NHS", value)
        holders = [*anchors, *([alone] if people.ids.get(alone) in patients else [])]
        for anchor in holders:
            others = ", ".join(_name_anchor(other) for other in holders if other != anchor)
            text = (
                f"NHS number also held by another patient record ({others}): confirm who this is."
            )
            yield _make_flag(patients[people.ids[anchor]], "identity", text)
    for anchor in people.identified.contradicted:
        text = (
            "This number was also sent with another name, birth date and sex:"
            " allergies and results may be of somebody else. Confirm who this is."
        )
        if patient := patients.get(people.find_id(anchor)):
            yield _make_flag(patient, "number", text)


def _make_flag(patient: Patient, subject: str, text: str) -> Flag:
    return Flag(
        id=hashlib.sha256(f"{subject} {patient.id}".encode()).hexdigest()[:16],
        source=OWN_SOURCE,
        updated=patient.updated,
        patient=patient.id,
        category="identity",
        text=text,
        status=ClinicalStatus.ACTIVE,
    )


def _name_anchor(anchor: Identifier) -> str:
    return "one known by NHS number alone" if anchor.type == NHS else anchor.value
