"""An Appointment that is not in the live system yet: a clinic slot, an operation, a new date. Pure.

One that is there is never made a second time: `updates.py` changes it.
"""

from datetime import timedelta

from downtime.clock import from_text, to_text
from downtime.entry.facts import Fact
from downtime.returns.fhir.datatypes import (
    Json,
    as_list,
    display_reference,
    identifier,
    text_concept,
)
from downtime.returns.fhir.target import BundleContext

STATUSES = ("booked", "arrived", "fulfilled", "cancelled", "noshow")
CLOSED_STATUSES = ("cancelled", "noshow")


def has_slot(fact: Fact) -> bool:
    """Whether an Appointment can say it: a known status, and a start unless it was cancelled."""
    status = fact.fields.get("status", "")
    has_start = "T" in (fact.fields.get("rebook_start") or fact.fields.get("start", ""))
    return status in STATUSES and (has_start or status == "cancelled")


def build_appointment(fact: Fact, subject: Json, context: BundleContext) -> Json:
    """The Appointment; rebooked, it is that of the new date, and a comment names the old one."""
    fields = fact.fields
    new_start = fields.get("rebook_start", "")
    status = "booked" if new_start else fields["status"]
    start = new_start or fields.get("start", "")
    end = end_time(start, fields.get("minutes", ""), context.target.appointment_minutes)
    reason = text_concept(fields.get("reason", ""))
    number = "" if new_start else fields.get("number", "")
    return {
        "identifier": as_list(identifier(context.target.appointment, number) if number else {}),
        "status": status,
        "cancelationReason": reason if status in CLOSED_STATUSES else {},
        "serviceType": as_list(text_concept(fields.get("kind", ""))),
        "specialty": as_list(text_concept(fields.get("specialty", ""))),
        "reasonCode": [] if status in CLOSED_STATUSES else as_list(reason),
        "description": fields.get("description", ""),
        "start": context.format_time(start),
        "end": context.format_time(end),
        "comment": _comment(fact, context),
        "participant": _participants(fact, subject),
    }


def end_time(start: str, minutes: str, usual_minutes: int) -> str:
    """When it ends: R4 (app-2) wants both ends of a slot or none."""
    if "T" not in start:
        return ""
    length = int(minutes) if minutes.isdigit() and int(minutes) else usual_minutes
    return to_text(from_text(start) + timedelta(minutes=length))


def _participants(fact: Fact, subject: Json) -> list[Json]:
    location = fact.fields.get("rebook_location") or fact.fields.get("location", "")
    names = filter(None, (location, fact.fields.get("practitioner", "")))
    actors = (subject, *map(display_reference, names))
    return [{"actor": actor, "status": "accepted"} for actor in actors]


def _comment(fact: Fact, context: BundleContext) -> str:
    fields = fact.fields
    former = ""
    if fields.get("rebook_start"):
        parts = [
            context.format_time(fields.get("start", "")),
            fields.get("number", ""),
            fields["status"],
        ]
        parts += [fields.get("location", "")] if fields.get("rebook_location") else []
        former = ", ".join(filter(None, parts))
    notes = (("Instead of", former), ("Note", fields.get("note", "")), *fact.notes)
    return "; ".join(f"{label}: {text}" for label, text in notes if text)
