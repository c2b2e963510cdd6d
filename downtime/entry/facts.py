"""What a verified form says happened, as facts that can be compared and returned. Pure.

The definition decides: a tick box or value with a `code` is one fact (of each filled row), a row
of the group named by `each` is one fact, and otherwise the form as a whole is one. Answers that
map to no field of the record go along as notes, so that nothing written is lost on the way.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from zoneinfo import ZoneInfo

from downtime.clinical.identifiers import clean_nhs_number
from downtime.entry import typed
from downtime.paper.definitions.questionnaire import SIGN_OFF, TRUE, FormDefinition, Item

DOCUMENT = "Document"
"""A fact that stays a document: it is filed, not returned as data."""
MAX_NUMBER = 22
_PERSON = "Patient."
_SIGN_OFF = frozenset(item.link_id for item in SIGN_OFF)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
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
    person: Person = Person()
    event: str = ""
    entered: str = ""
    author: str = ""
    author_role: str = ""
    transcriber: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
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
        return self.fields.get("display") or self.type


def facts(
    definition: FormDefinition, answers: Mapping[str, str], base: Fact, zone: ZoneInfo
) -> list[Fact]:
    """All facts of one form's answers; `base` carries the serial, the person, author and times."""
    answers = {key: text for key, text in answers.items() if text}
    base = replace(base, person=person(definition, answers, base.person))
    if definition.policy == "scan" or definition.record == DOCUMENT:
        return [
            replace(
                base, key=f"{base.serial}-form", type=DOCUMENT, fields={"display": definition.title}
            )
        ]
    return list(_facts(definition, answers, base, zone))


def person(
    definition: FormDefinition, answers: Mapping[str, str], issued: Person, row: str = ""
) -> Person:
    """Who the form, or a row of a list, is about: as printed, filled up with what was keyed.

    What the form was printed with always wins; a blank takes the identity block and the fields
    that map to `Patient.…`.
    """
    family, _, given = answers.get("patient.name", "").partition(",")
    keyed = {
        "family": family.strip(),
        "given": given.strip(),
        "birth_date": answers.get("patient.born", ""),
        "gender": answers.get("patient.gender", ""),
        "nhs_number": clean_nhs_number(answers.get("patient.nhs", "")),
        "mrn": answers.get("patient.mrn", ""),
        "downtime_number": answers.get("patient.downtime-number", ""),
    }
    for item in definition.fields():
        name = item.maps.removeprefix(_PERSON)
        key = f"{item.link_id}:{row}" if item.repeated else item.link_id
        if item.maps.startswith(_PERSON) and (text := answers.get(key)):
            keyed[name] = text
    known = set(Person.__dataclass_fields__)
    missing = {
        name: text
        for name, text in keyed.items()
        if text and name in known and not getattr(issued, name)
    }
    return replace(issued, **missing)


def _facts(
    definition: FormDefinition, answers: Mapping[str, str], base: Fact, zone: ZoneInfo
) -> Iterator[Fact]:
    items = definition.fields()
    base = replace(base, type=definition.record, system=definition.system)
    coded = [item for item in items if item.code]
    if coded:
        yield from _coded_facts(coded, items, answers, base, zone)
    elif definition.each:
        for row in _rows(definition.each, items, answers):
            keyed = replace(
                base,
                key=f"{base.serial}-{definition.each}-{row}",
                person=person(definition, answers, base.person, row),
            )
            yield _record(items, answers, keyed, row, zone)
    else:
        yield _record(items, answers, replace(base, key=f"{base.serial}-form"), "", zone)


def _coded_facts(
    coded: list[Item], items: list[Item], answers: Mapping[str, str], base: Fact, zone: ZoneInfo
) -> Iterator[Fact]:
    records: dict[str, Fact] = {}
    for item in coded:
        for key in item.answer_keys():
            if key in answers:
                row = key.partition(":")[2]
                if row not in records:
                    records[row] = _record(items, answers, base, row, zone)
                yield _coded(records[row], item, key, answers[key])


def _rows(group: str, items: list[Item], answers: Mapping[str, str]) -> list[str]:
    """The rows of a repeating group in which anything is written, in order."""
    inside = {item.link_id for item in items if item.group == group}
    keys = (key.partition(":") for key in answers)
    return sorted({row for link_id, _, row in keys if link_id in inside}, key=int)


def _record(
    items: list[Item], answers: Mapping[str, str], base: Fact, row: str, zone: ZoneInfo
) -> Fact:
    """The part of a fact that comes from mapped fields: of the row, and of the form as a whole."""
    fields: dict[str, str] = {}
    event = base.event
    notes: list[tuple[str, str]] = []
    for item in items:
        answer = answers.get(f"{item.link_id}:{row}" if item.repeated else item.link_id)
        if not answer or item.code or item.link_id in _SIGN_OFF or item.maps.startswith(_PERSON):
            continue
        if not item.maps:
            notes.append((item.text or item.link_id, _shown(item, answer)))
            continue
        fields[item.maps] = _stored(item, answer, zone)
        if item.repeated and item.maps == "effective":
            event = fields[item.maps]
    return replace(base, fields=fields, notes=tuple(notes), event=event)


def _coded(record: Fact, item: Item, key: str, answer: str) -> Fact:
    link_id, _, row = key.partition(":")
    fields = {**record.fields, "code": item.code, "display": item.text}
    if item.maps:
        fields[item.maps] = answer
    elif item.type == "choice":
        fields |= {"value": _shown(item, answer), "units": ""}
    elif item.type != "boolean":
        fields |= {"value": answer, "units": item.units}
    return replace(record, key="-".join(filter(None, (record.serial, link_id, row))), fields=fields)


def _stored(item: Item, answer: str, zone: ZoneInfo) -> str:
    return typed.moment_instant(answer, zone) if item.type == "dateTime" else answer


def _shown(item: Item, answer: str) -> str:
    if answer == TRUE and item.type == "boolean":
        return "yes"
    return next((option.display for option in item.options if option.code == answer), answer)
