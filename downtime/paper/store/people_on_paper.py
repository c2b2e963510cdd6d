"""The SQL of whom pages were printed for: by the ids and numbers that they had then."""

import orjson
from sqlite_utils import Database

from downtime.paper.model import OUT, FormState


def fetch_people(db: Database, *, drill: bool) -> set[tuple[str, ...]]:
    """Id, hospital number, NHS number and birth of everybody for whom a page was printed; void does not count."""
    query = (
        "SELECT DISTINCT patient, mrn, nhs_number, birth_date FROM form_issue"
        " WHERE patient <> '' AND drill = ? AND state <> ?"
    )
    return set(db.execute(query, [int(drill), FormState.VOID]))


def fetch_ids_with_forms(db: Database, outage: str, *, drill: bool) -> set[str]:
    """Ids of whom forms were printed in this outage, or are out since another; void does not count."""
    query = (
        "SELECT DISTINCT patient FROM form_issue WHERE returns AND patient <> '' AND drill = ?"
        " AND state <> ? AND (outage = ? OR state IN (SELECT value FROM json_each(?)))"
    )
    values = [int(drill), FormState.VOID, outage, orjson.dumps(OUT).decode()]
    return {row[0] for row in db.execute(query, values)}
