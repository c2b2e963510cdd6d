"""Admitted and discharged in an outage: by the time of the event, on the ward where it happened."""

from downtime.clinical.model import Encounter
from downtime.entry.facts import Fact, PaperPerson
from downtime.reconcile.model import Item, ItemState
from downtime.returns.statement.statement_facts import count_movements, find_first_wards

SINCE, UNTIL = "2026-11-02T12:00:00Z", "2026-11-03T12:00:00Z"


def stay(number: str, started: str, ended: str = "", status: str = "in-progress") -> Encounter:
    return Encounter(
        id=number, patient="p", ward="B2", kind="inpatient", status=status, started=started,
        ended=ended,
    )  # fmt: skip


def test_only_what_happened_while_systems_were_down_counts():
    stays = (
        stay("before", "2026-11-01T08:00:00Z", "2026-11-02T15:00:00Z", "finished"),
        stay("during", "2026-11-02T13:00:00Z"),
        stay("both", "2026-11-02T14:00:00Z", "2026-11-03T13:00:00Z", "finished"),
        stay("after", "2026-11-03T12:00:00Z"),
        stay("never", "2026-11-02T16:00:00Z", status="cancelled"),
    )
    found = count_movements(stays, SINCE, UNTIL, {})
    assert found == {"admitted": {"B2": 2}, "discharged": {"B2": 1}}


def test_an_admission_counts_where_a_form_says_that_it_began():
    def paper(event: str, ward: str, number: str) -> Item:
        fields = {"ward": ward} | ({"event": event} if event else {})
        fact = Fact(
            key=f"{ward}-{event}", type="Encounter", system="PAS", form="admission", serial="K7",
            ward=ward, person=PaperPerson(), event=SINCE, entered=SINCE, author="", author_role="",
            transcriber="", fields=fields, notes=(),
        )  # fmt: skip
        return Item(fact, ItemState.ALREADY_THERE, (), matched_ids=(number,))

    began = find_first_wards([paper("", "AMU", "one"), paper("transfer", "C3", "two")])
    assert began == {"one": "AMU"}
    stays = (stay("one", "2026-11-02T13:00:00Z"), stay("two", "2026-11-02T13:00:00Z"))
    assert count_movements(stays, SINCE, UNTIL, began)["admitted"] == {"AMU": 1, "B2": 1}
