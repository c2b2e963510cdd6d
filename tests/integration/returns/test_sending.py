"""Messages over the network: each has its effect once, in each patient's order, whatever answers."""

import socket

import pytest

from downtime.errors import ConflictError, InputError
from downtime.returns import outbox, queue_messages, send_messages
from downtime.returns.model import Channel, word_reason
from downtime.returns.rekey import line_text, rekey_lines
from downtime.returns.store import outbox_messages

from .conftest import MARY, OLU, fact, request, value
from .receiver import END, VT, ack, number, receiver, scripted, slowly


@pytest.fixture
def send(vault, actor):
    def run(settings, **more):
        return send_messages.send_messages(
            vault, settings, "LIMS", actor, pause=lambda seconds: False, **more
        )

    return run


@pytest.fixture
def messages(vault):
    return lambda **only: list(outbox_messages.list_messages(vault.db, **only))


def states(found):
    return [one.state for one in found]


def test_what_is_decided_is_sent_and_acknowledged(decide, network, send, messages):
    decide(request("K7000001A", MARY), request("K7000002B", OLU))
    with receiver() as lims:
        done = send(network(lims.port))
    assert (done.acknowledged, done.refused, done.waiting, done.fault) == (2, 0, 0, "")
    assert states(messages()) == ["acknowledged", "acknowledged"]
    assert lims.numbers == [one.control_id for one in messages()]
    assert lims.connections == 1


def test_nothing_is_sent_twice_and_nothing_new_leaves_no_trace(vault, decide, network, send, actor):
    decide(request("K7000001A", MARY))
    with receiver() as lims:
        send(network(lims.port))
        entries = vault.db.execute("SELECT count(*) FROM audit").fetchone()[0]
        again = send(network(lims.port))
        assert vault.db.execute("SELECT count(*) FROM audit").fetchone()[0] == entries
    assert (again.acknowledged, len(lims.got)) == (0, 1)


def test_all_values_of_one_form_go_in_one_message(decide, network, send, messages):
    decide(value("K7000001A", MARY, "Potassium", "6.1"), value("K7000001A", MARY, "Sodium", "138"))
    with receiver() as lims:
        send(network(lims.port))
    (text,) = (message.decode() for message in lims.got)
    assert text.count("\rOBX|") == 2
    assert set(messages()[0].items) == {"K7000001A-value-Potassium", "K7000001A-value-Sodium"}


@pytest.mark.parametrize(
    "bad",
    [
        None,
        b"",
        slowly,
        VT + b"half of an ans",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        VT + b"hello" + END,
        VT + b"x" * 2_000_000,
        lambda message: ack(message, about="SOMEONE-ELSE"),
        lambda message: ack(message, "XX"),
        lambda message: ack(message)[:-2],
    ],
    ids=[
        "closed",
        "silent",
        "late",
        "half",
        "web",
        "garbage",
        "endless",
        "other",
        "code",
        "no-end",
    ],
)
def test_without_a_proper_answer_the_same_bytes_go_again(bad, decide, network, send, messages):
    decide(request("K7000001A", MARY))
    with receiver(scripted(bad)) as lims:
        done = send(network(lims.port))
    assert done.acknowledged == 1
    assert len(lims.got) >= 2
    assert len(set(lims.got)) == 1
    assert lims.connections >= 2
    (one,) = messages()
    assert (one.state, one.attempts) == ("acknowledged", len(lims.got))


def test_a_receiver_that_is_away_is_given_up_and_nothing_is_lost(decide, network, send, messages):
    decide(request("K7000001A", MARY))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    done = send(network(port))
    assert (done.acknowledged, done.waiting, done.attempts) == (0, 1, 3)
    assert done.fault == "LIMS cannot be reached (Connection refused)."
    assert states(messages()) == ["queued"]
    with receiver() as lims:
        assert send(network(lims.port)).acknowledged == 1


def test_a_refusal_goes_to_a_person_and_holds_that_patient_only(decide, network, send, messages):
    decide(
        request("K7000001A", MARY, "FBC"),
        request("K7000002B", OLU, "UE"),
        request("K7000003C", MARY, "CRP"),
    )
    error = "ERR||OBR^1^4|103^Table value not found^HL70357|E|||No such test\r"
    with receiver(scripted(lambda m: ack(m, "AE", more=error))) as lims:
        done = send(network(lims.port))
    assert (done.acknowledged, done.refused, done.waiting) == (1, 1, 1)
    refused, olus, held = messages()
    assert states(messages()) == ["refused", "acknowledged", "held"]
    assert refused.reason == "AE 103: Table value not found OBR-1-4 No such test"
    assert word_reason(held.reason) == (
        f"Waits for message {refused.control_id} of the same patient, which was refused."
    )
    assert lims.numbers == [refused.control_id, olus.control_id]


def test_a_refused_message_goes_again_unchanged_and_those_behind_it_follow(
    vault, decide, network, send, messages, actor
):
    decide(request("K7000001A", MARY), request("K7000002B", MARY))
    with receiver(scripted(lambda m: ack(m, "AE"))) as lims:
        settings = network(lims.port)
        send(settings)
        first, second = messages()
        queue_messages.resend_message(
            vault, settings, first.control_id, actor, "the system was set up"
        )
        assert states(messages()) == ["queued", "queued"]
        assert send(settings).acknowledged == 2
    assert lims.numbers == [first.control_id, first.control_id, second.control_id]


def test_after_a_code_table_was_put_right_the_message_is_written_anew(
    vault, decide, network, send, messages, actor
):
    decide(request("K7000001A", MARY), request("K7000002B", MARY, "UE"))
    with receiver(scripted(lambda m: ack(m, "AE"))) as lims:
        send(network(lims.port))
        settings = network(lims.port, codes={"tests": {"FBC": "26604-9^Blood count^LN"}})
        refused = messages()[0]
        made = queue_messages.resend_message(
            vault, settings, refused.control_id, actor, "the code was missing"
        )
        assert made.control_id != refused.control_id
        send(settings)
    assert lims.numbers == [refused.control_id, made.control_id, messages()[2].control_id]
    assert b"26604-9^Blood count^LN" in lims.got[1]
    assert outbox.require_message(vault.db, refused.control_id).state == "resolved"


def test_what_was_put_right_by_hand_does_not_go_and_lets_the_next_go(
    vault, decide, network, send, messages, actor
):
    decide(request("K7000001A", MARY), request("K7000002B", MARY))
    with receiver(scripted(lambda m: ack(m, "AR"))) as lims:
        send(network(lims.port))
        refused = messages()[0]
        with pytest.raises(InputError, match="A reason is needed"):
            outbox.resolve_message(vault, refused.control_id, actor, " ")
        outbox.resolve_message(vault, refused.control_id, actor, "keyed in the laboratory")
        assert send(network(lims.port)).acknowledged == 1
    assert states(messages()) == ["resolved", "acknowledged"]
    assert lims.numbers.count(refused.control_id) == 1


def test_a_held_message_cannot_overtake(vault, decide, network, send, messages, actor):
    decide(request("K7000001A", MARY), request("K7000002B", MARY))
    with receiver(scripted(lambda m: ack(m, "AE"))) as lims:
        send(network(lims.port))
    refused, held = messages()
    with pytest.raises(ConflictError, match=refused.control_id):
        queue_messages.resend_message(vault, network(1), held.control_id, actor, "now")


@pytest.mark.parametrize("code", ["AR", "CR"])
def test_busy_is_not_a_refusal(code, decide, network, send, messages):
    decide(request("K7000001A", MARY))
    busy = "ERR||PID|207^Application internal error^HL70357|E\r"
    with receiver(scripted(lambda m: ack(m, code, more=busy))) as lims:
        assert send(network(lims.port)).acknowledged == 1
    assert (len(lims.got), messages()[0].attempts) == (2, 2)


def test_the_older_err_says_busy_too(decide, network, send):
    decide(request("K7000001A", MARY))
    busy = "ERR|PID^1^^206&Application record locked\r"
    with receiver(scripted(lambda m: ack(m, "AR", more=busy))) as lims:
        assert send(network(lims.port)).acknowledged == 1


@pytest.mark.parametrize("code", ["AE", "CE"])
def test_an_error_of_the_message_goes_to_a_person_whatever_its_code(
    code, decide, network, send, messages
):
    decide(request("K7000001A", MARY))
    failed = "ERR||PID|207^Application internal error^HL70357|E\r"
    with receiver(scripted(lambda m: ack(m, code, more=failed))) as lims:
        assert send(network(lims.port)).refused == 1
    assert states(messages()) == ["refused"]


def test_a_receiver_may_need_a_connection_for_each_message(decide, network, send):
    decide(request("K7000001A", MARY), request("K7000002B", OLU))
    with receiver() as lims:
        assert send(network(lims.port, keep_open=False)).acknowledged == 2
    assert lims.connections == 2


def test_a_target_may_ask_for_every_error_to_be_tried_again(decide, network, send):
    decide(request("K7000001A", MARY))
    with receiver(scripted(lambda m: ack(m, "AE"))) as lims:
        assert send(network(lims.port, retry=["AE"])).acknowledged == 1


class TestEnhanced:
    """A commit answer first (CA, CE, CR), then the application's on the same or a later frame."""

    def test_both_answers_in_one_go(self, decide, network, send, messages):
        decide(request("K7000001A", MARY))
        with receiver(lambda m, c: ack(m, "CA") + ack(m, "AA", asks="AL")) as lims:
            assert send(network(lims.port, enhanced=True)).acknowledged == 1
            assert b"|AL|AL|" in lims.got[0].split(b"\r")[0]
            decide(request("K7000002B", MARY))
            send(network(lims.port, enhanced=True))
        assert states(messages()) == ["acknowledged", "acknowledged"]
        assert lims.confirmed[0].endswith(f"MSA|CA|A{messages()[0].control_id}\r".encode())

    def test_a_commit_is_enough_where_no_more_is_asked_for(self, decide, network, send):
        decide(request("K7000001A", MARY))
        with receiver(lambda m, c: ack(m, "CA")) as lims:
            settings = network(lims.port, enhanced=True, application_answer=False)
            assert send(settings).acknowledged == 1
            assert b"|AL|NE|" in lims.got[0].split(b"\r")[0]

    def test_safe_keeping_without_a_word_is_never_sent_again_by_itself(
        self, decide, network, send, messages
    ):
        decide(request("K7000001A", MARY), request("K7000002B", MARY))
        with receiver(lambda m, c: ack(m, "CA")) as lims:
            done = send(network(lims.port, enhanced=True))
            assert (done.committed, done.acknowledged) == (2, 0)
            assert send(network(lims.port, enhanced=True)).attempts == 0
        assert states(messages()) == ["sent", "sent"]
        assert len(lims.got) == 2

    def test_a_late_word_finds_its_message(self, decide, network, send, messages):
        decide(request("K7000001A", MARY), request("K7000002B", MARY))
        kept = []

        def answer(message, connection):
            kept.append(message)
            if len(kept) == 1:
                return ack(message, "CA")
            return ack(kept[0], "AE") + ack(message, "CA") + ack(message, "AA")

        with receiver(answer) as lims:
            done = send(network(lims.port, enhanced=True))
        assert (done.committed, done.acknowledged) == (1, 1)
        assert states(messages()) == ["refused", "acknowledged"]
        assert lims.numbers == [number(message) for message in kept]

    def test_a_refusal_after_the_commit_goes_to_a_person(self, decide, network, send, messages):
        decide(request("K7000001A", MARY))
        busy = "ERR||PID|207^Application internal error^HL70357|E\r"
        with receiver(lambda m, c: ack(m, "CA") + ack(m, "AE", more=busy)) as lims:
            send(network(lims.port, enhanced=True))
        assert states(messages()) == ["refused"]
        assert len(lims.got) == 1


def test_only_one_sender_at_a_time(vault, decide, network, send, actor):
    settings = network(1)
    with (
        outbox.open_sender(vault, settings.returns, "LIMS", "mllp", actor),
        pytest.raises(ConflictError, match="are being sent already"),
    ):
        send(settings)


def test_a_system_without_a_network_says_so(vault, decide, network, actor):
    with pytest.raises(InputError, match="not told over a network"):
        send_messages.send_messages(vault, network(1), "PAS", actor, pause=lambda seconds: False)


def test_a_watch_goes_on_with_what_is_decided_meanwhile(vault, decide, network, send, actor):
    waits = []

    def pause(seconds):
        waits.append(seconds)
        if len(waits) == 1:
            decide(request("K7000002B", OLU))
        return len(waits) > 1

    decide(request("K7000001A", MARY))
    with receiver() as lims:
        done = send_messages.send_messages(
            vault, network(lims.port), "LIMS", actor, pause=pause, watch=True
        )
    assert done.acknowledged == 2


def test_a_correction_takes_the_place_of_what_was_refused(vault, decide, network, send, messages):
    decide(
        value("K7000001A", MARY, "Potassium", "61"),
        value("K7000001A", MARY, "Sodium", "138"),
        value("K7000002B", MARY, "Calcium", "2.4"),
    )
    with receiver(scripted(lambda m: ack(m, "AE"))) as lims:
        settings = network(lims.port)
        send(settings)
        refused, held = messages()
        decide(value("K7000001A", MARY, "Potassium", "6.1"))
        assert send(settings).acknowledged == 2
    corrected = lims.got[1].decode()
    assert "|6.1|" in corrected
    assert "|138|" in corrected  # what was in the refused message with it
    assert outbox.require_message(vault.db, refused.control_id).state == "resolved"
    assert lims.numbers == [refused.control_id, number(lims.got[1]), held.control_id]


def test_a_type_that_hl7_has_no_message_for_goes_on_the_rekey_worklist(
    vault, decide, network, actor, messages
):
    given = fact("Immunization", "K7000009A", MARY, {"vaccine": "Td/IPV", "status": "completed"})
    decide(given, request("K7000001A", MARY))
    result = queue_messages.queue_items(vault, network(1), actor, system="LIMS")
    assert (result.items, result.problems) == (2, ())
    kinds = {message.channel: message.kind for message in messages()}
    assert kinds == {Channel.MLLP: "OML^O21", Channel.WORKLIST: "line"}
    (line,) = rekey_lines.list_lines(vault, messages()[0].outage)
    assert line.row.item.fact.type == "Immunization"
    assert line_text.name_type(line.row.item.fact)
