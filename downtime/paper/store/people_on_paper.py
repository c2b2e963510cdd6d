"""The SQL of whom pages were printed for: by the ids and numbers that they had then."""

from collections import defaultdict
from typing import NamedTuple

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


class PaperForm(NamedTuple):
    """A form that somebody has on paper, by its name and the digest of the version that was printed."""

    name: str
    layout: str


def fetch_forms_by_id(db: Database, outage: str, *, drill: bool) -> dict[str, set[PaperForm]]:
    """By id, the forms printed for each person in this outage, or out since another; neither void nor lost."""
    query = (
        "SELECT DISTINCT patient, form, layout FROM form_issue WHERE returns AND patient <> '' AND drill = ?"
        " AND state NOT IN (?, ?) AND (outage = ? OR state IN (SELECT value FROM json_each(?)))"
    )
    values = [int(drill), FormState.VOID, FormState.LOST, outage, orjson.dumps(OUT).decode()]
    forms = defaultdict[str, set[PaperForm]](set)
    for patient, form, layout in db.execute(query, values):
        forms[patient].add(PaperForm(form, layout))
    return forms
