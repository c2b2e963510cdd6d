"""Two people stand for a form on the hospital's own PDF: who made it, and another who approves it."""

from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

from downtime.paper import policies
from downtime.paper.forms.form_approval import (
    DIGITS,
    FormApproval,
    find_form_digest,
    read_approval,
    write_approval,
)
from downtime.paper.forms.load_form import load_form
from downtime.paper.forms.model import FormDefinition
from downtime.paper.model import AuditAction
from downtime.settings import Settings
from downtime.vault.model import Actor
from downtime.vault.store import audit_chain
from downtime.vault.vault import Vault

_MAKING = (AuditAction.FORM_BACKGROUND, AuditAction.FORM_SAVE, AuditAction.FORM_PROPOSE)


def propose_form(vault: Vault, name: str, actor: Actor) -> FormApproval:
    """Stand for a form as its author, as it is now: an approval that it had is over.

    ConflictError for a form of the installation, or on a machine that is no publisher; NotFoundError.
    """
    form = load_form(name, vault.home)
    policies.check_needs_approval(form)
    policies.check_can_make_own_forms(vault.home)
    approval = FormApproval(
        form=form.name,
        version=form.version,
        digest=find_form_digest(form, vault.home),
        author=actor.id,
        author_name=actor.name,
        authored=vault.now(),
    )
    target = f"{name} {approval.digest[:DIGITS]}"
    with vault.change(actor, AuditAction.FORM_PROPOSE, target=target, reason="its author"):
        write_approval(vault, approval)
    return approval


def approve_form(
    vault: Vault,
    settings: Settings,
    name: str,
    digest: str,
    review: str,
    actor: Actor,
    reason: str,
) -> FormApproval:
    """Approve the form that was looked at (its digest) until its review, an ISO date.

    ForbiddenError for whoever made it, ConflictError when it is another form by now or has no author,
    InputError without a reason or for a day that is none or has passed.
    """
    form = load_form(name, vault.home)
    policies.check_needs_approval(form)
    policies.check_can_make_own_forms(vault.home)
    makers = list_makers(vault, form)
    proposal = policies.check_can_approve(read_approval(form, vault.home), digest, actor.id, makers)
    today = vault.clock().astimezone(ZoneInfo(settings.site.time_zone)).date()
    approval = replace(
        proposal,
        approver=actor.id,
        approver_name=actor.name,
        approved=vault.now(),
        review=policies.check_review_day(review, today),
    )
    target = f"{name} {digest[:DIGITS]}"
    reason = policies.check_reason(reason)
    with vault.change(actor, AuditAction.FORM_APPROVE, target=target, reason=reason):
        write_approval(vault, approval)
    return approval


def list_makers(vault: Vault, form: FormDefinition) -> set[str]:
    """Ids of all who brought the PDF, drew its places or stood for it here since another version was approved."""
    names, digest = {form.name, Path(form.background).stem}, find_form_digest(form, vault.home)
    makers: set[str] = set()
    for entry in audit_chain.find_entries_of(vault.db, (*_MAKING, AuditAction.FORM_APPROVE)):
        name, _, version = entry.target.partition(" ")
        if name in names and entry.action in _MAKING:
            makers.add(entry.actor)
        elif name == form.name and version != digest[:DIGITS]:
            makers.clear()
    return makers


def describe_approval(form: FormDefinition, approval: FormApproval | None) -> str:
    """How far a form's approval has come, in one sentence."""
    if approval is None:
        return f"'{form.title}' as it is now has no author: it is not printed."
    if not approval.is_approved:
        return f"'{form.title}' was made by {approval.author_name} and waits for another person's approval."
    return f"'{form.title}' was made by {approval.author_name} and approved by {approval.approver_name}."
