"""What the screen says of a unit of blood that another form names too. Pure."""

from downtime.paper.serials import shown
from downtime.reconcile.rules.said import Said, form
from downtime.reconcile.states import ALREADY_THERE, RESOLVED, RETURNED

_TWO_UNITS = "return both only if they are two components, so two units."


def behind(serial: str, system: str, state: str, decision: str) -> str:
    """What the screen says of a form behind another one, which is of this state and decision."""
    if decision == RETURNED:
        how = "was returned already"
    elif decision == RESOLVED:
        how = "was done by hand elsewhere"
    elif state == ALREADY_THERE:
        how = f"{system} has already"
    else:
        how = "is the one that is returned"
    return f"The same unit is on form {shown(serial)}, which {how}: nothing to decide here."


def against(one: Said, other: Said, *, doubtful: bool) -> str:
    """What the screen adds to what was found of the first, about another form that contradicts it."""
    whose = one.patient and other.patient and one.patient != other.patient
    if doubtful:
        named = other.fields.get("medicine", "")
        words = f"with '{named}'" if named else "without a component"
        return f"{form(other.serial, out=other.out)} has this donation number {words}: {_TWO_UNITS}"
    return clash(other.serial, other.became, out=other.out, whose=bool(whose))


def clash(serial: str, status: str = "", *, out: bool = False, whose: bool = False) -> str:
    """The same of a form by its serial; `whose`: it is for another patient."""
    words = f"{form(serial, out=out)} has this unit {f'as {status}' if status else 'too'}"
    return f"{words}{', for another patient' if whose else ''}: return one of the two at most."
