"""What is refused unread is in the ledger all the same, as rejected, with what fits of it."""

from dataclasses import replace
from functools import partial

import pytest

from downtime.feeds.model import Outcome
from downtime.ingest.find_messages import find_messages, show_message
from downtime.ingest.ledger import Ledger
from downtime.ingest.model import MessageFilter
from downtime.ingest.record_messages import record_messages, record_path

from .listening import CR, FS, VT, Sender, codes, framed, listening, message
from .received import admission, hl7

LIMIT = 3_000
LONG = message("L1", "NTE|1||" + "x" * LIMIT + "\r")


@pytest.fixture
def ledger(vault, settings):
    with Ledger(vault, settings) as opened:
        yield opened


@pytest.fixture
def short(settings):
    """Settings by which few bytes are too many."""
    return replace(settings, feeds=replace(settings.feeds, max_message_bytes=LIMIT))


def rejected(ledger) -> list:
    return find_messages(ledger, MessageFilter(outcome=Outcome.REJECTED))


def test_a_message_that_is_too_long_leaves_its_beginning(ledger):
    with (
        listening(partial(record_messages, ledger), LIMIT) as running,
        Sender(running.port) as line,
    ):
        assert line.ask(message("S1")) == ("AA", "S1")
        for _ in range(3):  # an engine that does not give up
            assert line.ask(LONG) == ("AR", "L1")
        assert line.ask(message("S2")) == ("AA", "S2")
    (entry,) = rejected(ledger)
    assert (entry.kind, entry.control_id, entry.sender) == ("ADT^A01", "L1", "PAS^RXH")
    assert "feeds.max_message_bytes" in entry.reason
    assert LONG.startswith(show_message(ledger, entry.arrival).raw[:200])


def test_what_is_no_hl7_is_there_whole_and_none_of_its_words_is_taken_for_a_header(ledger):
    words = b"PID|1||H77||Quill^Ada\rPV1|1|I|W1|Ada|Quill|1|2|3|Quill^Ada|H77\r"
    with (
        listening(partial(record_messages, ledger), LIMIT) as running,
        Sender(running.port) as line,
    ):
        assert line.ask(words)[0] == line.ask(b"x")[0] == "AR"
        assert line.ask(message("S1")) == ("AA", "S1")
    entries = rejected(ledger)
    assert {show_message(ledger, entry.arrival).raw for entry in entries} == {words, b"x"}
    assert not any("Quill" in str(entry) or "H77" in str(entry) for entry in entries)


def test_what_reading_rejects_is_answered_with_the_reason(ledger):
    nobody = message("N1").replace(b"N1^^^DEMO^MR", b"")
    with (
        listening(partial(record_messages, ledger), LIMIT) as running,
        Sender(running.port) as line,
    ):
        line.write(framed(nobody))
        answer = line.answer()
        assert codes(answer) == ("AE", "N1")
        assert b"PID-3 holds no identifier" in answer


def test_another_protocol_leaves_its_beginning(ledger):
    with (
        listening(partial(record_messages, ledger), LIMIT) as running,
        Sender(running.port) as line,
    ):
        line.write(b"POST /patients HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"MSA|AR" in line.answer()
    (entry,) = rejected(ledger)
    assert show_message(ledger, entry.arrival).raw.startswith(b"POST /patients")
    assert "MSH" in entry.reason


def test_while_nothing_can_be_kept_what_is_refused_is_not_answered_either():
    def fail(_raws):
        raise OSError(28, "No space left on device")

    with listening(fail, LIMIT) as running, Sender(running.port) as line:
        line.write(VT, LONG, FS + CR)
        assert line.is_closed()


def test_of_a_file_the_messages_that_are_too_long_are_named_and_the_others_read(
    vault, short, tmp_path
):
    path = tmp_path / "adt.hl7"
    path.write_bytes(admission(1) + LONG + admission(2))
    with Ledger(vault, short) as ledger:
        assert [item.outcome for item in record_path(ledger, path)] == [
            Outcome.USED, Outcome.REJECTED, Outcome.USED,
        ]  # fmt: skip
        assert [entry.control_id for entry in rejected(ledger)] == ["L1"]


def test_a_message_that_was_cut_is_not_read_as_a_whole_one_when_the_limit_rises(
    vault, short, settings, tmp_path
):
    path = tmp_path / "adt.hl7"
    path.write_bytes(LONG)
    with Ledger(vault, short) as ledger:
        (recorded,) = record_path(ledger, path)
    with Ledger(vault, settings) as ledger:
        assert show_message(ledger, recorded.arrival).touched == ()
        (whole,) = record_path(ledger, path)
        assert (whole.outcome, whole.repeated) == (Outcome.USED, False)


def test_a_file_that_is_too_large_leaves_a_trace(vault, settings, tmp_path):
    path = tmp_path / "adt.hl7"
    path.write_bytes(admission(1) * 3)
    small = replace(settings, feeds=replace(settings.feeds, max_file_bytes=100))
    with Ledger(vault, small) as ledger:
        (recorded,) = record_path(ledger, path)
        assert recorded.outcome is Outcome.REJECTED
        (entry,) = rejected(ledger)
        assert (entry.arrival, entry.name) == (recorded.arrival, str(path))
        assert "feeds.max_file_bytes" in entry.reason


def test_bytes_of_any_kind_can_be_kept(ledger):
    for data in (b"", b"M", b"MSH", b"MSH|", b"\x00\xff\x0b", b"MSH" + b"|" * 40):
        (recorded,) = record_messages(ledger, [hl7(data)])
        assert recorded.arrival
