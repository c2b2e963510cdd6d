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
from downtime.entry.facts import Fact, Person
from downtime.returns.fhir.appointments import end_time
from downtime.returns.fhir.bundle_context import BundleContext
from downtime.returns.fhir.datatypes import Json, identifier_search, text_concept
from downtime.returns.fhir.patient_resources import list_numbers
from downtime.returns.fhir.resources import location_reference

Operations = list[Json]
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

    kind: str
    record: str
    guard: str
    operations: tuple[Json, ...]

    @property
    def search(self) -> str:
        """The address of the conditional PATCH."""
        return f"{self.kind}?{self.record}" + (f"&{self.guard}" if self.guard else "")


def changes_live_record(fact: Fact, matched: tuple[str, ...]) -> bool:
    """Whether a fact speaks of a record that is there, and never makes one."""
    if fact.type == "Encounter":
        return fact.fields.get("event", "admit") != "admit"
    return fact.type == "Patient" or (fact.type == "Appointment" and bool(matched))


def build_patch(fact: Fact, live: Record | None, context: BundleContext) -> ConditionalPatch | None:
    """The change that tells this fact; None when FHIR cannot tell it without touching more.

    `live` is the record as the comparison saw it.
    """
    if live is None or not context.target.updates:
        return None
    return BUILDERS[fact.type](fact, live, context) if fact.type in BUILDERS else None


def is_new_appointment(fact: Fact, live: Record | None) -> bool:
    """Whether the old booking is cancelled already, so that only the new date is to be made."""
    gone = isinstance(live, Appointment) and live.status == "cancelled"
    return gone and "T" in fact.fields.get("rebook_start", "")


def _encounter_patch(fact: Fact, live: Record, context: BundleContext) -> ConditionalPatch | None:
    if not isinstance(live, Encounter) or not live.visit_number:
        return None
    if fact.fields.get("event") == "transfer":
        moved = {"location": location_reference(fact, context), "status": "active",
                 "period": {"start": context.format_time(fact.event)}}  # fmt: skip
        done = [{"op": "add", "path": "/location/-", "value": moved}]
    elif fact.fields.get("outcome") == "died":
        return None  # a death is told by people, and not as the end of a stay alone
    else:
        ended = context.format_time(fact.fields.get("ended") or fact.event)
        done = [
            {"op": "replace", "path": "/status", "value": "finished"},
            {"op": "add", "path": "/period/end", "value": ended},
        ]
    found = identifier_search(context.target.visit, live.visit_number)
    return ConditionalPatch(
        "Encounter", found, "", (*_test_operation("/status", live.status), *done)
    )


def _appointment_patch(fact: Fact, live: Record, context: BundleContext) -> ConditionalPatch | None:
    if not isinstance(live, Appointment) or not live.number or "T" not in live.start:
        return None
    fields = fact.fields
    start = fields.get("rebook_start", "")
    done: Operations
    if "T" in start:
        other_place = fields.get("rebook_location", "") not in ("", live.location)
        if other_place or live.status == "cancelled":
            return None
        over = end_time(start, str(live.minutes), context.target.appointment_minutes)
        done = [
            {"op": "replace", "path": "/status", "value": "booked"},
            {"op": "replace", "path": "/start", "value": context.format_time(start)},
            {"op": "replace", "path": "/end", "value": context.format_time(over)},
        ]
    else:
        status, reason = fields.get("status", ""), fields.get("reason", "")
        done = [{"op": "replace", "path": "/status", "value": status}]
        if reason and status in ("cancelled", "noshow"):
            done.append({"op": "add", "path": "/cancelationReason", "value": text_concept(reason)})
    found = identifier_search(context.target.appointment, live.number)
    guard = f"date={quote(live.start, safe='')}"
    return ConditionalPatch(
        "Appointment", found, guard, (*_test_operation("/status", live.status), *done)
    )


def _patient_patch(fact: Fact, live: Record, context: BundleContext) -> ConditionalPatch | None:
    if not isinstance(live, Patient):
        return None
    held = Patient.__dataclass_fields__
    said = {name: text for name, text in fact.fields.items() if name in held and text}
    other = {name: text for name, text in said.items() if text != getattr(live, name)}
    if not other or any(not _can_patch(name, live) for name in other):
        return None
    done: Operations = []
    for name, text in other.items():
        path, words = _DETAILS[name]
        old: Any = getattr(live, name)
        done += _test_operation(
            path, old.split() if words else old[:10] if name == "birth_date" else old
        )
        done.append({"op": "add", "path": path, "value": text.split() if words else text})
    guard = "&".join(_MISSING[name] for name in other if not getattr(live, name))
    number = list_numbers(Person(mrn=live.mrn, nhs_number=live.nhs_number), context.target)
    return (
        ConditionalPatch("Patient", identifier_search(*number[0]), guard, tuple(done))
        if number
        else None
    )


def _can_patch(name: str, live: Patient) -> bool:
    return name in _DETAILS and (bool(getattr(live, name)) or name in _MISSING)


def _test_operation(path: str, value: Any) -> Operations:
    """The change holds only while this is what stands there."""
    return [{"op": "test", "path": path, "value": value}] if value else []


BUILDERS: Mapping[str, Callable[[Fact, Record, BundleContext], ConditionalPatch | None]] = {
    "Encounter": _encounter_patch,
    "Patient": _patient_patch,
    "Appointment": _appointment_patch,
}
