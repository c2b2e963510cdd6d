"""A drill is measured by what the records say: the time to the first pack and chart, and the score."""

from datetime import timedelta

import pytest

from downtime.errors import ConflictError, InputError
from downtime.outage import action_cards, outages
from downtime.paper.drills.drill_report import report_drill
from downtime.paper.drills.model import Goal
from downtime.paper.drills.read_script import read_script
from downtime.paper.drills.training import list_practised, list_training, read_lessons
from tests.conftest import NOW

SCRIPT = """
- {minute: 0, say: Find out what to do, goal: step, within_minutes: 5}
- {minute: 1, say: Paper please, goal: pack, within_minutes: 10}
- {minute: 5, say: Show the chart, goal: chart, within_minutes: 3}
- {minute: 9, say: A pause}
- {minute: 10, say: Give out a number, goal: number, within_minutes: 5}
"""


@pytest.fixture
def at(vault, monkeypatch):
    """`at(minute)` → the clock of the laptop stands there."""

    def move(minute):
        monkeypatch.setattr(vault, "clock", lambda: NOW + timedelta(minutes=minute))

    return move


@pytest.fixture
def drill(vault, actor):
    (vault.home.path / "drill.yaml").write_text(SCRIPT)
    return outages.declare_systems_down(vault, ["LIMS"], actor, "x", known=["LIMS"], drill=True)


def test_a_drill_is_scored_by_what_was_done_and_when(vault, actor, drill, at, pack):
    at(4)
    card = action_cards.read_cards(vault.home)[0]
    action_cards.tick_step(vault, drill.id, card.get_key(card.steps[0]), actor, done=True)
    at(9)
    pack(forms=["drug-chart-regular"], blanks=0)
    report = report_drill(vault, drill)
    step, first_pack, chart, pause, number = report.results
    assert (step.minutes, step.is_met) == (4, True)
    assert (first_pack.minutes, first_pack.is_met) == (8, True)
    assert (chart.minutes, chart.is_met) == (4, False), "late by a minute"
    assert (pause.inject.goal, pause.is_met) == (None, False)
    assert (number.done, number.minutes) == ("", None)
    assert (report.score, len(report.goals)) == (2, 4)
    assert (report.first_pack_minutes, report.first_chart_minutes) == (9, 9)
    (person,) = report.people
    assert (person.person, person.wards) == (actor.name, ("A1",))
    assert (person.steps, person.packs, person.events) == (1, 1, 0)


def test_what_was_done_before_it_was_asked_for_does_not_count(vault, actor, drill, at, pack):
    pack(forms=["drug-chart-regular"], blanks=0)
    chart = next(r for r in report_drill(vault, drill).results if r.inject.goal == Goal.CHART)
    assert chart.done == ""


def test_a_real_outage_is_no_drill(vault, actor):
    real = outages.declare_systems_down(vault, ["LIMS"], actor, "x", known=["LIMS"])
    with pytest.raises(ConflictError, match="is no drill"):
        report_drill(vault, real)


def test_the_script_that_comes_along_can_be_read_and_a_broken_one_is_a_sentence(vault):
    assert {inject.goal for inject in read_script(vault.home)} >= {
        Goal.PACK,
        Goal.CHART,
        Goal.RESULT,
    }
    (vault.home.path / "drill.yaml").write_text(
        "- {minute: 1, say: x, goal: dance, within_minutes: 1}"
    )
    with pytest.raises(InputError, match="cannot be read as the script of a drill"):
        read_script(vault.home)


def test_lessons_come_along_and_a_broken_file_is_a_sentence(vault):
    lessons = read_lessons(vault.home)
    assert len({lesson.goal for lesson in lessons}) == len(lessons) == 6
    assert all(2 <= len(lesson.steps) <= 4 for lesson in lessons)
    (vault.home.path / "lessons.yaml").write_text("- {goal: dance, title: x, steps: []}")
    with pytest.raises(InputError, match="cannot be read as lessons"):
        read_lessons(vault.home)


def test_who_has_practised_what_is_known_by_ward_from_drills_alone(vault, actor, drill, at, pack):
    at(4)
    card = action_cards.read_cards(vault.home)[0]
    action_cards.tick_step(vault, drill.id, card.get_key(card.steps[0]), actor, done=True)
    at(9)
    pack(forms=["drug-chart-regular"], blanks=0)
    done = list_practised(vault, drill, actor.name)
    assert set(done) == {Goal.STEP, Goal.PACK, Goal.CHART}
    assert list_practised(vault, drill, "Somebody Else") == {}
    training = list_training(vault)
    assert {ward: [record.person for record in people] for ward, people in training.items()} == {
        "": [actor.name],
        "A1": [actor.name],
    }
    assert set(training["A1"][0].times) == {Goal.PACK, Goal.CHART}
    outages.declare_systems_down(vault, ["LIMS"], actor, "real", known=["LIMS"])
    outages_before = list_training(vault)
    real = outages.find_current(vault)
    action_cards.tick_step(vault, real.id, card.get_key(card.steps[0]), actor, done=True)
    assert list_training(vault) == outages_before, "what is real is no lesson"
    assert list_training(vault, counts_all=True) != outages_before
