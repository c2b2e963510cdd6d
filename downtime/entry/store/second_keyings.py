"""The SQL of the tables entry_second (critical fields keyed again) and entry_check (what checks found)."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlite_utils import Database

from downtime.entry.model import Check, CheckSum, CheckTotals, SecondKeying, VerificationBasis
from downtime.vault.database import build_record, insert_record, json_list


def fetch(db: Database, serial: str) -> SecondKeying | None:
    """The second keying of a form, None while nobody has begun it."""
    row = next(db.query("SELECT * FROM entry_second WHERE serial = ?", [serial]), None)
    return parse(row) if row else None


def parse(row: Mapping[str, Any]) -> SecondKeying:
    """A second keying from its columns, as stored or as another machine sent them."""
    return build_record(SecondKeying, row)


def save(db: Database, keying: SecondKeying) -> None:
    """Insert or replace the second keying of a form."""
    insert_record(db, "entry_second", keying, replace=True)


def delete(db: Database, serial: str) -> None:
    """Remove the second keying of a form."""
    db.execute("DELETE FROM entry_second WHERE serial = ?", [serial])


def add_check(db: Database, check: Check) -> None:
    """Add what a check found."""
    insert_record(db, "entry_check", check)


def has_check(db: Database, serial: str, basis: VerificationBasis) -> bool:
    """Whether a form has a check on this basis."""
    query = "SELECT 1 FROM entry_check WHERE serial = ? AND basis = ?"
    return db.execute(query, [serial, basis]).fetchone() is not None


def sum_last_checks(
    db: Database, outage: str, form: str, basis: VerificationBasis, limit: int
) -> CheckTotals:
    """Totals of the last checks of a form in an outage."""
    query = (
        "SELECT count(*), coalesce(sum(fields), 0), coalesce(sum(errors), 0) FROM"
        " (SELECT fields, errors FROM entry_check WHERE outage = ? AND form = ? AND basis = ?"
        " ORDER BY at DESC, rowid DESC LIMIT ?)"
    )
    return CheckTotals(*db.execute(query, [outage, form, basis, limit]).fetchone())


def sum_last_readings(db: Database, basis: VerificationBasis, limit: int) -> CheckTotals:
    """Totals of the last checks of what the scanner read, whatever form and outage it was of."""
    query = (
        "SELECT count(*), coalesce(sum(fields), 0), coalesce(sum(errors), 0) FROM"
        " (SELECT fields, errors FROM entry_check WHERE basis = ? ORDER BY at DESC, rowid DESC LIMIT ?)"
    )
    return CheckTotals(*db.execute(query, [basis, limit]).fetchone())


def find_checked_forms(db: Database, outage: str) -> list[str]:
    """The forms of which an entry was ever checked in an outage."""
    query = "SELECT DISTINCT form FROM entry_check WHERE outage = ? ORDER BY form"
    return [str(row[0]) for row in db.execute(query, [outage]).fetchall()]


def sum_checks(db: Database, outage: str, also: Iterable[str]) -> list[CheckSum]:
    """Totals of every check in an outage and of forms of these serials, by form and basis.

    A form printed ahead of an outage carries none, so it is named.
    """
    query = (
        "SELECT form, basis, count(*), sum(fields), sum(errors)"
        " FROM entry_check WHERE outage = ? OR serial IN (SELECT value FROM json_each(?))"
        " GROUP BY form, basis ORDER BY form, basis"
    )
    rows = db.execute(query, [outage, json_list(also)]).fetchall()
    return [CheckSum(form, VerificationBasis(basis), *sums) for form, basis, *sums in rows]


def move_to_outages(db: Database, outages_by_serial: Mapping[str, str]) -> None:
    """Put the checks of forms under another outage."""
    pairs = [(outage, serial) for serial, outage in outages_by_serial.items()]
    db.conn.executemany("UPDATE entry_check SET outage = ? WHERE serial = ?", pairs)
