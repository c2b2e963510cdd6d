"""What the fields of a form may say of a record beyond its own fields: words of what happened."""

from downtime.clinical.model import Patient
from downtime.clinical.record_types import RECORD_TYPES

PERSON_PREFIX = "Patient."
WHEN = "when"
"""When it happened: the fact's own time, and the field of its record that holds it."""
PATIENT_NAME = "Patient.name"
"""`SURNAME, Given` in one field."""
PATIENT_NUMBER = "Patient.number"
"""Whatever number was written: a downtime number, an NHS number or a hospital number."""
_PERSON = (*Patient.__dataclass_fields__, "name", "number", "downtime_number")


def is_record_field(name: str, record: str) -> bool:
    """Whether a field may say this of a record of that type: `ward`, `when`, `Patient.mrn` …"""
    if name == WHEN:
        return True
    if name.startswith(PERSON_PREFIX):
        return name.removeprefix(PERSON_PREFIX) in _PERSON
    row = RECORD_TYPES.get(record)
    return row is not None and name in (*row.record.__dataclass_fields__, *row.form_fields)
