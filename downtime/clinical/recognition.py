"""How two papers are known to speak of one thing: what names it, how close in time, what must be equal."""

from dataclasses import dataclass
from enum import StrEnum


class DuplicateKind(StrEnum):
    """What two forms may both record."""

    DETAILS = "details"
    MOVEMENT = "movement"
    REQUEST = "request"
    RESULT = "result"
    VISIT = "visit"
    ALLERGY = "allergy"
    ALERT = "alert"
    DOSE = "dose"
    UNIT = "unit"
    """A unit of blood: a dose with a donation number, whoever had it."""
    VACCINE = "vaccine"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognition:
    """How facts of one type on two forms, or on a form and the screen, are known to be one thing.

    Both are of one system and patient, bear one name and lie within the window. What is then equal is
    one thing, and goes out once; where one of `equal_fields` differs, two people decide.
    """

    kind: DuplicateKind
    name_fields: tuple[str, ...] = ()
    """Fields that name the thing; without any, all that forms say of the patient is laid together."""
    time_fields: tuple[str, ...] = ()
    """Fields that say when it was; else the form's own time counts."""
    window: str = ""
    """The setting of `reconcile`, in minutes, within which it is one; empty for the whole outage."""
    equal_fields: tuple[str, ...] = ()
    """What must be equal where both say it. What only one says, the one that says it stands for."""
    is_asked: bool = False
    """Whether a person says that it is one even though all is equal: such a thing may be done twice."""
