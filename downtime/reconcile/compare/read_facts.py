"""What the forms of an outage say, as facts; a definition is read once for all of its forms."""

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from zoneinfo import ZoneInfo

from downtime.entry import keying_policy
from downtime.entry.fact_reader import find_facts
from downtime.entry.facts import Fact
from downtime.entry.keyed_answers import read_keyed_answers
from downtime.paper.forms.load_form import parse_form
from downtime.paper.forms.model import FormDefinition
from downtime.paper.store import layouts
from downtime.settings import Settings
from downtime.vault.vault import Vault

FactReader = Callable[[Sequence[str]], Iterator[tuple[str, list[Fact]]]]
"""Serials to what each of these forms says, in their order; nothing of one printed for a drill."""


def make_fact_reader(vault: Vault, settings: Settings) -> FactReader:
    """A reader of this vault's entries, under the policies of the site."""
    zone = ZoneInfo(settings.site.time_zone)

    @cache
    def definition(layout: str) -> FormDefinition:
        text = layouts.fetch_definition_text(vault.db, layout)
        return keying_policy.apply_policy(parse_form(text), settings)

    def read(serials: Sequence[str]) -> Iterator[tuple[str, list[Fact]]]:
        for layout, answers, base in read_keyed_answers(vault.db, serials):
            yield base.serial, find_facts(definition(layout), answers, base, zone)

    return read
