"""What a state knows of people by their numbers."""

from collections.abc import Collection

import orjson
import sqlite_utils

from downtime.clinical.identifiers import NHS, Identifier
from downtime.snapshot.link_numbers import link_number
from downtime.snapshot.person_details import PersonDetails
from downtime.snapshot.plausible_people import KnownPerson
from downtime.snapshot.record_state import RecordState
from downtime.snapshot.traces import PERSON, list_traces


def select_known_people(
    db: sqlite_utils.Database, numbers: Collection[Identifier]
) -> dict[Identifier, KnownPerson]:
    """Those of these numbers under which anything was sent of a person."""
    known: dict[Identifier, KnownPerson] = {}
    by_link = {link_number(number): number for number in numbers}
    rows = db.conn.execute(
        "SELECT n.number, m.identifiers, r.body FROM json_each(?) j JOIN mention_number n"
        " ON n.number = j.value JOIN mention m ON m.id = n.mention"
        " LEFT JOIN record r ON r.mention = m.id AND r.type = 'Patient'",
        (orjson.dumps(list(by_link)).decode(),),
    )
    for link, identifiers, body in rows:
        person = known.setdefault(by_link[link], KnownPerson())
        person.nhs.update(value for kind, _, value in orjson.loads(identifiers) if kind == NHS)
        if body:
            fields = RecordState.from_json(body).fields
            person.details.update(map(PersonDetails.parse, list_traces(fields, PERSON)))
    return known
