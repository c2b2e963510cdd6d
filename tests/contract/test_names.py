"""Names say what they are: the words that say nothing here are listed, and hardly ever used."""

import ast

import pytest

from tests.contract import house, names

ALLOWED: dict[str, str] = {
    "downtime.clinical.model:given": "FHIR HumanName.given, and a column of stored doses",
    "downtime.entry.facts:given": "FHIR HumanName.given",
    "downtime.entry.model:doubt": "a column of stored scans: why it is not certain whose one is",
    "downtime.outage.events.model:given": "FHIR HumanName.given",
    "downtime.outage.events.registered_people:given": "FHIR HumanName.given",
    "downtime.reconcile.identity.match_patient:given": "FHIR HumanName.given",
    "downtime.paper.model:given": "FHIR HumanName.given",
    "downtime.paper.mutual_aid.model:given": "FHIR HumanName.given",
    "downtime.paper.forms.model:each": "a word of form files: the group of which each row is a record",
    "downtime.scanning.pixels:left": "the edge of a box, beside right, top and bottom",
    "downtime.pdf.field_rectangle:LEFT": "CSS text-align",
    "downtime.snapshot.header:held": "systems on hold, as the glossary calls it; stands in bundles",
    "downtime.snapshot.update_state:held": "messages on hold, as the glossary calls it",
    "downtime.returns.model:HELD": "a message on hold, as outboxes and queues call it",
}
"""`module:name` of each exception, with the reason why it stays."""
SHARE = 0.005


def listed() -> dict[str, list[names.Name]]:
    """Names that say nothing, by `module:name`."""
    by_key: dict[str, list[names.Name]] = {}
    for name in names.all_names():
        if name.says_nothing:
            module = ".".join(name.path.relative_to(house.ROOT).with_suffix("").parts)
            by_key.setdefault(f"{module}:{name.name}", []).append(name)
    return by_key


def test_a_name_that_says_nothing_has_a_reason():
    unexplained = [
        str(name) for key, all_of_it in listed().items() if key not in ALLOWED for name in all_of_it
    ]
    assert unexplained == []
    assert set(ALLOWED) <= set(listed()), "a reason without its name"
    assert all(ALLOWED.values())


def test_hardly_any_name_says_nothing():
    everything = list(names.all_names())
    assert sum(name.says_nothing for name in everything) <= SHARE * len(everything)
    assert len(everything) > 10_000


@pytest.mark.parametrize(
    "source",
    [
        "def told(): pass",
        "class Said: pass",
        "def f(given): pass",
        "def f(*held): pass",
        "def f(a, *, kept=1): pass",
        "def f():\n    found = 1",
        "def f():\n    for one in []: pass",
        "def f():\n    with open('x') as made: pass",
        "x = lambda near: near",
        "class C:\n    words: str",
        "_TWICE = 2",
        "def f():\n    if (left := 1): pass",
        "def f(x):\n    match x:\n        case [rest]: pass",
        "def f():\n    return [here for here in ()]",
    ],
)
def test_the_check_itself_sees_every_kind_of_name(source):
    bound = [name for _, _, name in names.names(ast.parse(source))]
    assert any(name.strip("_").lower() in names.SAY_NOTHING for name in bound)
