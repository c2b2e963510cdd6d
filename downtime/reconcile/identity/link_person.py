"""Settle who somebody on paper is: look candidates up, propose one, confirm, reject, undo."""

from contextlib import closing
from dataclasses import dataclass, replace

from downtime.entry.facts import person_of
from downtime.errors import ConflictError, ForbiddenError, InputError, NotFoundError
from downtime.outage.model import Outage
from downtime.reconcile.identity import candidates, links
from downtime.reconcile.identity.candidates import Candidate, CandidateOffer
from downtime.reconcile.identity.store import Link
from downtime.reconcile.identity.unidentified import (
    TO_LINK,
    UnidentifiedPerson,
    find_unidentified,
    list_unidentified,
)
from downtime.settings import Settings
from downtime.snapshot import load_bundle
from downtime.snapshot.store.opened_snapshot import Snapshot
from downtime.vault.model import Actor
from downtime.vault.vault import Vault

AUTOMATIC = "Exact number and date of birth agree on every form."


@dataclass(frozen=True, slots=True)
class Proposed:
    """How many links the program proposed, and how many people it left to others."""

    proposed: int
    left: int


def offer(
    snapshot: Snapshot, settings: Settings, person: UnidentifiedPerson, typed: str = ""
) -> CandidateOffer:
    """The candidates for somebody on paper, and for a name or number that was typed beside it."""
    return candidates.find_candidates(
        snapshot, replace(person.sought, typed=typed), settings.reconcile
    )


def chosen(
    snapshot: Snapshot, settings: Settings, person: UnidentifiedPerson, patient: str
) -> Candidate:
    """One patient as a candidate: offered or found otherwise; NotFoundError."""
    return candidates.get_candidate(snapshot, person.sought, patient, settings.reconcile)


def propose(
    vault: Vault,
    settings: Settings,
    outage: Outage,
    ref: str,
    patient: str,
    actor: Actor,
    reason: str,
    evidence: str = "",
) -> Link:
    """Propose that somebody on paper is a patient of the recovered system.

    InputError without a reason, or without `evidence` (what else proves it) where only name, birth
    and gender agree; ConflictError while another link of theirs stands, or without a recovered
    snapshot.
    """
    person = find_unidentified(vault, settings, outage, ref)
    with closing(recovered(vault, outage)) as snapshot:
        found = chosen(snapshot, settings, person, patient)
    if found.needs_evidence and not evidence.strip():
        raise InputError(
            "identity.evidence",
            "Name and date of birth alone never say who somebody is.",
            "Say what else proves it: a document, an address, a relative, the person themself.",
        )
    said = "; evidence: ".join(filter(None, (reason.strip(), evidence.strip())))
    return links.propose(
        vault, outage.id, person.key, snapshot.id, found.person, person.papers, actor,
        said if reason.strip() else "", exact=found.is_exact,
    )  # fmt: skip


def propose_exact(vault: Vault, settings: Settings, outage: Outage, actor: Actor) -> Proposed:
    """Propose every link for which exactly one patient has an exact number and the date of birth."""
    open_ = [one for one in list_unidentified(vault, settings, outage) if one.state == TO_LINK]
    made = 0
    with closing(recovered(vault, outage)) as snapshot:
        for person in open_:
            found = offer(snapshot, settings, person)
            exact = [one for one in found.candidates if one.is_exact]
            numbered = [one for one in found.candidates if one.is_numbered]
            if len(exact) == 1 == len(numbered) and not _was_refused(person, exact[0]):
                links.propose(
                    vault, outage.id, person.key, snapshot.id, exact[0].person, person.papers, actor,
                    AUTOMATIC, exact=True, program=True,
                )  # fmt: skip
                made += 1
    return Proposed(made, len(open_) - made)


def _was_refused(person: UnidentifiedPerson, found: Candidate) -> bool:
    """Whether people rejected or undid this very link: the program does not insist."""
    return any(link.person.id == found.person.id for link in person.links)


def confirm(
    vault: Vault,
    settings: Settings,
    outage: Outage,
    ref: str,
    link_id: str,
    actor: Actor,
    reason: str,
) -> Link:
    """Agree with a proposed link as a second person; the rules are those of `linking.confirm`.

    ConflictError when the patient is no longer in the recovered system as they were proposed.
    """
    person = find_unidentified(vault, settings, outage, ref)
    link = _own(person, link_id)
    with closing(recovered(vault, outage)) as snapshot:
        _check_unchanged(snapshot, link)
    return links.confirm(vault, settings, link_id, actor, reason, person.keyed_by)


def reject(
    vault: Vault,
    settings: Settings,
    outage: Outage,
    ref: str,
    link_id: str,
    actor: Actor,
    reason: str,
) -> Link:
    """Refuse a proposed link of this person."""
    return links.reject(
        vault, _own(find_unidentified(vault, settings, outage, ref), link_id).id, actor, reason
    )


def undo(
    vault: Vault,
    settings: Settings,
    outage: Outage,
    ref: str,
    link_id: str,
    actor: Actor,
    reason: str,
) -> Link:
    """Take a confirmed link of this person back."""
    return links.undo(
        vault, _own(find_unidentified(vault, settings, outage, ref), link_id).id, actor, reason
    )


def _own(person: UnidentifiedPerson, link_id: str) -> Link:
    for link in person.links:
        if link.id == link_id:
            return link
    raise NotFoundError("identity.unknown", "There is no such link.", "See the work list.")


def may_confirm(person: UnidentifiedPerson, who: str) -> str:
    """Why this account may not be the second one for the proposed link; empty when it may."""
    if person.link is None:
        return ""
    try:
        links.check_confirmer(person.link, who, person.keyed_by)
    except ForbiddenError as error:
        return error.sentence
    return ""


def recovered(vault: Vault, outage: Outage) -> Snapshot:
    """The snapshot in use; ConflictError while it is the one of T0. The caller closes it."""
    if outage.snapshot and load_bundle.get_current_id(vault) == outage.snapshot:
        raise ConflictError(
            "identity.snapshot",
            "The newest snapshot is the one of the outage's beginning.",
            "Load a snapshot of the recovered hospital, then settle who is who.",
        )
    return load_bundle.open_current_snapshot(vault)


def _check_unchanged(snapshot: Snapshot, link: Link) -> None:
    rows = snapshot.list_patients([link.person.id])
    now = [person_of(row.patient) for row in rows]
    if [(p.mrn, p.nhs_number, p.birth_date) for p in now] != [
        (link.person.mrn, link.person.nhs_number, link.person.birth_date)
    ]:
        raise ConflictError(
            "identity.changed",
            "The patient was merged or changed in the recovered system since this was proposed.",
            "Reject this link and propose it again with the patient as they are now.",
        )
