"""The SQL of whom forms were printed for, many forms at a time."""

from collections.abc import Sequence
from typing import NamedTuple

import orjson
from sqlite_utils import Database

PERSON = (
    "patient", "mrn", "nhs_number", "downtime_number", "family", "given", "prefix", "birth_date",
    "gender",
)  # fmt: skip
_QUERY = (
    f"SELECT f.serial, f.layout, f.ward, {', '.join(f'f.{name}' for name in PERSON)}"  # noqa: S608
    " FROM json_each(?) AS wanted CROSS JOIN form_issue AS f ON f.serial = wanted.value"
    " WHERE f.outage <> '' OR NOT f.drill"
)


class PrintedFor(NamedTuple):
    """The digest of a form's layout, its ward, and the columns of PERSON."""

    layout: str
    ward: str
    person: tuple[str, ...]


def fetch_printed_for(db: Database, serials: Sequence[str]) -> dict[str, PrintedFor]:
    """By serial, whom each form was printed for; nothing of one that was printed for a drill alone."""
    rows = db.conn.execute(_QUERY, (orjson.dumps(serials).decode(),))
    return {row[0]: PrintedFor(row[1], row[2], tuple(row[3:])) for row in rows}
