"""What a receiver refused is settled by a person, and the forms behind it with it."""

from zoneinfo import ZoneInfo

import pytest

from downtime.errors import ConflictError, InputError
from downtime.reconcile import decide_item, find_items
from downtime.reconcile.compare import run_comparison
from downtime.reconcile.wording import explain
from downtime.returns import outbox, queue_messages, take_back_message
from downtime.returns.store import outbox_messages

from .conftest import BLOODS
from .units import Story

LONDON = ZoneInfo("Europe/London")


@pytest.fixture
def story(vault, settings, outage, recovered, actor, keyed):
    return Story(vault, settings, outage, actor, keyed)


@pytest.fixture
def refuse(vault, settings, actor):
    """Send what is decided to the laboratory, which takes nothing; gives the messages."""

    def one():
        queue_messages.queue_items(vault, settings, actor, channel="mllp")
        with outbox.open_sender(vault, settings.returns, "LIMS", "mllp", actor) as sender:
            while message := sender.claim_next():
                sender.refuse(message, "AE 204: unknown unit")
        return list(outbox_messages.list_messages(vault.db, state="refused"))

    return one


@pytest.fixture
def refused(story, checker, refuse):
    """The record of a unit went out and was refused; the log and the slip are behind it."""
    story.key("log", "record", "fate")
    story.compare()
    story.decide("record", "return", checker)
    (message,) = refuse()
    assert story.row("record").decided.decision == "returned"
    return message


def decisions(story):
    return {kind: story.row(kind).decided.decision for kind in story.keys}


def test_who_settles_a_refusal_is_shown_the_forms_that_wait_behind_it(vault, story, refused):
    behind = take_back_message.list_waiting_behind(vault.db, refused)
    assert {row.key for row in behind} == {story.keys["log"], story.keys["fate"]}


def test_sent_again_or_put_right_by_hand_it_stands_for_those_behind_it(
    vault, settings, story, refused, checker, actor
):
    again = queue_messages.resend_message(
        vault, settings, refused.control_id, checker, "the code was added"
    )
    assert again.state == "queued"
    assert story.compare() == {
        "log": "on-another-form",
        "record": "held",
        "fate": "on-another-form",
    }
    with outbox.open_sender(vault, settings.returns, "LIMS", "mllp", actor) as sender:
        sender.refuse(sender.claim_next(), "AE")
    outbox.resolve_message(vault, refused.control_id, checker, "keyed in the laboratory")
    assert not any(story.row(kind).is_open for kind in story.keys)
    assert decisions(story)["record"] == "returned"


def test_taken_back_it_is_open_and_once_it_is_left_the_next_form_stands(
    vault, settings, story, refused, checker, actor
):
    taken = take_back_message.take_back_message(
        vault, refused.control_id, checker, "of another patient"
    )
    assert (taken.state, taken.reason) == ("resolved", "of another patient")
    assert story.row("record").is_open
    assert "which is the one that is returned" in explain(story.row("fate").item, LONDON)
    story.decide("record", "leave", checker)
    assert story.states() == {"log": "on-another-form", "record": "held", "fate": "held"}
    story.decide("fate", "return", checker)
    assert queue_messages.queue_items(vault, settings, actor, channel="mllp").items == 1
    assert decisions(story) == {"log": "open", "record": "leave", "fate": "returned"}
    assert story.compare() == story.states()


def test_what_was_taken_back_can_be_returned_after_all(
    vault, settings, story, refused, checker, refuse
):
    take_back_message.take_back_message(vault, refused.control_id, checker, "not sure")
    story.decide("record", "return", checker)
    (message,) = refuse()
    assert message.control_id != refused.control_id
    assert message.items == refused.items


def test_a_test_asked_for_on_two_forms_no_longer_says_that_the_other_was_returned(
    vault, settings, keyed, recovered, checker, actor, refuse
):
    first = keyed("blood-sciences-request", BLOODS)
    run_comparison.run_comparison(vault, settings, actor, "recovered")
    decide_item.decide_item(vault, f"{first}-test.fbc", "return", checker, "wanted")
    decide_item.decide_item(vault, f"{first}-test.ue", "leave", checker, "not wanted")
    (message,) = refuse()
    other = keyed("blood-sciences-request", BLOODS | {"collected": "2026-11-02T13:55"})
    run_comparison.run_comparison(vault, settings, actor, "recovered")
    key = f"{other}-test.fbc"
    assert [row.key for row in take_back_message.list_waiting_behind(vault.db, message)] == [key]
    assert ", returned already, asks" in explain(find_items.get_item(vault, key).item, LONDON)
    take_back_message.take_back_message(vault, message.control_id, checker, "the sample was lost")
    said = find_items.get_item(vault, key).item
    assert (said.state, "returned already" in explain(said, LONDON)) == ("conflict", False)
    assert "asks for the same" in explain(said, LONDON)
    assert find_items.get_item(vault, f"{first}-test.fbc").is_open


def test_only_what_was_certainly_not_taken_in_is_taken_back(vault, refused, checker):
    with pytest.raises(InputError):
        take_back_message.take_back_message(vault, refused.control_id, checker, " ")
    outbox.send_again(vault, refused.control_id, checker, "try again")
    with pytest.raises(ConflictError, match="was not refused"):
        take_back_message.take_back_message(vault, refused.control_id, checker, "too late")
