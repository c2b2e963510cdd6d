"""What a receiver refuses after an attempt without an answer may be there: nobody sends it twice."""

import socket
from datetime import timedelta

import pytest

from downtime.errors import ConflictError
from downtime.returns import outbox, queue_messages, send_messages, take_back_message
from downtime.returns.model import MessageState
from downtime.returns.policies import had_no_effect, may_have_arrived
from downtime.returns.store import outbox_messages, target_pauses
from tests.conftest import NOW

from .conftest import MARY, OLU, request, value
from .receiver import ack, receiver, scripted

AT_FAULT = "ERR||PID|103^Table value not found^HL70357|E\r"
LOCKED = "ERR||PID|206^Application record locked^HL70357|E\r"
FAILED = "ERR||PID|207^Application internal error^HL70357|E\r"


class Clock:
    """A clock that a test moves."""

    now = NOW

    def __call__(self):
        return self.now

    def go_on(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def send(vault, actor):
    """One round; it does not wait for a receiver that asks for time."""

    def run(settings, system="LIMS", pause=lambda seconds: False, **more):
        return send_messages.send_messages(vault, settings, system, actor, pause=pause, **more)

    return run


@pytest.fixture
def messages(vault):
    return lambda **only: list(outbox_messages.list_messages(vault.db, **only))


@pytest.fixture
def refuse(decide, network, send, messages):
    """Mary's request is answered so, one after the other, until it is refused; gives the message."""

    def run(*answers):
        decide(request("K7000001A", MARY), request("K7000002B", MARY, "UE"))
        with receiver(scripted(*answers)) as lims:
            send(network(lims.port))
        (message,) = messages(state=MessageState.REFUSED)
        return message

    return run


@pytest.mark.parametrize("code", ["AE", "AR"])
@pytest.mark.parametrize(
    "first", [None, b"", b"\x0bhalf of an ans"], ids=["closed", "silent", "half"]
)
def test_a_refusal_after_an_attempt_without_an_answer_may_be_of_what_arrived(code, first, refuse):
    message = refuse(first, lambda m: ack(m, code, more=AT_FAULT))
    assert may_have_arrived(message)
    assert not had_no_effect(message)


@pytest.mark.parametrize("busy", [None, LOCKED])
def test_a_refusal_after_answers_only_is_one(busy, refuse):
    answers = [lambda m: ack(m, "AR", more=busy)] if busy else []
    message = refuse(*answers, lambda m: ack(m, "AE", more=AT_FAULT))
    assert not may_have_arrived(message)
    assert had_no_effect(message)


def test_a_receiver_that_could_not_be_reached_has_nothing(decide, network, send, messages):
    decide(request("K7000001A", MARY))
    with socket.create_server(("127.0.0.1", 0)) as free:
        away = free.getsockname()[1]
    send(network(away))
    with receiver(scripted(lambda m: ack(m, "AE", more=AT_FAULT))) as lims:
        send(network(lims.port))
    (message,) = messages()
    assert message.attempts > 1
    assert (message.state, message.unanswered) == ("refused", 0)


def test_what_a_sender_had_in_hand_when_it_was_killed_may_have_arrived(
    vault, decide, network, send, messages, actor
):
    decide(request("K7000001A", MARY))
    settings = network(1)
    queue_messages.queue_items(vault, settings, actor, system="LIMS")
    with outbox.open_sender(vault, settings.returns, "LIMS", "mllp", actor) as sender:
        sender.claim_next()  # and nothing more is heard of it
    with receiver(scripted(lambda m: ack(m, "AE", more=AT_FAULT))) as lims:
        send(network(lims.port))
    (message,) = messages()
    assert may_have_arrived(message)


def test_it_is_taken_back_only_by_who_looked_there(vault, refuse, actor):
    message = refuse(None, lambda m: ack(m, "AE", more=AT_FAULT))
    with pytest.raises(ConflictError, match="may have arrived in LIMS"):
        take_back_message.take_back_message(vault, message.control_id, actor, "another patient")
    assert outbox.require_message(vault.db, message.control_id).state == "refused"
    taken = take_back_message.take_back_message(
        vault, message.control_id, actor, "another patient", is_absent=True
    )
    assert taken.state == "resolved"
    (entry,) = vault.db.query("SELECT * FROM audit WHERE action = 'return.take-back-absent'")
    assert {message.control_id, "another patient"} <= set(entry.values())


def test_the_same_bytes_may_go_again_but_not_others(vault, decide, network, refuse, actor):
    message = refuse(None, lambda m: ack(m, "AE", more=AT_FAULT))
    changed = network(1, codes={"tests": {"FBC": "26604-9^Blood count^LN"}})
    with pytest.raises(ConflictError, match="may have arrived"):
        queue_messages.resend_message(vault, changed, message.control_id, actor, "code added")
    same = queue_messages.resend_message(vault, network(1), message.control_id, actor, "set up")
    assert (same.control_id, same.state) == (message.control_id, "queued")


def test_others_go_once_somebody_looked(vault, network, refuse, actor):
    message = refuse(None, lambda m: ack(m, "AE", more=AT_FAULT))
    changed = network(1, codes={"tests": {"FBC": "26604-9^Blood count^LN"}})
    anew = queue_messages.resend_message(
        vault, changed, message.control_id, actor, "code added", is_absent=True
    )
    assert anew.control_id != message.control_id


def test_a_correction_waits_behind_what_may_have_arrived(
    vault, decide, network, send, messages, actor
):
    decide(value("K7000001A", MARY, "Potassium", "61"))
    with receiver(scripted(None, lambda m: ack(m, "AE", more=AT_FAULT))) as lims:
        send(network(lims.port))
        decide(value("K7000001A", MARY, "Potassium", "6.1"))
        send(network(lims.port))
        first, correction = messages()
        assert (first.state, correction.state) == ("refused", "held")
        again = queue_messages.resend_message(
            vault, network(lims.port), first.control_id, actor, "tried again"
        )
        assert again.control_id == first.control_id, "it is not written anew beside its correction"
        assert send(network(lims.port)).acknowledged == 2
    assert [b"|6.1|" in message for message in lims.got] == [False, False, False, True]


class TestBusy:
    """A receiver that asks for time is left alone with all its messages; others are sent to."""

    BUSY = (("AR", LOCKED), ("AR", FAILED), ("CR", FAILED), ("AE", LOCKED))

    @pytest.fixture
    def slow(self, network):
        """Settings with waits of 60 to 120 seconds after a first fault."""

        def make(port, **keys):
            settings = network(port, **keys)
            object.__setattr__(settings.returns, "retry_first_seconds", 120.0)
            object.__setattr__(settings.returns, "retry_cap_seconds", 600.0)
            return settings

        return make

    @pytest.mark.parametrize(("code", "error"), BUSY)
    def test_all_its_messages_wait(self, code, error, vault, decide, slow, send, messages, clock):
        decide(request("K7000001A", MARY), request("K7000002B", OLU))
        with receiver(scripted(lambda m: ack(m, code, more=error))) as lims:
            done = send(slow(lims.port), pause=lambda seconds: True)
            assert (done.attempts, done.waiting) == (1, 2)
            clock.go_on(30)
            done = send(slow(lims.port))
            assert (done.attempts, done.waiting, len(lims.got)) == (0, 2, 1)
            assert done.fault.startswith("LIMS asked to be left alone until 02-Nov-2026")
            (pause,) = target_pauses.list_pauses(vault.db, vault.now())
            assert (pause.system, pause.channel) == ("LIMS", "mllp")
            clock.go_on(600)
            assert send(slow(lims.port)).acknowledged == 2
        assert target_pauses.list_pauses(vault.db, vault.now()) == []

    def test_others_are_sent_to_meanwhile(self, vault, decide, slow, send, clock):
        decide(request("K7000001A", MARY))
        with receiver(scripted(lambda m: ack(m, "AR", more=LOCKED))) as lims, receiver() as pas:
            settings = slow(lims.port)
            table = {**settings.returns.targets["LIMS"], "port": pas.port}
            targets = {**settings.returns.targets, "PAS": table}
            object.__setattr__(settings.returns, "targets", targets)
            send(settings, pause=lambda seconds: True)
            decide(request("K7000003C", OLU)._replace(system="PAS"))
            assert send(settings, "PAS").acknowledged == 1
            assert send(settings).attempts == 0

    def test_a_message_at_which_it_fails_each_time_does_not_keep_the_others(
        self, decide, slow, send, messages, clock
    ):
        decide(request("K7000001A", MARY), request("K7000002B", OLU))
        poison = []

        def answer(message, connection):
            poison[:] = poison or [message]
            return ack(message, "AR", more=FAILED) if message == poison[0] else ack(message)

        with receiver(answer) as lims:
            for _ in range(4):
                send(slow(lims.port), pause=lambda seconds: True)
                clock.go_on(121)
        assert sorted(message.state for message in messages()) == ["acknowledged", "queued"]

    def test_a_watch_waits_as_long_as_it_was_asked(self, decide, slow, send, clock):
        decide(request("K7000001A", MARY))
        waits = []

        def pause(seconds):
            waits.append(seconds)
            clock.go_on(seconds + 1)
            return len(waits) > 200

        with receiver(scripted(lambda m: ack(m, "AE", more=LOCKED))) as lims:
            done = send(slow(lims.port), pause=pause, watch=True)
        assert done.acknowledged == 1
        assert waits[0] >= 60
