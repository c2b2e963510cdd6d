"""What two forms say alike is never returned twice unseen, whichever is keyed, compared or sent first."""

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from downtime.clinical.model import MedicationRequest
from downtime.entry import send_back_entry
from downtime.paper.model import Subject
from downtime.reconcile import decide_item, find_items
from downtime.reconcile.compare import run_comparison
from downtime.reconcile.model import Decision
from downtime.reconcile.store.items import save_decisions
from downtime.reconcile.wording import explain
from tests.integration.keying_steps import submit_checked, submit_confirmed

from .conftest import BLOODS, HOSPITAL, LATER, SIGNED

LONDON = ZoneInfo("Europe/London")

FBC = {key: text for key, text in BLOODS.items() if key != "test.ue"}
SWAB = SIGNED | {
    "priority": "routine",
    "collected": "2026-11-02T13:00",
    "requester": "Dr Ng",
    "specimen": "Wound swab",
    "site": "left foot",
    "test.mcs": "true",
    "reason": "pus",
}
UNIT = SIGNED | {
    "donation:1": "G101 626 042 231",
    "component:1": "Red cells, O pos",
    "fate:1": "transfused",
    "fate-at:1": "2026-11-02T13:00",
    "by:1": "Sam Okoro",
}


def taken(at):
    return FBC | {"collected": f"2026-11-02T{at}"}


@pytest.fixture
def states(vault, settings, outage, recovered, actor):
    """Compare, and say the state of each form."""

    def compared(settings=settings):
        run_comparison.run_comparison(vault, settings, actor, "recovered")
        rows = find_items.list_items(vault, outage.id)
        return {row.item.fact.serial: row.item.state for row in rows}

    return compared


@pytest.mark.parametrize("at_once", [1, 1000])
def test_the_one_that_happened_first_stands_though_it_is_printed_and_compared_last(
    settings, keyed, states, at_once
):
    small = replace(settings, reconcile=replace(settings.reconcile, forms_at_once=at_once))
    later, repeat, first = keyed("blood-sciences-request", taken("13:20")), keyed(
        "blood-sciences-request", taken("13:55")
    ), keyed("blood-sciences-request", taken("13:00"))  # fmt: skip
    assert states(small) == {first: "new", later: "conflict", repeat: "new"}


def test_a_form_that_is_keyed_later_is_seen_beside_those_compared_before(vault, keyed, states):
    second = keyed("blood-sciences-request", taken("13:50"))
    assert states() == {second: "new"}
    first = keyed("blood-sciences-request", taken("13:40"))
    assert states() == {first: "new", second: "conflict"}
    words = explain(find_items.get_item(vault, f"{second}-test.fbc").item, LONDON)
    assert "asks for the same, sample taken 02-Nov-2026 13:40" in words


def test_a_dose_on_two_papers_under_two_names_of_one_code_is_left_to_two_people(
    vault, outage, hold, keyed, states
):
    orders = map(prescribed, ("Brandaxol", "Substanzin", "Other 5 mg"))
    hold(3, (*HOSPITAL, *orders), LATER)
    second = keyed("insulin", insulin("Substanzin", "13:50"))
    other = keyed("insulin", insulin("Other 5 mg", "13:50"))
    assert states() == {second: "held", other: "held"}
    first = keyed("insulin", insulin("Brandaxol", "13:40"))
    assert states() == {first: "held", second: "conflict", other: "held"}
    item = next(
        r.item for r in find_items.list_items(vault, outage.id) if r.item.fact.serial == second
    )
    assert "says Brandaxol 6 units" in explain(item, LONDON)
    assert item.needs_second_person


def prescribed(name):
    code = "SCT|2002000" if name.startswith("Other") else "SCT|1001000"
    return MedicationRequest(id=f"q-{name}", patient="p-ann", medicine=name, codes=code)


def insulin(name, at):
    return SIGNED | {"taken:1": f"2026-11-02T{at}", "given:1": name, "dose:1": "6"}


def test_what_went_out_already_stands_before_what_happened_earlier(vault, keyed, states, checker):
    sent = keyed("blood-sciences-request", taken("13:50"))
    states()
    row = decide_item.decide_item(vault, f"{sent}-test.fbc", "return", checker, "not there")
    with vault.change(checker, "returns.test") as db:
        save_decisions(db, [replace(row, decided=replace(row.decided, decision=Decision.RETURNED))])
    first = keyed("blood-sciences-request", taken("13:40"))
    assert states() == {first: "conflict", sent: "new"}
    assert "returned already" in explain(
        find_items.get_item(vault, f"{first}-test.fbc").item, LONDON
    )


@pytest.mark.parametrize("how", ["corrected", "other-test", "sent-back"])
def test_when_the_other_form_no_longer_says_so_the_decision_is_an_ordinary_one_again(
    vault, settings, keyed, states, actor, checker, how
):
    first = keyed("blood-sciences-request", taken("13:40"))
    second = keyed("blood-sciences-request", taken("13:50"))
    assert states()[second] == "conflict"
    decide_item.decide_item(vault, f"{second}-test.fbc", "leave", checker, "written twice")
    send_back_entry.send_back(vault, first, checker, "read again")
    if how == "corrected":
        submit_confirmed(vault, settings, first, taken("11:40"), actor)
    if how == "other-test":
        submit_checked(
            vault, settings, first, taken("13:40") | {"test.fbc": "", "test.ue": "true"}, actor
        )
    assert states()[second] == "new"
    assert find_items.get_item(vault, f"{second}-test.fbc").is_open


def test_a_decision_about_it_is_kept_when_all_is_looked_at_again(
    vault, settings, keyed, states, checker
):
    keyed("blood-sciences-request", taken("13:40"))
    second = keyed("blood-sciences-request", taken("13:50"))
    states()
    decide_item.decide_item(vault, f"{second}-test.fbc", "leave", checker, "written twice")
    other = replace(settings, reconcile=replace(settings.reconcile, dose_match_minutes=29))
    assert states(other)[second] == "conflict"
    assert find_items.get_item(vault, f"{second}-test.fbc").decided.decision == "leave"


@pytest.mark.parametrize("sent", [False, True])
def test_whoever_leaves_the_first_and_returns_the_second_is_not_asked_again(
    vault, settings, keyed, states, checker, sent
):
    first = f"{keyed('blood-sciences-request', taken('13:40'))}-test.fbc"
    second = f"{keyed('blood-sciences-request', taken('13:50'))}-test.fbc"
    states()
    decide_item.decide_item(vault, first, "leave", checker, "the second was sent to the laboratory")
    row = decide_item.decide_item(vault, second, "return", checker, "the one that was sent")
    if sent:
        with vault.change(checker, "returns.test") as db:
            save_decisions(
                db, [replace(row, decided=replace(row.decided, decision=Decision.RETURNED))]
            )
    for minutes in (28, 29):
        states(replace(settings, reconcile=replace(settings.reconcile, dose_match_minutes=minutes)))
        assert find_items.get_item(vault, first).decided.decision == "leave"
        assert find_items.get_item(vault, second).decided.decision == (
            "returned" if sent else "return"
        )


def test_what_was_returned_in_spite_of_another_form_still_is_when_that_is_taken_back(
    vault, settings, keyed, states, actor, checker
):
    first = keyed("blood-sciences-request", taken("13:40"))
    second = keyed("blood-sciences-request", taken("13:50"))
    states()
    decide_item.decide_item(vault, f"{second}-test.fbc", "return", checker, "both are wanted")
    send_back_entry.send_back(vault, first, checker, "read again")
    submit_confirmed(vault, settings, first, taken("11:40"), actor)
    assert states()[second] == "new"
    assert find_items.get_item(vault, f"{second}-test.fbc").decided.decision == "return"


@pytest.mark.parametrize(
    ("site", "state"),
    [
        ("right foot", "new"),
        ("L foot, ulcer", "conflict"),
        ("", "conflict"),
        ("??", "conflict"),
        ("not known", "conflict"),
    ],
)
def test_swabs_of_two_sites_are_two_requests(keyed, states, site, state):
    keyed("microbiology-request", SWAB)
    later = {"collected": "2026-11-02T13:10", "site": site}
    second = keyed("microbiology-request", SWAB | later)
    assert states()[second] == state


def test_a_unit_of_blood_on_two_patients_forms_is_seen_and_takes_two_people(vault, keyed, states):
    first = keyed("blood-unit-fate", UNIT)
    assert states()[first] == "held"  # no system tells its units here
    other = Subject(patient="p-bob", mrn="H200", family="Stone", given="Bob")
    second = keyed("blood-unit-fate", UNIT | {"donation:1": "g101626042231", "event.time": "14:05",
                                              "fate-at:1": "2026-11-02T13:30"}, other)  # fmt: skip
    found = states()
    assert (found[first], found[second]) == ("conflict", "conflict")
    for serial in (first, second):
        row = find_items.get_item(vault, f"{serial}-unit-1")
        assert row.item.needs_second_person
        assert "for another patient" in explain(row.item, LONDON)


def test_looking_again_at_nothing_new_looks_at_nothing(vault, settings, keyed, states, actor):
    keyed("blood-sciences-request", taken("13:40"))
    keyed("blood-sciences-request", taken("13:50"))
    states()
    assert run_comparison.run_comparison(vault, settings, actor, "again").looked_at == 0
