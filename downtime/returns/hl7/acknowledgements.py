"""What a receiver's acknowledgement says, in original and in enhanced mode. Pure.

HL7 v2, chapter 2.9 (message processing rules) and tables 0008 and 0357:

AA       taken in
CA       in safe keeping; the application's answer may still come (enhanced mode)
AE, CE   the message is at fault: a person looks, it is not sent again by itself; but a locked
         record (206) passes by itself
AR, CR   rejected. With 206 or 207 (record locked, application failed) for reasons that pass by
         themselves, and it is sent again later; else a person looks

A target's `retry` names answers that are always sent again later. A receiver that is busy is left
alone with all its messages.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from downtime.returns.hl7.segment_writer import build_header, build_segment, join_segments
from downtime.returns.model import AttemptOutcome

CODES = ("AA", "AE", "AR", "CA", "CE", "CR")
_REJECTED = ("AR", "CR")
_LOCKED = "206"
_BUSY = (_LOCKED, "207")
"""Table 0357: application record locked, application internal error."""
_LONGEST_TEXT = 600
"""Longest part of an answer that is kept for a person."""
_ESCAPED = {"F": "|", "S": "^", "T": "&", "R": "~", "E": "\\", ".br": " "}
_ESCAPE = re.compile(r"\\(\.br|[FSTRE])\\")


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """One acknowledgement: its code (MSA-1), to which message (MSA-2), its text and error codes.

    `wants_commit` says that it is to be acknowledged itself (its MSH-15 is AL or, when it went
    well, SU); `control_id` is its own, `version` its HL7 version.
    """

    code: str
    message_id: str
    text: str
    errors: tuple[str, ...]
    control_id: str
    version: str
    wants_commit: bool

    @property
    def is_commit(self) -> bool:
        """Whether it is the commit answer of enhanced mode."""
        return self.code.startswith("C")


def parse_acknowledgement(content: bytes) -> Acknowledgement | None:
    """The acknowledgement in a frame; None for anything that is none.

    Lines may end with CR, LF or both; delimiters are those of its own MSH.
    """
    text = content.decode("utf-8", errors="replace").lstrip("\ufeff\r\n ")
    if not text.startswith("MSH") or len(text) < 8:
        return None
    field_separator, component_separator = text[3], text[4]
    rows = [line.split(field_separator) for line in re.split(r"[\r\n]+", text) if line]
    msh = rows[0]
    msa = next((row for row in rows if row[0] == "MSA"), None)
    if msa is None or _field(msa, 1) not in CODES:
        return None
    errors = [row for row in rows if row[0] == "ERR"]
    texts = [
        _plain_text(_field(msa, 3), component_separator),
        *(_error_text(row, component_separator) for row in errors),
    ]
    return Acknowledgement(
        code=_field(msa, 1),
        message_id=_field(msa, 2).strip(),
        text=" ".join(dict.fromkeys(filter(None, texts)))[:_LONGEST_TEXT],
        errors=tuple(filter(None, (_error_code(row, component_separator) for row in errors))),
        control_id=_field(msh, 9),
        version=_field(msh, 11),
        wants_commit=_field(msh, 14) in ("AL", "SU"),
    )


def determine_outcome(answer: Acknowledgement, retry: Sequence[str] = ()) -> AttemptOutcome:
    """What an answer means for its message; `retry` names codes that are always sent again."""
    if answer.code == "AA":
        return AttemptOutcome.TAKEN
    if answer.code == "CA":
        return AttemptOutcome.COMMITTED
    passing = _BUSY if answer.code in _REJECTED else (_LOCKED,)
    is_busy = any(error in passing for error in answer.errors)
    return AttemptOutcome.LATER if is_busy or answer.code in retry else AttemptOutcome.REFUSED


def describe_acknowledgement(answer: Acknowledgement) -> str:
    """A sentence for a person: the code and what the receiver said about it."""
    codes = f"{answer.code}{' ' + ', '.join(answer.errors) if answer.errors else ''}"
    return f"{codes}: {answer.text or 'no reason was given'}"


def write_commit(answer: Acknowledgement, at: str, control_id: str) -> bytes:
    """Our commit answer (CA) to an application's answer that asks for one."""
    msh = build_header({7: at, 9: "ACK", 10: control_id, 11: "P", 12: answer.version})
    return join_segments(msh, build_segment("MSA", {1: "CA", 2: answer.control_id})).encode()


def _field(row: list[str], number: int) -> str:
    return row[number] if number < len(row) else ""


def _error_code(row: list[str], component_separator: str) -> str:
    """ERR-3 (from 2.5 on), else the fourth component of ERR-1 (table 0357 in both)."""
    if code := _field(row, 3).split(component_separator)[0]:
        return code
    location = _field(row, 1).split(component_separator)
    return location[3].split("&")[0] if len(location) > 3 else ""


def _error_text(row: list[str], component_separator: str) -> str:
    """What ERR says: its code's words, where it is, diagnosis and message for the user."""
    code = _field(row, 3).split(component_separator)
    location = _field(row, 1).split(component_separator)
    texts = (
        code[1] if len(code) > 1 else "",
        location[3].partition("&")[2] if len(location) > 3 else "",
        _field(row, 2).replace(component_separator, "-"),
        _field(row, 7),
        _field(row, 8),
    )
    return " ".join(filter(None, (_plain_text(text, component_separator) for text in texts)))


def _plain_text(text: str, component_separator: str) -> str:
    """Text for a person: escapes resolved, components side by side, nothing unprintable."""
    spaced = text.replace(component_separator, " ")
    shown = _ESCAPE.sub(lambda escape: _ESCAPED[escape[1]], spaced)
    return "".join(c if c.isprintable() else " " for c in shown).strip()
