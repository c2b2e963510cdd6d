"""What a verified form says happened, as facts that can be compared and returned. Pure.

The definition decides: a tick box or value with a `code` is one fact (of each filled row), a group
with a `record` of its own is one (or each of its rows), a row of the group named by `each` is one,
and otherwise the form as a whole. Answers that map to no field of the record go along as notes, and
what no fact carries is a document, so that nothing written is lost on the way.

A fact's `fields` are those of the record named by its `type`, and for

- Encounter: `event` is `admit`, `transfer` (`ward`, `bay`, `bed` are the new place, `prior_ward` the
  old one) or `discharge` (`ended`, `destination`, `outcome`, which may be `died`);
- Appointment: `reason`, and for a new date `rebook_start` and `rebook_location`;
- AllergyIntolerance: `none_known` is `1` for 'no known allergies', `status` `entered-in-error` for a
  line of the system that paper calls wrong;
- Patient: what was written, by the names of Patient's fields.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from types import MappingProxyType
from typing import NamedTuple
from zoneinfo import ZoneInfo

from downtime.clinical.identifiers import clean_nhs_number, has_check_character
from downtime.clinical.model import Patient
from downtime.clinical.record_types import DOCUMENT, NAME_FIELDS, RECORD_TYPES
from downtime.clock import from_text
from downtime.entry import absent_values, typed_times
from downtime.entry.answer_values import answer_text, parse_moment_near, record_value
from downtime.entry.record_layout import FORM, record_layout
from downtime.paper.forms.model import FormDefinition, Item
from downtime.paper.forms.record_fields import PERSON_PREFIX, WHEN

ADMIT, TRANSFER, DISCHARGE = "admit", "transfer", "discharge"
"""What the `event` of an Encounter may be."""
MAX_NUMBER = 22
DOWNTIME_NUMBER = re.compile(r"D[A-Z][0-9A-Z]\d{5}[0-9A-Z]")
"""The shape of a downtime number: `D`, the code of a laptop, five digits, a check character."""
_IDENTITY = {
    "patient.born": "birth_date",
    "patient.gender": "gender",
    "patient.nhs": "nhs_number",
    "patient.mrn": "mrn",
    "patient.downtime-number": "downtime_number",
}
_MOVEMENTS = {ADMIT: "Admission", TRANSFER: "Transfer", DISCHARGE: "Discharge"}
_PATIENT_FIELDS = frozenset(Patient.__dataclass_fields__)
_NOTHING_SAID: Mapping[str, str] = MappingProxyType({})


class Person(NamedTuple):
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


_DETAILS = tuple(name for name in Person._fields if name in _PATIENT_FIELDS)
_details = attrgetter(*_DETAILS)


def person_of(patient: Patient) -> Person:
    """A patient of a snapshot as a person of paper's kind; no snapshot knows a downtime number."""
    return Person(**dict(zip(_DETAILS, _details(patient), strict=True)))


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
    person: Person = Person()
    event: str = ""
    entered: str = ""
    author: str = ""
    author_role: str = ""
    transcriber: str = ""
    fields: Mapping[str, str] = _NOTHING_SAID
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
        said = next((text for name in NAME_FIELDS if (text := self.fields.get(name))), "")
        return said or _MOVEMENTS.get(self.fields.get("event", ""), self.type)


def find_facts(
    definition: FormDefinition, answers: Mapping[str, str], base: Fact, zone: ZoneInfo
) -> list[Fact]:
    """All facts of one form's answers; `base` carries the serial, the person, author and times."""
    given = {key: text for key, text in answers.items() if text}
    about = find_person(definition, given, base.person)
    if about is not base.person:
        base = base._replace(person=about)
    if definition.policy == "scan":
        return [_document(definition, base, ())]
    return _FactReader(definition, given, base, zone).facts()


def find_person(
    definition: FormDefinition, answers: Mapping[str, str], issued: Person, row: str = ""
) -> Person:
    """Who the form, or a row of a list, is about: as printed, filled up with what was keyed.

    What the form was printed with always wins; a blank takes the identity block and the fields
    that map to `Patient.…`.
    """
    keyed = {
        name: absent_values.known_value(answers, key)
        for key, name in _IDENTITY.items()
        if key in answers
    }
    if "patient.name" in answers:
        keyed |= _name(absent_values.known_value(answers, "patient.name"))
    for item in record_layout(definition).people:
        key = f"{item.link_id}:{row}" if item.repeated else item.link_id
        if text := absent_values.known_value(answers, key):
            keyed |= _person_fields(item.maps.removeprefix(PERSON_PREFIX), text)
    if "nhs_number" in keyed:
        keyed["nhs_number"] = clean_nhs_number(keyed["nhs_number"])
    if not keyed:
        return issued
    missing = {
        name: text
        for name, text in keyed.items()
        if text and name in Person._fields and not getattr(issued, name)
    }
    return issued._replace(**missing) if missing else issued


def _person_fields(name: str, text: str) -> dict[str, str]:
    """What a field named by `maps: Patient.…` says of a person."""
    if name == "name":
        return _name(text)
    if name != "number":
        return {name: text}
    plain = text.replace(" ", "").replace("-", "").upper()
    if DOWNTIME_NUMBER.fullmatch(plain) and has_check_character(plain):
        return {"downtime_number": plain}
    return {"nhs_number": text} if clean_nhs_number(text) else {"mrn": text}


def _name(text: str) -> dict[str, str]:
    family, _, given = text.partition(",")
    return {"family": family.strip(), "given": given.strip()}


@dataclass(frozen=True, slots=True)
class _RowAnswers:
    """What the answers of one row, or of the form itself, say."""

    fields: dict[str, dict[str, str]] = field(default_factory=dict)
    """By type of record."""
    notes: list[tuple[str, str]] = field(default_factory=list)
    coded: list[tuple[Item, str, str]] = field(default_factory=list)
    when: list[str] = field(default_factory=list)

    def everything(self, form: str) -> Iterator[tuple[str, str]]:
        """All of it as notes: for a document."""
        yield from self.notes
        for said in self.fields.values():
            yield from ((name.replace("_", " "), text) for name, text in said.items())
        yield from ((form, text) for text in self.when)


_NOTHING = _RowAnswers()


class _FactReader:
    """One form's answers on their way to facts."""

    def __init__(
        self, form: FormDefinition, answers: Mapping[str, str], base: Fact, zone: ZoneInfo
    ) -> None:
        self.form, self.answers, self.base, self.zone = form, answers, base, zone
        self.plan = record_layout(form)
        rows: dict[tuple[str, str], _RowAnswers] = {}
        for key, text in answers.items():
            if place := self.plan.places.get(key):
                item, group, row = place
                said = rows.get((group, row))
                if said is None:
                    said = rows[group, row] = _RowAnswers()
                self._read(said, item, key, text)
        self.own = rows.pop((FORM, "")) if (FORM, "") in rows else _RowAnswers()
        for group, row in [place for place in rows if not place[1]]:
            said = rows[group, row]
            if not said.coded and not said.fields.get(self.plan.parts[group].record):
                self.own.notes.extend(rows.pop((group, row)).notes)
        order = self.plan.order
        self.rows = sorted(rows.items(), key=lambda r: (order[r[0][0]], int(r[0][1] or 0)))

    def _read(self, said: _RowAnswers, item: Item, key: str, answer: str) -> None:
        record = item.record or self.form.record
        if answer in absent_values.REASON_TEXTS:
            said.notes.append((item.text or item.link_id, absent_values.REASON_TEXTS[answer]))
            return
        if item.code:
            said.coded.append((item, key, answer))
            return
        fields = said.fields.setdefault(record, {})
        option = next((o for o in item.options if o.code == answer), None) if item.options else None
        if item.maps == WHEN and (moment := self._moment(item, answer)):
            said.when.append(moment)
        elif item.maps.startswith(PERSON_PREFIX):
            if record == "Patient":
                told = _person_fields(item.maps.removeprefix(PERSON_PREFIX), answer)
                fields |= {name: text for name, text in told.items() if name in _PATIENT_FIELDS}
        elif item.maps not in ("", WHEN):
            fields[item.maps] = record_value(item, answer, self.zone)
        elif not (option and option.fixed_fields):
            said.notes.append((item.text or item.link_id, answer_text(item, answer)))
        if option:
            fields |= dict(option.fixed_fields)

    def _moment(self, item: Item, answer: str) -> str:
        """The time in a field of time, or in words beside the form's own date; else empty."""
        if item.type == "dateTime":
            return typed_times.moment_to_utc(answer, self.zone)
        day, _, hour = self._signed()
        try:
            return typed_times.moment_to_utc(parse_moment_near(answer, day, hour), self.zone)
        except ValueError:
            return ""

    def _signed(self) -> tuple[str, str, str]:
        """Date and time of the sign-off, as ISO text."""
        local = from_text(self.base.event).astimezone(self.zone).strftime("%Y-%m-%dT%H:%M")
        return local.partition("T")

    def facts(self) -> list[Fact]:
        """Every fact, and a document for what none of them carries."""
        found = list(self._of_form())
        rest: list[_RowAnswers] = []
        for (group, row), said in self.rows:
            of_row = list(self._of_row(group, row, said))
            found += of_row
            if not of_row:
                rest.append(said)
        if not any(self._is_own(fact.type) for fact in found):
            rest.insert(0, self.own)
        notes = tuple(note for said in rest for note in said.everything("when"))
        if notes or not found:
            key = "rest" if found else "form"
            found.append(_document(self.form, self.base, notes, key))
        return [_complete_fact(fact) for fact in found]

    def _is_own(self, record: str) -> bool:
        """Whether facts of this type carry the answers that stand outside of all groups."""
        return self.form.record in (record, DOCUMENT)

    def _of_form(self) -> Iterator[Fact]:
        yield from (self._coded(*one, self.base, self.own) for one in self.own.coded)
        has_rows = self.form.each or self.plan.has_codes
        if not has_rows and self.form.record != DOCUMENT:
            key = f"{self.base.serial}-form"
            yield self._fact(key, self.base, self.form.record, self.form.system, _NOTHING)

    def _of_row(self, group: str, row: str, said: _RowAnswers) -> Iterator[Fact]:
        base = self.base
        if group in self.plan.people_in:
            about = find_person(self.form, self.answers, self.base.person, row)
            base = base._replace(person=about)
        yield from (self._coded(*one, base, said) for one in said.coded)
        key = "-".join(filter(None, (base.serial, group, row)))
        part = self.plan.parts.get(group)
        if part and said.fields.get(part.record):
            made = self._fact(key, base, part.record, part.system, said)
            yield made._replace(fields={**part.says, **made.fields})
        elif group == self.form.each and not self.plan.has_codes:
            yield self._fact(key, base, self.form.record, self.form.system, said)

    def _fact(
        self,
        key: str,
        base: Fact,
        record: str,
        system: str,
        said: _RowAnswers,
        more: Mapping[str, str] = MappingProxyType({}),
    ) -> Fact:
        """A record of what a row says, and of what the form says for all of them."""
        own = self.own if self._is_own(record) else _NOTHING
        fields: dict[str, str] = dict(self.form.fixed_fields) if record == self.form.record else {}
        fields |= own.fields.get(record, {}) | said.fields.get(record, {})
        event = base.event
        registered = RECORD_TYPES.get(record)
        event_field = registered.event_field if registered else ""
        if when := (said.when or self.own.when):
            event = when[0]
            if event_field:
                fields[event_field] = event
        elif said is not self.own and event_field in said.fields.get(record, {}):
            event = fields[event_field]
        notes = (*own.notes, *(said.notes if said is not self.own else ()))
        fields.update(more)
        return Fact(
            key=key, type=record, system=system, form=base.form, serial=base.serial, ward=base.ward,
            person=base.person, event=event, entered=base.entered, author=base.author,
            author_role=base.author_role, transcriber=base.transcriber, fields=fields, notes=notes,
        )  # fmt: skip

    def _coded(self, item: Item, key: str, answer: str, base: Fact, said: _RowAnswers) -> Fact:
        record, system = item.record or self.form.record, item.system or self.form.system
        link_id, _, row = key.partition(":")
        fields = {"code": item.code, "display": item.text}
        if (registered := RECORD_TYPES.get(record)) and registered.code_fields:
            fields |= dict(zip(registered.code_fields, (item.code, item.text), strict=True))
        if item.maps:
            fields[item.maps] = answer
        elif item.type == "choice":
            fields |= {"value": answer_text(item, answer), "units": ""}
        elif item.type != "boolean":
            fields |= {"value": answer, "units": item.units}
        named = "-".join(filter(None, (base.serial, link_id, row)))
        return self._fact(named, base, record, system, said, fields)


def _document(
    form: FormDefinition, base: Fact, notes: tuple[tuple[str, str], ...], key: str = "form"
) -> Fact:
    return base._replace(
        key=f"{base.serial}-{key}",
        type=DOCUMENT,
        system="",
        fields={"display": form.title},
        notes=notes,
    )


def _complete_fact(fact: Fact) -> Fact:
    """What follows from the words of a form, whichever form said it."""
    if fact.type not in ("Encounter", "Appointment"):
        return fact
    fields = dict(fact.fields)
    if fact.type == "Encounter" and fields.get("event") == DISCHARGE:
        fields["ended"] = event = fields.get("ended") or fact.event
        if ward := fields.pop("ward", ""):
            # A transfer to another hospital ends the stay here: the new place is outside.
            fields.setdefault("destination", ward)
        return fact._replace(fields=fields, event=event)
    if fact.type == "Appointment" and not fields.get("status"):
        # A line of a list on which nobody wrote what became of it says nothing to return.
        return fact._replace(type=DOCUMENT, system="")
    if fields.get("rebook_answer") == "declined":
        for name in ("rebook_start", "rebook_location"):
            fields.pop(name, None)
        return fact._replace(fields=fields)
    return fact
