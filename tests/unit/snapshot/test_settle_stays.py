"""Stays as their messages mean them together, in whatever order those arrive."""

from itertools import permutations

import pytest

from downtime.feeds.model import FindingKind, Operation
from downtime.snapshot.record_state import Layer, RecordState, Stamp, apply_changes
from downtime.snapshot.settle_stays import drop_named_places, find_continuations, settle_stay
from downtime.snapshot.settled_state import SettledState

ADMITTED = {
    "status": "in-progress",
    "ward": "W1",
    "bed": "1",
    "was_in_bed": "1",
    "kind": "inpatient",
}
DISCHARGED = {"status": "finished", "ended": "2026-11-02T11:00:00Z"}
MOVED = {"moved": "1", "presence": "in-progress", "ward": "W2", "bed": "2"}
MOVED_LATE = FindingKind.MOVED_AFTER_DISCHARGE
PLANNED = {"plan": "planned", "planned_ward": "W9", "planned_bed": "9"}
NOT_PLANNED = {"plan": "cancelled"}


def layer(hour, fields, operation=Operation.SET):
    moment = f"2026-11-02T{hour:02}:00:00Z"
    return Layer(Stamp(moment, moment, 0, hour), fields, operation)


def settle(*messages):
    """The fields in every order in which the messages may come; they must be the same."""
    layers = [layer(hour, *message) for hour, message in enumerate(messages, start=1)]
    found = []
    for order in permutations(layers):
        state = apply_changes(RecordState(), order)
        found.append((settle_stay(state), dict(state.fields)))
    assert all(one == found[0] for one in found)
    return found[0]


@pytest.mark.parametrize("plan", [PLANNED, NOT_PLANNED])
def test_a_plan_moves_nobody_who_is_in_hospital(plan):
    _, fields = settle((ADMITTED,), (plan, Operation.CANCEL))
    assert (fields["status"], fields["ward"], fields["bed"]) == ("in-progress", "W1", "1")


def test_a_planned_admission_is_one_until_it_is_cancelled():
    _, fields = settle((PLANNED,))
    assert (fields["status"], fields["ward"], fields["bed"]) == ("planned", "W9", "9")
    _, fields = settle((PLANNED,), (NOT_PLANNED, Operation.CANCEL))
    assert fields["status"] == "cancelled"


def test_a_plan_after_a_discharge_is_of_the_next_stay():
    _, fields = settle((ADMITTED,), (DISCHARGED,), (PLANNED,))
    assert fields["status"] == "planned"


def test_whoever_is_moved_hours_after_a_discharge_lies_there_and_it_is_said():
    contradicts, fields = settle((ADMITTED,), (DISCHARGED,), (MOVED,))
    assert (contradicts, fields["status"], fields["ended"]) == (MOVED_LATE, "in-progress", "")


@pytest.mark.parametrize(
    ("second", "status"),
    [({}, "in-progress"), ({**DISCHARGED, "over_by": ""}, "finished")],
)
def test_a_discharge_time_of_before_the_admission_ends_nothing_and_is_said(second, status):
    stale = {"status": "finished", "ended": "2026-10-01", "over_by": "2026-10-01"}
    began = {**ADMITTED, "started": "2026-11-02T01:00:00Z"}
    contradicts, fields = settle((began,), (stale,), (second,))
    assert fields["status"] == status
    assert bool(fields["ended"]) is (status == "finished") is not bool(contradicts)


def test_a_leave_takes_no_discharge_back_and_is_said():
    contradicts, fields = settle((ADMITTED,), (DISCHARGED,), ({"presence": "in-progress"},))
    assert (contradicts, fields["status"]) == (MOVED_LATE, "finished")


def test_a_cancelled_admission_that_was_planned_is_planned_again():
    cancelled = ({"status": "cancelled"}, Operation.CANCEL)
    _, fields = settle((PLANNED,), (ADMITTED,), cancelled)
    assert (fields["status"], fields["ward"]) == ("planned", "W9")


def test_what_is_pending_says_where_somebody_is_when_nothing_else_does():
    pending = {"known_ward": "W3", "known_kind": "inpatient"}
    assert settle((pending,))[1]["ward"] == "W3"
    assert settle((ADMITTED,), (pending,))[1]["ward"] == "W1"


def test_a_transfer_alone_is_of_somebody_in_hospital():
    contradicts, fields = settle((MOVED,))
    assert (contradicts, fields["status"]) == (None, "in-progress")


def test_a_transfer_after_a_cancelled_admission_stands():
    cancelled = ({"status": "cancelled"}, Operation.CANCEL)
    assert settle((ADMITTED,), cancelled, (MOVED,))[1]["status"] == "in-progress"
    assert settle((ADMITTED,), (MOVED,), cancelled)[1]["status"] == "cancelled"


def test_who_lay_in_a_bed_is_in_hospital_whatever_class_comes_later():
    lounge = {"presence": "in-progress", "kind": "outpatient", "ward": "LOUNGE", "bed": ""}
    assert settle((ADMITTED,), (lounge,))[1]["kind"] == "inpatient"
    emptied = {**lounge, "was_in_bed": ""}
    assert settle((ADMITTED,), (emptied,))[1]["kind"] == "outpatient"


def state(hour, **fields):
    return apply_changes(RecordState(), [layer(hour, fields)])


def test_a_stay_goes_on_under_its_last_number():
    stays = {"V1": state(1, continued_as="V2"), "V2": state(2, continued_as="V3")}
    assert find_continuations(stays) == {"V1": "V2", "V2": "V3"}


def test_a_number_taken_back_is_the_present_one():
    stays = {"V1": state(1, continued_as="V2"), "V2": state(2, continued_as="V1")}
    assert find_continuations(stays) == {"V2": "V1"}


def place(source, person, **fields):
    return SettledState(source, "V1", None, person, state(1, **fields))


def test_a_place_that_a_result_names_is_a_clue_only_of_whom_nothing_else_is_known():
    ward = place("PAS", "a", ward="W1")
    named, clue = place("LIMS", "a", ward="W9"), place("LIMS", "b", ward="W9")
    assert drop_named_places([named, ward, clue], "PAS") == [ward, clue]
