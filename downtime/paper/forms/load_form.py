"""Read forms from their files: those of the installation, and before them those of the home."""

import hashlib
import os
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from downtime.config import Home, data_folder
from downtime.errors import InputError, NotFoundError
from downtime.paper.forms.check_form import find_problems
from downtime.paper.forms.form_schema import (
    BOX,
    CHOICES,
    DEFAULTS,
    FORM,
    ITEM,
    LISTS,
    NAME,
    NESTED,
    SOFT,
    FormFileProblem,
    Table,
    parse,
)
from downtime.paper.forms.model import (
    AgeRange,
    FieldBox,
    FieldType,
    FormDefinition,
    FormItem,
    Option,
    SoftChecks,
    TimeRule,
)

FORM_SUFFIX = ".yaml"


class _Stamp(NamedTuple):
    """A file as it lay there: it differs once that has changed."""

    path: str
    number: int
    size: int
    changed_ns: int


def _list_stamps(folder: Path) -> list[_Stamp]:
    """Of the forms' files in a folder and their backgrounds; every page asks, so no path is built for each."""
    if not folder.is_dir():
        return []
    with os.scandir(folder) as entries:
        files = [(entry.path, entry.stat()) for entry in entries]
    return sorted(_Stamp(path, s.st_ino, s.st_size, s.st_mtime_ns) for path, s in files)


def load_forms(home: Home | None = None) -> dict[str, FormDefinition]:
    """Every form by name; without a home, those of the installation alone.

    A form of the home stands in place of the installation's of that name. One with a mistake is
    left out: `problems` says what is wrong with it. A file that changes counts at once.
    """
    return dict(_load_unchanged(tuple(tuple(_list_stamps(folder)) for folder in _folders(home))))


@lru_cache(maxsize=8)
def _load_unchanged(folders: tuple[tuple[_Stamp, ...], ...]) -> dict[str, FormDefinition]:
    """Remembered while no file has changed and none beside them has come or gone."""
    files = [Path(file.path) for folder in folders for file in folder]
    paths = {path.stem: path for path in files if path.suffix == FORM_SUFFIX}
    return {name: read_form(paths[name]) for name in sorted(paths) if not check_file(paths[name])}


def load_form(name: str, home: Home | None = None) -> FormDefinition:
    """The form of that name; NotFoundError names those there are, InputError its first mistake."""
    path = next((path for path in _paths(home) if path.stem == name), None)
    if path is None:
        known = ", ".join(load_forms(home))
        raise NotFoundError("form.unknown", "There is no such form.", f"Choose one of: {known}.")
    return read_form(path)


def find_all_problems(home: Home | None = None) -> list[FormFileProblem]:
    """Every mistake in the forms that `definitions` would use, had they none."""
    return [problem for path in _paths(home) for problem in check_file(path)]


def _paths(home: Home | None) -> list[Path]:
    """The file of each form, by name."""
    paths = {
        path.stem: path for folder in _folders(home) for path in folder.glob(f"*{FORM_SUFFIX}")
    }
    return [paths[name] for name in sorted(paths)]


def _folders(home: Home | None) -> list[Path]:
    return [data_folder("forms"), home.forms_folder] if home else [data_folder("forms")]


def check_file(path: Path) -> list[FormFileProblem]:
    """Everything that is wrong with a form's file; empty when it can be used."""
    try:
        text = path.read_bytes().decode()
    except UnicodeDecodeError:
        return [FormFileProblem(path.name, 1, "Not valid YAML: the file is not UTF-8 text.")]
    problems = [
        FormFileProblem(path.name, line, sentence)
        for line, sentence in _cached_problems(path.stem, text)
    ]
    return problems or _check_background_exists(path, text)


def _check_background_exists(path: Path, text: str) -> list[FormFileProblem]:
    name = parse_form(text).background
    if not name or (path.parent / name).is_file():
        return []
    line = parse(text).lines["background"]
    return [
        FormFileProblem(path.name, line, f"The background '{name}' does not lie beside this file.")
    ]


def check_text(name: str, text: str) -> list[FormFileProblem]:
    """Everything that is wrong with a text that is to be the file of that form."""
    return [
        FormFileProblem(f"{name}.yaml", line, sentence)
        for line, sentence in _cached_problems(name, text)
    ]


@lru_cache(maxsize=512)
def _cached_problems(name: str, text: str) -> tuple[tuple[int, str], ...]:
    return tuple(_find_text_problems(name, text))


def _find_text_problems(name: str, text: str) -> Iterator[tuple[int, str]]:
    try:
        table = parse(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        what = getattr(error, "problem", None) or "a character that YAML does not allow"
        yield mark.line + 1 if mark else 1, f"Not valid YAML: {what}."
        return
    if not isinstance(table, Table):
        yield 1, "A form starts with its name, not with a list or a text."
        return
    yield from find_problems(table)
    if not NAME.fullmatch(name):
        yield 1, "The file's name is of small letters, digits and '-', and ends in .yaml."
    elif "name" in table and table["name"] != name:
        yield table.lines["name"], f"'name' is that of the file: '{name}'."


def read_form(path: Path) -> FormDefinition:
    """The form of a file; InputError names its first mistake."""
    if problems := check_file(path):
        raise InputError(
            "form.invalid", f"A form's file has a mistake. {problems[0]}", "Correct that line."
        )
    return parse_form(path.read_bytes().decode())


@lru_cache(maxsize=512)
def parse_form(text: str) -> FormDefinition:
    """The form of a file's text that `check` once found right; words no longer known are passed over.

    A text that was kept with a printed form stays readable when the program has moved on.
    """
    table = parse(text)
    plain = {name: table.get(name, DEFAULTS.get(name, "")) for name in FORM if name not in NESTED}
    plain |= {name: choice(plain[name]) for name, choice in CHOICES.items()}
    boxes = tuple(
        (key, _read_box({"page": int(key.startswith(SIGN_OFF_PREFIXES)), **box}))
        for key, box in table.get("place", {}).items()
    )
    return FormDefinition(
        **plain,
        fixed_fields=_read_fixed_fields(table),
        ages=_read_ages(table.get("ages")),
        boxes=boxes,
        items=tuple(_read_item(item) for item in table["item"]),
        digest=hashlib.sha256(text.encode()).hexdigest(),
        source=text,
    )


def _read_item(table: Table) -> FormItem:
    values = {ITEM[name][0]: value for name, value in table.items() if name in ITEM}
    values |= {name: tuple(values[name]) for name in LISTS if name in values}
    values["type"] = FieldType(table["type"])
    values["fixed_fields"] = _read_fixed_fields(table)
    values["options"] = tuple(
        Option(option["code"], option["display"], _read_fixed_fields(option))
        for option in table.get("answerOption", ())
    )
    values["items"] = tuple(_read_item(item) for item in table.get("item", ()))
    values["boxes"] = _read_boxes(table.get("place", {}))
    if soft := table.get("soft"):
        values["soft"] = SoftChecks(**{name: soft[name] for name in SOFT if name in soft})
    if "when" in table:
        values["when"] = TimeRule(table["when"])
    return FormItem(**values)


def _read_ages(table: dict[str, Any] | None) -> AgeRange | None:
    return AgeRange(since=table.get("from", 0.0), under=table.get("under")) if table else None


def _read_fixed_fields(table: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple((name, str(value)) for name, value in table.get("says", {}).items())


SIGN_OFF_PREFIXES = ("author.", "event.")
"""Keys that stand on one page; all others of a form's own places stand on every page."""


def _read_boxes(table: dict[str, Any]) -> tuple[FieldBox, ...]:
    """One place, or one for each option of a choice."""
    if not table:
        return ()
    if not all(isinstance(box, dict) for box in table.values()):
        return (_read_box(table),)
    return tuple(_read_box(box, option) for option, box in table.items())


def _read_box(table: dict[str, Any], option: str = "") -> FieldBox:
    return FieldBox(option=option, **{name: value for name, value in table.items() if name in BOX})
