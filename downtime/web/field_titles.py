"""The fields of a compared record: which matter, what people call them, how they write values."""

from collections.abc import Callable, Mapping

from downtime.clinical import display

SHOWN: Mapping[str, tuple[str, ...]] = {
    "ServiceRequest": (
        "display", "code", "stage", "priority", "requester", "authored", "collected", "reason",
        "placer", "filler",
    ),
    "Observation": ("display", "code", "value", "units", "flag", "status", "effective", "note"),
    "Encounter": (
        "event", "status", "kind", "prior_ward", "ward", "bay", "bed", "consultant", "reason",
        "started", "ended", "destination", "outcome", "visit_number",
    ),
    "AllergyIntolerance": (
        "substance", "reaction", "severity", "category", "status", "none_known", "recorded",
    ),
    "Flag": ("category", "text", "status", "started", "ended"),
    "MedicationAdministration": (
        "medicine", "dosage", "route", "given", "status", "reason", "performer", "batch",
    ),
    "Appointment": (
        "kind", "status", "number", "location", "practitioner", "start", "rebook_start",
        "rebook_location", "description", "reason",
    ),
    "Patient": (
        "family", "given", "prefix", "birth_date", "gender", "nhs_number", "address", "postcode",
        "phone", "general_practitioner",
    ),
}  # fmt: skip
"""The fields that matter to the one who decides, by type of record."""
_NAMES: Mapping[str, str] = {
    "batch": "Batch or donation number",
    "birth_date": "Born",
    "display": "What",
    "effective": "Taken",
    "family": "Surname",
    "nhs_number": "NHS No.",
    "phone": "Telephone",
    "prefix": "Title",
}
_VALUES: Mapping[str, Callable[[str], str]] = {
    "birth_date": display.format_day,
    "nhs_number": display.format_nhs_number,
    "none_known": lambda text: "yes" if text == "1" else "no",
}


def name(field: str) -> str:
    """`Surname` of `family`; the field's own name where people call it so."""
    return _NAMES.get(field, field)


def value(field: str, text: str) -> str:
    """`02-Jan-1960` of a birth date kept as `1960-01-02`; empty stays empty."""
    return _VALUES[field](text) if text and field in _VALUES else text
