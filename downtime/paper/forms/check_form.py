"""What is wrong with a form's file: each mistake with its line and what would be right."""

from collections.abc import Iterator
from typing import Any

from downtime.clinical.record_types import DOCUMENT, TYPES
from downtime.paper.forms import prefill
from downtime.paper.forms.check_background import find_background_problems
from downtime.paper.forms.check_soft import find_soft_problems
from downtime.paper.forms.field_types import FIELD_TYPES
from downtime.paper.forms.form_schema import CHOICES, FORM, ITEM, LINK_ID, NEEDED, RESERVED, Table
from downtime.paper.forms.model import GroupLayout
from downtime.paper.forms.record_fields import is_record_field

RECORDS = (*TYPES, DOCUMENT)
"""What an entry may become."""


def find_problems(table: Table) -> Iterator[tuple[int, str]]:
    yield from _check_keys(table, FORM, "A form")
    for name in NEEDED:
        if not table.get(name):
            yield table.line, f"The form needs '{name}'."
    for name, choice in CHOICES.items():
        if name in table and table[name] not in list(choice):
            yield table.lines[name], f"'{name}' is one of {', '.join(choice)}."
    if table.get("record", "Document") not in RECORDS:
        yield table.lines["record"], "'record' names a type of clinical record, or Document."
    items = table.get("item")
    if not isinstance(items, list):
        return
    yield from _check_record_fields(table, str(table.get("record")))
    yield from _check_items(items, table)
    for item in items:
        if isinstance(item, Table):
            yield from _check_rows(item)
    yield from find_background_problems(table, list(_walk_items(items)))
    yield from find_soft_problems(table, _walk_items(items))
    groups = {i["linkId"] for i in _walk_items(items) if i.get("repeats") and "linkId" in i}
    if table.get("each") and table["each"] not in groups:
        yield table.lines["each"], f"'each' names no repeating group: '{table['each']}'."


def _check_items(items: list[Any], form: Table) -> Iterator[tuple[int, str]]:
    seen: dict[str, int] = {}
    for item in _walk_items(items):
        name = item.get("linkId")
        if not isinstance(name, str) or not LINK_ID.fullmatch(name):
            yield item.line, "An item needs a 'linkId' of letters, digits, '-', '.', '_' and '/'."
        elif name.startswith(RESERVED):
            yield item.line, f"'{name}' is printed on every form; give the item another linkId."
        elif name in seen:
            yield item.line, f"linkId '{name}' is used twice, first on line {seen[name]}."
        else:
            seen[name] = item.line
        yield from _check_item(item, form)
    for stray in (item for item in items if not isinstance(item, Table)):
        yield form.line, f"'{stray}' is not an item: it needs linkId and type."


def _check_item(item: Table, form: Table) -> Iterator[tuple[int, str]]:
    yield from _check_keys(item, {name: kind for name, (_, kind) in ITEM.items()}, "An item")
    row = FIELD_TYPES.get(item.get("type", ""))
    own_key = row.own_key if row else ""
    if row is None:
        yield item.line, f"'type' is one of {', '.join(FIELD_TYPES)}."
    if own_key == "item" and not item.get("item"):
        yield item.line, "A group needs items."
    if own_key != "item" and item.get("item"):
        yield item.line, "Only a group has items."
    if item.get("layout", GroupLayout.LINES) not in list(GroupLayout):
        yield item.lines["layout"], f"'layout' is one of {', '.join(GroupLayout)}."
    if item.get("repeats") and not (own_key == "item" and item.get("rows", 0) > 0):
        yield item.line, "Only a group repeats, and it says how many 'rows' it has on paper."
    if (own_key == "answerOption") != bool(item.get("answerOption")):
        yield item.line, "A choice, and nothing else, has an 'answerOption'."
    for option in item.get("answerOption") or ():
        if not isinstance(option, dict) or set(option) - {"says"} != {"code", "display"}:
            yield item.lines["answerOption"], "Each answerOption has a 'code' and a 'display'."
    if item.get("record", "Document") not in RECORDS:
        yield item.lines["record"], "'record' names a type of clinical record, or Document."


def _check_rows(item: Table) -> Iterator[tuple[int, str]]:
    """What is wrong between a top-level item and what is in it: prefilled records, words of rows."""
    rows = item.get("prefill", "") if item.get("repeats") else ""
    if "prefill" in item and not prefill.is_known_source(item["prefill"], of_rows=bool(rows)):
        yield item.lines["prefill"], f"The snapshot cannot print '{item['prefill']}' here."
    for child in _walk_items(item.get("item")):
        if "prefill" in child and not prefill.is_known_source(child["prefill"], in_rows=bool(rows)):
            yield child.lines["prefill"], f"The snapshot cannot print '{child['prefill']}' here."
        if "words" in child and len(child["words"]) != item.get("rows"):
            yield child.lines["words"], "'words' has one text for each of the group's 'rows'."


def _check_record_fields(table: Table, record: str) -> Iterator[tuple[int, str]]:
    """Words that a form, a group, a field or an option says and its record has no field for."""
    record = str(table.get("record", record))
    named = list(_list_fields_set(table.get("says"), table.lines.get("says", table.line)))
    if table.get("maps"):
        named.append((table.lines["maps"], str(table["maps"])))
    for option in table.get("answerOption") or ():
        if isinstance(option, dict):
            named += _list_fields_set(option.get("says"), table.lines["answerOption"])
    for line, name in named:
        if not is_record_field(name, record):
            yield line, f"A {record} has no field '{name}'."
    for item in table.get("item") or ():
        if isinstance(item, Table):
            yield from _check_record_fields(item, record)


def _list_fields_set(says: Any, line: int) -> list[tuple[int, str]]:
    return [(line, name) for name in says] if isinstance(says, dict) else []


def _check_keys(table: Table, known_keys: dict[str, type], what: str) -> Iterator[tuple[int, str]]:
    for name, value in table.items():
        kind = known_keys.get(name)
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


def _walk_items(items: Any) -> Iterator[Table]:
    for item in items if isinstance(items, list) else ():
        if isinstance(item, Table):
            yield item
            yield from _walk_items(item.get("item"))
