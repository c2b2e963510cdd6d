"""What the fields of a form may say of a record beyond its own fields: words of what happened."""

from downtime.clinical.model import TYPES, Patient

PERSON_PREFIX = "Patient."
WHEN = "when"
"""When it happened: the fact's own time, and the field of its record that holds it."""
PATIENT_NAME = "Patient.name"
"""`SURNAME, Given` in one field."""
PATIENT_NUMBER = "Patient.number"
"""Whatever number was written: a downtime number, an NHS number or a hospital number."""
_PERSON = (*Patient.__dataclass_fields__, "name", "number", "downtime_number")
_EXTRA = {
    "Encounter": ("event", "destination", "outcome"),
    "Appointment": ("reason", "rebook_start", "rebook_location", "rebook_answer"),
}
"""`event` is `admit`, `transfer` or `discharge`; `rebook_answer` is `accepted` or `declined`."""


def is_record_field(name: str, record: str) -> bool:
    """Whether a field may say this of a record of that type: `ward`, `when`, `Patient.mrn` …"""
    if name == WHEN:
        return True
    if name.startswith(PERSON_PREFIX):
        return name.removeprefix(PERSON_PREFIX) in _PERSON
    kind = TYPES.get(record)
    return kind is not None and name in (*kind.__dataclass_fields__, *_EXTRA.get(record, ()))
