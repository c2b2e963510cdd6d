"""What was sent, read back by programs that are not ours: python-hl7, plain JSON, openpyxl."""

import base64
import json
import re
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
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
