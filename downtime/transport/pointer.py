"""The small file of a folder that says which sealed files are the newest; it is replaced last.

Nobody signs it and nothing is believed because of it: each file that it names carries its own
signature.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

import orjson

from downtime.clock import from_text, to_text
from downtime.errors import InputError

POINTER, RECENT = "latest.json", "recent.json"
MAX_POINTER_BYTES = 16_384
MAX_RECENT_BYTES = 262_144
_FORMAT = "downtime-pointer/2"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,180}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_LARGEST = 2**62


@dataclass(frozen=True, slots=True)
class CarriedFile:
    """A sealed file of a folder. `base` is the number of what it builds on; None for a full one."""

    name: str
    sha256: str
    """Of the whole file."""
    size: int
    sequence: int
    base: int | None = None

    @classmethod
    def parse(cls, document: Any) -> Self:
        """From JSON; ValueError when it is none."""
        if not isinstance(document, Mapping):
            raise ValueError("no file")
        values: list[Any] = [document.get(field.name) for field in fields(cls)]
        file = cls(*values)
        numbers = [file.size, file.sequence, 0 if file.base is None else file.base]
        if not all(type(number) is int and 0 <= number < _LARGEST for number in numbers):
            raise ValueError("no number")
        for text, pattern in ((file.name, _NAME), (file.sha256, _SHA256)):
            if not isinstance(text, str) or not pattern.fullmatch(text):
                raise ValueError("no name")
        return file


@dataclass(frozen=True, slots=True)
class Pointer:
    """The newest full file, and the newest delta where it is newer or saves fetching the full one."""

    epoch: int
    sequence: int
    created: str
    """UTC text."""
    full: CarriedFile
    delta: CarriedFile | None = None
    machines: str = ""
    """SHA-256 of the list of machines that lies there; empty when there is none."""

    @property
    def number(self) -> tuple[int, int]:
        """By which two of them are compared."""
        return self.epoch, self.sequence

    def to_bytes(self) -> bytes:
        """As it is written; `bundle` is what programs before the deltas look for."""
        document = {"format": _FORMAT, "bundle": self.full.name, "sha256": self.full.sha256}
        return orjson.dumps(document | asdict(self))

    @classmethod
    def parse(cls, content: bytes) -> Self:
        """From the bytes of a folder; InputError says what is wrong with it."""
        document = _load(content, MAX_POINTER_BYTES)
        try:
            delta = document["delta"]
            pointer = cls(
                _parse_number(document["epoch"]),
                _parse_number(document["sequence"]),
                to_text(from_text(_parse_text(document["created"]))),
                CarriedFile.parse(document["full"]),
                CarriedFile.parse(delta) if delta is not None else None,
                _parse_text(document.get("machines", "")),
            )
        except (KeyError, ValueError):
            raise _unreadable_error() from None
        return pointer


def write_recent(files: Iterable[CarriedFile]) -> bytes:
    """The list of the last deltas, for whoever has missed some."""
    return orjson.dumps({"format": _FORMAT, "deltas": [asdict(file) for file in files]})


def parse_recent(content: bytes) -> list[CarriedFile]:
    """The last deltas; InputError when that is no such list."""
    document = _load(content, MAX_RECENT_BYTES)
    try:
        return [CarriedFile.parse(file) for file in list(document["deltas"])]
    except (KeyError, ValueError, TypeError):
        raise _unreadable_error() from None


def _load(content: bytes, limit: int) -> Mapping[str, Any]:
    if len(content) > limit:
        raise InputError(
            "place.pointer-size",
            f"The pointer there has more than {limit} bytes.",
            "See what else writes in that folder; the publisher writes a new pointer by itself.",
        )
    try:
        document = orjson.loads(content)
    except orjson.JSONDecodeError:
        raise _unreadable_error() from None
    if not isinstance(document, Mapping) or document.get("format") != _FORMAT:
        raise _unreadable_error()
    return document


def _parse_number(value: Any) -> int:
    if type(value) is not int or not 0 <= value < _LARGEST:
        raise ValueError("no number")
    return value


def _parse_text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > 64 or not value.isprintable():
        raise ValueError("no text")
    return value


def _unreadable_error() -> InputError:
    return InputError(
        "place.pointer",
        "The pointer there cannot be read.",
        "See what else writes in that folder; the publisher writes a new pointer by itself.",
    )
