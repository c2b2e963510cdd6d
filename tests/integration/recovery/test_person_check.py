"""Who a form is about is checked: the printed person, the one whom a number brings up, or another."""

from contextlib import closing

import pytest

from downtime.entry import confirm_entry, double_keying, keying
from downtime.entry.check_person import fill_checked, find_owner
from downtime.entry.facts import PERSON_CHECK, PersonCheck
from downtime.entry.keyed_answers import make_fact_reader
from downtime.entry.model import EntryOrigin, Task
from downtime.entry.open_form import open_form
from downtime.entry.plausibility.model import ConfirmReason, ConfirmRequest, Rule
from downtime.entry.validation import InvalidAnswersError
from downtime.paper.model import Subject
from downtime.snapshot import local_snapshots
from tests.integration.keying_steps import asked, key_again

from .conftest import ANN, OBSERVED, PHONED, SIGNED

BLANK = Subject(downtime_number="DK700001X")
SAME = {PERSON_CHECK: PersonCheck.SAME}
BOB = {PERSON_CHECK: PersonCheck.DIFFERS, "patient.name": "Stone, Bob", "patient.mrn": "H200"}


@pytest.fixture
def snapshot(vault, t0):
    with closing(local_snapshots.open_snapshot(vault, t0)) as opened:
        yield opened


def person_of(vault, settings, serial):
    ((_, facts),) = make_fact_reader(vault, settings)([serial])
    return facts[0].person


def test_a_paper_that_names_somebody_else_is_about_them(vault, settings, issue, actor, checker):
    serial = issue("phoned-result")
    entry = keying.submit_entry(vault, settings, serial, PHONED | BOB, actor)
    assert entry.waits == Task.KEY_AGAIN
    person = person_of(vault, settings, serial)
    assert (person.mrn, person.family, person.id) == ("H200", "Stone", "")
    assert ANN.mrn not in person
    again = asked(vault, settings, serial, entry.answers)
    assert {"patient.name", "patient.mrn"} <= again.keys(), "who it is is keyed twice"
    assert key_again(vault, settings, serial, checker).state == "verified"


def test_the_same_person_is_the_printed_one(vault, settings, issue, actor):
    serial = issue("observations")
    keying.submit_entry(vault, settings, serial, OBSERVED | SAME, actor)
    assert person_of(vault, settings, serial).id == ANN.patient
    assert not {"patient.name"} & set(open_form(vault, serial, settings).second_keys)


@pytest.mark.parametrize(
    "answers",
    [
        {PERSON_CHECK: PersonCheck.DIFFERS},
        {PERSON_CHECK: "perhaps"},
        SAME | {"patient.mrn": "H200"},
        {"patient.born": "1961-01-02"},
    ],
)
def test_a_contradiction_is_refused_not_believed(vault, settings, issue, actor, answers):
    with pytest.raises(InvalidAnswersError):
        keying.submit_entry(vault, settings, issue("observations"), OBSERVED | answers, actor)


def test_no_door_takes_a_form_without_a_word_on_whose_paper_it_is(
    vault, settings, issue, actor, checker
):
    """Who keys is refused; what is imported waits until somebody has looked at the paper."""
    serial, empty = issue("observations"), issue("observations")
    for number, answers, says_empty in ((serial, OBSERVED, False), (empty, SIGNED, True)):
        with pytest.raises(InvalidAnswersError, match="the one on the paper"):
            keying.submit_entry(vault, settings, number, answers, actor, says_empty=says_empty)
    taken = keying.submit_entry(
        vault, settings, serial, OBSERVED, actor, origin=EntryOrigin.IMPORTED
    )
    assert taken.waits == Task.CONFIRM
    _, (finding,) = confirm_entry.list_to_confirm(vault, settings, serial)
    assert (finding.key, finding.rule) == (PERSON_CHECK, Rule.PERSON_UNCHECKED)
    with pytest.raises(InvalidAnswersError, match="nobody has said"):
        confirm_entry.confirm_entry(vault, settings, serial, {}, checker)
    why = {PERSON_CHECK: ConfirmRequest(frozenset([finding.token]), ConfirmReason.ON_PAPER)}
    entry = confirm_entry.confirm_entry(vault, settings, serial, why, checker)
    assert entry.waits != Task.CONFIRM
    blank = issue("observations", BLANK)
    keyed = OBSERVED | {"patient.name": "Hill, Ann"}
    assert keying.submit_entry(vault, settings, blank, keyed, actor).state == "entered"


def test_a_number_brings_up_its_one_owner(snapshot):
    assert find_owner(snapshot, {"patient.mrn": "H100"}).id == "p-ann"
    for numbers in (
        {"patient.mrn": "H101"},
        {"patient.mrn": "H100", "patient.nhs": "9990000026"},
        {"patient.mrn": "??"},
        {},
    ):
        assert find_owner(snapshot, numbers) is None, numbers


def test_only_what_somebody_checked_is_filled_in_and_what_was_typed_stays(
    vault, settings, issue, snapshot
):
    blank = open_form(vault, issue("phoned-result", BLANK), settings)
    number = {"patient.mrn": "H100"}
    assert fill_checked(snapshot, blank, number) == number
    filled = fill_checked(snapshot, blank, number | SAME)
    assert (filled["patient.name"], filled["patient.born"]) == ("Hill, Ann", "1960-01-02")
    assert "patient.nhs" not in filled, "a number that nobody read on the paper is not keyed"
    typed = number | SAME | {"patient.name": "Hull, Ann"}
    assert fill_checked(snapshot, blank, typed)["patient.name"] == "Hull, Ann"
    differs = number | {PERSON_CHECK: PersonCheck.DIFFERS}
    assert "patient.name" not in fill_checked(snapshot, blank, differs)


def test_a_wrong_digit_that_is_somebody_elses_still_differs(
    vault, settings, issue, snapshot, actor, checker
):
    """The first one says yes to whoever comes up; the second one types what the paper says."""
    serial = issue("phoned-result", BLANK)
    blank = open_form(vault, serial, settings)
    hasty = fill_checked(snapshot, blank, PHONED | {"patient.mrn": "H100"} | SAME)
    keying.submit_entry(vault, settings, serial, hasty, actor)
    paper = PHONED | {"patient.mrn": "H200", "patient.name": "Stone, Bob"}
    second = asked(vault, settings, serial, paper)
    entry = double_keying.submit_second_keying(vault, settings, serial, second, checker)
    assert entry.waits == Task.ADJUDICATE
