"""The links that hold while forms are compared, and the forms that they changed."""

import hashlib

import orjson

from downtime.entry.facts import PaperPerson
from downtime.reconcile.compare.model import ComparisonTask
from downtime.reconcile.identity.links import confirmed_links
from downtime.reconcile.identity.match_patient import SERIAL, Links, links_between_people
from downtime.reconcile.model import AuditAction
from downtime.reconcile.store import compared_forms
from downtime.vault.vault import Vault


def find_links_in_force(vault: Vault, outage: str) -> Links:
    """Every link that holds: by forms that name one person by two numbers, and by decision."""
    people = compared_forms.fetch_people_with_downtime_number(vault.db, outage)
    by_forms = links_between_people(PaperPerson(**orjson.loads(person)) for person in people)
    return {**by_forms, **confirmed_links(vault.db)}


def find_relinked_forms(vault: Vault, outage: str, links: Links) -> set[str]:
    """Forms whose people were linked, or are no longer, since they were last compared."""
    now = _link_digests(links)
    before = compared_forms.fetch_link_digests(vault.db, outage)
    changed = {key for key in before.keys() | now.keys() if before.get(key) != now.get(key)}
    if not changed:
        return set()
    serials = {
        key.removeprefix(SERIAL).partition("-")[0] for key in changed if key.startswith(SERIAL)
    }
    return serials | compared_forms.fetch_forms_of_downtime_numbers(vault.db, outage, changed)


def save_links(vault: Vault, task: ComparisonTask, links: Links) -> None:
    """Record with which links the forms were compared."""
    outage, digests = task.outage.id, _link_digests(links)
    with vault.change(
        task.actor, AuditAction.RECONCILE_LINKS, target=outage, reason=task.reason
    ) as db:
        compared_forms.save_link_digests(db, outage, digests)


def _link_digests(links: Links) -> dict[str, str]:
    """Each link with a digest of whom it means."""
    return {
        key: hashlib.blake2b(repr(linked).encode(), digest_size=9).hexdigest()
        for key, linked in links.items()
    }


def forget_people(vault: Vault, task: ComparisonTask, ids: set[str]) -> Links:
    """Forget those of these people who are on no form any more; the links that are then in force."""
    outage = task.outage.id
    with vault.change(
        task.actor, AuditAction.RECONCILE_PEOPLE, target=outage, reason=task.reason
    ) as db:
        compared_forms.delete_people(db, outage, ids)
    return find_links_in_force(vault, outage)
