"""Which forms a comparison has to look at: what was keyed, linked or recovered otherwise since.

A finding rests on the entry, on who its people are, on their records in the recovered snapshot, and
on the settings and the snapshot of T0. Where none of it has changed, the finding stands.
"""

import hashlib
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import fields
from functools import lru_cache
from importlib.metadata import version

import orjson

from downtime.clinical.identifiers import Identifier
from downtime.clinical.records import Patient
from downtime.entry.facts import Fact, Person
from downtime.errors import NotFoundError
from downtime.outage.model import Outage
from downtime.reconcile import store_compared, store_links
from downtime.reconcile.gather import THEIRS
from downtime.reconcile.identity.match import SERIAL, Links, links
from downtime.reconcile.store import Run, person_json
from downtime.reconcile.view import folded_number
from downtime.settings import ReconcileSettings, Settings
from downtime.snapshot import load
from downtime.snapshot.difference import changed_patients
from downtime.vault.vault import Vault


def basis(settings: Settings, outage: Outage) -> str:
    """Digest of what every finding of an outage rests on beside forms and recovered records."""
    said = (
        version("downtime"),
        outage.snapshot,
        {
            field.name: getattr(settings.reconcile, field.name)
            for field in fields(ReconcileSettings)
        },
        settings.systems.records,
        settings.site.time_zone,
    )
    return hashlib.sha256(orjson.dumps(said, default=dict)).hexdigest()[:16]


@lru_cache(maxsize=4096)
def person_id(person: Person) -> str:
    """Names a person as written, within one outage."""
    return hashlib.blake2b(person_json(person).encode(), digest_size=9).hexdigest()


def linked(vault: Vault, outage: str, decided: Links) -> Links:
    """Every link that holds: by forms that name one person by two numbers, and by decision."""
    held = store_compared.numbered(vault.db, outage)
    return {**links(_speaking(Person(**orjson.loads(text)) for text in held)), **decided}


def _speaking(people: Iterable[Person]) -> Iterable[Fact]:
    return (
        Fact(key="", type="", system="", form="", serial="", person=person) for person in people
    )


def link_digests(held: Links) -> dict[str, str]:
    """Each link with a digest of whom it means."""
    return {key: hashlib.blake2b(repr(who).encode(), digest_size=9).hexdigest()
            for key, who in held.items()}  # fmt: skip


def stale_by_links(vault: Vault, outage: str, held: Links) -> set[str]:
    """Forms whose people were linked, or are no longer, since they were last compared."""
    before, now = store_links.links(vault.db, outage), link_digests(held)
    changed = {key for key in before.keys() | now.keys() if before.get(key) != now.get(key)}
    if not changed:
        return set()
    serials = {key.removeprefix(SERIAL)[:9] for key in changed if key.startswith(SERIAL)}
    written = store_compared.people(vault.db, outage)
    ids = {key for key, (text, _) in written.items()
           if orjson.loads(text).get("downtime_number") in changed}  # fmt: skip
    return serials | store_compared.forms_of(vault.db, outage, ids)


def stale_by_records(vault: Vault, outage: Outage, last: Run, recovered: str) -> set[str] | None:
    """Forms whose people have other records in the recovered snapshot than in the last one.

    None when the last one is no longer on this machine, or holds other types of record.
    """
    if last.snapshot == recovered:
        return set()
    try:
        before, after = load.get(vault, last.snapshot), load.get(vault, recovered)
    except NotFoundError:
        return None
    with closing(before), closing(after):
        if set(before.header.holds) != set(after.header.holds):
            return None
        found = changed_patients(before, after, THEIRS)
    numbers = {n for patient in found.patients for n in _numbers(patient)}
    ids = store_compared.people_of_patients(vault.db, outage.id, found.ids)
    if numbers:
        written = store_compared.people(vault.db, outage.id)
        ids |= {key for key, (text, _) in written.items()
                if not numbers.isdisjoint(_written(orjson.loads(text)))}  # fmt: skip
    return store_compared.forms_of(vault.db, outage.id, ids)


def _numbers(patient: Patient) -> set[str]:
    values = [patient.mrn, patient.nhs_number]
    values += [Identifier.parse(text).value for text in patient.identifiers]
    return {folded_number(value) for value in values if value}


def _written(person: Mapping[str, str]) -> set[str]:
    names = ("mrn", "nhs_number", "downtime_number")
    return {folded_number(text) for name in names if (text := person.get(name, ""))}
