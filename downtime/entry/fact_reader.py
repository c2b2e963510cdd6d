"""What a form's answers say, as facts. Pure.

The definition decides: a tick box or value with a `code` is one fact (of each filled row), a group
with a `record` of its own is one (or each of its rows), a row of the group named by `each` is one,
and otherwise the form as a whole. Answers that map to no field of the record go along as notes, and
what no fact carries is a document, so that nothing written is lost on the way.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from zoneinfo import ZoneInfo

from downtime.clinical.model import Patient
from downtime.clinical.record_types import DOCUMENT, RECORD_TYPES
from downtime.clock import from_text
from downtime.entry.facts import (
    DISCHARGE,
    EMPTY,
    FORM,
    REASON_TEXTS,
    Fact,
    find_person,
    parse_person_field,
    record_layout,
)
from downtime.entry.typed_times import moment_to_utc, parse_moment_near
from downtime.paper.forms.field_types import FIELD_TYPES
from downtime.paper.forms.model import FieldType, FormDefinition, FormItem, KeyingPolicy
from downtime.paper.forms.record_fields import PERSON_PREFIX, WHEN

_PATIENT_FIELDS = frozenset(Patient.__dataclass_fields__)


def find_facts(
    definition: FormDefinition, answers: Mapping[str, str], base: Fact, zone: ZoneInfo
) -> list[Fact]:
    """All facts of one form's answers; `base` carries the serial, the person, author and times."""
    answers = {key: text for key, text in answers.items() if text}
    person = find_person(definition, answers, base.person)
    if person is not base.person:
        base = base._replace(person=person)
    if definition.policy == KeyingPolicy.SCAN:
        return [_make_document(definition, base, ())]
    return _FactReader(definition, answers, base, zone).read()


def make_empty_fact(definition: FormDefinition, answers: Mapping[str, str], base: Fact) -> Fact:
    """The one fact of a form on which nobody wrote an answer: a document that is said to be empty.

    What its definition always says, such as that a discharge is one, is not true of it.
    """
    person = find_person(definition, answers, base.person)
    document = _make_document(definition, base._replace(person=person), ())
    return document._replace(fields={**document.fields, EMPTY: "1"})


@dataclass(frozen=True, slots=True)
class _RowAnswers:
    """What the answers of one row, or of the form itself, say."""

    fields: dict[str, dict[str, str]] = field(default_factory=dict)
    """By type of record."""
    notes: list[tuple[str, str]] = field(default_factory=list)
    coded: list[tuple[FormItem, str, str]] = field(default_factory=list)
    """Fields with a code of their own, each with its key and answer."""
    times: list[str] = field(default_factory=list)
    """When it happened, where the form asks for that."""

    def as_notes(self) -> Iterator[tuple[str, str]]:
        """All of it as notes: for a document."""
        yield from self.notes
        for fields in self.fields.values():
            yield from ((name.replace("_", " "), text) for name, text in fields.items())
        yield from (("when", text) for text in self.times)


_NO_ANSWERS = _RowAnswers()


class _FactReader:
    """One form's answers on their way to facts."""

    def __init__(
        self, form: FormDefinition, answers: Mapping[str, str], base: Fact, zone: ZoneInfo
    ) -> None:
        self.form, self.answers, self.base, self.zone = form, answers, base, zone
        self.layout = record_layout(form)
        rows: dict[tuple[str, str], _RowAnswers] = {}
        for key, text in answers.items():
            if place := self.layout.places.get(key):
                item, group, number = place
                row = rows.get((group, number))
                if row is None:
                    row = rows[group, number] = _RowAnswers()
                self._read_answer(row, item, key, text)
        self.form_answers = rows.pop((FORM, "")) if (FORM, "") in rows else _RowAnswers()
        for group, number in [place for place in rows if not place[1]]:
            row = rows[group, number]
            if not row.coded and not row.fields.get(self.layout.groups[group].record):
                self.form_answers.notes.extend(rows.pop((group, number)).notes)
            elif self._is_registered(group):
                self.form_answers.notes.extend(row.notes)
                row.notes.clear()
        order = self.layout.order
        self.rows = sorted(rows.items(), key=lambda r: (order[r[0][0]], int(r[0][1] or 0)))

    def _is_registered(self, group: str) -> bool:
        """Whether a group says who is admitted: that goes with the admission, and so do its notes."""
        return (self.form.record, self.layout.groups[group].record) == ("Encounter", "Patient")

    def _read_answer(self, row: _RowAnswers, item: FormItem, key: str, answer: str) -> None:
        record = item.record or self.form.record
        if answer in REASON_TEXTS:
            row.notes.append((item.text or item.link_id, REASON_TEXTS[answer]))
            return
        if item.code:
            row.coded.append((item, key, answer))
            return
        fields = row.fields.setdefault(record, {})
        option = next((o for o in item.options if o.code == answer), None) if item.options else None
        if item.maps == WHEN and (moment := self._read_time(item, answer)):
            row.times.append(moment)
        elif item.maps.startswith(PERSON_PREFIX):
            if record == "Patient":
                person = parse_person_field(item.maps.removeprefix(PERSON_PREFIX), answer)
                fields |= {name: text for name, text in person.items() if name in _PATIENT_FIELDS}
        elif item.maps not in ("", WHEN):
            fields[item.maps] = _record_value(item, answer, self.zone)
        elif not (option and option.fixed_fields):
            row.notes.append((item.text or item.link_id, FIELD_TYPES[item.type].word(item, answer)))
        if option:
            fields |= dict(option.fixed_fields)

    def _read_time(self, item: FormItem, answer: str) -> str:
        """The time in a field of time, or in words beside the form's own date; else empty."""
        if item.type == FieldType.DATE_TIME:
            return moment_to_utc(answer, self.zone)
        signed = from_text(self.base.event).astimezone(self.zone)
        day, hour = f"{signed:%Y-%m-%d}", f"{signed:%H:%M}"
        try:
            return moment_to_utc(parse_moment_near(answer, signed.date(), day, hour), self.zone)
        except ValueError:
            return ""

    def read(self) -> list[Fact]:
        """Every fact, and a document for what none of them carries."""
        facts = list(self._read_form())
        unused: list[_RowAnswers] = []
        for (group, number), row in self.rows:
            row_facts = list(self._read_row(group, number, row))
            facts += row_facts
            if not row_facts:
                unused.append(row)
        if not any(self._carries_form_answers(fact.type) for fact in facts):
            unused.insert(0, self.form_answers)
        notes = tuple(note for row in unused for note in row.as_notes())
        if notes or not facts:
            # These words stand in keys of items that were compared before.
            facts.append(_make_document(self.form, self.base, notes, "rest" if facts else "form"))
        return [
            complete(fact) if (complete := _COMPLETIONS.get(fact.type)) else fact for fact in facts
        ]

    def _carries_form_answers(self, record: str) -> bool:
        """Whether facts of this type carry the answers that stand outside of all groups."""
        return self.form.record in (record, DOCUMENT)

    def _read_form(self) -> Iterator[Fact]:
        form_answers = self.form_answers
        yield from (self._make_coded(*c, self.base, form_answers) for c in form_answers.coded)
        has_rows = self.form.each or self.layout.has_codes
        if not has_rows and self.form.record != DOCUMENT:
            key = f"{self.base.serial}-form"
            yield self._make_fact(key, self.base, self.form.record, self.form.system, _NO_ANSWERS)

    def _read_row(self, group: str, number: str, row: _RowAnswers) -> Iterator[Fact]:
        base = self.base
        if group in self.layout.groups_of_people:
            person = find_person(self.form, self.answers, self.base.person, number)
            base = base._replace(person=person)
        yield from (self._make_coded(*coded, base, row) for coded in row.coded)
        key = "-".join(filter(None, (base.serial, group, number)))
        record_group = self.layout.groups.get(group)
        if record_group and row.fields.get(record_group.record):
            fact = self._make_fact(key, base, record_group.record, record_group.system, row)
            yield fact._replace(fields={**record_group.fixed_fields, **fact.fields})
        elif group == self.form.each and not self.layout.has_codes:
            yield self._make_fact(key, base, self.form.record, self.form.system, row)

    def _make_fact(
        self,
        key: str,
        base: Fact,
        record: str,
        system: str,
        row: _RowAnswers,
        own_fields: Mapping[str, str] = MappingProxyType({}),
    ) -> Fact:
        """A record of what a row says, and of what the form says for all of them."""
        common = self.form_answers if self._carries_form_answers(record) else _NO_ANSWERS
        is_row = row is not self.form_answers
        fields: dict[str, str] = dict(self.form.fixed_fields) if record == self.form.record else {}
        fields |= common.fields.get(record, {}) | row.fields.get(record, {})
        event = base.event
        record_type = RECORD_TYPES.get(record)
        event_field = record_type.event_field if record_type else ""
        if times := (row.times or self.form_answers.times):
            event = times[0]
            if event_field:
                fields[event_field] = event
        elif is_row and event_field in row.fields.get(record, {}):
            event = fields[event_field]
        notes = (*common.notes, *(row.notes if is_row else ()))
        fields.update(own_fields)
        return Fact(
            key=key, type=record, system=system, form=base.form, serial=base.serial, ward=base.ward,
            person=base.person, event=event, entered=base.entered, author=base.author,
            author_role=base.author_role, transcriber=base.transcriber, fields=fields, notes=notes,
        )  # fmt: skip

    def _make_coded(
        self, item: FormItem, key: str, answer: str, base: Fact, row: _RowAnswers
    ) -> Fact:
        record, system = item.record or self.form.record, item.system or self.form.system
        link_id, _, number = key.partition(":")
        fields = {"code": item.code, "display": item.text}
        if (record_type := RECORD_TYPES.get(record)) and record_type.code_fields:
            fields |= dict(zip(record_type.code_fields, (item.code, item.text), strict=True))
        if item.maps:
            fields[item.maps] = answer
        elif item.type == FieldType.CHOICE:
            fields |= {"value": FIELD_TYPES[item.type].word(item, answer), "units": ""}
        elif item.type != FieldType.BOOLEAN:
            fields |= {"value": answer, "units": item.units or item.ucum}
        fact_key = "-".join(filter(None, (base.serial, link_id, number)))
        return self._make_fact(fact_key, base, record, system, row, fields)


def _record_value(item: FormItem, answer: str, zone: ZoneInfo) -> str:
    """The value of a record's field: times in UTC, a dose with its unit, all else as kept."""
    if item.type == FieldType.DATE_TIME:
        return moment_to_utc(answer, zone)
    if item.maps == "dosage" and FIELD_TYPES[item.type].is_number:
        # A dose without its unit is none: the unit, or the words above the column ('Units').
        return f"{answer} {item.units or item.text.lower()}"
    return answer


def _make_document(
    form: FormDefinition, base: Fact, notes: tuple[tuple[str, str], ...], key: str = "form"
) -> Fact:
    return base._replace(
        key=f"{base.serial}-{key}",
        type=DOCUMENT,
        system="",
        fields={"display": form.title},
        notes=notes,
    )


def _complete_encounter(fact: Fact) -> Fact:
    """A discharge ends the stay; a transfer to another hospital is one, and the place is outside."""
    if fact.fields.get("event") != DISCHARGE:
        return fact
    fields = dict(fact.fields)
    fields["ended"] = event = fields.get("ended") or fact.event
    if ward := fields.pop("ward", ""):
        fields.setdefault("destination", ward)
    return fact._replace(fields=fields, event=event)


def _complete_appointment(fact: Fact) -> Fact:
    """A line of a list on which nobody wrote what became of it says nothing to return."""
    if not fact.fields.get("status"):
        return fact._replace(type=DOCUMENT, system="")
    return _drop_declined_date(fact)


def _drop_declined_date(fact: Fact) -> Fact:
    """A new date that the patient declined is none; which one it was is kept under other names."""
    if fact.fields.get("rebook_answer") != "declined":
        return fact
    declined = {"rebook_start": "declined_start", "rebook_location": "declined_location"}
    return fact._replace(fields={declined.get(k, k): v for k, v in fact.fields.items()})


_COMPLETIONS: Mapping[str, Callable[[Fact], Fact]] = {
    "Encounter": _complete_encounter,
    "Appointment": _complete_appointment,
}
"""What follows from the words of a form, whichever form said it, by type of record."""
