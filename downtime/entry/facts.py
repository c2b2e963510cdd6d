"""A fact: one thing that a verified form says happened, which can be compared and returned. Pure.

A fact's `fields` are those of the record named by its `type`, and for

- Encounter: `event` is `admit`, `transfer` (`ward`, `bay`, `bed` are the new place, `prior_ward` the
  old one) or `discharge` (`ended`, `destination`, `outcome`, which may be `died`);
- Appointment: `reason`, and for a new date `rebook_start` and `rebook_location`;
- AllergyIntolerance: `none_known` is `1` for 'no known allergies', `status` `entered-in-error` for a
  line of the system that paper calls wrong;
- Patient: what was written, by the names of Patient's fields;
- Document: `empty` is `1` for a form on which nobody wrote an answer.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from operator import attrgetter
from types import MappingProxyType
from typing import NamedTuple

from downtime.clinical import display
from downtime.clinical.identifiers import (
    clean_nhs_number,
    fold_number,
    has_check_character,
    is_nhs_number,
)
from downtime.clinical.model import Patient
from downtime.clinical.record_types import NAME_FIELDS
from downtime.paper.forms.model import SIGN_OFF, FormDefinition, FormItem
from downtime.paper.forms.record_fields import PERSON_PREFIX

ADMIT, TRANSFER, DISCHARGE = "admit", "transfer", "discharge"
"""What the `event` of an Encounter may be."""
PERSON_CHECK = "person.check"
"""The answer that says whether the person who is shown for a form is the one on the paper."""
EMPTY = "empty"
"""Field of a document on which nobody wrote an answer."""
MAX_NUMBER = 22
DOWNTIME_NUMBER = re.compile(r"D[A-Z][0-9A-Z](?:[A-Z2-9]{6}\d{3}|\d{5})[0-9A-Z]")
"""The shape of a downtime number: `D`, the code of a laptop, five digits or a block's name and
three, a check character."""
_IDENTITY = {
    "patient.born": "birth_date",
    "patient.gender": "gender",
    "patient.nhs": "nhs_number",
    "patient.mrn": "mrn",
    "patient.downtime-number": "downtime_number",
}
_MOVEMENTS = {ADMIT: "Admission", TRANSFER: "Transfer", DISCHARGE: "Discharge"}
_PATIENT_FIELDS = frozenset(Patient.__dataclass_fields__)
_NO_FIELDS: Mapping[str, str] = MappingProxyType({})


class PersonCheck(StrEnum):
    """What who keys says of the person who is shown: printed on the form, or found by its number."""

    SAME = "same"
    DIFFERS = "differs"
    """The paper names somebody else, who is typed."""


class PaperPerson(NamedTuple):
    """Who a form is about, as the paper says; `id` is the patient of the snapshot at T0."""

    id: str = ""
    mrn: str = ""
    nhs_number: str = ""
    downtime_number: str = ""
    family: str = ""
    given: str = ""
    prefix: str = ""
    birth_date: str = ""
    gender: str = ""
    address: str = ""
    postcode: str = ""
    phone: str = ""
    general_practitioner: str = ""

    @property
    def any_number(self) -> str:
        """What tells them from others on paper; empty when nothing does."""
        return self.downtime_number or self.mrn or self.nhs_number


_SHARED_FIELDS = tuple(name for name in PaperPerson._fields if name in _PATIENT_FIELDS)
_read_shared = attrgetter(*_SHARED_FIELDS)


def make_paper_person(patient: Patient) -> PaperPerson:
    """A patient of a snapshot as a person of paper's kind; no snapshot knows a downtime number."""
    return PaperPerson(**dict(zip(_SHARED_FIELDS, _read_shared(patient), strict=True)))


class Fact(NamedTuple):
    """One thing that happened during downtime. Times are UTC as stored.

    `key` is `SERIAL-linkId` or `SERIAL-linkId-ROW` and never changes for the same field of the
    same form. `fields` are those of the record named by `type`.
    """

    key: str
    type: str
    system: str
    form: str
    serial: str
    ward: str = ""
    person: PaperPerson = PaperPerson()
    event: str = ""
    entered: str = ""
    author: str = ""
    author_role: str = ""
    transcriber: str = ""
    fields: Mapping[str, str] = _NO_FIELDS
    notes: tuple[tuple[str, str], ...] = ()

    @property
    def number(self) -> str:
        """Its order number in other systems: the key, or the serial and a digest of a long key.

        At most 22 characters, the length of an entity identifier in HL7 v2.3 to 2.4.
        """
        if len(self.key) <= MAX_NUMBER:
            return self.key
        return f"{self.serial}-{hashlib.sha256(self.key.encode()).hexdigest()[:12]}"

    @property
    def title(self) -> str:
        """What it is, in the words of the form."""
        if self.fields.get("none_known"):
            return "No known allergies"
        name = next((text for name in NAME_FIELDS if (text := self.fields.get(name))), "")
        return name or _MOVEMENTS.get(self.fields.get("event", ""), self.type)


def find_person(
    definition: FormDefinition, answers: Mapping[str, str], issued: PaperPerson, row: str = ""
) -> PaperPerson:
    """Who the form, or a row of a list, is about: as printed, filled up with what was keyed.

    What the form was printed with always wins, unless the paper names somebody else than that; a
    blank takes the identity block and the fields that map to `Patient.…`.
    """
    if issued.id and answers.get(PERSON_CHECK) == PersonCheck.DIFFERS:
        issued = PaperPerson()
    keyed = {name: known_value(answers, key) for key, name in _IDENTITY.items() if key in answers}
    if "patient.name" in answers:
        keyed |= _parse_name(known_value(answers, "patient.name"))
    for item in record_layout(definition).people:
        key = f"{item.link_id}:{row}" if item.repeated else item.link_id
        if text := known_value(answers, key):
            keyed |= parse_person_field(item.maps.removeprefix(PERSON_PREFIX), text)
    if "nhs_number" in keyed:
        keyed["nhs_number"] = clean_nhs_number(keyed["nhs_number"])
    if not keyed:
        return issued
    missing = {
        name: text
        for name, text in keyed.items()
        if text and name in PaperPerson._fields and not getattr(issued, name)
    }
    return issued._replace(**missing) if missing else issued


def parse_person_field(name: str, text: str) -> dict[str, str]:
    """What a field named by `maps: Patient.…` says of a person."""
    if name == "name":
        return _parse_name(text)
    if name != "number":
        return {name: text}
    plain = fold_number(text)
    if DOWNTIME_NUMBER.fullmatch(plain) and has_check_character(plain):
        return {"downtime_number": plain}
    return {"nhs_number": text} if clean_nhs_number(text) else {"mrn": text}


def _parse_name(text: str) -> dict[str, str]:
    family, _, given_names = text.partition(",")
    return {"family": family.strip(), "given": given_names.strip()}


FORM = ""
"""The part of a form that lies in no group with rows and in none with a record of its own."""
_SIGN_OFF = frozenset(item.link_id for item in SIGN_OFF)


@dataclass(frozen=True, slots=True)
class RecordGroup:
    """A group that is a record of its own, or each of whose rows is one."""

    record: str
    system: str
    fixed_fields: Mapping[str, str]
    """Fields of the record that every such group gives."""


@dataclass(frozen=True, slots=True)
class RecordLayout:
    """Where each answer belongs."""

    places: Mapping[str, tuple[FormItem, str, str]]
    """Key of an answer to its field, group (`FORM` for the form itself) and row."""
    order: Mapping[str, int]
    """Groups in the order of the form."""
    groups: Mapping[str, RecordGroup]
    has_codes: bool
    """Whether the form's own record is made by ticked or filled fields with a code."""
    people: tuple[FormItem, ...]
    """Fields that say who it is about."""
    groups_of_people: frozenset[str]
    """Groups whose rows say whom they are about."""


@lru_cache(maxsize=512)
def record_layout(form: FormDefinition) -> RecordLayout:
    """The layout of a definition."""
    fields = [item for item in form.fields() if item.link_id not in _SIGN_OFF]
    places = {
        key: (item, item.group or item.record_group or FORM, key.partition(":")[2])
        for item in fields
        for key in item.answer_keys()
    }
    people = tuple(item for item in fields if item.maps.startswith(PERSON_PREFIX))
    groups = [group for _, group, _ in places.values()]
    return RecordLayout(
        places,
        {group: index for index, group in enumerate(dict.fromkeys(groups))},
        {
            item.link_id: RecordGroup(
                item.record, item.system or form.system, dict(item.fixed_fields)
            )
            for item in form.items
            if item.record
        },
        any(item.code and item.record in ("", form.record) for item in fields),
        people,
        frozenset(item.group for item in people if item.group),
    )


PERSON_COLUMNS = ("Surname", "Given names", "Born", "NHS No.", "Hospital No.", "Downtime No.")


def person_cells(person: PaperPerson) -> list[str]:
    """What stands under HEAD; an NHS number that is none stays out."""
    nhs = person.nhs_number
    return [
        person.family,
        person.given,
        display.format_day(person.birth_date),
        display.format_nhs_number(nhs) if is_nhs_number(nhs) else "",
        person.mrn,
        person.downtime_number,
    ]


class AbsentReason(StrEnum):
    """Why a field has no value; the answer that is kept."""

    NOT_WRITTEN = "?not-written"
    ILLEGIBLE = "?illegible"


REASON_TEXTS: Mapping[str, str] = {
    AbsentReason.NOT_WRITTEN: "Not written on the paper",
    AbsentReason.ILLEGIBLE: "Illegible",
}
EXTENSION_URL = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
FHIR_CODES: Mapping[AbsentReason, str] = {
    AbsentReason.NOT_WRITTEN: "unknown",
    AbsentReason.ILLEGIBLE: "error",
}
_TYPED = {
    "?not-written": AbsentReason.NOT_WRITTEN,
    "not written": AbsentReason.NOT_WRITTEN,
    "not written on the paper": AbsentReason.NOT_WRITTEN,
    "--": AbsentReason.NOT_WRITTEN,
    "?illegible": AbsentReason.ILLEGIBLE,
    "illegible": AbsentReason.ILLEGIBLE,
    "??": AbsentReason.ILLEGIBLE,
}


def parse_reason(text: str) -> AbsentReason | None:
    """The reason that a typed text means: `--`, `??`, or its words; None for anything else."""
    return _TYPED.get(text.strip().lower())


def known_value(answers: Mapping[str, str], key: str) -> str:
    """The value of an answer; empty when the paper says nothing that can be read."""
    text = answers.get(key, "")
    return "" if text in REASON_TEXTS else text
