"""The signatures of ward, records and safety leads, each bound to the facts that were signed.

Who may sign as which lead is a row of the permission table: the ward lead is of the ward or site
team, the records lead a records supervisor, the clinical safety lead of the site team, or one of
the people whom `returns.safety_leads` names. Three people sign, nobody for two.
"""

from downtime.accounts import people
from downtime.accounts.confirm_person import PasswordProof, check_confirmed
from downtime.errors import parse_choice
from downtime.returns.model import AuditAction, Lead, Signature
from downtime.returns.policies import check_can_sign, check_is_shown, check_not_signed
from downtime.returns.statement.completeness_statement import (
    Statement,
    attach_evidence,
    gather_statement,
)
from downtime.returns.store import statement_signatures
from downtime.settings import Settings
from downtime.vault import checkpoint
from downtime.vault.model import Actor
from downtime.vault.vault import Vault


def sign_statement(
    vault: Vault,
    settings: Settings,
    lead: Lead,
    actor: Actor,
    confirmation: PasswordProof,
    reason: str = "",
    outage: str = "",
    *,
    shown: str | None = None,
) -> Statement:
    """Sign the facts as they are now, as a lead; of the outage at hand unless another is given.

    The audit chain is signed with it, so that it cannot be cut short of the signature. Whoever signs has
    given their password just now (`accounts.confirm_person`). `shown` is the digest of the facts that they
    saw: ConflictError when these are not the facts any more.

    A later change of the facts leaves the signature behind: it stays on record and no longer
    counts. ForbiddenError for somebody whose role is not that lead's, or who already signed these
    facts as another lead; ConflictError when this lead has signed them.
    """
    check_can_sign(settings, lead, people.get_person(vault, actor.id))
    check_confirmed(confirmation, actor, vault.clock())
    statement = gather_statement(vault, settings, outage)
    check_is_shown(statement.digest, shown)
    check_not_signed(statement.signatures, statement.digest, lead, actor.id)
    target = f"{statement.outage}: {lead} {statement.digest}"
    with vault.change(actor, AuditAction.STATEMENT_SIGN, target=target, reason=reason) as db:
        statement_signatures.insert_signature(
            db,
            Signature(
                outage=statement.outage,
                role=lead,
                facts_sha256=statement.digest,
                person=actor.id,
                person_name=actor.name,
                signed=vault.now(),
            ),
        )
    checkpoint.make_checkpoint(vault)
    return attach_evidence(vault, statement.outage, statement.facts)


def parse_lead(name: str) -> Lead:
    """A lead by the name that a form or a command sends; InputError."""
    return parse_choice(Lead, name, "statement.lead", "There is no such lead.")
