"""The SQL of second keyings, of checks, and of who has which form on the screen."""

from collections.abc import Iterable, Iterator
from dataclasses import astuple
from typing import Any

import orjson
from sqlite_utils import Database

from downtime.entry.model import Check, SecondKeying


def fetch_second(db: Database, serial: str) -> SecondKeying | None:
    """The second keying of a form, None while nobody has begun it."""
    row = next(db.query("SELECT * FROM entry_second WHERE serial = ?", [serial]), None)
    return SecondKeying(**{**row, "answers": orjson.loads(row["answers"])}) if row else None


def save_second(db: Database, keyed: SecondKeying) -> None:
    """Insert or replace the second keying of a form."""
    db.execute(
        "INSERT INTO entry_second (serial, answers, person, name, changed, keyed)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (serial) DO UPDATE SET answers = excluded.answers,"
        " person = excluded.person, name = excluded.name, changed = excluded.changed,"
        " keyed = excluded.keyed",
        [
            keyed.serial, orjson.dumps(dict(keyed.answers)).decode(),
            keyed.person, keyed.name, keyed.changed, keyed.keyed,
        ],
    )  # fmt: skip


def delete_second(db: Database, serial: str) -> None:
    db.execute("DELETE FROM entry_second WHERE serial = ?", [serial])


def add_check(db: Database, check: Check) -> None:
    db.execute(
        "INSERT INTO entry_check (serial, outage, form, at, basis, fields, errors)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        list(astuple(check)),
    )


def has_check(db: Database, serial: str, basis: str) -> bool:
    """Whether a check of a form was noted in this way."""
    query = "SELECT 1 FROM entry_check WHERE serial = ? AND basis = ?"
    return db.execute(query, [serial, basis]).fetchone() is not None


def sum_last_checks(
    db: Database, outage: str, form: str, basis: str, last: int
) -> tuple[int, int, int]:
    """Forms, fields and errors of the last checks of a form in an outage."""
    query = (
        "SELECT count(*), coalesce(sum(fields), 0), coalesce(sum(errors), 0) FROM"
        " (SELECT fields, errors FROM entry_check WHERE outage = ? AND form = ? AND basis = ?"
        " ORDER BY at DESC, rowid DESC LIMIT ?)"
    )
    forms, fields, errors = db.execute(query, [outage, form, basis, last]).fetchone()
    return int(forms), int(fields), int(errors)


def find_checked_forms(db: Database, outage: str) -> list[str]:
    """The forms of which an entry was ever checked in an outage."""
    query = "SELECT DISTINCT form FROM entry_check WHERE outage = ? ORDER BY form"
    return [str(row[0]) for row in db.execute(query, [outage]).fetchall()]


def sum_checks(db: Database, outage: str, also: Iterable[str]) -> list[dict[str, Any]]:
    """Forms, fields and errors of every check in an outage and of forms of these serials.

    One row a form and basis. A form printed ahead of an outage carries none, so it is named.
    """
    query = (
        "SELECT form, basis, count(*) AS forms, sum(fields) AS fields, sum(errors) AS errors"
        " FROM entry_check WHERE outage = ? OR serial IN (SELECT value FROM json_each(?))"
        " GROUP BY form, basis ORDER BY form, basis"
    )
    return list(db.query(query, [outage, orjson.dumps(list(also)).decode()]))


def fetch_claim(db: Database, serial: str, now: str) -> dict[str, Any] | None:
    """Who has a form, None when nobody has or their time is over."""
    query = "SELECT * FROM entry_claim WHERE serial = ? AND until > ?"
    return next(db.query(query, [serial, now]), None)


def fetch_claims(db: Database, now: str) -> Iterator[dict[str, Any]]:
    """Every form that somebody has."""
    return db.query("SELECT * FROM entry_claim WHERE until > ?", [now])


def save_claim(
    db: Database, serial: str, person: str, name: str, since: str, until: str, minutes: int
) -> None:
    db.execute(
        "INSERT OR REPLACE INTO entry_claim (serial, person, name, since, until, minutes)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        [serial, person, name, since, until, minutes],
    )


def delete_claim(db: Database, serial: str) -> None:
    db.execute("DELETE FROM entry_claim WHERE serial = ?", [serial])


def delete_ended_claims(db: Database, now: str) -> None:
    db.execute("DELETE FROM entry_claim WHERE until <= ?", [now])
