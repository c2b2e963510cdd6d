"""Changes of live FHIR records: only what paper says, and only on what the comparison saw. Pure.

A change is a conditional PATCH (FHIR R4, 3.1.0.8.2) in JSON Patch (RFC 6902): nothing but the
elements named is touched. The snapshot holds no version of a record, so `ifMatch` cannot guard it.
Instead the server is asked to apply the change only while the record still says what was compared:
codes by `test` operations, times and absent values by the search that finds the record. A record
that has moved on since refuses the bundle, and a person looks.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from downtime.clinical.model import Appointment, Encounter, Patient, Record
from downtime.entry.facts import Fact, PaperPerson
from downtime.returns.fhir.datatypes import Json, identifier_search, text_concept
from downtime.returns.fhir.patient_resources import list_numbers
from downtime.returns.fhir.resources import CLOSED_STATUSES, end_time, location_reference
from downtime.returns.fhir.target import BundleContext

_DETAILS = {
    "family": ("/name/0/family", False),
    "given": ("/name/0/given", True),
    "birth_date": ("/birthDate", False),
    "gender": ("/gender", False),
    "phone": ("/telecom/0/value", False),
    "postcode": ("/address/0/postalCode", False),
}
"""Where a Patient holds each detail that can be changed alone, and whether as a list of words."""
_MISSING = {"birth_date": "birthdate:missing=true", "gender": "gender:missing=true"}
"""The search by which a detail is known to be absent still."""


@dataclass(frozen=True, slots=True)
class ConditionalPatch:
    """What is done to one live record: `search` finds it as it was compared, `record` at any time."""

    record_type: str
    record: str
    guard: str
    operations: tuple[Json, ...]

    @property
    def search(self) -> str:
        """The address of the conditional PATCH."""
        return f"{self.record_type}?{self.record}" + (f"&{self.guard}" if self.guard else "")


def changes_live_record(fact: Fact, matched: tuple[str, ...]) -> bool:
    """Whether a fact speaks of a record that is there, and never makes one."""
    if fact.type == "Encounter":
        return fact.fields.get("event", "admit") != "admit"
    return fact.type == "Patient" or (fact.type == "Appointment" and bool(matched))


def is_new_appointment(fact: Fact, live: Record | None) -> bool:
    """Whether the old booking is cancelled already, so that only the new date is to be made."""
    is_cancelled = isinstance(live, Appointment) and live.status == "cancelled"
    return is_cancelled and "T" in fact.fields.get("rebook_start", "")


def build_patch(fact: Fact, live: Record | None, context: BundleContext) -> ConditionalPatch | None:
    """The change that says this fact; None when FHIR cannot say it without touching more.

    `live` is the record as the comparison saw it.
    """
    if live is None or not context.target.updates or fact.type not in BUILDERS:
        return None
    return BUILDERS[fact.type](fact, live, context)


def _encounter_patch(fact: Fact, live: Record, context: BundleContext) -> ConditionalPatch | None:
    if not isinstance(live, Encounter) or not live.visit_number:
        return None
    if fact.fields.get("event") == "transfer":
        location = {
            "location": location_reference(fact, context),
            "status": "active",
            "period": {"start": context.format_time(fact.event)},
        }
        changes = [_operation("add", "/location/-", location)]
    elif fact.fields.get("outcome") == "died":
        return None  # a death is reported by people, and not as the end of a stay alone
    else:
        ended = context.format_time(fact.fields.get("ended") or fact.event)
        changes = [
            _operation("replace", "/status", "finished"),
            _operation("add", "/period/end", ended),
        ]
    record = identifier_search(context.target.visit, live.visit_number)
    operations = (*_tests("/status", live.status), *changes)
    return ConditionalPatch("Encounter", record, "", operations)


def _appointment_patch(fact: Fact, live: Record, context: BundleContext) -> ConditionalPatch | None:
    if not isinstance(live, Appointment) or not live.number or "T" not in live.start:
        return None
    fields = fact.fields
    start = fields.get("rebook_start", "")
    if "T" in start:
        moves = fields.get("rebook_location", "") not in ("", live.location)
        if moves or live.status == "cancelled":
            return None
        end = end_time(start, str(live.minutes), context.target.appointment_minutes)
        changes = [
            _operation("replace", "/status", "booked"),
            _operation("replace", "/start", context.format_time(start)),
            _operation("replace", "/end", context.format_time(end)),
        ]
    else:
        status, reason = fields.get("status", ""), fields.get("reason", "")
        changes = [_operation("replace", "/status", status)]
        if reason and status in CLOSED_STATUSES:
            changes.append(_operation("add", "/cancelationReason", text_concept(reason)))
    record = identifier_search(context.target.appointment, live.number)
    guard = f"date={quote(live.start, safe='')}"
    operations = (*_tests("/status", live.status), *changes)
    return ConditionalPatch("Appointment", record, guard, operations)


def _patient_patch(fact: Fact, live: Record, context: BundleContext) -> ConditionalPatch | None:
    if not isinstance(live, Patient):
        return None
    changed = {
        name: text
        for name, text in fact.fields.items()
        if name in Patient.__dataclass_fields__ and text and text != getattr(live, name)
    }
    number = list_numbers(PaperPerson(mrn=live.mrn, nhs_number=live.nhs_number), context.target)
    if not changed or not number or not all(_can_patch(name, live) for name in changed):
        return None
    operations: list[Json] = []
    for name, text in changed.items():
        path, is_list = _DETAILS[name]
        compared = getattr(live, name)[:10] if name == "birth_date" else getattr(live, name)
        operations += _tests(path, compared.split() if is_list else compared)
        operations.append(_operation("add", path, text.split() if is_list else text))
    guard = "&".join(_MISSING[name] for name in changed if not getattr(live, name))
    return ConditionalPatch("Patient", identifier_search(*number[0]), guard, tuple(operations))


def _can_patch(name: str, live: Patient) -> bool:
    return name in _DETAILS and (bool(getattr(live, name)) or name in _MISSING)


def _operation(name: str, path: str, value: Any) -> Json:
    return {"op": name, "path": path, "value": value}


def _tests(path: str, value: Any) -> list[Json]:
    """The change holds only while this is what stands there."""
    return [_operation("test", path, value)] if value else []


BUILDERS: Mapping[str, Callable[[Fact, Record, BundleContext], ConditionalPatch | None]] = {
    "Encounter": _encounter_patch,
    "Patient": _patient_patch,
    "Appointment": _appointment_patch,
}
"""The types whose live records can be changed."""
