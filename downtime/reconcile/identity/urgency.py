"""Whose unknown person is settled first: blood and results before a form that can wait."""

from collections.abc import Iterable, Mapping

from downtime.config import Home
from downtime.entry.facts import Fact
from downtime.paper.forms.load_form import load_forms
from downtime.settings import Settings


def urgency_order(home: Home, settings: Settings) -> Mapping[str, int]:
    """The place of each urgent form by its name, 1 before all: the site's, or that of its file."""
    if order := settings.reconcile.urgent_forms:
        return {name: place for place, name in enumerate(order, 1)}
    return {name: form.urgent for name, form in load_forms(home).items() if form.urgent}


def most_urgent(found: Iterable[Fact], places: Mapping[str, int]) -> int:
    """The place of the most urgent form that says any of this; 0 when none is urgent."""
    return min((places[fact.form] for fact in found if fact.form in places), default=0)
