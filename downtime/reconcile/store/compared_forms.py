"""The SQL of what was compared when: forms, and the people on them."""

from collections.abc import Iterable
from typing import NamedTuple

import orjson
from sqlite_utils import Database


class ComparedForm(NamedTuple):
    """A form as it was compared: a stamp of its entry, and ids of the people on it."""

    serial: str
    stamp: str
    people: str


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


def fetch_people(db: Database, outage: str) -> dict[str, tuple[str, str]]:
    """Id of everybody on a compared form to their JSON and the patient found."""
    query = "SELECT id, person, patient FROM compared_person WHERE outage = ?"
    return {row[0]: (row[1], row[2]) for row in db.conn.execute(query, (outage,))}


def fetch_people_of_patients(db: Database, outage: str, patients: Iterable[str]) -> set[str]:
    """Ids of those on a compared form who were printed for, or found to be, one of these patients."""
    query = (
        "WITH wanted AS (SELECT value FROM json_each(?)) SELECT id FROM compared_person"
        " WHERE outage = ? AND (patient IN wanted OR json_extract(person, '$.id') IN wanted)"
    )
    return {row[0] for row in db.conn.execute(query, (_list(patients), outage))}


def save_people(db: Database, outage: str, found: Iterable[tuple[str, str, str]]) -> None:
    """Record people: id, JSON, patient found."""
    db.conn.executemany(
        "INSERT OR REPLACE INTO compared_person (outage, id, person, patient) VALUES (?, ?, ?, ?)",
        ((outage, *row) for row in found),
    )


def fetch_people_of_forms(db: Database, serials: Iterable[str]) -> set[str]:
    """Ids of the people who were on these forms when they were last compared."""
    query = "SELECT people FROM compared_form WHERE serial IN (SELECT value FROM json_each(?))"
    rows = db.conn.execute(query, (_list(serials),))
    return {key for (held,) in rows for key in held.split()}


def delete_people(db: Database, outage: str, ids: set[str]) -> None:
    """Forget those of these people who are on no form any more: what was corrected links nobody."""
    if not ids:
        return
    rows = db.conn.execute("SELECT people FROM compared_form WHERE outage = ?", (outage,))
    gone = ids.difference(*(held.split() for (held,) in rows))
    db.conn.executemany(
        "DELETE FROM compared_person WHERE outage = ? AND id = ?", ((outage, key) for key in gone)
    )


def fetch_people_with_downtime_number(db: Database, outage: str) -> list[str]:
    """As JSON, everybody on a compared form who has a downtime number."""
    query = (
        "SELECT person FROM compared_person WHERE outage = ?"
        " AND instr(person, '\"downtime_number\":')"  # what is empty is left out of the JSON
    )
    return [row[0] for row in db.conn.execute(query, (outage,))]


def fetch_forms_of_people(db: Database, outage: str, ids: Iterable[str]) -> set[str]:
    """Serials of the forms that are about one of these people."""
    wanted = set(ids)
    if not wanted:
        return set()
    query = (
        "SELECT serial, people FROM compared_form WHERE outage = ?"
        " AND (people IN (SELECT value FROM json_each(?)) OR instr(people, ' '))"
    )
    rows = db.conn.execute(query, (outage, _list(wanted)))
    return {serial for serial, held in rows if not wanted.isdisjoint(held.split())}


def _list(values: Iterable[str]) -> str:
    return orjson.dumps(list(values)).decode()
