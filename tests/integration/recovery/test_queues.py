"""Queues: the order of recovery, one form to one person, nobody checks their own."""

import pytest

from downtime.entry import claims, double_keying, work_queues
from downtime.entry.model import Task
from downtime.entry.work_queues import QueueFilter
from downtime.errors import InputError
from downtime.paper import ledger, move_form
from downtime.paper.model import Subject
from downtime.settings import EntrySettings, Settings
from downtime.vault.model import Actor
from tests.integration.keying_steps import asked, key_again, submit_checked
from tests.integration.web.conftest import Clock

from .conftest import ADMITTED, BLOODS, OBSERVED, PHONED

THIRD = Actor("u-3", "Cora Third", "laptop-1")
FORMS = ("clinic-list", "observations", "progress-notes", "phoned-result", "discharge", "admission")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def back(vault, issue, actor):
    """Forms that came back, the least urgent first; their serials by name."""
    given = {
        form: issue(form, Subject(), ward="B2" if form == "discharge" else "A1") for form in FORMS
    }
    for serial in given.values():
        move_form.mark_returned(vault, serial, actor)
    return given


def taken(vault, settings, wanted, actor):
    """Everything that one person gets from a queue, in their order."""
    found, skip = [], []
    while serial := work_queues.claim_next(vault, settings, wanted, actor, skip):
        found.append(ledger.get_form(vault, serial).form)
        skip.append(serial)
    return found


def test_what_says_who_people_are_comes_first_and_appointments_last(vault, settings, back, actor):
    order = ["admission", "discharge", "phoned-result", "observations", "clinic-list"]
    assert taken(vault, settings, QueueFilter(Task.KEY), actor) == order
    listed = [
        w.form for w in work_queues.list_waiting(vault, settings, QueueFilter(Task.KEY), actor)
    ]
    assert listed == order
    lines = work_queues.count_queues(vault, settings)
    assert [line.form for line in lines] == order
    assert work_queues.totals(lines) == {
        Task.KEY: 5,
        Task.KEY_AGAIN: 0,
        Task.ADJUDICATE: 0,
        Task.COMPARE: 0,
        Task.CONFIRM: 0,
        Task.CONFIRM_EMPTY: 0,
    }


def test_a_queue_is_narrowed_to_a_ward_or_a_form(vault, settings, back, actor):
    assert taken(vault, settings, QueueFilter(Task.KEY, ward="B2"), actor) == ["discharge"]
    assert taken(vault, settings, QueueFilter(Task.KEY, form="observations"), actor) == [
        "observations"
    ]
    with pytest.raises(InputError):
        QueueFilter.parse("nonsense")


def test_a_form_filed_as_a_picture_is_in_no_queue(vault, back, actor):
    site = Settings(entry=EntrySettings(policies={"observations": "scan"}))
    assert "observations" not in taken(vault, site, QueueFilter(Task.KEY), actor)


def test_two_people_get_two_forms_and_an_idle_one_is_given_again(
    vault, settings, back, actor, checker, clock
):
    first = work_queues.claim_next(vault, settings, QueueFilter(Task.KEY), actor)
    second = work_queues.claim_next(vault, settings, QueueFilter(Task.KEY), checker)
    assert (first, second) == (back["admission"], back["discharge"])
    assert work_queues.claim_next(vault, settings, QueueFilter(Task.KEY), actor) == first
    clock.go_on(minutes=settings.entry.idle_minutes + 1)
    assert work_queues.claim_next(vault, settings, QueueFilter(Task.KEY), checker) == first
    assert claims.find_claim(vault, first).name == checker.name


def test_nobody_checks_what_they_keyed(vault, settings, issue, actor, checker):
    serial = issue("phoned-result")
    submit_checked(vault, settings, serial, PHONED, actor)
    assert work_queues.claim_next(vault, settings, QueueFilter(Task.KEY_AGAIN), actor) is None
    assert work_queues.claim_next(vault, settings, QueueFilter(Task.KEY_AGAIN), checker) == serial
    double_keying.submit_second_keying(
        vault, settings, serial, asked(vault, settings, serial, PHONED | {"value:1": "5"}), checker
    )
    assert work_queues.claim_next(vault, settings, QueueFilter(Task.ADJUDICATE), actor) is None
    assert work_queues.claim_next(vault, settings, QueueFilter(Task.ADJUDICATE), checker) is None
    assert work_queues.claim_next(vault, settings, QueueFilter(Task.ADJUDICATE), THIRD) == serial


def test_what_happened_first_is_checked_first(vault, settings, issue, actor, checker):
    late = issue("observations")
    early = issue("observations")
    submit_checked(vault, settings, late, OBSERVED, actor)
    hour_before = OBSERVED | {"event.time": "13:00", "taken:1": "1235", "taken:2": "1255"}
    submit_checked(vault, settings, early, hour_before, actor)
    found = work_queues.list_waiting(vault, settings, QueueFilter(Task.KEY_AGAIN), checker)
    assert [w.serial for w in found] == [early, late]


def test_a_form_leaves_its_queue_when_it_is_done(vault, settings, issue, actor, checker):
    request, admission = issue("blood-sciences-request"), issue("admission", Subject())
    submit_checked(vault, settings, request, BLOODS, actor)
    submit_checked(vault, settings, admission, ADMITTED, actor)
    assert (
        work_queues.claim_next(vault, settings, QueueFilter(Task.KEY_AGAIN), checker) == admission
    )
    assert work_queues.totals(work_queues.count_queues(vault, settings))[Task.KEY_AGAIN] == 2
    key_again(vault, settings, request, checker)
    assert work_queues.totals(work_queues.count_queues(vault, settings)) == {
        Task.KEY: 0,
        Task.KEY_AGAIN: 1,
        Task.ADJUDICATE: 0,
        Task.COMPARE: 0,
        Task.CONFIRM: 0,
        Task.CONFIRM_EMPTY: 0,
    }
