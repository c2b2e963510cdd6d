"""Links between paper and recovered patients: proposed by one person, confirmed by another, undone.

A link holds only once a second person has confirmed it, and until somebody undoes it. Both
identifiers stay as they are: a link says that they mean one person, and nothing is rewritten.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlite_utils import Database

from downtime.entry.facts import Person
from downtime.errors import ConflictError, ForbiddenError, InputError, NotFoundError
from downtime.reconcile.identity import store
from downtime.reconcile.identity.match_patient import SERIAL, LinkedPatient
from downtime.reconcile.identity.store import Link
from downtime.reconcile.model import AuditAction
from downtime.settings import Settings
from downtime.vault.lifecycle import Lifecycle
from downtime.vault.model import Actor
from downtime.vault.vault import Vault

PROPOSED, CONFIRMED, REJECTED, UNDONE = "proposed", "confirmed", "rejected", "undone"

LIFECYCLE = Lifecycle(
    "identity-link",
    {
        PROPOSED: (CONFIRMED, REJECTED),
        CONFIRMED: (UNDONE,),  # both identifiers stay; downstream is told to separate them
        REJECTED: (),
        UNDONE: (),
    },
)
PROGRAM = "Downtime, by exact number and date of birth"
LINKED, UNLINKED = "linked", "unlinked"


@dataclass(frozen=True, slots=True)
class Merge:
    """What the other systems must be told about one downtime number.

    `linked`: `downtime` was merged into `survivor` (HL7 v2 ADT^A40: `survivor` in PID, the downtime
    number in MRG-1; FHIR: Patient.link `replaces`). `unlinked`: that was wrong and is taken back.
    HL7 v2 has no message that receivers act upon for this, so it goes to people as an item of a
    worklist. `id` names the link and stays the same: a pair (`id`, `state`) is sent once.
    """

    number: str
    survivor: Person
    downtime: Person
    state: str
    decided: str
    decided_by_name: str
    id: str


def confirmed_links(db: Database) -> Mapping[str, LinkedPatient]:
    """The links in force: downtime number, or `serial:SERIAL`, to the patient who is meant."""
    return {link.key: _linked(link) for link in store.fetch_links(db, "state = ?", CONFIRMED)}


def list_merges(db: Database, outage: str) -> list[Merge]:
    """What became of the downtime numbers of an outage, in the order in which it was decided.

    A link that was undone gives two entries, `linked` and then `unlinked`. A form without any
    number gives none: no other system ever knew it by an identifier.
    """
    links = store.fetch_links(db, "outage = ? AND confirmed <> ''", outage)
    told = [merge for link in links if not link.key.startswith(SERIAL) for merge in _told(link)]
    return sorted(told, key=lambda merge: merge.decided)


def _told(link: Link) -> list[Merge]:
    downtime = merged(link.paper, link.key)
    given = (link.key, link.person, downtime)
    said = [Merge(*given, LINKED, link.confirmed, link.confirmed_by_name, link.id)]
    if link.state == UNDONE:
        said.append(Merge(*given, UNLINKED, link.ended, link.ended_by_name, link.id))
    return said


def merged(paper: Sequence[Person], number: str) -> Person:
    """The person under a downtime number: of each detail what is said first on the forms."""
    details = {
        name: next((text for p in paper if (text := getattr(p, name))), "")
        for name in Person._fields
    }
    return Person(**{**details, "downtime_number": number})


def _linked(link: Link) -> LinkedPatient:
    return LinkedPatient.of(link.person, link.paper)


def propose(
    vault: Vault, outage: str, key: str, snapshot: str, person: Person, paper: Sequence[Person],
    actor: Actor, reason: str, *, exact: bool = False, program: bool = False,
) -> Link:  # fmt: skip
    """Propose that a downtime number or a form is a patient of a recovered snapshot.

    InputError without a reason; ConflictError while another link of the same key is proposed or in
    force: one number is never two people. `program`: the program found it, and `who` asked it to.
    """
    said = _reason(reason)
    link = Link(
        id=store.new_id(), outage=outage, key=key, state=PROPOSED, exact=exact, snapshot=snapshot,
        person=person, paper=tuple(paper), proposed=vault.now(), proposed_by="" if program else actor.id,
        proposed_by_name=PROGRAM if program else actor.name, reason=said,
    )  # fmt: skip
    with vault.change(actor, AuditAction.IDENTITY_PROPOSE, target=link.id, reason=said) as db:
        _check_free(db, key)
        store.save_link(db, link)
    return link


def _check_free(db: Database, key: str) -> None:
    for link in store.fetch_links(db, "key = ? AND state IN (?, ?)", key, PROPOSED, CONFIRMED):
        raise ConflictError(
            "identity.taken",
            f"This person already has a link that is {link.state}.",
            "Undo it first, with a reason." if link.state == CONFIRMED else "Confirm or reject it.",
        )


def confirm(
    vault: Vault,
    settings: Settings,
    link_id: str,
    actor: Actor,
    reason: str,
    keyed_by: Sequence[str],
) -> Link:
    """Agree with a proposed link; it then holds.

    ForbiddenError for the one who proposed it and for the only one who keyed its forms (`keyed_by`:
    account ids). What the program proposed is proposed by whoever agrees first, and confirmed by
    the next, unless the setting `reconcile.exact_links_by_one` lets one person suffice.
    """
    said = _reason(reason)
    with vault.change(actor, AuditAction.IDENTITY_CONFIRM, target=link_id, reason=said) as db:
        link = get(db, link_id)
        LIFECYCLE.check(link.state, CONFIRMED)
        if not link.proposed_by and not (link.exact and settings.reconcile.exact_links_by_one):
            link = replace(link, proposed_by=actor.id, proposed_by_name=actor.name, reason=said)
        else:
            check_confirmer(link, actor.id, keyed_by)
            link = replace(
                link, state=CONFIRMED, confirmed=vault.now(), confirmed_by=actor.id,
                confirmed_by_name=actor.name, confirmed_reason=said,
            )  # fmt: skip
        store.save_link(db, link)
    return link


def check_confirmer(link: Link, person_id: str, keyed_by: Sequence[str]) -> None:
    """ForbiddenError with the reason unless this person may be the second one."""
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


def reject(vault: Vault, link_id: str, actor: Actor, reason: str) -> Link:
    """Refuse a proposed link; another may then be proposed. The proposer may do so too."""
    return _end(vault, link_id, REJECTED, AuditAction.IDENTITY_REJECT, actor, reason)


def undo(vault: Vault, link_id: str, actor: Actor, reason: str) -> Link:
    """Take a confirmed link back: the number stands for itself again, as it did before."""
    return _end(vault, link_id, UNDONE, AuditAction.IDENTITY_UNDO, actor, reason)


def _end(
    vault: Vault, link_id: str, to: str, action: AuditAction, actor: Actor, reason: str
) -> Link:
    said = _reason(reason)
    with vault.change(actor, action, target=link_id, reason=said) as db:
        link = get(db, link_id)
        LIFECYCLE.check(link.state, to)
        link = replace(
            link, state=to, ended=vault.now(), ended_by=actor.id, ended_by_name=actor.name,
            ended_reason=said,
        )  # fmt: skip
        store.save_link(db, link)
    return link


def get(db: Database, link_id: str) -> Link:
    """One link; NotFoundError."""
    for link in store.fetch_links(db, "id = ?", link_id):
        return link
    raise NotFoundError("identity.unknown", "There is no such link.", "See the work list.")


def of_outage(db: Database, outage: str) -> dict[str, list[Link]]:
    """Every link of an outage by its key, oldest first."""
    found: dict[str, list[Link]] = {}
    for link in store.fetch_links(db, "outage = ?", outage):
        found.setdefault(link.key, []).append(link)
    return found


def _reason(text: str) -> str:
    if not text.strip():
        raise InputError(
            "identity.reason", "A reason is needed.", "Say in a few words how you know."
        )
    return text.strip()
