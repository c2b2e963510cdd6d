"""What a sender is answered, in original and in enhanced mode. Pure.

HL7 v2, chapter 2.9 (message processing rules), tables 0008, 0155 and 0357. We keep and read a
message before we answer, so both answers of enhanced mode are known at once:

AA, CA   it is kept; what is not used is kept as well, and said in MSA-3
AE, CE   it is kept and cannot be read: a person looks, sending it again changes nothing
AR, CR   it is not HL7, or too long

A message that could not be kept gets no answer at all: its sender sends it again. Nor does an answer:
some senders acknowledge our acknowledgements.
"""

import re
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from downtime.feeds.model import Outcome

_HEAD_BYTES = 4096
_LINE_END = re.compile(rb"[\r\n]")
_LONGEST_TEXT = 200
_TRIGGER_VERSION = b"2.4"
"""From this version on the answer's MSH-9 names the structure, from the next ERR has its code."""
_ERROR_VERSION = b"2.5"


class AckCode(StrEnum):
    """Acknowledgement codes of the application: MSA-1, table 0008."""

    ACCEPTED = "AA"
    ERROR = "AE"
    REJECTED = "AR"


class ErrorCode(StrEnum):
    """Table 0357, as far as it is used here."""

    NONE = ""
    SEQUENCE = "100"
    """Segments are missing or in the wrong place."""
    DATA = "102"
    TOO_LONG = "104"


class Verdict(NamedTuple):
    """What became of a message, as its sender is answered; `text` holds no patient data."""

    code: AckCode
    text: str = ""
    error: ErrorCode = ErrorCode.NONE


class _Header(NamedTuple):
    """MSH of the message that is answered, its fields as sent."""

    separator: bytes
    fields: list[bytes]

    def field(self, number: int) -> bytes:
        """MSH-n, n from 2; empty beyond the last."""
        return self.fields[number - 1] if number <= len(self.fields) else b""


NOT_HL7 = Verdict(AckCode.REJECTED, "this is not an HL7 v2 message", ErrorCode.SEQUENCE)


def judge_outcome(outcome: Outcome, reason: str) -> Verdict:
    """The verdict on a message that is kept; `reason` says why it is not used or was rejected."""
    if outcome is Outcome.REJECTED:
        return Verdict(AckCode.ERROR, reason, ErrorCode.DATA)
    return Verdict(AckCode.ACCEPTED, f"not used: {reason}" if reason else "")


def is_hl7(content: bytes) -> bool:
    """Whether it begins as a message or a batch does."""
    start = content[:64].removeprefix(b"\xef\xbb\xbf").lstrip()
    return start[:3] in (b"MSH", b"FHS", b"BHS") and len(start) > 8


def is_acknowledgement(content: bytes) -> bool:
    """Whether it answers a message of ours: an answer to an answer would never end."""
    header = _parse_header(content)
    return header.field(9).split(header.field(2)[:1] or b"^")[0] in (b"ACK", b"MCF")


def write_answers(content: bytes, verdict: Verdict, at: datetime, control_id: str) -> list[bytes]:
    """The answers that the message's mode asks for: one, none, or two in enhanced mode.

    `at` is in UTC; `control_id` is ours, the second answer's has an `A` behind it.
    """
    header = _parse_header(content)
    wants_commit, wants_application = header.field(15), header.field(16)
    if not wants_commit and not wants_application:
        return [_write_answer(header, verdict, verdict.code, at, control_id)]
    answers = []
    if _is_wanted(wants_commit, verdict):
        code = f"C{verdict.code[1]}"
        answers.append(_write_answer(header, verdict, code, at, control_id))
    if _is_wanted(wants_application, verdict):
        answers.append(_write_answer(header, verdict, verdict.code, at, f"{control_id}A"))
    return answers


def _is_wanted(condition: bytes, verdict: Verdict) -> bool:
    """Table 0155: always, never, on error, on success; one that is not said is never."""
    if condition == b"ER":
        return verdict.code is not AckCode.ACCEPTED
    return condition == b"AL" or (condition == b"SU" and verdict.code is AckCode.ACCEPTED)


def _parse_header(content: bytes) -> _Header:
    head = content[:_HEAD_BYTES].removeprefix(b"\xef\xbb\xbf").lstrip()
    start = head.find(b"MSH")
    if start < 0 or len(head) < start + 8:
        return _Header(b"|", [b"MSH", b"^~\\&"])
    line = _LINE_END.split(head[start:], maxsplit=1)[0]
    separator = line[3:4]
    return _Header(separator, [b"MSH", *line[4:].split(separator)])


def _write_answer(
    header: _Header, verdict: Verdict, code: str, at: datetime, control_id: str
) -> bytes:
    field = header.field
    component = field(2)[:1] or b"^"
    version = field(12).split(component)[0] or b"2.5"
    msh = [
        b"MSH", field(2), field(5), field(6), field(3), field(4),
        at.strftime("%Y%m%d%H%M%S+0000").encode(), b"",
        _message_type(field(9), component, version), control_id.encode(),
        field(11) or b"P", field(12) or version,
    ]  # fmt: skip
    if character_set := field(18):
        msh += [b"", b"", b"", b"", b"", character_set]
    text = _escape(verdict.text[:_LONGEST_TEXT], header)
    segments = [msh, [b"MSA", code.encode(), field(10), text]]
    if verdict.error:
        segments.append(_write_error(verdict.error, text, component, version))
    lines = (header.separator.join(fields).rstrip(header.separator) for fields in segments)
    return b"".join(line + b"\r" for line in lines)


def _message_type(sent: bytes, component: bytes, version: bytes) -> bytes:
    trigger = sent.split(component)[1:2]
    if version < _TRIGGER_VERSION or not trigger:
        return b"ACK"
    return component.join((b"ACK", *trigger, b"ACK"))


def _write_error(error: str, text: bytes, component: bytes, version: bytes) -> list[bytes]:
    """ERR-3, 4 and 8; before 2.5 the code is the fourth component of ERR-1."""
    if version < _ERROR_VERSION:
        return [b"ERR", component * 3 + error.encode()]
    return [b"ERR", b"", b"", error.encode(), b"E", b"", b"", b"", text]


def _escape(text: str, header: _Header) -> bytes:
    """Our own words with the sender's delimiters escaped; ASCII, which every character set has."""
    delimiters = header.field(2).decode("latin-1")
    names = {header.separator.decode("latin-1"): "F"} | dict(zip(delimiters, "SRET", strict=False))
    escape = delimiters[2:3] or "\\"
    plain = text.encode("ascii", "replace").decode()
    shown = "".join(f"{escape}{names[c]}{escape}" if c in names else c for c in plain)
    return "".join(c if c.isprintable() else " " for c in shown).encode()
