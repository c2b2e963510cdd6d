"""What is wrong with a form's file: each mistake with its line and what would be right."""

from collections.abc import Iterator
from typing import Any

from downtime.clinical.records import TYPES
from downtime.paper.forms import prefill
from downtime.paper.forms.background_check import background_problems
from downtime.paper.forms.form_file import (
    CHOICES,
    FIELD_TYPES,
    FORM,
    ITEM,
    LAYOUTS,
    LINK_ID,
    NEEDED,
    RESERVED,
    Table,
)
from downtime.paper.forms.said import is_said

RECORDS = (*TYPES, "Document")
"""What an entry may become."""


def form_problems(table: Table) -> Iterator[tuple[int, str]]:
    yield from _word_problems(table, FORM, "A form")
    for name in NEEDED:
        if not table.get(name):
            yield table.line, f"The form needs '{name}'."
    for name, words in CHOICES.items():
        if name in table and table[name] not in words:
            yield table.lines[name], f"'{name}' is one of {', '.join(words)}."
    if table.get("record", "Document") not in RECORDS:
        yield table.lines["record"], "'record' names a type of clinical record, or Document."
    items = table.get("item")
    if not isinstance(items, list):
        return
    yield from _said_problems(table, str(table.get("record")))
    yield from _items_problems(items, table)
    for item in items:
        if isinstance(item, Table):
            yield from _row_problems(item)
    yield from background_problems(table, list(_walk(items)))
    groups = {i["linkId"] for i in _walk(items) if i.get("repeats") and "linkId" in i}
    if table.get("each") and table["each"] not in groups:
        yield table.lines["each"], f"'each' names no repeating group: '{table['each']}'."


def _items_problems(items: list[Any], form: Table) -> Iterator[tuple[int, str]]:
    seen: dict[str, int] = {}
    for item in _walk(items):
        name = item.get("linkId")
        if not isinstance(name, str) or not LINK_ID.fullmatch(name):
            yield item.line, "An item needs a 'linkId' of letters, digits, '-', '.', '_' and '/'."
        elif name.startswith(RESERVED):
            yield item.line, f"'{name}' is printed on every form; give the item another linkId."
        elif name in seen:
            yield item.line, f"linkId '{name}' is used twice, first on line {seen[name]}."
        else:
            seen[name] = item.line
        yield from _item_problems(item, form)
    for stray in (item for item in items if not isinstance(item, Table)):
        yield form.line, f"'{stray}' is not an item: it needs linkId and type."


def _item_problems(item: Table, form: Table) -> Iterator[tuple[int, str]]:
    yield from _word_problems(item, {name: kind for name, (_, kind) in ITEM.items()}, "An item")
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
        if not isinstance(option, dict) or set(option) - {"says"} != {"code", "display"}:
            yield item.lines["answerOption"], "Each answerOption has a 'code' and a 'display'."
    if item.get("record", "Document") not in RECORDS:
        yield item.lines["record"], "'record' names a type of clinical record, or Document."


def _row_problems(item: Table) -> Iterator[tuple[int, str]]:
    """What is wrong between a top-level item and what is in it: prefilled records, words of rows."""
    rows = item.get("prefill", "") if item.get("repeats") else ""
    if "prefill" in item and not prefill.is_known(item["prefill"], of_rows=bool(rows)):
        yield item.lines["prefill"], f"The snapshot cannot print '{item['prefill']}' here."
    for child in _walk(item.get("item")):
        if "prefill" in child and not prefill.is_known(child["prefill"], in_rows=bool(rows)):
            yield child.lines["prefill"], f"The snapshot cannot print '{child['prefill']}' here."
        if "words" in child and len(child["words"]) != item.get("rows"):
            yield child.lines["words"], "'words' has one text for each of the group's 'rows'."


def _said_problems(table: Table, record: str) -> Iterator[tuple[int, str]]:
    """Words that a form, a group, a field or an option says and its record has no field for."""
    record = str(table.get("record", record))
    said = list(_names(table.get("says"), table.lines.get("says", table.line)))
    if table.get("maps"):
        said.append((table.lines["maps"], str(table["maps"])))
    for option in table.get("answerOption") or ():
        if isinstance(option, dict):
            said += _names(option.get("says"), table.lines["answerOption"])
    for line, name in said:
        if not is_said(name, record):
            yield line, f"A {record} has no field '{name}'."
    for item in table.get("item") or ():
        if isinstance(item, Table):
            yield from _said_problems(item, record)


def _names(says: Any, line: int) -> list[tuple[int, str]]:
    return [(line, name) for name in says] if isinstance(says, dict) else []


def _word_problems(table: Table, words: dict[str, type], what: str) -> Iterator[tuple[int, str]]:
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
    dict: "a table of words",
}


def _is_a(value: Any, kind: type) -> bool:
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, kind) and (kind is bool) == isinstance(value, bool)


def _walk(items: Any) -> Iterator[Table]:
    for item in items if isinstance(items, list) else ():
        if isinstance(item, Table):
            yield item
            yield from _walk(item.get("item"))
