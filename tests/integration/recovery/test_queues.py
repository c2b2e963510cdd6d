"""Queues: the order of recovery, one form to one person, nobody checks their own."""

import pytest

from downtime.entry import claims, double, keying, queues, verification
from downtime.entry.model import ADJUDICATE, COMPARE, KEY, KEY_AGAIN
from downtime.entry.queues import Filter
from downtime.errors import InputError
from downtime.paper import ledger
from downtime.paper.issue import Subject
from downtime.settings import EntrySettings, Settings
from downtime.vault.audit import Actor
from tests.integration.web.conftest import Clock

from .conftest import ADMITTED, BLOODS, OBSERVED, PHONED

THIRD = Actor("u-3", "Cora Third", "laptop-1")
FORMS = ("clinic-list", "observations", "progress-notes", "phoned-result", "discharge", "admission")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def back(vault, issue, who):
    """Forms that came back, the least urgent first; their serials by name."""
    given = {
        form: issue(form, Subject(), ward="B2" if form == "discharge" else "A1") for form in FORMS
    }
    for serial in given.values():
        ledger.returned(vault, serial, who)
    return given


def taken(vault, settings, wanted, who):
    """Everything that one person gets from a queue, in their order."""
    found, skip = [], []
    while serial := queues.take(vault, settings, wanted, who, skip):
        found.append(ledger.issued(vault, serial).form)
        skip.append(serial)
    return found


def test_what_says_who_people_are_comes_first_and_appointments_last(vault, settings, back, who):
    order = ["admission", "discharge", "phoned-result", "observations", "clinic-list"]
    assert taken(vault, settings, Filter(KEY), who) == order
    listed = [w.form for w in queues.listed(vault, settings, Filter(KEY), who)]
    assert listed == order
    lines = queues.lines(vault, settings)
    assert [line.form for line in lines] == order
    assert queues.totals(lines) == {KEY: 5, KEY_AGAIN: 0, ADJUDICATE: 0, COMPARE: 0}


def test_a_queue_is_narrowed_to_a_ward_or_a_form(vault, settings, back, who):
    assert taken(vault, settings, Filter(KEY, ward="B2"), who) == ["discharge"]
    assert taken(vault, settings, Filter(KEY, form="observations"), who) == ["observations"]
    with pytest.raises(InputError):
        Filter("nonsense")


def test_a_form_filed_as_a_picture_is_in_no_queue(vault, back, who):
    site = Settings(entry=EntrySettings(policies={"observations": "scan"}))
    assert "observations" not in taken(vault, site, Filter(KEY), who)


def test_two_people_get_two_forms_and_an_idle_one_is_given_again(
    vault, settings, back, who, checker, clock
):
    first = queues.take(vault, settings, Filter(KEY), who)
    second = queues.take(vault, settings, Filter(KEY), checker)
    assert (first, second) == (back["admission"], back["discharge"])
    assert queues.take(vault, settings, Filter(KEY), who) == first
    clock.go_on(minutes=settings.entry.idle_minutes + 1)
    assert queues.take(vault, settings, Filter(KEY), checker) == first
    assert claims.holder(vault, first).name == checker.name


def test_nobody_checks_what_they_keyed(vault, settings, issue, who, checker):
    serial = issue("phoned-result")
    keying.submit(vault, settings, serial, PHONED, who)
    assert queues.take(vault, settings, Filter(KEY_AGAIN), who) is None
    assert queues.take(vault, settings, Filter(KEY_AGAIN), checker) == serial
    double.submit_second(vault, settings, serial, {"checked": "mrn", "value:1": "5"}, checker)
    assert queues.take(vault, settings, Filter(ADJUDICATE), who) is None
    assert queues.take(vault, settings, Filter(ADJUDICATE), checker) is None
    assert queues.take(vault, settings, Filter(ADJUDICATE), THIRD) == serial


def test_what_happened_first_is_checked_first(vault, settings, issue, who, checker):
    late = issue("observations")
    early = issue("observations")
    keying.submit(vault, settings, late, OBSERVED, who)
    hour_before = OBSERVED | {"event.time": "13:00", "taken:1": "1200", "taken:2": "1255"}
    keying.submit(vault, settings, early, hour_before, who)
    found = queues.listed(vault, settings, Filter(COMPARE), checker)
    assert [w.serial for w in found] == [early, late]


def test_a_form_leaves_its_queue_when_it_is_done(vault, settings, issue, who, checker):
    request, admission = issue("blood-sciences-request"), issue("admission", Subject())
    keying.submit(vault, settings, request, BLOODS, who)
    keying.submit(vault, settings, admission, ADMITTED, who)
    assert queues.take(vault, settings, Filter(KEY_AGAIN), checker) == admission
    assert queues.totals(queues.lines(vault, settings))[KEY_AGAIN] == 2
    double.submit_second(vault, settings, request, {}, checker)
    verification.verify(vault, request, checker)
    assert queues.totals(queues.lines(vault, settings)) == {
        KEY: 0,
        KEY_AGAIN: 1,
        ADJUDICATE: 0,
        COMPARE: 0,
    }
