"""What may be said about findings of the harm review, and with which words."""

from collections.abc import Iterable

from downtime.errors import ConflictError, InputError
from downtime.reconcile.harm.model import Explanation, FindingKind, Harm, HarmFinding


def check_outcome(outcome: str, note: str) -> Harm:
    """The degree of harm that a word names; InputError for another, and for harm without a note."""
    try:
        harm = Harm(outcome)
    except ValueError:
        raise InputError(
            "harm.outcome", "There is no such degree of harm.", f"Choose {', '.join(Harm)}."
        ) from None
    if harm != Harm.NONE and not note.strip():
        raise InputError(
            "harm.note", "Harm needs a note.", "Say what happened and what was done about it."
        )
    return harm


def check_explanation(explanation: str, reason: str) -> Explanation:
    """The explanation that a word names; InputError for another, and without a reason."""
    try:
        checked = Explanation(explanation)
    except ValueError:
        raise InputError(
            "harm.explanation",
            "There is no such explanation.",
            f"Choose {', '.join(Explanation)}.",
        ) from None
    if not reason.strip():
        raise InputError("harm.reason", "A reason is needed.", "Say in a few words what is known.")
    return checked


def check_can_explain(findings: Iterable[HarmFinding]) -> None:
    """ConflictError unless all are requests that waited: other findings are reviewed."""
    if any(finding.kind != FindingKind.WAITING for finding in findings):
        raise ConflictError(
            "harm.kind",
            "Only a request without a result is explained.",
            "Other findings are reviewed by a clinician.",
        )
