"""Writes HL7 v2: the segments of `data/hl7.yaml`, escapes, and the bytes of a file. Reads nothing."""

import re
from collections.abc import Iterable
from datetime import date, datetime
from functools import cache, lru_cache
from typing import Any

from jinja2 import Environment, StrictUndefined, Template

from downtime.demo.hospital import Place
from downtime.demo.moments import ZONE
from downtime.demo.tables import SPECIALTIES, read_table

CR, LF, CRLF = "\r", "\n", "\r\n"
_ESCAPES = str.maketrans(
    {"\\": "\\E\\", "|": "\\F\\", "^": "\\S\\", "&": "\\T\\", "~": "\\R\\", "\n": "\\.br\\"}
)
_find_special = re.compile(r"[\\|^&~\n]").search


class Written(str):
    """A field that is written already, with its components."""

    __slots__ = ()


def text(value: str) -> str:
    """A value with the marks of HL7 v2 escaped and its line ends as `\\.br\\`."""
    return value.translate(_ESCAPES) if _find_special(value) else value


def parts(*values: str) -> Written:
    """Components of one field, each escaped; trailing empty ones are left out."""
    return Written("^".join(map(text, values)).rstrip("^"))


@lru_cache(maxsize=65_536)
def moment(when: datetime | None, offset: bool = False) -> str:
    """`20261102143000` in the hospital's own time, with `+0000` behind it when asked for."""
    if when is None:
        return ""
    return when.astimezone(ZONE).strftime("%Y%m%d%H%M%S%z" if offset else "%Y%m%d%H%M%S")


def _write(value: object) -> str:
    """A value of a template, as a field holds it."""
    if type(value) is str:  # as nearly all are
        return value.translate(_ESCAPES) if _find_special(value) else value
    if isinstance(value, Written):
        return value
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, date):
        return value.strftime("%Y%m%d")
    return "" if value is None else text(str(value))


@lru_cache(maxsize=256)
def _doctor(name: tuple[str, str, str]) -> Written:
    """A consultant twice, as feeds do: by an invented GMC number and by a local code."""
    family, given_name, prefix = name
    code = sum(ord(letter) for letter in family + given_name)
    gmc = parts(f"C999{code:04}", family, given_name, "", "", prefix, "", "", "GMC")
    local = parts(family[:4].upper(), family, given_name, "", "", prefix, "", "", "LOCAL")
    return Written(f"{gmc}~{local}")


def _bed(place: Place | None) -> Written:
    """A PL: `WIL^A^A3^DEMO`; a corridor is a ward without bay and bed."""
    return parts(place.ward, place.bay, place.bed, "DEMO") if place else Written()


def _number_of(number: str, system: str) -> Written:
    """An entity identifier, or nothing."""
    return parts(number, system) if number else Written()


@cache
def _environment() -> Environment:
    environment = Environment(finalize=_write, undefined=StrictUndefined)  # noqa: S701 - no HTML
    environment.filters |= {
        "bed": _bed,
        "doctor": _doctor,
        "number_of": _number_of,
        "specialty": lambda key: parts(*SPECIALTIES[key]),
    }
    return environment


@cache
def _template(names: tuple[str, ...]) -> Template:
    return _environment().from_string(LF.join(map(_join_fields, names)))


def _join_fields(name: str) -> str:
    """A segment of fields by their number in the standard; what follows a dash is ours alone."""
    fields: dict[int, str] = read_table("hl7")[name]
    row = [name.partition("-")[0]] + [""] * max(fields)
    for number, value in fields.items():
        row[number] = value
    return "|".join(row)


def segments(*names: str, **values: Any) -> list[str]:
    """Segments of `data/hl7.yaml` with these values, each without empty fields at its end."""
    template = _template(names)
    # Not `render`: it copies Jinja's globals for every segment, a third of the time, and none is used.
    written = "".join(template.root_render_func(template.new_context(values, shared=True)))
    return [line.rstrip("|") for line in written.split(LF)]


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
