"""Who may decide about compared items, link people to patients and judge harm, and with which words."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial

from downtime.errors import ConflictError, ForbiddenError, InputError, parse_choice, refusal_of
from downtime.paper.serials import format_serial
from downtime.reconcile.duplicates.store.unit_members import UnitMember
from downtime.reconcile.harm.model import CLOSED, Explanation, FindingKind, Harm, HarmFinding
from downtime.reconcile.identity.model import Link, LinkState
from downtime.reconcile.model import (
    LIFECYCLE,
    REGISTERS,
    BulkDecision,
    Decision,
    ItemFilter,
    ItemState,
    StoredItem,
)
from downtime.vault import policies as vault_policies
from downtime.vault.model import Actor

BULK_DECISIONS = (Decision.RETURN, Decision.LEAVE, Decision.RESOLVED)
"""What may be decided in bulk; back to open goes by undoing."""


check_reason = partial(
    vault_policies.check_reason,
    code="decision.reason",
    next_step="Say in a few words why you decide so.",
)
"""The reason without spaces around it; InputError when there is none."""


def check_decision(text: str) -> Decision:
    """The decision that a word names; InputError for any other word."""
    try:
        return Decision(text)
    except ValueError:
        raise InputError(
            "decision.kind", "There is no such decision.", f"Choose {' or '.join(BULK_DECISIONS)}."
        ) from None


def check_can_decide(row: StoredItem, decision: Decision, actor: Actor) -> None:
    """Raise with a sentence unless this person may decide so about this item now."""
    check_is_not_own(row, actor)
    if decision == Decision.OPEN and row.decided.proposal:
        return
    LIFECYCLE.check(row.decided.decision, decision)
    _check_is_not_returned(row, decision)
    if decision != Decision.OPEN and decision not in row.allowed:
        raise ConflictError(
            "decision.state",
            f"An item that is '{row.item.state}' cannot be decided '{decision}'.",
            _name_allowed(row),
        )
    if row.decided.proposal == decision and row.decided.proposed_by == actor.id:
        raise ForbiddenError(
            "decision.second",
            "You proposed this, so somebody else confirms it.",
            "Ask a colleague to look at the item.",
        )
    if decision == Decision.RETURN and row.item.state == ItemState.UNMATCHED:
        _check_has_number(row)


def _name_allowed(row: StoredItem) -> str:
    if row.item.state == ItemState.NOT_RECOVERED:
        return "Load a snapshot with newer data of its system, then compare again."
    return f"Choose {' or '.join(row.allowed)}." if row.allowed else "It needs no decision."


def check_no_rival(row: StoredItem, decision: Decision, rival: UnitMember | None) -> None:
    """ConflictError for returning a unit of blood that another form's item has settled already."""
    if decision == Decision.RETURN and rival and rival.is_settled:
        raise ConflictError(
            "decision.unit",
            f"Form {format_serial(rival.serial)} has this unit of blood too, and it is settled there:"
            " one unit goes out once.",
            "Find out whose it was; leave that one out first, or this one.",
        )


def explain_rival(decision: Decision, rival: UnitMember | None) -> str:
    """Why a unit of blood that another form has too is not returned in bulk; empty when it is none."""
    if decision != Decision.RETURN or rival is None:
        return ""
    return "Another form has this unit of blood too: it is decided about by itself."


def check_is_as_shown(version: str, shown: str) -> None:
    """ConflictError when an item does not stand any more as the one who decides has seen it."""
    if version != shown:
        raise ConflictError(
            "decision.changed",
            "This item has changed since you looked at it.",
            "Look at it again, then decide.",
        )


def explain_refusal(row: StoredItem, decision: Decision, actor: Actor) -> str:
    """Why this person may not decide so about this item; empty when they may."""
    return refusal_of(check_can_decide, row, decision, actor)


def check_is_not_own(row: StoredItem, actor: Actor) -> None:
    """ForbiddenError for the one who keyed the form: four eyes see every decision."""
    if actor.id == row.item.fact.transcriber:
        raise ForbiddenError(
            "decision.own",
            "You entered this form, so somebody else decides about it.",
            "Ask a colleague who did not key it.",
        )


def _check_is_not_returned(row: StoredItem, decision: Decision) -> None:
    if Decision.RETURNED in (decision, row.decided.decision):
        raise ConflictError(
            "decision.returned",
            "What goes out is recorded by the export alone, and cannot be called back.",
            "Correct it in the live system, then compare again.",
        )


def _check_has_number(row: StoredItem) -> None:
    if not row.item.person.any_number:
        raise ConflictError(
            "decision.number",
            "This patient has no number at all, so no message can name them.",
            f"Give the {' or '.join(REGISTERS)} form a downtime number and correct the entry.",
        )


def is_confirming(row: StoredItem, decision: Decision, actor: Actor) -> bool:
    """Whether this person is the second one for a decision that another proposed."""
    return row.decided.proposal == decision and row.decided.proposed_by != actor.id


def check_can_decide_in_bulk(decision: Decision, item_filter: ItemFilter) -> None:
    """InputError for what is not decided in bulk, and for a filter that lets everything through."""
    if decision not in BULK_DECISIONS:
        raise InputError(
            "bulk.decision",
            "That cannot be decided in bulk.",
            f"Choose {' or '.join(BULK_DECISIONS)}.",
        )
    if not item_filter.as_dict():
        raise InputError(
            "bulk.filter",
            "A decision in bulk needs a filter.",
            "Choose a state, type, system, ward or form first.",
        )


def check_can_undo(batch: BulkDecision) -> None:
    """ConflictError for a decision in bulk that is undone already."""
    if batch.undone:
        raise ConflictError(
            "bulk.undone", "This decision in bulk is undone already.", "See the list of items."
        )


def can_undo_item(row: StoredItem, batch: BulkDecision, actor: Actor) -> bool:
    """Whether undoing puts this item back: not what was returned or decided anew since.

    Nor what the person who undoes keyed: taking a decision back is deciding.
    """
    is_of_batch = row.decided.batch == batch.id and row.decided.decision != Decision.RETURNED
    return is_of_batch and actor.id != row.item.fact.transcriber


def check_outcome(outcome: str, note: str) -> Harm:
    """The degree of harm that a word names; InputError for another, and for harm without a note."""
    harm = parse_choice(Harm, outcome, "harm.outcome", "There is no such degree of harm.")
    if harm != Harm.NONE and not note.strip():
        raise InputError(
            "harm.note", "Harm needs a note.", "Say what happened and what was done about it."
        )
    return harm


def check_explanation(explanation: str, reason: str) -> Explanation:
    """The explanation that a word names; InputError for another, and without a reason."""
    sentence = "There is no such explanation."
    checked = parse_choice(Explanation, explanation, "harm.explanation", sentence)
    vault_policies.check_reason(reason, "harm.reason", "Say in a few words what is known.")
    return checked


def check_any_named(keys: Sequence[str]) -> None:
    """InputError when a word is said of no finding at all."""
    if not keys:
        raise InputError("harm.none", "No findings were ticked.", "Go back and tick at least one.")


def check_findings_are_as_shown(versions: Mapping[str, str], shown: Mapping[str, str]) -> None:
    """ConflictError when a finding, or what a colleague said of it, is not as it was shown."""
    changed = sum(versions.get(key) != version for key, version in shown.items())
    if changed:
        raise ConflictError(
            "harm.changed",
            f"{changed} of {len(shown)} findings do not stand as your page showed them."
            " Nothing was recorded.",
            "Look at the list as it is now, and tick again.",
        )


def check_can_explain(findings: Iterable[HarmFinding]) -> None:
    """ConflictError unless all are requests that waited and are open: other findings are reviewed."""
    listed = list(findings)
    if settled := sum(finding.state in CLOSED for finding in listed):
        raise ConflictError(
            "harm.settled",
            f"{settled} of {len(listed)} requests are not open: what became of them is known.",
            "Tick only requests without a result.",
        )
    if any(finding.kind != FindingKind.WAITING for finding in listed):
        raise ConflictError(
            "harm.kind",
            "Only a request without a result is explained.",
            "Other findings are reviewed by a clinician.",
        )


check_link_reason = partial(
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
    return refusal_of(check_can_confirm, link, person_id, keyed_by) if link else ""
