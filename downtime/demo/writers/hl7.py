"""Writes HL7 v2: escapes, fields, segments and the bytes of a file. Reads nothing."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

CR, LF, CRLF = "\r", "\n", "\r\n"
_ZONE = ZoneInfo("Europe/London")
_ESCAPES = str.maketrans(
    {"\\": "\\E\\", "|": "\\F\\", "^": "\\S\\", "&": "\\T\\", "~": "\\R\\", "\n": "\\.br\\"}
)
_SPECIAL = frozenset("\\|^&~\n")


def text(value: str) -> str:
    """A value with the marks of HL7 v2 escaped and its line ends as `\\.br\\`."""
    return value.translate(_ESCAPES) if _SPECIAL.intersection(value) else value


def parts(*values: str) -> str:
    """Components of one field, each escaped; trailing empty ones are left out."""
    return "^".join(map(text, values)).rstrip("^")


@lru_cache(maxsize=65_536)
def moment(when: datetime | None, offset: bool = False) -> str:
    """`20261102143000` in the hospital's own time, with `+0000` behind it when asked for."""
    if when is None:
        return ""
    return when.astimezone(_ZONE).strftime("%Y%m%d%H%M%S%z" if offset else "%Y%m%d%H%M%S")


def segment(name: str, fields: Mapping[int, str]) -> str:
    """A segment of fields that are already escaped, by their number in the standard."""
    row = [name] + [""] * max(fields, default=0)
    for number, value in fields.items():
        row[number] = value
    return "|".join(row).rstrip("|")


def header(
    application: str,
    receiver: str,
    kind: str,
    control: str,
    sent: datetime,
    version: str = "2.4",
    charset: str = "UNICODE UTF-8",
    offset: bool = False,
) -> str:
    """MSH, from this hospital's application to another."""
    return (
        f"MSH|^~\\&|{application}|DEMO|{receiver}|DEMO|{moment(sent, offset)}||{kind}|{control}|P"
        f"|{version}|||AL|NE|GBR|{charset}"
    )


def message(segments: Iterable[str], end: str = CR) -> bytes:
    """The bytes of one message, each segment ended."""
    return "".join(part + end for part in segments).encode()


def mllp(segments: Iterable[str]) -> bytes:
    """The bytes of one message as they travel: between a vertical tab and FS CR."""
    return b"\x0b" + message(segments) + b"\x1c\r"
