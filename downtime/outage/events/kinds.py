"""The registry of events: one row says all that the program needs to know of a kind. Pure.

The form on the screen, its checks, its wording, what travels to the records station, what becomes of
it in the recovery and what the statement counts follow from the row. `maps` and `says` are as in the
files of paper forms: an event yields the same facts as the form for it would.
"""

from collections.abc import Mapping
from types import MappingProxyType

from downtime.clinical.model import AppointmentStatus, EncounterClass, Gender
from downtime.clinical.record_types import find_owner
from downtime.outage.events.model import EventKind
from downtime.outage.events.row_types import (
    AboutKind,
    EventField,
    EventGroup,
    EventRow,
    FieldChoice,
    FieldKind,
    SubjectRule,
)
from downtime.settings import Settings

_PRIOR_WARD = EventField(name="prior_ward", text="From ward", maps="prior_ward", is_typed=False)
_TEST = EventField(name="display", text="Test", is_typed=False)
_PLACE = (
    EventField(
        name="ward", text="Ward", kind=FieldKind.WARD, is_required=True, maps="ward", max_length=20
    ),
    EventField(name="bay", text="Bay", maps="bay", max_length=20),
    EventField(name="bed", text="Bed", maps="bed", max_length=20),
)
_STAY = (
    EventField(
        name="stay", text="Type of stay", kind=FieldKind.CHOICE, is_required=True, maps="kind",
        choices=(
            FieldChoice(code=EncounterClass.EMERGENCY, text="Emergency"),
            FieldChoice(code=EncounterClass.INPATIENT, text="Inpatient"),
            FieldChoice(code=EncounterClass.DAYCASE, text="Day case"),
        ),
    ),
    EventField(name="reason", text="Reason", maps="reason"),
    EventField(name="consultant", text="Consultant", maps="consultant"),
)  # fmt: skip
KNOWN, UNKNOWN, NEWBORN = "known", "unknown", "newborn"
"""Whether somebody who arrives can say who they are."""
_PERSON = (
    EventField(
        name="identity", text="Who is it", kind=FieldKind.CHOICE, is_required=True,
        choices=(
            FieldChoice(code=KNOWN, text="Name known"),
            FieldChoice(code=UNKNOWN, text="Unknown"),
            FieldChoice(code=NEWBORN, text="Newborn"),
        ),
    ),
    EventField(name="family", text="Surname", maps="Patient.family", max_length=60),
    EventField(name="given", text="Given names", maps="Patient.given", max_length=60),
    EventField(name="birth_date", text="Date of birth", kind=FieldKind.DATE, maps="Patient.birth_date"),
    EventField(
        name="gender", text="Gender", kind=FieldKind.CHOICE, is_required=True, maps="Patient.gender",
        choices=tuple(FieldChoice(code=code, text=code.capitalize()) for code in Gender),
    ),
    EventField(name="nhs_number", text="NHS No., if known", kind=FieldKind.NHS_NUMBER, maps="Patient.nhs_number"),
    EventField(name="mrn", text="Hospital No., if known", maps="Patient.mrn", max_length=20),
    EventField(name="mother", text="Mother", kind=FieldKind.PATIENT, is_shown=False),
    EventField(name="looks", text="Looks, clothes, where found", max_length=200, hint="Of somebody unknown"),
    EventField(name="downtime_number", text="Downtime No.", maps="Patient.downtime_number", is_typed=False),
)  # fmt: skip
SENT, RECEIVED, DIVERTED, REPORTED = "sent", "received", "diverted", "reported"
"""What is said of samples that are counted."""
_BLOOD_FATES = (
    FieldChoice(code="transfused", text="Transfused", says=(("status", "given"), ("reason", "transfused"))),
    FieldChoice(code="returned", text="Returned", says=(("status", "not-given"), ("reason", "returned"))),
    FieldChoice(code="discarded", text="Wasted", says=(("status", "not-given"), ("reason", "discarded"))),
)  # fmt: skip

_ROWS = (
    EventRow(
        kind=EventKind.ARRIVAL, title="Arrival of somebody new", group=EventGroup.WARD,
        subject=SubjectRule.NEW, fields=(*_PERSON, *_PLACE, *_STAY), record="Encounter",
        says=(("event", "admit"),), time_field="started", places=True,
    ),
    EventRow(
        kind=EventKind.ADMISSION, title="Admission", group=EventGroup.WARD,
        subject=SubjectRule.PATIENT, fields=(*_PLACE, *_STAY), record="Encounter",
        says=(("event", "admit"),), time_field="started", places=True,
    ),
    EventRow(
        kind=EventKind.MOVE, title="Move", group=EventGroup.WARD, subject=SubjectRule.PATIENT,
        fields=(
            *_PLACE, EventField(name="consultant", text="Consultant from now on", maps="consultant"),
            _PRIOR_WARD,
            EventField(name="swapped", text="Changed places with", kind=FieldKind.PATIENT, is_typed=False),
        ),
        record="Encounter", says=(("event", "transfer"),), places=True,
    ),
    EventRow(
        kind=EventKind.SWAP, title="Swap beds", group=EventGroup.WARD, subject=SubjectRule.PATIENT,
        fields=(EventField(name="partner", text="Changes places with", kind=FieldKind.PATIENT, is_required=True),),
    ),
    EventRow(
        kind=EventKind.DISCHARGE, title="Discharge", group=EventGroup.WARD,
        subject=SubjectRule.PATIENT,
        fields=(
            EventField(
                name="outcome", text="How", kind=FieldKind.CHOICE, is_required=True, maps="outcome",
                choices=(
                    FieldChoice(code="advised", text="Discharged"),
                    FieldChoice(code="self", text="Own choice"),
                    FieldChoice(code="transferred", text="Other hospital"),
                ),
            ),
            EventField(name="destination", text="Where to", maps="destination"), _PRIOR_WARD,
        ),
        record="Encounter", says=(("event", "discharge"),), time_field="ended", places=True,
    ),
    EventRow(
        kind=EventKind.DEATH, title="Death", group=EventGroup.WARD, subject=SubjectRule.PATIENT,
        fields=(
            EventField(name="verified_by", text="Verified by (name, role)", is_required=True), _PRIOR_WARD,
        ),
        record="Encounter", says=(("event", "discharge"), ("outcome", "died")), time_field="ended",
        places=True,
    ),
    EventRow(
        kind=EventKind.ABSENCE, title="Off the ward", group=EventGroup.WARD,
        subject=SubjectRule.PATIENT,
        fields=(
            EventField(name="where", text="Where", is_required=True),
            EventField(name="escort", text="With whom"),
            EventField(name="expected", text="Expected back", kind=FieldKind.COMING_TIME),
        ),
    ),
    EventRow(
        kind=EventKind.RETURN, title="Back on the ward", group=EventGroup.WARD,
        subject=SubjectRule.PATIENT, fields=(), topic=AboutKind.EVENT, follows=EventKind.ABSENCE,
        is_offered=False,
    ),
    EventRow(
        kind=EventKind.RESULT, title="Phoned result", group=EventGroup.TESTS,
        subject=SubjectRule.PATIENT,
        fields=(
            EventField(name="test", text="Test", is_required=True, maps="display", max_length=60),
            EventField(name="value", text="Result", is_required=True, maps="value", max_length=60),
            EventField(name="units", text="Units", maps="units", max_length=20),
            EventField(name="range", text="Reference range", maps="reference_range", max_length=40),
            EventField(name="collected", text="Sample taken", kind=FieldKind.TIME, maps="effective"),
            EventField(name="lab_number", text="Laboratory No.", max_length=30),
            EventField(name="caller", text="Who called", is_required=True),
            EventField(name="contact", text="Their extension", max_length=30),
            EventField(name="told", text="Clinician told"),
            EventField(name="identified_by", text="Identified by", is_shown=False),
        ),
        record="Observation",
    ),
    EventRow(
        kind=EventKind.READ_BACK, title="Read back", group=EventGroup.TESTS,
        subject=SubjectRule.PATIENT,
        fields=(EventField(name="value", text="Result as you heard it", is_required=True, max_length=60),),
        topic=AboutKind.EVENT, follows=EventKind.RESULT, is_offered=False,
    ),
    EventRow(
        kind=EventKind.RECOLLECTED, title="Sample taken again", group=EventGroup.TESTS,
        subject=SubjectRule.PATIENT, topic=AboutKind.REQUEST, is_offered=False,
        fields=(EventField(name="note", text="Note"), _TEST),
    ),
    EventRow(
        kind=EventKind.NOT_NEEDED, title="Test no longer needed", group=EventGroup.TESTS,
        subject=SubjectRule.PATIENT, topic=AboutKind.REQUEST, is_offered=False,
        fields=(EventField(name="decided_by", text="Decided by (name, role)", is_required=True), _TEST),
    ),
    EventRow(
        kind=EventKind.BLOOD_ISSUE, title="Emergency group O unit taken", group=EventGroup.TESTS,
        subject=SubjectRule.OPTIONAL,
        fields=(
            EventField(name="donation", text="Donation No.", is_required=True, maps="batch", max_length=20),
            EventField(
                name="group", text="Group", kind=FieldKind.CHOICE, is_required=True,
                choices=(
                    FieldChoice(code="O-neg", text="O neg", says=(("medicine", "Emergency red cells, O D-negative"),)),
                    FieldChoice(code="O-pos", text="O pos", says=(("medicine", "Emergency red cells, O D-positive"),)),
                ),
            ),
            EventField(name="why", text="Reason", is_required=True),
            EventField(name="authorised", text="Authorised by", is_required=True),
            EventField(name="fridge", text="From fridge", max_length=30),
        ),
        record="MedicationAdministration", time_field="given",
    ),
    EventRow(
        kind=EventKind.BLOOD_FATE, title="Fate of a unit", group=EventGroup.TESTS,
        subject=SubjectRule.OPTIONAL, topic=AboutKind.EVENT, follows=EventKind.BLOOD_ISSUE,
        is_offered=False,
        fields=(
            EventField(name="fate", text="Fate", kind=FieldKind.CHOICE, is_required=True, choices=_BLOOD_FATES),
            EventField(name="performer", text="By", maps="performer"),
        ),
    ),
    EventRow(
        kind=EventKind.APPOINTMENT, title="Outcome of an appointment", group=EventGroup.APPOINTMENTS,
        subject=SubjectRule.PATIENT, topic=AboutKind.APPOINTMENT, is_offered=False,
        fields=(
            EventField(
                name="outcome", text="What became of it", kind=FieldKind.CHOICE, is_required=True,
                maps="status",
                choices=(
                    FieldChoice(code=AppointmentStatus.ARRIVED, text="Arrived"),
                    FieldChoice(code=AppointmentStatus.FULFILLED, text="Done"),
                    FieldChoice(code=AppointmentStatus.NOSHOW, text="Did not attend"),
                    FieldChoice(code=AppointmentStatus.CANCELLED, text="Cancelled"),
                    FieldChoice(code=AppointmentStatus.BOOKED, text="New date"),
                ),
            ),
            EventField(name="reason", text="Reason", maps="reason"),
            EventField(
                name="priority", text="Priority, if cancelled", kind=FieldKind.CHOICE,
                choices=(
                    FieldChoice(code="routine", text="Routine"),
                    FieldChoice(code="urgent", text="Urgent"),
                    FieldChoice(code="cancer", text="Suspected cancer"),
                ),
            ),
            EventField(name="target", text="To be seen by, if cancelled", kind=FieldKind.COMING_DATE),
            EventField(name="rebook_start", text="New date and time", kind=FieldKind.COMING_TIME, maps="rebook_start"),
            EventField(name="rebook_location", text="New place", maps="rebook_location"),
            *(
                EventField(name=name, text=text, maps=name, is_typed=False)
                for name, text in (
                    ("kind", "Kind"), ("number", "Number"), ("location", "Place"), ("start", "Was at"),
                    ("description", "For"),
                )
            ),
        ),
        record="Appointment",
    ),
    EventRow(
        kind=EventKind.DIVERT, title="Ambulance divert or capacity", group=EventGroup.LOGS,
        subject=SubjectRule.NOBODY,
        fields=(
            EventField(name="service", text="Department or service", is_required=True),
            EventField(
                name="state", text="State", kind=FieldKind.CHOICE, is_required=True,
                choices=(
                    FieldChoice(code="accepting", text="Accepting"),
                    FieldChoice(code="limited", text="Limited"),
                    FieldChoice(code="divert", text="Divert"),
                ),
            ),
            EventField(name="capacity", text="Beds or places free", max_length=20),
            EventField(name="to", text="Diverted to"),
            EventField(name="agreed", text="Agreed with (name, role)"),
        ),
    ),
    EventRow(
        kind=EventKind.INCIDENT, title="Incident log line", group=EventGroup.LOGS,
        subject=SubjectRule.NOBODY,
        fields=(
            EventField(name="what", text="What happened or was decided", kind=FieldKind.LONG_TEXT, is_required=True, max_length=1000),
            EventField(name="by", text="Decided by"),
            EventField(name="action", text="Who does what until when"),
        ),
    ),
    EventRow(
        kind=EventKind.RUNNER, title="Runner's trip", group=EventGroup.LOGS, subject=SubjectRule.OPTIONAL,
        fields=(
            EventField(name="runner", text="Runner", is_required=True),
            EventField(name="what", text="What is carried", is_required=True),
            EventField(name="from", text="From", is_required=True),
            EventField(name="to", text="To", is_required=True),
            EventField(name="received", text="Received by"),
        ),
    ),
    EventRow(
        kind=EventKind.SAMPLES, title="Samples counted", group=EventGroup.LOGS, subject=SubjectRule.NOBODY,
        fields=(
            EventField(name="laboratory", text="Laboratory", is_required=True, max_length=60),
            EventField(
                name="state", text="They were", kind=FieldKind.CHOICE, is_required=True,
                choices=(
                    FieldChoice(code=SENT, text="Sent"),
                    FieldChoice(code=RECEIVED, text="Received"),
                    FieldChoice(code=DIVERTED, text="Diverted"),
                    FieldChoice(code=REPORTED, text="Reported"),
                ),
            ),
            EventField(name="count", text="How many", kind=FieldKind.COUNT, is_required=True, max_length=5),
            EventField(name="to", text="Diverted to", max_length=60),
            EventField(name="by", text="Runner or driver", max_length=60),
        ),
    ),
    EventRow(
        kind=EventKind.TELEPHONE, title="Telephone message", group=EventGroup.LOGS,
        subject=SubjectRule.OPTIONAL,
        fields=(
            EventField(name="caller", text="Who called", is_required=True),
            EventField(name="contact", text="Their number", max_length=30),
            EventField(name="for", text="For whom", is_required=True),
            EventField(name="message", text="Message", kind=FieldKind.LONG_TEXT, is_required=True, max_length=1000),
            EventField(name="passed", text="Passed on to"),
        ),
    ),
)  # fmt: skip

EVENT_ROWS: Mapping[EventKind, EventRow] = MappingProxyType({row.kind: row for row in _ROWS})
PLACING = tuple(row.kind for row in _ROWS if row.places)
"""Kinds that say where somebody is."""
LEAVING = (EventKind.DISCHARGE, EventKind.DEATH)
"""Kinds after which somebody is not in hospital any more."""


SOURCE_PREFIX = "screen-"
"""Begins what stands where paper has the name of a form: `screen-move`."""


def source_name(kind: EventKind) -> str:
    """What stands where paper has the name of a form."""
    return f"{SOURCE_PREFIX}{kind}"


def list_source_titles() -> dict[str, str]:
    """By that name, what people call it."""
    return {source_name(row.kind): f"{row.title} (screen)" for row in EVENT_ROWS.values()}


def owner_system(row: EventRow, settings: Settings) -> str:
    """The hospital system whose work an event of this kind does; `Site` where none does."""
    return find_owner(settings.systems.records, row.record) if row.record else "Site"
