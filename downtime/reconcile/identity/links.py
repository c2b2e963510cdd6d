"""Links between paper and recovered patients: proposed by one person, confirmed by another, undone.

A link holds only once a second person has confirmed it, and until somebody undoes it. Both
identifiers stay as they are: a link says that they mean one person, and nothing is rewritten.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlite_utils import Database

from downtime.entry.facts import PaperPerson
from downtime.errors import NotFoundError
from downtime.reconcile.identity import store
from downtime.reconcile.identity.match_patient import SERIAL, LinkedPatient
from downtime.reconcile.identity.model import LIFECYCLE, Link, LinkState, Merge, MergeState
from downtime.reconcile.model import AuditAction
from downtime.reconcile.policies import check_can_confirm, check_can_propose, check_link_reason
from downtime.settings import Settings
from downtime.vault.model import Actor
from downtime.vault.vault import Vault

PROGRAM = "Downtime, by exact number and date of birth"


def confirmed_links(db: Database) -> Mapping[str, LinkedPatient]:
    """The links in force: downtime number, or `serial:SERIAL`, to the patient who is meant."""
    return {
        link.key: LinkedPatient.from_papers(link.person, link.paper)
        for link in store.fetch_confirmed_links(db)
    }


def links_by_key(db: Database, outage: str) -> dict[str, list[Link]]:
    """Every link of an outage by its key, oldest first."""
    links: dict[str, list[Link]] = {}
    for link in store.fetch_links_of_outage(db, outage):
        links.setdefault(link.key, []).append(link)
    return links


def list_merges(db: Database, outage: str) -> list[Merge]:
    """What became of the downtime numbers of an outage, in the order in which it was decided.

    A link that was undone gives two entries, `linked` and then `unlinked`. A form without any
    number gives none: no other system ever knew it by an identifier.
    """
    links = store.fetch_once_confirmed_links(db, outage)
    merges = [
        merge for link in links if not link.key.startswith(SERIAL) for merge in _merges_of(link)
    ]
    return sorted(merges, key=lambda merge: merge.decided)


def _merges_of(link: Link) -> list[Merge]:
    people = (link.key, link.person, merge_person(link.paper, link.key))
    linked, unlinked = MergeState.LINKED, MergeState.UNLINKED
    merges = [Merge(*people, linked, link.confirmed, link.confirmed_by_name, link.id)]
    if link.state == LinkState.UNDONE:
        merges.append(Merge(*people, unlinked, link.ended, link.ended_by_name, link.id))
    return merges


def merge_person(paper: Sequence[PaperPerson], number: str) -> PaperPerson:
    """The person under a downtime number: of each detail what is said first on the forms."""
    details = {
        name: next((text for p in paper if (text := getattr(p, name))), "")
        for name in PaperPerson._fields
    }
    return PaperPerson(**{**details, "downtime_number": number})


def propose_link(
    vault: Vault, outage: str, key: str, snapshot: str, person: PaperPerson, paper: Sequence[PaperPerson],
    actor: Actor, reason: str, *, evidence: str = "", exact: bool = False, by_program: bool = False,
) -> Link:  # fmt: skip
    """Propose that a downtime number or a form is a patient of a recovered snapshot.

    InputError without a reason; ConflictError while another link of the same key is proposed or in
    force: one number is never two people. `by_program`: the program found it, and `actor` asked it
    to.
    """
    reason = check_link_reason(reason)
    link = Link(
        id=store.new_id(), outage=outage, key=key, state=LinkState.PROPOSED, exact=exact,
        snapshot=snapshot, person=person, paper=tuple(paper), proposed=vault.now(),
        proposed_by="" if by_program else actor.id,
        proposed_by_name=PROGRAM if by_program else actor.name, reason=reason, evidence=evidence,
    )  # fmt: skip
    with vault.change(actor, AuditAction.IDENTITY_PROPOSE, target=link.id, reason=reason) as db:
        check_can_propose(store.fetch_current_link(db, key))
        store.save_link(db, link)
    return link


def confirm_link(
    vault: Vault,
    settings: Settings,
    key: str,
    link_id: str,
    actor: Actor,
    reason: str,
    keyed_by: Sequence[str],
) -> Link:
    """Agree with a proposed link of the person under this key; it then holds.

    ForbiddenError for the one who proposed it and for the only one who keyed its forms (`keyed_by`:
    account ids). What the program proposed is proposed by whoever agrees first, and confirmed by
    the next, unless the setting `reconcile.exact_links_by_one` lets one person suffice.
    """
    reason = check_link_reason(reason)
    with vault.change(actor, AuditAction.IDENTITY_CONFIRM, target=link_id, reason=reason) as db:
        link = get_link(db, key, link_id)
        LIFECYCLE.check(link.state, LinkState.CONFIRMED)
        one_suffices = link.exact and settings.reconcile.exact_links_by_one
        if not link.proposed_by and not one_suffices:
            link = replace(link, proposed_by=actor.id, proposed_by_name=actor.name, reason=reason)
        else:
            check_can_confirm(link, actor.id, keyed_by)
            link = replace(
                link, state=LinkState.CONFIRMED, confirmed=vault.now(), confirmed_by=actor.id,
                confirmed_by_name=actor.name, confirmed_reason=reason,
            )  # fmt: skip
        store.save_link(db, link)
    return link


def reject_link(vault: Vault, key: str, link_id: str, actor: Actor, reason: str) -> Link:
    """Refuse a proposed link; another may then be proposed. The proposer may do so too."""
    action = AuditAction.IDENTITY_REJECT
    return _end_link(vault, key, link_id, LinkState.REJECTED, action, actor, reason)


def undo_link(vault: Vault, key: str, link_id: str, actor: Actor, reason: str) -> Link:
    """Take a confirmed link back: the number stands for itself again, as it did before."""
    action = AuditAction.IDENTITY_UNDO
    return _end_link(vault, key, link_id, LinkState.UNDONE, action, actor, reason)


def _end_link(
    vault: Vault, key: str, link_id: str, state: LinkState, action: AuditAction, actor: Actor,
    reason: str,
) -> Link:  # fmt: skip
    reason = check_link_reason(reason)
    with vault.change(actor, action, target=link_id, reason=reason) as db:
        link = get_link(db, key, link_id)
        LIFECYCLE.check(link.state, state)
        link = replace(
            link, state=state, ended=vault.now(), ended_by=actor.id, ended_by_name=actor.name,
            ended_reason=reason,
        )  # fmt: skip
        store.save_link(db, link)
    return link


def get_link(db: Database, key: str, link_id: str) -> Link:
    """One link of the person under this key; NotFoundError, for another person's link too."""
    link = store.fetch_link(db, link_id)
    if link is None or link.key != key:
        raise NotFoundError("identity.unknown", "There is no such link.", "See the work list.")
    return link
