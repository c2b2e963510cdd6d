"""The key of what a row of a table says, the same each time that the row comes."""

import hashlib

from downtime.clinical.identifiers import Identifier
from downtime.feeds.model import Value, bed_key


def make_key(record: str, fields: dict[str, Value], numbers: tuple[Identifier, ...]) -> str:
    """A bed by its place, a stay by its visit number, else the patient, others as `tables.rows` says."""

    def field(name: str) -> str:
        return str(fields.get(name, ""))

    person = str(numbers[0]) if numbers else ""
    match record:
        case "Location":
            return bed_key(field("ward"), field("bay"), field("bed"))
        case "Encounter":
            return field("visit_number") or person
        case "Appointment":
            return field("number") or "|".join((person, field("start"), field("location")))
        case "AllergyIntolerance":
            named = (field("code"), field("substance"), field("reaction"))
            return "|".join((person, *(" ".join(part.upper().split()) for part in named)))
        case "ServiceRequest" if number := field("placer") or field("filler"):
            return f"{number}|{(field('code') or field('display')).upper()}"
    if number := field("filler"):
        return f"{number}|{field('code').upper()}"
    text = "\0".join(f"{name}={value}" for name, value in sorted(fields.items()))
    return f"{person}|{hashlib.sha256(text.encode()).hexdigest()[:16]}"
