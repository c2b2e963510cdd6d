"""Frames as senders write them: strict, sloppy, in pieces, hostile."""

import pytest

from downtime.ingest.sources.mllp_frames import Frame, FrameReader, NotMllpError

A = b"MSH|^~\\&|PAS|RXH|||20261102||ADT^A01|1|P|2.4\rPID|1||100\r"
B = b"MSH|^~\\&|PAS|RXH|||20261102||ADT^A01|2|P|2.4\nPID|1||200\n"


def frames(*pieces: bytes, limit: int = 10_000) -> list[Frame]:
    reader, found = FrameReader(limit), []
    for piece in pieces:
        reader.feed(piece)
        while frame := reader.next_frame():
            found.append(frame)
    return found


def contents(*pieces: bytes, limit: int = 10_000) -> list[bytes]:
    return [frame.content for frame in frames(*pieces, limit=limit)]


@pytest.mark.parametrize(
    "sent",
    [
        b"\x0b" + A + b"\x1c\r\x0b" + B + b"\x1c\r",
        b"\x0b" + A + b"\x1c\x0b" + B + b"\x1c",
        b"\x0b" + A + b"\x1c\r\n\x00\r\n \x0b" + B + b"\x1c\n",
        A + b"\x1c\r" + B + b"\x1c\r",
        b"\x0b\x1c\r\x0b" + A + b"\x1c\r\x1c\r\x0b" + B + b"\x1c\r",
    ],
    ids=["strict", "no CR", "keep-alives between", "no VT", "empty frames"],
)
def test_frames_are_read_however_they_end_and_wherever_they_are_cut(sent):
    assert contents(sent) == [A, B]
    assert contents(*(sent[i : i + 1] for i in range(len(sent)))) == [A, B]


def test_a_message_that_was_begun_again_counts_once():
    assert contents(b"\x0b" + A[:40] + b"\x0b" + A + b"\x1c\r") == [A]


def test_an_unfinished_message_is_none():
    reader = FrameReader(1000)
    reader.feed(b"\x0b" + A)
    assert reader.next_frame() is None
    assert reader.unfinished_bytes == len(A) + 1


def test_of_a_message_that_is_too_long_only_the_head_is_held_and_the_next_is_read():
    reader, most = FrameReader(100_000), 0
    reader.feed(b"\x0b" + A)
    for _ in range(100):
        reader.feed(b"OBX|1|ED|" + b"x" * 65_536)
        assert reader.next_frame() is None
        most = max(most, reader.unfinished_bytes)
    reader.feed(b"\x1c\r\x0b" + B + b"\x1c\r")
    first, second = reader.next_frame(), reader.next_frame()
    assert first.is_too_long
    assert first.content.startswith(A)
    assert second == Frame(B)
    assert most < 200_000


@pytest.mark.parametrize("start", [b"GET / HTTP/1.1\r\n", b"\x16\x03\x01\x02", b"hello"])
def test_another_protocol_is_told_at_once(start):
    with pytest.raises(NotMllpError):
        frames(start)


def test_a_flood_of_empty_frames_is_read_without_end():
    assert contents(b"\x0b\x1c\r" * 20_000 + b"\x0b" + A + b"\x1c\r") == [A]
