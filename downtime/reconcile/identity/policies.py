"""Who may link somebody on paper to a patient: two people, each with a reason."""

from collections.abc import Sequence
from functools import partial

from downtime.errors import ConflictError, ForbiddenError, InputError
from downtime.reconcile.identity.model import Link, LinkState
from downtime.vault import policies as vault_policies

check_reason = partial(
    vault_policies.check_reason,
    code="identity.reason",
    next_step="Say in a few words how you know.",
)
"""The reason without spaces around it; InputError when there is none."""


def check_evidence(evidence: str, *, is_needed: bool) -> str:
    """What else proves a link; InputError without any where only name, birth and gender agree."""
    if is_needed and not evidence.strip():
        raise InputError(
            "identity.evidence",
            "Name and date of birth alone never say who somebody is.",
            "Say what else proves it: a document, an address, a relative, the person themself.",
        )
    return evidence.strip()


def check_can_propose(current: Link | None) -> None:
    """ConflictError while another link of the same key is proposed or in force."""
    if current is not None:
        is_confirmed = current.state == LinkState.CONFIRMED
        raise ConflictError(
            "identity.taken",
            f"This person already has a link that is {current.state}.",
            "Undo it first, with a reason." if is_confirmed else "Confirm or reject it.",
        )


def check_can_confirm(link: Link, person_id: str, keyed_by: Sequence[str]) -> None:
    """ForbiddenError with the reason unless this person may be the second one.

    `keyed_by` are the accounts of those who keyed the forms of whom the link is about.
    """
    if person_id == link.proposed_by:
        raise ForbiddenError(
            "identity.own",
            "You proposed this link, so somebody else confirms it.",
            "Ask a colleague to compare the paper with the patient.",
        )
    if set(keyed_by) == {person_id}:
        raise ForbiddenError(
            "identity.keyed",
            "You alone keyed the forms of this person, so somebody else confirms the link.",
            "Ask a colleague who reads the paper afresh.",
        )


def confirmation_refusal(link: Link | None, person_id: str, keyed_by: Sequence[str]) -> str:
    """Why this account may not be the second one for a proposed link; empty when it may."""
    if link is None:
        return ""
    try:
        check_can_confirm(link, person_id, keyed_by)
    except ForbiddenError as error:
        return error.sentence
    return ""
