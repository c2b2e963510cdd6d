"""The SQL of what a comparison reads: entries beside the forms they were keyed from, in one go."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import orjson
from sqlite_utils import Database

from downtime.entry.facts import Fact, Person


class Said(NamedTuple):
    """An entered form: the digest of its layout, what was keyed, what all its facts share."""

    layout: str
    answers: Mapping[str, str]
    base: Fact


_PERSON = (
    "id", "mrn", "nhs_number", "downtime_number", "family", "given", "prefix", "birth_date",
    "gender",
)  # fmt: skip
_SAID = (
    "SELECT e.serial, e.form, f.ward, e.event, e.entered, e.author, e.author_role, e.transcriber,"  # noqa: S608
    f" f.layout, e.answers, f.patient, {', '.join(f'f.{name}' for name in _PERSON[1:])}"
    " FROM json_each(?) AS wanted CROSS JOIN entry AS e ON e.serial = wanted.value"
    " CROSS JOIN form_issue AS f ON f.serial = e.serial"
    " WHERE f.outage <> '' OR NOT f.drill ORDER BY wanted.key"
)


def said(db: Database, serials: Iterable[str]) -> Iterator[Said]:
    """What these forms say, in their order; nothing of one that was printed for a drill."""
    people: dict[tuple[str, ...], Person] = {}
    for row in db.conn.execute(_SAID, (orjson.dumps(list(serials)).decode(),)):
        (serial, form, ward, event, entered, author, role, transcriber, layout, answers, *who) = row
        about = people.get(numbers := tuple(who))
        if about is None:
            about = people[numbers] = Person(**dict(zip(_PERSON, who, strict=True)))
        base = Fact(
            key=serial, type="", system="", form=form, serial=serial, ward=ward, person=about,
            event=event, entered=entered, author=author, author_role=role, transcriber=transcriber,
        )  # fmt: skip
        yield Said(layout, orjson.loads(answers), base)
