"""The forms of one unit of blood by their kind, as they are keyed, compared and decided about."""

from downtime.paper.model import Subject
from downtime.reconcile import decide_item, find_items
from downtime.reconcile.compare import run_comparison

from .conftest import SIGNED

DAY = "2026-11-02T"
LOG = SIGNED | {
    "fridge": "A&E", "taken:1": f"{DAY}12:40", "donation:1": "G101 626 042 231",
    "group:1": "O-neg", "patient:1": "H100",
    "name:1": "HILL, Ann", "reason:1": "bleeding", "authorised:1": "Dr Ng",
}  # fmt: skip
RECORD = SIGNED | {
    "reason": "bleeding", "component:1": "Red cells, O neg", "donation:1": "g101626042231",
    "checked:1": "Sam Okoro", "started:1": f"{DAY}12:55",
}  # fmt: skip
FATE = SIGNED | {
    "donation:1": "G101626042231", "component:1": "Red cells, O neg", "fate:1": "transfused",
    "fate-at:1": f"{DAY}14:00", "by:1": "Sam Okoro",
}  # fmt: skip
FORMS = {"log": ("emergency-blood-log", LOG), "record": ("transfusion-record", RECORD),
         "fate": ("blood-unit-fate", FATE)}  # fmt: skip


class Story:
    """The forms of a unit by their kind, as they are keyed, compared and decided about."""

    def __init__(self, vault, settings, outage, actor, keyed) -> None:
        self.vault, self.settings, self.outage = vault, settings, outage
        self.actor, self.keyed = actor, keyed
        self.keys = {}

    def key(self, *kinds, **more):
        for kind in kinds:
            form, answers = FORMS[kind]
            serial = self.keyed(form, answers | more, *([Subject()] if kind == "log" else []))
            self.keys[kind] = f"{serial}-unit-1"

    def states(self):
        rows = {row.key: row for row in find_items.list_items(self.vault, self.outage.id)}
        return {kind: rows[key].item.state for kind, key in self.keys.items()}

    def compare(self, settings=None):
        run_comparison.run_comparison(
            self.vault, settings or self.settings, self.actor, "recovered"
        )
        return self.states()

    def row(self, kind):
        return find_items.get_item(self.vault, self.keys[kind])

    def decide(self, kind, decision, actor):
        decide_item.decide_item(self.vault, self.keys[kind], decision, actor, "looked at")
        return self.states()
