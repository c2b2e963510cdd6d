"""Writes who a message is about and where they are: PID, PD1, PV1 and PV2.

PV1-10 holds the national code of the specialty and its name, as NHS systems send it, where the
standard has a code alone.
"""

from datetime import date
from functools import lru_cache

from downtime.demo.hospital import Place, Stay
from downtime.demo.people import Person
from downtime.demo.tables import SPECIALTIES
from downtime.demo.writers.hl7 import moment, parts, segment, text

AUTHORITY = "DEMO"


def pid(person: Person, visit: str = "") -> str:
    """PID: hospital number and NHS number in PID-3, alias as a second name, tracing in PID-32."""
    return segment(
        "PID",
        {
            1: "1",
            3: _numbers(person),
            5: _names(person),
            7: day(person.born),
            8: person.gender,
            11: parts(person.street, "", person.town, "", person.postcode, "GBR", "H"),
            13: parts(person.phone, "PRN", "CP") if person.phone else "",
            18: parts(visit, "", "", AUTHORITY, "AN") if visit else "",
            32: person.nhs_status,
        },
    )


def number(person: Person) -> str:
    """The hospital number as a CX: `H123456^^^DEMO^MR`."""
    return parts(person.mrn, "", "", AUTHORITY, "MR")


def day(value: date | None) -> str:
    """`19421103`, or nothing."""
    return value.strftime("%Y%m%d") if value else ""


def _numbers(person: Person) -> str:
    nhs = f"~{person.nhs}^^^NHS^NH" if person.nhs else ""
    return number(person) + nhs


def _names(person: Person) -> str:
    first, _, middle = person.given_name.partition(" ")
    name = parts(person.family_name.upper(), first, middle, "", person.prefix, "", "L")
    if not any(person.alias):
        return name
    return f"{name}~{parts(*person.alias, '', '', '', '', 'A')}"


@lru_cache(maxsize=256)
def doctor(name: tuple[str, str, str]) -> str:
    """A consultant twice, as feeds do: by an invented GMC number and by a local code."""
    family, given_name, prefix = name
    code = sum(ord(letter) for letter in family + given_name)
    gmc = parts(f"C999{code:04}", family, given_name, "", "", prefix, "", "", "GMC")
    return f"{gmc}~{parts(family[:4].upper(), family, given_name, '', '', prefix, '', '', 'LOCAL')}"


def where(place: Place | None) -> str:
    """A PL: `WIL^A^A3^DEMO`; a corridor is a ward without bay and bed."""
    return parts(place.ward, place.bay, place.bed, AUTHORITY) if place else ""


def pv1(stay: Stay, place: Place, prior: Place | None = None, ended: bool = False) -> str:
    """PV1 of a stay in a place."""
    code, specialty = SPECIALTIES[stay.specialty]
    return segment(
        "PV1",
        {
            1: "1",
            2: "E" if place.ward == "ED" else "I",
            3: where(place),
            4: "E" if stay.assessed or stay.kind == "acute" else "R",
            6: where(prior),
            7: doctor(stay.consultant),
            10: parts(code, specialty),
            18: "INPATIENT",
            19: parts(stay.visit, "", "", AUTHORITY, "VN"),
            44: moment(stay.admitted),
            45: moment(stay.ended) if ended else "",
        },
    )


def pv2(stay: Stay) -> str:
    """PV2 with the reason for the stay."""
    return segment("PV2", {3: parts("", stay.reason_text)})


def practice(person: Person) -> str:
    """PD1 with the general practice by its name."""
    name = person.practice[1]
    return segment("PD1", {3: text(name)}) if name else ""
