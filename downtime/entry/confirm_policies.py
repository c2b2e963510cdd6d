"""What must hold before an implausible answer stands: somebody saw it, and says why."""

from collections.abc import Iterable, Mapping

from downtime.entry.model import Entry, Task
from downtime.entry.plausibility.model import (
    Confirmation,
    ConfirmReason,
    ConfirmRequest,
    Finding,
)
from downtime.errors import ConflictError, ForbiddenError, InputError
from downtime.paper import serials
from downtime.vault.model import Actor

MAX_NOTE = 200


def list_unconfirmed(
    findings: Iterable[Finding], confirmations: Iterable[Confirmation]
) -> list[Finding]:
    """Findings that stand in the way: what is impossible, whoever confirmed it, and what nobody did."""
    confirmed = {confirmation.finding for confirmation in confirmations}
    return [finding for finding in findings if finding.is_hard or finding not in confirmed]


def make_confirmations(
    findings: Iterable[Finding],
    requests: Mapping[str, ConfirmRequest],
    earlier: Iterable[Confirmation],
    actor: Actor,
    now: str,
) -> tuple[Confirmation, ...]:
    """The confirmations of what is still asked: earlier ones that hold, and those made now.

    A request counts for the very findings that its person saw, not for another that came since.
    InputError for a reason without the words that it needs.
    """
    known = {confirmation.finding: confirmation for confirmation in earlier}
    confirmations = []
    for finding in findings:
        request = requests.get(finding.key)
        if finding in known:
            confirmations.append(known[finding])
        elif request and finding.token in request.tokens and not finding.is_hard:
            confirmations.append(_confirm(finding, request, actor, now))
    return tuple(confirmations)


def _confirm(finding: Finding, request: ConfirmRequest, actor: Actor, now: str) -> Confirmation:
    note = " ".join(request.note.split())[:MAX_NOTE]
    if request.reason == ConfirmReason.OTHER and not note:
        raise InputError(
            "entry.confirm-note",
            "Another reason needs words.",
            "Say in a few words why the value stands, and save again.",
        )
    return Confirmation(
        *finding, reason=request.reason, note=note, person=actor.id, name=actor.name, at=now
    )


def parse_reason(text: str) -> ConfirmReason:
    """A reason by its name; InputError."""
    try:
        return ConfirmReason(text)
    except ValueError:
        raise InputError(
            "entry.confirm-reason",
            "There is no such reason.",
            f"Choose one of: {', '.join(ConfirmReason)}.",
        ) from None


def is_blind(entry: Entry, actor: Actor) -> bool:
    """Whether somebody has seen nothing of what the first person keyed."""
    return all(confirmation.person != actor.id for confirmation in entry.confirmations)


def check_is_blind(entry: Entry, actor: Actor) -> None:
    """ForbiddenError for who confirmed what the first person keyed: they have seen it."""
    if not is_blind(entry, actor):
        raise ForbiddenError(
            "entry.seen",
            "You confirmed values of this form, so you have seen what was keyed.",
            "Somebody who has not seen it keys it a second time.",
        )


def check_is_confirmed(entry: Entry) -> None:
    """ConflictError while an implausible answer waits for somebody to confirm it."""
    if entry.waits == Task.CONFIRM:
        raise ConflictError(
            "entry.implausible",
            f"Form {serials.format_serial(entry.serial)} has values that are not plausible and not"
            " confirmed.",
            "Confirm them with a reason, or send the form back.",
        )


def can_confirm(findings: Iterable[Finding]) -> bool:
    """Whether a person may let all of these stand."""
    return not any(finding.is_hard for finding in findings)


def check_can_confirm(findings: Iterable[Finding]) -> None:
    """ConflictError when something of it is impossible: that is corrected, never confirmed."""
    if not can_confirm(findings):
        raise ConflictError(
            "entry.impossible",
            "A value of this form is not possible.",
            "Send the form back, so that it is keyed anew from the paper.",
        )
