"""Read forms from their files in `forms/`, and say by file and line what is wrong with one."""

import hashlib
import re
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from downtime.clinical.records import TYPES, Patient
from downtime.config import data_folder
from downtime.errors import InputError, NotFoundError
from downtime.paper import prefill
from downtime.paper.questionnaire import FormDefinition, Item, Option

__all__ = [
    "FormDefinition",
    "Item",
    "Option",
    "Problem",
    "check",
    "definition",
    "definitions",
    "from_text",
    "read",
]

FIELD_TYPES = (
    "string",
    "text",
    "boolean",
    "choice",
    "integer",
    "decimal",
    "quantity",
    "date",
    "time",
    "dateTime",
)
LAYOUTS = ("lines", "ticks", "steps", "table", "chart", "cards")
POLICIES = ("full", "part", "scan")
_CHOICES = {
    "policy": POLICIES,
    "subject": ("patient", "none"),
    "orientation": ("portrait", "landscape"),
}
RESERVED = ("patient.", "author.", "event.", "page.", "form.")
_FORM = {
    "name": str,
    "version": str,
    "title": str,
    "status": str,
    "purpose": str,
    "policy": str,
    "record": str,
    "system": str,
    "returns": bool,
    "subject": str,
    "orientation": str,
    "each": str,
    "item": list,
}
_DEFAULTS = {"returns": True, "subject": "patient", "orientation": "portrait"}
_NEEDED = ("name", "version", "title", "status", "purpose", "policy", "record", "system", "item")
_ITEM = {
    "linkId": ("link_id", str),
    "text": ("text", str),
    "type": ("type", str),
    "required": ("required", bool),
    "repeats": ("repeats", bool),
    "rows": ("rows", int),
    "answerOption": ("options", list),
    "units": ("units", str),
    "min": ("min", float),
    "max": ("max", float),
    "maxLength": ("max_length", int),
    "code": ("code", str),
    "maps": ("maps", str),
    "critical": ("critical", bool),
    "keyed": ("keyed", bool),
    "score": ("score", bool),
    "prefill": ("prefill", str),
    "layout": ("layout", str),
    "columns": ("columns", int),
    "span": ("span", int),
    "lines": ("lines", int),
    "words": ("words", list),
    "gridRows": ("grid_rows", list),
    "gridColumns": ("grid_columns", list),
    "item": ("items", list),
}
_LISTS = ("words", "grid_rows", "grid_columns")
_LINK_ID = re.compile(r"[a-z][a-z0-9]*([.-][a-z0-9]+)*")


class Problem(NamedTuple):
    """One mistake in a form's file; lines count from 1."""

    file: str
    line: int
    sentence: str

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}: {self.sentence}"


class _Table(dict[str, Any]):
    """A mapping of the file that knows on which line each of its keys stands."""

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line
        self.lines: dict[str, int] = {}


class _Loader(yaml.SafeLoader):
    pass


def _table(loader: _Loader, node: yaml.MappingNode) -> _Table:
    table = _Table(node.start_mark.line + 1)
    for key, value in node.value:
        name = str(loader.construct_object(key))
        table[name] = loader.construct_object(value, deep=True)
        table.lines[name] = key.start_mark.line + 1
    return table


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _table)


@cache
def _all() -> dict[str, FormDefinition]:
    found = [read(path) for path in sorted(data_folder("forms").glob("*.yaml"))]
    return {definition.name: definition for definition in found}


def definitions() -> dict[str, FormDefinition]:
    """Every form of this installation by name; InputError when a file has a mistake."""
    return dict(_all())


def definition(name: str) -> FormDefinition:
    """The form of that name; NotFoundError names the forms there are."""
    try:
        return _all()[name]
    except KeyError:
        raise NotFoundError(
            "form.unknown", "There is no such form.", f"Choose one of: {', '.join(_all())}."
        ) from None


def check(path: Path) -> list[Problem]:
    """Everything that is wrong with a form's file; empty when it can be used."""
    try:
        table = _parse(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        what = getattr(error, "problem", None) or "the file is not UTF-8 text"
        return [Problem(path.name, mark.line + 1 if mark else 1, f"Not valid YAML: {what}.")]
    if not isinstance(table, _Table):
        return [Problem(path.name, 1, "A form starts with its name, not with a list or a text.")]
    return [Problem(path.name, line, sentence) for line, sentence in _form_problems(table)]


def _parse(text: str) -> Any:
    return yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader with line numbers


def read(path: Path) -> FormDefinition:
    """The form of a file; InputError names its first mistake."""
    if problems := check(path):
        raise InputError(
            "form.invalid", f"A form's file has a mistake. {problems[0]}", "Correct that line."
        )
    return from_text(path.read_bytes().decode())


@lru_cache(maxsize=512)
def from_text(text: str) -> FormDefinition:
    """The form of a file's text that `check` once found right; words no longer known are passed over.

    A text that was kept with a printed form stays readable when the program has moved on.
    """
    table = _parse(text)
    given = {name: table.get(name, _DEFAULTS.get(name, "")) for name in _FORM if name != "item"}
    return FormDefinition(
        **given,
        items=tuple(_item(item) for item in table["item"]),
        digest=hashlib.sha256(text.encode()).hexdigest(),
        source=text,
    )


def _item(table: _Table) -> Item:
    given = {_ITEM[name][0]: value for name, value in table.items() if name in _ITEM}
    given["options"] = tuple(Option(**option) for option in table.get("answerOption", ()))
    given["items"] = tuple(_item(item) for item in table.get("item", ()))
    given |= {name: tuple(given[name]) for name in _LISTS if name in given}
    return Item(**given)


def _form_problems(table: _Table) -> Iterator[tuple[int, str]]:
    yield from _word_problems(table, _FORM, "A form")
    for name in _NEEDED:
        if not table.get(name):
            yield table.line, f"The form needs '{name}'."
    for name, words in _CHOICES.items():
        if name in table and table[name] not in words:
            yield table.lines[name], f"'{name}' is one of {', '.join(words)}."
    if table.get("record", "Document") not in (*TYPES, "Document"):
        yield table.lines["record"], "'record' names a type of clinical record, or Document."
    items = table.get("item")
    if not isinstance(items, list):
        return
    yield from _items_problems(items, table)
    for item in items:
        if isinstance(item, _Table):
            yield from _row_problems(item)
    groups = {i["linkId"] for i in _walk(items) if i.get("repeats") and "linkId" in i}
    if table.get("each") and table["each"] not in groups:
        yield table.lines["each"], f"'each' names no repeating group: '{table['each']}'."


def _items_problems(items: list[Any], form: _Table) -> Iterator[tuple[int, str]]:
    seen: dict[str, int] = {}
    for item in _walk(items):
        name = item.get("linkId")
        if not isinstance(name, str) or not _LINK_ID.fullmatch(name):
            yield item.line, "An item needs a 'linkId' of small letters, digits, '-' and '.'."
        elif name.startswith(RESERVED):
            yield item.line, f"'{name}' is printed on every form; give the item another linkId."
        elif name in seen:
            yield item.line, f"linkId '{name}' is used twice, first on line {seen[name]}."
        else:
            seen[name] = item.line
        yield from _item_problems(item, form)
    for stray in (item for item in items if not isinstance(item, _Table)):
        yield form.line, f"'{stray}' is not an item: it needs linkId and type."


def _item_problems(item: _Table, form: _Table) -> Iterator[tuple[int, str]]:
    yield from _word_problems(item, {name: kind for name, (_, kind) in _ITEM.items()}, "An item")
    type_ = item.get("type")
    if type_ not in (*FIELD_TYPES, "group", "display"):
        yield item.line, f"'type' is one of {', '.join((*FIELD_TYPES, 'group', 'display'))}."
    if type_ == "group" and not item.get("item"):
        yield item.line, "A group needs items."
    if type_ != "group" and item.get("item"):
        yield item.line, "Only a group has items."
    if item.get("layout", "lines") not in LAYOUTS:
        yield item.lines["layout"], f"'layout' is one of {', '.join(LAYOUTS)}."
    if item.get("repeats") and not (type_ == "group" and item.get("rows", 0) > 0):
        yield item.line, "Only a group repeats, and it says how many 'rows' it has on paper."
    if (type_ == "choice") != bool(item.get("answerOption")):
        yield item.line, "A choice, and nothing else, has an 'answerOption'."
    for option in item.get("answerOption") or ():
        if not isinstance(option, dict) or set(option) != {"code", "display"}:
            yield item.lines["answerOption"], "Each answerOption has a 'code' and a 'display'."
    if item.get("maps") and not _is_mapped(str(item["maps"]), str(form.get("record"))):
        yield item.lines["maps"], f"A {form.get('record')} has no field '{item['maps']}'."


def _row_problems(item: _Table) -> Iterator[tuple[int, str]]:
    """What is wrong between a top-level item and what is in it: prefilled records, words of rows."""
    rows = item.get("prefill", "") if item.get("repeats") else ""
    if "prefill" in item and not prefill.is_known(item["prefill"], of_rows=bool(rows)):
        yield item.lines["prefill"], f"The snapshot cannot print '{item['prefill']}' here."
    for child in _walk(item.get("item")):
        if "prefill" in child and not prefill.is_known(child["prefill"], in_rows=bool(rows)):
            yield child.lines["prefill"], f"The snapshot cannot print '{child['prefill']}' here."
        if "words" in child and len(child["words"]) != item.get("rows"):
            yield child.lines["words"], "'words' has one text for each of the group's 'rows'."


def _is_mapped(maps: str, record: str) -> bool:
    kind = Patient if maps.startswith("Patient.") else TYPES.get(record)
    return kind is not None and maps.removeprefix("Patient.") in kind.__dataclass_fields__


def _word_problems(table: _Table, words: dict[str, type], what: str) -> Iterator[tuple[int, str]]:
    for name, value in table.items():
        kind = words.get(name)
        if kind is None:
            yield table.lines[name], f"{what} has no '{name}'."
        elif not _is_a(value, kind):
            yield table.lines[name], f"'{name}' must be {_KINDS[kind]}; put text in quotes."


_KINDS = {
    str: "text",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    list: "a list",
}


def _is_a(value: Any, kind: type) -> bool:
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, kind) and (kind is bool) == isinstance(value, bool)


def _walk(items: Any) -> Iterator[_Table]:
    for item in items if isinstance(items, list) else ():
        if isinstance(item, _Table):
            yield item
            yield from _walk(item.get("item"))
