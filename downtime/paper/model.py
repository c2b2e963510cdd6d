"""An issued form: what it is, for whom, where it is now, and which move may come next."""

from dataclasses import dataclass

from downtime.clinical import display
from downtime.clinical.model import Patient
from downtime.vault.lifecycle import Lifecycle

ISSUED, COLLECTED = "issued", "collected"
RETURNED, KEYED, VERIFIED, FILED = "returned", "keyed", "verified", "filed"
VOID, LOST = "void", "lost"

LIFECYCLE = Lifecycle(
    "form",
    {
        ISSUED: (COLLECTED, RETURNED, VOID, LOST),
        COLLECTED: (RETURNED, VOID, LOST),  # a runner has it
        RETURNED: (KEYED, FILED, VOID),  # filed: kept as paper or picture, by the form's policy
        KEYED: (VERIFIED, RETURNED),  # returned again: the entry was sent back or withdrawn
        VERIFIED: (FILED, RETURNED),
        FILED: (),
        VOID: (),
        LOST: (RETURNED,),  # it was found
    },
)
OUT = (ISSUED, COLLECTED)
"""States in which a form is still on a ward or with a runner."""

PRINTING, PRINTED, FAILED, REPEATED = "printing", "printed", "failed", "repeated"

PACK_LIFECYCLE = Lifecycle(
    "pack",
    {
        PRINTING: (PRINTED, FAILED),
        PRINTED: (FAILED,),  # a file made for the screen that nobody could fetch any more
        FAILED: (REPEATED,),
        REPEATED: (),
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Whom a form is for: a patient of the snapshot, a downtime number, or nobody yet.

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
    """The subject of a form printed for a patient of the snapshot."""
    return Subject(
        patient=patient.id,
        mrn=patient.mrn,
        nhs_number=patient.nhs_number,
        family=patient.family,
        given=patient.given,
        prefix=patient.prefix,
        birth_date=patient.birth_date,
        gender=patient.gender,
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
class IssuedForm:
    """One row of the ledger. `returns` is false for lists and covers, which need not come back."""

    serial: str
    form: str
    version: str
    title: str
    layout: str
    pages: int
    returns: bool
    subject: Subject
    ward: str
    pack: str
    outage: str
    drill: bool
    issued_by: str
    issued_name: str
    issued_at: str
    state: str
    changed_by: str
    changed_at: str
    reason: str
    replaces: tuple[str, ...] = ()
    """Serials that this one superseded."""

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
    kind: str
    """`ward`, `site`, `delta`, `patient`, `clinic`, `theatre`, `blank`, `reprint` …"""
    wards: tuple[str, ...]
    snapshot: str
    outage: str
    drill: bool
    issued_by: str
    issued_name: str
    issued_at: str
    pages: int
    state: str
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


@dataclass(frozen=True, slots=True)
class FormCount:
    """How many forms of a kind are in a state on a ward."""

    ward: str
    form: str
    state: str
    count: int
