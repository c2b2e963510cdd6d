"""The signatures of ward, records and safety leads, each bound to the facts that were signed."""

from downtime.config import Settings
from downtime.errors import ConflictError, ForbiddenError, InputError
from downtime.returns import store
from downtime.returns.statement import Statement, gather
from downtime.returns.store import Signature
from downtime.vault.audit import Actor
from downtime.vault.vault import Vault

LEADS = {"ward": "Ward lead", "records": "Records lead", "safety": "Clinical safety lead"}
"""Who signs, and as what."""


def sign(vault: Vault, settings: Settings, lead: str, who: Actor, why: str = "") -> Statement:
    """Sign the facts as they are now, as `ward`, `records` or `safety` lead.

    A later change of the facts leaves the signature behind: it stays on record and no longer
    counts. ForbiddenError for a person who already signed these facts as another lead;
    ConflictError when this lead has signed them.
    """
    if lead not in LEADS:
        raise InputError("statement.lead", "There is no such lead.", f"Choose {', '.join(LEADS)}.")
    statement = gather(vault, settings)
    for held in statement.signatures:
        _check(held, statement.digest, lead, who)
    with vault.change(who, "statement.sign", target=f"{statement.outage}: {lead}", why=why) as db:
        store.keep_signature(
            db,
            Signature(
                outage=statement.outage,
                role=lead,
                facts_sha256=statement.digest,
                person=who.id,
                person_name=who.name,
                signed=vault.now(),
            ),
        )
    return gather(vault, settings)


def _check(held: Signature, digest: str, lead: str, who: Actor) -> None:
    if held.facts_sha256 != digest:
        return
    if held.role == lead:
        raise ConflictError(
            "statement.signed",
            f"The {LEADS[lead].lower()} has already signed this statement.",
            "It needs to be signed again only when its facts change.",
        )
    if held.person == who.id:
        raise ForbiddenError(
            "statement.second",
            f"You have signed this statement as {LEADS[held.role].lower()}.",
            "Each lead signs in person.",
        )
