"""An Appointment that is not in the live system yet: a clinic slot, an operation, a new date. Pure.

One that is there is never made a second time: `updates.py` changes it.
"""

from datetime import timedelta

from downtime.clock import from_text, to_text
from downtime.entry.facts import Fact
from downtime.returns.fhir.bundle_context import BundleContext
from downtime.returns.fhir.datatypes import (
    Json,
    as_list,
    display_reference,
    identifier,
    text_concept,
)

STATUSES = ("booked", "arrived", "fulfilled", "cancelled", "noshow")
_OVER = ("cancelled", "noshow")


def has_slot(fact: Fact) -> bool:
    """Whether an Appointment can be told: a known status, and a start unless it was cancelled."""
    status = fact.fields.get("status", "")
    timed = "T" in (fact.fields.get("rebook_start") or fact.fields.get("start", ""))
    return status in STATUSES and (timed or status == "cancelled")


def build_appointment(fact: Fact, subject: Json, context: BundleContext) -> Json:
    """The Appointment; booked again, it is that of the new date, and the old one is told in words."""
    fields = fact.fields
    again = fields.get("rebook_start", "")
    status = "booked" if again else fields["status"]
    start = again or fields.get("start", "")
    reason = fields.get("reason", "")
    number = "" if again else fields.get("number", "")
    return {
        "identifier": as_list(identifier(context.target.appointment, number) if number else {}),
        "status": status,
        "cancelationReason": text_concept(reason) if status in _OVER else {},
        "serviceType": as_list(text_concept(fields.get("kind", ""))),
        "specialty": as_list(text_concept(fields.get("specialty", ""))),
        "reasonCode": as_list(text_concept(reason)) if status not in _OVER else [],
        "description": fields.get("description", ""),
        "start": context.format_time(start),
        "end": context.format_time(
            end_time(start, fields.get("minutes", ""), context.target.appointment_minutes)
        ),
        "comment": _comment(fact, context),
        "participant": _participants(fact, subject),
    }


def end_time(start: str, minutes: str, usual: int) -> str:
    """When it ends: R4 (app-2) wants both ends of a slot or none."""
    if "T" not in start:
        return ""
    length = int(minutes) if minutes.isdigit() and int(minutes) else usual
    return to_text(from_text(start) + timedelta(minutes=length))


def _participants(fact: Fact, subject: Json) -> list[Json]:
    fields = fact.fields
    place = fields.get("rebook_location") or fields.get("location", "")
    named = (display_reference(name) for name in (place, fields.get("practitioner", "")) if name)
    return [{"actor": one, "status": "accepted"} for one in (subject, *named)]


def _comment(fact: Fact, context: BundleContext) -> str:
    fields = fact.fields
    instead = ""
    if fields.get("rebook_start"):
        old = (context.format_time(fields.get("start", "")), fields.get("number", ""), fields["status"],
               fields.get("location", "") if fields.get("rebook_location") else "")  # fmt: skip
        instead = ", ".join(filter(None, old))
    said = (("Instead of", instead), ("Note", fields.get("note", "")), *fact.notes)
    return "; ".join(f"{label}: {text}" for label, text in said if text)
