"""An issued form: what it is, for whom, where it is now, and which move may come next."""

from dataclasses import dataclass
from enum import StrEnum

from downtime.clinical import display
from downtime.clinical.identifiers import find_downtime_number
from downtime.clinical.model import Patient
from downtime.paper.stored_reasons import word_reason
from downtime.vault.lifecycle import Lifecycle


class AuditAction(StrEnum):
    """What an entry of the audit says was done; the chain keeps the words."""

    ASSIGNMENT_FORM = "assignment.form"
    ASSIGNMENT_ITEM = "assignment.item"
    ASSIGNMENT_LAPTOP = "assignment.laptop"
    ASSIGNMENT_OPEN = "assignment.open"
    ASSIGNMENT_PERSON = "assignment.person"
    ASSIGNMENT_QUERY = "assignment.query"
    ASSIGNMENT_RELEASE = "assignment.release"
    FORM_APPROVE = "form.approve"
    FORM_BACKGROUND = "form.background"
    FORM_PROPOSE = "form.propose"
    FORM_SAVE = "form.save"
    LEDGER_BOOK = "ledger.book"
    LEDGER_COLLECTED = "ledger.collected"
    LEDGER_COPY = "ledger.copy"
    LEDGER_LOST = "ledger.lost"
    LEDGER_PILE = "ledger.pile"
    LEDGER_RETURNED = "ledger.returned"
    LEDGER_SAME = "ledger.same"
    LEDGER_UNBOOK = "ledger.unbook"
    LEDGER_UNDO = "ledger.undo"
    LEDGER_VOID = "ledger.void"
    PACK_ADOPT = "pack.adopt"
    PACK_PRINT = "pack.print"
    PACK_PRINTED = "pack.printed"
    PACK_REPEATED = "pack.repeated"
    PACK_VOID = "pack.void"


class FormState(StrEnum):
    """Where the paper of an issued form is, and how far its keying has come."""

    ISSUED = "issued"
    COLLECTED = "collected"
    RETURNED = "returned"
    KEYED = "keyed"
    VERIFIED = "verified"
    FILED = "filed"
    VOID = "void"
    LOST = "lost"


LIFECYCLE = Lifecycle(
    "form",
    {
        FormState.ISSUED: (FormState.COLLECTED, FormState.RETURNED, FormState.VOID, FormState.LOST),
        FormState.COLLECTED: (
            FormState.RETURNED,
            FormState.VOID,
            FormState.LOST,
        ),  # a runner has it
        FormState.RETURNED: (
            FormState.KEYED,
            FormState.FILED,
            FormState.VOID,
        ),  # filed: kept as paper or picture, by the form's policy
        FormState.KEYED: (
            FormState.VERIFIED,
            FormState.RETURNED,
        ),  # returned again: the entry was sent back or withdrawn
        FormState.VERIFIED: (FormState.FILED, FormState.RETURNED),
        FormState.FILED: (),
        FormState.VOID: (),
        FormState.LOST: (FormState.RETURNED,),  # it was found
    },
)
OUT = (FormState.ISSUED, FormState.COLLECTED)
"""States in which a form is still on a ward or with a runner."""


class PackState(StrEnum):
    """What has become of a printing."""

    PRINTING = "printing"
    PRINTED = "printed"
    FAILED = "failed"
    REPEATED = "repeated"


class PackKind(StrEnum):
    """What was printed together."""

    WARD = "ward"
    SITE = "site"
    DELTA = "delta"
    PATIENT = "patient"
    CLINIC = "clinic"
    THEATRE = "theatre"
    BLANK = "blank"
    REPRINT = "reprint"
    CONTINUED = "continued"
    LABELS = "labels"
    READINESS = "readiness"
    HANDOVER = "handover"
    MEDICINES_DUE = "medicines-due"
    REFERENCE = "reference"
    TRANSFER = "transfer-summary"
    CAPACITY = "capacity"
    LOG = "log"


PACK_LIFECYCLE = Lifecycle(
    "pack",
    {
        PackState.PRINTING: (PackState.PRINTED, PackState.FAILED),
        PackState.PRINTED: (
            PackState.FAILED,
        ),  # a file made for the screen that nobody could fetch any more
        PackState.FAILED: (PackState.REPEATED,),
        PackState.REPEATED: (),
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Whom a form is for: a patient of the snapshot, somebody registered on the screen, a downtime
    number, or nobody yet.

    The identifiers are kept with the form: the snapshot it was printed from may be gone when it
    comes back.
    """

    patient: str = ""
    mrn: str = ""
    nhs_number: str = ""
    family: str = ""
    given: str = ""
    prefix: str = ""
    birth_date: str = ""
    gender: str = ""
    downtime_number: str = ""

    @property
    def label(self) -> str:
        """`SURNAME, Given (Title)`, the downtime number, or empty."""
        if not self.patient:
            return self.downtime_number
        return display.format_name(
            Patient(id=self.patient, family=self.family, given=self.given, prefix=self.prefix)
        )


def make_subject(patient: Patient) -> Subject:
    """The subject of a form printed for a patient of the snapshot, or for somebody registered here."""
    return Subject(
        patient=patient.id,
        mrn=patient.mrn,
        nhs_number=patient.nhs_number,
        family=patient.family,
        given=patient.given,
        prefix=patient.prefix,
        birth_date=patient.birth_date,
        gender=patient.gender,
        downtime_number=find_downtime_number(patient.identifiers),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class FormDraft:
    """A form about to be issued."""

    form: str
    version: str
    title: str
    layout: str
    """Digest of the layout it is printed on."""
    pages: int
    returns: bool
    subject: Subject
    ward: str
    replaces: tuple[str, ...] = ()
    """Serials that are void once this one is handed over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedForm(FormDraft):
    """One row of the ledger. `returns` is false for lists and covers, which need not come back.

    `replaces` are the serials that this one superseded.
    """

    serial: str
    pack: str
    outage: str
    drill: bool
    issued_by: str
    issued_name: str
    issued_at: str
    state: FormState
    changed_by: str
    changed_at: str
    reason: str

    @property
    def reason_sentence(self) -> str:
        """Why it is in its state, as people read it."""
        return word_reason(self.reason)

    @property
    def patient(self) -> str:
        """The opaque id of the patient in the snapshot; empty on a blank form."""
        return self.subject.patient

    @property
    def patient_label(self) -> str:
        """`SURNAME, Given (Title)`, the downtime number, or empty."""
        return self.subject.label


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """One printing: who printed which wards from which snapshot, and how many pages."""

    id: str
    kind: PackKind
    wards: tuple[str, ...]
    snapshot: str
    outage: str
    drill: bool
    issued_by: str
    issued_name: str
    issued_at: str
    pages: int
    state: PackState
    as_at: str = ""
    """How old its data was, as its pages say."""
    request: str = ""
    """What was asked for, so that it can be printed anew; empty when that makes no sense."""
    job: str = ""
    """The job in whose course it was printed."""
    checksum: str = ""
    """SHA-256 of what was printed (see `record`)."""
    failure: str = ""
    """Why nobody got it, or what was printed instead."""

    @property
    def failure_sentence(self) -> str:
        """Why nobody got it, as people read it."""
        return word_reason(self.failure)


@dataclass(frozen=True, slots=True)
class FormCount:
    """How many forms of a kind are in a state on a ward."""

    ward: str
    form: str
    state: FormState
    number: int


class MoveKind(StrEnum):
    """Why a form moved."""

    MOVE = "move"
    """By hand, or by keying."""
    SIGHTED = "seen"
    """The paper was in somebody's hand."""
    COPY = "copy"
    """It was a second paper of that serial."""
    SAME = "same"
    """It was the same paper seen once more."""
    UNDO = "undo"
    """An earlier step was a slip."""
    REINSTATED = "reinstated"
    """Work on it came to light on another machine: it is back, whatever was said of it meanwhile."""
    LEGACY_STATE = "was"
    """A state kept from before moves were."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """`step` counts up with each move that its `device` knows of; `undoes` names a step of it."""

    serial: str
    device: str
    step: int
    at: str
    person: str
    person_name: str
    kind: MoveKind
    state: str
    """A `FormState`, or empty for an undo."""
    reason: str
    undoes: int = 0


class CheckInOutcome(StrEnum):
    """What a serial turned out to be when its paper was checked in."""

    CHECKED_IN = "booked"
    FOUND_AGAIN = "found"
    """It had been declared lost."""
    REPEATED = "again"
    """It was checked in here before."""
    ALREADY_KEYED = "later"
    STILL_VOID = "void"
    UNREPORTED = "foreign"
    """No laptop has reported it yet."""
    NOT_NEEDED = "not-needed"
    """It need not come back."""


class AssignmentKind(StrEnum):
    """What is assigned. The target of each: a serial; the key of an item; a downtime number, or
    `serial:` and a serial, of somebody who is not found; a device code; kind and name of anything
    else that keeps the books open; the id of a question on a field."""

    FORM = "form"
    ITEM = "item"
    PERSON = "person"
    LAPTOP = "laptop"
    OPEN = "open"
    QUERY = "query"


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """`owner` is a person or a team as people call it; `due` is UTC as stored."""

    kind: AssignmentKind
    target: str
    owner: str
    due: str
    note: str
    assigned: str
    assigned_by: str
    assigned_name: str

    def is_overdue(self, now: str) -> bool:
        """Whether it should have been settled by `now` (UTC text)."""
        return self.due < now
