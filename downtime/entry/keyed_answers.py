"""What entered forms and events on the screen say, as facts; a definition is read once for all of its forms."""

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from zoneinfo import ZoneInfo

import orjson

from downtime.entry import keying_policy
from downtime.entry.event_facts import read_event_facts
from downtime.entry.fact_reader import find_facts, make_empty_fact
from downtime.entry.facts import Fact, PaperPerson
from downtime.entry.store import entries
from downtime.outage.events.model import is_event_id
from downtime.paper.forms.load_form import parse_form
from downtime.paper.forms.model import FormDefinition
from downtime.paper.store import issued_forms, layouts
from downtime.settings import Settings
from downtime.vault.vault import Vault

FactReader = Callable[[Sequence[str]], Iterator[tuple[str, list[Fact]]]]
"""Serials, and ids of events, to what each says; nothing of a form printed for a drill."""


def make_fact_reader(vault: Vault, settings: Settings) -> FactReader:
    """A reader of this vault's entries, under the policies of the site."""
    zone = ZoneInfo(settings.site.time_zone)

    @cache
    def definition(layout: str) -> FormDefinition:
        text = layouts.fetch_definition_text(vault.db, layout)
        return keying_policy.apply_policy(parse_form(text), settings)

    @cache
    def make_person(columns: tuple[str, ...]) -> PaperPerson:
        """The columns of `issued_forms.PERSON`, the first of which is the patient at T0."""
        return PaperPerson(*columns)

    def read(serials: Sequence[str]) -> Iterator[tuple[str, list[Fact]]]:
        events = [serial for serial in serials if is_event_id(serial)]
        yield from read_event_facts(vault, settings, events)
        printed_forms = issued_forms.fetch_printed_for(vault.db, serials)
        for row in entries.fetch_answers(vault.db, serials):
            if row.serial in printed_forms:
                layout, ward, columns = printed_forms[row.serial]
                base = Fact(
                    key=row.serial, type="", system="", form=row.form, serial=row.serial,
                    ward=ward, person=make_person(columns), event=row.event, entered=row.entered,
                    author=row.author, author_role=row.author_role, transcriber=row.transcriber,
                )  # fmt: skip
                answers = orjson.loads(row.answers)
                if row.emptiness:
                    yield row.serial, [make_empty_fact(definition(layout), answers, base)]
                else:
                    yield row.serial, find_facts(definition(layout), answers, base, zone)

    return read
