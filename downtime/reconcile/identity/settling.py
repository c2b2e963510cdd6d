"""Settle who somebody on paper is: look candidates up, propose one, confirm, reject, undo."""

from contextlib import closing
from dataclasses import dataclass, replace

from downtime.entry.facts import person_of
from downtime.errors import ConflictError, ForbiddenError, InputError, NotFoundError
from downtime.outage.model import Outage
from downtime.reconcile.identity import candidates, linking
from downtime.reconcile.identity.candidates import Candidate, Offer
from downtime.reconcile.identity.store import Link
from downtime.reconcile.identity.unlinked import TO_LINK, Unknown, unknown, unknowns
from downtime.settings import Settings
from downtime.snapshot import load
from downtime.snapshot.store import Snapshot
from downtime.vault.audit import Actor
from downtime.vault.vault import Vault

AUTOMATIC = "Exact number and date of birth agree on every form."


@dataclass(frozen=True, slots=True)
class Proposed:
    """How many links the program proposed, and how many people it left to others."""

    proposed: int
    left: int


def offer(snapshot: Snapshot, settings: Settings, person: Unknown, typed: str = "") -> Offer:
    """The candidates for somebody on paper, and for a name or number that was typed beside it."""
    return candidates.offer(snapshot, replace(person.sought, typed=typed), settings.reconcile)


def chosen(snapshot: Snapshot, settings: Settings, person: Unknown, patient: str) -> Candidate:
    """One patient as a candidate: offered or found otherwise; NotFoundError."""
    return candidates.one(snapshot, person.sought, patient, settings.reconcile)


def propose(
    vault: Vault,
    settings: Settings,
    outage: Outage,
    ref: str,
    patient: str,
    who: Actor,
    reason: str,
    evidence: str = "",
) -> Link:
    """Propose that somebody on paper is a patient of the recovered system.

    InputError without a reason, or without `evidence` (what else proves it) where only name, birth
    and gender agree; ConflictError while another link of theirs stands, or without a recovered
    snapshot.
    """
    person = unknown(vault, settings, outage, ref)
    with closing(recovered(vault, outage)) as snapshot:
        found = chosen(snapshot, settings, person, patient)
    if found.needs_evidence and not evidence.strip():
        raise InputError(
            "identity.evidence",
            "Name and date of birth alone never say who somebody is.",
            "Say what else proves it: a document, an address, a relative, the person themself.",
        )
    said = "; evidence: ".join(filter(None, (reason.strip(), evidence.strip())))
    return linking.propose(
        vault, outage.id, person.key, snapshot.id, found.person, person.papers, who,
        said if reason.strip() else "", exact=found.is_exact,
    )  # fmt: skip


def propose_exact(vault: Vault, settings: Settings, outage: Outage, who: Actor) -> Proposed:
    """Propose every link for which exactly one patient has an exact number and the date of birth."""
    open_ = [one for one in unknowns(vault, settings, outage) if one.state == TO_LINK]
    made = 0
    with closing(recovered(vault, outage)) as snapshot:
        for person in open_:
            found = offer(snapshot, settings, person)
            exact = [one for one in found.candidates if one.is_exact]
            numbered = [one for one in found.candidates if one.is_numbered]
            if len(exact) == 1 == len(numbered) and not _was_refused(person, exact[0]):
                linking.propose(
                    vault, outage.id, person.key, snapshot.id, exact[0].person, person.papers, who,
                    AUTOMATIC, exact=True, program=True,
                )  # fmt: skip
                made += 1
    return Proposed(made, len(open_) - made)


def _was_refused(person: Unknown, found: Candidate) -> bool:
    """Whether people rejected or undid this very link: the program does not insist."""
    return any(link.person.id == found.person.id for link in person.links)


def confirm(
    vault: Vault,
    settings: Settings,
    outage: Outage,
    ref: str,
    link_id: str,
    who: Actor,
    reason: str,
) -> Link:
    """Agree with a proposed link as a second person; the rules are those of `linking.confirm`.

    ConflictError when the patient is no longer in the recovered system as they were proposed.
    """
    person = unknown(vault, settings, outage, ref)
    link = _own(person, link_id)
    with closing(recovered(vault, outage)) as snapshot:
        _check_unchanged(snapshot, link)
    return linking.confirm(vault, settings, link_id, who, reason, person.keyed_by)


def reject(
    vault: Vault,
    settings: Settings,
    outage: Outage,
    ref: str,
    link_id: str,
    who: Actor,
    reason: str,
) -> Link:
    """Refuse a proposed link of this person."""
    return linking.reject(
        vault, _own(unknown(vault, settings, outage, ref), link_id).id, who, reason
    )


def undo(
    vault: Vault,
    settings: Settings,
    outage: Outage,
    ref: str,
    link_id: str,
    who: Actor,
    reason: str,
) -> Link:
    """Take a confirmed link of this person back."""
    return linking.undo(vault, _own(unknown(vault, settings, outage, ref), link_id).id, who, reason)


def _own(person: Unknown, link_id: str) -> Link:
    for link in person.links:
        if link.id == link_id:
            return link
    raise NotFoundError("identity.unknown", "There is no such link.", "See the work list.")


def may_confirm(person: Unknown, who: str) -> str:
    """Why this account may not be the second one for the proposed link; empty when it may."""
    if person.link is None:
        return ""
    try:
        linking.check_confirmer(person.link, who, person.keyed_by)
    except ForbiddenError as error:
        return error.sentence
    return ""


def recovered(vault: Vault, outage: Outage) -> Snapshot:
    """The snapshot in use; ConflictError while it is the one of T0. The caller closes it."""
    if outage.snapshot and load.current_id(vault) == outage.snapshot:
        raise ConflictError(
            "identity.snapshot",
            "The newest snapshot is the one of the outage's beginning.",
            "Load a snapshot of the recovered hospital, then settle who is who.",
        )
    return load.current(vault)


def _check_unchanged(snapshot: Snapshot, link: Link) -> None:
    rows = snapshot.people([link.person.id])
    now = [person_of(row.patient) for row in rows]
    if [(p.mrn, p.nhs_number, p.birth_date) for p in now] != [
        (link.person.mrn, link.person.nhs_number, link.person.birth_date)
    ]:
        raise ConflictError(
            "identity.changed",
            "The patient was merged or changed in the recovered system since this was proposed.",
            "Reject this link and propose it again with the patient as they are now.",
        )
