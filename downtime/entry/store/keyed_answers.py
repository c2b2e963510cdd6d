"""The SQL of what a comparison reads: entries, beside whom their forms were printed for."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import orjson
from sqlite_utils import Database

from downtime.entry.facts import Fact, Person
from downtime.paper.store_subjects import fetch_printed_for


class KeyedAnswers(NamedTuple):
    """An entered form: the digest of its layout, what was keyed, what all its facts share."""

    layout: str
    answers: Mapping[str, str]
    base: Fact


_SAID = (
    "SELECT e.serial, e.form, e.event, e.entered, e.author, e.author_role, e.transcriber, e.answers"
    " FROM json_each(?) AS wanted CROSS JOIN entry AS e ON e.serial = wanted.value"
    " ORDER BY wanted.key"
)


def read_keyed_answers(db: Database, serials: Sequence[str]) -> Iterator[KeyedAnswers]:
    """What these forms say, in their order; nothing of one that was printed for a drill."""
    forms = fetch_printed_for(db, serials)
    people: dict[tuple[str, ...], Person] = {}
    for row in db.conn.execute(_SAID, (orjson.dumps(serials).decode(),)):
        serial, form, event, entered, author, role, transcriber, answers = row
        if serial not in forms:
            continue
        layout, ward, numbers = forms[serial]
        about = people.get(numbers)
        if about is None:
            about = people[numbers] = _person(*numbers)
        base = Fact(
            key=serial, type="", system="", form=form, serial=serial, ward=ward, person=about,
            event=event, entered=entered, author=author, author_role=role, transcriber=transcriber,
        )  # fmt: skip
        yield KeyedAnswers(layout, orjson.loads(answers), base)


def _person(patient: str, *rest: str) -> Person:
    """The columns of `store_subjects.PERSON` as a person; its `id` is the patient at T0."""
    mrn, nhs_number, downtime_number, family, given, prefix, birth_date, gender = rest
    return Person(
        id=patient, mrn=mrn, nhs_number=nhs_number, downtime_number=downtime_number,
        family=family, given=given, prefix=prefix, birth_date=birth_date, gender=gender,
    )  # fmt: skip
