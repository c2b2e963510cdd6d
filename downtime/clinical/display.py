"""How a name, number, date or age is shown, on screen and paper alike.

Source: NHS Common User Interface guidance (PAB-0016, 0034, 0049) and the NHS number format 3-3-4.
Nothing here is ever '?', or blank where a label expects a value: the caller says 'Not recorded'.
"""

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from downtime.clinical.match_doses import PossibleDose, Uncertainty
from downtime.clinical.model import (
    AdministrationStatus,
    AllergyIntolerance,
    MedicationAdministration,
    Patient,
)

FROM_RESULT_ONLY = "known from the result only"
"""Ends the requester of a test of which no order was sent."""
NOT_RECORDED = "Not recorded"
_POWER = re.compile(r"(?<!\d)10[\^*](-?\d{1,2})(?!\d)")
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def format_name(patient: Patient) -> str:
    """`SURNAME, Given (Title)`."""
    family = patient.family.upper() or "UNKNOWN SURNAME"
    given_name = f", {patient.given}" if patient.given else ""
    title = f" ({patient.prefix})" if patient.prefix else ""
    return family + given_name + title


def format_nhs_number(digits: str) -> str:
    """`999 000 0018` with no-break spaces, so that it stays on one line; empty when empty."""
    return "\u00a0".join((digits[:3], digits[3:6], digits[6:])) if digits else ""


def format_units(text: str) -> str:
    """A unit as people write it: `10^9/L`, or `10*9/L` as UCUM has it, is `10⁹/L`."""
    return _POWER.sub(lambda power: "10" + power[1].translate(_SUPERSCRIPTS), text)


def format_day(value: str | date) -> str:
    """`02-Jan-2026` of a FHIR date; a partial one keeps what is known (`Jan-2026`, `2026`)."""
    parts = str(value)[:10].split("-")
    if not parts[0]:
        return ""
    shown_parts = [parts[0]]
    if len(parts) > 1:
        shown_parts.insert(0, _MONTHS[int(parts[1]) - 1])
    if len(parts) > 2:
        shown_parts.insert(0, parts[2])
    return "-".join(shown_parts)


@lru_cache(maxsize=65536)
def format_moment(value: str, zone: ZoneInfo) -> str:
    """`02-Jan-2026 14:05` in the site's zone; a bare date stays a date.

    The hour that happens twice in October is told apart by its zone's name.
    """
    if "T" not in value:
        return format_day(value)
    local = datetime.fromisoformat(value).astimezone(zone)
    text = f"{format_day(local.date())} {local:%H:%M}"
    return f"{text} {local:%Z}" if _is_ambiguous_hour(local) else text


def format_clock_time(value: str, zone: ZoneInfo) -> str:
    """`14:05` in the site's zone; empty when only the day is known."""
    return f"{datetime.fromisoformat(value).astimezone(zone):%H:%M}" if "T" in value else ""


def _is_ambiguous_hour(local: datetime) -> bool:
    other = local.replace(fold=1 - local.fold)
    return local.utcoffset() != other.utcoffset() and (
        other.astimezone(UTC).astimezone(local.tzinfo).replace(fold=0) == local.replace(fold=0)
    )


def format_age(birth_date: str, today: date) -> str:
    """Age in the units a clinician uses: days to 4 weeks, weeks to 1 year, months to 2, then years.

    Source: CUI age display; empty when the date of birth is not complete or not yet reached.
    """
    if len(birth_date) < 10 or birth_date[:10] > today.isoformat():
        return ""
    born = date.fromisoformat(birth_date[:10])
    days = (today - born).days
    months = (today.year - born.year) * 12 + today.month - born.month - (today.day < born.day)
    if days < 28:
        return f"{days}d"
    if months < 12:
        return f"{days // 7}w"
    if months < 24:
        return f"{months}m"
    return f"{months // 12}y"


def format_birth(patient: Patient, today: date) -> str:
    """`02-Jan-1960 (66y)`."""
    if not patient.birth_date:
        return NOT_RECORDED
    years = format_age(patient.birth_date, today)
    return format_day(patient.birth_date) + (f" ({years})" if years else "")


def format_gender(patient: Patient) -> str:
    """`Male`, `Female`, `Other`, `Unknown`, or 'Not recorded'."""
    return patient.gender.capitalize() or NOT_RECORDED


_OWN_NAME = re.compile(r"[^\W\d_]{4,}\b")
"""A place that is named by a word of its own, as a trolley or a chair is."""


def format_place(ward: str, bay: str, bed: str) -> str:
    """`A1, bay 2, bed 4`, as much of it as is known; neither 'bay Bay 2' nor 'bed Trolley 1'."""
    return ", ".join(filter(None, (ward, _name_part("bay", bay), _name_part("bed", bed))))


def _name_part(word: str, text: str) -> str:
    is_named = text.casefold().startswith(word) or (word == "bed" and _OWN_NAME.match(text))
    return text if is_named or not text else f"{word} {text}"


def describe_dose(dose: MedicationAdministration, zone: ZoneInfo) -> str:
    """`02-Jan-2026 14:00, 500 mg`, or `02-Jan-2026 14:00 NOT GIVEN: refused`."""
    time = format_moment(dose.given, zone) or dose.given_text or "Time not recorded"
    if dose.status == AdministrationStatus.NOT_GIVEN:
        return f"{time} NOT GIVEN{': ' * bool(dose.reason)}{dose.reason}"
    return ", ".join(filter(None, (time, dose.dosage)))


def describe_possible_dose(possible: PossibleDose, zone: ZoneInfo) -> str:
    """`A dose of Panadol (1 g) was recorded on 02-Jan-2026 08:10 and belongs to no prescription
    here: it may be this medicine.`."""
    dose = possible.dose
    amount = f" ({dose.dosage})" if dose.dosage else ""
    time = format_moment(dose.given, zone) or dose.given_text
    when = f"on {time}" if time else "without a time"
    warning = (
        "more may be too much"
        if possible.reason == Uncertainty.ANOTHER
        else "it may be this medicine"
    )
    return (
        f"A dose of {dose.medicine}{amount} was recorded {when} and {possible.reason}: {warning}."
    )


def describe_allergy_harm(allergy: AllergyIntolerance) -> str:
    """`severe, high risk`: how bad a reaction was, and how bad the next one may be."""
    is_graded = allergy.criticality not in ("", "unable-to-assess")
    risk = f"{allergy.criticality} risk" if is_graded else ""
    return ", ".join(filter(None, (allergy.severity, risk)))


def rank_allergy(allergy: AllergyIntolerance) -> tuple[int, str]:
    """Sorts allergies: those that can harm most come first, then by substance."""
    if "severe" in allergy.severity or allergy.criticality == "high":
        return 0, allergy.substance.casefold()
    return 1 + (
        "mild" in allergy.severity or allergy.criticality == "low"
    ), allergy.substance.casefold()


def describe_allergy_note(allergy: AllergyIntolerance) -> str:
    """`not confirmed; as told by her son`: how sure it is, unless it is confirmed, and what is noted."""
    certainty = "" if allergy.verification in ("", "confirmed") else allergy.verification
    return "; ".join(filter(None, (certainty, *allergy.note.splitlines())))


def format_duration(span: timedelta) -> str:
    """How old something is, in words: `12 min`, `3 h 05 min`, `2 days 4 h`."""
    minutes = max(0, int(span.total_seconds() // 60))
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {minutes:02} min"
    days, hours = divmod(hours, 24)
    return f"{days} day{'s' if days > 1 else ''} {hours} h"
