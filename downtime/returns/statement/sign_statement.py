"""The signatures of ward, records and safety leads, each bound to the facts that were signed.

Who may sign as which lead is a row of the permission table: the ward lead is of the ward or site
team, the records lead a records supervisor, the clinical safety lead of the site team, or one of
the people whom `returns.safety_leads` names. Three people sign, nobody for two.
"""

from downtime.accounts import people, permissions
from downtime.accounts.model import Permission, Person
from downtime.errors import ConflictError, ForbiddenError, InputError
from downtime.returns.model import AuditAction, Signature
from downtime.returns.statement.completeness_statement import (
    Statement,
    attach_evidence,
    gather_statement,
)
from downtime.returns.store import statement_signatures
from downtime.settings import Settings
from downtime.vault.audit import Actor
from downtime.vault.vault import Vault

LEADS = {"ward": "Ward lead", "records": "Records lead", "safety": "Clinical safety lead"}
"""Who signs, and as what."""
SAFETY = "safety"


def sign_statement(
    vault: Vault, settings: Settings, lead: str, actor: Actor, reason: str = "", outage: str = ""
) -> Statement:
    """Sign the facts as they are now, as `ward`, `records` or `safety` lead; of the outage at hand
    unless another is given.

    A later change of the facts leaves the signature behind: it stays on record and no longer
    counts. ForbiddenError for somebody whose role is not that lead's, or who already signed these
    facts as another lead; ConflictError when this lead has signed them.
    """
    if lead not in LEADS:
        raise InputError("statement.lead", "There is no such lead.", f"Choose {', '.join(LEADS)}.")
    check_can_sign(settings, lead, people.get_person(vault, actor.id))
    statement = gather_statement(vault, settings, outage)
    for held in statement.signatures:
        _check_unsigned(held, statement.digest, lead, actor)
    with vault.change(
        actor, AuditAction.STATEMENT_SIGN, target=f"{statement.outage}: {lead}", reason=reason
    ) as db:
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
    return attach_evidence(vault, statement.outage, statement.facts)


def check_can_sign(settings: Settings, lead: str, person: Person) -> None:
    """ForbiddenError unless this person may sign as this lead."""
    named = settings.returns.safety_leads
    if lead == SAFETY and named:
        if person.username not in named:
            raise ForbiddenError(
                "statement.safety",
                "You are not one of this hospital's clinical safety leads.",
                "Ask one of them; the setting returns.safety_leads names them.",
            )
        return
    permissions.check_can(person, Permission(f"statement.sign-{lead}"))


def can_sign(settings: Settings, lead: str, person: Person) -> bool:
    """Whether this person may sign as this lead."""
    try:
        check_can_sign(settings, lead, person)
    except ForbiddenError:
        return False
    return True


def _check_unsigned(held: Signature, digest: str, lead: str, actor: Actor) -> None:
    if held.facts_sha256 != digest:
        return
    if held.role == lead:
        raise ConflictError(
            "statement.signed",
            f"The {LEADS[lead].lower()} has already signed this statement.",
            "It needs to be signed again only when its facts change.",
        )
    if held.person == actor.id:
        raise ForbiddenError(
            "statement.second",
            f"You have signed this statement as {LEADS[held.role].lower()}.",
            "Each lead signs in person.",
        )
