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
from downtime.clinical.model import Patient
from downtime.entry.facts import Fact, Person
from downtime.errors import NotFoundError
from downtime.outage.model import Outage
from downtime.reconcile.compare.load_records import PATIENT_RECORDS
from downtime.reconcile.identity.match_patient import SERIAL, Links, links_between_forms
from downtime.reconcile.model import ComparisonRun
from downtime.reconcile.record_index import fold_number
from downtime.reconcile.store import compared_forms, compared_links
from downtime.reconcile.store.items import encode_person
from downtime.settings import ReconcileSettings, Settings
from downtime.snapshot import load_bundle
from downtime.snapshot.store.changed_patients import find_changed_patients
from downtime.vault.vault import Vault


def comparison_basis(settings: Settings, outage: Outage) -> str:
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
def person_digest(person: Person) -> str:
    """Names a person as written, within one outage."""
    return hashlib.blake2b(encode_person(person).encode(), digest_size=9).hexdigest()


def find_links_in_force(vault: Vault, outage: str, decided: Links) -> Links:
    """Every link that holds: by forms that name one person by two numbers, and by decision."""
    held = compared_forms.fetch_people_with_downtime_number(vault.db, outage)
    return {
        **links_between_forms(_speaking(Person(**orjson.loads(text)) for text in held)),
        **decided,
    }


def _speaking(people: Iterable[Person]) -> Iterable[Fact]:
    return (
        Fact(key="", type="", system="", form="", serial="", person=person) for person in people
    )


def link_digests(held: Links) -> dict[str, str]:
    """Each link with a digest of whom it means."""
    return {key: hashlib.blake2b(repr(who).encode(), digest_size=9).hexdigest()
            for key, who in held.items()}  # fmt: skip


def find_forms_with_changed_links(vault: Vault, outage: str, held: Links) -> set[str]:
    """Forms whose people were linked, or are no longer, since they were last compared."""
    before, now = compared_links.fetch_link_digests(vault.db, outage), link_digests(held)
    changed = {key for key in before.keys() | now.keys() if before.get(key) != now.get(key)}
    if not changed:
        return set()
    serials = {key.removeprefix(SERIAL)[:9] for key in changed if key.startswith(SERIAL)}
    written = compared_forms.fetch_people(vault.db, outage)
    ids = {key for key, (text, _) in written.items()
           if orjson.loads(text).get("downtime_number") in changed}  # fmt: skip
    return serials | compared_forms.fetch_forms_of_people(vault.db, outage, ids)


def find_forms_with_changed_records(
    vault: Vault, outage: Outage, last: ComparisonRun, recovered: str
) -> set[str] | None:
    """Forms whose people have other records in the recovered snapshot than in the last one.

    None when the last one is no longer on this machine, or holds other types of record.
    """
    if last.snapshot == recovered:
        return set()
    try:
        before, after = (
            load_bundle.open_snapshot(vault, last.snapshot),
            load_bundle.open_snapshot(vault, recovered),
        )
    except NotFoundError:
        return None
    with closing(before), closing(after):
        if set(before.header.holds) != set(after.header.holds):
            return None
        found = find_changed_patients(before, after, PATIENT_RECORDS)
    numbers = {n for patient in found.patients for n in _numbers(patient)}
    ids = compared_forms.fetch_people_of_patients(vault.db, outage.id, found.ids)
    if numbers:
        written = compared_forms.fetch_people(vault.db, outage.id)
        ids |= {key for key, (text, _) in written.items()
                if not numbers.isdisjoint(_written(orjson.loads(text)))}  # fmt: skip
    return compared_forms.fetch_forms_of_people(vault.db, outage.id, ids)


def _numbers(patient: Patient) -> set[str]:
    values = [patient.mrn, patient.nhs_number]
    values += [Identifier.parse(text).value for text in patient.identifiers]
    return {fold_number(value) for value in values if value}


def _written(person: Mapping[str, str]) -> set[str]:
    names = ("mrn", "nhs_number", "downtime_number")
    return {fold_number(text) for name in names if (text := person.get(name, ""))}
