"""The characters of an HL7 v2 message: which set they are in, its delimiters, its escape sequences.

MSH-18 names the character set (HL7 table 0211), and by its repetitions those to which escape characters
change (ISO 2022). Where it lies the bytes decide, and the message gets a finding: text that is valid
UTF-8 beyond ASCII is UTF-8, whatever was named. Control characters are left out, and that is said.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

_FORMATTING = re.compile(r"\.(br|sp|ce|sk|in|ti|fi|nf)\s*([+-]?\d{0,3})")
_UTF_16 = "utf-16-be"
_CODECS = {
    "ascii": "ascii",
    **{f"8859/{part}": f"iso8859-{part}" for part in (*range(1, 12), 13, 14, 15, 16)},
    "iso ir6": "ascii",
    "iso ir14": "shift_jis",
    "iso ir87": "iso2022_jp",
    "iso ir159": "iso2022_jp_1",
    "gb 18030-2000": "gb18030",
    "gb18030": "gb18030",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "ks x 1001": "euc_kr",
    "cns 11643-1992": "big5",
    "big-5": "big5",
    "unicode": "utf-8",
    "unicode utf-8": "utf-8",
    "unicode utf-16": "utf-8",
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "unicode-utf-8": "utf-8",
}
"""HL7 table 0211, and what is sent instead; between MLLP bytes no message is really UTF-16."""
_SIXTEEN_BIT = frozenset({"unicode", "unicode utf-16"})
_SEVERAL_BYTES = frozenset({"gb18030", "big5", "euc_kr", "shift_jis"})
_SWITCHES = (
    (re.compile(rb"\x1b\$\)C"), "iso2022_kr"),
    (re.compile(rb"\x1b(?:\$[@B]|\$\(D|\([BIJ])"), "iso2022_jp_ext"),
)
"""Changes of character set (ISO 2022) and the codec that follows them."""
_CONTROL = "control characters, such as NUL, are left out"
_UNKNOWN_SWITCH = "a change of character set (ISO 2022) is not known: its text cannot be read"
_UNNAMED_SWITCH = "the text changes its character set (ISO 2022), and MSH-18 does not say to which"
_CONTROLS = bytes(code for code in range(32) if code not in (9, 10, 13, 27)) + b"\x7f"
_TO_KOREAN = b"\x1b$)C"
_CONTROLS_BESIDE_KOREAN = _CONTROLS.replace(b"\x0e\x0f", b"")
"""In ISO 2022-KR two of them begin and end its characters."""
_FRAME = b"\x0b\x1c\r\n \t"
"""Of MLLP, and blanks."""
_HEXADECIMAL = b"\\X"
_AFTER_ENCODING = len("MSH|^~\\&")
_ESCAPE = b"\x1b"
"""Begins a change of character set in ISO 2022; a control character elsewhere."""
_MOST_NAME = 40
_MOST_SETS = 10


class DecodedText(NamedTuple):
    """A message's text, the codec of its `\\X` escapes, and what is wrong with MSH-18."""

    text: str
    codec: str
    problem: str = ""


def decode_text(data: bytes) -> str:
    """Text from bytes: UTF-8 when they are that, else cp1252, else latin-1."""
    for encoding in ("utf-8", "cp1252"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1")


def decode_message(data: bytes, character_set: str = "") -> DecodedText:
    """The text of a message, in the set that the profile of its source or MSH-18 names."""
    is_korean = _ESCAPE in data and _TO_KOREAN in data
    controls = _CONTROLS_BESIDE_KOREAN if is_korean else _CONTROLS
    printable = data.translate(None, controls)
    if len(printable) != len(data) and _is_odd(data, controls):
        decoded = _decode_message(printable, character_set)
        return decoded._replace(problem="; ".join(filter(None, (decoded.problem, _CONTROL))))
    return _decode_message(printable, character_set)


def _is_odd(data: bytes, controls: bytes) -> bool:
    """Whether control characters stand in a message, and not only the frame around it."""
    inside = data.strip(_FRAME)
    return len(inside.translate(None, controls)) != len(inside)


def _decode_message(data: bytes, character_set: str) -> DecodedText:
    is_ascii = data.isascii() and _ESCAPE not in data
    has_escapes = data.find(b"\\", _AFTER_ENCODING) >= 0 and _HEXADECIMAL in data
    if is_ascii and not has_escapes:
        return DecodedText(data.decode("ascii"), "")
    names = [""] if character_set else _read_character_sets(data)
    named = names[0]
    codec = character_set or _CODECS.get(named, "")
    if _ESCAPE in data and (switched := _decode_switches(data, names, is_sure=bool(character_set))):
        return switched
    escapes = _UTF_16 if named in _SIXTEEN_BIT else codec
    if is_ascii:
        return DecodedText(data.decode("ascii"), escapes)
    text, problem = _decode(data, codec, is_sure=bool(character_set))
    if named and not codec:
        problem = "MSH-18 names a character set that is not known: the bytes decided"
    return DecodedText(text.replace("\x1b", ""), escapes, problem)


def _decode_switches(data: bytes, names: list[str], *, is_sure: bool) -> DecodedText | None:
    """The text of a message that changes its character set; None when it does not."""
    codec = next((codec for pattern, codec in _SWITCHES if pattern.search(data)), "")
    if not codec:
        is_switch = re.search(rb"\x1b[$(),\-.]", data)
        cleared = decode_text(data).replace("\x1b", "")
        return DecodedText(cleared, "", _UNKNOWN_SWITCH) if is_switch else None
    try:
        text = data.decode(codec)
    except UnicodeDecodeError:
        return DecodedText(decode_text(data).replace("\x1b", ""), "", _UNKNOWN_SWITCH)
    is_named = any(_CODECS.get(name, "").startswith("iso2022") for name in names)
    is_named = is_named or is_sure or "ks x 1001" in names
    text = text.replace("\x1b", "").replace("\x0e", "").replace("\x0f", "")
    return DecodedText(text, codec, "" if is_named else _UNNAMED_SWITCH)


def _read_character_sets(data: bytes) -> list[str]:
    """MSH-18 in small letters; the first repetition may be empty, which is ASCII."""
    header = data[:2000].replace(b"\n", b"\r").split(b"\r", 1)[0]
    fields = header.split(header[3:4] or b"|", 18)
    if len(fields) < 18:
        return [""]
    repetitions = fields[17].strip().split(b"~")[:_MOST_SETS]
    names = (repetition.split(b"^")[0][:_MOST_NAME] for repetition in repetitions)
    return [name.decode("latin-1").strip().casefold() for name in names]


def _decode(data: bytes, codec: str, *, is_sure: bool) -> tuple[str, str]:
    if not codec:
        return decode_text(data), ""
    wrong = "MSH-18 names another character set than the bytes are in: the bytes decided"
    if not is_sure and codec not in _SEVERAL_BYTES | {"utf-8"} and _is_utf_8(data):
        return data.decode("utf-8"), wrong
    try:
        text = data.decode(codec)
    except UnicodeDecodeError:
        return decode_text(data), wrong
    if codec.startswith("iso8859") and re.search("[\x80-\x9f]", text):
        return decode_text(data), wrong
    return text, ""


def _is_utf_8(data: bytes) -> bool:
    try:
        return not data.isascii() and bool(data.decode("utf-8"))
    except UnicodeDecodeError:
        return False


@dataclass(frozen=True, slots=True, eq=False)
class Delimiters:
    """The delimiters of a message (MSH-1, MSH-2); equal ones are one object (`find_delimiters`)."""

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    subcomponent: str = "&"
    codec: str = ""
    """Of the bytes in `\\X` escapes; empty when it is not named."""

    def decode(self, raw: str) -> str:
        """Text with its escape sequences resolved; an unknown sequence stays as it was sent."""
        if self.escape not in raw:
            return raw
        pieces = raw.split(self.escape)
        text, number = [pieces[0]], 1
        while number < len(pieces):
            meaning = self._resolve(pieces[number]) if number + 1 < len(pieces) else None
            if meaning is None:
                text.append(self.escape + pieces[number])
                number += 1
            else:
                text.append(meaning + pieces[number + 1])
                number += 2
        return "".join(text)

    def _resolve(self, code: str) -> str | None:
        """The text that one escape sequence stands for; None when it is not known."""
        meaning = _list_simple_escapes(self).get(code)
        if meaning is not None:
            return meaning
        if code[:1] == "X" and len(code) > 1:
            return _decode_hexadecimal(code[1:], self.codec)
        match = _FORMATTING.fullmatch(code)
        return _apply_formatting(match[1], match[2]) if match else None


@lru_cache(maxsize=64)
def _list_simple_escapes(delimiters: Delimiters) -> dict[str, str]:
    """Escape sequences that stand for one text; highlighting stands for none."""
    return {
        "F": delimiters.field,
        "S": delimiters.component,
        "T": delimiters.subcomponent,
        "R": delimiters.repetition,
        "E": delimiters.escape,
        "P": "#",
        "H": "",
        "N": "",
    }


@lru_cache(maxsize=64)
def find_delimiters(field: str, encoding: str, codec: str = "") -> Delimiters:
    """MSH-2 in its usual, five-character and doubled forms; what it leaves out is the standard's."""
    usual = [mark for mark in "^~\\&" if mark != field]
    sent = [mark for mark in dict.fromkeys(encoding) if mark != field and not mark.isalnum()]
    sent += [mark for mark in usual if mark not in sent]
    component, repetition, escape, subcomponent = [*sent, "&"][:4]
    return Delimiters(field, component, repetition, escape, subcomponent, codec)


def _decode_hexadecimal(digits: str, codec: str) -> str | None:
    """The characters of `\\X..\\`; sixteen bits each where zero bytes, or MSH-18, say so."""
    try:
        data = bytes.fromhex(digits)
    except ValueError:
        return None
    if len(data) % 2 == 0 and (b"\x00" in data or codec == _UTF_16):
        text = data.decode(_UTF_16, "replace")
    else:
        text = _decode(data, "" if codec == _UTF_16 else codec, is_sure=False)[0]
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c for c in text if c in "\n\t" or (c >= " " and not "\x7f" <= c <= "\x9f"))


def _apply_formatting(command: str, count: str) -> str:
    if command in ("br", "ce"):
        return "\n"
    if command == "sp":
        return "\n" * max(1, abs(int(count or 1)))
    return " " * abs(int(count or 1)) if command == "sk" else ""
