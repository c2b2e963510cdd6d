"""The paper of the outage can be keyed on the forms, and is the same each time."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from downtime.demo.form_answers import OBSERVED
from downtime.demo.hospital import build_hospital
from downtime.demo.plan import DowntimePlan, plan
from downtime.entry.validation import validate_answers
from downtime.paper.forms.load_form import load_form, load_forms

NOW = datetime(2026, 11, 2, 14, 30, tzinfo=UTC)
ZONE = ZoneInfo("Europe/London")
MOMENTS = [
    NOW,
    datetime(2026, 6, 14, 22, 55, tzinfo=UTC),
    datetime(2026, 10, 25, 0, 20, tzinfo=UTC),
    datetime(2026, 3, 29, 0, 40, tzinfo=UTC),
    datetime(2026, 12, 26, 9, 0, tzinfo=UTC),
]
STATES = {"already-there", "new", "newer-live", "conflict", "unmatched", "held"}


@pytest.mark.parametrize("moment", MOMENTS)
def test_every_answer_passes_the_form_it_is_written_on(moment):
    """Also on a Sunday, and in the nights when the clocks change."""
    told = plan("small", 1, moment)
    for written in told.papers:
        found = validate_answers(load_form(written.form), written.answers, ZONE, told.after)
        # Of the hour that happens twice whoever keys is asked; all else passes as it is.
        problems = [problem for problem in found.problems if not problem.choices]
        assert problems == [], (written.part, written.form)


def test_all_states_and_the_usual_forms_come_up():
    told = plan("small", 1, NOW)
    assert set(told.counts()) == STATES
    usual = {
        "admission",
        "blood-sciences-request",
        "observations",
        "phoned-result",
        "progress-notes",
    }
    assert usual <= {written.form for written in told.papers} <= set(load_forms())


def test_paper_is_written_during_the_outage():
    told = plan("small", 1, NOW)
    assert told.end - told.start == timedelta(hours=6)
    assert told.after - told.end == timedelta(hours=2)
    assert all(told.start < written.event < told.end for written in told.papers)


def test_papers_are_of_people_the_snapshot_knows_or_on_a_blank():
    told = plan("small", 1, NOW)
    known = {stay.person.mrn for stay in build_hospital("small", 1, NOW).stays}
    for written in told.papers:
        assert bool(written.mrn) != bool(written.person)
        assert not written.mrn or written.mrn in known or written.form == "admission"
        assert written.mrn or written.answers["patient.name"]


def test_forms_of_one_newcomer_share_their_downtime_number():
    forms = Counter(w.person for w in plan("small", 1, NOW).papers if w.person)
    assert forms == {"registered": 2, "stranger": 2, "birthday": 1}


def test_the_large_hospital_writes_more():
    assert len(plan("large", 1, NOW).papers) > 4 * len(plan("small", 1, NOW).papers)


def test_the_plan_is_the_same_each_time():
    first: DowntimePlan = plan("small", 3, NOW)
    assert plan("small", 3, NOW + timedelta(seconds=30)) == first
    assert plan("small", 4, NOW) != first


def test_observed_fields_are_those_that_become_records():
    coded = {item.link_id for item in load_form("observations").fields() if item.code}
    assert set(OBSERVED) <= coded
