"""What may be done with an issued form, and by what reason."""

from collections.abc import Container
from datetime import date, timedelta
from functools import partial

from downtime.config import Home
from downtime.errors import ConflictError, ForbiddenError, InputError
from downtime.outage.model import Outage, OutageState
from downtime.paper import serials
from downtime.paper.forms.form_approval import FormApproval, is_withheld
from downtime.paper.forms.load_form import load_forms
from downtime.paper.forms.model import FormDefinition
from downtime.paper.model import LIFECYCLE, OUT, FormState, IssuedForm, Pack, PackState
from downtime.vault import policies as vault_policies
from downtime.vault.machines import read_own_machine
from downtime.vault.model import MachineRole

MOVED_BY_HAND = (FormState.COLLECTED, FormState.RETURNED, FormState.VOID, FormState.LOST)
"""States that somebody may give a form who has it in hand, or misses it; keying gives the others."""

LONGEST_REVIEW = timedelta(days=5 * 366)
"""After which nobody can mean to look at a form again."""

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


def check_needs_approval(form: FormDefinition) -> None:
    """ConflictError for a form that stands on no PDF of the hospital's own: it comes with its version."""
    if not form.background:
        raise ConflictError(
            "approval.unneeded",
            f"'{form.title}' does not stand on a PDF of your own, so nobody approves it here.",
            "Choose a form on your own PDF.",
        )


def can_make_own_forms(home: Home) -> bool:
    """Whether forms on the hospital's own PDFs are made on this machine: a publisher's word holds on the others."""
    return MachineRole.PUBLISHER in read_own_machine(home).roles


def check_can_make_own_forms(home: Home) -> None:
    """ConflictError unless `can_make_own_forms`."""
    if not can_make_own_forms(home):
        raise ConflictError(
            "approval.elsewhere",
            "Forms are made and approved on a publisher: only its signature holds everywhere.",
            "Do it there, and copy the form's three files here.",
        )


def check_can_approve(
    approval: FormApproval | None, digest: str, person: str, makers: Container[str]
) -> FormApproval:
    """What its author stands for; ForbiddenError for whoever made it, ConflictError when it is another form by now.

    `makers` are all who had a hand in it, not only the last of them.
    """
    if approval is None or approval.digest != digest:
        raise ConflictError(
            "approval.changed",
            "The form was changed since its author stood for it, or since you looked at it.",
            "Look at its preview again; its author saves it once more if need be.",
        )
    if approval.author == person or person in makers:
        raise ForbiddenError(
            "approval.own",
            "You made this form or an earlier draft of it, so another person has to approve it.",
            "Ask a colleague to look at its preview.",
        )
    return approval


def check_review_day(text: str, today: date) -> str:
    """The day as ISO; InputError when it is none, has passed, or is so far away that nobody means it."""
    try:
        review = date.fromisoformat(text)
    except ValueError:
        raise InputError(
            "approval.day",
            "The day of the review is missing, or no date.",
            "Write it as 31-Jan-2027.",
        ) from None
    if not today < review <= today + LONGEST_REVIEW:
        raise InputError(
            "approval.review",
            "The review is on a day to come, within five years.",
            "Say when its owner looks at this form again.",
        )
    return review.isoformat()


def is_approved(form: FormDefinition, digest: str, home: Home, mrn_name: str) -> bool:
    """Whether a form may be printed on the layout of this digest: on the hospital's own PDF only the one that
    two people approved as its files are now, whatever was printed before."""
    from downtime.paper.layout.lay_out_form import (
        layout_digest,  # costs commands that print nothing 50 ms
    )

    if not form.background:
        return True
    now = load_forms(home).get(form.name)
    if now is None or is_withheld(now, home):
        return False
    return digest == layout_digest(now, home, mrn_name)


def check_is_approved(form: FormDefinition, digest: str, home: Home, mrn_name: str) -> None:
    """ConflictError unless `is_approved`."""
    if not is_approved(form, digest, home, mrn_name):
        raise ConflictError(
            "form.unapproved",
            f"'{form.title}' is not printed: two people have not approved it as it is now.",
            "Have it approved on the screen 'Forms on your own PDFs', or print another form.",
        )
