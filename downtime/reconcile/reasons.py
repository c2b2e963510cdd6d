"""Why an item is in its state, as facts that are stored: a code with the values it speaks of. Pure.

The sentence is made of them when somebody reads it (`downtime.reconcile.wording`).
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum, auto
from types import MappingProxyType
from typing import NamedTuple

import orjson


class ReasonCode(StrEnum):
    """What was found, one for each sentence of `downtime.reconcile.wording`."""

    STORED_TEXT = auto()
    """A sentence that an earlier version stored, shown as it is."""

    # Who the form is about.
    LINKED_BY_FORM = auto()
    LINKED_BY_DECISION = auto()
    LINKED_PATIENT_GONE = auto()
    NUMBERS_OF_SEVERAL = auto()
    NO_NUMBER = auto()
    NUMBER_UNKNOWN = auto()
    NUMBER_OF_ANOTHER = auto()
    BORN_ANOTHER_DAY = auto()
    ANOTHER_SURNAME = auto()
    ANOTHER_GIVEN_NAME = auto()
    ANOTHER_GENDER = auto()
    NOT_THERE_THEN = auto()
    TOO_LITTLE_EVIDENCE = auto()
    ANOTHER_FITS_AS_WELL = auto()
    ANOTHER_FITS_BETTER = auto()
    NAMESAKE_BORN_THAT_DAY = auto()
    SETTLE_PERSON = auto()
    REGISTERS_NUMBER = auto()
    REGISTERS_PATIENT = auto()
    SENT_WITH_ADMISSION = auto()

    # What can be compared, and what was returned before.
    FILED = auto()
    FORM_EMPTY = auto()
    NOT_DELIVERED = auto()
    NOT_RECOVERED = auto()
    CONTRADICTED_SINCE_RETURN = auto()
    CORRECTED_SINCE_RETURN = auto()
    WITHDRAWN_SINCE_RETURN = auto()

    # The live record that is another fact's.
    ANSWERS_ANOTHER_FORM = auto()
    ANSWERS_ANOTHER_LINE = auto()

    # Requests.
    NO_REQUEST = auto()
    OLDER_REQUEST = auto()
    REQUEST_CANCELLED = auto()
    REQUEST_EXISTS = auto()

    # Results and observations.
    NO_VALUE = auto()
    SAME_VALUE = auto()
    VALUE_CORRECTED = auto()
    VALUE_DIFFERS = auto()
    PHONED_DIFFERS = auto()
    PHONED_AMENDED = auto()
    UNITS_DIFFER = auto()
    CLINICIAN_REVIEWS = auto()

    # Admissions, transfers, discharges.
    NO_STAY = auto()
    ADMISSION_CANCELLED = auto()
    STAY_DISCHARGED = auto()
    STAY_EXISTS = auto()
    STAY_MOVED = auto()
    OLDER_STAY = auto()
    ADMISSION_FIRST = auto()
    STAY_CANCELLED = auto()
    STAY_ENDED = auto()
    ON_WARD = auto()
    STILL_ON_WARD = auto()
    NOT_DISCHARGED = auto()
    MOVED_SINCE = auto()
    MOVED_FROM_ELSEWHERE = auto()
    MOVED_AFTER_DISCHARGE = auto()
    DISCHARGE_DIFFERS = auto()

    # Appointments and operations.
    CAME_WITHOUT_APPOINTMENT = auto()
    NO_APPOINTMENT = auto()
    APPOINTMENT_MOVED = auto()
    APPOINTMENT_SAYS_SO = auto()
    APPOINTMENT_STILL_SAYS = auto()
    APPOINTMENT_DIFFERS = auto()
    APPOINTMENT_CHANGED = auto()
    NEW_DATE_EXISTS = auto()
    NEW_DATE_AND_OLD = auto()
    NO_NEW_DATE = auto()
    OLD_DATE_STANDS = auto()

    # Demographics.
    DEMOGRAPHICS_AGREE = auto()
    DEMOGRAPHICS_DIFFER = auto()
    DEMOGRAPHICS_CHANGED = auto()
    DEMOGRAPHICS_MISSING = auto()

    # Allergies and alerts.
    ALLERGY_CALLED_WRONG = auto()
    ALLERGIES_LISTED = auto()
    NO_ALLERGIES_AGREED = auto()
    NO_ALLERGIES_DENIED = auto()
    NO_ALLERGIES_RECORDED = auto()
    ALLERGIES_NOT_RECORDED = auto()
    SUBSTANCE_ALIKE = auto()
    SEVERITY_DIFFERS = auto()
    ALLERGY_ENDED = auto()
    ALLERGY_NOT_ACTIVE = auto()
    NO_ALERT = auto()
    ALERT_EXISTS = auto()
    ALERT_ENDED = auto()

    # Doses and units of blood.
    NO_DOSE = auto()
    DOSE_EXISTS = auto()
    MEDICINE_ALIKE = auto()
    MEDICINE_BY_CODE = auto()
    DOSE_DIFFERS = auto()
    DOSE_STATUS_DIFFERS = auto()
    NO_UNIT = auto()
    OTHER_COMPONENTS = auto()
    COMPONENT_DIFFERS = auto()
    UNIT_EXISTS = auto()
    UNIT_DIFFERS = auto()

    # What another form says too.
    SAMPLE_ON_ANOTHER_FORM = auto()
    REQUEST_ON_ANOTHER_FORM = auto()
    DOSE_ON_ANOTHER_FORM = auto()
    RESULT_ON_ANOTHER_FORM = auto()
    DIFFERS_ON_ANOTHER_FORM = auto()
    PERSON_BEFORE_DUPLICATE = auto()
    UNIT_RETURNED_BY_FORM = auto()
    UNIT_RESOLVED_BY_FORM = auto()
    UNIT_EXISTS_BY_FORM = auto()
    UNIT_REPRESENTED_BY_FORM = auto()
    UNIT_CONTRADICTED = auto()
    UNIT_OF_ANOTHER_PATIENT = auto()
    UNIT_COMPONENT_OPEN = auto()

    # The harm review.
    RESULT_EXISTS = auto()
    TEST_CANCELLED = auto()
    RESULT_PHONED = auto()
    TEST_REQUESTED_AGAIN = auto()
    NO_RESULT_OF_SAMPLE = auto()
    NO_SAMPLE = auto()
    TEST_OF_ANOTHER = auto()
    TEST_NUMBER_OF_ANOTHER = auto()
    NO_ANSWER = auto()
    REQUEST_TIME_UNKNOWN = auto()
    ANSWER_TIME = auto()
    TEST_REQUESTED_TWICE = auto()
    VISIT_BOOKED_AGAIN = auto()
    VISIT_NOT_BOOKED = auto()
    VISIT_NOT_KNOWN = auto()


IDENTITY_OBJECTIONS = frozenset(
    (
        ReasonCode.NUMBER_OF_ANOTHER, ReasonCode.BORN_ANOTHER_DAY, ReasonCode.ANOTHER_SURNAME,
        ReasonCode.ANOTHER_GIVEN_NAME, ReasonCode.ANOTHER_GENDER, ReasonCode.NOT_THERE_THEN,
        ReasonCode.TOO_LITTLE_EVIDENCE, ReasonCode.ANOTHER_FITS_AS_WELL,
        ReasonCode.ANOTHER_FITS_BETTER, ReasonCode.NAMESAKE_BORN_THAT_DAY,
    )
)  # fmt: skip
"""Why a patient is not believed to be the one on the form: such an item is compared with no record."""

NOTHING: Mapping[str, str] = MappingProxyType({})


class Reason(NamedTuple):
    """One finding: times are UTC as stored, several values are parted by line breaks."""

    code: ReasonCode
    values: Mapping[str, str] = NOTHING


Reasons = tuple[Reason, ...]


def make_reasons(code: ReasonCode, **values: str) -> Reasons:
    """One reason with the values it speaks of; reasons are joined with `+`."""
    return (Reason(code, values),)


def encode_reasons(reasons: Reasons) -> str:
    """Reasons as JSON, for storing."""
    return orjson.dumps([(code, dict(values)) for code, values in reasons]).decode()


def decode_reasons(stored: str | Iterable[tuple[str, Mapping[str, str]]]) -> Reasons:
    """The reasons of a stored item, from parsed JSON; a sentence of an earlier version stays one."""
    if isinstance(stored, str):
        return make_reasons(ReasonCode.STORED_TEXT, text=stored)
    return tuple(Reason(_CODES[code], values) for code, values in stored)


_CODES = {str(code): code for code in ReasonCode}


def with_returned(reasons: Reasons, serial: str, *, returned: bool) -> Reasons:
    """The reasons, with whether what the form of this serial says has been returned."""
    value = "1" if returned else ""
    return tuple(
        Reason(code, {**values, "returned": value}) if values.get("serial") == serial else
        Reason(code, values)
        for code, values in reasons
    )  # fmt: skip
