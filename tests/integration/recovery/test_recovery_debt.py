"""How many hours of keying wait: what was keyed here in one sitting says it, and only that."""

import pytest

from downtime.entry import claims, keying
from downtime.entry.recovery_debt import measure_debt
from downtime.paper import move_form
from tests.integration.keying_steps import key_again, submit_confirmed
from tests.integration.web.conftest import Clock

from .conftest import BLOODS, OBSERVED


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def key_in(vault, settings, issue, actor, clock):
    """Key a form that is on the screen for so many seconds; its serial."""

    def one(seconds: int, form: str = "observations", *, drafts: tuple[int, ...] = ()) -> str:
        answers = OBSERVED if form == "observations" else BLOODS
        serial = issue(form)
        claims.claim_form(vault, settings, serial, actor)
        for pause in drafts:
            clock.go_on(seconds=pause)
            keying.save_draft(vault, serial, answers, actor)
        clock.go_on(seconds=seconds)
        submit_confirmed(vault, settings, serial, answers, actor)
        return serial

    return one


def times(vault):
    rows = vault.db.execute("SELECT task, form, seconds FROM keying_time ORDER BY rowid")
    return [tuple(row) for row in rows]


def test_it_is_too_early_to_say_and_then_it_is_hours_with_an_interval(
    vault, settings, issue, actor, key_in
):
    for _ in range(7):
        key_in(120)
    for _ in range(60):
        move_form.mark_returned(vault, issue("observations"), actor)
    debt = measure_debt(vault, settings)
    assert (debt.to_key, debt.keyed, debt.estimate) == (60, 7, None)
    assert "too early to say" in debt.sentence
    key_in(120)
    debt = measure_debt(vault, settings)
    assert debt.estimate.low < 60 * 120 < debt.estimate.high
    assert debt.sentence.startswith("60 forms to key, 8 to key again: 2.")
    assert "9 times in 10" in debt.sentence


def test_only_one_sitting_of_the_one_who_has_it_is_measured(
    vault, settings, issue, actor, checker, clock, key_in
):
    key_in(60, drafts=(20, 20))
    assert times(vault) == [("key", "observations", 100)]
    submit_confirmed(
        vault, settings, issue("observations"), OBSERVED, actor
    )  # a program's: on no screen
    serial = issue("observations")
    claims.claim_form(vault, settings, serial, actor)
    keying.save_draft(vault, serial, OBSERVED, actor)
    clock.go_on(minutes=settings.entry.idle_minutes + 1)  # to lunch
    claims.claim_form(vault, settings, serial, actor)
    clock.go_on(seconds=5)
    submit_confirmed(vault, settings, serial, OBSERVED, actor)
    assert times(vault) == [("key", "observations", 100)]
    claims.claim_form(vault, settings, serial, checker)
    clock.go_on(seconds=40)
    key_again(vault, settings, serial, checker)
    assert times(vault)[1:] == [("key-again", "observations", 40)]


def test_what_is_keyed_in_a_drill_tells_nothing_of_real_paper(vault, settings, issue, actor, clock):
    serial = issue("observations")
    vault.db.execute("UPDATE form_issue SET drill = 1 WHERE serial = ?", [serial])
    claims.claim_form(vault, settings, serial, actor)
    clock.go_on(seconds=30)
    submit_confirmed(vault, settings, serial, OBSERVED, actor)
    assert times(vault) == []


def test_nothing_waits_nothing_is_said_of_hours(vault, settings, outage):
    assert measure_debt(vault, settings).sentence == "No form waits to be keyed."
