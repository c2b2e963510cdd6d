"""One sender on the line: its frames in, its answers out, in their order and in bounded memory."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, cast

from downtime.ingest.model import RecordedMessage
from downtime.ingest.sources import acknowledgements
from downtime.ingest.sources.acknowledgements import AckCode, ErrorCode, MessageHeader, Verdict
from downtime.ingest.sources.intake import NotKept, OnRecorded
from downtime.ingest.sources.mllp_frames import CR, FS, VT, Frame, FrameReader, NotMllpError
from downtime.ingest.sources.mllp_settings import MllpSettings


class Lines(Protocol):
    """What a connection needs of its listener, which serves many."""

    settings: MllpSettings
    max_message_bytes: int

    @property
    def is_full(self) -> bool:
        """Whether so much waits to be written that nothing more is read."""

    def submit(self, content: bytes, sender: str, on_recorded: OnRecorded) -> None:
        """Have a message kept."""

    def submit_refused(self, frame: Frame, sender: str, on_recorded: OnRecorded) -> None:
        """Have what fits of a message kept that is not read."""

    def take_large_place(self, connection: "MllpConnection") -> bool:
        """One of the few places for large messages; else it is given later (`continue_large`)."""

    def leave_large_place(self, connection: "MllpConnection") -> None:
        """Give it back, or wait for it no longer."""

    def count_refused(self, verdict: Verdict) -> None:
        """A message was refused unread."""

    def write_answers(self, header: MessageHeader, verdict: Verdict) -> list[bytes]:
        """The answers to a message."""

    def remember(self, connection: "MllpConnection") -> None:
        """It is connected."""

    def forget(self, connection: "MllpConnection") -> None:
        """It is closed."""


@dataclass(slots=True, eq=False)
class _Answer:
    """What is owed for one message; `frames` when it is known."""

    header: MessageHeader
    frames: list[bytes] | None = None


class MllpConnection(asyncio.Protocol):
    """A sender that is connected."""

    def __init__(
        self, lines: Lines, sender: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.sender = sender
        self._lines = lines
        self._clock = clock
        self._reader = FrameReader(lines.max_message_bytes)
        self._answers: deque[_Answer] = deque()
        self._is_half_closed = self._is_stopping = False
        self._is_stuck = self._has_large_place = False
        self._is_reading = True
        self.heard_at = self._begun_at = clock()

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is connected, TLS included."""
        self._transport = cast(asyncio.Transport, transport)
        self._lines.remember(self)

    def data_received(self, data: bytes) -> None:
        """Some of a message, or several."""
        self.heard_at = self._clock()
        if not self._reader.unfinished_bytes:
            self._begun_at = self.heard_at
        self._reader.feed(data)
        self.take_frames()

    def eof_received(self) -> bool:
        """It sends no more; it is still answered what it is owed."""
        self._is_half_closed = True
        self._close_when_answered()
        return not self._transport.is_closing()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone. Messages of it that wait are kept all the same; an unfinished one is dropped."""
        self._leave_large_place()
        self._lines.forget(self)

    def pause_writing(self) -> None:
        """It does not take its answers: it is not read from until it does."""
        self._is_stuck = True
        self._choose_reading()

    def resume_writing(self) -> None:
        """It takes answers again."""
        self._is_stuck = False
        self.take_frames()

    # What the listener asks and says.

    @property
    def is_idle(self) -> bool:
        """Whether nothing of it is under way."""
        return not self._answers and not self._reader.unfinished_bytes and not self._is_stuck

    def check_time(self) -> None:
        """Close it when it is too slow, or has long been silent; read on where there is room."""
        settings, now = self._lines.settings, self._clock()
        is_silent = self.is_idle and now - self.heard_at > settings.idle_seconds
        is_waited_for = self._is_reading and self._reader.unfinished_bytes
        is_slow = is_waited_for and now - self._begun_at > settings.message_seconds
        is_deaf = self._is_stuck and now - self.heard_at > settings.message_seconds
        if is_silent or is_slow or is_deaf:
            self.abort()
        elif not self._is_reading:
            self.take_frames()

    def abort(self) -> None:
        """Break the line off; what it is owed is not sent."""
        self._transport.abort()

    def stop(self) -> None:
        """Read no more, and close when everything is answered."""
        self._is_stopping = True
        self._choose_reading()
        self._close_when_answered()

    def continue_large(self) -> None:
        """A place for its large message is free now."""
        self._has_large_place = True
        self._begun_at = self._clock()
        self._choose_reading()

    def take_frames(self) -> None:
        """Submit what is whole, as long as there is room for it; then read on, or wait."""
        try:
            while self._has_room and (frame := self._reader.next_frame()):
                self._begun_at = self._clock()
                self._take(frame)
        except NotMllpError:
            self._refuse_all()
            return
        self._choose_reading()

    @property
    def _has_room(self) -> bool:
        if self._lines.is_full or self._is_stuck or self._is_stopping:
            return False
        return len(self._answers) < self._lines.settings.waiting_messages

    def _take(self, frame: Frame) -> None:
        header = acknowledgements.parse_header(frame.content)
        if header.is_acknowledgement:
            return
        answer = _Answer(header)
        self._answers.append(answer)
        refusal = self._judge_frame(frame)
        if refusal:
            self._lines.submit_refused(
                frame, self.sender, lambda result: self._answer(answer, result, refusal)
            )
        else:
            self._lines.submit(
                frame.content, self.sender, lambda result: self._answer(answer, result)
            )

    def _judge_frame(self, frame: Frame) -> Verdict | None:
        """Why it is refused unread; None when it is read."""
        if frame.is_too_long:
            limit = self._lines.max_message_bytes
            text = f"the message is longer than {limit} bytes (feeds.max_message_bytes)"
            return Verdict(AckCode.REJECTED, text, ErrorCode.TOO_LONG)
        return None if acknowledgements.is_hl7(frame.content) else acknowledgements.NOT_HL7

    def _refuse(self, answer: _Answer, verdict: Verdict) -> None:
        self._lines.count_refused(verdict)
        answer.frames = self._lines.write_answers(answer.header, verdict)
        self._send_answers()

    def _refuse_all(self) -> None:
        """Another protocol: its beginning is kept, one answer that a person can read, and the end."""
        self._lines.count_refused(acknowledgements.NOT_HL7)
        beginning = Frame(self._reader.read_beginning())
        self._lines.submit_refused(beginning, self.sender, lambda result: None)
        for content in self._lines.write_answers(
            acknowledgements.parse_header(b""), acknowledgements.NOT_HL7
        ):
            self._transport.write(VT + content + FS + CR)
        self._transport.close()

    def _answer(
        self, answer: _Answer, result: RecordedMessage | NotKept, refusal: Verdict | None = None
    ) -> None:
        """A message is kept; or cannot be now: then the line breaks, and its sender tries again."""
        if result is NotKept.NOW:
            self.abort()
            return
        if isinstance(result, NotKept):
            self._refuse(answer, acknowledgements.OUR_FAULT)
            return
        if refusal:
            self._refuse(answer, refusal)
            return
        verdict = acknowledgements.judge_outcome(result.outcome, result.reason)
        answer.frames = self._lines.write_answers(answer.header, verdict)
        self._send_answers()

    def _send_answers(self) -> None:
        """Those that are known, in the order of the messages."""
        ready: list[bytes] = []
        while self._answers and self._answers[0].frames is not None:
            ready += self._answers.popleft().frames or []
        if ready and not self._transport.is_closing():
            self._transport.write(b"".join(VT + content + FS + CR for content in ready))
        if self._has_large_place and not self._answers and not self._is_large:
            self._leave_large_place()
        if not self._is_reading or self._is_half_closed:
            self.take_frames()
        self._close_when_answered()

    def _close_when_answered(self) -> None:
        if (self._is_half_closed or self._is_stopping) and not self._answers:
            self._transport.close()

    @property
    def _is_large(self) -> bool:
        return self._reader.unfinished_bytes > self._lines.settings.large_bytes

    def _leave_large_place(self) -> None:
        self._has_large_place = False
        self._lines.leave_large_place(self)

    def _choose_reading(self) -> None:
        """Read on only while there is room, and for a large message only with a place for it."""
        wants = self._has_room
        if wants and self._is_large and not self._has_large_place:
            self._has_large_place = self._lines.take_large_place(self)
            wants = self._has_large_place
        if wants == self._is_reading or self._transport.is_closing():
            return
        self._is_reading = wants
        if wants:
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()
