"""What a row of the registry of events is made of. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from downtime.outage.events.model import EventKind

Says = tuple[tuple[str, str], ...]
"""Fields of a record with what they say."""


class FieldKind(StrEnum):
    """How a field is typed and checked."""

    TEXT = "text"
    LONG_TEXT = "long-text"
    CHOICE = "choice"
    TIME = "time"
    """One that has been; kept as UTC."""
    COMING_TIME = "coming-time"
    DATE = "date"
    COMING_DATE = "coming-date"
    """A day that has not passed; kept as an ISO date."""
    COUNT = "count"
    WARD = "ward"
    NHS_NUMBER = "nhs-number"
    PATIENT = "patient"
    """The id of another person."""


DAYS = (FieldKind.DATE, FieldKind.COMING_DATE)
TIMES = (FieldKind.TIME, FieldKind.COMING_TIME)


class SubjectRule(StrEnum):
    """Whom an event of a kind is about."""

    NOBODY = "nobody"
    OPTIONAL = "optional"
    PATIENT = "patient"
    NEW = "new"
    """Somebody whom it registers."""


class AboutKind(StrEnum):
    """What else an event is about."""

    NOTHING = ""
    REQUEST = "request"
    APPOINTMENT = "appointment"
    EVENT = "event"


class EventGroup(StrEnum):
    """Under which heading kinds stand together."""

    WARD = "Who is where"
    TESTS = "Tests and blood"
    APPOINTMENTS = "Appointments and operations"
    LOGS = "Logs"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChoice:
    """One answer of a choice, and what it says of the record beyond itself."""

    code: str
    text: str
    says: Says = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EventField:
    """One field of a kind."""

    name: str
    text: str
    kind: FieldKind = FieldKind.TEXT
    is_required: bool = False
    maps: str = ""
    """The field of the record that it fills; `Patient.…` of the person whom it registers."""
    choices: tuple[FieldChoice, ...] = ()
    hint: str = ""
    is_typed: bool = True
    """False for what the program fills in itself."""
    is_shown: bool = True
    """False for what the page sends along unseen."""
    max_length: int = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """What there is to know of one kind."""

    kind: EventKind
    title: str
    """`Move`: what menus and lists call it."""
    group: EventGroup
    subject: SubjectRule
    fields: tuple[EventField, ...]
    record: str = ""
    """The type of record that it is a fact of; empty where no hospital system keeps such things."""
    says: Says = ()
    """Fields of the record that every such event gives."""
    time_field: str = ""
    """The field of the record that holds when it happened."""
    topic: AboutKind = AboutKind.NOTHING
    follows: EventKind | None = None
    """The kind of event that it is recorded about."""
    is_offered: bool = True
    """Whether it stands in the menu; others are reached from what they are about."""
    places: bool = False
    """Whether it says where somebody is from then on."""

    def find_field(self, name: str) -> EventField | None:
        """A field by its name."""
        return next((item for item in self.fields if item.name == name), None)

    @property
    def typed_fields(self) -> tuple[EventField, ...]:
        """What a person fills in."""
        return tuple(item for item in self.fields if item.is_typed)
