"""One access by break-glass: who, why, how far and until when, who let them in, what the review said. Pure."""

from dataclasses import dataclass
from enum import StrEnum


class AuditAction(StrEnum):
    """What an entry of the audit says was done; the chain keeps the words."""

    BREAK_GLASS_START = "break-glass.start"
    BREAK_GLASS_RESUME = "break-glass.resume"
    BREAK_GLASS_VIEW = "break-glass.view"
    BREAK_GLASS_REFUSED = "break-glass.refused"
    BREAK_GLASS_END = "break-glass.end"
    BREAK_GLASS_REVIEW = "break-glass.review"
    WARD_CODE_CREATE = "ward-code.create"
    WARD_CODE_WITHDRAW = "ward-code.withdraw"
    WARD_REFUSED = "ward.refused"


class ReviewVerdict(StrEnum):
    """What a reviewer says of an access."""

    JUSTIFIED = "justified"
    NOT_JUSTIFIED = "not-justified"

    @property
    def display_name(self) -> str:
        """As it is shown: `Not justified`."""
        return self.value.replace("-", " ").capitalize()


class AccessState(StrEnum):
    """Where an access stands."""

    RUNNING = "running"
    TO_REVIEW = "to be reviewed"
    REVIEWED = "reviewed"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessDraft:
    """What is said at the start. Either a ward or a patient is named; `patient` is an opaque id."""

    name: str
    employer: str
    registration: str
    """Number with a professional register, or a staff number of the employer."""
    reason: str
    ward: str = ""
    patient: str = ""
    minutes: int
    pin: str
    """Chosen by the person, to unlock the screen again; of no use once the access has ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakGlassAccess:
    """One access. Times are UTC as stored; `person` is the account under which the audit names them."""

    id: str
    person: str
    username: str
    name: str
    employer: str
    registration: str
    reason: str
    ward: str
    """The ward that it is for; of a patient empty."""
    patient: str
    started: str
    ends: str
    sponsor: str
    """Who let them in; empty for who opened a sealed ward code."""
    sponsor_name: str
    ward_code: str
    """Label of the code that was opened; else empty."""
    device: str
    ended: str
    ended_by: str
    verdict: str
    reviewed: str
    reviewed_by: str
    reviewed_name: str
    note: str

    @property
    def over_at(self) -> str:
        """When it was over, or will be."""
        return min(self.ended, self.ends) if self.ended else self.ends

    def is_running(self, now: str) -> bool:
        """Whether it holds at a time (UTC as stored)."""
        return self.started <= now < self.over_at

    def find_state(self, now: str) -> AccessState:
        """Where it stands."""
        if self.reviewed:
            return AccessState.REVIEWED
        return AccessState.RUNNING if self.is_running(now) else AccessState.TO_REVIEW

    @property
    def reads_only(self) -> bool:
        """Whether it was opened by a sealed code: nobody answers for it yet, so nothing is recorded."""
        return bool(self.ward_code)

    @property
    def label(self) -> str:
        """`Jo Agency (Nightstaff Ltd, 12A3456E)`."""
        return f"{self.name} ({self.employer}, {self.registration})"

    @property
    def let_in_by(self) -> str:
        """Who or what opened the way."""
        return self.sponsor_name or f"sealed code {self.ward_code}"


@dataclass(frozen=True, slots=True, kw_only=True)
class WardCode:
    """A code in a sealed envelope on a ward; `label` stands on the envelope, the code only inside."""

    label: str
    ward: str
    created: str
    created_by: str
    created_name: str
    used: str
    access: str
    withdrawn: str

    @property
    def is_open(self) -> bool:
        """Whether it can still be used."""
        return not self.used and not self.withdrawn

    @property
    def slot(self) -> str:
        """The name of its key slot: no user name has a space."""
        return name_slot(self.label)


def name_slot(label: str) -> str:
    """The name of the key slot of a code with this label."""
    return f"ward code {label}"
