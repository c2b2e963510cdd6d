"""What the screen says of a unit of blood that another form names too. Pure."""

from downtime.paper.serials import format_serial
from downtime.reconcile.duplicates.model import FormStatement, form
from downtime.reconcile.model import Decision, ItemState

_TWO_UNITS = "return both only if they are two components, so two units."


def behind(serial: str, system: str, state: str, decision: str) -> str:
    """What the screen says of a form behind another one, which is of this state and decision."""
    if decision == Decision.RETURNED:
        how = "was returned already"
    elif decision == Decision.RESOLVED:
        how = "was done by hand elsewhere"
    elif state == ItemState.ALREADY_THERE:
        how = f"{system} has already"
    else:
        how = "is the one that is returned"
    return f"The same unit is on form {format_serial(serial)}, which {how}: nothing to decide here."


def against(one: FormStatement, other: FormStatement, *, doubtful: bool) -> str:
    """What the screen adds to what was found of the first, about another form that contradicts it."""
    whose = one.patient and other.patient and one.patient != other.patient
    if doubtful:
        named = other.fields.get("medicine", "")
        words = f"with '{named}'" if named else "without a component"
        return f"{form(other.serial, out=other.is_returned)} has this donation number {words}: {_TWO_UNITS}"
    return clash(other.serial, other.outcome, out=other.is_returned, whose=bool(whose))


def clash(serial: str, status: str = "", *, out: bool = False, whose: bool = False) -> str:
    """The same of a form by its serial; `whose`: it is for another patient."""
    words = f"{form(serial, out=out)} has this unit {f'as {status}' if status else 'too'}"
    return f"{words}{', for another patient' if whose else ''}: return one of the two at most."
