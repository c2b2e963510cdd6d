"""A signed document as texts for square codes, and back: in any order, any number of times. Pure.

`DT1.4KX2QA.2.5.MFRGG…` names the document, the part and how many there are. The characters are those
that every scanner and keyboard has in common; a code of 600 of them is read by a telephone's camera.
Inside: version, key id, Ed25519 signature, then the JSON, compressed. There is nothing to look up.
"""

import base64
import hashlib
import re
import zlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from downtime.errors import InputError, UntrustedError
from downtime.paper.mutual_aid.model import AidDocument, parse_document
from downtime.vault.slots import to_canonical_json

PART = 600
"""Characters of one code beside its head."""
MOST_PARTS = 9
MOST_BYTES = PART * MOST_PARTS * 5 // 8
_VERSION = b"\x01"
_KEY_ID, _SIGNATURE = 8, 64
_MOST_UNPACKED = 200_000
_CODE = re.compile(r"DT1\.([A-Z2-7]{6})\.(\d)\.(\d)\.([A-Z2-7]{1,600})")


class CodeParts(NamedTuple):
    """What was read so far of one document."""

    name: str
    total: int
    texts: Mapping[int, str]
    """By the number of the part, from 1."""

    @property
    def missing(self) -> list[int]:
        """The parts that were not read yet."""
        return [number for number in range(1, self.total + 1) if number not in self.texts]

    @property
    def codes(self) -> list[str]:
        """The texts of the codes that were read."""
        head = f"DT1.{self.name}"
        return [f"{head}.{n}.{self.total}.{self.texts[n]}" for n in sorted(self.texts)]


def compress_document(document: AidDocument) -> bytes:
    """What is signed."""
    return zlib.compress(to_canonical_json(document.as_json()), 9)


def fits(document: AidDocument) -> bool:
    """Whether it fits into so many codes as stand on one sheet."""
    return len(compress_document(document)) + 1 + _KEY_ID + _SIGNATURE <= MOST_BYTES


def make_codes(document: AidDocument, key_id: str, sign: Callable[[bytes], str]) -> list[str]:
    """The texts of the codes; `sign` gives an Ed25519 signature as base64. InputError when it is too long."""
    content = compress_document(document)
    signature = base64.b64decode(sign(_signed_bytes(content)))
    packed = _VERSION + bytes.fromhex(key_id) + signature + content
    text = base64.b32encode(packed).decode().rstrip("=")
    parts = [text[start : start + PART] for start in range(0, len(text), PART)]
    if len(parts) > MOST_PARTS:
        raise InputError(
            "aid.long", "This is too much for the codes of one sheet.", "Send the printed summary."
        )
    name = _name_document(packed)
    return [f"DT1.{name}.{n}.{len(parts)}.{part}" for n, part in enumerate(parts, 1)]


def collect_parts(texts: Iterable[str]) -> CodeParts:
    """The codes among what was scanned, pasted or read from pictures; the first document's only.

    InputError when there is none, or when codes of two documents are among them.
    """
    matches = [match.groups() for text in texts for match in _CODE.finditer(text.upper())]
    if not matches:
        raise InputError(
            "aid.none",
            "There is no code of a transfer summary or capacity sheet in this.",
            "Scan each square code of the sheet, or send a clear picture of it.",
        )
    if len({(name, count) for name, _, count, _ in matches}) > 1:
        raise InputError(
            "aid.mixed",
            "These are codes of two different sheets.",
            "Begin anew, with the codes of one sheet only.",
        )
    name, _, count, _ = matches[0]
    parts = {int(number): part for _, number, _, part in matches if 1 <= int(number) <= int(count)}
    return CodeParts(name, int(count), parts)


class VerifiedDocument(NamedTuple):
    """A document whose signature holds, with the id of the key that made it."""

    document: AidDocument
    content: Mapping[str, Any]
    key_id: str
    id: str


def read_key_id(parts: CodeParts) -> str:
    """The key that the codes say they were signed with: whoever asks still has to verify it."""
    return _unpack(parts)[1 : 1 + _KEY_ID].hex()


def open_codes(parts: CodeParts, key: Ed25519PublicKey) -> VerifiedDocument:
    """The document in all the codes of a sheet; UntrustedError when any of it is not as it was signed."""
    packed = _unpack(parts)
    start = 1 + _KEY_ID
    signature, content = packed[start : start + _SIGNATURE], packed[start + _SIGNATURE :]
    try:
        key.verify(signature, _signed_bytes(content))
    except InvalidSignature:
        raise tampered_error() from None
    try:
        unpacker = zlib.decompressobj()
        text = unpacker.decompress(content, _MOST_UNPACKED)
        if not unpacker.eof or unpacker.unused_data:
            raise ValueError("not whole")
        data = orjson.loads(text)
        document = parse_document(data)
    except (zlib.error, ValueError, KeyError, TypeError, IndexError):
        raise tampered_error() from None
    return VerifiedDocument(
        document, data, packed[1:start].hex(), hashlib.sha256(packed).hexdigest()
    )


def _unpack(parts: CodeParts) -> bytes:
    if parts.missing:
        numbers = ", ".join(map(str, parts.missing))
        raise InputError(
            "aid.missing",
            f"{len(parts.texts)} of {parts.total} codes were read; still missing: {numbers}.",
            "Scan those as well, in any order.",
        )
    text = "".join(parts.texts[number] for number in range(1, parts.total + 1))
    try:
        packed = base64.b32decode(text + "=" * (-len(text) % 8))
    except ValueError:
        raise tampered_error() from None
    is_canonical = base64.b32encode(packed).decode().rstrip("=") == text
    if packed[:1] != _VERSION or _name_document(packed) != parts.name or not is_canonical:
        raise tampered_error()
    return packed


def _name_document(packed: bytes) -> str:
    return base64.b32encode(hashlib.sha256(packed).digest()).decode()[:6]


def _signed_bytes(content: bytes) -> bytes:
    """Nothing else that a machine signs begins so."""
    return b"downtime-mutual-aid/1\n" + content


def tampered_error() -> UntrustedError:
    """It is not what was signed."""
    return UntrustedError(
        "aid.tampered",
        "These codes were altered, or misread.",
        "Scan them again. If it stays so, use the printed words only and telephone that hospital.",
    )
