"""Under what one thing is found on two forms: its kind, system, patient and name. Pure."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import NamedTuple

from downtime.clinical.medicine_names import read_medicine, sort_words
from downtime.clinical.recognition import DuplicateKind
from downtime.clinical.record_types import RECORD_TYPES, RecordType
from downtime.reconcile.rules.values import fold_test_name, names_in_fields
from downtime.reconcile.rules.verdict import fold_text
from downtime.settings import Settings

Fields = Mapping[str, str]
OwnNames = tuple[tuple[str, str], ...]


class DuplicateKey(NamedTuple):
    """What is the same on two forms.

    A unit of blood is known by its donation number alone, whoever had it and whichever system is told:
    `system` and `patient` are empty then, `name` is the number, and `specimen` its component where forms name several. Of what else is found
    to be one, `specimen` is the key of the statement that the others are laid beside.
    """

    kind: DuplicateKind
    system: str
    patient: str
    name: str
    specimen: str = ""


def list_recognised_types() -> tuple[RecordType, ...]:
    """The types of fact that one may find on two forms."""
    return tuple(row for row in RECORD_TYPES.values() if row.recognition)


RECOGNITIONS = {row.name: row.recognition for row in list_recognised_types() if row.recognition}


def find_written_name(record_type: str, fields: Fields) -> tuple[str, ...]:
    """The words by which a thing is named, as they were written; a donation number before all."""
    if record_type == "MedicationAdministration" and (unit := fields.get("batch")):
        return ("", unit)
    return tuple(fields.get(name, "") for name in RECOGNITIONS[record_type].name_fields)


def find_duplicate_key(
    record_type: str, system: str, patient: str, fields: Fields, own_names: OwnNames = ()
) -> DuplicateKey | None:
    """Under what it is found on another form; None when that cannot be told.

    What is of no patient, or bears no name, is like no other. `own_names` are the site's own for
    medicines.
    """
    kind = RECOGNITIONS[record_type].kind
    if kind == DuplicateKind.DOSE and (number := fields.get("batch")):
        return DuplicateKey(DuplicateKind.UNIT, "", "", fold_text(number))
    name = _name_dose(fields, own_names) if kind == DuplicateKind.DOSE else _NAMES[kind](fields)
    if not patient or not name:
        return None
    specimen = fold_text(fields.get("specimen", "")) if kind == DuplicateKind.REQUEST else ""
    return DuplicateKey(kind, system, patient, name, specimen)


def find_alternative_keys(key: DuplicateKey, fields: Fields) -> list[DuplicateKey]:
    """What a form that gives no code, only the name of the test, would find it under."""
    if key.kind not in CODED_KINDS:
        return []
    return [key._replace(name=name) for name in names_in_fields(fields) - {key.name}]


CODED_KINDS = (DuplicateKind.REQUEST, DuplicateKind.RESULT, DuplicateKind.VACCINE)
"""Kinds that one form names by code and another by words."""


def list_own_names(settings: Settings) -> OwnNames:
    """The site's own names of medicines."""
    return tuple(settings.reconcile.medicine_names.items())


@lru_cache(maxsize=8192)
def _find_test_name(code: str, display: str) -> str:
    """A test by its code, else by its name; nothing for a mere `other`."""
    return next((n for n in map(fold_test_name, (code, display)) if n not in ("", "other")), "")


def _name_test(fields: Fields) -> str:
    return _find_test_name(fields.get("code", ""), fields.get("display", ""))


def _name_dose(fields: Fields, own_names: OwnNames) -> str:
    """By its ingredients: under another name it is found too, and then laid beside."""
    text = fields.get("medicine", "")
    return sort_words(read_medicine(text, own_names)) or fold_text(text)


def _name_movement(fields: Fields) -> str:
    """Two moves to two wards are two; a patient is admitted, or leaves, once at a time."""
    event = fields.get("event", "") or "admit"
    return f"{event} {fold_text(fields.get('ward', ''))}" if event == "transfer" else event


def _name_visit(fields: Fields) -> str:
    start = fields.get("start", "")[:10]
    return f"{fields.get('kind', '')} {start}" if start else ""


_NAMES: Mapping[DuplicateKind, Callable[[Fields], str]] = {
    DuplicateKind.DETAILS: lambda fields: "details",
    DuplicateKind.MOVEMENT: _name_movement,
    DuplicateKind.REQUEST: _name_test,
    DuplicateKind.RESULT: _name_test,
    DuplicateKind.VISIT: _name_visit,
    DuplicateKind.ALLERGY: lambda fields: "allergies",
    DuplicateKind.ALERT: lambda fields: fold_text(fields.get("text", "")),
    DuplicateKind.VACCINE: _name_test,
}
