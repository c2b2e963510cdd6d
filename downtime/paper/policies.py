"""What may be done with an issued form, and by what reason."""

from functools import partial

from downtime.errors import ConflictError, InputError
from downtime.outage.model import Outage, OutageState
from downtime.paper import serials
from downtime.paper.model import LIFECYCLE, OUT, FormState, IssuedForm, Pack, PackState
from downtime.vault import policies as vault_policies

MOVED_BY_HAND = (FormState.COLLECTED, FormState.RETURNED, FormState.VOID, FormState.LOST)
"""States that somebody may give a form who has it in hand, or misses it; keying gives the others."""


check_reason = partial(vault_policies.check_reason, code="ledger.reason")
"""The reason without spaces around it; InputError when there is none."""


def check_can_move(form: IssuedForm, to: FormState) -> None:
    """ConflictError unless the lifecycle has the move.

    A form that is keyed was returned, even if nobody said so: the table's step is taken for it.
    """
    if form.state in OUT and to not in LIFECYCLE.moves[form.state]:
        LIFECYCLE.check(form.state, FormState.RETURNED)
        LIFECYCLE.check(FormState.RETURNED, to)
    else:
        LIFECYCLE.check(form.state, to)


def list_moves_by_hand(form: IssuedForm) -> list[FormState]:
    """The states that somebody may give a form now."""
    return [state for state in MOVED_BY_HAND if state in LIFECYCLE.moves[form.state]]


def check_can_adopt(pack: Pack, outage: Outage) -> None:
    """ConflictError unless a pack that was printed outside of any outage may become part of this one."""
    if outage.drill or outage.state == OutageState.CLOSED:
        raise ConflictError(
            "adopt.outage",
            f"{outage.label} takes no packs: it is a drill, or closed.",
            "Choose a real outage that is not closed.",
        )
    if pack.outage or pack.drill or pack.state != PackState.PRINTED:
        raise ConflictError(
            "adopt.pack",
            f"Pack {pack.id} was not printed outside of any outage.",
            "Choose one of those that are listed with the outage.",
        )


def can_reprint(form: IssuedForm) -> bool:
    """Whether a form may be printed again: it must come back, and is still out."""
    return form.returns and form.state in OUT


def check_can_reprint(form: IssuedForm, reason: str) -> None:
    """InputError without a reason or for a list; ConflictError for a form that is no longer out."""
    vault_policies.check_reason(reason, "reprint.reason")
    if not form.returns:
        raise InputError(
            "reprint.list",
            f"'{form.title}' is a copy of what the systems said.",
            "Print what changed on the ward since its last print.",
        )
    if not can_reprint(form):
        raise ConflictError(
            "reprint.state",
            f"Form {serials.format_serial(form.serial)} is '{form.state}':"
            " only one that is out is printed again.",
            "Print a new form instead.",
        )
