"""Entries as a comparison reads them: what was keyed, beside whom the form was printed for."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import orjson
from sqlite_utils import Database

from downtime.entry.facts import Fact, PaperPerson
from downtime.entry.store import entries
from downtime.paper.store import issued_forms


class KeyedAnswers(NamedTuple):
    """An entered form: the digest of its layout, what was keyed, what all its facts share."""

    layout: str
    answers: Mapping[str, str]
    base: Fact


def read_keyed_answers(db: Database, serials: Sequence[str]) -> Iterator[KeyedAnswers]:
    """What these forms say, in their order; nothing of one that was printed for a drill."""
    printed_forms = issued_forms.fetch_printed_for(db, serials)
    people: dict[tuple[str, ...], PaperPerson] = {}
    for row in entries.fetch_answers(db, serials):
        serial, form, event, entered, author, role, transcriber, answers = row
        if serial not in printed_forms:
            continue
        layout, ward, columns = printed_forms[serial]
        person = people.get(columns)
        if person is None:
            # The columns of `issued_forms.PERSON`, the first of which is the patient at T0.
            person = people[columns] = PaperPerson(*columns)
        base = Fact(
            key=serial, type="", system="", form=form, serial=serial, ward=ward, person=person,
            event=event, entered=entered, author=author, author_role=role, transcriber=transcriber,
        )  # fmt: skip
        yield KeyedAnswers(layout, orjson.loads(answers), base)
