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
    links = sorted({link_number(number) for number in numbers})
    rows = db.conn.execute(
        "SELECT m.identifiers, r.body FROM json_each(?) j JOIN mention_number n"
        " ON n.number = j.value JOIN mention m ON m.id = n.mention"
        " LEFT JOIN record r ON r.mention = m.id AND r.type = 'Patient'",
        (orjson.dumps(links).decode(),),
    )
    wanted = set(numbers)
    for identifiers, body in rows:
        sent = [Identifier(*parts) for parts in orjson.loads(identifiers)]
        for number in wanted.intersection(sent):
            person = known.setdefault(number, KnownPerson())
            person.nhs.update(i.value for i in sent if i.type == NHS)
            if body:
                fields = RecordState.from_json(body).fields
                person.details.update(map(PersonDetails.parse, list_traces(fields, PERSON)))
    return known
