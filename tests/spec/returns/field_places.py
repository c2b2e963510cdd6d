"""Where each field of each form goes: the table behind docs/round-trip.md, which a round trip holds true.

A place of HL7 v2 is a segment, field and component (`PID-5.1`), as version 2.4 has it; one of FHIR a
path of elements; one of a worklist its column. Several places are alternatives: which of them says it
depends on the other answers.
"""

from typing import NamedTuple

from downtime.clinical.record_types import DOCUMENT, RECORD_TYPES
from downtime.paper.forms.model import SIGN_OFF, FormDefinition, FormItem, KeyingPolicy
from downtime.paper.forms.record_fields import PERSON_PREFIX, WHEN

ANSWERS = "QuestionnaireResponse.item"
"""Every answer that was keyed, whatever else says it."""


class Places(NamedTuple):
    """Where one field goes, channel by channel; nothing for a channel that does not carry it."""

    hl7: tuple[str, ...] = ()
    fhir: tuple[str, ...] = ()
    worklist: tuple[str, ...] = ()
    remark: str = ""


ON_PAPER = Places(remark="Not keyed: it stays on the paper and in its scan.")
FILED = Places(
    hl7=("MDM OBX-5",),
    fhir=(ANSWERS,),
    remark="Filed. It goes out with the form as a document, where a system takes documents.",
)
DETAILS = "Details"

_PERSON = {
    "family": ("PID-5.1", "Patient.name.family", "Surname"),
    "given": ("PID-5.2", "Patient.name.given", "Given names"),
    "name": ("PID-5.1", "Patient.name.family", "Surname"),
    "prefix": ("PID-5.5", "Patient.name.prefix", ""),
    "birth_date": ("PID-7", "Patient.birthDate", "Born"),
    "gender": ("PID-8", "Patient.gender", ""),
    "nhs_number": ("PID-3.1", "Patient.identifier.value", "NHS No."),
    "mrn": ("PID-3.1", "Patient.identifier.value", "Hospital No."),
    "number": ("PID-3.1", "Patient.identifier.value", "Hospital No."),
    "downtime_number": ("PID-3.1", "Patient.identifier.value", "Downtime No."),
    "phone": ("PID-13", "Patient.telecom.value", ""),
    "address": ("PID-11.1", "Patient.address.line", ""),
    "postcode": ("PID-11.5", "Patient.address.postalCode", ""),
    "general_practitioner": ("PD1-4.2", "Patient.generalPractitioner.display", ""),
}
"""What is said of a person: HL7, FHIR (of somebody who is registered), the worklist's column."""

_FIELDS: dict[str, dict[str, tuple[tuple[str, ...], tuple[str, ...], str]]] = {
    "Encounter": {
        "started": (("PV1-44",), ("Encounter.period.start",), DETAILS),
        "kind": (("PV1-2",), ("Encounter.class.code",), DETAILS),
        "ward": (("PV1-3.1", "PV2-12"), ("Encounter.location.location.identifier.value",), "Ward"),
        "bay": (("PV1-3.2", "OBX-5"), ("Encounter.location.location.display",), DETAILS),
        "bed": (("PV1-3.3", "OBX-5"), ("Encounter.location.location.display",), DETAILS),
        "specialty": (("PV1-10", "PV2-12"), ("Encounter.serviceType.text",), DETAILS),
        "consultant": (("PV1-9.2",), ("Encounter.participant.individual.display",), DETAILS),
        "reason": (("PV2-3.2",), ("Encounter.reasonCode.text",), DETAILS),
        "ended": (("PV1-45",), ("PATCH /period/end",), DETAILS),
        "outcome": (("PV1-36",), (), DETAILS),
        "prior_ward": (("PV1-6.1",), (), DETAILS),
        "destination": (("PV2-12",), (), DETAILS),
        "event": (("MSH-9.2",), (), "Type"),
        "when": (("EVN-6",), (), "Happened"),
    },
    "Patient": {"when": (("EVN-6",), (), "Happened")},
    "AllergyIntolerance": {
        "substance": (("IAM-3.2",), ("AllergyIntolerance.code.text",), "What"),
        "reaction": (("IAM-5",), ("AllergyIntolerance.reaction.manifestation.text",), DETAILS),
        "severity": (("IAM-4",), ("AllergyIntolerance.reaction.severity",), DETAILS),
        "none_known": (("IAM-3.1",), ("AllergyIntolerance.code.coding.code",), "What"),
    },
    "Flag": {"code": (("OBX-5",), ("Flag.code.text",), "What")},
    "ServiceRequest": {
        "code": (("OBR-4.1",), ("ServiceRequest.code.coding.code",), "What"),
        "display": (("OBR-4.2",), ("ServiceRequest.code.text",), "What"),
        "priority": (("OBR-27.6",), ("ServiceRequest.priority",), DETAILS),
        "collected": (("OBR-7",), ("ServiceRequest.note.text",), DETAILS),
        "requester": (("OBR-16.2",), ("ServiceRequest.requester.display",), DETAILS),
        "reason": (("OBR-13",), ("ServiceRequest.reasonCode.text",), DETAILS),
        "specimen": (("NTE-3",), ("ServiceRequest.note.text",), DETAILS),
    },
    "Observation": {
        "code": (
            ("OBX-5", "OBX-5.5"),
            (
                "Observation.valueQuantity.value",
                "Observation.valueCodeableConcept.text",
                "Observation.valueString",
            ),
            DETAILS,
        ),
        "effective": (("OBR-7",), ("Observation.effectiveDateTime",), DETAILS),
        "display": (("OBX-3.2",), ("Observation.code.text",), "What"),
        "value": (
            ("OBX-5",), ("Observation.valueQuantity.value", "Observation.valueString"), DETAILS,
        ),
        "units": (
            ("OBX-6", "OBX-6.2"), ("Observation.valueQuantity.unit", "Observation.valueString"),
            DETAILS,
        ),
        "reference_range": (("OBX-7",), ("Observation.referenceRange.text",), DETAILS),
    },
    "MedicationAdministration": {
        "batch": (("RXA-15",), ("MedicationAdministration.contained.batch.lotNumber",), DETAILS),
        "medicine": (
            ("RXA-5.2",),
            (
                "MedicationAdministration.medicationCodeableConcept.text",
                "MedicationAdministration.contained.code.text",
            ),
            "What",
        ),
        "given": (
            ("RXA-3",),
            (
                "MedicationAdministration.effectiveDateTime",
                "MedicationAdministration.effectivePeriod.start",
            ),
            DETAILS,
        ),
        "ended": (("RXA-4",), ("MedicationAdministration.effectivePeriod.end",), DETAILS),
        "performer": (
            ("RXA-10.2",), ("MedicationAdministration.performer.actor.display",), DETAILS,
        ),
        "dosage": (("RXA-6",), ("MedicationAdministration.dosage.dose.value",), DETAILS),
        "status": (("RXA-20",), ("MedicationAdministration.status",), DETAILS),
    },
    "Appointment": {
        "status": (("SCH-25", "NTE-3"), ("Appointment.status", "Appointment.comment"), DETAILS),
        "location": (
            ("AIL-3.1", "AIL-3.9", "NTE-3"),
            ("Appointment.participant.actor.display", "Appointment.comment"),
            DETAILS,
        ),
        "start": (
            ("SCH-11.4", "NTE-3"), ("Appointment.start", "Appointment.comment"), DETAILS,
        ),
        "number": (("SCH-1",), ("Appointment.identifier.value", "Appointment.comment"), "What"),
        "practitioner": (("AIP-3.2",), ("Appointment.participant.actor.display",), DETAILS),
        "rebook_start": (("SCH-11.4", "NTE-3"), ("Appointment.start",), DETAILS),
        "rebook_location": (
            ("AIL-3.1", "AIL-3.9", "NTE-3"), ("Appointment.participant.actor.display",), DETAILS,
        ),
        "minutes": (("AIL-9",), (), DETAILS),
        "reason": (
            ("SCH-7.2",),
            ("Appointment.reasonCode.text", "Appointment.cancelationReason.text"),
            DETAILS,
        ),
        "description": (("AIS-3.2",), ("Appointment.description",), "What"),
        "specialty": (("PV1-10", "NTE-3"), ("Appointment.specialty.text",), DETAILS),
        "kind": (("SCH-8.2",), ("Appointment.serviceType.text",), DETAILS),
        "note": (("NTE-3",), ("Appointment.comment",), DETAILS),
        "position": (("NTE-3",), (), DETAILS),
        "rebook_answer": (("NTE-3",), (), DETAILS),
        "when": (("NTE-3",), (), "Happened"),
    },
}  # fmt: skip
"""Fields of records: HL7, FHIR beside the answers, the worklist's column."""

_NOTES = {
    "Observation": ("NTE-3", "Observation.note.text"),
    "ServiceRequest": ("NTE-3", "ServiceRequest.note.text"),
    "Appointment": ("NTE-3", "Appointment.comment"),
    "Encounter": ("OBX-5", ""),
    "Patient": ("OBX-5", ""),
    "AllergyIntolerance": ("IAM-5", "AllergyIntolerance.note.text"),
    "MedicationAdministration": ("OBX-5", "MedicationAdministration.note.text"),
    "Flag": ("OBX-5", "Flag.code.text"),
}
"""Where a record's notes stand. OBX-5 is under OBX-3 `NOTE`; of allergies NTE-3 from 2.7 on."""

_WHEN_SIGNED = (
    "When it happened, where no other field says it: EVN-6, ORC-9, OBR-22, TXA-4; 'Happened'."
)
_SIGN_OFF = {
    "author.name": Places(("NTE-3", "OBX-5", "IAM-18.2", "TXA-5.2"), (ANSWERS,), ("Author",)),
    "author.role": Places(("NTE-3", "OBX-5", "IAM-18.2"), (ANSWERS,), ("Author",)),
    "event.date": Places(fhir=(ANSWERS,), remark=_WHEN_SIGNED),
    "event.time": Places(fhir=(ANSWERS,), remark=_WHEN_SIGNED),
}  # fmt: skip


def list_fields(form: FormDefinition) -> list[FormItem]:
    """The fields of a form that comes back, in reading order, its scores left out."""
    return [item for item in form.fields() if not item.link_id.endswith(".score")]


def find_places(form: FormDefinition, item: FormItem) -> Places:
    """Where a field of a form goes."""
    if not item.keyed:
        return ON_PAPER
    if item.link_id in _SIGN_OFF:
        return _SIGN_OFF[item.link_id]
    if form.policy == KeyingPolicy.SCAN:
        return FILED
    places = _find_keyed_places(form, item)
    record = item.record or form.record
    if record == "Encounter" and dict(form.fixed_fields).get("event") != "admit":
        return places._replace(fhir=(ANSWERS, *_list_patches(item, places)))
    if _is_taken_back(form, item):
        return places._replace(fhir=(ANSWERS,), remark="Not in FHIR: the worklist has it.")
    return places


def _list_patches(item: FormItem, places: Places) -> list[str]:
    """What a conditional PATCH of the live stay says of a move or a discharge."""
    if item.maps in ("ward", "bay", "bed"):
        return ["PATCH /location/-"]
    return [path for path in places.fhir if path.startswith("PATCH")]


def _is_taken_back(form: FormDefinition, item: FormItem) -> bool:
    """Whether a field takes back what the live system has."""
    group = next((one for one in form.items if one.link_id == item.record_group), None)
    return group is not None and dict(group.fixed_fields).get("status") == "entered-in-error"


def _find_keyed_places(form: FormDefinition, item: FormItem) -> Places:
    record = item.record or form.record
    if item.code and not item.maps:
        return _field_places(record, "code")
    if item.maps.startswith(PERSON_PREFIX):
        hl7, fhir, column = _PERSON[item.maps.removeprefix(PERSON_PREFIX)]
        return Places((hl7,), (ANSWERS, fhir), (column,) if column else ())
    if item.maps:
        return _field_places(record, item.maps)
    said = {name for option in item.options for name, _ in option.fixed_fields}
    if said:
        names = [name for name in _FIELDS[record] if name in said]
        return _join(_field_places(record, names[-1]), _note_places(form, item))
    return _note_places(form, item)


def _join(field: Places, note: Places) -> Places:
    """An option that says something of the record, or goes along as a note where it does not."""
    both = (tuple(dict.fromkeys(a + b)) for a, b in zip(field[:3], note[:3], strict=True))
    return Places(*both)


def _field_places(record: str, name: str) -> Places:
    event_field = RECORD_TYPES[record].event_field if record in RECORD_TYPES else ""
    name = event_field if name == WHEN and event_field else name
    hl7, fhir, column = _FIELDS[record][name]
    return Places(hl7, (ANSWERS, *fhir), (column,))


def _note_places(form: FormDefinition, item: FormItem) -> Places:
    """An answer that is no field of a record: a note of the records that the form makes."""
    carriers = _find_carriers(form, item)
    if not carriers:
        return FILED
    hl7 = dict.fromkeys(_NOTES[record][0] for record in carriers)
    fhir = dict.fromkeys(_NOTES[record][1] for record in carriers if _NOTES[record][1])
    return Places(tuple(hl7), (ANSWERS, *fhir), (DETAILS,))


def _find_carriers(form: FormDefinition, item: FormItem) -> list[str]:
    """The types of record beside which an answer goes out as a note."""
    record = item.record or form.record
    if form.record == "Encounter" and record == "Patient":
        return ["Encounter"]
    if item.record_group and record != DOCUMENT:
        return list(dict.fromkeys((record, form.record))) if form.record != DOCUMENT else [record]
    if record != DOCUMENT:
        return [record]
    groups = (group.record for group in form.items if group.record not in ("", DOCUMENT))
    return list(dict.fromkeys(groups)) if not item.repeated else []


IN_SIGN_OFF = frozenset(item.link_id for item in SIGN_OFF)
