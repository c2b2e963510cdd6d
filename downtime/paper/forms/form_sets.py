"""Which forms a pack holds: one set for each type of ward, and which ward is of which type."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from downtime.config import Home, data_folder
from downtime.errors import InputError
from downtime.paper.forms.form_approval import load_printable_forms
from downtime.paper.forms.load_form import load_forms
from downtime.paper.forms.model import FormDefinition
from downtime.settings import Settings

DEFAULT = "adult"
FOR_SESSION = {"clinic": "outpatients", "theatre": "theatres"}
"""The set of a clinic's or a theatre's list, unless its place has a type of its own."""
_KEY_TYPES = {"patient": list, "spares": dict, "summary": bool, "session": str}


@dataclass(frozen=True, slots=True)
class FormSet:
    """What is printed for a ward of one type."""

    name: str
    patient: tuple[str, ...] = ()
    """Forms for each patient, in order."""
    spares: Mapping[str, int] | None = None
    """Blank forms, and how many of each."""
    summary: bool = True
    """Whether each patient's pages begin with a summary."""
    session: str = ""
    """The form at the head of a clinic or theatre list; empty for a plain list."""
    withheld: tuple[str, ...] = ()
    """Titles of forms on the hospital's own PDFs that it names and that two people did not approve."""

    @property
    def blanks(self) -> dict[str, int]:
        """Blank forms, and how many of each."""
        return dict(self.spares or {})


def load_form_sets(settings: Settings, home: Home | None = None) -> dict[str, FormSet]:
    """Every set by name; InputError when one names a form that does not exist."""
    tables, known = {**_load_defaults(), **settings.paper.sets}, load_forms(home)
    sets = {name: _parse_set(name, table, known) for name, table in tables.items()}
    printable = load_printable_forms(home) if home else known
    titles = {name: form.title for name, form in known.items() if name not in printable}
    return {name: _leave_out(form_set, titles) for name, form_set in sets.items()}


def _leave_out(form_set: FormSet, withheld: Mapping[str, str]) -> FormSet:
    """The set without forms that may not be printed: the rest of a pack is not kept back for them."""
    named = (*form_set.patient, *form_set.blanks, form_set.session)
    if not withheld.keys() & set(named):
        return form_set
    return replace(
        form_set,
        patient=tuple(name for name in form_set.patient if name not in withheld),
        spares={name: n for name, n in form_set.blanks.items() if name not in withheld},
        session="" if form_set.session in withheld else form_set.session,
        withheld=tuple(title for name, title in withheld.items() if name in named),
    )


def get_ward_sets(
    settings: Settings, wards: Iterable[str], home: Home | None = None
) -> dict[str, FormSet]:
    """The set of each ward, as the settings say; nothing is guessed from its name."""
    sets = load_form_sets(settings, home)
    return {ward: _get_set(settings, sets, ward, DEFAULT) for ward in wards}


def get_session_set(
    settings: Settings, location: str, kind: str, home: Home | None = None
) -> FormSet:
    """The set of a clinic or theatre list."""
    return _get_set(settings, load_form_sets(settings, home), location, FOR_SESSION[kind])


def _get_set(settings: Settings, sets: Mapping[str, FormSet], place: str, default: str) -> FormSet:
    name = settings.paper.ward_types.get(place, default)
    if name not in sets:
        raise InputError(
            "sets.unknown",
            f"The setting paper.ward_types gives '{place}' the type '{name}', which has no set.",
            f"Choose one of: {', '.join(sets)}.",
        )
    return sets[name]


@cache
def _load_defaults() -> dict[str, Any]:
    return tomllib.loads((data_folder("forms") / "sets.toml").read_text(encoding="utf-8"))


def _parse_set(name: str, table: Any, known: Mapping[str, FormDefinition]) -> FormSet:
    if not isinstance(table, Mapping):
        raise _invalid(name, "is no table")
    for word, value in table.items():
        if word not in _KEY_TYPES or not isinstance(value, _KEY_TYPES[word]):
            raise _invalid(name, f"has '{word}' wrong: it holds {', '.join(_KEY_TYPES)}")
    form_set = FormSet(
        name,
        tuple(table.get("patient", ())),
        table.get("spares", {}),
        table.get("summary", True),
        table.get("session", ""),
    )
    _check_set(form_set, known)
    return form_set


def _check_set(form_set: FormSet, known: Mapping[str, FormDefinition]) -> None:
    for form in (*form_set.patient, *form_set.blanks, *filter(None, [form_set.session])):
        if form not in known:
            raise _invalid(form_set.name, f"names a form '{form}' that does not exist")
    for form in form_set.patient:
        if not known[form].identity:
            raise _invalid(
                form_set.name, f"has '{form}', which is about no single patient, for each"
            )
    for form, count in form_set.blanks.items():
        if type(count) is not int or count < 0:
            raise _invalid(form_set.name, f"needs a whole number of spares of '{form}'")


def is_numbered(form: FormDefinition, of_set: FormSet) -> bool:
    """Whether a blank of this form is for one new patient, and so carries a downtime number."""
    return bool(form.identity) and (form.name in of_set.patient or form.record == "Encounter")


def _invalid(name: str, problem: str) -> InputError:
    return InputError(
        "sets.wrong", f"The form set '{name}' {problem}.", "Correct [paper.sets] in config.toml."
    )
