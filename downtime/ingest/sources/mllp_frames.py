"""Cuts what a sender writes into MLLP frames, strict or sloppy, in bounded memory. Pure.

A frame is VT, the message, FS, CR (HL7 Transport Specification MLLP, release 1). Survived: an end
without CR or with LF, a message without VT, lines, spaces and NULs between frames, and a sender that
begins its message again without having ended it. A message longer than the limit is read to its
end and comes without its content: its sender gets an answer, and the next message is read.
"""

import re
from typing import NamedTuple

VT, FS, CR = b"\x0b", b"\x1c", b"\r"
_BETWEEN = b"\x00\t\n\r \x1a"
"""What may stand between frames: ends of lines, and what some senders keep a line alive with."""
_BETWEEN_FRAMES = re.compile(rb"[\x00\t\n\r \x1a]*")
_STARTS = (b"MSH", b"FHS", b"BHS")
_HEAD_BYTES = 4096
"""Of a message that is too long: enough for its MSH, from which it is answered."""


class NotMllpError(Exception):
    """What came is no frame and no message: another protocol, or another encoding."""


class Frame(NamedTuple):
    """One message as it was sent; of one that is too long only the head."""

    content: bytes
    is_too_long: bool = False


class FrameReader:
    """Takes bytes as they come, gives frames; holds at most `limit` bytes and one block more."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._buffer = bytearray()
        self._searched = 0
        self._head = b""

    @property
    def unfinished_bytes(self) -> int:
        """How much of a message that has not ended is held; frames not yet taken count too."""
        return len(self._buffer) or len(self._head)

    def read_beginning(self) -> bytes:
        """What begins what is held."""
        return bytes(memoryview(self._buffer)[:_HEAD_BYTES]) or self._head

    def feed(self, data: bytes) -> None:
        """Add what was read."""
        self._buffer += data

    def next_frame(self) -> Frame | None:
        """The next whole frame; None when more has to be read; NotMllpError."""
        while True:
            if not self._head:
                self._skip_between_frames()
            end = self._buffer.find(FS, self._searched)
            if end < 0:
                self._drop_excess()
                return None
            frame = self._cut(end)
            del self._buffer[: end + 1]
            self._searched = 0
            if frame:
                return frame

    def _cut(self, end: int) -> Frame | None:
        if self._head:
            head, self._head = self._head, b""
            return Frame(head, is_too_long=True)
        content = bytes(memoryview(self._buffer)[:end])
        content = content[content.rfind(VT) + 1 :]
        if len(content) > self._limit:
            return Frame(content[:_HEAD_BYTES], is_too_long=True)
        return Frame(content) if content.strip(_BETWEEN) else None

    def _skip_between_frames(self) -> None:
        buffer = self._buffer
        if start := _BETWEEN_FRAMES.match(buffer).end():  # type: ignore[union-attr]
            del buffer[:start]
            self._searched = 0
        if buffer and buffer[:1] not in (VT, FS) and not _can_begin_message(bytes(buffer[:6])):
            raise NotMllpError

    def _drop_excess(self) -> None:
        """Of a message that has grown too long keep the head only, and forget the rest of it."""
        if self._head:
            self._buffer.clear()
        elif len(self._buffer) > self._limit + 1:
            self._head = bytes(self._buffer[1 : _HEAD_BYTES + 1])
            self._buffer.clear()
        self._searched = len(self._buffer)


def _can_begin_message(start: bytes) -> bool:
    """Whether these first bytes may become a message that its sender did not frame."""
    text = start.removeprefix(b"\xef\xbb\xbf")
    return any(name.startswith(text[:3]) for name in _STARTS)
