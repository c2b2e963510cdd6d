"""What the forms of an outage say, as facts; a definition is read once for all of its forms."""

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from zoneinfo import ZoneInfo

from downtime.entry import policies, store_said
from downtime.entry.facts import Fact, facts
from downtime.paper import store as paper_store
from downtime.paper.forms.definition import from_text
from downtime.paper.forms.questionnaire import FormDefinition
from downtime.settings import Settings
from downtime.vault.vault import Vault

Read = Callable[[Sequence[str]], Iterator[tuple[str, list[Fact]]]]
"""Serials to what each of these forms says, in their order; nothing of one printed for a drill."""


def reader(vault: Vault, settings: Settings) -> Read:
    """A reader of this vault's entries, under the policies of the site."""
    zone = ZoneInfo(settings.site.time_zone)

    @cache
    def definition(layout: str) -> FormDefinition:
        text = paper_store.definition_text(vault.db, layout)
        return policies.applied(from_text(text), settings)

    def read(serials: Sequence[str]) -> Iterator[tuple[str, list[Fact]]]:
        for layout, answers, base in store_said.said(vault.db, serials):
            yield base.serial, facts(definition(layout), answers, base, zone)

    return read
