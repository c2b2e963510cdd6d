"""The words that a form's file may use, and its YAML with the line on which each word stands."""

import re
from enum import StrEnum
from typing import Any, NamedTuple

import yaml

from downtime.paper.forms.model import FormSubject, KeyingPolicy, Orientation

CHOICES: dict[str, type[StrEnum]] = {
    "policy": KeyingPolicy,
    "subject": FormSubject,
    "orientation": Orientation,
}
"""Words of a form whose value is one of a few."""
RESERVED = ("patient.", "author.", "event.", "page.", "form.")
FORM = {
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
    "urgent": int,
    "ages": dict,
    "says": dict,
    "background": str,
    "place": dict,
    "item": list,
}
NESTED = ("item", "says", "place", "ages")
"""Words of a form whose values are read into records of their own."""
DEFAULTS = {"returns": True, "subject": "patient", "orientation": "portrait", "urgent": 0}
NEEDED = ("name", "version", "title", "status", "purpose", "policy", "record", "system", "item")
ITEM = {
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
    "soft": ("soft", dict),
    "when": ("when", str),
    "after": ("after", list),
    "ucum": ("ucum", str),
    "equals": ("equals", list),
    "covers": ("covers", list),
    "maxLength": ("max_length", int),
    "code": ("code", str),
    "maps": ("maps", str),
    "record": ("record", str),
    "system": ("system", str),
    "says": ("fixed_fields", dict),
    "critical": ("critical", bool),
    "keyed": ("keyed", bool),
    "score": ("score", bool),
    "prefill": ("prefill", str),
    "layout": ("layout", str),
    "columns": ("columns", int),
    "span": ("span", int),
    "lines": ("lines", int),
    "words": ("row_texts", list),
    "gridRows": ("grid_rows", list),
    "gridColumns": ("grid_columns", list),
    "columnText": ("column_text", str),
    "place": ("boxes", dict),
    "item": ("items", list),
}
SOFT = {
    "min": float,
    "max": float,
    "limits": str,
    "hours": float,
    "gender": str,
    "dose": bool,
    "count": str,
}
"""What is said of a field's soft checks."""
AGES = {"from": float, "under": float}
"""For whom a form is made: whole or part years of age."""
BOX = {
    "page": int,
    "x": float,
    "y": float,
    "width": float,
    "height": float,
    "step": float,
    "field": str,
}
"""What is said of a place on a background."""
RESERVED_PLACES = (
    "patient.label", "patient.name", "patient.born", "patient.gender", "patient.nhs",
    "patient.mrn", "patient.location", "patient.allergies", "patient.downtime-number",
    "author.name", "author.role", "author.signature", "event.date", "event.time",
    "page.serial", "page.number", "page.code-a", "page.code-b", "page.as-at", "page.printed",
    "page.site", "page.outage",
)  # fmt: skip
"""What a form with a background may give a place of its own; `patient.label` is the whole block."""
LISTS = ("row_texts", "grid_rows", "grid_columns", "after", "equals", "covers")
NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
LINK_ID = re.compile(r"[A-Za-z0-9_./-]{1,64}")


class FormFileProblem(NamedTuple):
    """One mistake in a form's file; lines count from 1."""

    file: str
    line: int
    sentence: str

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}: {self.sentence}"


class Table(dict[str, Any]):
    """A mapping of the file that knows on which line each of its keys stands."""

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line
        self.lines: dict[str, int] = {}


class _Loader(yaml.CSafeLoader):
    pass


def _table(loader: _Loader, node: yaml.MappingNode) -> Table:
    table = Table(node.start_mark.line + 1)
    for key, value in node.value:
        name = str(loader.construct_object(key))
        table[name] = loader.construct_object(value, deep=True)
        table.lines[name] = key.start_mark.line + 1
    return table


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _table)


def parse(text: str) -> Any:
    """What the YAML says; yaml.YAMLError when it is none."""
    return yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader with line numbers
