"""What was sent, read back by programs that are not ours: python-hl7, plain JSON, openpyxl."""

import base64
import json
import re
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfo

import hl7
import openpyxl

LONDON = ZoneInfo("Europe/London")
_STAMP = re.compile(r"\d{14}[+-]\d{4}")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d")
_WORDS = re.compile(r"\d\d-[A-Z][a-z]{2}-\d{4} \d\d:\d\d")


def read_hl7(content: bytes, place: str) -> list[str]:
    """Every value at `PID-5.1` of one message, its escapes resolved."""
    message = hl7.parse(content.decode())
    name, _, number = place.partition("-")
    field, _, component = number.partition(".")
    found = []
    for segment in message:
        if str(segment[0]) != name or len(segment) <= int(field):
            continue
        for repetition in segment[int(field)]:
            parts = [repetition] if isinstance(repetition, str) else list(repetition)
            index = int(component or 1) - 1
            if index < len(parts) and (
                len(parts) == 1 or component or not any(map(str, parts[1:]))
            ):
                found.append(message.unescape(str(parts[index])))
            elif not component:
                found.append(message.unescape(str(parts[0])))
    return [text for text in found if text]


_BEGINS = {"ORU": "OBR", "OML": "ORC", "RAS": "ORC", "ADT": "IAM"}
"""By kind of message the segment with which one of several things in it begins."""


def split_records(content: bytes) -> list[bytes]:
    """A message as one for each thing that it is about, each with what is said of all of them."""
    segments = [line for line in content.split(b"\r") if line]
    kind = segments[0].split(b"|")[8][:3].decode()
    parts = _split(segments, _BEGINS.get(kind, ""))
    if kind == "ORU":
        parts = [result for order in parts for result in _split(order, "OBX")]
    return [b"\r".join(part) + b"\r" for part in parts]


def _split(segments: list[bytes], name: str) -> list[list[bytes]]:
    """What begins with a segment of this name, each behind all that stands before the first."""
    begins = f"{name}|".encode()
    starts = [n for n, line in enumerate(segments) if name and line.startswith(begins)]
    if not starts:
        return [segments]
    ends = [*starts[1:], len(segments)]
    return [
        [*segments[: starts[0]], *segments[start:end]]
        for start, end in zip(starts, ends, strict=True)
    ]


class ReadValue(NamedTuple):
    """A measured value as one place says it: what, how much, in which unit, when (as paper has it)."""

    name: str
    value: str
    unit: str
    at: str


def read_values(content: bytes) -> list[ReadValue]:
    """Every OBX that is no note; its name is the paper's own where it has one."""
    found = []
    for segment in hl7.parse(content.decode()):
        if str(segment[0]) == "OBX" and not str(segment[3]).startswith("NOTE"):
            name, value, unit = (_parts(segment[n]) for n in (3, 5, 6))
            at = next(local_times(str(segment[14])), "")
            found.append(ReadValue(_own(name), _own(value), (unit + ["", ""])[1] or unit[0], at))
    return found


def read_notes(content: bytes) -> list[str]:
    """Every note, behind its label: NTE, OBX of the code NOTE, and what is joined in IAM-5."""
    message = hl7.parse(content.decode())
    rows = [segment for segment in message if str(segment[0]) == "OBX"]
    labelled = [(_parts(row[3]), str(row[5])) for row in rows]
    return [
        *read_hl7(content, "NTE-3"),
        *(part for text in read_hl7(content, "IAM-5") for part in text.split("; ")),
        *(message.unescape(f"{name[1]}: {text}") for name, text in labelled if name[0] == "NOTE"),
    ]


def _parts(field) -> list[str]:
    repetition = field[0]
    return [repetition] if isinstance(repetition, str) else list(map(str, repetition))


def _own(parts: list[str]) -> str:
    """Of a code in two systems the words of the second, which are the paper's."""
    return parts[4] if len(parts) > 4 else parts[1] if len(parts) > 1 else parts[0]


def read_line_values(lines: list[dict[str, str]]) -> list[ReadValue]:
    """Every result on a worklist."""
    found = []
    for line in lines:
        if line["Type"] == "Result":
            details = dict(
                part.split(": ", 1) for part in line["Details"].split("; ") if ": " in part
            )
            at = next(local_times(details.get("Taken", "") or line["Happened"]), "")
            value, unit = details.get("Result", ""), details.get("Units", "")
            found.append(ReadValue(line["What"], value, unit, at))
    return found


def read_fhir(bundle: bytes, path: str) -> list[str]:
    """Every value at a path of elements in the resources of one bundle."""
    entries = json.loads(bundle, parse_float=str, parse_int=str)["entry"]
    kind, *names = path.split(".")
    found = []
    for entry in entries:
        if entry["resource"]["resourceType"] == kind:
            found += _walk(entry["resource"], names)
    return found


def _walk(value, names: list[str]) -> list[str]:
    if isinstance(value, list):
        return [text for part in value for text in _walk(part, names)]
    if not names:
        return [value if isinstance(value, str) else json.dumps(value)]
    return _walk(value[names[0]], names[1:]) if names[0] in value else []


def read_patches(bundle: bytes) -> dict[str, list[str]]:
    """Paths of the JSON patches in a bundle, with what each sets."""
    found: dict[str, list[str]] = {}
    for entry in json.loads(bundle)["entry"]:
        if entry["resource"]["resourceType"] == "Binary":
            for operation in json.loads(base64.b64decode(entry["resource"]["data"])):
                if operation["op"] != "test":
                    value = operation["value"]
                    text = value if isinstance(value, str) else json.dumps(value)
                    found.setdefault(operation["path"], []).append(text)
    return found


def read_answers(bundle: bytes) -> dict[str, str]:
    """The answers of the QuestionnaireResponse in a bundle, by `linkId` or `linkId:ROW`."""
    answers: dict[str, str] = {}
    for entry in json.loads(bundle, parse_float=str, parse_int=str)["entry"]:
        if entry["resource"]["resourceType"] == "QuestionnaireResponse":
            _collect(entry["resource"]["item"], "", answers)
    return answers


def _collect(items: list[dict], row: str, answers: dict[str, str]) -> None:
    seen: dict[str, int] = {}
    for item in items:
        if "answer" in item:
            ((kind, value),) = item["answer"][0].items()
            text = value["code"] if kind == "valueCoding" else value
            key = f"{item['linkId']}:{row}" if row else item["linkId"]
            answers[key] = "true" if text is True else str(text)
        elif "item" in item:
            seen[item["linkId"]] = seen.get(item["linkId"], 0) + 1
            repeats = sum(other["linkId"] == item["linkId"] for other in items) > 1
            _collect(item["item"], str(seen[item["linkId"]]) if repeats else row, answers)
        else:
            seen[item["linkId"]] = seen.get(item["linkId"], 0) + 1


def read_worklist(workbook) -> list[dict[str, str]]:
    """Every line of a workbook by the names of its columns."""
    lines = []
    for sheet in openpyxl.load_workbook(workbook):
        rows = sheet.iter_rows(values_only=True)
        names = [str(name) for name in next(rows)]
        for row in rows:
            texts = ("" if cell is None else str(cell) for cell in row)
            lines.append(dict(zip(names, texts, strict=True)))
    return lines


def local_times(text: str) -> Iterator[str]:
    """The moments that a text names, as paper has them: `2026-11-02T14:30`."""
    for stamp in _STAMP.findall(text):
        moment = datetime.strptime(stamp, "%Y%m%d%H%M%S%z")
        yield f"{moment.astimezone(LONDON):%Y-%m-%dT%H:%M}"
    for instant in _INSTANT.findall(text):
        yield f"{datetime.fromisoformat(instant).astimezone(LONDON):%Y-%m-%dT%H:%M}"
    for words in _WORDS.findall(text):
        yield f"{datetime.strptime(words, '%d-%b-%Y %H:%M'):%Y-%m-%dT%H:%M}"


def is_same_number(text: str, answer: str) -> bool:
    """Whether two texts are the same decimal, digit for digit."""
    return text == answer and Decimal(text) == Decimal(answer)
