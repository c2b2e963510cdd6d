"""Say who somebody on paper is: look candidates up, propose one, confirm, reject, undo."""

from contextlib import closing
from dataclasses import dataclass, replace

from downtime.entry.facts import make_paper_person
from downtime.errors import ConflictError
from downtime.outage.model import Outage
from downtime.reconcile import policies
from downtime.reconcile.identity import candidates, links
from downtime.reconcile.identity.candidates import Candidate, CandidateOffer
from downtime.reconcile.identity.model import Link
from downtime.reconcile.identity.unidentified import (
    PersonState,
    UnidentifiedPerson,
    find_unidentified,
    list_unidentified,
)
from downtime.settings import Settings
from downtime.snapshot import local_snapshots
from downtime.snapshot.store.opened_snapshot import Snapshot
from downtime.vault.model import Actor
from downtime.vault.vault import Vault

AUTOMATIC = "Exact number and date of birth agree on every form."


@dataclass(frozen=True, slots=True)
class ExactProposals:
    """How many links the program proposed, and how many people it left to others."""

    proposed: int
    to_people: int


def find_candidates_for(
    snapshot: Snapshot, settings: Settings, person: UnidentifiedPerson, typed: str = ""
) -> CandidateOffer:
    """The candidates for somebody on paper, and for a name or number that was typed beside it."""
    return candidates.find_candidates(
        snapshot, replace(person.query, typed=typed), settings.reconcile
    )


def get_chosen_candidate(
    snapshot: Snapshot, settings: Settings, person: UnidentifiedPerson, patient: str
) -> Candidate:
    """One patient as a candidate: offered or found otherwise; NotFoundError."""
    return candidates.get_candidate(snapshot, person.query, patient, settings.reconcile)


def propose_for_person(
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
    with closing(open_recovered_snapshot(vault, outage)) as snapshot:
        candidate = get_chosen_candidate(snapshot, settings, person, patient)
    evidence = policies.check_evidence(evidence, is_needed=candidate.needs_evidence)
    return links.propose_link(
        vault, outage.id, person.key, snapshot.id, candidate.person, person.stated_identities, actor, reason,
        evidence=evidence, exact=candidate.is_exact,
    )  # fmt: skip


def propose_exact(vault: Vault, settings: Settings, outage: Outage, actor: Actor) -> ExactProposals:
    """Propose every link for which exactly one patient has an exact number and the date of birth."""
    to_link = [
        person
        for person in list_unidentified(vault, settings, outage)
        if person.state == PersonState.TO_LINK
    ]
    proposed = 0
    with closing(open_recovered_snapshot(vault, outage)) as snapshot:
        for person in to_link:
            offer = find_candidates_for(snapshot, settings, person)
            exact = [candidate for candidate in offer.candidates if candidate.is_exact]
            numbered = [candidate for candidate in offer.candidates if candidate.is_numbered]
            if len(exact) == 1 == len(numbered) and not _was_refused(person, exact[0]):
                links.propose_link(
                    vault, outage.id, person.key, snapshot.id, exact[0].person, person.stated_identities,
                    actor, AUTOMATIC, exact=True, by_program=True,
                )  # fmt: skip
                proposed += 1
    return ExactProposals(proposed, len(to_link) - proposed)


def _was_refused(person: UnidentifiedPerson, candidate: Candidate) -> bool:
    """Whether people rejected or undid this very link: the program does not insist."""
    return any(link.person.id == candidate.person.id for link in person.links)


def confirm_for_person(
    vault: Vault, settings: Settings, outage: Outage, ref: str, link_id: str, actor: Actor,
    reason: str,
) -> Link:  # fmt: skip
    """Agree with a proposed link as a second person; the rules are those of `links.confirm_link`.

    ConflictError when the patient is no longer in the recovered system as they were proposed.
    """
    person = find_unidentified(vault, settings, outage, ref)
    link = links.get_link(vault.db, person.key, link_id)
    with closing(open_recovered_snapshot(vault, outage)) as snapshot:
        _check_unchanged(snapshot, link)
    return links.confirm_link(vault, settings, person.key, link_id, actor, reason, person.keyed_by)


def open_recovered_snapshot(vault: Vault, outage: Outage) -> Snapshot:
    """The snapshot in use; ConflictError while it is the one of T0. The caller closes it."""
    if local_snapshots.get_current_id(vault) in outage.t0_snapshots:
        raise ConflictError(
            "identity.snapshot",
            "The newest snapshot is the one of the outage's beginning.",
            "Load a snapshot of the recovered hospital, then settle who is who.",
        )
    return local_snapshots.open_current_snapshot(vault)


def _check_unchanged(snapshot: Snapshot, link: Link) -> None:
    people = [make_paper_person(row.patient) for row in snapshot.list_patients([link.person.id])]
    now = [(person.mrn, person.nhs_number, person.birth_date) for person in people]
    if now != [(link.person.mrn, link.person.nhs_number, link.person.birth_date)]:
        raise ConflictError(
            "identity.changed",
            "The patient was merged or changed in the recovered system since this was proposed.",
            "Reject this link and propose it again with the patient as they are now.",
        )
