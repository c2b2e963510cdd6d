"""The SQL of what was compared last: forms, the people on them, and the links between people."""

import hashlib
from collections.abc import Iterable, Mapping, Set
from functools import lru_cache
from typing import NamedTuple

import orjson
from sqlite_utils import Database

from downtime.clinical.identifiers import Identifier, fold_number
from downtime.clinical.model import Patient
from downtime.entry.facts import PaperPerson
from downtime.reconcile.store.items import encode_person
from downtime.vault.database import json_list


class ComparedForm(NamedTuple):
    """A form as it was compared: a stamp of its entry, and ids of the people on it."""

    serial: str
    stamp: str
    people: str


class ComparedPerson(NamedTuple):
    """Somebody on a compared form: an id within the outage, JSON of the person, the patient found."""

    id: str
    content: str
    patient: str


@lru_cache(maxsize=4096)
def person_digest(person: PaperPerson) -> str:
    """Names a person as written, within one outage."""
    return hashlib.blake2b(encode_person(person).encode(), digest_size=9).hexdigest()


def fetch_stamps(db: Database, outage: str) -> dict[str, str]:
    """Serial of every form that was compared to the stamp of its entry then."""
    query = "SELECT serial, stamp FROM compared_form WHERE outage = ?"
    return {row[0]: row[1] for row in db.conn.execute(query, (outage,))}


def save_forms(db: Database, outage: str, forms: Iterable[ComparedForm]) -> None:
    """Record forms as compared now."""
    db.conn.executemany(
        "INSERT OR REPLACE INTO compared_form (serial, outage, stamp, people) VALUES (?, ?, ?, ?)",
        ((form.serial, outage, form.stamp, form.people) for form in forms),
    )


def delete_forms(db: Database, serials: Iterable[str]) -> None:
    """Forget forms that are no longer entered."""
    db.conn.executemany("DELETE FROM compared_form WHERE serial = ?", ((s,) for s in serials))


def _fetch_people(db: Database, outage: str) -> list[ComparedPerson]:
    query = "SELECT id, person, patient FROM compared_person WHERE outage = ?"
    return [ComparedPerson(*row) for row in db.conn.execute(query, (outage,))]


def fetch_people_with_downtime_number(db: Database, outage: str) -> list[str]:
    """As JSON, everybody on a compared form who has a downtime number."""
    query = (
        "SELECT person FROM compared_person WHERE outage = ?"
        " AND instr(person, '\"downtime_number\":')"  # what is empty is left out of the JSON
    )
    return [row[0] for row in db.conn.execute(query, (outage,))]


def save_people(db: Database, outage: str, people: Iterable[ComparedPerson]) -> None:
    """Record who was on compared forms."""
    db.conn.executemany(
        "INSERT OR REPLACE INTO compared_person (outage, id, person, patient) VALUES (?, ?, ?, ?)",
        ((outage, *person) for person in people),
    )


def delete_people(db: Database, outage: str, ids: set[str]) -> None:
    """Forget those of these people who are on no form any more: what was corrected links nobody."""
    if not ids:
        return
    rows = db.conn.execute("SELECT people FROM compared_form WHERE outage = ?", (outage,))
    gone = ids.difference(*(people.split() for (people,) in rows))
    db.conn.executemany(
        "DELETE FROM compared_person WHERE outage = ? AND id = ?", ((outage, key) for key in gone)
    )


def fetch_people_of_forms(db: Database, serials: Iterable[str]) -> set[str]:
    """Ids of the people who were on these forms when they were last compared."""
    query = "SELECT people FROM compared_form WHERE serial IN (SELECT value FROM json_each(?))"
    rows = db.conn.execute(query, (json_list(serials),))
    return {key for (people,) in rows for key in people.split()}


def fetch_forms_of_patients(
    db: Database, outage: str, ids: Iterable[str], patients: Iterable[Patient]
) -> set[str]:
    """Serials of the forms about these patients: found to be theirs, or with one of their numbers.

    `ids` are all of them; `patients` those that a snapshot holds.
    """
    people = _fetch_people_of_patients(db, outage, ids)
    if numbers := {number for patient in patients for number in _numbers_of(patient)}:
        people |= {
            person.id
            for person in _fetch_people(db, outage)
            if not numbers.isdisjoint(_numbers_on_paper(orjson.loads(person.content)))
        }
    return _fetch_forms_of_people(db, outage, people)


def _numbers_of(patient: Patient) -> set[str]:
    values = [patient.mrn, patient.nhs_number]
    values += [Identifier.parse(text).value for text in patient.identifiers]
    return {fold_number(value) for value in values if value}


def _numbers_on_paper(person: Mapping[str, str]) -> set[str]:
    names = ("mrn", "nhs_number", "downtime_number")
    return {fold_number(text) for name in names if (text := person.get(name, ""))}


def fetch_forms_of_downtime_numbers(db: Database, outage: str, numbers: Set[str]) -> set[str]:
    """Serials of the forms about somebody with one of these downtime numbers."""
    ids = {
        person.id
        for person in _fetch_people(db, outage)
        if orjson.loads(person.content).get("downtime_number") in numbers
    }
    return _fetch_forms_of_people(db, outage, ids)


def _fetch_people_of_patients(db: Database, outage: str, patients: Iterable[str]) -> set[str]:
    """Ids of those on a compared form who were printed for, or found to be, one of these patients."""
    query = (
        "WITH wanted AS (SELECT value FROM json_each(?)) SELECT id FROM compared_person"
        " WHERE outage = ? AND (patient IN wanted OR json_extract(person, '$.id') IN wanted)"
    )
    return {row[0] for row in db.conn.execute(query, (json_list(patients), outage))}


def _fetch_forms_of_people(db: Database, outage: str, ids: Iterable[str]) -> set[str]:
    """Serials of the forms that are about one of these people."""
    wanted = set(ids)
    if not wanted:
        return set()
    query = (
        "SELECT serial, people FROM compared_form WHERE outage = ?"
        " AND (people IN (SELECT value FROM json_each(?)) OR instr(people, ' '))"
    )
    rows = db.conn.execute(query, (outage, json_list(wanted)))
    return {serial for serial, people in rows if not wanted.isdisjoint(people.split())}


def fetch_link_digests(db: Database, outage: str) -> dict[str, str]:
    """Key of each link that was in force at the last comparison to a digest of whom it meant."""
    query = "SELECT key, digest FROM compared_link WHERE outage = ?"
    return {row[0]: row[1] for row in db.conn.execute(query, (outage,))}


def save_link_digests(db: Database, outage: str, digests: Mapping[str, str]) -> None:
    """Replace the links that were in force."""
    db.execute("DELETE FROM compared_link WHERE outage = ?", [outage])
    db.conn.executemany(
        "INSERT INTO compared_link (outage, key, digest) VALUES (?, ?, ?)",
        ((outage, key, digest) for key, digest in digests.items()),
    )
