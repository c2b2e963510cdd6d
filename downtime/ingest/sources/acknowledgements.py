"""What a sender is answered, in original and in enhanced mode. Pure.

HL7 v2, chapter 2.9 (message processing rules), tables 0008, 0155 and 0357. We keep a message, and look
at its header and segments, before we answer, so both answers of enhanced mode are known at once:

AA, CA   it is kept; what is not used is kept as well, and said in MSA-3
AE, CE   it is kept and cannot be read: a person looks, sending it again changes nothing. What only
         reading all of it finds (a number that fails its check) is answered so where a listener
         reads first (`read_before_answer`); else the ledger alone says it
AR, CR   it is not read: not HL7, or too long (the ledger has what fits of it, as rejected), or a fault
         of our own that only this message brings out (then it is not kept either)

A message that could not be kept gets no answer at all: its sender sends it again. Nor does an answer:
some senders acknowledge our acknowledgements.
"""

import re
from enum import StrEnum
from typing import NamedTuple

from downtime.feeds.model import Outcome

_HEAD_BYTES = 4096
_LINE_END = re.compile(rb"[\r\n]")
_LONGEST_TEXT = 200
_FIELDS = 18
_NO_FIELDS = [b""] * (_FIELDS - 1)
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
    INTERNAL = "207"
    """Application internal error."""


class Verdict(NamedTuple):
    """What became of a message, as its sender is answered; `text` holds no patient data."""

    code: AckCode
    text: str = ""
    error: ErrorCode = ErrorCode.NONE


class MessageHeader(NamedTuple):
    """MSH of the message that is answered, its fields as sent: MSH-n is `fields[n - 1]`, n to 18."""

    separator: bytes
    fields: list[bytes]

    @property
    def component(self) -> bytes:
        """The component separator: the first of MSH-2."""
        return self.fields[1][:1] or b"^"

    @property
    def is_acknowledgement(self) -> bool:
        """Whether it answers a message of ours: an answer to an answer would never end."""
        return self.fields[8].split(self.component, 1)[0] in (b"ACK", b"MCF")


NOT_HL7 = Verdict(AckCode.REJECTED, "this is not an HL7 v2 message", ErrorCode.SEQUENCE)

OUR_FAULT = Verdict(
    AckCode.REJECTED,
    "a fault in Downtime, not in the message: please report it",
    ErrorCode.INTERNAL,
)


def judge_outcome(outcome: Outcome, reason: str) -> Verdict:
    """The verdict on a message that is kept; `reason` says why it is not used or was rejected."""
    if outcome is Outcome.REJECTED:
        return Verdict(AckCode.ERROR, reason, ErrorCode.DATA)
    return Verdict(AckCode.ACCEPTED, f"not used: {reason}" if reason else "")


def is_hl7(content: bytes) -> bool:
    """Whether it begins as a message or a batch does."""
    start = content[:64].removeprefix(b"\xef\xbb\xbf").lstrip()
    return start[:3] in (b"MSH", b"FHS", b"BHS") and len(start) > 8


def parse_header(content: bytes) -> MessageHeader:
    """The first MSH; with empty fields where there is none."""
    head = content[:_HEAD_BYTES]
    start = head.find(b"MSH")
    if start < 0 or len(head) < start + 8:
        return MessageHeader(b"|", [b"MSH", b"^~\\&", *_NO_FIELDS])
    line = _LINE_END.split(head[start:], maxsplit=1)[0]
    separator = line[3:4]
    fields = line.split(separator, _FIELDS)
    return MessageHeader(separator, fields + _NO_FIELDS[len(fields) - 2 :])


def write_answers(
    header: MessageHeader, verdict: Verdict, at: bytes, control_id: str
) -> list[bytes]:
    """The answers that the message's mode asks for: one, none, or two in enhanced mode.

    `at` is the time as MSH-7 has it; `control_id` is ours, the second answer's has an `A` behind it.
    """
    wants_commit, wants_application = header.fields[14], header.fields[15]
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


def _write_answer(
    header: MessageHeader, verdict: Verdict, code: str, at: bytes, control_id: str
) -> bytes:
    separator, fields = header
    component = header.component
    version = fields[11].split(component, 1)[0] or b"2.5"
    msh = [
        b"MSH", fields[1], fields[4], fields[5], fields[2], fields[3], at, b"",
        _message_type(fields[8], component, version), control_id.encode(),
        fields[10] or b"P", fields[11] or version,
    ]  # fmt: skip
    if character_set := fields[17]:
        msh += [b"", b"", b"", b"", b"", character_set]
    msa = [b"MSA", code.encode(), fields[9]]
    text = _escape(verdict.text[:_LONGEST_TEXT], header) if verdict.text else b""
    if text:
        msa.append(text)
    answer = separator.join(msh) + b"\r" + separator.join(msa) + b"\r"
    if verdict.error:
        error = _write_error(verdict.error, text, component, version)
        answer += separator.join(error) + b"\r"
    return answer


def _message_type(sent: bytes, component: bytes, version: bytes) -> bytes:
    trigger = sent.split(component, 2)[1:2]
    if version < _TRIGGER_VERSION or not trigger:
        return b"ACK"
    return component.join((b"ACK", *trigger, b"ACK"))


def _write_error(error: str, text: bytes, component: bytes, version: bytes) -> list[bytes]:
    """ERR-3, 4 and 8; before 2.5 the code is the fourth component of ERR-1."""
    if version < _ERROR_VERSION:
        return [b"ERR", component * 3 + error.encode()]
    return [b"ERR", b"", b"", error.encode(), b"E", b"", b"", b"", text]


def _escape(text: str, header: MessageHeader) -> bytes:
    """Our own words with the sender's delimiters escaped; ASCII, which every character set has."""
    delimiters = header.fields[1].decode("latin-1")
    names = {header.separator.decode("latin-1"): "F"} | dict(zip(delimiters, "SRET", strict=False))
    escape = delimiters[2:3] or "\\"
    plain = text.encode("ascii", "replace").decode()
    shown = "".join(f"{escape}{names[c]}{escape}" if c in names else c for c in plain)
    return "".join(c if c.isprintable() else " " for c in shown).encode()
